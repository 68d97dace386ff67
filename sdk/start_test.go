package sdk_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/opentracing/opentracing-go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"weft/sdk"
)

// setenv sets the given variables and unsets every other one that Start reads.
func setenv(t *testing.T, vars map[string]string) {
	t.Helper()
	for _, kv := range os.Environ() {
		k, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(k, "OTEL_") || strings.HasPrefix(k, "JAEGER_") {
			t.Setenv(k, "") // restores it at the end
		}
	}
	for k, v := range vars {
		t.Setenv(k, v)
	}
}

// otlpSink accepts OTLP by gRPC; it stands in for a collector.
type otlpSink struct {
	coltrace.UnimplementedTraceServiceServer
	got chan *coltrace.ExportTraceServiceRequest
}

func (s *otlpSink) Export(_ context.Context, r *coltrace.ExportTraceServiceRequest) (*coltrace.ExportTraceServiceResponse, error) {
	s.got <- r
	return &coltrace.ExportTraceServiceResponse{}, nil
}

// runOnce starts tracing from the environment, ends one span and shuts down.
func runOnce(t *testing.T, opts ...sdk.Option) {
	t.Helper()
	s, err := sdk.New(t.Context(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	s.Tracer.StartSpan("hello").Finish()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Errorf("a second shutdown: %v", err)
	}
}

func describe(r *coltrace.ExportTraceServiceRequest) string {
	var out []string
	for _, rs := range r.ResourceSpans {
		for _, kv := range rs.Resource.Attributes {
			switch kv.Key {
			case "service.name", "faas.name", "team", "zone":
				out = append(out, kv.Key+"="+kv.Value.GetStringValue())
			}
		}
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				out = append(out, "span="+s.Name)
			}
		}
	}
	return strings.Join(out, " ")
}

func TestOTLPOverHTTP(t *testing.T) {
	got := make(chan *coltrace.ExportTraceServiceRequest, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		req := new(coltrace.ExportTraceServiceRequest)
		if err := proto.Unmarshal(body, req); err != nil {
			t.Error(err)
		}
		if r.URL.Path != "/v1/traces" || r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("got %s with %v", r.URL, r.Header)
		}
		got <- req
	}))
	defer srv.Close()
	f := func(want string, vars map[string]string, opts ...sdk.Option) {
		t.Helper()
		vars["OTEL_EXPORTER_OTLP_ENDPOINT"] = srv.URL
		vars["OTEL_EXPORTER_OTLP_HEADERS"] = "Authorization=Bearer secret"
		setenv(t, vars)
		runOnce(t, opts...)
		if d := describe(<-got); d != want {
			t.Errorf("got %s, want %s", d, want)
		}
	}
	f("service.name=a span=hello", map[string]string{"OTEL_SERVICE_NAME": "a", "JAEGER_SERVICE_NAME": "b"})
	f("service.name=b team=x zone=there span=hello", map[string]string{
		"JAEGER_SERVICE_NAME": "b", "JAEGER_TAGS": "team = x, zone=${NO_SUCH_VARIABLE:there}", "JAEGER_AGENT_HOST": "ignored.invalid"})
	f("service.name=c team=y span=hello", map[string]string{"OTEL_SERVICE_NAME": "a", "OTEL_RESOURCE_ATTRIBUTES": "team=y", "JAEGER_TAGS": "team=x"}, sdk.WithServiceName("c"))
	f("faas.name=resize service.name=resize span=hello", map[string]string{"FC_FUNCTION_NAME": "resize"})
}

func TestOTLPOverGRPC(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sink := &otlpSink{got: make(chan *coltrace.ExportTraceServiceRequest, 1)}
	srv := grpc.NewServer()
	coltrace.RegisterTraceServiceServer(srv, sink)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(lis) }()
	t.Cleanup(func() {
		srv.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	setenv(t, map[string]string{
		"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + lis.Addr().String(), "OTEL_SERVICE_NAME": "g",
	})
	runOnce(t)
	if d := describe(<-sink.got); d != "service.name=g span=hello" {
		t.Errorf("got %s", d)
	}
}

func TestJaegerEndpoint(t *testing.T) {
	type request struct {
		url, contentType, user string
		body                   string
	}
	got := make(chan request, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		user, _, _ := r.BasicAuth()
		got <- request{r.URL.Path, r.Header.Get("Content-Type"), user, string(body)}
	}))
	defer srv.Close()
	setenv(t, map[string]string{
		"JAEGER_ENDPOINT": srv.URL + "/api/traces", "JAEGER_SERVICE_NAME": "old-shop", "JAEGER_USER": "u", "JAEGER_PASSWORD": "p",
		"JAEGER_REPORTER_FLUSH_INTERVAL": "1s", "JAEGER_REPORTER_MAX_QUEUE_SIZE": "10",
	})
	runOnce(t)
	r := <-got
	if r.url != "/api/traces" || r.contentType != "application/x-thrift" || r.user != "u" ||
		!strings.Contains(r.body, "old-shop") || !strings.Contains(r.body, "hello") {
		t.Errorf("got %+v", r)
	}
}

