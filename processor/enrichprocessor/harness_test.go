package enrichprocessor

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processorhelper"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"weft/semconv"
)

// testNow is the clock of the enrichers under test.
var testNow = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// rig is an enricher whose counters can be read.
type rig struct {
	*enricher
	reader *sdkmetric.ManualReader
}

func newRig(t testing.TB, change func(*Config)) *rig {
	t.Helper()
	cfg := defaultConfig().(*Config)
	if change != nil {
		change(cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	reader := sdkmetric.NewManualReader()
	set := componenttest.NewNopTelemetrySettings()
	set.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	e, err := newEnricher(*cfg, set)
	if err != nil {
		t.Fatal(err)
	}
	e.now = func() time.Time { return testNow }
	return &rig{enricher: e, reader: reader}
}

// counted returns what a counter holds, by reason, for one signal.
func (r *rig) counted(t testing.TB, name, signal string) map[string]int64 {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := r.reader.Collect(context.Background(), &rm); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int64)
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			if m.Name != name {
				continue
			}
			for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
				if s, _ := p.Attributes.Value("signal"); s.AsString() == signal {
					reason, _ := p.Attributes.Value("reason")
					got[reason.AsString()] += p.Value
				}
			}
		}
	}
	return got
}

// good fills in a span with which nothing is wrong.
func good(span ptrace.Span, name string) {
	span.SetTraceID(pcommon.TraceID{1})
	span.SetSpanID(pcommon.SpanID{byte(len(name)), name[0]})
	span.SetName(name)
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(testNow.Add(-time.Second)))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(testNow))
}

// between runs the span that change makes through r, with a good neighbour on each side and a good resource behind it,
// checks that those three are untouched, and returns what became of it.
func (r *rig) between(t *testing.T, change func(ptrace.Span)) (ptrace.Span, bool) {
	t.Helper()
	td := ptrace.NewTraces()
	list := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	good(list.AppendEmpty(), "before")
	subject := list.AppendEmpty()
	good(subject, "subject")
	change(subject)
	good(list.AppendEmpty(), "after")
	good(td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty(), "elsewhere")

	td, err := r.traces(t.Context(), td)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"before": true, "after": true, "elsewhere": true}
	var found ptrace.Span
	ok := false
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				if !want[span.Name()] {
					found, ok = span, true
					continue
				}
				delete(want, span.Name())
				expected := ptrace.NewSpan()
				good(expected, span.Name())
				expected.Attributes().PutStr(semconv.SpanCategory, semconv.CategoryInternal)
				if !expected.Attributes().Equal(span.Attributes()) || expected.StartTimestamp() != span.StartTimestamp() ||
					expected.EndTimestamp() != span.EndTimestamp() || expected.SpanID() != span.SpanID() {
					t.Errorf("neighbour %s was changed", span.Name())
				}
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("neighbours lost: %v", want)
	}
	return found, ok
}

// one runs a single good span, changed by change, through a default enricher.
func one(t testing.TB, change func(ptrace.Span)) ptrace.Span {
	t.Helper()
	r := newRig(t, nil)
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	good(span, "subject")
	change(span)
	td, err := r.traces(t.Context(), td)
	if err != nil && !errors.Is(err, processorhelper.ErrSkipProcessingData) {
		t.Fatal(err)
	}
	return td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
}

func attr(m pcommon.Map, key string) string {
	if v, ok := m.Get(key); ok {
		return v.AsString()
	}
	return ""
}
