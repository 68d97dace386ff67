package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// recorder stands between a client that cannot tell what it sent and Weft: it notes the spans that pass.
type recorder struct {
	ptraceotlp.UnimplementedGRPCServer
	next ptraceotlp.GRPCClient

	mu   sync.Mutex
	sent []span
	err  error
}

func (r *recorder) note(td ptrace.Traces) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range spansOf(td) {
		s.Resource = nil
		r.sent = append(r.sent, s)
	}
}

// Export passes a gRPC request on.
func (r *recorder) Export(ctx context.Context, req ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	r.note(req.Traces())
	return r.next.Export(ctx, req)
}

// recordGRPC returns the address at which the recorder listens.
func (r *recorder) recordGRPC(t *testing.T, target string) string {
	t.Helper()
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	r.next = ptraceotlp.NewGRPCClient(conn)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	ptraceotlp.RegisterGRPCServer(server, r)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_ = conn.Close()
	})
	return l.Addr().String()
}

// recordHTTP returns the address at which the recorder listens; bodies pass byte for byte.
func (r *recorder) recordHTTP(t *testing.T, target string) string {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: target})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err == nil {
			var td ptrace.Traces
			if td, err = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(body); err == nil {
				r.note(td)
			}
		}
		if err != nil {
			r.mu.Lock()
			r.err = err
			r.mu.Unlock()
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestTelemetrygenTraces(t *testing.T) {
	in := sharedInstance(t)
	client := goClient(t, "telemetrygen")
	const traces, children = 40, 5
	for _, protocol := range []string{"grpc", "http"} {
		t.Run(protocol, func(t *testing.T) {
			before := in.mustRows(t, "traces")
			var r recorder
			args := []string{"traces", "--traces", fmt.Sprint(traces), "--child-spans", fmt.Sprint(children), "--span-links", "2",
				"--status-code", "Error", "--marshal", "--rate", "0", "--otlp-insecure", "--service", "telemetrygen-" + protocol,
				"--telemetry-attributes", `text="größer 你好"`, "--telemetry-attributes", "flag=true", "--telemetry-attributes", "count=42",
				"--telemetry-attributes", `list=["a", "b"]`, "--otlp-attributes", `zone="zone-1"`}
			if protocol == "grpc" {
				args = append(args, "--otlp-endpoint", r.recordGRPC(t, in.addr["WEFT_OTLP_GRPC"]))
			} else {
				args = append(args, "--otlp-http", "--otlp-endpoint", r.recordHTTP(t, in.addr["WEFT_OTLP_HTTP"]))
			}
			runClient(t, client, args...)
			if r.err != nil {
				t.Fatal(r.err)
			}
			if want := traces * (1 + children); len(r.sent) != want {
				t.Fatalf("telemetrygen sent %d spans, want %d", len(r.sent), want)
			}
			links := 0
			for _, s := range r.sent {
				links += len(s.Links)
				if s.Attributes["count"] != "int:42" || s.Attributes["flag"] != "bool:true" {
					t.Fatalf("telemetrygen did not send what it was told: %v", s.Attributes)
				}
			}
			if links == 0 {
				t.Fatal("telemetrygen sent no links")
			}
			checkArrived(t, in, before, r.sent)
		})
	}
}

func TestTelemetrygenLogs(t *testing.T) {
	in := sharedInstance(t)
	client := goClient(t, "telemetrygen")
	const logs = 250
	for i, protocol := range []string{"grpc", "http"} {
		t.Run(protocol, func(t *testing.T) {
			before := in.mustRows(t, "logs")
			service := "telemetrygen-logs-" + protocol
			traceID := fmt.Sprintf("ae87dadd90e9935a4bc9660628efd5%02x", i+1)
			runClient(t, client, append([]string{"logs", "--logs", fmt.Sprint(logs), "--rate", "0", "--otlp-insecure", "--service", service,
				"--body", "no stock left: größer 你好", "--severity-number", "17", "--severity-text", "ERROR", "--trace-id", traceID, "--span-id", "5828fa4960140870",
				"--telemetry-attributes", `text="a"`, "--telemetry-attributes", "flag=true", "--telemetry-attributes", "count=42"},
				endpoint(in, protocol)...)...)
			in.awaitRows(t, "logs", before+logs, storedWithin)
			for _, query := range []string{"/api/v1/logs?limit=1000&service=" + service, "/api/v1/traces/" + traceID + "/logs"} {
				checkLogs(t, in, query, service, traceID, logs)
			}
		})
	}
}

func checkLogs(t *testing.T, in *instance, query, service, traceID string, want int) {
	t.Helper()
	var page struct {
		Logs []struct {
			TraceID        string `json:"traceId"`
			SpanID         string `json:"spanId"`
			Service        string `json:"service"`
			SeverityNumber int    `json:"severityNumber"`
			SeverityText   string `json:"severityText"`
			Body           struct{ Type, Value string }
			Attributes     []struct{ Key, Type, Value string }
		} `json:"logs"`
	}
	if err := in.get(query, &page); err != nil {
		t.Fatal(err)
	}
	if len(page.Logs) != want {
		t.Errorf("%s returns %d records, want %d", query, len(page.Logs), want)
	}
	for _, l := range page.Logs {
		attributes := map[string]string{}
		for _, a := range l.Attributes {
			attributes[a.Key] = a.Type + ":" + a.Value
		}
		if l.TraceID != traceID || l.SpanID != "5828fa4960140870" || l.Service != service || l.SeverityNumber != 17 || l.SeverityText != "ERROR" ||
			l.Body.Type != "string" || l.Body.Value != "no stock left: größer 你好" ||
			attributes["text"] != "string:a" || attributes["flag"] != "bool:true" || attributes["count"] != "int:42" || attributes["app"] != "string:server" {
			t.Fatalf("%s returns %+v", query, l)
		}
	}
}

func TestTelemetrygenMetrics(t *testing.T) {
	in := sharedInstance(t)
	client := goClient(t, "telemetrygen")
	const points = 100
	for _, protocol := range []string{"grpc", "http"} {
		for _, kind := range []string{"Gauge", "Sum", "Histogram", "ExponentialHistogram"} {
			t.Run(protocol+"/"+kind, func(t *testing.T) {
				before := in.mustRows(t, "metrics")
				runClient(t, client, append([]string{"metrics", "--metrics", fmt.Sprint(points), "--metric-type", kind, "--rate", "0",
					"--otlp-insecure", "--service", "telemetrygen-metrics", "--otlp-metric-name", "gen." + kind}, endpoint(in, protocol)...)...)
				in.awaitRows(t, "metrics", before+points, storedWithin)
			})
		}
	}
}

func endpoint(in *instance, protocol string) []string {
	if protocol == "grpc" {
		return []string{"--otlp-endpoint", in.addr["WEFT_OTLP_GRPC"]}
	}
	return []string{"--otlp-http", "--otlp-endpoint", in.addr["WEFT_OTLP_HTTP"]}
}
