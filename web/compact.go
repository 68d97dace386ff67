package web

import (
	"weft/analysis"
	"weft/semconv"
	"weft/store"
)

// compactFlags are the flags of a compact row; openapi.yaml documents them.
const (
	compactFlags = analysis.ParentMissing | analysis.CycleCut | analysis.BeforeParent
	// compactRunning and compactLost are of spans that are known by their start alone.
	compactRunning = 1 << 5
	compactLost    = 1 << 6
	// compactCold is of spans that are part of a cold start, compactKilled of those whose program was killed.
	compactCold   = 1 << 4
	compactKilled = 1 << 7
)

// none is the index that points nowhere.
const none = -1

// compactTrace is CompactTrace of openapi.yaml: what a waterfall draws, as columns. Attributes and what events say stay on
// the server until a span is opened, which keeps a trace of 100,000 spans to a few megabytes.
type compactTrace struct {
	Version    int               `json:"version"`
	TraceID    string            `json:"traceId"`
	StartNS    instantNS         `json:"startNs"`
	DurationNS int64             `json:"durationNs"`
	Services   []string          `json:"services"`
	Names      []string          `json:"names"`
	Categories []string          `json:"categories"`
	Peers      []string          `json:"peers"`
	ErrorTypes []string          `json:"errorTypes"`
	Scopes     []compactScope    `json:"scopes"`
	Resources  []compactResource `json:"resources"`
	Modules    []string          `json:"modules"`
	Spans      compactColumns    `json:"spans"`
	Events     compactEvents     `json:"events"`
	Links      []compactLink     `json:"links"`
	// LinksTruncated is how many links were left out, at least.
	LinksTruncated int `json:"linksTruncated"`
}

type compactScope struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type compactResource struct {
	Hash     string `json:"hash"`
	Instance string `json:"instance,omitempty"`
}

// compactColumns holds one element per row; rows are in depth-first order, siblings by start. Columns that were left out are nil.
type compactColumns struct {
	ID        []string `json:"id"`
	Parent    []int32  `json:"parent"`
	Subtree   []int32  `json:"subtree,omitempty"`
	Depth     []int32  `json:"depth,omitempty"`
	Start     []int64  `json:"start"`
	Duration  []int64  `json:"duration"`
	Service   []int32  `json:"service"`
	Name      []int32  `json:"name"`
	Kind      []int32  `json:"kind"`
	Status    []int32  `json:"status"`
	Category  []int32  `json:"category"`
	Peer      []int32  `json:"peer"`
	ErrorType []int32  `json:"errorType"`
	Scope     []int32  `json:"scope,omitempty"`
	Resource  []int32  `json:"resource,omitempty"`
	Module    []int32  `json:"module"`
	Events    []int32  `json:"events"`
	Links     []int32  `json:"links"`
	Flags     []int32  `json:"flags"`
}

// dictionary numbers distinct values in order of first appearance.
type dictionary[T comparable] struct {
	index  map[T]int32
	values []T
}

func newDictionary[T comparable]() *dictionary[T] {
	return &dictionary[T]{index: map[T]int32{}, values: []T{}}
}

func (d *dictionary[T]) add(v T) int32 {
	i, ok := d.index[v]
	if !ok {
		i = int32(len(d.values))
		d.index[v] = i
		d.values = append(d.values, v)
	}
	return i
}

// addText is add with "" pointing nowhere.
func addText(d *dictionary[string], s string) int32 {
	if s == "" {
		return none
	}
	return d.add(s)
}

