package store

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// origin is an error span without an erroring child and the chain of erroring spans above it.
type origin struct {
	errorSpan
	passedOn []string // services above it, each once, nearest first
	depth    int      // erroring spans above it
	parent   uint64   // of the topmost erroring span; 0 when that is a root
	main     bool
}

// findOrigins finds the origins of each trace; spans are ordered by trace.
func findOrigins(spans []errorSpan) []origin {
	var all []origin
	for start, i := 0, 1; i <= len(spans); i++ {
		if i == len(spans) || spans[i].trace != spans[start].trace {
			all = append(all, originsOfTrace(spans[start:i])...)
			start = i
		}
	}
	return all
}

// originsOfTrace finds the origins of one trace. Parents in a ring have an erroring child each; a trace of nothing but rings has
// its latest span as the origin.
func originsOfTrace(spans []errorSpan) []origin {
	byID := make(map[uint64]*errorSpan, len(spans))
	hasChild := make(map[uint64]bool, len(spans))
	for i := range spans {
		byID[spans[i].id] = &spans[i]
		if spans[i].parent != spans[i].id {
			hasChild[spans[i].parent] = true
		}
	}
	var found []origin
	for i := range spans {
		if !hasChild[spans[i].id] {
			found = append(found, climb(spans[i], byID))
		}
	}
	if len(found) == 0 {
		found = append(found, climb(spans[len(spans)-1], byID))
	}
	best := 0
	for i := range found {
		a, b := found[i], found[best]
		if c := cmp.Or(cmp.Compare(boolInt(b.parent != 0), boolInt(a.parent != 0)), cmp.Compare(a.depth, b.depth), cmp.Compare(b.startNS, a.startNS)); c > 0 {
			best = i
		}
	}
	found[best].main = true
	return found
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// climb follows the erroring parents of e.
func climb(e errorSpan, byID map[uint64]*errorSpan) origin {
	o := origin{errorSpan: e}
	at := &e
	for o.depth < len(byID) {
		up := byID[at.parent]
		if up == nil || at.parent == 0 || at.parent == at.id {
			break
		}
		if up.service != e.service && !slices.Contains(o.passedOn, up.service) {
			o.passedOn = append(o.passedOn, up.service)
		}
		at = up
		o.depth++
	}
	if at.parent != at.id {
		o.parent = at.parent
	}
	return o
}

// originKeyOf is what makes origins alike: the statement where there is one, else the peer.
func originKeyOf(o *origin) [5]string {
	key := [5]string{o.service, o.name, o.errorType, o.peer, ""}
	if o.statementHash != 0 {
		key[3], key[4] = "", strconv.FormatUint(o.statementHash, 16)
	}
	return key
}

// originGroup counts while it is being filled; a trace counts once.
type originGroup struct {
	ErrorOrigin
	latest                        *origin
	traces, reached               map[TraceID]bool
	versions, passedOn, swallowed map[string]map[TraceID]bool
	occurrences                   []*origin
}

func groupOrigins(found []origin, swallowers map[spanKey]string, versions map[uint64]string) []ErrorOrigin {
	groups := make(map[[5]string]*originGroup)
	mark := func(into map[string]map[TraceID]bool, name string, trace TraceID) {
		if into[name] == nil {
			into[name] = make(map[TraceID]bool)
		}
		into[name][trace] = true
	}
	for i := range found {
		o := &found[i]
		key := originKeyOf(o)
		g := groups[key]
		if g == nil {
			g = &originGroup{latest: o, traces: make(map[TraceID]bool), reached: make(map[TraceID]bool), versions: make(map[string]map[TraceID]bool),
				passedOn: make(map[string]map[TraceID]bool), swallowed: make(map[string]map[TraceID]bool)}
			g.Service, g.Operation, g.ErrorType, g.StatementHash, g.FirstNS = o.service, o.name, o.errorType, o.statementHash, o.startNS
			groups[key] = g
		}
		if o.startNS >= g.latest.startNS {
			g.latest = o
		}
		g.FirstNS, g.LastNS = min(g.FirstNS, o.startNS), max(g.LastNS, o.startNS)
		g.traces[o.trace] = true
		if o.main {
			g.Main++
		}
		mark(g.versions, versions[o.resourceHash], o.trace)
		for _, service := range o.passedOn {
			mark(g.passedOn, service, o.trace)
		}
		if o.parent == 0 {
			g.reached[o.trace] = true
		} else {
			mark(g.swallowed, swallowers[spanKey{o.trace, o.parent}], o.trace)
		}
		g.occurrences = append(g.occurrences, o)
	}
	var all []ErrorOrigin
	for _, g := range groups {
		all = append(all, g.finish())
	}
	slices.SortFunc(all, func(a, b ErrorOrigin) int {
		return cmp.Or(cmp.Compare(b.Main, a.Main), cmp.Compare(b.Traces, a.Traces), strings.Compare(a.Service, b.Service), strings.Compare(a.Operation, b.Operation),
			strings.Compare(a.ErrorType, b.ErrorType), strings.Compare(a.Peer, b.Peer), cmp.Compare(a.StatementHash, b.StatementHash))
	})
	return all
}

func (g *originGroup) finish() ErrorOrigin {
	g.Traces, g.Reached = uint64(len(g.traces)), uint64(len(g.reached))
	g.Peer, g.Statement, g.Message = g.latest.peer, g.latest.statement, g.latest.message
	g.Versions, g.PassedOnBy, g.SwallowedBy = nameCounts(g.versions), nameCounts(g.passedOn), nameCounts(g.swallowed)
	slices.SortFunc(g.occurrences, func(a, b *origin) int { return cmp.Or(cmp.Compare(b.startNS, a.startNS), cmp.Compare(a.id, b.id)) })
	for _, o := range g.occurrences {
		if len(g.Examples) == maxOriginExamples {
			break
		}
		if !slices.ContainsFunc(g.Examples, func(e SpanRef) bool { return e.TraceID == o.trace }) {
			g.Examples = append(g.Examples, SpanRef{o.trace, SpanIDFromUint64(o.id)})
		}
	}
	return g.ErrorOrigin
}

// nameCounts is the most frequent first.
func nameCounts(traces map[string]map[TraceID]bool) []NameCount {
	var counts []NameCount
	for name, set := range traces {
		counts = append(counts, NameCount{name, uint64(len(set))})
	}
	slices.SortFunc(counts, func(a, b NameCount) int {
		return cmp.Or(cmp.Compare(b.Traces, a.Traces), strings.Compare(a.Name, b.Name))
	})
	return counts
}
