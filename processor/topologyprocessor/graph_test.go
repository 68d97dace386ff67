package topologyprocessor

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"weft/semconv"
)

var testNow = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func testLimits() limits {
	cfg := defaultConfig().(*Config)
	return cfg.limits()
}

// feed gives the graph spans one after another, at one moment.
func feed(g *graph, now time.Time, spans ...RawSpan) {
	for i := range spans {
		g.tick(now)
		s := g.span(&spans[i])
		g.observe(&s)
	}
}

func traceID(n uint64) (id [16]byte) {
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}

func spanID(n uint64) (id [8]byte) {
	binary.BigEndian.PutUint64(id[:], n)
	return id
}

// randomTraces makes traces with everything that the definition tells apart, and much that nobody should send: cycles, two roots,
// parents and link targets that are not there, ids with two halves.
func randomTraces(r *rand.Rand, traces int) []RawSpan {
	services := []string{"web", "cart", "pay", "mail"}
	var all []RawSpan
	for t := range traces {
		n := 1 + r.IntN(12)
		for i := range n {
			s := RawSpan{
				Trace: traceID(uint64(t + 1)), ID: spanID(uint64(i + 1)), Service: services[r.IntN(len(services))], Kind: uint8(r.IntN(6)),
				StartNS: testNow.UnixNano() - r.Int64N(25e9), category: categoryOther,
			}
			s.EndNS = s.StartNS + r.Int64N(3e9)
			if i > 0 || r.IntN(10) == 0 {
				s.Parent = spanID(uint64(r.IntN(n+1) + 1)) // may be itself, behind it, or missing
				if s.Parent == s.ID {
					s.Parent = spanID(0)
				}
			}
			if r.IntN(4) == 0 {
				s.flags |= flagFailed
			}
			if r.IntN(2) == 0 {
				s.flags |= uint8(r.IntN(8)) // marks
			}
			if r.IntN(3) > 0 {
				s.peer = fmt.Sprintf("peer-%d", r.IntN(3))
				s.category = category(r.IntN(4))
				s.system = []string{"", "postgresql", "kafka"}[r.IntN(3)]
			}
			for range r.IntN(3) * r.IntN(2) {
				s.Links = append(s.Links, RawLink{traceID(uint64(r.IntN(traces+1) + 1)), spanID(uint64(r.IntN(12) + 1))})
			}
			all = append(all, s)
		}
	}
	return all
}

// TestAnyOrder is the property that everything rests on: whatever the order of arrival and however often a span is sent, what is counted
// is what the definition says of the set of spans.
func TestAnyOrder(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		spans := randomTraces(r, 1+r.IntN(20))
		want := reference(spans)
		for range 4 {
			sent := slices.Clone(spans)
			for range len(spans) / 5 {
				sent = append(sent, spans[r.IntN(len(spans))])
			}
			r.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
			g := newGraph(testLimits(), testNow)
			var edges []Edge
			for i := range sent { // written now and then, so that an external call may be counted before its answer comes
				feed(g, testNow.Add(time.Duration(i)*100*time.Millisecond), sent[i])
				if i%7 == 0 {
					g.tick(testNow.Add(time.Duration(i) * 100 * time.Millisecond))
					g.settle()
					edges = append(edges, g.take(false)...)
				}
			}
			g.settleAll()
			edges = append(edges, g.take(true)...)
			if d := difference(counted(edges), want); d != "" {
				t.Fatalf("seed %d:\n%s", seed, d)
			}
		}
	}
}

