package collector

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/agent"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"weft/semconv"
)

// TestBadItems sends one absurd span between two sound ones, all the way through. The client is told that all is well:
// what could be kept was kept. (Every repair in detail: the enrich processor's own tests.)
func TestBadItems(t *testing.T) {
	r := start(t, options{})
	for _, c := range []struct {
		metric, reason string
		change         func(ptrace.Span)
	}{
		{semconv.MetricRefused, semconv.ReasonZeroTraceID, func(s ptrace.Span) { s.SetTraceID(pcommon.TraceID{}) }},
		{semconv.MetricRefused, semconv.ReasonZeroSpanID, func(s ptrace.Span) { s.SetSpanID(pcommon.SpanID{}) }},
		{semconv.MetricRepaired, semconv.ReasonEndBeforeStart, func(s ptrace.Span) { s.SetEndTimestamp(s.StartTimestamp() - 1) }},
		{semconv.MetricRepaired, semconv.ReasonTimestampRange, func(s ptrace.Span) { s.SetStartTimestamp(1); s.SetEndTimestamp(2) }},
		{semconv.MetricRepaired, semconv.ReasonAttributeTooLarge, func(s ptrace.Span) { s.Attributes().PutStr("k", strings.Repeat("x", 1<<20)) }},
		{semconv.MetricRepaired, semconv.ReasonTooManyAttributes, func(s ptrace.Span) {
			for i := range 10_000 {
				s.Attributes().PutBool(fmt.Sprint("k", i), true)
			}
		}},
		{semconv.MetricRepaired, semconv.ReasonInvalidUTF8, func(s ptrace.Span) { s.Attributes().PutStr("k", "\xff") }},
		{semconv.MetricRepaired, semconv.ReasonSelfParent, func(s ptrace.Span) { s.SetParentSpanID(s.SpanID()) }},
	} {
		t.Run(c.reason, func(t *testing.T) {
			before := len(r.spans())
			td := someTraces("before "+c.reason, c.reason, "after "+c.reason)
			c.change(td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(1))
			if err := exportGRPC(t, r.addr["WEFT_OTLP_GRPC"], td); err != nil {
				t.Fatalf("the client was told %v", err)
			}
			want := 3
			if c.metric == semconv.MetricRefused {
				want = 2
			}
			if got := len(r.spans()) - before; got != want {
				t.Errorf("got %d spans, want %d", got, want)
			}
			for _, name := range []string{"before ", "after "} {
				if span, ok := r.named(name + c.reason); !ok || span.StartTimestamp().AsTime() != spanStart {
					t.Errorf("the span %q was lost or changed", name+c.reason)
				}
			}
			if got := r.metric(t, c.metric, "signal=traces", "reason="+c.reason, "processor=enrich"); got != 1 {
				t.Errorf("%s{reason=%s}: got %v, want 1", c.metric, c.reason, got)
			}
		})
	}
}

func exportGRPC(t testing.TB, addr string, td ptrace.Traces, opts ...grpc.CallOption) error {
	t.Helper()
	_, err := ptraceotlp.NewGRPCClient(dial(t, addr)).Export(t.Context(), ptraceotlp.NewExportRequestFromTraces(td), opts...)
	return err
}

