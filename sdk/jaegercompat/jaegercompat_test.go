package jaegercompat_test

import (
	"bytes"
	"context"
	"net/http"
	"testing"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/harness"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/config"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"weft/sdk"
	"weft/sdk/jaegercompat"
)

func newTracer(t testing.TB, reporter jaeger.Reporter) opentracing.Tracer {
	t.Helper()
	tr, closer := jaeger.NewTracer("legacy", jaeger.NewConstSampler(true), reporter, jaegercompat.TracerOptions()...)
	t.Cleanup(func() {
		if err := closer.Close(); err != nil {
			t.Error(err)
		}
	})
	return tr
}

// TestHarness shows that a jaeger-client-go tracer still conforms to OpenTracing with our options.
func TestHarness(t *testing.T) {
	harness.RunAPIChecks(t, func() (opentracing.Tracer, func()) {
		return newTracer(t, jaeger.NewNullReporter()), nil
	}, harness.CheckEverything(), harness.UseProbe(probe{}))
}

type probe struct{}

func (probe) SameTrace(a, b opentracing.Span) bool {
	return a.Context().(jaeger.SpanContext).TraceID() == b.Context().(jaeger.SpanContext).TraceID()
}

func (probe) SameSpanContext(s opentracing.Span, sc opentracing.SpanContext) bool {
	return s.Context().(jaeger.SpanContext).String()[:49] == sc.(jaeger.SpanContext).String()[:49]
}

// TestJoin passes one context from our tracer through a Jaeger one and back, over each format alone.
func TestJoin(t *testing.T) {
	legacy := newTracer(t, jaeger.NewNullReporter())
	all, err := sdk.NewPropagator()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range sdk.AllFormats() {
		if f == sdk.Baggage {
			continue
		}
		only, err := sdk.NewPropagator(f, sdk.Baggage)
		if err != nil {
			t.Fatal(err)
		}
		in := trace.NewSpanContext(trace.SpanContextConfig{TraceID: [16]byte{1, 15: 2}, SpanID: [8]byte{3}, TraceFlags: trace.FlagsSampled})
		m, err := baggage.NewMemberRaw("userName", "张三 a+b")
		if err != nil {
			t.Fatal(err)
		}
		bag, err := baggage.New(m)
		if err != nil {
			t.Fatal(err)
		}
		h := http.Header{}
		only.Inject(baggage.ContextWithBaggage(trace.ContextWithSpanContext(t.Context(), in), bag), propagation.HeaderCarrier(h))

		sc, err := legacy.Extract(opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(h))
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		sp := legacy.StartSpan("legacy", opentracing.ChildOf(sc))
		if got := sp.Context().(jaeger.SpanContext); got.ParentID().String() != in.SpanID().String() || !got.IsSampled() {
			t.Errorf("%s: got context %v", f, got)
		}
		out := http.Header{}
		if err := legacy.Inject(sp.Context(), opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(out)); err != nil {
			t.Fatal(err)
		}
		ctx := all.Extract(context.Background(), propagation.HeaderCarrier(out))
		if got := trace.SpanContextFromContext(ctx); got.TraceID() != in.TraceID() || !got.IsSampled() || len(sdk.Conflicts(ctx)) > 0 {
			t.Errorf("%s: got %v and conflicts %v", f, got, sdk.Conflicts(ctx))
		}
		if got := baggage.FromContext(ctx).Member("userName").Value(); got != "张三 a+b" {
			t.Errorf("%s: got baggage %q", f, got)
		}
	}
}

// TestJaegerKeepsItsOwn checks what only Jaeger's headers can say.
func TestJaegerKeepsItsOwn(t *testing.T) {
	legacy := newTracer(t, jaeger.NewNullReporter())
	extract := func(c opentracing.TextMapCarrier) (jaeger.SpanContext, error) {
		sc, err := legacy.Extract(opentracing.TextMap, c)
		j, _ := sc.(jaeger.SpanContext)
		return j, err
	}
	if sc, err := extract(opentracing.TextMapCarrier{"uber-trace-id": "1:2:0:3"}); err != nil || !sc.IsDebug() {
		t.Errorf("debug flag: got %v, %v", sc, err)
	}
	sc, err := extract(opentracing.TextMapCarrier{"jaeger-debug-id": "look"})
	if err != nil {
		t.Fatal(err)
	}
	if sp := legacy.StartSpan("x", opentracing.ChildOf(sc)).Context().(jaeger.SpanContext); !sp.IsDebug() {
		t.Errorf("jaeger-debug-id: got %v", sp)
	}
	if _, err := extract(opentracing.TextMapCarrier{}); err != opentracing.ErrSpanContextNotFound {
		t.Errorf("got %v", err)
	}
	if sc, err := extract(opentracing.TextMapCarrier{"traceparent": "00-0000000000000000000000000000000a-000000000000000b-00", "uber-trace-id": "1:2:0:1"}); err != nil || sc.TraceID().Low != 10 || sc.IsSampled() {
		t.Errorf("preference: got %v, %v", sc, err)
	}
}

// TestBinary shows that the two write the same layout.
func TestBinary(t *testing.T) {
	legacy := newTracer(t, jaeger.NewNullReporter())
	sp := legacy.StartSpan("x")
	sp.SetBaggageItem("k", "值")
	var buf bytes.Buffer
	if err := legacy.Inject(sp.Context(), opentracing.Binary, &buf); err != nil {
		t.Fatal(err)
	}
	s, err := sdk.New(t.Context(), sdk.WithPropagator())
	if err != nil {
		t.Fatal(err)
	}
	sc, err := s.Tracer.Extract(opentracing.Binary, &buf)
	if err != nil {
		t.Fatal(err)
	}
	ours := s.Tracer.StartSpan("y", opentracing.ChildOf(sc))
	if err := s.Tracer.Inject(ours.Context(), opentracing.Binary, &buf); err != nil {
		t.Fatal(err)
	}
	back, err := legacy.Extract(opentracing.Binary, &buf)
	if err != nil {
		t.Fatal(err)
	}
	got := legacy.StartSpan("z", opentracing.ChildOf(back))
	if !(probe{}).SameTrace(sp, got) || got.BaggageItem("k") != "值" {
		t.Errorf("got %v", got)
	}
}

func TestNewTracer(t *testing.T) {
	reporter := jaeger.NewInMemoryReporter()
	cfg := config.Configuration{ServiceName: "legacy", Sampler: &config.SamplerConfig{Type: "const", Param: 1}}
	tr, closer, err := jaegercompat.NewTracer(cfg, config.Reporter(reporter))
	if err != nil {
		t.Fatal(err)
	}
	tr.StartSpan("x").Finish()
	spans := reporter.GetSpans() // closing forgets them
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	if len(spans) != 1 || spans[0].Context().(jaeger.SpanContext).TraceID().High == 0 {
		t.Errorf("want one span with a 128-bit trace id, got %v", spans)
	}
}
