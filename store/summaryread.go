package store

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// maxSummaryIDs is how many traces one query asks about: the rows of a trace that were not merged yet multiply the answer, which is
// bounded.
const maxSummaryIDs = 20_000

// aggregateColumn is a column of a SimpleAggregateFunction, which is sent as its argument is.
type aggregateColumn struct {
	column
	function string
}

func (c aggregateColumn) Type() proto.ColumnType {
	return proto.ColumnType("SimpleAggregateFunction(" + c.function + ", " + string(c.column.Type()) + ")")
}

// milliColumn is DateTime64(3, 'UTC') as Unix milliseconds: the same 64 bits.
type milliColumn struct{ proto.ColInt64 }

func (milliColumn) Type() proto.ColumnType { return "DateTime64(3, 'UTC')" }

// summaryReader holds the columns of trace_summaries as they are read.
type summaryReader struct {
	traceID         proto.ColFixedStr16
	entries         *arrayColumn[*textColumn]
	insertedAt, now milliColumn
}

func newSummaryReader() *summaryReader {
	return &summaryReader{entries: newArray(new(proto.ColUInt64), new(textColumn))}
}

// each calls f with every entry that was read, and the row it stands in.
func (c *summaryReader) each(f func(row int, e *traceEntry) error) error {
	var e traceEntry
	for row := range c.traceID {
		for i, end := c.entries.span(row); i < end; i++ {
			if err := e.parse(c.entries.elems.in.RowBytes(i)); err != nil {
				return err
			}
			if err := f(row, &e); err != nil {
				return err
			}
		}
	}
	return nil
}

// details are the columns of queries/trace_details.sql.
func (c *summaryReader) details() []namedColumn {
	return append(c.ranges(), namedColumn{"inserted_at", aggregateColumn{&c.insertedAt, "max"}}, namedColumn{"now", &c.now})
}

// ranges are those of queries/trace_ranges.sql.
func (c *summaryReader) ranges() []namedColumn {
	return []namedColumn{{"trace_id", &c.traceID}, {"entries", aggregateColumn{c.entries, "groupArrayArray"}}}
}

// traceIDsParam are ids for a statement that takes 16 bytes each.
func traceIDsParam(ids []TraceID) proto.Parameter {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id[:])
	}
	return stringsParam("trace_ids", texts)
}

// traceDetail is a summary and what places it on a page.
type traceDetail struct {
	TraceSummary
	keyNS      int64 // the start it is ordered by
	endNS      int64
	lastNS     int64
	insertedMS int64 // when the latest of it came
	root       summaryRank
}

// summaryRank orders the spans that may stand for a trace; the least does. Its fields are compared in order, then service and name.
type summaryRank struct {
	child uint8
	rank  int64
}

// readDetails reads the summaries of traces. now is the engine's clock, no earlier than when it looked at them; zero when none is stored.
func (s *Store) readDetails(ctx context.Context, ids []TraceID) (details map[TraceID]*traceDetail, now time.Time, err error) {
	details = make(map[TraceID]*traceDetail, len(ids))
	cols := newSummaryReader()
	for some := range slices.Chunk(ids, maxSummaryIDs) {
		began, clock := time.Now(), int64(0)
		var broken error
		err := s.readNative(ctx, s.named("trace_details"), []proto.Parameter{traceIDsParam(some)}, cols.details(), func() {
			broken = cmp.Or(broken, cols.addTo(details))
			clock = cols.now.ColInt64[0]
		}, func() {
			for _, id := range some {
				delete(details, id)
			}
		})
		if err = cmp.Or(err, broken); err != nil {
			return nil, now, err
		}
		if clock != 0 {
			// The engine read its clock and took its view of the parts in between, in whichever order.
			now = time.UnixMilli(clock).Add(time.Since(began) + time.Millisecond)
		}
	}
	for _, d := range details {
		d.DurationNS, d.keyNS, d.HasRoot = d.endNS-d.StartNS, d.StartNS, d.root.child == 0
		slices.SortFunc(d.Services, func(a, b ServiceCount) int { return strings.Compare(a.Name, b.Name) })
	}
	return details, now, nil
}

// addTo adds the rows of a block up.
func (c *summaryReader) addTo(details map[TraceID]*traceDetail) error {
	return c.each(func(row int, e *traceEntry) error {
		id := c.traceID[row]
		d := details[id]
		if d == nil {
			d = &traceDetail{endNS: math.MinInt64, lastNS: math.MinInt64, root: summaryRank{child: math.MaxUint8}}
			d.TraceID, d.StartNS = id, math.MaxInt64
			details[id] = d
		}
		d.StartNS, d.endNS, d.lastNS = min(d.StartNS, e.startNS), max(d.endNS, e.endNS), max(d.lastNS, e.lastNS)
		d.insertedMS = max(d.insertedMS, c.insertedAt.ColInt64[row])
		if n := cmp.Or(cmp.Compare(e.root.child, d.root.child), cmp.Compare(e.root.rank, d.root.rank), cmp.Compare(string(e.rootService), d.RootService),
			cmp.Compare(string(e.rootName), d.RootName)); n < 0 {
			d.root, d.RootService, d.RootName = e.root, string(e.rootService), string(e.rootName)
		}
		return e.each(func(service []byte, spans, errors uint64) {
			s := d.service(service)
			s.Spans, s.Errors = s.Spans+spans, s.Errors+errors
			d.Spans, d.Errors = d.Spans+spans, d.Errors+errors
		})
	})
}

// service finds the share of a service or makes one.
func (d *traceDetail) service(name []byte) *ServiceCount {
	for i := range d.Services {
		if d.Services[i].Name == string(name) {
			return &d.Services[i]
		}
	}
	d.Services = append(d.Services, ServiceCount{Name: string(name)})
	return &d.Services[len(d.Services)-1]
}

// traceRanges finds where the spans of traces are, in no order; a trace that is not stored has none.
func (s *Store) traceRanges(ctx context.Context, ids []TraceID) ([]traceRange, error) {
	var ranges []traceRange
	index := make(map[TraceID]int, len(ids))
	cols := newSummaryReader()
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b TraceID) int { return bytes.Compare(a[:], b[:]) })
	for some := range slices.Chunk(slices.Compact(ids), maxSummaryIDs) {
		before := len(ranges)
		var broken error
		err := s.readNative(ctx, s.named("trace_ranges"), []proto.Parameter{traceIDsParam(some)}, cols.ranges(), func() {
			broken = cmp.Or(broken, cols.each(func(row int, e *traceEntry) error {
				id := cols.traceID[row]
				at, ok := index[id]
				if !ok {
					at = len(ranges)
					index[id] = at
					ranges = append(ranges, newTraceRange(id))
				}
				return ranges[at].add(e)
			}))
		}, func() {
			for _, r := range ranges[before:] {
				delete(index, r.id)
			}
			ranges = ranges[:before]
		})
		if err = cmp.Or(err, broken); err != nil {
			return nil, err
		}
	}
	return ranges, nil
}