// TestMalformedRequests sends what no receiver can read, to each of them. Every request is answered and counted, and the
// next good one goes through.
func TestMalformedRequests(t *testing.T) {
	t.Setenv("WEFT_MAX_REQUEST_MIB", "1")
	t.Setenv("WEFT_MAX_REQUEST_BYTES", "1048576")
	r := start(t, options{})
	otlp, jaeger, zipkin := "http://"+r.addr["WEFT_OTLP_HTTP"], "http://"+r.addr["WEFT_JAEGER_HTTP"], "http://"+r.addr["WEFT_ZIPKIN"]
	large := bytes.Repeat([]byte(" "), 2<<20)
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	if _, err := zip.Write(large); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, url, contentType, encoding string
		body                             []byte
		want                             int
		labels                           []string
	}{
		{"otlp proto", otlp + "/v1/traces", "application/x-protobuf", "", []byte("\xff\xff"), 400, []string{"signal=traces", "receiver=otlp"}},
		{"otlp json", otlp + "/v1/traces", "application/json", "", []byte("{"), 400, []string{"signal=traces", "receiver=otlp"}},
		{"otlp logs", otlp + "/v1/logs", "application/json", "", []byte("{"), 400, []string{"signal=logs", "receiver=otlp"}},
		{"otlp metrics", otlp + "/v1/metrics", "application/x-protobuf", "", []byte("\xff\xff"), 400, []string{"signal=metrics", "receiver=otlp"}},
		{"otlp content type", otlp + "/v1/traces", "text/plain", "", []byte("x"), 415, []string{"signal=traces", "receiver=otlp"}},
		{"otlp gzip", otlp + "/v1/traces", "application/json", "gzip", []byte("no gzip"), 400, []string{"receiver=otlp"}},
		{"otlp encoding", otlp + "/v1/traces", "application/json", "rot13", []byte("{}"), 400, []string{"receiver=otlp"}},
		{"otlp too large", otlp + "/v1/traces", "application/json", "", large, 400, []string{"signal=traces", "receiver=otlp"}},
		{"otlp gzip bomb", otlp + "/v1/traces", "application/json", "gzip", bomb.Bytes(), 400, []string{"signal=traces", "receiver=otlp"}},
		{"jaeger thrift", jaeger + "/api/traces", "application/x-thrift", "", []byte("\x0b\xff\xff\xff\xff\xff\xff"), 400, []string{"signal=traces", "receiver=jaeger"}},
		{"jaeger content type", jaeger + "/api/traces", "text/plain", "", []byte("x"), 400, []string{"signal=traces", "receiver=jaeger"}},
		{"zipkin v1", zipkin + "/api/v1/spans", "application/json", "", []byte("{"), 400, []string{"signal=traces", "receiver=zipkin"}},
		{"zipkin v2", zipkin + "/api/v2/spans", "application/json", "", []byte(`[{"traceId":"zz"}]`), 400, []string{"signal=traces", "receiver=zipkin"}},
		{"zipkin proto", zipkin + "/api/v2/spans", "application/x-protobuf", "", []byte("\xff\xff"), 400, []string{"signal=traces", "receiver=zipkin"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			labels := append(c.labels, "reason="+semconv.ReasonMalformed)
			before := r.metric(t, semconv.MetricRefused, labels...)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url, bytes.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", c.contentType)
			if c.encoding != "" {
				req.Header.Set("Content-Encoding", c.encoding)
			}
			answer, ok := do(t, req).(*refusal)
			if !ok || answer.code != c.want {
				t.Errorf("got %v, want %d", answer, c.want)
			}
			r.waitMetric(t, before+1, semconv.MetricRefused, labels...)
		})
	}
	t.Run("otlp grpc too large", func(t *testing.T) {
		before := r.metric(t, semconv.MetricRefused, "signal=traces", "receiver=otlp", "reason="+semconv.ReasonMalformed)
		err := exportGRPC(t, r.addr["WEFT_OTLP_GRPC"], someTraces(string(large)))
		if status.Code(err) != codes.ResourceExhausted {
			t.Errorf("got %v, want ResourceExhausted", err)
		}
		r.waitMetric(t, before+1, semconv.MetricRefused, "signal=traces", "receiver=otlp", "reason="+semconv.ReasonMalformed)
	})
	t.Run("jaeger grpc undecodable", func(t *testing.T) {
		before := r.metric(t, semconv.MetricRefused, "signal=traces", "receiver=jaeger", "reason="+semconv.ReasonMalformed)
		err := dial(t, r.addr["WEFT_JAEGER_GRPC"]).Invoke(t.Context(), "/jaeger.api_v2.CollectorService/PostSpans", []byte("\xff\xff"), new([]byte), grpc.ForceCodec(rawCodec{}))
		if status.Code(err) != codes.Internal {
			t.Errorf("got %v, want Internal", err)
		}
		r.waitMetric(t, before+1, semconv.MetricRefused, "signal=traces", "receiver=jaeger", "reason="+semconv.ReasonMalformed)
	})
	for _, udp := range []struct {
		variable, transport string
		protocol            thrift.TProtocolFactory
	}{
		{"WEFT_JAEGER_COMPACT", "udp_thrift_compact", thrift.NewTCompactProtocolFactoryConf(nil)},
		{"WEFT_JAEGER_BINARY", "udp_thrift_binary", thrift.NewTBinaryProtocolFactoryConf(nil)},
	} {
		t.Run(udp.variable, func(t *testing.T) {
			labels := []string{"signal=traces", "receiver=jaeger", "transport=" + udp.transport, "reason=" + semconv.ReasonMalformed}
			zipkinCall := thrift.NewTMemoryBuffer()
			if err := agent.NewAgentClientFactory(zipkinCall, udp.protocol).EmitZipkinBatch(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			for _, packet := range [][]byte{[]byte("garbage"), {}, zipkinCall.Bytes(), thriftPacket(t, udp.protocol, "cut")[:40]} {
				before := r.metric(t, semconv.MetricRefused, labels...)
				if err := sendPacket(r.addr[udp.variable], packet); err != nil {
					t.Fatal(err)
				}
				r.waitMetric(t, before+1, semconv.MetricRefused, labels...)
			}
		})
	}
	for _, s := range append(senders(), udpSenders()...) {
		if err := s.send(t, r.addr[s.variable], "", s.name); err != nil {
			t.Errorf("%s afterwards: %v", s.name, err)
		}
		r.waitFor(t, s.name, func() bool { _, ok := r.named(s.name); return ok })
	}
	if got := len(r.spans()); got != len(senders())+len(udpSenders()) {
		t.Errorf("got %d spans, want only the good ones", got)
	}
}

