package collector

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/status"

	"weft/semconv"
	"weft/store"
)

// blocks is a store that counts rows. mu guards stored and away.
type blocks struct {
	noEdges
	mu     sync.Mutex
	stored int
	away   bool
}

func (b *blocks) InsertSpans(_ context.Context, batch *store.SpanBatch, _ string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		return &store.Error{Op: "insert spans", Kind: store.Unavailable}
	}
	b.stored += batch.Rows()
	return nil
}

func (b *blocks) InsertLogs(context.Context, *store.LogBatch, string) error       { return nil }
func (b *blocks) InsertMetrics(context.Context, *store.MetricBatch, string) error { return nil }

// startWith runs the collector with its own exporter into st.
func startWith(t testing.TB, st Store, opt options, pdataOnly bool) *running {
	t.Helper()
	r := &running{addr: freeAddresses(t), reg: prometheus.NewPedanticRegistry(), log: &lockedBuffer{}}
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	set := r.settings(t, opt, func() { close(ready) })
	set.Store, set.pdataOnly = st, pdataOnly
	go func() { done <- Run(ctx, set) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatalf("run: %v", err)
	}
	r.stop = sync.OnceValue(func() error { cancel(); return <-done })
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

// cleanTraces have nothing to mend; each has an id of its own.
func cleanTraces(first, n int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i := range n {
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{1, 2, byte(first >> 8), byte(first)})
		span.SetSpanID(pcommon.SpanID{1, byte(first >> 8), byte(first), byte(i + 1)})
		span.SetName("GET /cart")
		span.SetKind(ptrace.SpanKindServer)
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		span.SetEndTimestamp(span.StartTimestamp() + 1_000_000)
		span.Attributes().PutStr("http.request.method", "GET")
	}
	return td
}

// sendBothProtocols sends ordinary, mendable, refusable and malformed requests in every encoding.
func sendBothProtocols(t *testing.T, r *running) {
	t.Helper()
	conn := dial(t, r.addr["WEFT_OTLP_GRPC"])
	url := "http://" + r.addr["WEFT_OTLP_HTTP"] + "/v1/traces"
	next := 0
	for _, change := range []func(ptrace.Span){
		func(ptrace.Span) {},
		func(s ptrace.Span) { s.Attributes().PutStr("http.status_code", "200") },
		func(s ptrace.Span) { s.SetSpanID(pcommon.SpanID{}) },
		func(s ptrace.Span) { s.SetName("\xff") },
	} {
		make := func() ptraceotlp.ExportRequest {
			next++
			td := cleanTraces(next, 3)
			change(td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(1))
			return ptraceotlp.NewExportRequestFromTraces(td)
		}
		for _, opts := range [][]grpc.CallOption{nil, {grpc.UseCompressor("gzip")}} {
			if _, err := ptraceotlp.NewGRPCClient(conn).Export(t.Context(), make(), opts...); err != nil {
				t.Error(err)
			}
		}
		raw, err := make().MarshalProto()
		if err := post(t, url, "application/x-protobuf", "", raw, err); err != nil {
			t.Error(err)
		}
		raw, err = make().MarshalJSON()
		if err := post(t, url, "application/json", "", raw, err); err != nil {
			t.Error(err)
		}
		raw, err = make().MarshalProto()
		if err != nil {
			t.Fatal(err)
		}
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		if _, err := w.Write(raw); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, &zipped)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-protobuf")
		req.Header.Set("Content-Encoding", "gzip")
		if err := do(t, req); err != nil {
			t.Error(err)
		}
	}
	if err := post(t, url, "application/x-protobuf", "", []byte("no request"), nil); err == nil {
		t.Error("HTTP: what is no request was taken")
	}
	raw := []byte("no request")
	err := conn.Invoke(t.Context(), "/opentelemetry.proto.collector.trace.v1.TraceService/Export", raw, new([]byte), grpc.ForceCodec(rawCodec{}))
	if status.Code(err) != codes.Internal {
		t.Errorf("gRPC: what is no request got %v", err)
	}
}

// counts is every counter in the registry, but for those of time, bytes and the one that says which way a request went.
func (r *running) counts(t *testing.T) map[string]float64 {
	t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		if f.GetName() == semconv.MetricWire || strings.Contains(f.GetName(), "process_") || strings.Contains(f.GetName(), "bytes") || strings.Contains(f.GetName(), "edges") {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetCounter() == nil {
				continue
			}
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			all[f.GetName()+fmt.Sprint(labels)] = m.GetCounter().GetValue()
		}
	}
	return all
}

// What a client can tell, what is stored and every counter are the same whichever way requests go.
func TestWireCounts(t *testing.T) {
	got := map[bool]map[string]float64{}
	for _, pdataOnly := range []bool{true, false} {
		st := &blocks{}
		r := startWith(t, st, options{}, pdataOnly)
		sendBothProtocols(t, r)
		const stored = 4*5*3 - 5 // a span of each request that has one without an id is refused
		r.waitMetric(t, stored, semconv.MetricStored, "signal=traces")
		r.waitMetric(t, stored, semconv.MetricTopologySpans)
		got[pdataOnly] = r.counts(t)
		wire := r.metric(t, semconv.MetricWire, "receiver=otlp", "signal=traces")
		if want := map[bool]float64{true: 0, false: 4 * 3}[pdataOnly]; wire != want { // JSON goes through pdata
			t.Errorf("%v spans went past pdata, want %v", wire, want)
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		st.mu.Lock()
		if st.stored != stored {
			t.Errorf("stored %d spans, want %d", st.stored, stored)
		}
		st.mu.Unlock()
	}
	if !maps.Equal(got[true], got[false]) {
		for _, name := range slices.Sorted(maps.Keys(got[true])) {
			if got[true][name] != got[false][name] {
				t.Errorf("%s: %v through pdata, %v past it", name, got[true][name], got[false][name])
			}
		}
		for name := range got[false] {
			if _, ok := got[true][name]; !ok {
				t.Errorf("%s: only past pdata", name)
			}
		}
	}
	if len(got[true]) < 15 {
		t.Errorf("only %d counters were compared", len(got[true]))
	}
}

// A queue that is full refuses for now, with a delay, whichever way requests go.
func TestWireFullQueue(t *testing.T) {
	for _, pdataOnly := range []bool{true, false} {
		st := &blocks{away: true}
		file := writeFile(t, strings.Replace(defaultYAML, "weft_store:\n", "weft_store: {max_bytes: 1048576, segment_bytes: 65536, drain_timeout: 0s}\n", 1))
		r := startWith(t, st, options{configFile: file}, pdataOnly)
		conn := dial(t, r.addr["WEFT_OTLP_GRPC"])
		var err error
		sent := 0
		for ; err == nil && sent < 1000; sent++ {
			err = exportGRPC(t, r.addr["WEFT_OTLP_GRPC"], cleanTraces(sent, 200))
		}
		if details := status.Convert(err).Details(); status.Code(err) != codes.Unavailable || len(details) != 1 {
			t.Errorf("after %d requests: %v with %v, want UNAVAILABLE with a delay", sent, err, details)
		}
		if got := r.metric(t, semconv.MetricRefused, "reason="+semconv.ReasonQueueFull, "signal=traces"); got != 200 {
			t.Errorf("%s: %v\n%s", semconv.MetricRefused, got, r.exposition(t))
		}
		if got := r.metric(t, semconv.MetricWire, "receiver=otlp", "signal=traces"); (got > 0) == pdataOnly {
			t.Errorf("%v spans went past pdata", got)
		}
		conn.Close()
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	}
}
