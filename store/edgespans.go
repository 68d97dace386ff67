package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"weft/semconv"
)

// symbolTable numbers texts, so that comparing them and keeping them is cheap.
type symbolTable struct {
	numbers map[string]uint32
	texts   []string
}

// Symbols that every table has.
const (
	symbolEmpty uint32 = iota
	symbolClient
	symbolFaaS
	symbolDB
)

func newSymbolTable() *symbolTable {
	t := &symbolTable{numbers: make(map[string]uint32)}
	for _, s := range []string{symbolEmpty: "", symbolClient: semconv.CategoryClient, symbolFaaS: semconv.CategoryFaaS, symbolDB: semconv.CategoryDB} {
		t.number(s)
	}
	return t
}

func (t *symbolTable) text(n uint32) string { return t.texts[n] }

func (t *symbolTable) number(s string) uint32 {
	n, ok := t.numbers[s]
	if !ok {
		n = uint32(len(t.texts))
		t.texts = append(t.texts, s)
		t.numbers[s] = n
	}
	return n
}

// numbersOf numbers the dictionary of a column that has been read.
func (t *symbolTable) numbersOf(c *lcColumn, into []uint32) []uint32 {
	into = into[:0]
	for _, v := range c.values {
		into = append(into, t.number(v))
	}
	return into
}

// edgeSpanColumns are the columns of queries/edge_spans.sql and edge_trace_spans.sql.
type edgeSpanColumns struct {
	traceID                                       proto.ColFixedStr16
	spanID, parent                                proto.ColUInt64
	kind, status, marks                           proto.ColUInt8
	start                                         timeColumn
	durationNS                                    proto.ColInt64
	service, category, peer, database, messaging  *lcColumn
	linkTrace                                     *arrayColumn[*proto.ColFixedStr16]
	linkSpan                                      *arrayColumn[*proto.ColUInt64]
	services, categories, peers, databases, queue []uint32 // symbols of the dictionaries
	// name is read only of whole traces: edges do not need it.
	name  *lcColumn
	names []uint32
	named []namedColumn
}

func newEdgeSpanColumns(withName bool) *edgeSpanColumns {
	links := new(proto.ColUInt64)
	c := &edgeSpanColumns{service: newLC(), category: newLC(), peer: newLC(), database: newLC(), messaging: newLC(),
		linkTrace: newArray(links, new(proto.ColFixedStr16)), linkSpan: newArray(links, new(proto.ColUInt64))}
	c.named = []namedColumn{
		{"trace_id", &c.traceID}, {"span_id", &c.spanID}, {"parent_span_id", &c.parent}, {"kind", &c.kind}, {"start_time", &c.start},
		{"duration_ns", &c.durationNS}, {"status_code", &c.status}, {"service_name", c.service}, {"category", c.category}, {"peer_name", c.peer},
		{"attr_db_system_name", c.database}, {"attr_messaging_system", c.messaging}, {"marks", &c.marks},
		{"links.trace_id", c.linkTrace}, {"links.span_id", c.linkSpan},
	}
	if withName {
		c.name = newLC()
		c.named = append(c.named, namedColumn{"name", c.name})
	}
	return c
}

// addTo puts the rows that have been read into g; counts says whose edges are asked for.
func (c *edgeSpanColumns) addTo(g *edgeGraph, counts func(startNS int64) bool) {
	c.services = g.symbols.numbersOf(c.service, c.services)
	c.categories = g.symbols.numbersOf(c.category, c.categories)
	c.peers = g.symbols.numbersOf(c.peer, c.peers)
	c.databases = g.symbols.numbersOf(c.database, c.databases)
	c.queue = g.symbols.numbersOf(c.messaging, c.queue)
	if c.name != nil {
		c.names = g.symbols.numbersOf(c.name, c.names)
	}
	for i := range c.spanID {
		s := edgeSpan{
			spanKey: spanKey{c.traceID[i], c.spanID[i]}, parent: c.parent[i], startNS: c.start.ColInt64[i], durationNS: c.durationNS[i],
			service: c.services[c.service.keys.at(i)], category: c.categories[c.category.keys.at(i)], peer: c.peers[c.peer.keys.at(i)],
			database: c.databases[c.database.keys.at(i)], messaging: c.queue[c.messaging.keys.at(i)],
			kind: Kind(c.kind[i]), marks: c.marks[i], failed: StatusCode(c.status[i]) == StatusError,
		}
		if c.name != nil {
			s.name = c.names[c.name.keys.at(i)]
		}
		s.counts = counts(s.startNS)
		at, added := g.add(s)
		if !added || !s.counts {
			continue
		}
		for j, end := c.linkTrace.span(i); j < end; j++ {
			g.links = append(g.links, edgeLink{at, spanKey{(*c.linkTrace.elems)[j], (*c.linkSpan.elems)[j]}})
		}
	}
}

