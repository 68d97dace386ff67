package web

import (
	"errors"
	"net/http"
	"time"

	"weft/store"
)

// maxTopologyNodes is how many nodes an answer has at most; the smallest of more are folded into one a kind.
const maxTopologyNodes = 2000

// maxHops bounds how far around a focus a topology goes.
const maxHops = 5

type topologyNode struct {
	ID        string  `json:"id"`
	Kind      string  `json:"kind"`
	Name      string  `json:"name"`
	System    string  `json:"system,omitempty"`
	Calls     int64   `json:"calls"`
	Errors    int64   `json:"errors"`
	ErrorRate float64 `json:"errorRate"`
	P50NS     int64   `json:"p50Ns"`
	P95NS     int64   `json:"p95Ns"`
	P99NS     int64   `json:"p99Ns"`
	Cold      int64   `json:"coldStarts"`
	Health    string  `json:"health"`
	// Folded is how many nodes this one stands for, when it stands for several.
	Folded int `json:"folded,omitempty"`
}

type topologyEdge struct {
	Type        string  `json:"type"`
	Source      string  `json:"source"`
	Target      string  `json:"target"`
	Via         string  `json:"via,omitempty"`
	Calls       int64   `json:"calls"`
	Errors      int64   `json:"errors"`
	ErrorRate   float64 `json:"errorRate"`
	MeanNS      int64   `json:"meanNs"`
	P50NS       int64   `json:"p50Ns"`
	P95NS       int64   `json:"p95Ns"`
	P99NS       int64   `json:"p99Ns"`
	QueueP50NS  *int64  `json:"queueAgeP50Ns,omitempty"`
	QueueP95NS  *int64  `json:"queueAgeP95Ns,omitempty"`
	ColdStarts  int64   `json:"coldStarts"`
	Retries     int64   `json:"retries"`
	DeadLetters int64   `json:"deadLetters"`
	Health      string  `json:"health"`
}

type topology struct {
	FromNS instantNS `json:"fromNs"`
	ToNS   instantNS `json:"toNs"`
	// Source is "edges" or "spans".
	Source    string         `json:"source"`
	Traces    int            `json:"traces,omitempty"`
	Spans     int            `json:"spans,omitempty"`
	Nodes     []topologyNode `json:"nodes"`
	Edges     []topologyEdge `json:"edges"`
	Truncated bool           `json:"truncated"`
}

func (s *Server) getTopology(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	view := p.topologyView()
	q, err := p.topologyQuery(s.now())
	if err != nil {
		return err
	}
	t, source, err := s.readTopology(r, q)
	if err != nil {
		return err
	}
	g := newGraph(t)
	if err := view.apply(g); err != nil {
		return err
	}
	folded := g.fold(maxTopologyNodes)
	out := topology{FromNS: instantNS(q.Range.From.UnixNano()), ToNS: instantNS(q.Range.To.UnixNano()), Source: source,
		Traces: t.Traces, Spans: t.Spans, Truncated: folded || t.Folded}
	out.Nodes, out.Edges = g.render()
	return writeJSON(w, out)
}

// readTopology reads edges, or computes them when q has a filter.
func (s *Server) readTopology(r *http.Request, q store.TraceQuery) (t *store.Topology, source string, err error) {
	if isFiltered(q) {
		t, err = s.store.TopologyOf(r.Context(), q)
		return t, "spans", err
	}
	t, err = s.store.Topology(r.Context(), q.Range)
	return t, "edges", err
}

// isFiltered reports whether q asks for some of the traces only.
func isFiltered(q store.TraceQuery) bool {
	return q.Where != nil || q.Structure != nil || q.ErrorsOnly || q.MinTraceDuration > 0 || q.MaxTraceDuration > 0
}

// topologyQuery reads the filters of a trace search, and its time range, which ends now and is an hour long unless told otherwise.
func (p *params) topologyQuery(now time.Time) (store.TraceQuery, error) {
	q := p.traceFilter(now)
	q.Range = p.closed(q.Range, now)
	return q, p.err()
}