func newCompactTrace(t *store.Trace) compactTrace {
	spans := t.Spans
	out := compactTrace{Version: compactVersion, TraceID: t.ID.String()}
	if len(spans) == 0 {
		return out
	}
	first, last := spans[0].StartNS, spans[0].EndNS()
	for i := range spans {
		first, last = min(first, spans[i].StartNS), max(last, spans[i].EndNS())
	}
	out.StartNS, out.DurationNS = instantNS(first), last-first

	services, names, categories := newDictionary[string](), newDictionary[string](), newDictionary[string]()
	peers, errorTypes, modules := newDictionary[string](), newDictionary[string](), newDictionary[string]()
	scopes, resources := newDictionary[compactScope](), newDictionary[compactResource]()
	instances := map[*store.Resource]compactResource{}

	tree := analysis.NewTree(treeSpans(spans))
	c := newColumns(len(spans))
	for row, i := range tree.Span {
		sp := &spans[i]
		c.ID[row] = sp.SpanID.String()
		c.Parent[row], c.Depth[row], c.Subtree[row] = tree.Parent[row], tree.Depth[row], tree.End[row]-int32(row)
		c.Flags[row] = int32(tree.Flags[row]) & compactFlags
		switch spanState(sp) {
		case semconv.SpanRunning:
			c.Flags[row] |= compactRunning
		case semconv.SpanKilled, semconv.SpanLost:
			c.Flags[row] |= compactLost
		}
		if _, ok := sp.Attributes.Get(semconv.KilledBy); ok {
			c.Flags[row] |= compactKilled
		}
		// Below a cold start all is part of it.
		if p := tree.Parent[row]; analysis.IsColdStart(analysis.Kind(sp.Kind), sp.Name) || p != none && c.Flags[p]&compactCold != 0 {
			c.Flags[row] |= compactCold
		}
		c.Start[row], c.Duration[row] = sp.StartNS-first, sp.DurationNS
		c.Service[row], c.Name[row] = services.add(sp.Service), names.add(sp.Name)
		c.Kind[row], c.Status[row] = int32(sp.Kind), int32(sp.StatusCode)
		c.Category[row], c.Peer[row] = addText(categories, sp.Category), addText(peers, sp.PeerName)
		c.ErrorType[row] = addText(errorTypes, sp.ErrorType)
		c.Module[row] = addText(modules, textOf(sp, semconv.ModuleName))
		var sc compactScope
		if sp.Scope != nil {
			sc = compactScope{Name: sp.Scope.Name, Version: sp.Scope.Version}
		}
		c.Scope[row] = scopes.add(sc)
		res, ok := instances[sp.Resource]
		if !ok {
			res = newCompactResource(sp.Resource)
			instances[sp.Resource] = res
		}
		c.Resource[row] = resources.add(res)
		c.Events[row], c.Links[row] = int32(len(sp.Events)), int32(len(sp.Links))
	}
	out.Services, out.Names, out.Categories = services.values, names.values, categories.values
	out.Peers, out.ErrorTypes = peers.values, errorTypes.values
	out.Scopes, out.Resources, out.Modules, out.Spans = scopes.values, resources.values, modules.values, c
	out.Events = newCompactEvents(spans, tree.Span)
	out.Links, out.LinksTruncated = newCompactLinks(t.ID, spans, tree.Span)
	return out
}

// treeSpans is what a tree is made of.
func treeSpans(spans []store.Span) []analysis.Span {
	out := make([]analysis.Span, len(spans))
	for i := range spans {
		sp := &spans[i]
		out[i] = analysis.Span{ID: sp.SpanID.Uint64(), Parent: sp.ParentSpanID.Uint64(), StartNS: sp.StartNS, DurationNS: sp.DurationNS, Kind: analysis.Kind(sp.Kind)}
	}
	return out
}

func newCompactResource(r *store.Resource) compactResource {
	if r == nil {
		r = &store.Resource{}
	}
	out := compactResource{Hash: hash16(r.Hash)}
	for _, key := range []string{"service.instance.id", "host.name"} {
		if v, ok := r.Attributes.Get(key); ok && out.Instance == "" {
			_, out.Instance = valueText(v)
		}
	}
	return out
}

func newColumns(n int) compactColumns {
	i32 := func() []int32 { return make([]int32, n) }
	return compactColumns{
		ID: make([]string, n), Parent: i32(), Subtree: i32(), Depth: i32(), Start: make([]int64, n), Duration: make([]int64, n),
		Service: i32(), Name: i32(), Kind: i32(), Status: i32(), Category: i32(), Peer: i32(), ErrorType: i32(),
		Scope: i32(), Resource: i32(), Module: i32(), Events: i32(), Links: i32(), Flags: i32(),
	}
}