// readEdgeSpans reads one pass of the spans that start in [from, to) into g.
func (s *Store) readEdgeSpans(ctx context.Context, g *edgeGraph, from, to int64, passes, pass int, counts func(startNS int64) bool) error {
	cols := newEdgeSpanColumns(false)
	params := []proto.Parameter{intParam("from", from), intParam("to", to), intParam("passes", int64(passes)), intParam("pass", int64(pass))}
	// A repeated read adds nothing twice.
	return s.readNative(ctx, s.named("edge_spans"), params, cols.named, func() { cols.addTo(g, counts) }, func() {})
}

// readEdgeTraces reads the spans of traces into g, only those of spanIDs unless it is empty.
func (s *Store) readEdgeTraces(ctx context.Context, g *edgeGraph, ranges []traceRange, spanIDs []uint64, counts func(startNS int64) bool) error {
	cols := newEdgeSpanColumns(true)
	for _, group := range overlapping(ranges) {
		q := group.query(s.named("edge_trace_spans"))
		q.Parameters = append(q.Parameters, uintsParam("span_ids", spanIDs))
		if err := s.readNativeQuery(ctx, q, cols.named, func() { cols.addTo(g, counts) }, func() {}); err != nil {
			return err
		}
	}
	return nil
}

// rangeGroup are traces that are read together.
type rangeGroup struct {
	ids      []TraceID
	services []string
	from, to int64 // both included
}

// Bounds of a rangeGroup: how many traces it has, and how far apart they may be when each of them is short.
const (
	maxGroupTraces = 2000
	minGroupHull   = int64(60e9)
)

// overlapping groups ranges, which it sorts, so that the hull of a group is at most about twice the range of each of its traces.
func overlapping(ranges []traceRange) []rangeGroup {
	sortRanges(ranges)
	var groups []rangeGroup
	widest := int64(0) // the widest hull that the last group may have
	for _, r := range ranges {
		own := 2 * max(r.lastNS-r.firstNS, minGroupHull)
		if n := len(groups); n > 0 {
			g := &groups[n-1]
			if len(g.ids) < maxGroupTraces && max(g.to, r.lastNS)-g.from <= min(widest, own) {
				g.ids, g.services = append(g.ids, r.id), append(g.services, r.services...)
				g.to, widest = max(g.to, r.lastNS), min(widest, own)
				continue
			}
		}
		groups = append(groups, rangeGroup{[]TraceID{r.id}, slices.Clone(r.services), r.firstNS, r.lastNS})
		widest = own
	}
	for i := range groups {
		slices.Sort(groups[i].services)
		groups[i].services = slices.Compact(groups[i].services)
	}
	return groups
}

// query is a statement over the group, which it finds in the temporary table candidates and the parameters services, from and to.
func (g *rangeGroup) query(statement string) ch.Query {
	ids := proto.ColFixedStr16{}
	for _, id := range g.ids {
		ids = append(ids, id)
	}
	return ch.Query{
		Body: statement, ExternalTable: "candidates", ExternalData: []proto.InputColumn{{Name: "trace_id", Data: &ids}},
		Parameters: []proto.Parameter{stringsParam("services", g.services), intParam("from", g.from), intParam("to", g.to)},
	}
}

// rangesOutside returns where the spans of traces are, looking from reachDays before [from, to) to reachDays after it: of those traces
// that have spans outside [from, to), or of all.
func (s *Store) rangesOutside(ctx context.Context, ids []TraceID, from, to int64, reachDays int, all bool) ([]traceRange, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	ctx, err := withCandidates(ctx, ids)
	if err != nil {
		return nil, err
	}
	day := func(ns int64, plus int) string { return fmt.Sprint(int(math.Floor(float64(ns)/nsPerDay)) + plus) }
	params := []any{param("from_day", day(from, -reachDays)), param("to_day", day(to, reachDays))}
	if all {
		from = math.MaxInt64
	}
	params = append(params, param("from", from), param("to", to))
	return collect(ctx, s, s.named("edge_trace_ranges"), params, scanRange)
}

func scanRange(rows driver.Rows, r *traceRange) error {
	var id string
	var entries []string
	if err := rows.Scan(&id, &entries); err != nil {
		return err
	}
	*r = newTraceRange(TraceID([]byte(id)))
	for _, packed := range entries {
		var e traceEntry
		if err := errors.Join(e.parse([]byte(packed)), r.add(&e)); err != nil {
			return err
		}
	}
	return nil
}

func sortedIDs(set map[TraceID]struct{}) []TraceID {
	ids := make([]TraceID, 0, len(set))
	for id := range set {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b TraceID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}