// topologyView says which part of a graph is wanted.
type topologyView struct {
	focus string
	hops  int
	kinds []string
}

func (p *params) topologyView() topologyView {
	v := topologyView{focus: p.text("focus", maxText), hops: p.number("hops", 0, maxHops, 1)}
	for _, kind := range p.list("nodeKind") {
		if !isNodeKind(kind) {
			p.fail("nodeKind", kind, nodeKindBound, errors.New("want one of these"))
			continue
		}
		v.kinds = append(v.kinds, kind)
	}
	return v
}

func (v topologyView) apply(g *graph) error {
	if len(v.kinds) > 0 {
		g.keepKinds(v.kinds)
	}
	if v.focus != "" && !g.keepAround(v.focus, v.hops) {
		return notFound("node %s has no part in this topology", clip(v.focus))
	}
	return nil
}

type matrixEdge struct {
	Type   string  `json:"type"`
	Source string  `json:"source"`
	Target string  `json:"target"`
	Via    string  `json:"via,omitempty"`
	Calls  []int64 `json:"calls"`
	Errors []int64 `json:"errors"`
}

type matrixNode struct {
	ID     string  `json:"id"`
	Kind   string  `json:"kind"`
	Name   string  `json:"name"`
	Calls  []int64 `json:"calls"`
	Errors []int64 `json:"errors"`
}

type topologyMatrix struct {
	FromNS    instantNS    `json:"fromNs"`
	StepNS    int64        `json:"stepNs"`
	Steps     int          `json:"steps"`
	Nodes     []matrixNode `json:"nodes"`
	Edges     []matrixEdge `json:"edges"`
	Truncated bool         `json:"truncated"`
}

func (s *Server) getTopologyMatrix(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	now := s.now()
	span := p.closed(p.timeRange(now), now)
	step, given := p.duration("step")
	if err := p.err(); err != nil {
		return err
	}
	if !given {
		step = defaultStep(span.To.Sub(span.From))
	}
	m, err := s.store.TopologyMatrix(r.Context(), span, step)
	if err != nil {
		return err
	}
	return writeJSON(w, newMatrix(m))
}

// defaultStep is the shortest round step that cuts a range into at most 120.
func defaultStep(length time.Duration) time.Duration {
	const most = 120
	for _, step := range []time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour} {
		if length <= most*step {
			return step
		}
	}
	const day = 24 * time.Hour
	return (length/most/day + 1) * day
}

func newMatrix(m *store.EdgeMatrix) topologyMatrix {
	out := topologyMatrix{FromNS: instantNS(m.FromUnix * int64(time.Second)), StepNS: m.StepSeconds * int64(time.Second), Steps: m.Steps,
		Nodes: []matrixNode{}, Edges: make([]matrixEdge, len(m.Edges)), Truncated: m.Truncated}
	t := &store.Topology{}
	for i, e := range m.Edges {
		source, target := endsOf(e.Type, e.Source, e.Target)
		out.Edges[i] = matrixEdge{edgeTypeName(e.Type), source.id(), target.id(), e.Via, e.Calls, e.Errors}
		t.Edges = append(t.Edges, store.TopologyEdge{Type: e.Type, Source: e.Source, Target: e.Target, Via: e.Via})
	}
	g := newGraph(t)
	rows := make(map[nodeKey]*matrixNode, len(g.nodes))
	for _, n := range g.sortedNodes() {
		out.Nodes = append(out.Nodes, matrixNode{n.key.id(), n.key.kind, n.key.name, make([]int64, m.Steps), make([]int64, m.Steps)})
	}
	for i, n := range g.sortedNodes() {
		rows[n.key] = &out.Nodes[i]
	}
	for i := range m.Edges {
		for _, k := range g.countedBy(&t.Edges[i]) {
			for at := range m.Steps {
				rows[k].Calls[at] += m.Edges[i].Calls[at]
				rows[k].Errors[at] += m.Edges[i].Errors[at]
			}
		}
	}
	return out
}
