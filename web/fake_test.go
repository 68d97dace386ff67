package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"weft/semconv"
	"weft/store"
)

// fakeStore answers from memory. It stands in for the store where a test is about HTTP; TestAPIsOverEngine runs the same
// handlers over the real one.
type fakeStore struct {
	traces []*store.Trace
	logs   []store.Log
	err    error // when set, every method returns it

	query    store.TraceQuery // last SearchTraces
	logQuery store.LogQuery   // last SearchLogs
	depRange store.TimeRange  // last Dependencies
	key      string           // last AttributeValues
	paths    store.PathQuery  // last CallPaths
	step     time.Duration    // last TopologyMatrix

	topologies     []*store.Topology    // what Topology returns next, in this order
	topologyRanges []store.TimeRange    // every range asked for
	operations     store.OperationQuery // last OperationTotals
	heatmap        store.HeatmapQuery   // last Heatmap
	totals         []store.OperationTotals
	block          bool // wait for the context's end

	diff   store.DiffQuery   // last ValueCounts
	counts store.ValueCounts // what it answers
	broken store.TimeRange   // last BrokenContext

	invocations store.InvocationQuery // last Invocations
	profile     []byte                // what Profile answers
	starts      []store.SpanStart     // what SpanStarts answers
	ended       []store.Invocation    // what TraceInvocations answers
	linked      []store.LinkedBy      // what TraceLinkedFrom answers
}

func (f *fakeStore) SpanStarts(context.Context, store.TraceID) ([]store.SpanStart, error) {
	return f.starts, f.err
}

// TraceSize is as much as is stored.
func (f *fakeStore) TraceSize(ctx context.Context, id store.TraceID) (uint64, error) {
	t, err := f.Trace(ctx, id)
	if err != nil {
		return 0, err
	}
	return uint64(len(t.Spans)), nil
}

func (f *fakeStore) TraceLinkedFrom(_ context.Context, _ store.TraceID, limit int) ([]store.LinkedBy, error) {
	return f.linked[:min(limit, len(f.linked))], f.err
}

func (f *fakeStore) TraceInvocations(context.Context, []store.SpanStart) ([]store.Invocation, error) {
	return f.ended, f.err
}

func (f *fakeStore) ValueCounts(_ context.Context, q store.DiffQuery) (store.ValueCounts, error) {
	f.diff = q
	return f.counts, f.err
}

func (f *fakeStore) ErrorOrigins(_ context.Context, q store.TraceQuery) (store.ErrorOrigins, error) {
	f.query = q
	ref := store.SpanRef{TraceID: store.TraceID{1}, SpanID: store.SpanID{2}}
	return store.ErrorOrigins{Sample: store.Sample{FromNS: 1, ToNS: 9, TimeShare: 1, Matched: 4, Traces: 4}, ErrorSpans: 9, LookedBackToNS: -5,
		Origins: []store.ErrorOrigin{
			{Service: "pay", Operation: "INSERT", ErrorType: "Deadlock", Peer: "db", Statement: "INSERT", StatementHash: 0xfeed, Message: "m", Traces: 3, Main: 2, Reached: 1,
				FirstNS: 1, LastNS: 8, Versions: []store.NameCount{{Name: "2", Traces: 3}}, PassedOnBy: []store.NameCount{{Name: "cart", Traces: 3}},
				SwallowedBy: []store.NameCount{{Name: "", Traces: 2}}, Examples: []store.SpanRef{ref}},
			{Service: "cart", Traces: 1},
		}}, f.err
}

func (f *fakeStore) BrokenContext(_ context.Context, r store.TimeRange, _ int) (store.BrokenContext, error) {
	f.broken = r
	ref := store.SpanRef{TraceID: store.TraceID{1}, SpanID: store.SpanID{2}}
	return store.BrokenContext{FromNS: 1, ToNS: 9, TimeShare: 0.5, Hops: []store.BrokenHop{
		{Cause: store.NewTrace, From: "web", Via: "cart", To: "cart", Broken: 3, Calls: 10, FirstNS: 2, LastNS: 8,
			FromVersions: []store.BrokenVersion{{Version: "2", Broken: 3, Calls: 4, FirstNS: 2}, {Version: "1", Calls: 6}},
			Examples:     []store.BrokenExample{{Callee: ref, Caller: ref}}},
		{Cause: store.LostParent, To: "cart", Broken: 1, Calls: 7, Examples: []store.BrokenExample{{Callee: ref}}},
	}}, f.err
}

