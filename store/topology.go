package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Bounds of the reads of topology.
const (
	maxTopologyEdges    = 20_000
	maxTopologyServices = 20_000
	maxMatrixSteps      = 500
	maxMatrixCells      = 200_000
	// maxTopologyTraces and maxTopologySpans bound a topology that is computed from spans.
	maxTopologyTraces = 10_000
	maxTopologySpans  = 1_000_000
)

// OtherNode stands at both ends of the edges that did not fit into an answer, added up by type.
const OtherNode = "(other)"

// Topology is who called whom in a time range, or in some traces.
type Topology struct {
	// Edges are sorted by type, source, target, via.
	Edges []TopologyEdge
	// Services are the services that sent spans, also those without an edge; sorted.
	Services []string
	// Functions are those of the services that are functions; sorted.
	Functions []string
	// Folded says that there were too many edges, so that those with the fewest calls are added up under OtherNode, or too many services,
	// so that those without an edge are incomplete.
	Folded bool
	// Traces and Spans say what a topology of traces was computed from; 0 for one of a time range.
	Traces, Spans int
}

// Topology returns the edges of r, widened to whole buckets of 10 seconds. It reads no spans.
func (s *Store) Topology(ctx context.Context, r TimeRange) (*Topology, error) {
	const op = "read topology"
	w, err := s.window(r)
	if err != nil {
		return nil, invalid(op, err)
	}
	t := &Topology{}
	var errs [3]error
	var reads sync.WaitGroup
	reads.Go(func() { t.Edges, t.Folded, errs[0] = s.topologyEdges(ctx, w) })
	reads.Go(func() { t.Services, errs[1] = s.texts(ctx, "topology_services", w.days()) })
	reads.Go(func() { t.Functions, errs[2] = s.texts(ctx, "topology_functions", w.days()) })
	reads.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, wrap(op, err)
		}
	}
	slices.SortFunc(t.Edges, TopologyEdge.compare)
	if len(t.Services) > maxTopologyServices {
		t.Services, t.Folded = t.Services[:maxTopologyServices], true
	}
	return t, nil
}

// window is r in whole buckets, as of now.
func (s *Store) window(r TimeRange) (edgeWindow, error) { return r.window(time.Now(), s.completeHours) }

// topologyEdges reads the edges of a window; of too many, those with the fewest calls are added up.
func (s *Store) topologyEdges(ctx context.Context, w edgeWindow) (edges []TopologyEdge, folded bool, err error) {
	edges, err = s.windowEdges(ctx, w, maxTopologyEdges)
	if !errors.Is(err, errManyEdges) {
		return edges, false, err
	}
	most, err := s.edges(ctx, "edges_window", w.nativeParams(intParam("limit", maxTopologyEdges+1)))
	if err != nil || len(most) <= maxTopologyEdges { // others came to nothing
		return topologyEdges(most), false, err
	}
	totals, err := s.edges(ctx, "edges_total", w.nativeParams())
	return topologyEdges(foldRest(most[:maxTopologyEdges], totals)), true, err
}

// foldRest adds to edges, for each type, what they lack of the total.
func foldRest(edges, totals []Edge) []Edge {
	for _, rest := range totals {
		for i := range edges {
			if edges[i].Type == rest.Type {
				rest = rest.less(&edges[i])
			}
		}
		if rest.Calls > 0 {
			rest.Source, rest.Target, rest.Via = OtherNode, OtherNode, ""
			edges = append(edges, rest)
		}
	}
	return edges
}

// edges reads natively: histograms are most of the answer, and scanning them row by row costs ten times as much. Buckets are added up.
func (s *Store) edges(ctx context.Context, query string, params []proto.Parameter) (edges []Edge, err error) {
	c := newEdgeColumns()
	err = s.readNative(ctx, s.named(query), params, c.sums(), func() {
		for i := range c.typ {
			edges = append(edges, Edge{
				Type: EdgeType(c.typ[i]), Source: c.source.Row(i), Target: c.target.Row(i), Via: c.via.Row(i), Calls: c.calls[i], Errors: c.errors[i],
				ColdStarts: c.coldStarts[i], Retries: c.retries[i], DeadLetters: c.deadLetters[i], DurationNS: c.durationNS[i],
				Latency: c.latency.row(i), QueueAge: c.queueAge.row(i),
			})
		}
	}, func() { edges = nil })
	return edges, err
}

