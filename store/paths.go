package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Bounds of a PathQuery.
const (
	maxPathTraces = 1000
	maxPathSpans  = 300_000
	// maxPathDepth is how many hops are followed; a hop is a change of service, not a span.
	maxPathDepth = 64
	maxPathHops  = 2000
	// maxPathSteps bounds the walks: an endpoint below itself a thousand times is walked from each of them.
	maxPathSteps = 5_000_000
)

// PathQuery asks for the ways that requests take to or from an endpoint.
type PathQuery struct {
	Service, Operation string // Operation "" is any
	Range              TimeRange
	// Callers asks for the ways that lead to the endpoint instead of those that it takes.
	Callers bool
	// Traces is how many traces, the newest that hold the endpoint, are looked at. Range [1, 1000].
	Traces int
}

// CallPaths is a tree of hops over a sample of traces. Its counts are exact for the sample.
type CallPaths struct {
	// Hops are in depth-first order; the first is the endpoint itself, and the hops under one are ordered by calls, most first.
	Hops []PathHop
	// Traces and Spans are the size of the sample; Complete says that it holds every trace of the time range.
	Traces, Spans int
	Complete      bool
	// Truncated says that some paths are missing or cut: longer than 64 hops, or more than 2000 hops altogether.
	Truncated bool
}

// PathHop is reached from its parent by a call, a message, or both.
type PathHop struct {
	Parent int // index into Hops; -1 for the endpoint
	// Type is how it was reached; 0 for the endpoint.
	Type EdgeType
	// Service is the name of the service, or of the database, cache, queue or host.
	Service, Operation string
	// Calls counts the spans that came this way, Traces the traces they are in.
	Calls, Errors, Traces int64
}

// CallPaths follows the spans below, or above, an endpoint within each trace of a sample.
func (s *Store) CallPaths(ctx context.Context, q PathQuery) (*CallPaths, error) {
	const op = "read call paths"
	if q.Service == "" {
		return nil, invalid(op, errors.New("service: want one, got none"))
	}
	if q.Traces < 1 || q.Traces > maxPathTraces {
		return nil, invalid(op, fmt.Errorf("traces: want 1 to %d, got %d", maxPathTraces, q.Traces))
	}
	where := []Expr{Predicate{Field: FieldService, Value: StringValue(q.Service)}}
	if q.Operation != "" {
		where = append(where, Predicate{Field: FieldName, Value: StringValue(q.Operation)})
	}
	ranges, more, err := s.matching(ctx, TraceQuery{Range: q.Range, Where: AllOf(where...)}, q.Traces, maxPathSpans)
	if err != nil {
		return nil, wrap(op, err)
	}
	g := newEdgeGraph(0, newSymbolTable())
	if err := s.readEdgeTraces(ctx, g, ranges, nil, func(int64) bool { return true }); err != nil {
		return nil, wrap(op, err)
	}
	g.resolve()
	from, to, err := q.Range.bounds()
	if err != nil {
		return nil, invalid(op, err)
	}
	w := &pathWalk{g: g, root: &pathNode{id: hopID{0, g.symbols.number(q.Service), g.symbols.number(q.Operation)}}, on: make([]bool, len(g.spans)),
		children: make([][]int32, len(g.spans))}
	for i := range g.spans {
		if p := g.parentOf(int32(i)); p != none {
			w.children[p] = append(w.children[p], int32(i))
		}
	}
	if q.Callers {
		w.up(q, from, to)
	} else {
		w.down(q, from, to)
	}
	hops := w.hops()
	return &CallPaths{Hops: hops, Traces: len(ranges), Spans: len(g.spans), Complete: !more, Truncated: w.truncated}, nil
}

// hopID tells the hops under one hop apart.
type hopID struct {
	typ                EdgeType
	service, operation uint32
}

type pathNode struct {
	id            hopID
	calls, errors int64
	traces        int64
	lastTrace     TraceID
	under         map[hopID]*pathNode
}

// pathWalk counts the spans of a graph by their paths.
type pathWalk struct {
	g         *edgeGraph
	root      *pathNode
	children  [][]int32
	on        []bool // spans on the way being walked: a cycle ends there
	steps     int
	truncated bool
}

// step counts work; false means that it has been enough.
func (w *pathWalk) step() bool {
	w.steps++
	w.truncated = w.truncated || w.steps > maxPathSteps
	return w.steps <= maxPathSteps
}

func (n *pathNode) count(s *edgeSpan) {
	n.calls++
	if s.failed {
		n.errors++
	}
	if n.lastTrace != s.trace { // spans are walked trace by trace
		n.lastTrace = s.trace
		n.traces++
	}
}

func (n *pathNode) hop(id hopID, s *edgeSpan) *pathNode {
	next := n.under[id]
	if next == nil {
		if n.under == nil {
			n.under = make(map[hopID]*pathNode)
		}
		next = &pathNode{id: id}
		n.under[id] = next
	}
	next.count(s)
	return next
}

