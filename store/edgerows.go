package store

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/ClickHouse/ch-go/proto"
)

// TopologyEdge is what happened between two nodes in a time range, or in some traces.
type TopologyEdge struct {
	Type EdgeType
	// Via is the database or messaging system, or the queue between the services of an async edge.
	Source, Target, Via                             string
	Calls, Errors, ColdStarts, Retries, DeadLetters int64
	// DurationNS is the sum of the durations that Latency counts.
	DurationNS int64
	// Latency counts calls by duration; QueueAge counts messages by the time between the end of sending and the start of handling.
	Latency, QueueAge Counts
}

// compare orders edges by what they are told apart by.
func (e TopologyEdge) compare(o TopologyEdge) int {
	return cmp.Or(cmp.Compare(e.Type, o.Type), cmp.Compare(e.Source, o.Source), cmp.Compare(e.Target, o.Target), cmp.Compare(e.Via, o.Via))
}

// topologyEdges are edges of one bucket, or of all time.
func topologyEdges(edges []Edge) []TopologyEdge {
	out := make([]TopologyEdge, len(edges))
	for i, e := range edges {
		out[i] = TopologyEdge{e.Type, e.Source, e.Target, e.Via, e.Calls, e.Errors, e.ColdStarts, e.Retries, e.DeadLetters, e.DurationNS,
			e.Latency.Counts(), e.QueueAge.Counts()}
	}
	return out
}

// edgeRowColumns are the columns of queries/edge_rows.sql.
type edgeRowColumns struct {
	*edgeColumns
	sign                   proto.ColInt8
	sources, targets, vias []uint32 // symbols of the dictionaries
}

func (c *edgeRowColumns) all() []namedColumn { return append(c.sums(), namedColumn{"sign", &c.sign}) }

// edgeTotal is an edge whose histograms are being added up.
type edgeTotal struct {
	edge              TopologyEdge
	latency, queueAge HistogramSum
	id                edgeID
	next              *edgeTotal // the one whose row came after this one's the first time
}

// edgeTotals add up rows of edges: the engine's sumMap takes an allocation and a look-up for each bucket of each row, here it is an addition.
type edgeTotals struct {
	symbols *symbolTable
	byID    map[edgeID]*edgeTotal
	last    *edgeTotal
}

func newEdgeTotals() *edgeTotals {
	return &edgeTotals{symbols: newSymbolTable(), byID: make(map[edgeID]*edgeTotal), last: &edgeTotal{}}
}

// of is the total of id. Rows of one bucket come in the order of the key, so it is mostly one of the next few after the last one.
func (t *edgeTotals) of(id edgeID) *edgeTotal {
	const few = 4
	total := t.last.next
	for n := 0; total != nil && total.id != id && n < few; n++ {
		total = total.next
	}
	if total == nil || total.id != id {
		total = t.byID[id]
	}
	if total == nil {
		total = &edgeTotal{id: id}
		total.edge.Type, total.edge.Source, total.edge.Target, total.edge.Via = id.typ, t.symbols.text(id.source), t.symbols.text(id.target), t.symbols.text(id.via)
		t.byID[id] = total
	}
	if t.last.next == nil && t.last != total {
		t.last.next = total
	}
	t.last = total
	return total
}

// add takes in the rows that have been read.
func (t *edgeTotals) add(c *edgeRowColumns) {
	c.sources = t.symbols.numbersOf(c.source, c.sources)
	c.targets = t.symbols.numbersOf(c.target, c.targets)
	c.vias = t.symbols.numbersOf(c.via, c.vias)
	for i, typ := range c.typ {
		total := t.of(edgeID{0, EdgeType(typ), c.sources[c.source.keys.at(i)], c.targets[c.target.keys.at(i)], c.vias[c.via.keys.at(i)]})
		e := &total.edge
		e.Calls += c.calls[i]
		e.Errors += c.errors[i]
		e.ColdStarts += c.coldStarts[i]
		e.Retries += c.retries[i]
		e.DeadLetters += c.deadLetters[i]
		e.DurationNS += c.durationNS[i]
		sign := int64(c.sign[i])
		from, to := bounds(c.latency.offsets, i)
		total.latency.addRow(c.latency.buckets[from:to], c.latency.counts[from:to], sign)
		from, to = bounds(c.queueAge.offsets, i)
		total.queueAge.addRow(c.queueAge.buckets[from:to], c.queueAge.counts[from:to], sign)
	}
}

// edges are all that have a row, in no order.
func (t *edgeTotals) edges() []TopologyEdge {
	edges := make([]TopologyEdge, 0, len(t.byID))
	free := new(Counts)
	for _, total := range t.byID {
		total.edge.Latency, total.edge.QueueAge = total.latency.takeFrom(free), total.queueAge.takeFrom(free)
		edges = append(edges, total.edge)
	}
	return edges
}

// with are the edges when more are added to these, or errManyEdges.
func (t *edgeTotals) with(more []TopologyEdge, limit int) ([]TopologyEdge, error) {
	var apart []TopologyEdge
	if len(t.byID) == 0 {
		apart = slices.Clone(more)
	} else {
		for i := range more {
			if !t.addTo(&more[i]) {
				apart = append(apart, more[i])
			}
		}
	}
	if len(t.byID)+len(apart) > limit {
		return nil, errManyEdges
	}
	return append(apart, t.edges()...), nil
}

// addTo adds an edge to what the rows say of it; false when there is no row.
func (t *edgeTotals) addTo(o *TopologyEdge) bool {
	total := t.byID[edgeID{0, o.Type, t.symbols.number(o.Source), t.symbols.number(o.Target), t.symbols.number(o.Via)}]
	if total == nil {
		return false
	}
	e := &total.edge
	e.Calls, e.Errors, e.ColdStarts, e.Retries = e.Calls+o.Calls, e.Errors+o.Errors, e.ColdStarts+o.ColdStarts, e.Retries+o.Retries
	e.DeadLetters, e.DurationNS = e.DeadLetters+o.DeadLetters, e.DurationNS+o.DurationNS
	total.latency.Add(o.Latency)
	total.queueAge.Add(o.QueueAge)
	return true
}

// called leaves out the edges that came to nothing.
func called(edges []TopologyEdge) []TopologyEdge {
	return slices.DeleteFunc(edges, func(e TopologyEdge) bool { return e.Calls <= 0 })
}

// errManyEdges says that a window has more edges than are added up here.
var errManyEdges = errors.New("more edges than fit into an answer")

// readEdgeRows adds up the rows of a window, without those of its hours unless told so, or returns errManyEdges when there are more than limit
// edges.
func (s *Store) readEdgeRows(ctx context.Context, w edgeWindow, withHours bool, limit int) (*edgeTotals, error) {
	totals, columns := newEdgeTotals(), &edgeRowColumns{edgeColumns: newEdgeColumns()}
	if w == (edgeWindow{}) {
		return totals, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	hours := int64(0)
	if withHours {
		hours = 1
	}
	err := s.readNative(ctx, s.named("edge_rows"), w.nativeParams(intParam("read_1h", hours)), columns.all(), func() {
		if totals.add(columns); len(totals.byID) > limit {
			cancel(errManyEdges)
		}
	}, func() { totals = newEdgeTotals() })
	if len(totals.byID) > limit {
		return nil, errManyEdges
	}
	return totals, err
}