func (s *Store) texts(ctx context.Context, query string, params []any) ([]string, error) {
	return collect(ctx, s, s.named(query), params, func(rows driver.Rows, text *string) error { return rows.Scan(text) })
}

// Dependencies counts the calls and messages between services within r, widened to whole buckets of 10 seconds, sorted by parent, then
// child. It reads no spans.
func (s *Store) Dependencies(ctx context.Context, r TimeRange) ([]Dependency, error) {
	const op = "read dependencies"
	w, err := s.window(r)
	if err != nil {
		return nil, invalid(op, err)
	}
	deps, err := collect(ctx, s, s.named("dependencies"), w.params(), func(rows driver.Rows, d *Dependency) error {
		return rows.Scan(&d.Parent, &d.Child, &d.Calls, &d.Errors)
	})
	return deps, wrap(op, err)
}

// EdgeMatrix is how the edges of a time range changed over time.
type EdgeMatrix struct {
	FromUnix, StepSeconds int64
	Steps                 int
	Edges                 []EdgeSeries // sorted by type, source, target, via
	// Truncated says that there were more edges than fit; those with the fewest calls are left out.
	Truncated bool
}

// EdgeSeries is one edge by time step.
type EdgeSeries struct {
	Type                EdgeType
	Source, Target, Via string
	Calls, Errors       []int64 // one a step
}

// TopologyMatrix returns the calls and errors of every edge in r by steps, which are multiples of 10 seconds; the first starts at a whole
// multiple of step. At most 500 steps, and 200 000 cells.
func (s *Store) TopologyMatrix(ctx context.Context, r TimeRange, step time.Duration) (*EdgeMatrix, error) {
	const op = "read topology matrix"
	if step < EdgeBucket || step%EdgeBucket != 0 {
		return nil, invalid(op, fmt.Errorf("step: want a multiple of %v, got %v", EdgeBucket, step))
	}
	if r.From.IsZero() || r.To.IsZero() {
		return nil, invalid(op, errors.New("want a time range with a start and an end"))
	}
	w, err := s.window(r)
	if err != nil {
		return nil, invalid(op, err)
	}
	m := &EdgeMatrix{StepSeconds: int64(step / time.Second)}
	m.FromUnix = floorTo(w.fine.from, m.StepSeconds)
	to := ceilTo(w.fine.to, m.StepSeconds)
	steps := (to - m.FromUnix) / m.StepSeconds
	if steps > maxMatrixSteps {
		return nil, invalid(op, fmt.Errorf("want at most %d steps, got %d: ask for a longer step or a shorter time range", maxMatrixSteps, steps))
	}
	m.Steps = int(steps)
	limit := maxMatrixCells / max(m.Steps, 1)
	params := []any{param("from", m.FromUnix), param("to", to), param("step", m.StepSeconds), param("coarse", m.StepSeconds%coarseSeconds == 0), param("limit", limit+1)}
	m.Edges, err = collect(ctx, s, s.named("edges_matrix"), params, func(rows driver.Rows, e *EdgeSeries) error {
		var at, calls, failed []int64
		if err := rows.Scan((*uint8)(&e.Type), &e.Source, &e.Target, &e.Via, &at, &calls, &failed); err != nil {
			return err
		}
		e.Calls, e.Errors = make([]int64, m.Steps), make([]int64, m.Steps)
		for i, step := range at {
			e.Calls[step], e.Errors[step] = calls[i], failed[i]
		}
		return nil
	})
	if err != nil {
		return nil, wrap(op, err)
	}
	if len(m.Edges) > limit {
		m.Edges, m.Truncated = m.Edges[:limit], true
	}
	slices.SortFunc(m.Edges, func(a, b EdgeSeries) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Via, b.Via))
	})
	return m, nil
}
