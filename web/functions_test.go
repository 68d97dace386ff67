package web

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"weft/semconv"
	"weft/store"
)

func (f *fakeStore) FunctionTotals(_ context.Context, r store.TimeRange, function string, step time.Duration) ([]store.FunctionTotals, store.TimeRange, error) {
	r.From, r.To = r.From.Truncate(time.Minute), r.To.Add(time.Minute-1).Truncate(time.Minute)
	one := func(version, outcome string, at time.Time, calls, cold uint64) store.FunctionTotals {
		return store.FunctionTotals{Function: "resize", Version: version, Outcome: outcome, StartNS: at.UnixNano(), Calls: calls, ColdStarts: cold, DurationNS: float64(calls) * 1e6,
			Latency: store.Histogram{semconv.LatencyBucket(1e6): int64(calls)}, ColdWait: store.Histogram{semconv.LatencyBucket(5e8): int64(cold)}, LastNS: at.UnixNano()}
	}
	return []store.FunctionTotals{one("1", "success", r.From, 80, 4), one("1", "timeout", r.From, 10, 0), one("2", "throttled", r.From.Add(step), 10, 0)}, r, f.err
}

func (f *fakeStore) FunctionInits(context.Context, store.TimeRange, string) ([]store.FunctionInits, error) {
	return []store.FunctionInits{{Function: "idle", Ready: 1, P50NS: 5}, {Function: "resize", Ready: 4, Failed: 1, P50NS: 3e8}}, f.err
}

func (f *fakeStore) FunctionResources(context.Context, store.TimeRange, string) ([]store.FunctionResources, error) {
	return []store.FunctionResources{{Function: "resize", Contract: "lambda", MemoryLimit: 256 << 20, MaxMemory: 90 << 20, CPUNS: 2e9, ByteNS: 8 << 30 * 1e9}}, f.err
}

func (f *fakeStore) Invocations(_ context.Context, q store.InvocationQuery) (store.InvocationPage, error) {
	f.invocations = q
	return store.InvocationPage{Invocations: []store.Invocation{{FunctionEvent: store.FunctionEvent{TimeNS: 7, TraceID: store.TraceID{1}, Version: "1",
		Attributes: store.Attributes{{Key: "k", Value: store.IntValue(1)}}}, Outcome: "error", ErrorType: "TypeError", DurationNS: 5}, {}}, NextCursor: "next"}, f.err
}

func (f *fakeStore) ColdStarts(_ context.Context, q store.ColdStartQuery) (*store.ColdStarts, error) {
	return &store.ColdStarts{Sampled: 2, Phases: []store.ColdStartPart{{Name: "PrepareCode", Depth: 1, Starts: 2, MeanNS: 5}},
		Modules: []store.ColdStartModule{{Name: "flask", Kind: "dep", Starts: 2, SelfNS: 7}}, Worst: []store.Invocation{{Cold: true, ColdStartNS: 9}}}, f.err
}

func (f *fakeStore) Instances(context.Context, store.InstanceQuery) ([]store.Instance, uint64, error) {
	return []store.Instance{{ID: "i-1", State: "ready", FirstNS: 1, LastNS: 2}}, 9, f.err
}

func (f *fakeStore) TraceProfiles(context.Context, store.TraceID) ([]store.ProfileInfo, error) {
	return []store.ProfileInfo{{FunctionEvent: store.FunctionEvent{TimeNS: 1, TraceID: store.TraceID{1}, SpanID: store.SpanID{1}, Function: "resize"}, Bytes: 100}}, f.err
}

func (f *fakeStore) FunctionProfiles(_ context.Context, _ store.TimeRange, name string, _ int) ([]store.ProfileInfo, error) {
	return []store.ProfileInfo{{FunctionEvent: store.FunctionEvent{TimeNS: 2, TraceID: store.TraceID{1}, SpanID: store.SpanID{1}, Function: name}, Bytes: 200}}, f.err
}

func (f *fakeStore) Profile(_ context.Context, id store.TraceID, span store.SpanID) (*store.Profile, error) {
	if f.profile == nil {
		f.profile = someProfile()
	}
	return &store.Profile{Data: f.profile}, f.err
}