func (f *fakeStore) Services(ctx context.Context) ([]string, error) {
	if f.block {
		<-ctx.Done()
		return nil, &store.Error{Op: "services", Kind: store.Unavailable, Err: ctx.Err()}
	}
	return []string{"api", "billing"}, f.err
}

func (f *fakeStore) Operations(context.Context, string) ([]store.Operation, error) {
	return []store.Operation{
		{Service: "api", Name: "GET /", Kind: store.KindServer},
		{Service: "api", Name: "GET /", Kind: store.KindClient},
		{Service: "api", Name: "work"},
	}, f.err
}

func (f *fakeStore) RemoteServices(_ context.Context, service string) ([]string, error) {
	if service != "api" {
		return nil, f.err
	}
	return []string{"Billing", "orders"}, f.err
}

func (f *fakeStore) AttributeKeys(context.Context, string, int) ([]store.AttributeKey, error) {
	return []store.AttributeKey{{Key: "http.route", Type: store.TypeString, Scope: "span"}}, f.err
}

func (f *fakeStore) AttributeValues(_ context.Context, key, _ string, _ int) ([]string, error) {
	f.key = key
	return []string{"/a", "/b"}, f.err
}

func (f *fakeStore) SearchTraces(_ context.Context, q store.TraceQuery) (store.TracePage, error) {
	f.query = q
	page := store.TracePage{}
	for _, t := range f.traces {
		sum := store.TraceSummary{TraceID: t.ID, RootService: t.Spans[0].Service, RootName: t.Spans[0].Name, HasRoot: true,
			StartNS: t.Spans[0].StartNS, DurationNS: t.Spans[0].DurationNS, Spans: uint64(len(t.Spans)),
			Services: []store.ServiceCount{{Name: t.Spans[0].Service, Spans: uint64(len(t.Spans))}}}
		page.Traces = append(page.Traces, sum)
	}
	page.NextCursor = "next"
	return page, f.err
}

func (f *fakeStore) CountTraces(_ context.Context, q store.TraceQuery) (store.TraceCount, error) {
	f.query = q
	return store.TraceCount{Spans: 7, Traces: 3, AtLeast: true}, f.err
}

func (f *fakeStore) Facets(_ context.Context, q store.TraceQuery, fields []string, limit int) (store.Facets, error) {
	f.query = q
	f.query.Limit = limit
	out := store.Facets{Spans: 4, Share: 0.5}
	for _, field := range fields {
		out.Fields = append(out.Fields, store.Facet{Field: field, Spans: 3, Distinct: 2, Values: []store.FacetValue{{Value: "a", Spans: 2, Errors: 1}, {Value: "b", Spans: 1}}})
	}
	return out, f.err
}

func (f *fakeStore) Trace(_ context.Context, id store.TraceID) (*store.Trace, error) {
	for _, t := range f.traces {
		if t.ID == id && f.err == nil {
			return t, nil
		}
	}
	if f.err != nil {
		return nil, f.err
	}
	return nil, &store.Error{Op: "trace", Kind: store.NotFound, Err: errors.New("trace " + id.String() + " is not stored")}
}

func (f *fakeStore) Traces(ctx context.Context, ids []store.TraceID) ([]*store.Trace, error) {
	var out []*store.Trace
	for _, id := range ids {
		if t, err := f.Trace(ctx, id); err == nil {
			out = append(out, t)
		}
	}
	return out, f.err
}

// Skeleton makes one of the trace of the id.
func (f *fakeStore) Skeleton(ctx context.Context, id store.TraceID) (*store.Skeleton, error) {
	t, err := f.Trace(ctx, id)
	if err != nil {
		return nil, err
	}
	return skeletonOf(t), nil
}

