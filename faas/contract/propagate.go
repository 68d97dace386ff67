package contract

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"weft/sdk"
)

var formats = func() *sdk.Propagator {
	p, err := sdk.NewPropagator()
	if err != nil {
		panic(fmt.Sprintf("propagator of all formats: %v", err)) // cannot happen: it fails on unknown names only
	}
	return p
}()

// SetContext replaces the trace context and baggage that h holds by the invocation's, in every format, so that whatever the
// function reads it joins under Span.
func SetContext(h http.Header, inv *Invocation) {
	sdk.RemoveContext(h)
	ctx := trace.ContextWithSpanContext(context.Background(), inv.Span)
	formats.Inject(baggage.ContextWithBaggage(ctx, inv.Baggage), propagation.HeaderCarrier(h))
}
