package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"weft/semconv"
)

// EdgeType says what kind of relation an edge is. The numbers are stored.
type EdgeType uint8

// Edge types. Source and target are services unless said otherwise.
const (
	EdgeCall     EdgeType = semconv.EdgeCall     // a synchronous call
	EdgeDatabase EdgeType = semconv.EdgeDatabase // target is a database
	EdgeCache    EdgeType = semconv.EdgeCache    // target is a cache
	EdgeExternal EdgeType = semconv.EdgeExternal // target is a host or function that sends no spans
	EdgePublish  EdgeType = semconv.EdgePublish  // target is a queue or topic
	EdgeConsume  EdgeType = semconv.EdgeConsume  // source is a queue or topic
	EdgeAsync    EdgeType = semconv.EdgeAsync    // from the sender of a message to the one that handles it
	EdgeEntry    EdgeType = semconv.EdgeEntry    // source is "", the user
	EdgeLink     EdgeType = semconv.EdgeLink     // a span link that is no message
)

// EdgeBucket is the time over which an Edge counts.
const EdgeBucket = semconv.EdgeBucketSeconds * time.Second

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

// secondColumn is DateTime64(0, 'UTC') as Unix seconds: the same 64 bits.
type secondColumn struct{ proto.ColInt64 }

func (secondColumn) Type() proto.ColumnType { return "DateTime64(0, 'UTC')" }

// edgeColumns are the columns of the edges table that the writer fills.
type edgeColumns struct {
	bucket                                          secondColumn
	typ                                             proto.ColUInt8
	source, target, via                             *lcColumn
	calls, errors, coldStarts, retries, deadLetters proto.ColInt64
	durationNS                                      proto.ColInt64
	latency, queueAge                               countsColumn
	named                                           []namedColumn
}

func newEdgeColumns() *edgeColumns {
	c := &edgeColumns{source: newLC(), target: newLC(), via: newLC()}
	c.named = []namedColumn{
		{"bucket", &c.bucket}, {"type", &c.typ}, {"source", c.source}, {"target", c.target}, {"via", c.via},
		{"calls", summed{&c.calls, "sum"}}, {"errors", summed{&c.errors, "sum"}}, {"cold_starts", summed{&c.coldStarts, "sum"}}, {"retries", summed{&c.retries, "sum"}}, {"dead_letters", summed{&c.deadLetters, "sum"}},
		{"duration_ns", summed{&c.durationNS, "sum"}}, {"latency", summed{&c.latency, "sumMap"}}, {"queue_age", summed{&c.queueAge, "sumMap"}},
	}
	return c
}

// sums are the columns of sums of edges, without their buckets.
func (c *edgeColumns) sums() []namedColumn {
	return []namedColumn{
		{"type", &c.typ}, {"source", c.source}, {"target", c.target}, {"via", c.via}, {"calls", &c.calls}, {"errors", &c.errors},
		{"cold_starts", &c.coldStarts}, {"retries", &c.retries}, {"dead_letters", &c.deadLetters}, {"duration_ns", &c.durationNS},
		{"latency", &c.latency}, {"queue_age", &c.queueAge},
	}
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
	c.latency.appendRow(e.Latency)
	c.queueAge.appendRow(e.QueueAge)
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