func skeletonOf(t *store.Trace) *store.Skeleton {
	texts := newDictionary[string]()
	texts.add("")
	text := func(s string) uint32 { return uint32(texts.add(s)) }
	k := &store.Skeleton{ID: t.ID}
	for i, sp := range t.Spans {
		cold, _ := sp.Attributes.Get("faas.coldstart")
		k.Spans = append(k.Spans, store.SkeletonSpan{SpanID: sp.SpanID, ParentSpanID: sp.ParentSpanID, StartNS: sp.StartNS, DurationNS: sp.DurationNS,
			StatementHash: sp.StatementHash, Service: text(sp.Service), Name: text(sp.Name), Category: text(sp.Category), PeerName: text(sp.PeerName),
			ErrorType: text(sp.ErrorType), Kind: sp.Kind, StatusCode: sp.StatusCode, ColdStart: cold.Bool(), Events: uint32(len(sp.Events))})
		for _, l := range sp.Links {
			k.Links = append(k.Links, store.SkeletonLink{From: i, TraceID: l.TraceID, SpanID: l.SpanID})
		}
	}
	k.Strings = texts.values
	return k
}

func (f *fakeStore) Orphans(_ context.Context, ids []store.TraceID) (map[store.TraceID]uint64, error) {
	out := map[store.TraceID]uint64{}
	for _, id := range ids {
		out[id] = 1 // the sample's span of a missing parent
	}
	return out, f.err
}