// endpoints are the spans that are the endpoint and start in the range, trace by trace.
func (w *pathWalk) endpoints(q PathQuery, from, to int64) []int32 {
	service, operation := w.g.symbols.number(q.Service), w.g.symbols.number(q.Operation)
	is := func(i int32) bool {
		s := &w.g.spans[i]
		return s.service == service && (q.Operation == "" || s.name == operation) && s.startNS >= from && s.startNS < to
	}
	var found []int32
	for i := range w.g.spans {
		at := int32(i)
		if !is(at) {
			continue
		}
		// Without an operation every span of the service matches: the one through which the service was entered stands for the others.
		if p := w.g.parentOf(at); p != none && is(p) {
			continue
		}
		found = append(found, at)
	}
	slices.SortStableFunc(found, func(a, b int32) int { return cmp.Compare(string(w.g.spans[a].trace[:]), string(w.g.spans[b].trace[:])) })
	return found
}

// visit is a span whose children are to be walked, under the hop that it belongs to.
type visit struct {
	span  int32
	hop   *pathNode
	depth int
	next  int // child
}

// down walks from every endpoint to all spans below it.
func (w *pathWalk) down(q PathQuery, from, to int64) {
	for _, start := range w.endpoints(q, from, to) {
		w.root.count(&w.g.spans[start])
		stack := []visit{{span: start, hop: w.root}}
		w.on[start] = true
		for len(stack) > 0 && w.step() {
			top := &stack[len(stack)-1]
			if top.next == len(w.children[top.span]) {
				w.on[top.span] = false
				stack = stack[:len(stack)-1]
				continue
			}
			child := w.children[top.span][top.next]
			top.next++
			if w.on[child] {
				continue
			}
			f := visit{span: child, hop: top.hop, depth: top.depth}
			if id, ok := w.crossing(top.span, child); ok {
				if f.depth++; f.depth > maxPathDepth {
					w.truncated = true
					continue
				}
				f.hop = top.hop.hop(id, &w.g.spans[child])
			}
			w.on[child] = true
			stack = append(stack, f)
		}
	}
}

// crossing is the hop from a span to its child, if the child is in another service or no service at all.
func (w *pathWalk) crossing(parent, child int32) (hopID, bool) {
	p, c := &w.g.spans[parent], &w.g.spans[child]
	switch {
	case c.kind == KindConsumer || p.kind == KindProducer:
		return hopID{EdgeAsync, c.service, c.name}, true
	case p.service != c.service || p.kind == KindClient && c.kind == KindServer:
		return hopID{EdgeCall, c.service, c.name}, true
	case c.category == symbolDB && !c.serves() && c.peer != 0:
		typ := EdgeDatabase
		if isCache(w.g.symbols.text(c.database)) {
			typ = EdgeCache
		}
		return hopID{typ, c.peer, c.name}, true
	case c.kind == KindProducer && c.peer != 0 && len(w.children[child]) == 0:
		return hopID{EdgePublish, c.peer, c.name}, true
	case w.g.leaves(c) && !c.answered:
		return hopID{EdgeExternal, c.peer, c.name}, true
	}
	return hopID{}, false
}

// up walks from every endpoint to the root of its trace.
func (w *pathWalk) up(q PathQuery, from, to int64) {
	for _, start := range w.endpoints(q, from, to) {
		w.root.count(&w.g.spans[start])
		hop, depth := w.root, 0
		way := []int32{start}
		w.on[start] = true
		// A hop is named after the span of the calling service that was entered from outside, the last before the service changes.
		at := start
		var typ EdgeType
		for w.step() {
			p := w.g.parentOf(at)
			outside := p == none || w.on[p]
			entered := hopID{}
			crossed := outside
			if !outside {
				entered, crossed = w.crossing(p, at)
				crossed = crossed && (entered.typ == EdgeCall || entered.typ == EdgeAsync)
			}
			if crossed {
				if typ != 0 {
					if depth++; depth > maxPathDepth {
						w.truncated = true
						break
					}
					s := &w.g.spans[at]
					hop = hop.hop(hopID{typ, s.service, s.name}, s)
				}
				typ = entered.typ
			}
			if outside {
				break
			}
			at = p
			w.on[at] = true
			way = append(way, at)
		}
		for _, i := range way {
			w.on[i] = false
		}
	}
}

// hops flattens the tree.
func (w *pathWalk) hops() []PathHop {
	hops := []PathHop{}
	type open struct {
		node   *pathNode
		parent int
	}
	for stack := []open{{w.root, -1}}; len(stack) > 0; {
		o := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if len(hops) == maxPathHops {
			w.truncated = true
			break
		}
		n := o.node
		hop := PathHop{Parent: o.parent, Type: n.id.typ, Service: w.g.symbols.text(n.id.service), Operation: w.g.symbols.text(n.id.operation),
			Calls: n.calls, Errors: n.errors, Traces: n.traces}
		hops = append(hops, hop)
		var under []*pathNode
		for _, next := range n.under {
			under = append(under, next)
		}
		text := w.g.symbols.text
		slices.SortFunc(under, func(a, b *pathNode) int { // reversed: the stack turns them around
			return -cmp.Or(cmp.Compare(b.calls, a.calls), cmp.Compare(text(a.id.service), text(b.id.service)),
				cmp.Compare(text(a.id.operation), text(b.id.operation)), cmp.Compare(a.id.typ, b.id.typ))
		})
		for _, next := range under {
			stack = append(stack, open{next, len(hops) - 1})
		}
	}
	return hops
}
