package web

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/semconv"
	"weft/store"
)

// durations is a histogram of n durations.
func durations(n int64, d time.Duration) store.Counts {
	return store.Counts{{Bucket: semconv.LatencyBucket(int64(d)), Count: n}}
}

// sampleTopology is user -> api -> billing -> (database, queue -> mail), api -> pay.example, and a service alone.
func sampleTopology() *store.Topology {
	ms := time.Millisecond
	return &store.Topology{
		Edges: []store.TopologyEdge{
			{Type: store.EdgeCall, Source: "api", Target: "billing", Calls: 100, Errors: 10, ColdStarts: 3, Retries: 2, DurationNS: int64(100 * 20 * ms), Latency: durations(100, 20*ms)},
			{Type: store.EdgeDatabase, Source: "billing", Target: "shop@db", Via: "postgresql", Calls: 300, Errors: 2, DurationNS: int64(300 * ms), Latency: durations(300, ms)},
			{Type: store.EdgeExternal, Source: "api", Target: "pay.example", Calls: 50, Errors: 1, DurationNS: int64(50 * ms), Latency: durations(50, ms)},
			{Type: store.EdgePublish, Source: "billing", Target: "mails", Via: "nats", Calls: 40, DeadLetters: 1, Latency: durations(40, ms)},
			{Type: store.EdgeConsume, Source: "mails", Target: "mail", Via: "nats", Calls: 39, Latency: durations(39, ms)},
			{Type: store.EdgeAsync, Source: "billing", Target: "mail", Via: "mails", Calls: 39, Latency: durations(39, ms), QueueAge: durations(39, time.Second)},
			{Type: store.EdgeEntry, Target: "api", Calls: 200, Errors: 2, Latency: durations(200, 40*ms)},
			{Type: store.EdgeLink, Source: "mail", Target: "api", Calls: 5, Latency: durations(5, ms)},
		},
		Services: []string{"alone", "api", "billing", "mail"}, Functions: []string{"mail"},
	}
}

func nodesOf(t topology) string {
	var text strings.Builder
	for _, n := range t.Nodes {
		fmt.Fprintf(&text, "%s %s %d/%d %s\n", n.ID, n.Kind, n.Errors, n.Calls, n.Health)
	}
	return text.String()
}

func edgesOf(t topology) string {
	var text strings.Builder
	for _, e := range t.Edges {
		fmt.Fprintf(&text, "%s %s -> %s %d/%d %s\n", e.Type, e.Source, e.Target, e.Errors, e.Calls, e.Health)
	}
	return text.String()
}

func TestTopology(t *testing.T) {
	f := &fakeStore{}
	srv := testServer(t, f, nil)
	ask := func(query string) topology {
		t.Helper()
		got := get(t, srv.URL+"/api/v1/topology"+query)
		if got.status != 200 {
			t.Fatalf("%s: %d %s", query, got.status, got.body)
		}
		return decode[topology](t, got.body)
	}
	all := ask("")
	if got, want := nodesOf(all), `database:shop@db database 2/300 ok
external:pay.example external 1/50 warn
queue:mails queue 0/40 ok
service:alone service 0/0 ok
service:api service 2/200 warn
service:billing service 10/100 bad
service:mail function 0/39 ok
user user 2/200 warn
`; got != want {
		t.Errorf("nodes: got\n%swant\n%s", got, want)
	}
	if got, want := edgesOf(all), `call service:api -> service:billing 10/100 bad
database service:billing -> database:shop@db 2/300 ok
external service:api -> external:pay.example 1/50 warn
publish service:billing -> queue:mails 0/40 ok
consume queue:mails -> service:mail 0/39 ok
async service:billing -> service:mail 0/39 ok
entry user -> service:api 2/200 warn
link service:mail -> service:api 0/5 ok
`; got != want {
		t.Errorf("edges: got\n%swant\n%s", got, want)
	}
	if all.Source != "edges" || all.Truncated || all.ToNS-all.FromNS != instantNS(time.Hour) {
		t.Errorf("got %+v", all)
	}
	near := func(got int64, want time.Duration) bool {
		return math.Abs(float64(got)-float64(want)) <= 0.016*float64(want)
	}
	call, async := all.Edges[0], all.Edges[5]
	if !near(call.P50NS, 20*time.Millisecond) || !near(call.P99NS, 20*time.Millisecond) || call.MeanNS != int64(20*time.Millisecond) || call.ColdStarts != 3 ||
		call.Retries != 2 || call.ErrorRate != 0.1 || call.QueueP50NS != nil || !near(*async.QueueP95NS, time.Second) || all.Edges[3].DeadLetters != 1 {
		t.Errorf("figures: got %+v, %+v", call, async)
	}
	if n := all.Nodes[0]; n.System != "postgresql" || !near(n.P95NS, time.Millisecond) {
		t.Errorf("database: got %+v", n)
	}

	focused := ask("?focus=queue:mails&hops=1")
	if got, want := nodesOf(focused), "queue:mails queue 0/40 ok\nservice:billing service 10/100 bad\nservice:mail function 0/39 ok\n"; got != want {
		t.Errorf("focus: got\n%swant\n%s", got, want)
	}
	if len(focused.Edges) != 3 {
		t.Errorf("focus: got edges\n%s", edgesOf(focused))
	}
	if got := nodesOf(ask("?focus=user&hops=0")); got != "user user 2/200 warn\n" {
		t.Errorf("no hops: got %s", got)
	}
	kinds := ask("?nodeKind=service&nodeKind=function")
	if len(kinds.Nodes) != 4 || len(kinds.Edges) != 3 {
		t.Errorf("kinds: got\n%s%s", nodesOf(kinds), edgesOf(kinds))
	}
	filtered := ask("?service=checkout&errors=true&from=1000&to=2000")
	if filtered.Source != "spans" || filtered.Traces != 7 || filtered.Spans != 70 || !reflect.DeepEqual(f.query.Where, store.Predicate{Field: store.FieldService, Value: store.StringValue("checkout")}) || !f.query.ErrorsOnly ||
		f.query.Range.From.UnixNano() != 1000 || filtered.FromNS != 1000 || filtered.ToNS != 2000 {
		t.Errorf("filtered: got %+v of %+v", filtered, f.query)
	}
}

