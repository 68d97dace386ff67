package sdk_test

import (
	"testing"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/harness"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"weft/sdk"
)

// TestOpenTracingHarness runs the conformance suite of opentracing-go with every check and a probe.
func TestOpenTracingHarness(t *testing.T) {
	newTracer := func() (opentracing.Tracer, func()) {
		tp := sdktrace.NewTracerProvider()
		return sdk.NewTracer(tp, nil), func() {
			if err := tp.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	harness.RunAPIChecks(t, newTracer, harness.CheckEverything(), harness.UseProbe(probe{t}))
}

// probe sees spans from outside only: through the headers they send.
type probe struct{ t *testing.T }

func (p probe) ids(tr opentracing.Tracer, sc opentracing.SpanContext) string {
	c := opentracing.TextMapCarrier{}
	if err := tr.Inject(sc, opentracing.TextMap, c); err != nil {
		p.t.Error(err)
	}
	return c["traceparent"]
}

func (p probe) SameTrace(a, b opentracing.Span) bool {
	x, y := p.ids(a.Tracer(), a.Context()), p.ids(b.Tracer(), b.Context())
	return len(x) == 55 && x[:35] == y[:35]
}

func (p probe) SameSpanContext(s opentracing.Span, sc opentracing.SpanContext) bool {
	x := p.ids(s.Tracer(), s.Context())
	return len(x) == 55 && x == p.ids(s.Tracer(), sc)
}
