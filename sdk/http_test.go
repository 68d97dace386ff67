package sdk_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/opentracing/opentracing-go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"weft/sdk"
)

// global makes a recording set-up global for one test.
func global(t *testing.T) func() tracetest.SpanStubs {
	t.Helper()
	s, spans := recorded(t)
	tp, p, ot := otel.GetTracerProvider(), otel.GetTextMapPropagator(), opentracing.GlobalTracer()
	t.Cleanup(func() {
		otel.SetTracerProvider(tp)
		otel.SetTextMapPropagator(p)
		opentracing.SetGlobalTracer(ot)
	})
	otel.SetTracerProvider(s.TracerProvider)
	otel.SetTextMapPropagator(s.Propagator)
	opentracing.SetGlobalTracer(s.Tracer)
	return spans
}

func TestMiddlewareAndTransport(t *testing.T) {
	spans := global(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) {
		sp, _ := opentracing.StartSpanFromContext(r.Context(), "work")
		if sp.BaggageItem("tenant") != "7" {
			t.Errorf("got baggage %q", sp.BaggageItem("tenant"))
		}
		sp.Finish()
		w.WriteHeader(http.StatusBadGateway)
		w.(http.Flusher).Flush()
	})
	srv := httptest.NewServer(sdk.Middleware(mux))
	defer srv.Close()

	caller, ctx := opentracing.StartSpanFromContext(t.Context(), "caller")
	caller.SetBaggageItem("tenant", "7")
	ctx = opentracing.ContextWithSpan(ctx, caller)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/items/42", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: sdk.Transport(nil)}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	srv.Close() // waits for the handler, whose span ends after the answer
	caller.Finish()
	if len(req.Header) != 0 {
		t.Errorf("the caller's request was changed: %v", req.Header)
	}

	byName := map[string]tracetest.SpanStub{}
	for _, s := range spans() {
		byName[s.Name] = s
	}
	chain := []string{"work", "GET /items/{id}", "GET", "caller"}
	for i := range len(chain) - 1 {
		child, parent := byName[chain[i]], byName[chain[i+1]]
		if !child.SpanContext.IsValid() || child.Parent.SpanID() != parent.SpanContext.SpanID() {
			t.Errorf("%s is no child of %s", chain[i], chain[i+1])
		}
	}
	server, client := byName[chain[1]], byName[chain[2]]
	if server.SpanKind != trace.SpanKindServer || client.SpanKind != trace.SpanKindClient {
		t.Errorf("got kinds %v and %v", server.SpanKind, client.SpanKind)
	}
	if server.Status.Code != codes.Error || client.Status.Code != codes.Error {
		t.Errorf("got status %v and %v", server.Status, client.Status)
	}
	if a := attrsOf(server.Attributes); !strings.Contains(a, "http.response.status_code=INT64(502)") || !strings.Contains(a, "http.route=STRING(GET /items/{id})") {
		t.Errorf("got %s", a)
	}
	if h, want := resp.Header.Get("traceresponse"), server.SpanContext.SpanID().String(); !strings.Contains(h, want) {
		t.Errorf("got traceresponse %q, want %s in it", h, want)
	}
}

func TestMiddlewarePanic(t *testing.T) {
	spans := global(t)
	h := sdk.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }))
	func() {
		defer func() {
			if p := recover(); p != "boom" {
				t.Errorf("got panic %v", p)
			}
		}()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}()
	got := spans()
	if len(got) != 1 || got[0].Status.Description != "panic: boom" || len(got[0].Events) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestTransportError(t *testing.T) {
	spans := global(t)
	refused := errors.New("refused")
	c := http.Client{Transport: sdk.Transport(roundTripper(func(*http.Request) (*http.Response, error) { return nil, refused }))}
	if resp, err := c.Get("http://user:secret@shop.invalid/x"); !errors.Is(err, refused) {
		t.Errorf("got %v, %v", resp, err)
	}
	got := spans()
	if len(got) != 1 || got[0].Status.Description != "refused" {
		t.Fatalf("got %+v", got)
	}
	if a := attrsOf(got[0].Attributes); strings.Contains(a, "secret") || !strings.Contains(a, "server.address=STRING(shop.invalid)") {
		t.Errorf("got %s", a)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