func TestTopologyRefusals(t *testing.T) {
	srv := testServer(t, &fakeStore{}, nil)
	is := func(query string, status int, want string) {
		t.Helper()
		if got := get(t, srv.URL+"/api/v1/topology"+query); got.status != status || !strings.Contains(got.body, want) {
			t.Errorf("%s: got %d %s, want %d with %s", query, got.status, got.body, status, want)
		}
	}
	is("?focus=service:nobody", 404, "node service:nobody has no part in this topology")
	is("?nodeKind=pod", 400, `"field":"nodeKind","value":"pod","bound":"user, service, function, database, cache, queue or external","detail":"want one of these"`)
	is("?hops=6", 400, `"field":"hops","value":"6","bound":"0 to 5"`)
	is("?cursor=x", 400, `"field":"cursor","value":"x","bound":"focus, hops, nodeKind, `)
	is("?from=2000&to=1000", 400, "ends before it starts")
	is("/matrix?step=fast", 400, `"field":"step"`)
	is("/diff?baseFrom=2000&baseTo=1000", 400, `"field":"baseTo","value":"1000","bound":"not before baseFrom","detail":"ends before it starts"`)
	is("/diff?baseFrom=soon", 400, `"field":"baseFrom"`)
	is("/paths", 400, `"field":"service","value":"","bound":"the name of a service","detail":"is required"`)
	is("/paths?service=a&direction=sideways", 400, `"field":"direction","value":"sideways","bound":"downstream, upstream"`)
	is("/paths?service=a&traces=1001", 400, `"bound":"1 to 1000"`)
}

func TestManyNodesAreFolded(t *testing.T) {
	topo := &store.Topology{Edges: []store.TopologyEdge{{Type: store.EdgeCall, Source: store.OtherNode, Target: store.OtherNode, Calls: 1}}, Folded: true}
	for i := range 3000 {
		topo.Edges = append(topo.Edges, store.TopologyEdge{Type: store.EdgeCall, Source: "api", Target: fmt.Sprint("s", i), Calls: int64(1 + i), Errors: 1, Latency: durations(int64(1+i), time.Millisecond)},
			store.TopologyEdge{Type: store.EdgeDatabase, Source: fmt.Sprint("s", i), Target: "db", Calls: 2})
	}
	srv := testServer(t, &fakeStore{topologies: []*store.Topology{topo}}, nil)
	got := decode[topology](t, get(t, srv.URL+"/api/v1/topology").body)
	if len(got.Nodes) > 2000 || !got.Truncated {
		t.Fatalf("%d nodes, truncated %v", len(got.Nodes), got.Truncated)
	}
	var calls, database int64
	for _, e := range got.Edges {
		if e.Type == "call" {
			calls += e.Calls
		} else {
			database += e.Calls
		}
	}
	if calls != 3000*3001/2+1 || database != 6000 {
		t.Errorf("totals: %d calls, %d to the database", calls, database)
	}
	i := slices.IndexFunc(got.Nodes, func(n topologyNode) bool { return n.ID == "service:(other)" })
	if i < 0 || got.Nodes[i].Folded != 3004-len(got.Nodes) {
		t.Errorf("of %d nodes: %+v", len(got.Nodes), got.Nodes[max(i, 0)])
	}
	if !slices.ContainsFunc(got.Nodes, func(n topologyNode) bool { return n.ID == "service:s2999" }) {
		t.Error("the busiest service was folded")
	}
}