func TestJaegerAgent(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, port, _ := net.SplitHostPort(conn.LocalAddr().String())
	setenv(t, map[string]string{"JAEGER_AGENT_PORT": port, "JAEGER_SERVICE_NAME": "old-shop"})
	runOnce(t)
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 65000)
	n, _, err := conn.ReadFrom(buf)
	if err != nil {
		t.Fatal(err)
	}
	if p := string(buf[:n]); !strings.Contains(p, "emitBatch") || !strings.Contains(p, "old-shop") || !strings.Contains(p, "hello") {
		t.Errorf("got packet %q", p)
	}
}

func TestBadEnvironment(t *testing.T) {
	f := func(want string, kv ...string) {
		t.Helper()
		vars := map[string]string{"OTEL_TRACES_EXPORTER": "none"}
		for i := 0; i < len(kv); i += 2 {
			vars[kv[i]] = kv[i+1]
		}
		setenv(t, vars)
		_, err := sdk.New(t.Context())
		if err == nil || err.Error() != want {
			t.Errorf("%v:\ngot  %v\nwant %s", vars, err, want)
		}
	}
	f(`OTEL_SDK_DISABLED: want true or false, got "maybe"`, "OTEL_SDK_DISABLED", "maybe")
	f(`OTEL_TRACES_EXPORTER: want otlp, jaeger or none, got "zipkin"`, "OTEL_TRACES_EXPORTER", "zipkin")
	f(`OTEL_EXPORTER_OTLP_PROTOCOL: want grpc or http/protobuf, got "http/json"`, "OTEL_TRACES_EXPORTER", "", "OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
	f(`OTEL_TRACES_SAMPLER: want [parentbased_]always_on, always_off, traceidratio or jaeger_remote, got "x"`, "OTEL_TRACES_SAMPLER", "x")
	f(`OTEL_TRACES_SAMPLER_ARG: want a number from 0 to 1, got "2"`, "OTEL_TRACES_SAMPLER", "traceidratio", "OTEL_TRACES_SAMPLER_ARG", "2")
	f(`OTEL_TRACES_SAMPLER_ARG: pollingIntervalMs: want at least 1, got 0`, "OTEL_TRACES_SAMPLER", "jaeger_remote", "OTEL_TRACES_SAMPLER_ARG", "endpoint=http://h/s,pollingIntervalMs=0")
	f(`OTEL_TRACES_SAMPLER_ARG: sampling endpoint "x": want a URL`, "OTEL_TRACES_SAMPLER", "jaeger_remote", "OTEL_TRACES_SAMPLER_ARG", "endpoint=x")
	f("OTEL_PROPAGATORS: want none or any of [tracecontext baggage jaeger fc b3 b3multi xray], got \"ot\"\n"+
		`JAEGER_TAGS: want key=value pairs, got "x"`, "OTEL_PROPAGATORS", "b3,ot", "JAEGER_TAGS", "x")
	f(`JAEGER_SAMPLER_TYPE: want const, probabilistic, ratelimiting or remote, got "x"`, "JAEGER_SAMPLER_TYPE", "x")
	f(`JAEGER_SAMPLER_PARAM: want the number of traces a second for ratelimiting, got nothing`, "JAEGER_SAMPLER_TYPE", "ratelimiting")
	f(`JAEGER_SAMPLER_REFRESH_INTERVAL: want a duration above 0 such as 1s, got "-1s"`, "JAEGER_SAMPLER_TYPE", "remote", "JAEGER_SAMPLER_REFRESH_INTERVAL", "-1s")
}

func TestSamplerFromEnvironment(t *testing.T) {
	remote := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer remote.Close()
	f := func(wantRoot, wantUnsampledParent bool, kv ...string) {
		t.Helper()
		vars := map[string]string{"OTEL_TRACES_EXPORTER": "none"}
		for i := 0; i < len(kv); i += 2 {
			vars[kv[i]] = kv[i+1]
		}
		setenv(t, vars)
		s, err := sdk.New(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Shutdown(context.Background())
		tr := s.TracerProvider.Tracer("x")
		_, root := tr.Start(t.Context(), "root")
		ctx := s.Propagator.Extract(t.Context(), propagation.MapCarrier{"b3": "1-2-0"})
		_, child := tr.Start(ctx, "child")
		if root.SpanContext().IsSampled() != wantRoot || child.SpanContext().IsSampled() != wantUnsampledParent {
			t.Errorf("%v: got root %v, child %v", kv, root.SpanContext().IsSampled(), child.SpanContext().IsSampled())
		}
	}
	f(true, false)
	f(true, true, "OTEL_TRACES_SAMPLER", "always_on")
	f(false, false, "OTEL_TRACES_SAMPLER", "parentbased_always_off", "JAEGER_SAMPLER_TYPE", "const")
	f(false, false, "OTEL_TRACES_SAMPLER", "traceidratio", "OTEL_TRACES_SAMPLER_ARG", "0")
	f(true, false, "JAEGER_SAMPLER_TYPE", "const")
	f(false, false, "JAEGER_SAMPLER_TYPE", "const", "JAEGER_SAMPLER_PARAM", "0")
	f(false, false, "JAEGER_SAMPLER_TYPE", "probabilistic", "JAEGER_SAMPLER_PARAM", "0")
	f(true, false, "JAEGER_SAMPLER_TYPE", "ratelimiting", "JAEGER_SAMPLER_PARAM", "5")
	f(true, false, "JAEGER_SAMPLER_TYPE", "remote", "JAEGER_SAMPLING_ENDPOINT", remote.URL)
	f(false, false, "JAEGER_SAMPLER_TYPE", "remote", "JAEGER_SAMPLING_ENDPOINT", remote.URL, "JAEGER_SAMPLER_PARAM", "0")
	f(false, false, "OTEL_TRACES_SAMPLER", "parentbased_jaeger_remote", "OTEL_TRACES_SAMPLER_ARG", "endpoint="+remote.URL+",initialSamplingRate=0")
}

// TestDisabled checks that a disabled program still passes on the context it was called with.
func TestDisabled(t *testing.T) {
	setenv(t, map[string]string{"JAEGER_DISABLED": "true"})
	s, err := sdk.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sc, err := s.Tracer.Extract(opentracing.TextMap, opentracing.TextMapCarrier{"b3": "1-2-1"})
	if err != nil {
		t.Fatal(err)
	}
	h := opentracing.TextMapCarrier{}
	if err := s.Tracer.Inject(s.Tracer.StartSpan("x", opentracing.ChildOf(sc)).Context(), opentracing.TextMap, h); err != nil {
		t.Fatal(err)
	}
	if want := "00-00000000000000000000000000000001-0000000000000002-01"; h["traceparent"] != want {
		t.Errorf("got %q, want %q", h["traceparent"], want)
	}
	if err := s.ForceFlush(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStartSetsGlobals(t *testing.T) {
	setenv(t, map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_PROPAGATORS": "b3, none"})
	shutdown, err := sdk.Start(t.Context(), sdk.WithServiceName("globals"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := otel.Tracer("x").Start(t.Context(), "x")
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		t.Error("the global provider does not record")
	}
	c := propagation.MapCarrier{}
	otel.GetTextMapPropagator().Inject(ctx, c)
	if len(c) != 1 || c["b3"] == "" {
		t.Errorf("got headers %v", c)
	}
	if _, ok := opentracing.GlobalTracer().(*sdk.Tracer); !ok {
		t.Errorf("got global tracer %T", opentracing.GlobalTracer())
	}
	span.End()
	if err := shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := sdk.Start(t.Context(), sdk.WithPropagator()); err != nil {
		t.Fatal(err)
	}
	if f := otel.GetTextMapPropagator().Fields(); len(f) != 0 {
		t.Errorf("without formats: got fields %v", f)
	}
}
