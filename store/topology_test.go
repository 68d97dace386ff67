package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"weft/store"
)

func isInvalid(t *testing.T, err error, want string) {
	t.Helper()
	if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.Invalid || e.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestTopologyOfManyEdges(t *testing.T) {
	s := open(t)
	const n = 20_010
	edges := make([]store.Edge, n)
	for i := range edges {
		edges[i] = store.Edge{BucketUnix: shopTime.Unix(), Type: store.EdgeCall, Source: "api", Target: fmt.Sprint("s", i), Calls: int64(i + 1), Errors: 1,
			Latency: store.Histogram{900: int64(i + 1)}}
	}
	edges = append(edges, store.Edge{BucketUnix: shopTime.Unix(), Type: store.EdgeEntry, Target: "api", Calls: 7},
		store.Edge{BucketUnix: shopTime.Unix(), Type: store.EdgeExternal, Source: "api", Target: "came to nothing", Calls: 0, Errors: 1})
	if err := s.InsertEdges(t.Context(), edges, ""); err != nil {
		t.Fatal(err)
	}
	topo, err := s.Topology(t.Context(), store.TimeRange{From: shopTime, To: shopTime.Add(time.Second)})
	if err != nil || !topo.Folded || len(topo.Edges) != 20_002 {
		t.Fatalf("%d edges, %v", len(topo.Edges), err)
	}
	calls, failed, latency := map[store.EdgeType]int64{}, int64(0), int64(0)
	for _, e := range topo.Edges {
		calls[e.Type] += e.Calls
		failed += e.Errors
		latency += e.Latency.Count()
	}
	if calls[store.EdgeCall] != n*(n+1)/2 || calls[store.EdgeEntry] != 7 || failed != n || latency != n*(n+1)/2 {
		t.Errorf("totals: %v, %d errors, %d durations", calls, failed, latency)
	}
	i := slices.IndexFunc(topo.Edges, func(e store.TopologyEdge) bool { return e.Source == store.OtherNode })
	// The smallest 11 calls; the entry edge is smaller than some of them and folded, too.
	if i < 0 || topo.Edges[i].Type != store.EdgeCall || topo.Edges[i].Calls != 55 || topo.Edges[i].Errors != 10 {
		t.Errorf("the rest: %+v", topo.Edges[max(i, 0)])
	}
	for _, r := range []store.TimeRange{{From: shopTime.Add(10 * time.Second)}, {To: shopTime}} {
		if topo, err := s.Topology(t.Context(), r); err != nil || len(topo.Edges) != 0 {
			t.Errorf("%v: %d edges, %v", r, len(topo.Edges), err)
		}
	}
	if _, err := s.Topology(t.Context(), store.TimeRange{From: shopTime, To: shopTime.Add(-time.Second)}); true {
		isInvalid(t, err, "read topology: invalid: the time range ends before it starts")
	}
}

func TestTopologyServices(t *testing.T) {
	s := open(t)
	trace := shopTrace(1, shopTime, false)
	function := shopTrace(2, shopTime.Add(48*time.Hour), false)[:1]
	function[0].Service = "resize"
	function[0].Resource = &store.Resource{Attributes: store.Attributes{{Key: "faas.name", Value: store.StringValue("resize")}, {Key: "service.name", Value: store.StringValue("resize")}}}
	insert(t, s, "", append(trace, function...)...)
	is := func(from, to time.Duration, services, functions []string) {
		t.Helper()
		topo, err := s.Topology(t.Context(), store.TimeRange{From: shopTime.Add(from), To: shopTime.Add(to)})
		if err != nil || !slices.Equal(topo.Services, services) || !slices.Equal(topo.Functions, functions) {
			t.Errorf("%v to %v: got %+v, %v", from, to, topo, err)
		}
	}
	is(0, time.Hour, []string{"cart", "web"}, nil)
	is(47*time.Hour, 49*time.Hour, []string{"resize"}, []string{"resize"})
	is(-time.Hour, 49*time.Hour, []string{"cart", "resize", "web"}, []string{"resize"})
	topo, err := s.TopologyOf(t.Context(), store.TraceQuery{Where: store.Predicate{Field: store.FieldService, Value: store.StringValue("resize")}})
	if err != nil || !slices.Equal(topo.Services, []string{"resize"}) || !slices.Equal(topo.Functions, []string{"resize"}) || topo.Traces != 1 || topo.Spans != 1 || len(topo.Edges) != 1 {
		t.Errorf("of one trace: %+v, %v", topo, err)
	}
}

func TestTopologyOfTooManyTraces(t *testing.T) {
	s := open(t)
	spans := make([]store.Span, 10_001)
	for i := range spans {
		spans[i] = store.Span{TraceID: store.TraceID{1, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}, SpanID: store.SpanID{1}, Service: "a", Kind: store.KindServer,
			StartNS: shopTime.UnixNano() + int64(i)*1e6}
	}
	insert(t, s, "", spans...)
	_, err := s.TopologyOf(t.Context(), store.TraceQuery{})
	isInvalid(t, err, "compute topology: invalid: more than 10000 traces or 1000000 spans match: narrow the filter or the time range")
	topo, err := s.TopologyOf(t.Context(), store.TraceQuery{Range: store.TimeRange{From: shopTime.Add(time.Millisecond)}})
	if err != nil || topo.Traces != 10_000 || len(topo.Edges) != 1 || topo.Edges[0].Calls != 10_000 {
		t.Errorf("of 10 000 traces: %+v, %v", topo, err)
	}
}

func TestReconcileByTwoAtOnce(t *testing.T) {
	s := open(t)
	spans := tangle(rand.New(rand.NewPCG(9, 9)), 30)
	insert(t, s, "", spans...)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if _, err := s.ReconcileEdges(t.Context(), bucketsOf(spans)); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	compareEdges(t, "by two", storedEdges(t, s, "edges"), referenceEdges(spans, all))
}

func TestEdgeBucketRefusals(t *testing.T) {
	s := open(t)
	_, err := s.ReconcileEdges(t.Context(), make([]time.Time, 100_001))
	isInvalid(t, err, "reconcile edges: invalid: want at most 100000 buckets, got 100001")
	_, err = s.ReconcileEdges(t.Context(), []time.Time{{}})
	isInvalid(t, err, "reconcile edges: invalid: want buckets between 1900-01-02 and 2262-01-01, got 0001-01-01 00:00:00 +0000 UTC")
	_, err = s.EdgeBucketsSince(t.Context(), shopTime, 0)
	isInvalid(t, err, "list edge buckets: invalid: limit: want 1 to 100000, got 0")
	_, err = s.EdgeBucketsOfTraces(t.Context(), nil, 100_001)
	isInvalid(t, err, "list edge buckets of traces: invalid: limit: want 1 to 100000, got 100001")
	if n, err := s.ReconcileEdges(t.Context(), nil); n != 0 || err != nil {
		t.Errorf("no buckets: %d, %v", n, err)
	}
	if n, err := s.ReconcileEdges(t.Context(), []time.Time{shopTime}); n != 0 || err != nil {
		t.Errorf("an empty bucket: %d, %v", n, err)
	}
}
