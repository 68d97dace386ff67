package analysis

import (
	"cmp"
	"slices"
)

// Subtree is the part of a trace under the topmost, then earliest span of a service and name, which becomes its root: what an endpoint
// did, wherever it was called from. It is nil when there is no such span, and t itself when the span is its root.
func Subtree(t *Trace, service, name string) *Trace {
	tree := NewTree(t.Spans)
	best := None
	for r := range int32(len(tree.Span)) {
		s := &t.Spans[tree.Span[r]]
		if t.text(s.Service) != service || t.text(s.Name) != name {
			continue
		}
		if best == None || tree.Depth[r] < tree.Depth[best] {
			best = r
		}
	}
	if best == None || best == tree.Root(t.Spans) {
		if best == None {
			return nil
		}
		return t
	}
	sub := &Trace{Strings: t.Strings}
	for r := best; r < tree.End[best]; r++ {
		sub.Spans = append(sub.Spans, t.Spans[tree.Span[r]])
	}
	sub.Spans[0].Parent = 0
	return sub
}

// Profile is what the critical paths of many requests of one endpoint have in common. Durations are nanoseconds; sums are over all traces.
type Profile struct {
	Traces               int
	TotalNS              int64 // of the paths: the roots' durations
	MeanNS, P50NS, P95NS int64
	SelfNS, WaitingNS    int64 // TotalNS divided: at work, and in a call of which no span of the called side tells
	Parts                List[PathPart]
	Cold                 ColdProfile
	DatabaseCalls        int
	DatabaseNS           int64 // part of the paths in database calls
	Statements           List[StatementProfile]
	Repeated             List[RepeatedProfile]
}

// PathPart is the time that the paths spend in one operation itself.
type PathPart struct {
	Service, Name, Category string
	Traces                  int   // on whose path it is
	TotalNS                 int64 // sum of SelfNS and WaitingNS
	SelfNS, WaitingNS       int64
	MeanNS                  int64 // over all traces
	P95NS                   int64 // over the traces on whose path it is
}

// ColdProfile is what cold starts cost.
type ColdProfile struct {
	Traces     int   // with a cold start
	CriticalNS int64 // part of the paths that was a cold start
	// MeanWithNS is the mean duration of traces with a cold start, MeanWithoutNS that of the others, 0 when there are none.
	MeanWithNS, MeanWithoutNS int64
}

// StatementProfile is the calls with one statement hash, or of one service and name without one.
type StatementProfile struct {
	Hash                uint64
	Service, Name, Peer string
	Traces              int
	Calls, Errors       int
	TotalNS, CriticalNS int64
	LongestNS           int64
}

// RepeatedProfile is one thing that is done again and again under one parent.
type RepeatedProfile struct {
	ParentService, ParentName     string
	Service, Name, Category, Peer string
	Statement                     uint64
	Traces                        int
	Calls, MostCalls              int
	SavingNS                      int64
}

// NewProfile adds up the paths of traces, each from its root.
func NewProfile(traces []*Trace) *Profile {
	b := profileBuilder{
		parts: newTable[partKey, partSum](), statements: newTable[statementKey, StatementProfile](), repeated: newTable[repeatedKey, RepeatedProfile](),
	}
	for _, t := range traces {
		if len(t.Spans) > 0 {
			b.add(t)
		}
	}
	return b.finish()
}

type partKey struct{ service, name, category string }

// partSum collects a PathPart.
type partSum struct {
	PathPart
	perTrace []int64
	last     int // trace that was added last, from 1
}

type statementKey struct {
	hash                uint64
	service, name, peer string
}

type repeatedKey struct {
	parentService, parentName, service, name, peer string
	statement                                      uint64
}

type profileBuilder struct {
	Profile
	durations  []int64
	withNS     int64 // duration of traces with a cold start
	parts      *table[partKey, partSum]
	statements *table[statementKey, StatementProfile]
	repeated   *table[repeatedKey, RepeatedProfile]
}

