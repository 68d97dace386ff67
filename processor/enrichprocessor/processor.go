package enrichprocessor

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"weft/semconv"
)

// enricher does the work for one signal of one pipeline. It has no state between batches but its counters, and the
// statements and attribute names that it has met.
type enricher struct {
	cfg   Config
	count *counters
	now   func() time.Time
	known statements
	works sync.Pool // of *work
}

func newEnricher(cfg Config, set component.TelemetrySettings) (*enricher, error) {
	count, err := newCounters(set.MeterProvider)
	if err != nil {
		return nil, err
	}
	return &enricher{cfg: cfg, count: count, now: time.Now}, nil
}

// maxKnownKeys bounds the attribute names that a work remembers, whatever clients send.
const maxKnownKeys = 4096

// take returns a work for one batch, which give takes back.
func (e *enricher) take() *work {
	w, ok := e.works.Get().(*work)
	if !ok {
		w = &work{cfg: &e.cfg}
	}
	return w
}

func (e *enricher) give(w *work) {
	clear(w.values[:]) // they are the batch's
	clear(w.of[:])
	clear(w.renames[:cap(w.renames)])
	clear(w.mended[:cap(w.mended)])
	if w.keys.Len() > maxKnownKeys {
		w.keys.Clear()
	}
	e.works.Put(w)
}

func (e *enricher) traces(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	if enriched(ctx) {
		return td, nil
	}
	s := &spans{work: e.take(), clock: newClock(e.now(), e.cfg.MaxFuture), known: &e.known}
	defer e.give(s.work)
	s.batch(td)
	e.count.report(ctx, "traces", &s.tally)
	if td.ResourceSpans().Len() == 0 {
		return td, processorhelper.ErrSkipProcessingData
	}
	return td, nil
}

func (e *enricher) logs(ctx context.Context, ld plog.Logs) (plog.Logs, error) {
	l := &logs{work: e.take(), clock: newClock(e.now(), e.cfg.MaxFuture)}
	defer e.give(l.work)
	l.batch(ld)
	e.count.report(ctx, "logs", &l.tally)
	if ld.ResourceLogs().Len() == 0 {
		return ld, processorhelper.ErrSkipProcessingData
	}
	return ld, nil
}

func (e *enricher) metrics(ctx context.Context, md pmetric.Metrics) (pmetric.Metrics, error) {
	m := &metrics{work: e.take(), clock: newClock(e.now(), e.cfg.MaxFuture)}
	defer e.give(m.work)
	m.batch(md)
	e.count.report(ctx, "metrics", &m.tally)
	if md.ResourceMetrics().Len() == 0 {
		return md, processorhelper.ErrSkipProcessingData
	}
	return md, nil
}

// resource mends and renames a resource's attributes, and reports whether it is a function.
func (w *work) resource(res pcommon.Resource, t *tally) (function bool) {
	var rs reasons
	if n := w.attributes(res.Attributes(), callerSide, &rs); n > 0 {
		res.SetDroppedAttributesCount(res.DroppedAttributesCount() + uint32(n))
	}
	function = w.has(slotFaasName)
	w.prune(res.Attributes())
	if rs != 0 {
		res.Attributes().PutStr(semconv.Repaired, rs.String())
		t.repair(rs)
	}
	return function
}

// scope does the same for an instrumentation scope.
func (w *work) scope(scope pcommon.InstrumentationScope, t *tally) {
	var rs reasons
	if name := w.name(scope.Name(), &rs); name != scope.Name() {
		scope.SetName(name)
	}
	if version := w.name(scope.Version(), &rs); version != scope.Version() {
		scope.SetVersion(version)
	}
	if n := w.attributes(scope.Attributes(), callerSide, &rs); n > 0 {
		scope.SetDroppedAttributesCount(scope.DroppedAttributesCount() + uint32(n))
	}
	w.prune(scope.Attributes())
	if rs != 0 {
		scope.Attributes().PutStr(semconv.Repaired, rs.String())
		t.repair(rs)
	}
}

// schema is the URL to keep: one that names an older version no longer tells the truth once names were replaced.
func (w *work) schema(url string, renamed bool, rs *reasons) string {
	if renamed && url != "" {
		return semconv.SchemaURL
	}
	return w.name(url, rs)
}
