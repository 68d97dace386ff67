package sdk

import (
	"fmt"
	"net"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Middleware makes a server span of each request to next, continuing the caller's trace. Handlers find the span in the
// request's context by either API, and callers find its ids in the traceresponse header. It uses the globals that [Start]
// sets, read at each request.
func Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := otel.GetTextMapPropagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		attrs := []attribute.KeyValue{
			attribute.String("http.request.method", r.Method),
			attribute.String("url.scheme", schemeOf(r)),
			attribute.String("url.path", r.URL.Path),
		}
		attrs = append(attrs, hostPort("server.address", "server.port", r.Host)...)
		attrs = append(attrs, hostPort("network.peer.address", "network.peer.port", r.RemoteAddr)...)
		ctx, span := otel.Tracer(instrumentationName).Start(ctx, r.Method,
			trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attrs...))
		defer span.End(trace.WithStackTrace(true)) // of a panic, which End records and passes on
		sc := span.SpanContext()
		if sc.IsValid() {
			w.Header().Set("traceresponse", fmt.Sprintf("00-%s-%s-%s", sc.TraceID(), sc.SpanID(), sc.TraceFlags()))
		}

		r = r.WithContext(ContextWithOpenTracing(ctx))
		rec := &statusRecorder{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil {
				span.SetStatus(codes.Error, fmt.Sprint("panic: ", p))
				panic(p)
			}
		}()
		next.ServeHTTP(rec, r)
		if r.Pattern != "" { // known once a ServeMux has matched
			span.SetName(r.Pattern)
			span.SetAttributes(attribute.String("http.route", r.Pattern))
		}
		status := rec.status()
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= 500 {
			span.SetAttributes(attribute.String("error.type", strconv.Itoa(status)))
			span.SetStatus(codes.Error, "")
		}
	})
}

func schemeOf(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

func hostPort(hostKey, portKey, addr string) []attribute.KeyValue {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	attrs := []attribute.KeyValue{attribute.String(hostKey, host)}
	if n, err := strconv.Atoi(port); err == nil {
		attrs = append(attrs, attribute.Int(portKey, n))
	}
	return attrs
}

type statusRecorder struct {
	http.ResponseWriter
	code int
}

func (s *statusRecorder) WriteHeader(code int) {
	if s.code == 0 && code >= 200 { // 1xx are not the answer yet
		s.code = code
	}
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach what the server's writer can do besides.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Flush lets handlers that ask for an http.Flusher stream as they could without the middleware.
func (s *statusRecorder) Flush() { _ = http.NewResponseController(s.ResponseWriter).Flush() }

func (s *statusRecorder) status() int {
	if s.code == 0 {
		return http.StatusOK
	}
	return s.code
}

// Transport makes a client span of each request through base and writes its context into the request's headers. A nil base
// is http.DefaultTransport. The span ends with the response's headers; reading the body is not in it.
func Transport(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return transport{base}
}

type transport struct{ base http.RoundTripper }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	attrs := []attribute.KeyValue{
		attribute.String("http.request.method", r.Method),
		attribute.String("url.full", r.URL.Redacted()),
	}
	attrs = append(attrs, hostPort("server.address", "server.port", r.URL.Host)...)
	ctx, span := otel.Tracer(instrumentationName).Start(r.Context(), r.Method,
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attrs...))
	defer span.End()
	r = r.Clone(ctx) // a RoundTripper must not change the caller's request
	otel.GetTextMapPropagator().Inject(ctx, propagation.HeaderCarrier(r.Header))
	resp, err := t.base.RoundTrip(r)
	if err != nil {
		span.RecordError(err)
		span.SetAttributes(attribute.String("error.type", fmt.Sprintf("%T", err)))
		span.SetStatus(codes.Error, err.Error())
		return nil, err
	}
	span.SetAttributes(attribute.Int("http.response.status_code", resp.StatusCode))
	if resp.StatusCode >= 400 {
		span.SetAttributes(attribute.String("error.type", strconv.Itoa(resp.StatusCode)))
		span.SetStatus(codes.Error, "")
	}
	return resp, nil
}
