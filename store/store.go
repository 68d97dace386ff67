package store

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Config says where the telemetry is stored and for how long.
type Config struct {
	// DSN is clickhouse://user:password@host1:9000,host2:9000/database?secure=true: the embedded engine's or any server's.
	// The database is created when it does not exist.
	DSN string
	// Retention is how long each signal is kept.
	Retention Retention
	// Logger receives migrations applied and connections lost; nil is slog.Default.
	Logger *slog.Logger
}

// Retention is how long each signal is kept, counted from the item's own time; whole days are dropped at once, so an item
// lives up to one day longer. 0 keeps for ever, which imports of old data need.
type Retention struct{ Traces, Logs, Metrics time.Duration }

// Store reads and writes telemetry in ClickHouse. It is safe for concurrent use.
type Store struct{}

var errUnfinished = errors.New("not there yet")

// Open connects, creates the database and applies the migrations that are missing.
func Open(ctx context.Context, cfg Config) (*Store, error) { return nil, errUnfinished }

// Close ends all connections. Inserts and reads under way fail.
func (s *Store) Close() error { return nil }

// Ping asks the engine for an answer.
func (s *Store) Ping(ctx context.Context) error { return errUnfinished }

// SpanBatch holds spans as columns, ready to be inserted. One goroutine at a time may use it.
type SpanBatch struct{}

// NewSpanBatch returns an empty batch. Batches are made to be reused: Reset keeps the memory.
func NewSpanBatch() *SpanBatch { return &SpanBatch{} }

// Append copies the span into the batch; the caller keeps ownership of everything it points at.
func (b *SpanBatch) Append(s *Span) {}

// Rows is the number of spans in the batch.
func (b *SpanBatch) Rows() int { return 0 }

// Bytes is the approximate memory the rows hold.
func (b *SpanBatch) Bytes() int { return 0 }

// Reset empties the batch and keeps its memory.
func (b *SpanBatch) Reset() {}

// LogBatch holds log records as columns, ready to be inserted. One goroutine at a time may use it.
type LogBatch struct{}

// NewLogBatch returns an empty batch.
func NewLogBatch() *LogBatch { return &LogBatch{} }

// Append copies the record into the batch.
func (b *LogBatch) Append(l *Log) {}

// Rows is the number of records in the batch.
func (b *LogBatch) Rows() int { return 0 }

// Bytes is the approximate memory the rows hold.
func (b *LogBatch) Bytes() int { return 0 }

// Reset empties the batch and keeps its memory.
func (b *LogBatch) Reset() {}

// MetricBatch holds metric data points as columns, ready to be inserted. One goroutine at a time may use it.
type MetricBatch struct{}

// NewMetricBatch returns an empty batch.
func NewMetricBatch() *MetricBatch { return &MetricBatch{} }

// Append copies the point into the batch.
func (b *MetricBatch) Append(p *MetricPoint) {}

// Rows is the number of points in the batch.
func (b *MetricBatch) Rows() int { return 0 }

// Bytes is the approximate memory the rows hold.
func (b *MetricBatch) Bytes() int { return 0 }

// Reset empties the batch and keeps its memory.
func (b *MetricBatch) Reset() {}

// InsertSpans writes the batch; the same token twice stores it once. The batch is left as it is.
func (s *Store) InsertSpans(ctx context.Context, b *SpanBatch, token string) error {
	return errUnfinished
}

// InsertLogs writes the batch; the same token twice stores it once. The batch is left as it is.
func (s *Store) InsertLogs(ctx context.Context, b *LogBatch, token string) error {
	return errUnfinished
}

// InsertMetrics writes the batch; the same token twice stores it once. The batch is left as it is.
func (s *Store) InsertMetrics(ctx context.Context, b *MetricBatch, token string) error {
	return errUnfinished
}

// Services returns every service seen within retention, sorted.
func (s *Store) Services(ctx context.Context) ([]string, error) { return nil, errUnfinished }

// Operations returns the operations of service, of all services when it is empty, sorted.
func (s *Store) Operations(ctx context.Context, service string) ([]Operation, error) {
	return nil, errUnfinished
}

// AttributeKeys returns keys that start with prefix, most used first.
func (s *Store) AttributeKeys(ctx context.Context, prefix string, limit int) ([]AttributeKey, error) {
	return nil, errUnfinished
}

// AttributeValues returns values of key that start with prefix, most used first.
func (s *Store) AttributeValues(ctx context.Context, key, prefix string, limit int) ([]string, error) {
	return nil, errUnfinished
}

// SearchTraces returns one page of the traces that satisfy q, newest first.
func (s *Store) SearchTraces(ctx context.Context, q TraceQuery) (TracePage, error) {
	return TracePage{}, errUnfinished
}

// Trace returns the whole trace, or an Error of kind NotFound.
func (s *Store) Trace(ctx context.Context, id TraceID) (*Trace, error) { return nil, errUnfinished }

// Traces returns those of the traces that are stored, in the order of ids.
func (s *Store) Traces(ctx context.Context, ids []TraceID) ([]*Trace, error) {
	return nil, errUnfinished
}

// SpanDetail returns one span with its logs and the spans that link to it, or an Error of kind NotFound.
func (s *Store) SpanDetail(ctx context.Context, id TraceID, span SpanID) (*SpanDetail, error) {
	return nil, errUnfinished
}

// Stats says what is stored of each signal: traces, logs, metrics, in this order.
func (s *Store) Stats(ctx context.Context) ([]SignalStats, error) { return nil, errUnfinished }

// Dependencies counts the calls between services within r.
func (s *Store) Dependencies(ctx context.Context, r TimeRange) ([]Dependency, error) {
	return nil, errUnfinished
}

// TraceLogs returns the log records of a trace by time, at most 10000.
func (s *Store) TraceLogs(ctx context.Context, id TraceID) ([]Log, error) {
	return nil, errUnfinished
}

// LogQuery asks for log records, newest first.
type LogQuery struct {
	Range       TimeRange
	Service     string  // "" is any
	MinSeverity uint8   // OTLP severity number; 0 is any
	TraceID     TraceID // zero is any
	// Contains is text that the body holds, compared without case; "" is any.
	Contains string
	// Limit is the page size. Range [1, 1000].
	Limit int
	// Cursor continues after the last page's end; empty for the first page. Opaque.
	Cursor string
}

// LogPage is one page of log records.
type LogPage struct {
	Logs []Log
	// NextCursor is empty on the last page.
	NextCursor string
}

// SearchLogs returns one page of the records that satisfy q, newest first.
func (s *Store) SearchLogs(ctx context.Context, q LogQuery) (LogPage, error) {
	return LogPage{}, errUnfinished
}

// MetricName is one metric of one service.
type MetricName struct {
	Name, Unit string
	Type       MetricType
	Service    string
}

// MetricNames returns the metrics seen within retention, sorted by name, then service.
func (s *Store) MetricNames(ctx context.Context) ([]MetricName, error) { return nil, errUnfinished }

// MetricQuery asks for the points of one metric, by time.
type MetricQuery struct {
	Range   TimeRange
	Name    string
	Service string // "" is any
	// Limit is the most points returned. Range [1, 100000].
	Limit int
}

// MetricPoints returns the points that satisfy q, oldest first.
func (s *Store) MetricPoints(ctx context.Context, q MetricQuery) ([]MetricPoint, error) {
	return nil, errUnfinished
}