// someProfile is three samples: 20 ms in main;f;g, of which g is inlined in f, 10 ms in main;f and 5 ms in main;h.
func someProfile() []byte {
	fn := func(id uint64, name string) *profile.Function {
		return &profile.Function{ID: id, Name: name, Filename: name + ".py"}
	}
	main, f, g, h := fn(1, "main"), fn(2, "f"), fn(3, "g"), fn(4, "h")
	at := func(id uint64, lines ...*profile.Function) *profile.Location {
		l := &profile.Location{ID: id, Address: id}
		for _, f := range lines {
			l.Line = append(l.Line, profile.Line{Function: f, Line: 1})
		}
		return l
	}
	inMain, inG, inF, inH := at(1, main), at(2, g, f), at(3, f), at(4, h)
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}}, DurationNanos: 1e9,
		Sample: []*profile.Sample{{Location: []*profile.Location{inG, inMain}, Value: []int64{2, 20e6}}, {Location: []*profile.Location{inF, inMain}, Value: []int64{1, 10e6}},
			{Location: []*profile.Location{inH, inMain}, Value: []int64{1, 5e6}}},
		Location: []*profile.Location{inMain, inG, inF, inH}, Function: []*profile.Function{main, f, g, h},
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// stacks writes a graph as name value/self, indented.
func stacks(n *flameNode, depth int) string {
	s := fmt.Sprintf("%s%s %d/%d\n", strings.Repeat(" ", depth), n.Name, n.Value/1e6, n.Self/1e6)
	for _, c := range n.Children {
		s += stacks(c, depth+1)
	}
	return s
}

func TestFlameGraph(t *testing.T) {
	g, err := newFlameGraph(someProfile())
	if err != nil {
		t.Fatal(err)
	}
	want := "all 35/0\n main 35/0\n  f 30/10\n   g 20/20\n  h 5/5\n"
	if got := stacks(g.Root, 0); got != want || g.Type != "cpu" || g.Unit != "nanoseconds" || g.Samples != 3 || g.Cut != 0 || g.Root.Children[0].File != "main.py" {
		t.Errorf("got %+v\n%swant\n%s", g, got, want)
	}
	if cut := g.Root.prune(3); cut != 2 || stacks(g.Root, 0) != "all 35/0\n main 35/5\n  f 30/30\n" {
		t.Errorf("pruned %d:\n%s", cut, stacks(g.Root, 0))
	}
	for name, data := range map[string][]byte{"nothing": {}, "text": []byte("hello"), "cut": someProfile()[:40], "gzip of nothing": {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0}} {
		if g, err := newFlameGraph(data); err == nil {
			t.Errorf("%s became %+v", name, g)
		}
	}
	deep := &flameNode{}
	var stack []*profile.Location
	for i := range 10_000 {
		stack = append(stack, &profile.Location{Address: uint64(i)})
	}
	deep.add(stack, 1)
	depth := 0
	for n := deep; len(n.Children) > 0; n = n.Children[0] {
		depth++
	}
	if depth != maxFlameDepth {
		t.Errorf("%d deep", depth)
	}
}

