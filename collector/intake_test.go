package collector

import (
	"errors"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

// What a program of the same process hands over passes the same processors, and is counted, like anything a socket took. Before and after the
// collector runs, it is refused.
func TestIntake(t *testing.T) {
	in := new(Intake)
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetName("Invocation")
	span.SetTraceID(pcommon.TraceID{1})
	span.SetSpanID(pcommon.SpanID{2})
	ld := plog.NewLogs()
	ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("line")

	if err := in.ExportTraces(t.Context(), td); !errors.Is(err, errNoIntake) {
		t.Errorf("before the collector runs: got %v, want errNoIntake", err)
	}
	r := start(t, options{intake: in})
	if err := in.ExportTraces(t.Context(), td); err != nil {
		t.Fatalf("spans: %v", err)
	}
	if err := in.ExportLogs(t.Context(), ld); err != nil {
		t.Fatalf("records: %v", err)
	}
	got, ok := r.sink.named("Invocation")
	if !ok {
		t.Fatal("the span did not arrive")
	}
	if _, enriched := got.Attributes().Get(semconv.SpanCategory); !enriched {
		t.Errorf("the span did not pass enrich: %v", got.Attributes().AsRaw())
	}
	for _, signal := range []string{signalTraces, signalLogs} {
		if n := r.metric(t, semconv.MetricReceived, "receiver=weft_runtime", "signal="+signal); n != 1 {
			t.Errorf("%s received: got %v, want 1\n%s", signal, n, r.exposition(t))
		}
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if err := in.ExportLogs(t.Context(), ld); !errors.Is(err, errNoIntake) {
		t.Errorf("after the collector ran: got %v, want errNoIntake", err)
	}
}
