package store

import (
	"maps"
	"slices"

	"github.com/ClickHouse/ch-go/proto"
)

// countsColumn is Map(UInt16, Int64): a histogram per row.
type countsColumn struct {
	offsets proto.ColUInt64
	buckets proto.ColUInt16
	counts  proto.ColInt64
}

func (c *countsColumn) append(bucket uint16, count int64) {
	c.buckets = append(c.buckets, bucket)
	c.counts = append(c.counts, count)
}

// appendRow adds a row; buckets without a count are left out.
func (c *countsColumn) appendRow(h Histogram) {
	for _, bucket := range slices.Sorted(maps.Keys(h)) {
		if h[bucket] != 0 {
			c.append(bucket, h[bucket])
		}
	}
	c.end()
}

// end closes the row: the pairs appended since the last end are its content.
func (c *countsColumn) end() { c.offsets = append(c.offsets, uint64(len(c.buckets))) }

// row makes the histogram of row i.
func (c *countsColumn) row(i int) Histogram {
	from, to := bounds(c.offsets, i)
	h := make(Histogram, to-from)
	for j := from; j < to; j++ {
		h[c.buckets[j]] += c.counts[j]
	}
	return h
}

func (c *countsColumn) Type() proto.ColumnType { return "Map(UInt16, Int64)" }
func (c *countsColumn) Rows() int              { return len(c.offsets) }

func (c *countsColumn) Reset() {
	c.offsets.Reset()
	c.buckets.Reset()
	c.counts.Reset()
}

func (c *countsColumn) EncodeColumn(b *proto.Buffer) {
	c.offsets.EncodeColumn(b)
	c.buckets.EncodeColumn(b)
	c.counts.EncodeColumn(b)
}

func (c *countsColumn) WriteColumn(w *proto.Writer) {
	c.offsets.WriteColumn(w)
	c.buckets.WriteColumn(w)
	c.counts.WriteColumn(w)
}

func (c *countsColumn) DecodeColumn(r *proto.Reader, rows int) error {
	n, err := decodeOffsets(r, &c.offsets, rows)
	if err != nil {
		return err
	}
	c.buckets.Reset()
	c.counts.Reset()
	if err := c.buckets.DecodeColumn(r, n); err != nil {
		return err
	}
	return c.counts.DecodeColumn(r, n)
}

// summed is a column whose rows the engine joins when it merges.
type summed struct {
	column
	function string
}

func (c summed) Type() proto.ColumnType {
	return proto.ColumnType("SimpleAggregateFunction(" + c.function + ", " + string(c.column.Type()) + ")")
}

// totalsColumns are what both roll-ups add up.
type totalsColumns struct {
	calls, errors proto.ColUInt64
	durationNS    proto.ColFloat64
	latency       countsColumn
}

func (c *totalsColumns) columns() []namedColumn {
	return []namedColumn{
		{"calls", summed{&c.calls, "sum"}}, {"errors", summed{&c.errors, "sum"}},
		{"duration_ns", summed{&c.durationNS, "sum"}}, {"latency", summed{&c.latency, "sumMap"}},
	}
}

// operationMinuteColumns are the columns of operation_minutes.
type operationMinuteColumns struct {
	hour          proto.ColInt32
	minute        secondColumn
	service, name *lcColumn
	kind          proto.ColUInt8
	totalsColumns
	errorLatency countsColumn
	named        []namedColumn
}

func newOperationMinuteColumns() *operationMinuteColumns {
	c := &operationMinuteColumns{service: newLC(), name: newLC()}
	c.named = append([]namedColumn{{"hour", &c.hour}, {"minute", &c.minute}, {"service_name", c.service}, {"name", c.name}, {"kind", &c.kind}}, c.columns()...)
	c.named = append(c.named, namedColumn{"error_latency", summed{&c.errorLatency, "sumMap"}})
	return c
}

// statementMinuteColumns are the columns of statement_minutes.
type statementMinuteColumns struct {
	hour                  proto.ColInt32
	minute                secondColumn
	service, system, peer *lcColumn
	hash                  proto.ColUInt64
	totalsColumns
	traces, mostCalls proto.ColUInt64
	newest            proto.ColFixedStr
	named             []namedColumn
}

func newStatementMinuteColumns() *statementMinuteColumns {
	c := &statementMinuteColumns{service: newLC(), system: newLC(), peer: newLC(), newest: proto.ColFixedStr{Size: newestBytes}}
	c.named = append([]namedColumn{
		{"hour", &c.hour}, {"minute", &c.minute}, {"service_name", c.service}, {"statement_hash", &c.hash}, {"system", c.system}, {"peer_name", c.peer},
	}, c.columns()...)
	c.named = append(c.named, namedColumn{"traces", summed{&c.traces, "sum"}}, namedColumn{"most_calls", summed{&c.mostCalls, "max"}},
		namedColumn{"newest", summed{&c.newest, "max"}})
	return c
}

func resetColumns(columns []namedColumn) {
	for _, c := range columns {
		c.data.Reset()
	}
}
