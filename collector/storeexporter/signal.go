package storeexporter

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/xpdata/pref"

	"weft/processor/enrichprocessor"
	"weft/store"
)

// Inserter is where blocks go; *store.Store is one. A block whose token was seen before must be stored only once. Errors
// of kind store.Invalid are final for the block as it is, all others are tried again for ever.
type Inserter interface {
	InsertSpans(ctx context.Context, b *store.SpanBatch, token string) error
	InsertLogs(ctx context.Context, b *store.LogBatch, token string) error
	InsertMetrics(ctx context.Context, b *store.MetricBatch, token string) error
}

// block is one insert being filled. One goroutine at a time uses it.
type block[T any] interface {
	// add appends the items [lo, hi) of data, counted in document order.
	add(data T, lo, hi int)
	rows() int
	bytes() int
	reset()
	insert(ctx context.Context, token string) error
}

// signal is what differs between traces, logs and metrics.
type signal[T any] struct {
	name  string // of the queue's folder and in metrics
	items func(T) int
	// marshal gives a record's body and its form.
	marshal   func(T) ([]byte, recordForm, error)
	unmarshal func([]byte, recordForm) (T, error)
	newBlock  func(Inserter) block[T]
	// excerpt is the items [lo, hi) of data as OTLP JSON; data is used up.
	excerpt func(data T, lo, hi int) ([]byte, error)
	// keep and drop count the users of data, for pdata's own pooling.
	keep, drop func(T)
}

// spans are those of one request: in pdata, or, when request is not nil, in that.
type spans struct {
	td      ptrace.Traces
	request *Request
}

func (s spans) count() int {
	if s.request != nil {
		return len(s.request.spans)
	}
	return s.td.SpanCount()
}

func (s spans) marshal() ([]byte, recordForm, error) {
	if s.request != nil {
		return s.request.raw, asReceived, nil
	}
	body, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(s.td)
	return body, enriched, err
}

// replayed reads requests that were found clean when they came.
var replayed = NewDecoder(enrichprocessor.NewTrusting())

func unmarshalSpans(body []byte, form recordForm) (spans, error) {
	if form == asReceived {
		request, ok := replayed.Decode(bytes.Clone(body))
		if !ok {
			return spans{}, errors.New("want a trace request as it was received, got something else")
		}
		return spans{request: request}, nil
	}
	td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(body)
	return spans{td: td}, err
}

// use calls f, which counts the users of data for pdata's own pooling.
func (s spans) use(f func(ptrace.Traces)) {
	if s.request == nil {
		f(s.td)
	}
}

// enrichedBody and enrichedOnly are the marshal and unmarshal of a signal whose requests are never queued as they came.
func enrichedBody[T any](marshal func(T) ([]byte, error)) func(T) ([]byte, recordForm, error) {
	return func(data T) ([]byte, recordForm, error) {
		body, err := marshal(data)
		return body, enriched, err
	}
}

func enrichedOnly[T any](unmarshal func([]byte) (T, error)) func([]byte, recordForm) (T, error) {
	return func(body []byte, form recordForm) (data T, err error) {
		if form != enriched {
			return data, fmt.Errorf("record form: want %d, got %d", enriched, form)
		}
		return unmarshal(body)
	}
}

var traces = signal[spans]{
	name:      "traces",
	items:     spans.count,
	marshal:   spans.marshal,
	unmarshal: unmarshalSpans,
	newBlock:  func(ins Inserter) block[spans] { return &spanBlock{batch: store.NewSpanBatch(), ins: ins} },
	keep:      func(s spans) { s.use(pref.RefTraces) },
	drop:      func(s spans) { s.use(pref.UnrefTraces) },
	excerpt: func(s spans, lo, hi int) ([]byte, error) {
		td := s.td
		if s.request != nil {
			var err error
			if td, err = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(s.request.raw); err != nil {
				return nil, err
			}
		}
		i := 0
		td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
			rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
				ss.Spans().RemoveIf(func(ptrace.Span) bool { i++; return i <= lo || i > hi })
				return ss.Spans().Len() == 0
			})
			return rs.ScopeSpans().Len() == 0
		})
		return (&ptrace.JSONMarshaler{}).MarshalTraces(td)
	},
}

var logs = signal[plog.Logs]{
	name:      "logs",
	items:     plog.Logs.LogRecordCount,
	marshal:   enrichedBody((&plog.ProtoMarshaler{}).MarshalLogs),
	unmarshal: enrichedOnly((&plog.ProtoUnmarshaler{}).UnmarshalLogs),
	newBlock:  func(ins Inserter) block[plog.Logs] { return &logBlock{batch: store.NewLogBatch(), ins: ins} },
	keep:      pref.RefLogs,
	drop:      pref.UnrefLogs,
	excerpt: func(ld plog.Logs, lo, hi int) ([]byte, error) {
		i := 0
		ld.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
			rl.ScopeLogs().RemoveIf(func(sl plog.ScopeLogs) bool {
				sl.LogRecords().RemoveIf(func(plog.LogRecord) bool { i++; return i <= lo || i > hi })
				return sl.LogRecords().Len() == 0
			})
			return rl.ScopeLogs().Len() == 0
		})
		return (&plog.JSONMarshaler{}).MarshalLogs(ld)
	},
}

