package sdk

import (
	"context"
	"net/http"
	"testing"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

func TestRemoveContext(t *testing.T) {
	p, err := NewPropagator()
	if err != nil {
		t.Fatal(err)
	}
	state, err := trace.ParseTraceState("vendor=1")
	if err != nil {
		t.Fatal(err)
	}
	bag, err := baggage.Parse("user=alice")
	if err != nil {
		t.Fatal(err)
	}
	ctx := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceState: state,
	}))
	h := http.Header{}
	p.Inject(baggage.ContextWithBaggage(ctx, bag), propagation.HeaderCarrier(h))
	if len(h) < 12 {
		t.Fatalf("only %d headers were injected: %v", len(h), h)
	}
	h["x-b3-parentspanid"] = []string{"1"}
	h.Set("Jaeger-Debug-Id", "d")
	h.Set("X-Other", "stays")
	RemoveContext(h)
	if len(h) != 1 || h.Get("X-Other") != "stays" {
		t.Errorf("left: %v; want X-Other alone", h)
	}
}
