package topologyprocessor

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.uber.org/goleak"

	"weft/semconv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a sink that keeps what it is told, and fails while broken.
type recorder struct {
	mu         sync.Mutex
	broken     bool
	edges      []Edge
	tokens     []string
	reconciled []time.Time
	asked      []time.Time // of BucketsSince
	stored     []time.Time // what BucketsSince answers
	ofTraces   []time.Time // what BucketsOfTraces answers
	traces     int
	last       time.Time
	behind     time.Duration
}

func (r *recorder) AddEdges(_ context.Context, edges []Edge, token string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken {
		return errors.New("away")
	}
	if !slices.Contains(r.tokens, token) {
		r.edges = append(r.edges, edges...)
	}
	r.tokens = append(r.tokens, token)
	return nil
}

func (r *recorder) Reconcile(_ context.Context, buckets []time.Time) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken {
		return 0, errors.New("away")
	}
	r.reconciled = append(r.reconciled, buckets...)
	return len(buckets), nil
}

func (r *recorder) BucketsSince(_ context.Context, stored time.Time, _ int) ([]time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, stored)
	return r.stored, nil
}

func (r *recorder) BucketsOfTraces(_ context.Context, ids [][16]byte, _ int) ([]time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.traces += len(ids)
	return r.ofTraces, nil
}

func (r *recorder) LastEdges(context.Context) (time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken {
		return time.Time{}, errors.New("away")
	}
	return r.last, nil
}

func (r *recorder) Behind() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.behind
}

func (r *recorder) set(change func(*recorder)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r)
}

// told is a copy of what the sink was told.
func (r *recorder) told() (c struct {
	tokens            []string
	reconciled, asked []time.Time
	traces            int
}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.tokens, c.reconciled, c.asked, c.traces = slices.Clone(r.tokens), slices.Clone(r.reconciled), slices.Clone(r.asked), r.traces
	return c
}

func (r *recorder) calls() (n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.edges {
		n += e.Calls
	}
	return n
}

func started(t *testing.T, sink Sink, next consumer.Traces) *topology {
	t.Helper()
	p, err := newTopology(*defaultConfig().(*Config), componenttest.NewNopTelemetrySettings(), next, sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	return p
}

// userCall is a request with one server span of a user's call.
func userCall(at time.Time, id byte) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "web")
	s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	s.SetTraceID(pcommon.TraceID{1, id})
	s.SetSpanID(pcommon.SpanID{1})
	s.SetKind(ptrace.SpanKindServer)
	s.SetStartTimestamp(pcommon.NewTimestampFromTime(at))
	s.SetEndTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Millisecond)))
	return td
}

func TestContract(t *testing.T) {
	f := NewFactory(&recorder{})
	if err := componenttest.CheckConfigStruct(f.CreateDefaultConfig()); err != nil {
		t.Error(err)
	}
	processortest.VerifyShutdown(t, f, f.CreateDefaultConfig())
	p, err := f.CreateTraces(t.Context(), processortest.NewNopSettings(Type), f.CreateDefaultConfig(), consumertest.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if p.Capabilities().MutatesData {
		t.Error("want data only read")
	}
	for range 2 { // before Start, and twice
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := p.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// Everything in a request is passed on as it came, and counted within the flush interval.
func TestPassesOnAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, next := &recorder{}, &consumertest.TracesSink{}
		p := started(t, sink, next)
		td := userCall(time.Now(), 1)
		if err := p.ConsumeTraces(t.Context(), td); err != nil {
			t.Fatal(err)
		}
		if got := next.AllTraces(); len(got) != 1 || got[0] != td {
			t.Error("the request was not passed on as it was")
		}
		time.Sleep(p.cfg.FlushInterval + time.Millisecond)
		synctest.Wait()
		if got := sink.calls(); got != 1 {
			t.Errorf("got %d calls, want 1", got)
		}
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A request that was refused is sent again by its client, so it must not be counted before.
func TestRefusedIsNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &recorder{}
		p := started(t, sink, consumertest.NewErr(errors.New("full")))
		if err := p.ConsumeTraces(t.Context(), userCall(time.Now(), 1)); err == nil || err.Error() != "full" {
			t.Errorf("got %v, want the next component's error", err)
		}
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if got := sink.calls(); got != 0 {
			t.Errorf("got %d calls, want none", got)
		}
	})
}

