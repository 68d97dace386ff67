package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// EdgeType says what kind of relation an edge is. The numbers are stored.
type EdgeType uint8

// Edge types. Source and target are services unless said otherwise.
const (
	EdgeCall     EdgeType = 1 + iota // a synchronous call
	EdgeDatabase                     // target is a database
	EdgeCache                        // target is a cache
	EdgeExternal                     // target is a host or function that sends no spans
	EdgePublish                      // target is a queue or topic
	EdgeConsume                      // source is a queue or topic
	EdgeAsync                        // from the sender of a message to the one that handles it
	EdgeEntry                        // source is "", the user
	EdgeLink                         // a span link that is no message
)

// EdgeBucket is the time over which an Edge counts.
const EdgeBucket = 10 * time.Second

// Edge counts the calls of one kind between two nodes in one bucket. What is stored are signed differences: an edge's true counters
// are the sum of everything that was inserted under its bucket, type, source, target and via.
type Edge struct {
	// BucketUnix is the start of the bucket in Unix seconds, a multiple of 10.
	BucketUnix int64
	Type       EdgeType
	// Via is the database or messaging system, or the queue between the services of an async edge.
	Source, Target, Via string

	Calls, Errors, ColdStarts, Retries, DeadLetters int64
	// DurationNS is the sum of the durations that Latency counts.
	DurationNS int64
	// Latency counts calls by duration; QueueAge counts messages by the time between the end of sending and the start of handling.
	Latency, QueueAge Histogram
}

// sumColumn is SimpleAggregateFunction(sum, Int64).
type sumColumn struct{ proto.ColInt64 }

func (sumColumn) Type() proto.ColumnType { return "SimpleAggregateFunction(sum, Int64)" }

// secondColumn is DateTime64(0, 'UTC') as Unix seconds: the same 64 bits.
type secondColumn struct{ proto.ColInt64 }

func (secondColumn) Type() proto.ColumnType { return "DateTime64(0, 'UTC')" }

// histogramColumn is SimpleAggregateFunction(sumMap, Map(UInt16, Int64)): on the wire a map is an array of pairs.
type histogramColumn struct{ *arrayColumn[*bucketCounts] }

func newHistogramColumn() histogramColumn {
	return histogramColumn{newArray(new(proto.ColUInt64), new(bucketCounts))}
}

func (histogramColumn) Type() proto.ColumnType {
	return "SimpleAggregateFunction(sumMap, Map(UInt16, Int64))"
}

// append adds a row; buckets without a count are left out.
func (c histogramColumn) append(h Histogram) {
	for _, bucket := range slices.Sorted(maps.Keys(h)) {
		if h[bucket] != 0 {
			c.elems.buckets = append(c.elems.buckets, bucket)
			c.elems.counts = append(c.elems.counts, h[bucket])
		}
	}
	c.end()
}

// bucketCounts are the pairs of a histogramColumn.
type bucketCounts struct {
	buckets proto.ColUInt16
	counts  proto.ColInt64
}

func (c *bucketCounts) Type() proto.ColumnType { return "Tuple(UInt16, Int64)" }
func (c *bucketCounts) Rows() int              { return c.buckets.Rows() }

func (c *bucketCounts) Reset() {
	c.buckets.Reset()
	c.counts.Reset()
}

func (c *bucketCounts) EncodeColumn(b *proto.Buffer) {
	c.buckets.EncodeColumn(b)
	c.counts.EncodeColumn(b)
}

func (c *bucketCounts) WriteColumn(w *proto.Writer) {
	c.buckets.WriteColumn(w)
	c.counts.WriteColumn(w)
}

func (c *bucketCounts) DecodeColumn(r *proto.Reader, rows int) error {
	if err := c.buckets.DecodeColumn(r, rows); err != nil {
		return err
	}
	return c.counts.DecodeColumn(r, rows)
}

// edgeColumns are the columns of the edges table that the writer fills.
type edgeColumns struct {
	bucket                                          secondColumn
	typ                                             proto.ColUInt8
	source, target, via                             *lcColumn
	calls, errors, coldStarts, retries, deadLetters sumColumn
	durationNS                                      sumColumn
	latency, queueAge                               histogramColumn
	named                                           []namedColumn
}

func newEdgeColumns() *edgeColumns {
	c := &edgeColumns{source: newLC(), target: newLC(), via: newLC(), latency: newHistogramColumn(), queueAge: newHistogramColumn()}
	c.named = []namedColumn{
		{"bucket", &c.bucket}, {"type", &c.typ}, {"source", c.source}, {"target", c.target}, {"via", c.via},
		{"calls", &c.calls}, {"errors", &c.errors}, {"cold_starts", &c.coldStarts}, {"retries", &c.retries}, {"dead_letters", &c.deadLetters},
		{"duration_ns", &c.durationNS}, {"latency", c.latency}, {"queue_age", c.queueAge},
	}
	return c
}

func (c *edgeColumns) append(e *Edge) {
	c.bucket.Append(e.BucketUnix)
	c.typ = append(c.typ, uint8(e.Type))
	c.source.Append(e.Source)
	c.target.Append(e.Target)
	c.via.Append(e.Via)
	c.calls.Append(e.Calls)
	c.errors.Append(e.Errors)
	c.coldStarts.Append(e.ColdStarts)
	c.retries.Append(e.Retries)
	c.deadLetters.Append(e.DeadLetters)
	c.durationNS.Append(e.DurationNS)
	c.latency.append(e.Latency)
	c.queueAge.append(e.QueueAge)
}

// check refuses an edge that no read would understand.
func (e *Edge) check() error {
	if e.BucketUnix%int64(EdgeBucket/time.Second) != 0 || e.BucketUnix < minTime.Unix() || e.BucketUnix > maxTime.Unix() {
		return fmt.Errorf("bucket: want a multiple of 10 s between %s and %s, got %d", minTime.Format(time.DateOnly), maxTime.Format(time.DateOnly), e.BucketUnix)
	}
	if e.Type < EdgeCall || e.Type > EdgeLink {
		return fmt.Errorf("type: want %d to %d, got %d", EdgeCall, EdgeLink, e.Type)
	}
	return nil
}

// InsertEdges adds the edges to what is stored, as one block; the same token twice adds them once.
func (s *Store) InsertEdges(ctx context.Context, edges []Edge, token string) error {
	const op = "insert edges"
	columns := newEdgeColumns()
	for i := range edges {
		if err := edges[i].check(); err != nil {
			return invalid(op, fmt.Errorf("edge %d: %w", i, err))
		}
		columns.append(&edges[i])
	}
	return wrap(op, s.insertBlock(ctx, "edges", columns.named, token))
}

// LastEdgeInsert is when an edge was last inserted, by the engine's clock; zero when there is none.
func (s *Store) LastEdgeInsert(ctx context.Context) (time.Time, error) {
	rows, err := collect(ctx, s, s.named("last_edge_insert"), nil, func(rows driver.Rows, t *time.Time) error { return rows.Scan(t) })
	if err != nil || len(rows) == 0 || rows[0].UnixMilli() == 0 {
		return time.Time{}, wrap("read last edge insert", err)
	}
	return rows[0].UTC(), nil
}