func TestTopologyMatrix(t *testing.T) {
	f := &fakeStore{}
	srv := testServer(t, f, nil)
	got := decode[topologyMatrix](t, get(t, srv.URL+"/api/v1/topology/matrix?from=now-1h").body)
	want := topologyMatrix{FromNS: 600e9, StepNS: 10e9, Steps: 2,
		Nodes: []matrixNode{{"service:api", "service", "api", []int64{3, 0}, []int64{1, 0}}, {"service:billing", "service", "billing", []int64{1, 2}, []int64{0, 1}},
			{"user", "user", "", []int64{3, 0}, []int64{1, 0}}},
		Edges: []matrixEdge{{"call", "service:api", "service:billing", "", []int64{1, 2}, []int64{0, 1}}, {"entry", "user", "service:api", "", []int64{3, 0}, []int64{1, 0}}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if f.step != 30*time.Second {
		t.Errorf("an hour by default in steps of %v", f.step)
	}
	for length, want := range map[time.Duration]time.Duration{0: 10 * time.Second, 20 * time.Minute: 10 * time.Second, 2 * time.Hour: time.Minute,
		24 * time.Hour: 15 * time.Minute, 300 * 24 * time.Hour: 3 * 24 * time.Hour} {
		if got := defaultStep(length); got != want {
			t.Errorf("%v: got steps of %v, want %v", length, got, want)
		}
	}
}

func TestTopologyDiff(t *testing.T) {
	edge := func(target string, calls, errors int64, d time.Duration) store.TopologyEdge {
		return store.TopologyEdge{Type: store.EdgeCall, Source: "api", Target: target, Calls: calls, Errors: errors, Latency: durations(calls, d)}
	}
	ms := time.Millisecond
	before := []store.TopologyEdge{edge("same", 1000, 10, ms), edge("few", 2, 0, ms), edge("failing", 1000, 10, ms), edge("slower", 1000, 0, 10*ms), edge("faster", 1000, 0, 30*ms),
		edge("busier", 1000, 0, ms), edge("gone", 500, 0, ms), edge("rare", 1, 0, ms), edge("slightly", 100_000, 1000, ms)}
	current := []store.TopologyEdge{edge("same", 1020, 12, ms), edge("few", 4, 3, 100*ms), edge("failing", 1000, 60, ms), edge("slower", 1000, 0, 14*ms), edge("faster", 1000, 0, 20*ms),
		edge("busier", 2000, 0, ms), edge("new", 500, 0, ms), edge("once", 1, 0, ms), edge("slightly", 110_000, 1900, ms)}
	srv := testServer(t, &fakeStore{topologies: []*store.Topology{{Edges: current}, {Edges: before}}}, nil)
	got := decode[topologyDiff](t, get(t, srv.URL+"/api/v1/topology/diff?from=now-10m&to=now").body)
	var text strings.Builder
	for _, e := range got.Edges {
		fmt.Fprintf(&text, "%s %s %v\n", e.Status, e.Target, e.Significant)
	}
	if want := `changed service:busier [rate]
changed service:failing [errorRate]
changed service:faster [p95]
changed service:slower [p95]
gone service:gone [rate]
new service:new [rate]
new service:once []
gone service:rare []
`; text.String() != want {
		t.Errorf("got\n%swant\n%s", text.String(), want)
	}
	if got.FromNS-got.BaseFromNS != instantNS(10*time.Minute) || got.BaseToNS != got.FromNS {
		t.Errorf("the default base: got %+v", got)
	}
	if e := got.Edges[0]; e.Now.CallsPerMinute != 200 || e.Base.CallsPerMinute != 100 {
		t.Errorf("rates: %+v", e)
	}
}

func TestWilson(t *testing.T) {
	for _, c := range []struct{ k, n int64 }{{0, 0}, {0, 1}, {1, 1}, {3, 4}, {5, 1000}, {1000, 1000}, {500_000, 1_000_000}} {
		low, high := wilson(c.k, c.n)
		if p := share(c.k, c.n); low < 0 || high > 1 || low > p+1e-9 || high < p-1e-9 {
			t.Errorf("%d of %d: %g to %g", c.k, c.n, low, high)
		}
	}
	// Newcombe 1998: the 95 % interval of 81 in 263 is 0.2553 to 0.3662; ours is wider.
	if low, high := wilson(81, 263); math.Abs(low-0.222) > 0.002 || math.Abs(high-0.409) > 0.002 {
		t.Errorf("81 of 263: %g to %g", low, high)
	}
}
