package store

import (
	"math"

	"github.com/ClickHouse/ch-go/proto"
)

// summaryBatch collects what trace_summaries holds of a batch's spans: a row for each trace and day. The writer does this because
// it sees every span anyway, which costs a fraction of a materialized view (docs/adr/0010-fast-path.md).
type summaryBatch struct {
	index map[summaryKey]int // into rows
	rows  []summaryRow
	last  int // index of the row added to last
	cols  *summaryColumns
}

// summaryKey is a trace on one day, counted from 1970 as a Date32 column does.
type summaryKey struct {
	trace TraceID
	day   int32
}

type summaryRow struct {
	summaryKey
	startNS, endNS, lastStartNS int64
	errors                      uint64
	root                        summaryRoot
	services                    []serviceCount
}

// summaryRoot is the span that stands for the trace: the least rank. Service and name are keys of the batch's dictionaries.
type summaryRoot struct {
	rank          int64
	service, name uint32
}

type serviceCount struct {
	service       uint32 // key of the batch's dictionary
	spans, errors uint32
}

// parts are the rank as readers compare it.
func (r summaryRoot) parts() (child uint8, rank int64) {
	if r.rank >= -(1 << 61) { // every start is nearer to 1970 than 2^61 units
		return 1, r.rank
	}
	return 0, r.rank + 1<<62
}

func newSummaryBatch() *summaryBatch {
	return &summaryBatch{index: make(map[summaryKey]int), cols: newSummaryColumns()}
}

func (b *summaryBatch) reset() {
	clear(b.index)
	b.rows = b.rows[:0]
}

// rankOf orders the spans of a trace: those without a parent first, then by start, in units of 4 ns, which leaves two bits.
func rankOf(s *Span) int64 {
	rank := s.StartNS / 4
	if s.ParentSpanID.Uint64() == 0 {
		rank -= 1 << 62
	}
	return rank
}

// add takes in a span whose service and name have these keys in the batch's dictionaries.
func (b *summaryBatch) add(s *Span, service, name uint32) {
	r := b.row(summaryKey{s.TraceID, date32Of(s.StartNS)}, s.StartNS)
	r.startNS, r.lastStartNS = min(r.startNS, s.StartNS), max(r.lastStartNS, s.StartNS)
	r.endNS = max(r.endNS, s.StartNS+s.DurationNS)
	if rank := rankOf(s); rank < r.root.rank {
		r.root = summaryRoot{rank, service, name}
	}
	i := 0
	for i < len(r.services) && r.services[i].service != service {
		i++
	}
	if i == len(r.services) {
		r.services = append(r.services, serviceCount{service: service})
	}
	r.services[i].spans++
	if s.StatusCode == StatusError {
		r.services[i].errors++
		r.errors++
	}
}

// row finds the row of k or makes one.
func (b *summaryBatch) row(k summaryKey, startNS int64) *summaryRow {
	if b.last < len(b.rows) && b.rows[b.last].summaryKey == k {
		return &b.rows[b.last]
	}
	i, ok := b.index[k]
	if !ok {
		i = len(b.rows)
		b.index[k] = i
		var services []serviceCount
		if i < cap(b.rows) { // an earlier use's
			services = b.rows[:i+1][i].services[:0]
		}
		b.rows = append(b.rows, summaryRow{summaryKey: k, startNS: startNS, endNS: math.MinInt64, lastStartNS: startNS,
			root: summaryRoot{rank: math.MaxInt64}, services: services})
	}
	b.last = i
	return &b.rows[i]
}

// minDate32 is 1900-01-01, the first day of a Date32; earlier times are that day to the engine.
const minDate32 = -25567

// date32Of is the UTC day of a Unix time in nanoseconds.
func date32Of(ns int64) int32 {
	day := ns / nsPerDay
	if ns%nsPerDay < 0 {
		day--
	}
	return int32(max(day, minDate32))
}

// summaryColumns are the columns of trace_summaries, in its order, but for inserted_at, which the engine sets.
type summaryColumns struct {
	traceID                     proto.ColFixedStr16
	day                         date32Column
	startNS, endNS, lastStartNS proto.ColInt64
	spans, errors               proto.ColUInt64
	entries                     *arrayColumn[*textColumn]

	entry []byte // scratch
	named []namedColumn
}

func newSummaryColumns() *summaryColumns {
	c := &summaryColumns{entries: newArray(new(proto.ColUInt64), new(textColumn))}
	c.named = []namedColumn{
		{"trace_id", &c.traceID}, {"day", &c.day}, {"start_ns", &c.startNS}, {"end_ns", &c.endNS}, {"last_start_ns", &c.lastStartNS},
		{"spans", &c.spans}, {"errors", &c.errors}, {"entries", c.entries},
	}
	return c
}

// columns are the rows as columns, valid until the next call. The dictionaries are those that add was given keys of.
func (b *summaryBatch) columns(services, names *lcColumn) []namedColumn {
	c := b.cols
	for _, col := range c.named {
		col.data.Reset()
	}
	for i := range b.rows {
		r := &b.rows[i]
		c.traceID = append(c.traceID, r.trace)
		c.day.ColInt32 = append(c.day.ColInt32, r.day)
		c.startNS, c.endNS, c.lastStartNS = append(c.startNS, r.startNS), append(c.endNS, r.endNS), append(c.lastStartNS, r.lastStartNS)
		var spans uint64
		for _, s := range r.services {
			spans += uint64(s.spans)
		}
		c.entry = appendTraceEntry(c.entry[:0], r, services, names)
		c.entries.elems.AppendBytes(c.entry)
		c.entries.end()
		c.spans, c.errors = append(c.spans, spans), append(c.errors, r.errors)
	}
	return c.named
}

// date32Column is Date32.
type date32Column struct{ proto.ColInt32 }

func (date32Column) Type() proto.ColumnType { return "Date32" }