func (f *fakeStore) SpanDetail(ctx context.Context, id store.TraceID, span store.SpanID) (*store.SpanDetail, error) {
	t, err := f.Trace(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, sp := range t.Spans {
		if sp.SpanID == span {
			return &store.SpanDetail{Span: sp, Logs: f.logs,
				LinkedFrom: []store.LinkedBy{{TraceID: id, SpanID: span, StartNS: 5, Service: "s", Name: "n"}}}, nil
		}
	}
	return nil, &store.Error{Op: "span", Kind: store.NotFound, Err: errors.New("no such span")}
}

func (f *fakeStore) TraceLogs(context.Context, store.TraceID) ([]store.Log, error) {
	return f.logs, f.err
}

func (f *fakeStore) SearchLogs(_ context.Context, q store.LogQuery) (store.LogPage, error) {
	f.logQuery = q
	return store.LogPage{Logs: f.logs, NextCursor: "more"}, f.err
}

func (f *fakeStore) CountLogs(_ context.Context, q store.LogQuery, step time.Duration) ([]store.LogCount, error) {
	f.logQuery = q
	return []store.LogCount{{StartNS: q.Range.From.Add(step).UnixNano(), Records: [store.SeverityRanges]uint64{0, 1, 2, 3, 4, 5, 6}}}, f.err
}

func (f *fakeStore) Stats(context.Context) ([]store.SignalStats, error) {
	return []store.SignalStats{
		{Signal: "traces", Rows: 3, Bytes: 100, Oldest: time.Unix(1, 5), Newest: time.Unix(2, 0)},
		{Signal: "logs"}, {Signal: "metrics"},
	}, f.err
}

func (f *fakeStore) Dependencies(_ context.Context, r store.TimeRange) ([]store.Dependency, error) {
	f.depRange = r
	return []store.Dependency{{Parent: "api", Child: "billing", Calls: 7, Errors: 1}, {Parent: "a", Child: "b", Calls: 1}}, f.err
}

func (f *fakeStore) Topology(_ context.Context, r store.TimeRange) (*store.Topology, error) {
	f.topologyRanges = append(f.topologyRanges, r)
	if len(f.topologies) > 0 {
		t := f.topologies[0]
		f.topologies = f.topologies[1:]
		return t, f.err
	}
	return sampleTopology(), f.err
}

func (f *fakeStore) TopologyOf(_ context.Context, q store.TraceQuery) (*store.Topology, error) {
	f.query = q
	t := sampleTopology()
	t.Traces, t.Spans = 7, 70
	return t, f.err
}

func (f *fakeStore) TopologyMatrix(_ context.Context, r store.TimeRange, step time.Duration) (*store.EdgeMatrix, error) {
	f.topologyRanges, f.step = append(f.topologyRanges, r), step
	return &store.EdgeMatrix{FromUnix: 600, StepSeconds: 10, Steps: 2, Edges: []store.EdgeSeries{
		{Type: store.EdgeCall, Source: "api", Target: "billing", Calls: []int64{1, 2}, Errors: []int64{0, 1}},
		{Type: store.EdgeEntry, Target: "api", Calls: []int64{3, 0}, Errors: []int64{1, 0}},
	}}, f.err
}

func (f *fakeStore) CallPaths(_ context.Context, q store.PathQuery) (*store.CallPaths, error) {
	f.paths = q
	return &store.CallPaths{Hops: []store.PathHop{{Parent: -1, Service: "api", Operation: "GET /", Calls: 3, Traces: 2},
		{Parent: 0, Type: store.EdgeDatabase, Service: "shop@db", Operation: "SELECT", Calls: 5, Errors: 1, Traces: 2}}, Traces: 2, Spans: 9, Complete: true}, f.err
}

func (f *fakeStore) OperationTotals(_ context.Context, q store.OperationQuery) ([]store.OperationTotals, store.TimeRange, error) {
	f.operations = q
	if f.totals != nil {
		return f.totals, q.Range, f.err
	}
	return []store.OperationTotals{
		{Service: "api", Name: "GET /", Kind: store.KindServer, StartNS: q.Range.From.UnixNano(), Calls: 10, Errors: 1, DurationNS: 1e9,
			Latency: store.Histogram{semconv.LatencyBucket(1e8): 10}, ErrorLatency: store.Histogram{semconv.LatencyBucket(1e8): 1}},
	}, q.Range, f.err
}

func (f *fakeStore) StatementTotals(context.Context, store.TimeRange, string) ([]store.StatementTotals, error) {
	return []store.StatementTotals{
		{Hash: 7, System: "postgresql", Peers: []string{"db"}, Services: []string{"api"}, Calls: 6, DurationNS: 6e6,
			Latency: store.Histogram{semconv.LatencyBucket(1e6): 6}, Traces: 2, MostCalls: 5, NewestTrace: store.TraceID{15: 1}, NewestNS: 5},
		{Calls: 2, DurationNS: 2e6, Latency: store.Histogram{semconv.LatencyBucket(1e6): 2}, Traces: 2, MostCalls: 1, NewestTrace: store.TraceID{15: 2}, NewestNS: 6},
	}, f.err
}

func (f *fakeStore) StatementTexts(context.Context, store.TimeRange, []uint64) (map[uint64]string, error) {
	return map[uint64]string{7: "SELECT ?", 0xfeed: "SELECT 1"}, f.err
}

func (f *fakeStore) Heatmap(_ context.Context, q store.HeatmapQuery) ([]store.HeatmapColumn, error) {
	f.heatmap = q
	return []store.HeatmapColumn{{StartNS: q.Traces.Range.From.UnixNano(), Spans: store.Histogram{33000: 4, 33001: 1, 33100: 1}, Errors: store.Histogram{33100: 1}}}, f.err
}

func (f *fakeStore) Skeletons(ctx context.Context, ids []store.TraceID) ([]*store.Skeleton, error) {
	traces, err := f.Traces(ctx, ids)
	var out []*store.Skeleton
	for _, t := range traces {
		out = append(out, skeletonOf(t))
	}
	return out, err
}

func (f *fakeStore) SampleSkeletons(_ context.Context, q store.TraceQuery, _ int) ([]*store.Skeleton, store.Sample, error) {
	f.query = q
	var out []*store.Skeleton
	for _, t := range f.traces {
		out = append(out, skeletonOf(t))
	}
	return out, store.Sample{FromNS: 1, ToNS: 9, TimeShare: 1, Matched: uint64(len(out)), Traces: uint64(len(out))}, f.err
}

func (f *fakeStore) TwinCandidates(_ context.Context, id store.TraceID, service, name string, _ int64) (store.TwinCandidates, error) {
	out := store.TwinCandidates{Roots: uint64(len(f.traces)), MedianNS: 1e6}
	for _, t := range f.traces {
		if root := t.Spans[0]; t.ID != id && root.Service == service && root.Name == name {
			out.Twins = append(out.Twins, store.Twin{TraceID: t.ID, StartNS: root.StartNS, DurationNS: root.DurationNS})
		}
	}
	return out, f.err
}

// sampleTrace has a bit of everything: every value type, a missing parent, events, links, an error, a 64-bit trace id.
func sampleTrace() *store.Trace {
	id, _ := store.ParseTraceID("00c0ffee00c0ffee")
	other, _ := store.ParseTraceID("4bf92f3577b34da6a3ce929d0e0e4736")
	span := func(s string) store.SpanID { id, _ := store.ParseSpanID(s); return id }
	front := &store.Resource{Hash: 0xabc, SchemaURL: "https://opentelemetry.io/schemas/1.44.0", Attributes: store.Attributes{
		{Key: "host.name", Value: store.StringValue("h1")}, {Key: "service.name", Value: store.StringValue("api")}}}
	back := &store.Resource{Hash: 0xdef, Attributes: store.Attributes{
		{Key: "process.pid", Value: store.IntValue(42)}, {Key: "service.name", Value: store.StringValue("billing")}}}
	scope := &store.Scope{Name: "lib", Version: "1.2"}
	const t0 = 1_700_000_000_000_000_000
	return &store.Trace{ID: id, Spans: []store.Span{
		{
			TraceID: id, SpanID: span("1"), Name: "GET /", Kind: store.KindServer, StartNS: t0, DurationNS: 5_000_999, Flags: 0x101,
			TraceState: "k=v", StatusCode: store.StatusError, StatusMessage: "boom", Resource: front, Scope: scope,
			Service: "api", Category: "server", ErrorType: "java.io.IOException", ErrorMessage: "boom",
			Attributes: store.Attributes{
				{Key: "arr", Value: store.JSONValue(`{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":"2"}]}}`)},
				{Key: "big", Value: store.IntValue(1<<53 + 1)},
				{Key: "bin", Value: store.JSONValue(`{"bytesValue":"3q2+7w=="}`)},
				{Key: "empty", Value: store.Value{}},
				{Key: "http.response.status_code", Value: store.IntValue(500)},
				{Key: "ok", Value: store.BoolValue(false)},
				{Key: "ratio", Value: store.DoubleValue(0.25)},
				{Key: "text", Value: store.StringValue("<a href=\"x\">é\n")},
			},
			Events: []store.Event{{TimeNS: t0 + 1_500, Name: "exception", Attributes: store.Attributes{
				{Key: "exception.type", Value: store.StringValue("java.io.IOException")}}, DroppedAttributes: 2}},
			DroppedEvents: 1,
		},
		{
			TraceID: id, SpanID: span("2"), ParentSpanID: span("1"), Name: "SELECT", Kind: store.KindClient, StartNS: t0 + 1000,
			DurationNS: 2_000_000, StatusCode: store.StatusOK, Resource: front, Scope: scope, Service: "api", Category: "db",
			PeerName: "orders", StatementHash: 0xfeed,
		},
		{
			TraceID: id, SpanID: span("3"), ParentSpanID: span("77"), Name: "consume", Kind: store.KindConsumer, StartNS: t0 + 2000,
			DurationNS: 10, Resource: back, Scope: &store.Scope{}, Service: "billing", Category: "messaging",
			Links: []store.Link{
				{TraceID: other, SpanID: span("9"), TraceState: "a=b", Flags: 1, Attributes: store.Attributes{
					{Key: "messaging.batch", Value: store.IntValue(3)}}},
				{TraceID: id, SpanID: span("1"), Attributes: store.Attributes{
					{Key: "opentracing.ref_type", Value: store.StringValue("child_of")}}},
				{TraceID: id, SpanID: span("77")},
			},
		},
	}}
}

func sampleLogs() []store.Log {
	t := sampleTrace()
	return []store.Log{
		{TimeNS: 10, ObservedNS: 11, TraceID: t.ID, SpanID: t.Spans[0].SpanID, SeverityNumber: 17, SeverityText: "ERROR",
			Body: store.StringValue("it broke"), Resource: t.Spans[0].Resource, Scope: t.Spans[0].Scope, Service: "api",
			Attributes: store.Attributes{{Key: "n", Value: store.IntValue(1)}}},
		{TimeNS: 12, Body: store.JSONValue(`{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":true}}]}}`), Service: "api"},
	}
}

// testServer runs the whole handler chain over f.
func testServer(t testing.TB, f Store, change func(*Config)) *httptest.Server {
	t.Helper()
	c := Config{Store: f, Version: "test"}
	if change != nil {
		change(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.Handler())
	t.Cleanup(srv.Close)
	return srv
}

// reply is an answer read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

func do(t testing.TB, req *http.Request) reply {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(body)}
}

// request builds a request; headers are "Name: value".
func request(t testing.TB, method, url, body string, headers ...string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	return req
}

func get(t testing.TB, url string, headers ...string) reply {
	t.Helper()
	return do(t, request(t, http.MethodGet, url, "", headers...))
}

// decode reads JSON into a T, refusing members T does not have.
func decode[T any](t testing.TB, body string) T {
	t.Helper()
	var v T
	dec := json.NewDecoder(strings.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("decode %s: %v", body, err)
	}
	return v
}