// Two halves of one id: when the client's half comes first with children, they are taken for its own, and the trace is marked.
func TestSharedIDs(t *testing.T) {
	g := newGraph(testLimits(), testNow)
	start := testNow.UnixNano()
	client := RawSpan{Trace: traceID(1), ID: spanID(1), Service: "web", Kind: kindClient, StartNS: start, EndNS: start + 5, peer: "shop", category: categoryCall}
	server := RawSpan{Trace: traceID(1), ID: spanID(1), Service: "shop", Kind: kindServer, Parent: spanID(9), StartNS: start, EndNS: start + 4}
	parent := RawSpan{Trace: traceID(1), ID: spanID(9), Service: "web", Kind: kindServer, StartNS: start, EndNS: start + 9}
	feed(g, testNow, client, server, parent, client, server)
	g.settleAll()
	edges := g.take(true)
	if d := difference(counted(edges), reference([]RawSpan{client, server, parent})); d != "" {
		t.Error(d)
	}
	if g.stats.duplicates != 2 {
		t.Errorf("got %d duplicates, want 2", g.stats.duplicates)
	}
	if _, ok := g.dirty.traces[traceID(1)]; !ok {
		t.Error("the trace is not marked")
	}
}

func TestExternalIsTakenBack(t *testing.T) {
	g := newGraph(testLimits(), testNow)
	start := testNow.UnixNano()
	client := RawSpan{Trace: traceID(1), ID: spanID(1), Service: "web", Kind: kindClient, StartNS: start, EndNS: start + 7, peer: "shop.example", category: categoryCall, flags: flagFailed}
	feed(g, testNow, client)
	g.settle()
	if got := g.take(true); len(got) != 0 {
		t.Fatalf("within the grace period: got %+v, want nothing", got)
	}
	g.tick(testNow.Add(time.Second))
	g.settle()
	got := g.take(true)
	if len(got) != 1 || got[0].Type != semconv.EdgeExternal || got[0].Calls != 1 || got[0].Errors != 1 {
		t.Fatalf("after it: got %+v, want one failed external call", got)
	}
	feed(g, testNow.Add(2*time.Second), RawSpan{Trace: traceID(1), ID: spanID(2), Parent: spanID(1), Service: "shop", Kind: kindServer, StartNS: start, EndNS: start + 3})
	got = g.take(true)
	slices.SortFunc(got, func(a, b Edge) int { return int(a.Type) - int(b.Type) })
	if len(got) != 2 || got[0].Type != semconv.EdgeCall || got[0].Calls != 1 || got[1].Calls != -1 || got[1].Errors != -1 || got[1].DurationNS != -7 {
		t.Fatalf("after the answer: got %+v, want a call and the external one taken back", got)
	}
}

// Counts are written at once, histograms when their ten seconds are over, or when a clock is so wrong that nobody can wait for it.
func TestHistogramsAreWrittenOnce(t *testing.T) {
	g := newGraph(testLimits(), testNow)
	at := testNow.Truncate(10 * time.Second)
	call := func(id uint64, start time.Time) {
		feed(g, g.now, RawSpan{Trace: traceID(id), ID: spanID(1), Service: "web", Kind: kindServer, StartNS: start.UnixNano(), EndNS: start.UnixNano() + 100})
	}
	take := func(now time.Time) []Edge {
		g.tick(now)
		return g.take(false)
	}
	is := func(what string, got []Edge, calls int64, latencies int) {
		t.Helper()
		if len(got) != 1 || got[0].Calls != calls || len(got[0].Latency) != latencies {
			t.Errorf("%s: got %+v, want %d calls and %d buckets", what, got, calls, latencies)
		}
	}
	call(1, at)
	call(2, at)
	is("at once", take(at.Add(time.Second)), 2, 0)
	if got := take(at.Add(2 * time.Second)); len(got) != 0 {
		t.Errorf("nothing new: got %+v", got)
	}
	call(3, at)
	is("later", take(at.Add(5*time.Second)), 1, 0)
	if got := take(at.Add(11 * time.Second)); len(got) != 0 {
		t.Errorf("not closed yet: got %+v", got)
	}
	closed := take(at.Add(12 * time.Second))
	is("closed", closed, 0, 1)
	if n := closed[0].Latency[semconv.LatencyBucket(100)]; n != 3 {
		t.Errorf("histogram: got %d, want all 3 calls", n)
	}
	if len(g.edges) != 0 {
		t.Errorf("%d edges are left", len(g.edges))
	}
	call(4, at)
	is("late", take(at.Add(13*time.Second)), 1, 1)
	call(5, at.Add(time.Hour))
	is("ahead", take(at.Add(14*time.Second)), 1, 1)
	call(6, at.Add(20*time.Second))
	take(at.Add(20 * time.Second))
	is("all", g.take(true), 0, 1)
}

