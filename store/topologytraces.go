package store

import (
	"context"
	"fmt"
	"slices"
)

// TopologyOf returns the edges of exactly the traces that satisfy q, computed from their spans; limit and cursor of q do not matter. More
// than 10 000 traces or a million spans are an Error of kind Invalid.
func (s *Store) TopologyOf(ctx context.Context, q TraceQuery) (*Topology, error) {
	const op = "compute topology"
	ranges, more, err := s.matching(ctx, q, maxTopologyTraces, maxTopologySpans)
	if err != nil {
		return nil, wrap(op, err)
	}
	if more {
		return nil, invalid(op, fmt.Errorf("more than %d traces or %d spans match: narrow the filter or the time range", maxTopologyTraces, maxTopologySpans))
	}
	t := &Topology{Traces: len(ranges)}
	sum, symbols := newEdgeSum(true), newSymbolTable()
	services := make(map[uint32]struct{})
	sortRanges(ranges)
	for len(ranges) > 0 {
		n, spans := 0, uint64(0)
		for n < len(ranges) && (n == 0 || spans+ranges[n].spans <= s.graphSpans) {
			spans += ranges[n].spans
			n++
		}
		g := newEdgeGraph(int(spans), symbols)
		if err := s.readEdgeTraces(ctx, g, ranges[:n], nil, func(int64) bool { return true }); err != nil {
			return nil, wrap(op, err)
		}
		for i := range g.spans {
			services[g.spans[i].service] = struct{}{}
		}
		t.Spans += len(g.spans)
		if err := s.addTargets(ctx, g, ranges[0].firstNS, ranges[n-1].lastNS+1, true); err != nil {
			return nil, wrap(op, err)
		}
		g.resolve()
		g.sum(sum)
		ranges = ranges[n:]
	}
	t.Edges = topologyEdges(sum.sorted())
	for name := range services {
		t.Services = append(t.Services, symbols.text(name))
	}
	slices.Sort(t.Services)
	if len(t.Services) == 0 {
		return t, nil
	}
	w, err := s.window(q.Range)
	if err != nil {
		return nil, invalid(op, err)
	}
	functions, err := s.texts(ctx, "topology_functions", w.days())
	t.Functions = slices.DeleteFunc(functions, func(name string) bool { _, found := slices.BinarySearch(t.Services, name); return !found })
	return t, wrap(op, err)
}

// matching returns where the traces are that satisfy q, newest first, until there are maxTraces of them or the next has more spans than
// are left of maxSpans; more says that this was not all.
func (s *Store) matching(ctx context.Context, q TraceQuery, maxTraces int, maxSpans uint64) (ranges []traceRange, more bool, err error) {
	q.Limit, q.Cursor = min(maxTracePage, maxTraces), ""
	spans := uint64(0)
	for {
		page, err := s.SearchTraces(ctx, q)
		if err != nil {
			return nil, false, err
		}
		for _, t := range page.Traces {
			if spans += t.Spans; len(ranges) == maxTraces || spans > maxSpans {
				return ranges, true, nil
			}
			r := traceRange{id: t.TraceID, firstNS: t.StartNS, lastNS: t.StartNS + t.DurationNS, spans: t.Spans}
			for _, service := range t.Services {
				r.services = append(r.services, service.Name)
			}
			ranges = append(ranges, r)
		}
		if page.NextCursor == "" {
			return ranges, false, nil
		}
		if len(ranges) == maxTraces {
			return ranges, true, nil
		}
		q.Cursor = page.NextCursor
	}
}