// waitMetric waits for a counter that is raised after the client was answered.
func (r *running) waitMetric(t testing.TB, want float64, name string, labels ...string) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for r.metric(t, name, labels...) != want {
		if time.Now().After(deadline) {
			t.Fatalf("%s%v: got %v, want %v\n%s", name, labels, r.metric(t, name, labels...), want, r.exposition(t))
		}
		time.Sleep(time.Millisecond)
	}
}

// rawCodec sends bytes as they are.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error) { return v.([]byte), nil }
func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = data
	return nil
}
func (rawCodec) Name() string { return "proto" }

// TestMemoryLimit gives the collector less memory than the process has long taken.
func TestMemoryLimit(t *testing.T) {
	t.Setenv("WEFT_COLLECTOR_MEMORY_MIB", "2")
	t.Setenv("WEFT_COLLECTOR_SPIKE_MIB", "1")
	hold := bytes.Repeat([]byte("x"), 8<<20)
	r := start(t, options{})
	deadline := time.Now().Add(5 * time.Second)
	var err error
	for time.Now().Before(deadline) { // until the limiter has looked for the first time
		if err = exportGRPC(t, r.addr["WEFT_OTLP_GRPC"], someTraces("a", "b")); err != nil {
			break
		}
	}
	if status.Code(err) != codes.Unavailable {
		t.Errorf("got %v, want Unavailable: try again", err)
	}
	if got := r.metric(t, semconv.MetricRefused, "signal=traces", "receiver=otlp", "reason="+semconv.ReasonMemoryLimit); got != 2 {
		t.Errorf("%s{reason=%s}: got %v, want 2", semconv.MetricRefused, semconv.ReasonMemoryLimit, got)
	}
	_ = hold[0]
}

// A store that is away is no mistake of the client's: every protocol says "later" in its own words, and nothing is counted
// as malformed.
func TestRefusedForNow(t *testing.T) {
	r := start(t, options{})
	for _, cause := range []error{status.Error(codes.Unavailable, "disk full"), errors.New("disk full")} {
		r.fail(cause)
		for _, s := range senders() {
			err := s.send(t, r.addr[s.variable], "", s.name)
			var answer *refusal
			if errors.As(err, &answer) {
				if answer.code != http.StatusServiceUnavailable {
					t.Errorf("%s: got %v, want 503", s.name, answer)
				}
			} else if status.Code(err) != codes.Unavailable {
				t.Errorf("%s: got %v, want Unavailable", s.name, err)
			}
		}
	}
	for _, receiver := range []string{"otlp", "jaeger", "zipkin"} {
		if got := r.metric(t, semconv.MetricRefused, "signal=traces", "receiver="+receiver, "reason="+semconv.ReasonMalformed); got != 0 {
			t.Errorf("%s: got %v counted as malformed, want 0", receiver, got)
		}
	}
}

// Whatever panics on one request, the client gets an answer and the others get theirs.
func TestPanic(t *testing.T) {
	r := start(t, options{})
	r.panics.Store(true)
	for _, s := range senders() {
		err := s.send(t, r.addr[s.variable], "", s.name)
		if err == nil || !strings.Contains(err.Error(), panicText) {
			t.Errorf("%s: got %v, want %q", s.name, err, panicText)
		}
	}
	r.panics.Store(false)
	for _, s := range senders() {
		if err := s.send(t, r.addr[s.variable], "", s.name); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
	}
}