// A sink that is away loses nothing: the block is kept and sent again under its token, what comes meanwhile goes into the next one.
func TestSinkAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &recorder{}
		p := started(t, sink, consumertest.NewNop())
		time.Sleep(2 * time.Second)
		sink.set(func(r *recorder) { r.broken = true })
		for i := range byte(5) {
			if err := p.ConsumeTraces(t.Context(), userCall(time.Now(), i)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
		}
		if sink.calls() != 0 {
			t.Fatal("a broken sink has edges")
		}
		sink.set(func(r *recorder) { r.broken = false })
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if got := sink.calls(); got != 5 || len(sink.told().tokens) != 2 || sink.told().tokens[0] == sink.told().tokens[1] {
			t.Errorf("got %d calls in blocks %v, want 5 in two", got, sink.told().tokens)
		}
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestShutdownWritesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &recorder{}
		p := started(t, sink, consumertest.NewNop())
		if err := p.ConsumeTraces(t.Context(), userCall(time.Now(), 1)); err != nil {
			t.Fatal(err)
		}
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if got := sink.calls(); got != 1 {
			t.Errorf("got %d calls, want 1", got)
		}
	})
}

// After a start the buckets that an earlier process may not have counted are reconciled: once the disk queue is stored, and once more
// when their windows are over.
func TestRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := time.Now().Add(-10 * time.Minute).Truncate(10 * time.Second)
		last := time.Now().Add(-5 * time.Minute)
		sink := &recorder{stored: []time.Time{old}, last: last, behind: time.Hour}
		p := started(t, sink, consumertest.NewNop())
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(sink.told().asked) != 0 {
			t.Fatal("reconciled while spans of before the start are not stored")
		}
		sink.set(func(r *recorder) { r.behind = time.Second })
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if len(sink.told().asked) != 1 || !sink.told().asked[0].Equal(last.Add(-2*p.cfg.Window)) {
			t.Fatalf("asked for spans since %v, want once, since two windows before the last edges", sink.told().asked)
		}
		if !slices.Equal(sink.told().reconciled, []time.Time{old.UTC()}) {
			t.Errorf("reconciled %v, want %v", sink.told().reconciled, old)
		}
		time.Sleep(3 * p.cfg.Window)
		synctest.Wait()
		if len(sink.told().asked) != 2 || len(sink.told().reconciled) != 2 {
			t.Errorf("asked %d times, reconciled %d, want twice", len(sink.told().asked), len(sink.told().reconciled))
		}
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A store without edges, new or made by an earlier version, is counted a day back.
func TestBackfill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &recorder{}
		began := time.Now()
		p := started(t, sink, consumertest.NewNop())
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if len(sink.told().asked) != 1 || !sink.told().asked[0].Equal(began.Add(-backfill)) {
			t.Errorf("asked for spans since %v, want since a day ago", sink.told().asked)
		}
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A span that is older than the window makes all buckets of its trace be reconciled.
func TestLateSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := time.Now().Add(-time.Hour).Truncate(10 * time.Second)
		sink := &recorder{ofTraces: []time.Time{at, at.Add(time.Minute)}, last: time.Now()}
		p := started(t, sink, consumertest.NewNop())
		time.Sleep(3 * time.Minute) // past the recoveries
		if err := p.ConsumeTraces(t.Context(), userCall(at, 1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if sink.told().traces != 1 || !slices.Equal(sink.told().reconciled, []time.Time{at.UTC(), at.Add(time.Minute).UTC()}) {
			t.Errorf("looked up %d traces, reconciled %v, want 1 and both its buckets", sink.told().traces, sink.told().reconciled)
		}
		// A failure is tried again.
		sink.set(func(r *recorder) { r.reconciled = nil })
		if err := p.ConsumeTraces(t.Context(), userCall(at, 2)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		sink.set(func(r *recorder) { r.broken = true })
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(sink.told().reconciled) != 0 {
			t.Fatal("a broken sink reconciled")
		}
		sink.set(func(r *recorder) { r.broken = false })
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(sink.told().reconciled) != 2 {
			t.Errorf("reconciled %v, want both buckets", sink.told().reconciled)
		}
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestExtract(t *testing.T) {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	make := func(kind ptrace.SpanKind, attrs map[string]any) {
		s := spans.AppendEmpty()
		s.SetKind(kind)
		if err := s.Attributes().FromRaw(attrs); err != nil {
			t.Fatal(err)
		}
	}
	make(ptrace.SpanKindClient, map[string]any{semconv.SpanCategory: "db", semconv.PeerName: "shop@db", "db.system.name": "postgresql", semconv.SpanMarks: int64(semconv.MarkRetry | 0xf0)})
	make(ptrace.SpanKindClient, map[string]any{semconv.SpanCategory: "db", semconv.PeerName: "redis", "db.system.name": "redis"})
	make(ptrace.SpanKindProducer, map[string]any{semconv.SpanCategory: "messaging", semconv.PeerName: "orders", "messaging.system": "kafka", "db.system.name": "x"})
	make(ptrace.SpanKindClient, map[string]any{semconv.SpanCategory: "faas", semconv.PeerName: "resize"})
	make(ptrace.SpanKindServer, map[string]any{semconv.SpanCategory: "server"})
	spans.At(4).Status().SetCode(ptrace.StatusCodeError)
	spans.At(4).SetStartTimestamp(7)
	spans.At(4).SetEndTimestamp(3) // before its start
	l := spans.At(4).Links().AppendEmpty()
	l.SetTraceID(pcommon.TraceID{5})
	l.SetSpanID(pcommon.SpanID{6})

	got := extractTraces(nil, td)
	want := []RawSpan{
		{Service: semconv.UnknownService, Kind: kindClient, category: categoryDatabase, peer: "shop@db", system: "postgresql", flags: semconv.MarkRetry},
		{Service: semconv.UnknownService, Kind: kindClient, category: categoryCache, peer: "redis", system: "redis"},
		{Service: semconv.UnknownService, Kind: kindProducer, peer: "orders", system: "kafka"},
		{Service: semconv.UnknownService, Kind: kindClient, category: categoryCall, peer: "resize"},
		{Service: semconv.UnknownService, Kind: kindServer, StartNS: 7, EndNS: 7, flags: flagFailed, Links: []RawLink{{pcommon.TraceID{5}, pcommon.SpanID{6}}}},
	}
	for i := range want {
		if g, w := got[i], want[i]; g.Service != w.Service || g.Kind != w.Kind || g.category != w.category || g.peer != w.peer ||
			g.system != w.system || g.flags != w.flags || g.StartNS != w.StartNS || g.EndNS != w.EndNS || !slices.Equal(g.Links, w.Links) {
			t.Errorf("span %d: got %+v, want %+v", i, g, w)
		}
	}
}

func BenchmarkConsume(b *testing.B) {
	p, err := newTopology(*defaultConfig().(*Config), componenttest.NewNopTelemetrySettings(), consumertest.NewNop(), &recorder{})
	if err != nil {
		b.Fatal(err)
	}
	const n = 512
	td := ptrace.NewTraces()
	for i := range n {
		if i%64 == 0 {
			rs := td.ResourceSpans().AppendEmpty()
			rs.Resource().Attributes().PutStr("service.name", "service-"+string(rune('a'+i/64)))
			rs.ScopeSpans().AppendEmpty()
		}
		s := td.ResourceSpans().At(i / 64).ScopeSpans().At(0).Spans().AppendEmpty()
		s.SetSpanID(spanID(uint64(i + 1)))
		s.SetParentSpanID(spanID(uint64(i / 2)))
		s.SetKind(ptrace.SpanKind(1 + i%4))
		for j := range 10 {
			s.Attributes().PutStr("an.attribute.of.usual.length."+string(rune('a'+j)), "value")
		}
		s.Attributes().PutStr(semconv.SpanCategory, "client")
		s.Attributes().PutStr(semconv.PeerName, "peer")
	}
	b.ReportAllocs()
	trace := uint64(0)
	for b.Loop() {
		trace++
		at := pcommon.NewTimestampFromTime(time.Now())
		for _, rs := range td.ResourceSpans().All() {
			for _, s := range rs.ScopeSpans().At(0).Spans().All() {
				s.SetTraceID(traceID(trace))
				s.SetStartTimestamp(at)
				s.SetEndTimestamp(at + 1000)
			}
		}
		raw, _ := p.raw.Get().(*[]RawSpan)
		if raw == nil {
			raw = new([]RawSpan)
		}
		*raw = extractTraces((*raw)[:0], td)
		p.observe(raw)
		if trace%100 == 0 {
			p.graph.take(true)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/span")
}