func TestWindow(t *testing.T) {
	g := newGraph(testLimits(), testNow)
	start := testNow.UnixNano()
	child := RawSpan{Trace: traceID(1), ID: spanID(2), Parent: spanID(1), Service: "shop", Kind: kindServer, StartNS: start, EndNS: start + 3}
	feed(g, testNow, child)
	g.tick(testNow.Add(time.Minute))
	if g.open() != 2 {
		t.Fatalf("after one window: %d spans open, want the child and its parent's place", g.open())
	}
	g.tick(testNow.Add(2 * time.Minute))
	if g.open() != 0 || g.stats.unpaired != 1 {
		t.Fatalf("after two: %d spans open, %d unpaired, want 0 and 1", g.open(), g.stats.unpaired)
	}
	if len(g.dirty.buckets) != 1 {
		t.Errorf("got %d marked buckets, want the child's", len(g.dirty.buckets))
	}
	// What is older than the window marks its trace.
	feed(g, testNow.Add(2*time.Minute), RawSpan{Trace: traceID(1), ID: spanID(1), Service: "web", Kind: kindClient, StartNS: start, EndNS: start + 9})
	if _, ok := g.dirty.traces[traceID(1)]; !ok || g.stats.late != 1 {
		t.Errorf("late: got %d, trace marked %v, want 1 and true", g.stats.late, ok)
	}
}

// Memory is bounded by max_spans; what that costs is counted and marked.
func TestMaxSpans(t *testing.T) {
	l := testLimits()
	l.maxSpans = 1000
	g := newGraph(l, testNow)
	for i := range uint64(5000) {
		feed(g, testNow, RawSpan{Trace: traceID(i + 1), ID: spanID(2), Parent: spanID(1), Service: "shop", Kind: kindServer, StartNS: testNow.UnixNano()})
		if g.open() > 1000 {
			t.Fatalf("%d spans open, want at most 1000", g.open())
		}
	}
	// Of the 10 000 spans and places of parents, 500 twice may stay.
	if g.stats.evicted < 9000 || g.stats.evicted > 9500 || g.stats.unpaired != g.stats.evicted/2 {
		t.Errorf("got %d evicted, %d unpaired, want 9000 to 9500 and half of that", g.stats.evicted, g.stats.unpaired)
	}
	if len(g.dirty.buckets) != 1 {
		t.Errorf("got %d marked buckets, want 1", len(g.dirty.buckets))
	}
}

func TestMaxEdges(t *testing.T) {
	l := testLimits()
	l.maxEdges = 100
	g := newGraph(l, testNow)
	for i := range uint64(300) {
		feed(g, testNow, RawSpan{Trace: traceID(i + 1), ID: spanID(1), Service: fmt.Sprintf("service-%d", i), Kind: kindServer, StartNS: testNow.UnixNano()})
	}
	if got := g.take(true); len(got) != 100 || g.stats.edgesOver != 200 || len(g.dirty.buckets) != 1 {
		t.Errorf("got %d edges, %d over, %d marked buckets, want 100, 200, 1", len(got), g.stats.edgesOver, len(g.dirty.buckets))
	}
}