func TestProfileForms(t *testing.T) {
	f := &fakeStore{}
	srv := testServer(t, f, nil)
	got := get(t, srv.URL+"/api/v1/profiles/1/2")
	if got.body != string(someProfile()) || got.header.Get("Content-Disposition") != `attachment; filename="00000000000000000000000000000001-0000000000000002.pb.gz"` {
		t.Errorf("pprof: %d bytes, %v", len(got.body), got.header)
	}
	if _, err := profile.ParseData([]byte(got.body)); err != nil {
		t.Error(err)
	}
	f.profile = []byte("garbage")
	if got := get(t, srv.URL+"/api/v1/profiles/1/2?format=flamegraph"); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "malformed-profile") {
		t.Errorf("garbage: %d %s", got.status, got.body)
	}
	f.err = &store.Error{Op: "read profile", Kind: store.NotFound, Err: context.Canceled}
	if got := get(t, srv.URL+"/api/v1/profiles/1/2"); got.status != 404 {
		t.Errorf("none: %d %s", got.status, got.body)
	}
	for _, path := range []string{"/api/v1/profiles/x/2", "/api/v1/profiles/1/y", "/api/v1/profiles/1/2?format=svg"} {
		if got := get(t, srv.URL+path); got.status != 400 {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

func TestFunctions(t *testing.T) {
	f := &fakeStore{}
	srv := testServer(t, f, nil)
	page := decode[functionPage](t, get(t, srv.URL+"/api/v1/functions?from=now-1h").body)
	if page.Total != 2 || page.Functions[0].Name != "resize" || page.Functions[1].Name != "idle" || page.Functions[1].Inits.Ready != 1 {
		t.Fatalf("got %+v", page)
	}
	r := page.Functions[0]
	if r.Invocations != 100 || r.Errors != 10 || r.ErrorRate != 0.1 || r.Timeouts != 10 || r.Throttles != 10 || r.ColdStarts != 4 || r.ColdShare != 0.04 || r.MeanNS != 1e6 ||
		!slices.Equal(r.Versions, []string{"1", "2"}) || r.Inits.P50NS != 3e8 || math.Abs(r.P99NS-1e6) > 2e4 || math.Abs(r.Rate-100.0/3660) > 1e-3 {
		t.Errorf("resize: %+v", r)
	}
	if one := decode[functionPage](t, get(t, srv.URL+"/api/v1/functions?sort=name&limit=1&offset=1").body); len(one.Functions) != 1 || one.Functions[0].Name != "resize" {
		t.Errorf("second by name: %+v", one)
	}
	d := decode[functionDetail](t, get(t, srv.URL+"/api/v1/functions/resize?from=now-10m&step=1m").body)
	if d.Name != "resize" || len(d.Points) < 10 || d.Invocations != 100 || len(d.Outcomes) != 3 || len(d.Versions) != 2 || d.Versions[0].Version != "1" || d.Versions[0].Errors != 10 {
		t.Fatalf("detail: %+v", d)
	}
	if p := d.Points[0]; p.Invocations != 90 || len(p.Outcomes) != 2 || len(p.Versions) != 1 || p.Versions[0] != (versionCount{"1", 90, 10}) {
		t.Errorf("first point: %+v", p)
	}
	if p := d.Points[1]; p.Invocations != 10 || p.Throttles != 10 || p.Errors != 0 {
		t.Errorf("second point: %+v", p)
	}
	if d := decode[functionDetail](t, get(t, srv.URL+"/api/v1/functions/resize?version=2").body); d.Invocations != 10 || len(d.Versions) != 1 {
		t.Errorf("version 2: %+v", d)
	}
	get(t, srv.URL+"/api/v1/functions/a%2Fb/invocations?cold=false&outcome=crash&outcome=memory&version=3")
	if q := f.invocations; q.Function != "a/b" || q.Cold == nil || *q.Cold || !slices.Equal(q.Outcomes, []string{"crash", "memory"}) || !slices.Equal(q.Versions, []string{"3"}) {
		t.Errorf("asked for %+v", q)
	}
	for _, path := range []string{"?sort=nothing", "/resize?step=1s", "/resize/invocations?cold=maybe", "/resize/coldstarts?traces=0", "/resize/instances?state=gone", "/resize?unknown=1"} {
		if got := get(t, srv.URL+"/api/v1/functions"+path); got.status != 400 || !strings.Contains(got.body, "invalid-parameter") {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}

// functionsOverEngine asks for what seedFunctions has stored.
func functionsOverEngine(t *testing.T, at func(t *testing.T, path string) string, id string) {
	page := decode[functionPage](t, at(t, "/functions"))
	if page.Total != 1 || page.Functions[0].Name != "resize" || page.Functions[0].Invocations != 20 || page.Functions[0].Errors != 5 || page.Functions[0].ColdStarts != 1 || page.Functions[0].Inits.Ready != 1 {
		t.Errorf("functions: %+v", page)
	}
	d := decode[functionDetail](t, at(t, "/functions/resize?from=now-1h&step=1m"))
	sum := uint64(0)
	for _, p := range d.Points {
		sum += p.Invocations
	}
	if sum != 20 || d.Invocations != 20 || len(d.Versions) != 2 || len(d.Points) < 60 {
		t.Errorf("detail: %d in %d points, %+v", sum, len(d.Points), d.Versions)
	}
	var seen []string
	cursor := ""
	for range 10 {
		list := decode[invocationPage](t, at(t, "/functions/resize/invocations?limit=3&outcome=error&cursor="+cursor))
		for _, i := range list.Invocations {
			seen = append(seen, i.RequestID)
		}
		if cursor = list.NextCursor; cursor == "" {
			break
		}
	}
	if want := []string{"r-16", "r-12", "r-08", "r-04", "r-00"}; !slices.Equal(seen, want) {
		t.Errorf("invocations: %v, want %v", seen, want)
	}
	cold := decode[functionColdStarts](t, at(t, "/functions/resize/coldstarts"))
	if cold.ColdStarts != 1 || cold.Share != 0.05 || cold.Sampled != 0 || len(cold.Worst) != 1 || cold.Worst[0].TraceID != id {
		t.Errorf("cold starts: %+v", cold)
	}
	if list := decode[instancePage](t, at(t, "/functions/resize/instances")); list.Total != 1 || list.Instances[0].State != "ready" || list.Instances[0].InitNS != 3e8 {
		t.Errorf("instances: %+v", list)
	}
	profiles := decode[struct{ Profiles []profileInfo }](t, at(t, "/traces/"+id+"/profiles"))
	if len(profiles.Profiles) != 1 || profiles.Profiles[0].Function != "resize" || profiles.Profiles[0].Bytes == 0 {
		t.Errorf("profiles: %+v", profiles)
	}
	span := profiles.Profiles[0].SpanID
	if got := at(t, "/profiles/"+id+"/"+span); got != string(someProfile()) {
		t.Errorf("pprof: %d bytes", len(got))
	}
	if g := decode[flameGraph](t, at(t, "/profiles/"+id+"/"+span+"?format=flamegraph")); g.Root.Value != 35e6 {
		t.Errorf("flame graph: %+v", g)
	}
}

// seedFunctions writes 20 invocations of the last minutes, the first of them cold, an instance and a profile of the span.
func seedFunctions(t *testing.T, st *store.Store, trace store.TraceID, span store.SpanID) {
	t.Helper()
	str := func(key, v string) store.Attribute { return store.Attribute{Key: key, Value: store.StringValue(v)} }
	num := func(key string, v int64) store.Attribute { return store.Attribute{Key: key, Value: store.IntValue(v)} }
	logs := store.NewLogBatch()
	now := time.Now().Add(-5 * time.Minute)
	add := func(event string, after time.Duration, data []byte, attrs ...store.Attribute) {
		logs.Append(&store.Log{TimeNS: now.Add(after).UnixNano(), TraceID: trace, SpanID: span, EventName: event, Service: "resize", Data: data, Attributes: attrs})
	}
	for i := range 20 {
		outcome := semconv.OutcomeSuccess
		if i%4 == 0 {
			outcome = semconv.OutcomeError
		}
		add(semconv.EventInvocation, time.Duration(i)*time.Second, nil, str("faas.invocation_id", fmt.Sprintf("r-%02d", i)), str("faas.version", fmt.Sprint(1+i%2)), str(semconv.InvocationOutcome, outcome),
			num(semconv.InvocationDuration, int64(i+1)*1e6), store.Attribute{Key: "faas.coldstart", Value: store.BoolValue(i == 0)})
	}
	add(semconv.EventInstance, 0, nil, str("faas.instance", "i-1"), str(semconv.InstanceState, semconv.StateReady), num(semconv.InstanceInit, 3e8))
	add(semconv.EventProfile, 0, someProfile())
	if err := st.InsertLogs(t.Context(), logs, "functions"); err != nil {
		t.Fatal(err)
	}
}
