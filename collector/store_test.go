package collector

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"weft/semconv"
	"weft/store"
)

// rows counts what the real exporter and the topology processor insert.
type rows struct {
	noEdges
	spans, logs, points, entries atomic.Int64
}

func (r *rows) InsertEdges(_ context.Context, edges []store.Edge, _ string) error {
	for _, e := range edges {
		if e.Type == store.EdgeEntry {
			r.entries.Add(e.Calls)
		}
	}
	return nil
}

func (r *rows) InsertSpans(_ context.Context, b *store.SpanBatch, _ string) error {
	r.spans.Add(int64(b.Rows()))
	return nil
}

func (r *rows) InsertLogs(_ context.Context, b *store.LogBatch, _ string) error {
	r.logs.Add(int64(b.Rows()))
	return nil
}

func (r *rows) InsertMetrics(_ context.Context, b *store.MetricBatch, _ string) error {
	r.points.Add(int64(b.Rows()))
	return nil
}

// TestRun is the public function with its own exporter: what every client sent is inserted before Run returns, and the
// counters agree.
func TestRun(t *testing.T) {
	into := &rows{}
	r := &running{addr: freeAddresses(t), reg: prometheus.NewPedanticRegistry(), log: &lockedBuffer{}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ready, done := make(chan struct{}), make(chan error, 1)
	set := r.settings(t, options{}, func() { close(ready) })
	set.Store = into
	go func() { done <- Run(ctx, set) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	all := append(senders(), udpSenders()...)
	for _, s := range all {
		if err := s.send(t, r.addr[s.variable], "", s.name); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
	}
	conn := dial(t, r.addr["WEFT_OTLP_GRPC"])
	answered := otlpRequest("answered")
	answered.Traces().ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SetSpanID(pcommon.SpanID{9})
	answered.Traces().ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SetKind(ptrace.SpanKindServer)
	if _, err := ptraceotlp.NewGRPCClient(conn).Export(t.Context(), answered); err != nil {
		t.Fatal(err)
	}
	ld := plog.NewLogs()
	ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("hello")
	if _, err := plogotlp.NewGRPCClient(conn).Export(t.Context(), plogotlp.NewExportRequestFromLogs(ld)); err != nil {
		t.Fatal(err)
	}
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("requests")
	m.SetEmptyGauge().DataPoints().AppendEmpty().SetTimestamp(pcommon.NewTimestampFromTime(spanStart))
	if _, err := pmetricotlp.NewGRPCClient(conn).Export(t.Context(), pmetricotlp.NewExportRequestFromMetrics(md)); err != nil {
		t.Fatal(err)
	}
	r.waitMetric(t, float64(len(all)+1), semconv.MetricStored, "signal=traces")
	r.waitMetric(t, 1, semconv.MetricStored, "signal=logs")
	r.waitMetric(t, 1, semconv.MetricStored, "signal=metrics")
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if into.entries.Load() != 1 {
		t.Errorf("counted %d calls of users, want that of the one server span", into.entries.Load())
	}
	if s, l, p := into.spans.Load(), into.logs.Load(), into.points.Load(); s != int64(len(all)+1) || l != 1 || p != 1 {
		t.Errorf("got %d spans, %d logs, %d points, want %d, 1, 1", s, l, p, len(all)+1)
	}
}

// SIGHUP reads a file of the user's own again.
func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "weft.yaml")
	write := func(receivers string) {
		if err := os.WriteFile(file, []byte(`
receivers:
  otlp: {protocols: {grpc: {endpoint: "${env:WEFT_OTLP_GRPC}"}}}
  zipkin: {endpoint: "${env:WEFT_ZIPKIN}"}
exporters: {weft_store: }
service: {pipelines: {traces: {receivers: [`+receivers+`], exporters: [weft_store]}}}
`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("otlp")
	r := start(t, options{configFile: file})
	if err := sendOTLPgRPC(t, r.addr["WEFT_OTLP_GRPC"], "", "before"); err != nil {
		t.Fatal(err)
	}
	write("otlp, zipkin")
	// The collector listens for signals a moment after it has said that it is ready: one that comes before would end the test, or, where
	// it is ignored, be lost.
	ours := make(chan os.Signal, 1)
	signal.Notify(ours, syscall.SIGHUP)
	defer signal.Stop(ours)
	deadline := time.Now().Add(30 * time.Second)
	for again := time.Now(); !listening(r.addr["WEFT_ZIPKIN"]) || !listening(r.addr["WEFT_OTLP_GRPC"]); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the receivers do not listen\n%s", r.log.String())
		}
		if time.Now().After(again) && !strings.Contains(r.log.String(), "Received signal from OS") {
			if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			again = time.Now().Add(time.Second)
		}
	}
	if err := sendOTLPgRPC(t, r.addr["WEFT_OTLP_GRPC"], "", "after"); err != nil {
		t.Fatal(err)
	}
	// The counters of the pipelines before are gone, those of the new ones are there, and neither spoils the scrape.
	if got := r.metric(t, semconv.MetricReceived, "receiver=otlp", "signal=traces"); got != 1 {
		t.Errorf("%s: got %v, want 1", semconv.MetricReceived, got)
	}
}