func (b *profileBuilder) add(t *Trace) {
	b.Traces++
	var total int64
	for _, seg := range CriticalPath(t) {
		s, ns := &t.Spans[seg.Span], seg.EndNS-seg.StartNS
		total += ns
		key := partKey{t.text(s.Service), t.text(s.Name), t.text(s.Category)}
		p := b.parts.at(key)
		if p.last != b.Traces {
			p.Service, p.Name, p.Category, p.last = key.service, key.name, key.category, b.Traces
			p.Traces++
			p.perTrace = append(p.perTrace, 0)
		}
		p.perTrace[len(p.perTrace)-1] += ns
		p.TotalNS += ns
		if s.Kind == KindClient || s.Kind == KindProducer {
			p.WaitingNS += ns
			b.WaitingNS += ns
		} else {
			p.SelfNS += ns
			b.SelfNS += ns
		}
	}
	b.TotalNS += total
	b.durations = append(b.durations, total)

	r := Analyze(t)
	if r.Cold.Count > 0 {
		b.Cold.Traces++
		b.Cold.CriticalNS += r.Cold.CriticalNS
		b.withNS += total
	}
	b.DatabaseCalls += r.Database.Calls
	b.DatabaseNS += r.Database.CriticalNS
	seen := make(map[statementKey]bool)
	for _, st := range r.Database.ByStatement.Items {
		key := statementKey{hash: st.Hash, peer: st.Peer}
		if st.Hash == 0 {
			key.service, key.name = st.Service, st.Name
		}
		p := b.statements.at(key)
		if p.Traces == 0 {
			p.Hash, p.Service, p.Name, p.Peer = st.Hash, st.Service, st.Name, st.Peer
		}
		if !seen[key] {
			p.Traces++
			seen[key] = true
		}
		p.Calls, p.Errors = p.Calls+st.Calls, p.Errors+st.Errors
		p.TotalNS, p.CriticalNS, p.LongestNS = p.TotalNS+st.TotalNS, p.CriticalNS+st.CriticalNS, max(p.LongestNS, st.LongestNS)
	}
	again := make(map[repeatedKey]bool)
	for _, g := range r.Repeated.Items {
		parent := &t.Spans[g.Parent]
		key := repeatedKey{t.text(parent.Service), t.text(parent.Name), g.Service, g.Name, g.Peer, g.Statement}
		p := b.repeated.at(key)
		if !again[key] {
			p.Traces++
			again[key] = true
		}
		p.ParentService, p.ParentName, p.Service, p.Name, p.Category, p.Peer, p.Statement = key.parentService, key.parentName, g.Service, g.Name, g.Category, g.Peer, g.Statement
		p.Calls, p.MostCalls, p.SavingNS = p.Calls+g.Calls, max(p.MostCalls, g.Calls), p.SavingNS+g.SavingNS
	}
}

func (b *profileBuilder) finish() *Profile {
	p := &b.Profile
	if p.Traces == 0 {
		return p
	}
	n := int64(p.Traces)
	slices.Sort(b.durations)
	p.MeanNS, p.P50NS, p.P95NS = p.TotalNS/n, nearestRank(b.durations, 0.5), nearestRank(b.durations, 0.95)
	if p.Cold.Traces > 0 {
		p.Cold.MeanWithNS = b.withNS / int64(p.Cold.Traces)
	}
	if warm := n - int64(p.Cold.Traces); warm > 0 {
		p.Cold.MeanWithoutNS = (p.TotalNS - b.withNS) / warm
	}
	var parts []PathPart
	for i := range b.parts.values {
		s := &b.parts.values[i]
		slices.Sort(s.perTrace)
		s.MeanNS, s.P95NS = s.TotalNS/n, nearestRank(s.perTrace, 0.95)
		parts = append(parts, s.PathPart)
	}
	slices.SortFunc(parts, func(a, b PathPart) int {
		return cmp.Or(cmp.Compare(b.TotalNS, a.TotalNS), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Category, b.Category))
	})
	p.Parts = firstOf(parts, maxTotals)
	p.Statements = firstOf(b.statements.sorted(func(a, b *StatementProfile) int {
		return cmp.Or(cmp.Compare(b.CriticalNS, a.CriticalNS), cmp.Compare(b.TotalNS, a.TotalNS), cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Peer, b.Peer))
	}), maxListed)
	p.Repeated = firstOf(b.repeated.sorted(func(a, b *RepeatedProfile) int {
		return cmp.Or(cmp.Compare(b.SavingNS, a.SavingNS), cmp.Compare(b.Traces, a.Traces), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.ParentService, b.ParentService), cmp.Compare(a.ParentName, b.ParentName), cmp.Compare(a.Peer, b.Peer), cmp.Compare(a.Statement, b.Statement))
	}), maxListed)
	return p
}

// nearestRank is the least of the sorted values that at least the part q of them do not exceed.
func nearestRank(sorted []int64, q float64) int64 {
	rank := int(q * float64(len(sorted)))
	if float64(rank) < q*float64(len(sorted)) {
		rank++
	}
	return sorted[max(rank, 1)-1]
}

// Similarity is how much two traces call the same: the calls of one operation by another that both have, as a part of those that either
// has. From 0 to 1, where 1 is equal sets; how often and when plays no part.
func Similarity(a, b *Trace) float64 {
	x, y := callSet(a), callSet(b)
	both := 0
	for c := range x {
		if y[c] {
			both++
		}
	}
	if len(x)+len(y) == 0 {
		return 1
	}
	return float64(both) / float64(len(x)+len(y)-both)
}

// callSet is the pairs of a parent's and a child's service and name.
func callSet(t *Trace) map[[4]string]bool {
	tree := NewTree(t.Spans)
	set := make(map[[4]string]bool)
	for r := range int32(len(tree.Span)) {
		s := &t.Spans[tree.Span[r]]
		call := [4]string{"", "", t.text(s.Service), t.text(s.Name)}
		if p := tree.Parent[r]; p != None {
			parent := &t.Spans[tree.Span[p]]
			call[0], call[1] = t.text(parent.Service), t.text(parent.Name)
		}
		set[call] = true
	}
	return set
}