// A flood of names clears the state; edges that were counted keep their names.
func TestMaxNames(t *testing.T) {
	l := testLimits()
	l.maxNames = 1000
	l.maxSpans = 2000
	g := newGraph(l, testNow)
	var edges []Edge
	for i := range uint64(10_000) {
		feed(g, testNow, RawSpan{Trace: traceID(i + 1), ID: spanID(1), Service: fmt.Sprintf("service-%d", i), Kind: kindServer, StartNS: testNow.UnixNano()})
	}
	edges = append(edges, g.take(true)...)
	if g.stats.resets == 0 || g.names.len() > 3000 {
		t.Errorf("got %d resets, %d names, want some and at most 3000", g.stats.resets, g.names.len())
	}
	seen := map[string]bool{}
	for _, e := range edges {
		if seen[e.Target] || e.Calls != 1 {
			t.Fatalf("%s: counted %d times", e.Target, e.Calls)
		}
		seen[e.Target] = true
	}
	if len(seen) != 10_000 {
		t.Errorf("got %d services, want 10000", len(seen))
	}
}

func TestDirt(t *testing.T) {
	l := testLimits()
	l.maxDirtyBuckets, l.maxLateTraces = 2, 1
	d := newDirt(l)
	at := testNow.Add(-time.Hour)
	d.bucket(at.UnixNano(), testNow)
	d.bucket(at.Add(3*time.Second).UnixNano(), testNow) // the same ten seconds
	d.bucket(testNow.UnixNano(), testNow)
	d.bucket(at.Add(-time.Hour).UnixNano(), testNow)
	if len(d.buckets) != 2 || d.lost != 1 {
		t.Errorf("got %d buckets, %d lost, want 2 and 1", len(d.buckets), d.lost)
	}
	if got := d.takeBuckets(testNow, 10); len(got) != 0 {
		t.Errorf("at once: got %v, want none", got)
	}
	d.bucket(at.UnixNano(), testNow.Add(4*time.Second))
	if got := d.takeBuckets(testNow.Add(6*time.Second), 10); len(got) != 0 {
		t.Errorf("marked again a moment ago: got %v, want none", got)
	}
	if got := d.takeBuckets(testNow.Add(9*time.Second), 10); !slices.Equal(got, []int64{at.Unix() - at.Unix()%10}) {
		t.Errorf("left alone: got %v, want the old bucket", got)
	}
	if got := d.takeBuckets(testNow.Add(2*time.Minute), 10); len(got) != 1 {
		t.Errorf("when its window is over: got %v, want the other one", got)
	}
	for _, want := range []bool{true, true} { // the same one again is no other one
		if got := d.trace(traceID(1), testNow); got != want {
			t.Errorf("trace: got %v, want %v", got, want)
		}
	}
	if d.trace(traceID(2), testNow) {
		t.Error("a second trace: want it refused")
	}
	if got := d.takeTraces(testNow, 10); got != nil {
		t.Errorf("at once: got %v, want none", got)
	}
	if got := d.takeTraces(testNow.Add(settleAfter), 10); len(got) != 1 || len(d.traces) != 0 {
		t.Errorf("got %v, want the trace", got)
	}
}

func BenchmarkGraph(b *testing.B) {
	for _, perTrace := range []int{1, 24, 200} {
		b.Run(fmt.Sprintf("trace=%d", perTrace), func(b *testing.B) {
			g := newGraph(testLimits(), testNow)
			r := rand.New(rand.NewPCG(1, 2))
			services := make([]string, 40)
			for i := range services {
				services[i] = fmt.Sprintf("service-%02d", i)
			}
			spans := make([]RawSpan, perTrace)
			for i := range spans {
				spans[i] = RawSpan{ID: spanID(uint64(i + 1)), Parent: spanID(uint64(i/2 + 1)), Service: services[r.IntN(40)], Kind: uint8(1 + r.IntN(3)), StartNS: testNow.UnixNano(), EndNS: testNow.UnixNano() + r.Int64N(1e8)}
			}
			spans[0].Parent = spanID(0)
			n := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				n++
				for i := range spans {
					spans[i].Trace = traceID(n)
				}
				feed(g, testNow, spans...)
				if n%1000 == 0 {
					g.take(true)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*perTrace), "ns/span")
		})
	}
}