var metrics = signal[pmetric.Metrics]{
	name:      "metrics",
	items:     pmetric.Metrics.DataPointCount,
	marshal:   enrichedBody((&pmetric.ProtoMarshaler{}).MarshalMetrics),
	unmarshal: enrichedOnly((&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics),
	newBlock: func(ins Inserter) block[pmetric.Metrics] {
		return &metricBlock{batch: store.NewMetricBatch(), ins: ins}
	},
	keep: pref.RefMetrics,
	drop: pref.UnrefMetrics,
	excerpt: func(md pmetric.Metrics, lo, hi int) ([]byte, error) {
		i := 0
		md.ResourceMetrics().RemoveIf(func(rm pmetric.ResourceMetrics) bool {
			rm.ScopeMetrics().RemoveIf(func(sm pmetric.ScopeMetrics) bool {
				sm.Metrics().RemoveIf(func(m pmetric.Metric) bool { return keepPoints(m, &i, lo, hi) == 0 })
				return sm.Metrics().Len() == 0
			})
			return rm.ScopeMetrics().Len() == 0
		})
		return (&pmetric.JSONMarshaler{}).MarshalMetrics(md)
	},
}

// keepPoints removes the data points of m outside [lo, hi), counting on from i, and returns how many are left.
func keepPoints(m pmetric.Metric, i *int, lo, hi int) int {
	outside := func() bool { *i++; return *i <= lo || *i > hi }
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		m.Gauge().DataPoints().RemoveIf(func(pmetric.NumberDataPoint) bool { return outside() })
		return m.Gauge().DataPoints().Len()
	case pmetric.MetricTypeSum:
		m.Sum().DataPoints().RemoveIf(func(pmetric.NumberDataPoint) bool { return outside() })
		return m.Sum().DataPoints().Len()
	case pmetric.MetricTypeHistogram:
		m.Histogram().DataPoints().RemoveIf(func(pmetric.HistogramDataPoint) bool { return outside() })
		return m.Histogram().DataPoints().Len()
	case pmetric.MetricTypeExponentialHistogram:
		m.ExponentialHistogram().DataPoints().RemoveIf(func(pmetric.ExponentialHistogramDataPoint) bool { return outside() })
		return m.ExponentialHistogram().DataPoints().Len()
	case pmetric.MetricTypeSummary:
		m.Summary().DataPoints().RemoveIf(func(pmetric.SummaryDataPoint) bool { return outside() })
		return m.Summary().DataPoints().Len()
	}
	return 0
}

type spanBlock struct {
	conv  spanConverter
	batch *store.SpanBatch
	ins   Inserter
}

func (b *spanBlock) add(s spans, lo, hi int) {
	if s.request == nil {
		b.conv.convert(s.td, lo, hi, b.batch.Append)
		return
	}
	for i := lo; i < hi; i++ {
		b.batch.Append(&s.request.spans[i])
	}
}
func (b *spanBlock) rows() int  { return b.batch.Rows() }
func (b *spanBlock) bytes() int { return b.batch.Bytes() }
func (b *spanBlock) reset()     { b.batch.Reset() }
func (b *spanBlock) insert(ctx context.Context, token string) error {
	return b.ins.InsertSpans(ctx, b.batch, token)
}

type logBlock struct {
	conv  logConverter
	batch *store.LogBatch
	ins   Inserter
}

func (b *logBlock) add(ld plog.Logs, lo, hi int) { b.conv.convert(ld, lo, hi, b.batch.Append) }
func (b *logBlock) rows() int                    { return b.batch.Rows() }
func (b *logBlock) bytes() int                   { return b.batch.Bytes() }
func (b *logBlock) reset()                       { b.batch.Reset() }
func (b *logBlock) insert(ctx context.Context, token string) error {
	return b.ins.InsertLogs(ctx, b.batch, token)
}

type metricBlock struct {
	conv  metricConverter
	batch *store.MetricBatch
	ins   Inserter
}

func (b *metricBlock) add(md pmetric.Metrics, lo, hi int) { b.conv.convert(md, lo, hi, b.batch.Append) }
func (b *metricBlock) rows() int                          { return b.batch.Rows() }
func (b *metricBlock) bytes() int                         { return b.batch.Bytes() }
func (b *metricBlock) reset()                             { b.batch.Reset() }
func (b *metricBlock) insert(ctx context.Context, token string) error {
	return b.ins.InsertMetrics(ctx, b.batch, token)
}
