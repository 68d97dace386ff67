package sdk_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"weft/sdk"
)

// One call sets everything up from the environment. Code on either API then writes into the same trace.
func ExampleStart() {
	os.Setenv("OTEL_TRACES_EXPORTER", "none") // leave it out to send to 127.0.0.1:4318
	defer os.Unsetenv("OTEL_TRACES_EXPORTER")

	shutdown, err := sdk.Start(context.Background(), sdk.WithServiceName("checkout"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer shutdown(context.Background())

	outer, ctx := opentracing.StartSpanFromContext(context.Background(), "order")
	defer outer.Finish()
	_, inner := otel.Tracer("shop").Start(ctx, "charge card")
	defer inner.End()

	sc, _ := sdk.SpanContextOf(outer.Context())
	fmt.Println(sc.TraceID() == inner.SpanContext().TraceID())
	// Output: true
}

// The middleware continues the trace of whoever calls, in whatever headers the caller writes.
func ExampleMiddleware() {
	shutdown, err := sdk.Start(context.Background(), sdk.WithExporter(tracetest.NewNoopExporter()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer shutdown(context.Background())

	srv := httptest.NewServer(sdk.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, trace.SpanContextFromContext(r.Context()).TraceID())
	})))
	defer srv.Close()

	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.Header.Set("uber-trace-id", "e1be46a994272793:53995c3f42cd8ad8:0:1")
	w := httptest.NewRecorder()
	srv.Config.Handler.ServeHTTP(w, req)
	fmt.Println(w.Body)
	// Output: 0000000000000000e1be46a994272793
}

// An OpenTracing tracer works on any OpenTelemetry tracer provider.
func ExampleNewTracer() {
	exported := tracetest.NewInMemoryExporter()
	s, err := sdk.New(context.Background(), sdk.WithExporter(exported))
	if err != nil {
		fmt.Println(err)
		return
	}
	tracer := sdk.NewTracer(s.TracerProvider, nil)

	span := tracer.StartSpan("charge", ext.SpanKindRPCClient, opentracing.Tag{Key: "amount", Value: 42})
	ext.Error.Set(span, true)
	span.Finish()
	if err := s.ForceFlush(context.Background()); err != nil {
		fmt.Println(err)
	}
	got := exported.GetSpans()[0]
	fmt.Println(got.SpanKind, got.Status.Code, got.Attributes[0].Key, got.Attributes[0].Value.Type())
	// Output: client Error amount INT64
}

// A propagator for chosen formats.
func ExampleNewPropagator() {
	p, err := sdk.NewPropagator(sdk.TraceContext, sdk.XRay)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := p.Extract(context.Background(), propagation.MapCarrier{
		"x-amzn-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
	})
	out := propagation.MapCarrier{}
	p.Inject(ctx, out)
	fmt.Println(out["traceparent"])
	// Output: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01
}

// Headers that name different spans are all kept: one as the parent, the others to link to.
func ExampleConflicts() {
	p, err := sdk.NewPropagator()
	if err != nil {
		fmt.Println(err)
		return
	}
	h := http.Header{}
	h.Set("traceparent", "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01")
	h.Set("b3", strings.Repeat("ab", 16)+"-"+strings.Repeat("cd", 8)+"-1")
	ctx := p.Extract(context.Background(), propagation.HeaderCarrier(h))
	fmt.Println(trace.SpanContextFromContext(ctx).SpanID(), sdk.Conflicts(ctx)[0].SpanID())
	// Output: 53995c3f42cd8ad8 cdcdcdcdcdcdcdcd
}
