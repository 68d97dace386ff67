package collector

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/auth"
	"weft/collector/storeexporter"
	"weft/store"
)

// sink is an exporter that keeps what reaches it. mu guards everything.
type sink struct {
	component.StartFunc
	component.ShutdownFunc
	mu      sync.Mutex
	traces  []ptrace.Traces
	logs    []plog.Logs
	metrics []pmetric.Metrics
	err     error
	changed chan struct{}
	panics  atomic.Bool
}

func newSink() *sink { return &sink{changed: make(chan struct{}, 1)} }

func (s *sink) take(f func()) error {
	if s.panics.Load() {
		panic("a defect")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	f()
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return nil
}

func (s *sink) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// spans returns the spans that arrived.
func (s *sink) spans() []ptrace.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []ptrace.Span
	for _, td := range s.traces {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					all = append(all, span)
				}
			}
		}
	}
	return all
}

func (s *sink) named(name string) (ptrace.Span, bool) {
	for _, span := range s.spans() {
		if span.Name() == name {
			return span, true
		}
	}
	return ptrace.Span{}, false
}

// waitFor returns when done holds, which is looked at again whenever something arrives.
func (s *sink) waitFor(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !done() {
		select {
		case <-s.changed:
		case <-deadline:
			t.Fatalf("waited 10s for %s; %d spans arrived", what, len(s.spans()))
		}
	}
}

type sinkExporter struct{ *sink }

func (e sinkExporter) factory() exporter.Factory {
	return exporter.NewFactory(storeexporter.Type, func() component.Config { return &sinkConfig{} },
		exporter.WithTraces(func(context.Context, exporter.Settings, component.Config) (exporter.Traces, error) {
			return tracesSink(e), nil
		}, component.StabilityLevelStable),
		exporter.WithLogs(func(context.Context, exporter.Settings, component.Config) (exporter.Logs, error) {
			return logsSink(e), nil
		}, component.StabilityLevelStable),
		exporter.WithMetrics(func(context.Context, exporter.Settings, component.Config) (exporter.Metrics, error) {
			return metricsSink(e), nil
		}, component.StabilityLevelStable))
}

// Capabilities says that what arrives is only read.
func (s *sink) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

type sinkConfig struct {
	Directory string `mapstructure:"directory"`
}

type tracesSink struct{ *sink }

func (s tracesSink) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	return s.take(func() { s.traces = append(s.traces, copyOf(td, ptrace.NewTraces())) })
}

type logsSink struct{ *sink }

func (s logsSink) ConsumeLogs(_ context.Context, ld plog.Logs) error {
	return s.take(func() { s.logs = append(s.logs, copyOf(ld, plog.NewLogs())) })
}

type metricsSink struct{ *sink }

func (s metricsSink) ConsumeMetrics(_ context.Context, md pmetric.Metrics) error {
	return s.take(func() { s.metrics = append(s.metrics, copyOf(md, pmetric.NewMetrics())) })
}

// copyOf keeps telemetry beyond the call that it was valid for.
func copyOf[T interface{ CopyTo(T) }](from, to T) T {
	from.CopyTo(to)
	return to
}

// running is a collector under test.
type running struct {
	*sink
	addr   map[string]string // by environment variable
	reg    *prometheus.Registry
	log    *lockedBuffer
	stop   func() error
	tokens *auth.Tokens
}

// addressVariables are all addresses in default.yaml; the value says whether it is UDP.
var addressVariables = map[string]bool{
	"WEFT_OTLP_GRPC": false, "WEFT_OTLP_HTTP": false, "WEFT_JAEGER_GRPC": false, "WEFT_JAEGER_HTTP": false,
	"WEFT_JAEGER_COMPACT": true, "WEFT_JAEGER_BINARY": true, "WEFT_ZIPKIN": false, "WEFT_SAMPLING": false,
}

// freeAddresses sets every address variable to a free port and returns them.
func freeAddresses(t testing.TB) map[string]string {
	t.Helper()
	addrs := make(map[string]string)
	for name, udp := range addressVariables {
		if udp {
			conn, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			addrs[name] = conn.LocalAddr().String()
			defer conn.Close()
		} else {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			addrs[name] = l.Addr().String()
			defer l.Close()
		}
		t.Setenv(name, addrs[name])
	}
	return addrs
}

// options of start.
type options struct {
	tokens     *auth.Tokens
	configFile string
	reads      http.Handler
	intake     *Intake
}

// start runs the collector on free ports with a sink in place of the store, and stops it when the test ends.
func start(t *testing.T, opt options) *running {
	t.Helper()
	r := &running{sink: newSink(), addr: freeAddresses(t), reg: prometheus.NewPedanticRegistry(), log: &lockedBuffer{}, tokens: opt.tokens}
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- run(ctx, r.settings(t, opt, func() { close(ready) }), r.factories) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatalf("run: %v", err)
	case <-time.After(20 * time.Second):
		t.Fatalf("not ready after 20s\n%s", r.log.String())
	}
	r.stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(20 * time.Second):
			return fmt.Errorf("still running 20s after the end was asked for")
		}
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if t.Failed() {
			t.Logf("collector log:\n%s", r.log.String())
		}
	})
	return r
}

// noEdges is a store that keeps no topology; nothing else is asked of it where the exporter is replaced.
type noEdges struct{ Store }

func (noEdges) InsertEdges(context.Context, []store.Edge, string) error  { return nil }
func (noEdges) LastEdgeInsert(context.Context) (time.Time, error)        { return time.Now(), nil }
func (noEdges) ReconcileEdges(context.Context, []time.Time) (int, error) { return 0, nil }
func (noEdges) EdgeBucketsSince(context.Context, time.Time, int) ([]time.Time, error) {
	return nil, nil
}
func (noEdges) EdgeBucketsOfTraces(context.Context, []store.TraceID, int) ([]time.Time, error) {
	return nil, nil
}

func (r *running) settings(t testing.TB, opt options, ready func()) Settings {
	return Settings{
		ConfigFile: opt.configFile,
		Store:      noEdges{},
		QueueDir:   filepath.Join(t.TempDir(), "queue"),
		Tokens:     opt.tokens,
		Reads:      opt.reads,
		Intake:     opt.intake,
		Registerer: r.reg,
		Logger:     slog.New(slog.NewTextHandler(r.log, nil)),
		Version:    "test",
		Ready:      ready,
		pdataOnly:  true,
	}
}

func (r *running) factories(set Settings, h *host) (otelcol.Factories, error) {
	f, err := factories(set, h)
	if err != nil {
		return f, err
	}
	f.Exporters, err = otelcol.MakeFactoryMap(sinkExporter{r.sink}.factory())
	return f, err
}

// metric returns the value of the counter with exactly these labels ("k=v" each), 0 when there is none.
func (r *running) metric(t testing.TB, name string, labels ...string) float64 {
	t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		t.Fatalf("gather metrics: %v", err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			have := make(map[string]bool)
			for _, l := range m.GetLabel() {
				have[l.GetName()+"="+l.GetValue()] = true
			}
			matches := len(have) == len(labels)
			for _, l := range labels {
				matches = matches && have[l]
			}
			if matches {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

// exposition is everything in the registry, for messages.
func (r *running) exposition(t testing.TB) string {
	t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		t.Fatalf("gather metrics: %v", err)
	}
	var b strings.Builder
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "weft_") {
			fmt.Fprintln(&b, f)
		}
	}
	return b.String()
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func writeFile(t testing.TB, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file.yaml")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func listening(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
