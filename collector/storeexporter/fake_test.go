package storeexporter

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"

	"weft/store"
)

var (
	errAway    = &store.Error{Op: "insert spans", Kind: store.Unavailable, Err: errors.New("dial: refused")}
	errInvalid = &store.Error{Op: "insert spans", Kind: store.Invalid, Err: errors.New("poison")}
)

// fakeStore keeps span ids and, like the real one, forgets a token's repetitions.
type fakeStore struct {
	mu     sync.Mutex
	tokens []string // of the inserts that stored something, in order
	ids    map[uint64]int
	calls  int
	// answer, when set, decides about an insert before it is stored.
	answer func(token string, ids []uint64) error
}

func newFakeStore() *fakeStore { return &fakeStore{ids: map[uint64]int{}} }

func (s *fakeStore) insert(ctx context.Context, token string, ids []uint64) error {
	s.mu.Lock()
	answer := s.answer
	s.calls++
	s.mu.Unlock()
	if answer != nil {
		if err := answer(token, ids); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.tokens, token) {
		return nil
	}
	s.tokens = append(s.tokens, token)
	for _, id := range ids {
		s.ids[id]++
	}
	return ctx.Err()
}

func (s *fakeStore) setAnswer(f func(token string, ids []uint64) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// missing returns how many of the ids 1 to n are not there exactly once.
func (s *fakeStore) missing(n uint64) (missing, twice int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := uint64(1); id <= n; id++ {
		switch {
		case s.ids[id] == 0:
			missing++
		case s.ids[id] > 1:
			twice++
		}
	}
	return missing, twice
}

func (s *fakeStore) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ids)
}

func (s *fakeStore) storedTokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tokens)
}

// fakeBlock is a block of span ids.
type fakeBlock struct {
	store *fakeStore
	ids   []uint64
	size  int
}

func (b *fakeBlock) add(data spans, lo, hi int) {
	add := func(s *store.Span) {
		b.ids = append(b.ids, s.SpanID.Uint64())
		b.size += 300 + len(s.Name)
	}
	if data.request == nil {
		var c spanConverter
		c.convert(data.td, lo, hi, add)
		return
	}
	for i := lo; i < hi; i++ {
		add(&data.request.spans[i])
	}
}
func (b *fakeBlock) rows() int  { return len(b.ids) }
func (b *fakeBlock) bytes() int { return b.size }
func (b *fakeBlock) reset()     { b.ids, b.size = b.ids[:0], 0 }
func (b *fakeBlock) insert(ctx context.Context, token string) error {
	return b.store.insert(ctx, token, b.ids)
}

// request is a client's request with the spans from id first on; id 0 does not exist.
func request(first uint64, spans int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "checkout")
	ss := rs.ScopeSpans().AppendEmpty()
	for i := range spans {
		s := ss.Spans().AppendEmpty()
		var id pcommon.SpanID
		binary.BigEndian.PutUint64(id[:], first+uint64(i))
		s.SetSpanID(id)
		s.SetTraceID(pcommon.TraceID{1, 2, 3})
		s.SetName("GET /cart")
		s.SetStartTimestamp(1_700_000_000_000_000_000)
		s.SetEndTimestamp(1_700_000_000_001_000_000)
		s.Attributes().PutStr("http.request.method", "GET")
		s.Attributes().PutInt("http.response.status_code", 200)
	}
	return td
}

// harness is a traces pipeline into a fakeStore.
type harness struct {
	*pipeline[spans]
	t     *testing.T
	tel   *componenttest.Telemetry
	store *fakeStore
	tried atomic.Int64 // requests
}

// testConfig is small and quick.
func testConfig(t testing.TB) *Config {
	cfg := defaultConfig().(*Config)
	cfg.Directory = t.TempDir()
	cfg.FlushInterval, cfg.InFlight = 10*time.Millisecond, 2
	cfg.RetryInitial, cfg.RetryMax = time.Millisecond, 5*time.Millisecond
	return cfg
}

func newHarness(t *testing.T, cfg *Config, s *fakeStore) *harness {
	t.Helper()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	tel := componenttest.NewTelemetry()
	sig := traces
	sig.newBlock = func(Inserter) block[spans] { return &fakeBlock{store: s} }
	p, err := newPipeline(cfg, tel.NewTelemetrySettings(), sig, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &harness{pipeline: p, t: t, tel: tel, store: s}
}

// start starts it and stops it at the end of the test, when no goroutine may be left.
func (h *harness) start() *harness {
	h.t.Helper()
	before := goleak.IgnoreCurrent()
	if err := h.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		h.stop()
		if err := h.tel.Shutdown(context.Background()); err != nil {
			h.t.Error(err)
		}
		goleak.VerifyNone(h.t, before)
	})
	return h
}

func (h *harness) stop() {
	h.t.Helper()
	if err := h.Shutdown(context.Background()); err != nil {
		h.t.Error(err)
	}
}

// try makes every second request one that has not become pdata.
func (h *harness) try(td ptrace.Traces) error {
	h.t.Helper()
	data := spans{td: td}
	if h.tried.Add(1)%2 == 0 {
		ctx, _, err := pastPdata(context.Background(), td)
		if err != nil {
			h.t.Fatal(err)
		}
		data = spans{request: requestOf(ctx)}
	}
	return h.consume(context.Background(), data)
}

func (h *harness) send(first uint64, n int) {
	h.t.Helper()
	if err := h.try(request(first, n)); err != nil {
		h.t.Fatal(err)
	}
}

// eventually waits for a condition that something else brings about.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if f() {
			return
		}
	}
	t.Fatalf("never happened: %s", what)
}

func (h *harness) wantExactly(n uint64) {
	h.t.Helper()
	if missing, twice := h.store.missing(n); missing != 0 || twice != 0 {
		h.t.Errorf("of %d acknowledged spans %d are missing and %d are there twice", n, missing, twice)
	}
}

func (h *harness) waitFor(n uint64) {
	h.t.Helper()
	eventually(h.t, fmt.Sprintf("%d spans stored", n), func() bool {
		missing, _ := h.store.missing(n)
		return missing == 0
	})
	h.wantExactly(n)
}

// counter is the value of a counter for a reason; "" for one without reasons.
func (h *harness) counter(name, reason string) int64 {
	h.t.Helper()
	m, err := h.tel.GetMetric(name)
	if err != nil {
		return 0
	}
	sum, ok := m.Data.(metricdata.Sum[int64])
	if !ok {
		h.t.Fatalf("%s is no counter but %T", name, m.Data)
	}
	n := int64(0)
	for _, p := range sum.DataPoints {
		if v, _ := p.Attributes.Value("reason"); v.AsString() == reason {
			n += p.Value
		}
	}
	return n
}

func (h *harness) gauge(name string) float64 {
	h.t.Helper()
	m, err := h.tel.GetMetric(name)
	if err != nil {
		h.t.Fatal(err)
	}
	switch g := m.Data.(type) {
	case metricdata.Gauge[int64]:
		return float64(g.DataPoints[0].Value)
	case metricdata.Gauge[float64]:
		return g.DataPoints[0].Value
	}
	h.t.Fatalf("%s is no gauge but %T", name, m.Data)
	return 0
}

var _ component.Component = (*harness)(nil)
