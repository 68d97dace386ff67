package emit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

// Exporter takes batches of OTLP. It may keep what it is given, and returns once it has them safe, or an error.
type Exporter interface {
	ExportTraces(ctx context.Context, td ptrace.Traces) error
	ExportLogs(ctx context.Context, ld plog.Logs) error
}

// Config is what an Emitter needs.
type Config struct {
	// Exporter is where everything goes. Nil: nowhere, and nothing is counted as dropped.
	Exporter Exporter
	Logger   *slog.Logger
}

const (
	// queueLimit bounds the spans and records that wait, about 1 KiB each; what comes beyond is dropped and counted.
	queueLimit = 65536
	// flushAfter is how long the first of a batch waits for others, batchLimit how many there are at most.
	flushAfter = 200 * time.Millisecond
	batchLimit = 4096
	// exportTimeout bounds one try, retryFor all of one batch.
	exportTimeout = 10 * time.Second
	retryFor      = 5 * time.Minute
	firstPause    = 100 * time.Millisecond
	longestPause  = 5 * time.Second
)

// Emitter batches. Its methods are safe for concurrent use and do not block.
type Emitter struct {
	cfg   Config
	wake  chan struct{}
	done  chan struct{}
	abort context.CancelFunc

	mu      sync.Mutex // protects what follows
	spans   []pending[Span]
	records []pending[Record]
	closed  bool

	droppedSpans, droppedRecords atomic.Int64
}

type pending[T any] struct {
	from *Resource
	item T
}

// New starts an emitter.
func New(cfg Config) *Emitter {
	ctx, cancel := context.WithCancel(context.Background())
	e := &Emitter{cfg: cfg, wake: make(chan struct{}, 1), done: make(chan struct{}), abort: cancel}
	go e.run(ctx)
	return e
}

// Close sends what waits, until ctx ends, and returns ctx's error when something was left.
func (e *Emitter) Close(ctx context.Context) error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.signal()
	select {
	case <-e.done:
		return nil
	case <-ctx.Done():
		e.abort()
		<-e.done
		return ctx.Err()
	}
}

// Dropped says how many spans and records were lost since the start, because too many waited or nobody took them.
func (e *Emitter) Dropped() (spans, records int64) {
	return e.droppedSpans.Load(), e.droppedRecords.Load()
}

// Spans hands over finished spans of from.
func (e *Emitter) Spans(from *Resource, spans ...Span) {
	if len(spans) == 0 || e.cfg.Exporter == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.spans = add(e, e.spans, from, spans, &e.droppedSpans)
}

// Records hands over log records of from.
func (e *Emitter) Records(from *Resource, records ...Record) {
	if len(records) == 0 || e.cfg.Exporter == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.records = add(e, e.records, from, records, &e.droppedRecords)
}

func add[T any](e *Emitter, queue []pending[T], from *Resource, items []T, dropped *atomic.Int64) []pending[T] {
	if e.closed || len(queue)+len(items) > queueLimit {
		dropped.Add(int64(len(items)))
		return queue
	}
	if len(queue) == 0 || len(queue)+len(items) >= batchLimit {
		e.signal()
	}
	for _, item := range items {
		queue = append(queue, pending[T]{from, item})
	}
	return queue
}

func (e *Emitter) signal() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

func (e *Emitter) run(ctx context.Context) {
	defer close(e.done)
	for {
		<-e.wake
		if !e.full() {
			select {
			case <-time.After(flushAfter):
			case <-e.wake:
			}
		}
		for e.flush(ctx) {
		}
		e.mu.Lock()
		end := e.closed && len(e.spans)+len(e.records) == 0
		e.mu.Unlock()
		if end {
			return
		}
	}
}

func (e *Emitter) full() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed || len(e.spans) >= batchLimit || len(e.records) >= batchLimit
}

// flush exports one batch of each kind and reports whether there is more.
func (e *Emitter) flush(ctx context.Context) (more bool) {
	e.mu.Lock()
	spans, restSpans := cut(e.spans)
	records, restRecords := cut(e.records)
	e.spans, e.records = restSpans, restRecords
	e.mu.Unlock()
	if len(spans) > 0 {
		td := traces(spans)
		e.export(ctx, "spans", len(spans), &e.droppedSpans, func(ctx context.Context) error { return e.cfg.Exporter.ExportTraces(ctx, td) })
	}
	if len(records) > 0 {
		ld := logs(records)
		e.export(ctx, "records", len(records), &e.droppedRecords, func(ctx context.Context) error { return e.cfg.Exporter.ExportLogs(ctx, ld) })
	}
	return len(restSpans)+len(restRecords) > 0
}

func cut[T any](queue []T) (batch, rest []T) {
	if len(queue) <= batchLimit {
		return queue, nil
	}
	return queue[:batchLimit:batchLimit], queue[batchLimit:]
}

// export tries until somebody takes the batch. Meanwhile the queue fills, and what comes beyond its limit is dropped.
func (e *Emitter) export(ctx context.Context, what string, n int, dropped *atomic.Int64, do func(context.Context) error) {
	giveUp := time.Now().Add(retryFor)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		try, cancel := context.WithTimeout(ctx, exportTimeout)
		err := do(try)
		cancel()
		var refused *RefusedError
		switch {
		case err == nil:
			return
		case errors.As(err, &refused):
			dropped.Add(refused.Count)
			e.cfg.Logger.Error("telemetry of functions is refused", "what", what, "error", err)
			return
		}
		if ctx.Err() != nil || time.Now().After(giveUp) {
			dropped.Add(int64(n))
			e.cfg.Logger.Error("telemetry of functions is lost", "what", what, "count", n, "error", err)
			return
		}
		e.cfg.Logger.Warn("telemetry of functions is not taken, trying again", "what", what, "count", n, "error", err, "again_in", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

func traces(batch []pending[Span]) ptrace.Traces {
	td := ptrace.NewTraces()
	at := make(map[*Resource]ptrace.SpanSlice)
	for i := range batch {
		to, ok := at[batch[i].from]
		if !ok {
			rs := td.ResourceSpans().AppendEmpty()
			rs.SetSchemaUrl(semconv.SchemaURL)
			putAttributes(rs.Resource().Attributes(), batch[i].from.Attributes)
			ss := rs.ScopeSpans().AppendEmpty()
			ss.Scope().SetName(semconv.RuntimeScope)
			to = ss.Spans()
			at[batch[i].from] = to
		}
		batch[i].item.put(to.AppendEmpty())
	}
	return td
}

func logs(batch []pending[Record]) plog.Logs {
	ld := plog.NewLogs()
	at := make(map[*Resource]plog.LogRecordSlice)
	for i := range batch {
		to, ok := at[batch[i].from]
		if !ok {
			rl := ld.ResourceLogs().AppendEmpty()
			rl.SetSchemaUrl(semconv.SchemaURL)
			putAttributes(rl.Resource().Attributes(), batch[i].from.Attributes)
			sl := rl.ScopeLogs().AppendEmpty()
			sl.Scope().SetName(semconv.RuntimeScope)
			to = sl.LogRecords()
			at[batch[i].from] = to
		}
		batch[i].item.put(to.AppendEmpty())
	}
	return ld
}
