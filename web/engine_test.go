package web

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/store"
	"weft/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// seed writes the traces and a log record of the first one's first span through the real writer.
func seed(t *testing.T, st *store.Store, traces ...*store.Trace) {
	t.Helper()
	spans := store.NewSpanBatch()
	for _, tr := range traces {
		for i := range tr.Spans {
			spans.Append(&tr.Spans[i])
		}
	}
	if err := st.InsertSpans(t.Context(), spans, "spans-1"); err != nil {
		t.Fatal(err)
	}
	first := traces[0].Spans[0]
	logs := store.NewLogBatch()
	logs.Append(&store.Log{TimeNS: first.StartNS + 5, ObservedNS: first.StartNS + 6, TraceID: first.TraceID, SpanID: first.SpanID,
		SeverityNumber: 17, SeverityText: "ERROR", Body: store.StringValue("it broke badly"), Service: first.Service,
		Resource: first.Resource, Scope: first.Scope, Attributes: store.Attributes{{Key: "n", Value: store.IntValue(1)}}})
	if err := st.InsertLogs(t.Context(), logs, "logs-1"); err != nil {
		t.Fatal(err)
	}
}

// engineTraces is the sample trace and 30 plain ones after it, all of the last minutes. The second links to the first.
func engineTraces() []*store.Trace {
	first := sampleTrace()
	shift := time.Now().Add(-10*time.Minute).UnixNano() - first.Spans[0].StartNS
	for i := range first.Spans {
		sp := &first.Spans[i]
		sp.StartNS += shift
		sp.Resource.Hash = 0 // the store works it out from the content
		for j := range sp.Events {
			sp.Events[j].TimeNS += shift
		}
	}
	for i := range first.Spans {
		first.Spans[i].Resource.Hash = first.Spans[i].Resource.ContentHash()
	}
	// A dependency api -> billing: the consumer's missing parent comes to be.
	child := first.Spans[1]
	child.SpanID, child.ParentSpanID = store.SpanIDFromUint64(4), first.Spans[0].SpanID
	child.Kind, child.Name, child.Service, child.Resource = store.KindServer, "charge", "billing", first.Spans[2].Resource
	child.StatementHash, child.PeerName, child.Category = 0, "", "server"
	first.Spans = append(first.Spans, child)

	out := []*store.Trace{first}
	for i := range 30 {
		id := store.TraceID{0: 0x80, 15: byte(i + 1)}
		sp := store.Span{TraceID: id, SpanID: store.SpanIDFromUint64(uint64(i + 100)), Name: fmt.Sprint("job ", i%3), Kind: store.KindInternal,
			StartNS: first.Spans[0].StartNS + int64(i+1)*int64(time.Second), DurationNS: int64(i+1) * int64(time.Millisecond),
			Resource: first.Spans[0].Resource, Scope: first.Spans[0].Scope, Service: "api", Category: "internal",
			Attributes: store.Attributes{{Key: "http.response.status_code", Value: store.IntValue(int64(200 + i))},
				{Key: "shard", Value: store.StringValue(fmt.Sprint(i % 5))}}}
		if i == 0 {
			sp.Links = []store.Link{{TraceID: first.ID, SpanID: first.Spans[0].SpanID}}
		}
		out = append(out, &store.Trace{ID: id, Spans: []store.Span{sp}})
	}
	return out
}

// Every API over the real engine: what was written is what each of them gives back.
func TestAPIsOverEngine(t *testing.T) {
	st := storetest.Open(t)
	traces := engineTraces()
	seed(t, st, traces...)
	first := traces[0]
	seedFunctions(t, st, first.ID, first.Spans[0].SpanID)
	srv := testServer(t, st, func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	})
	var buckets []time.Time
	for _, tr := range traces {
		buckets = append(buckets, time.Unix(0, tr.Spans[0].StartNS))
	}
	if _, err := st.ReconcileEdges(t.Context(), buckets); err != nil {
		t.Fatal(err)
	}
	spec := newSpecChecker(t)
	for _, req := range ownRequests(t, srv.URL, first.ID.String(), first.Spans[0].SpanID.String()) {
		spec.check(t, req, 200)
	}
	at := func(t *testing.T, path string) string {
		t.Helper()
		got := spec.check(t, request(t, "GET", srv.URL+"/api/v1"+path, ""), 200)
		return got.body
	}

	t.Run("catalogue", func(t *testing.T) {
		if got := strings.TrimSpace(at(t, "/services")); got != `{"services":["api","billing"]}` {
			t.Errorf("services: got %s", got)
		}
		var ops struct{ Operations []operation }
		json.Unmarshal([]byte(at(t, "/operations?service=billing")), &ops)
		if want := []operation{{"billing", "charge", "server"}, {"billing", "consume", "consumer"}}; !reflect.DeepEqual(ops.Operations, want) {
			t.Errorf("operations: got %+v", ops.Operations)
		}
		if got := at(t, "/attributes?prefix=shard"); !strings.Contains(got, `{"key":"shard","type":"string","scope":"span"}`) {
			t.Errorf("attributes: got %s", got)
		}
		var values struct{ Values []string }
		json.Unmarshal([]byte(at(t, "/attributes/shard/values")), &values)
		slices.Sort(values.Values)
		if !slices.Equal(values.Values, []string{"0", "1", "2", "3", "4"}) {
			t.Errorf("values: got %v", values.Values)
		}
	})

	t.Run("trace", func(t *testing.T) {
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces([]byte(at(t, "/traces/"+first.ID.String())))
		if err != nil {
			t.Fatal(err)
		}
		got := map[store.SpanID]ptrace.Span{}
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, sp := range ss.Spans().All() {
					got[store.SpanID(sp.SpanID())] = sp
				}
			}
		}
		if td.SpanCount() != len(first.Spans) || td.ResourceSpans().Len() != 2 {
			t.Fatalf("got %d spans of %d resources", td.SpanCount(), td.ResourceSpans().Len())
		}
		for i := range first.Spans {
			compareSpan(t, got[first.Spans[i].SpanID], &first.Spans[i])
		}
		c := decode[compactTrace](t, at(t, "/traces/"+first.ID.String()+"?format=compact"))
		want := "GET / subtree=3\n SELECT subtree=1\n charge subtree=1\nconsume flags=1 subtree=1\n"
		if tree(c) != want {
			t.Errorf("compact: got\n%swant\n%s", tree(c), want)
		}
	})

	t.Run("analysis", func(t *testing.T) {
		id, startNS, rows, err := decodeSkeleton([]byte(at(t, "/traces/"+first.ID.String()+"/skeleton")))
		if err != nil || id != first.ID.String() || startNS != first.Spans[0].StartNS || len(rows) != 4 {
			t.Fatalf("skeleton: got trace %s from %d, %d rows, %v", id, startNS, len(rows), err)
		}
		if r := rows[1]; r.name != "SELECT" || r.parent != 0 || r.start != 1000 || r.duration != 2e6 || r.peer != "orders" || r.statement != "000000000000feed" {
			t.Errorf("second row: got %+v", r)
		}
		if r := rows[3]; len(r.links) != 3 || r.links[0] != "4bf92f3577b34da6a3ce929d0e0e4736 0000000000000009" || r.flags != 1 {
			t.Errorf("last row: got %+v", r)
		}
		a := decode[traceAnalysis](t, at(t, "/traces/"+first.ID.String()+"/analysis"))
		if a.Spans != 4 || a.Root.Name != "GET /" || a.Path.DurationNS != 5_000_999 || a.Database.Calls != 1 || a.Breaks.Orphans != 1 || a.Origins.Items[0].ErrorType != "java.io.IOException" {
			t.Errorf("analysis: got %+v", a)
		}
		c := decode[comparison](t, at(t, "/compare?a="+traces[1].ID.String()+"&b="+traces[4].ID.String()))
		if c.ExcessNS != int64(3*time.Millisecond) || c.OtherRoot || c.Entries.Items[0].Name != "job 0" {
			t.Errorf("comparison: got %+v", c)
		}
	})

	t.Run("span", func(t *testing.T) {
		d := decode[spanDetail](t, at(t, "/traces/"+first.ID.String()+"/spans/1"))
		want := newSpanDetail(&store.SpanDetail{Span: first.Spans[0]})
		want.LinkedFrom = []linkedBy{{first.ID.String(), first.Spans[2].SpanID.String(), instantNS(first.Spans[2].StartNS), "billing", "consume"},
			{traces[1].ID.String(), traces[1].Spans[0].SpanID.String(), instantNS(traces[1].Spans[0].StartNS), "api", "job 0"}}
		if len(d.Logs) != 1 || d.Logs[0].Body.Value != "it broke badly" {
			t.Errorf("logs: got %+v", d.Logs)
		}
		d.Logs = want.Logs
		if !reflect.DeepEqual(d, want) {
			t.Errorf("got  %+v\nwant %+v", d, want)
		}
		spec.check(t, request(t, "GET", srv.URL+"/api/v1/traces/"+first.ID.String()+"/spans/99", ""), 404)
		spec.check(t, request(t, "GET", srv.URL+"/api/v1/traces/abc", ""), 404)
	})

	t.Run("search", func(t *testing.T) {
		count := func(query string, want int) {
			t.Helper()
			page := decode[tracePage](t, at(t, "/traces?limit=1000&"+query))
			if len(page.Traces) != want || page.NextCursor != "" {
				t.Errorf("%s: got %d traces, cursor %q, want %d", query, len(page.Traces), page.NextCursor, want)
			}
		}
		attr := func(s string) string { return "attr=" + url.QueryEscape(s) }
		count("", 31)
		count("service=api", 31)
		count("service=billing", 1)
		count("operation=job+1", 10)
		count("kind=consumer", 1)
		count("status=error", 1)
		count("errors=true", 1)
		count("service=billing&status=error", 0) // never on one span
		count("service=billing&errors=true", 1)
		count(attr("shard=2"), 6)
		count(attr("shard!=2")+"&"+attr("shard"), 24)
		count(attr("!shard"), 1)
		count(attr("http.response.status_code>=225"), 6)
		count(attr("http.response.status_code=500"), 1)
		count(attr("http.status_code<205"), 5)
		count(attr("http.response.status_code>200")+"&"+attr("http.response.status_code<=210")+"&"+attr("shard=0"), 2)
		count(attr("host.name=h1"), 31)
		count(attr("ok=false"), 1)
		count(attr("ratio<0.5"), 1)
		count(attr("@peer=orders"), 1)
		count(attr("@duration>25ms"), 5)
		count(attr("@event=exception"), 1)
		count(attr("@event"), 1)
		count(attr("!@event"), 31)
		count(attr("@error=true"), 1)
		count(attr("@cold_start=false"), 31)
		count(attr("@retry=true"), 0)
		count("minDuration=10ms&maxDuration=12ms", 3)
		count("minTraceDuration=29ms", 2)
		count("from=now-1h", 31)
		count("to=now-1h", 0)
		count(fmt.Sprintf("from=%d", traces[1].Spans[0].StartNS), 30)
		count(fmt.Sprintf("to=%d", traces[1].Spans[0].StartNS), 1)
	})

	t.Run("topology", func(t *testing.T) {
		// Of the counters, and computed from the spans of the one trace with an error: the rest has no edges.
		for query, source := range map[string]string{"": "edges", "?errors=true": "spans"} {
			got := decode[topology](t, at(t, "/topology"+query))
			if want := "call service:api -> service:billing 0/1 ok\ndatabase service:api -> database:orders 0/1 ok\nasync service:api -> service:billing 0/1 ok\nentry user -> service:api 1/1 warn\n"; edgesOf(got) != want || got.Source != source {
				t.Errorf("%s: got %s of\n%swant\n%s", query, got.Source, edgesOf(got), want)
			}
			if want := "database:orders database 0/1 ok\nservice:api service 1/1 warn\nservice:billing service 0/2 ok\nuser user 1/1 warn\n"; nodesOf(got) != want {
				t.Errorf("%s: got nodes\n%swant\n%s", query, nodesOf(got), want)
			}
		}
		if got := decode[topology](t, at(t, "/topology?to=now-2h&from=now-3h")); len(got.Edges) != 0 {
			t.Errorf("before there was anything: got\n%s", edgesOf(got))
		}
		m := decode[topologyMatrix](t, at(t, "/topology/matrix?from=now-1h&step=10s"))
		total := int64(0)
		for _, e := range m.Edges {
			for _, n := range e.Calls {
				total += n
			}
		}
		if len(m.Edges) != 4 || total != 4 || m.Steps < 360 {
			t.Errorf("matrix: %d calls on %d edges in %d steps", total, len(m.Edges), m.Steps)
		}
		if d := decode[topologyDiff](t, at(t, "/topology/diff")); len(d.Edges) != 4 || d.Edges[0].Status != "new" || len(d.Edges[0].Significant) != 0 {
			t.Errorf("diff: got %+v", d)
		}
		paths := decode[callPaths](t, at(t, "/topology/paths?service=api&operation=GET+/"))
		if len(paths.Hops) != 3 || paths.Traces != 1 || !paths.Complete || paths.Hops[1].Operation != "charge" || paths.Hops[2].Node != "database:orders" {
			t.Errorf("paths: got %+v", paths)
		}
	})

	paging := func(t *testing.T, query string) {
		var ids []string
		cursor := ""
		for pages := 0; ; pages++ {
			page := decode[tracePage](t, at(t, "/traces?limit=7&"+query+"&cursor="+url.QueryEscape(cursor)))
			for _, tr := range page.Traces {
				ids = append(ids, tr.TraceID)
			}
			if cursor = page.NextCursor; cursor == "" {
				break
			}
			if pages > 10 {
				t.Fatal("the pages do not end")
			}
		}
		want := make([]string, 0, len(traces))
		for _, tr := range slices.Backward(traces) {
			want = append(want, tr.ID.String())
		}
		if !slices.Equal(ids, want) {
			t.Errorf("newest first, each once: got %v\nwant %v", ids, want)
		}
	}
	t.Run("paging", func(t *testing.T) {
		paging(t, "")
		paging(t, "from=now-7d&to=now") // whose ends move on from page to page
		if got := get(t, srv.URL+"/api/v1/traces?cursor=nonsense"); got.status != 400 {
			t.Errorf("a made-up cursor: got %d %s", got.status, got.body)
		}
	})

	t.Run("logs and stats", func(t *testing.T) {
		for query, want := range map[string]int{"": 1, "text=BROKE": 1, "text=fine": 0, "minSeverity=fatal": 0, "service=billing": 0,
			"traceId=" + first.ID.String(): 1, "from=now-1h&to=now": 1} {
			if got := decode[logPage](t, at(t, "/logs?"+query)); len(got.Logs) != want {
				t.Errorf("logs %s: got %d, want %d", query, len(got.Logs), want)
			}
		}
		if got := decode[logPage](t, at(t, "/traces/"+first.ID.String()+"/logs")); len(got.Logs) != 1 || got.Logs[0].TraceID != first.ID.String() {
			t.Errorf("logs of the trace: got %+v", got)
		}
		var stats struct {
			Signals []struct {
				Signal             string
				Rows, Bytes        uint64
				OldestNS, NewestNS string
			}
		}
		json.Unmarshal([]byte(at(t, "/stats")), &stats)
		if s := stats.Signals; len(s) != 3 || s[0].Rows != 34 || s[1].Rows != 1 || s[2].Rows != 0 || s[0].Bytes == 0 ||
			s[0].OldestNS == "" || s[2].OldestNS != "" {
			t.Errorf("stats: got %+v", s)
		}
	})

	t.Run("aggregates", func(t *testing.T) { aggregatesOverEngine(t, at, srv.URL) })
	t.Run("functions", func(t *testing.T) { functionsOverEngine(t, at, first.ID.String()) })
	t.Run("many traces", func(t *testing.T) {
		diff := decode[diffAnswer](t, at(t, "/diff?operation=job+1&baseline=rest"))
		if diff.Selection.Traces != 10 || diff.Baseline.Traces != 21 || len(diff.Differences) != 0 || diff.Compared == 0 {
			t.Errorf("diff: got %+v", diff)
		}
		diff = decode[diffAnswer](t, at(t, "/diff?attr=shard%3D2&baseline=rest"))
		if diff.Selection.Matched != 6 || diff.Baseline.Matched != 31 || diff.Baseline.Traces != 25 {
			t.Errorf("diff: got %+v", diff)
		}
		origins := decode[errorOrigins](t, at(t, "/errors/origins?from=now-1h"))
		if len(origins.Origins) != 1 || origins.Origins[0].ErrorType != "java.io.IOException" || origins.Origins[0].Share != 1 ||
			origins.Origins[0].Examples[0] != (exampleSpan{first.ID.String(), first.Spans[0].SpanID.String()}) {
			t.Errorf("origins: got %+v", origins)
		}
		broken := decode[brokenContext](t, at(t, "/broken-context"))
		if len(broken.Hops) != 1 || broken.Hops[0].Cause != "lost_parent" || broken.Hops[0].To != "billing" || broken.Hops[0].Broken != 1 || broken.Hops[0].Calls != 2 {
			t.Errorf("broken context: got %+v", broken)
		}
		path := decode[endpointPath](t, at(t, "/critical-path?service=api&operation=job+1"))
		if path.Traces != 10 || path.Parts[0].Presence != 1 || path.Parts[0].TotalNS != path.TotalNS || path.Sample.Matched != 10 {
			t.Errorf("critical path: got %+v", path)
		}
		// Jobs 1 take 2, 5, 8, ... 29 ms; without that of 2 ms the median is 17 ms.
		found := decode[twinAnswer](t, at(t, "/traces/"+traces[2].ID.String()+"/twin"))
		if found.Roots != 9 || found.MedianNS != 17e6 || found.Twin == nil || found.Twin.DurationNS != 17e6 || !found.Twin.SameShape {
			t.Errorf("twin: got %+v, %+v", found, found.Twin)
		}
	})

	t.Run("Jaeger v1", func(t *testing.T) { jaegerV1OverEngine(t, srv.URL, first) })
	t.Run("Zipkin", func(t *testing.T) { zipkinOverEngine(t, srv.URL, first) })
	t.Run("Jaeger v3", func(t *testing.T) { jaegerV3OverEngine(t, srv.URL, first) })
}

// jaegerReply is the envelope with traces in it.
type jaegerReply struct {
	Data   []jaegerTrace
	Errors []jaegerError
}

func jaegerV1OverEngine(t *testing.T, base string, first *store.Trace) {
	ask := func(query string) jaegerReply {
		t.Helper()
		got := get(t, base+"/api/traces"+query)
		if got.status != 200 {
			t.Fatalf("%s: got %d %s", query, got.status, got.body)
		}
		var out jaegerReply
		if err := json.Unmarshal([]byte(got.body), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	// Through JSON both ways, so that the numbers are of one type.
	var want jaegerTrace
	sorted := *first
	sorted.Spans = slices.Clone(first.Spans)
	slices.SortFunc(sorted.Spans, func(a, b store.Span) int {
		if a.StartNS != b.StartNS {
			return int(a.StartNS - b.StartNS)
		}
		return strings.Compare(a.SpanID.String(), b.SpanID.String())
	})
	raw, _ := json.Marshal(newJaegerTrace(&sorted))
	json.Unmarshal(raw, &want)
	for _, id := range []string{"c0ffee00c0ffee", "00c0ffee00c0ffee", first.ID.String()} {
		if got := ask("/" + id); len(got.Data) != 1 || !reflect.DeepEqual(got.Data[0], want) {
			t.Errorf("%s: got  %+v\nwant %+v", id, got.Data, want)
		}
	}
	if got := ask("?traceID=c0ffee00c0ffee&traceID=1"); len(got.Data) != 1 || len(got.Errors) != 1 {
		t.Errorf("by ids: got %d traces, %v", len(got.Data), got.Errors)
	}
	count := func(query string, want int) {
		t.Helper()
		if got := ask("?" + query); len(got.Data) != want {
			t.Errorf("%s: got %d traces, want %d", query, len(got.Data), want)
		}
	}
	tags := func(s string) string { return "service=api&tags=" + url.QueryEscape(s) }
	count("service=api", 31)
	count("service=api&limit=4", 4)
	count("service=billing&operation=charge", 1)
	count("service=api&operation=charge", 0)
	count("service=api&minDuration=25.5ms", 5)
	count("service=api&tag=shard:3", 6)
	count(tags(`{"error":"true"}`), 1)
	count(tags(`{"error":"false","shard":"1"}`), 6)
	count(tags(`{"http.status_code":"500"}`), 1) // stored under its present name
	count(tags(`{"http.response.status_code":"500","span.kind":"server"}`), 1)
	count(tags(`{"span.kind":"client"}`), 1)
	start := first.Spans[0].StartNS / 1000
	count(fmt.Sprintf("service=api&start=%d&end=%d", start, start), 1)
	count(fmt.Sprintf("service=api&start=%d&end=%d", start-10, start-1), 0)
	if got := get(t, base+"/api/services/billing/operations").body; !strings.Contains(got, `"data":["charge","consume"],"total":2`) {
		t.Errorf("operations: got %s", got)
	}
	if got := get(t, base+"/api/dependencies").body; !strings.Contains(got, `"data":[{"parent":"api","child":"billing","callCount":2}]`) {
		t.Errorf("dependencies: got %s", got)
	}
	if got := get(t, base+"/api/traces/123456"); got.status != 404 || !strings.Contains(got.body, `"msg":"trace not found"`) {
		t.Errorf("missing: got %d %s", got.status, got.body)
	}
}

func jaegerV3OverEngine(t *testing.T, base string, first *store.Trace) {
	times := "query.startTimeMin=" + time.Now().Add(-time.Hour).UTC().Format(time.RFC3339Nano) + "&query.startTimeMax=" + time.Now().UTC().Format(time.RFC3339Nano)
	spans := func(path string) int {
		t.Helper()
		got := get(t, base+"/api/v3"+path)
		var out struct{ Result json.RawMessage }
		if err := json.Unmarshal([]byte(got.body), &out); err != nil || got.status != 200 {
			t.Fatalf("%s: got %d %s", path, got.status, got.body)
		}
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(out.Result)
		if err != nil {
			t.Fatal(err)
		}
		return td.SpanCount()
	}
	if got := spans("/traces/" + first.ID.String()); got != 4 {
		t.Errorf("trace: got %d spans, want 4", got)
	}
	if got := spans("/traces?" + times); got != 34 {
		t.Errorf("search: got %d spans, want 34", got)
	}
	if got := spans("/traces?" + times + "&query.serviceName=api&query.attributes=" + url.QueryEscape(`{"shard":"1"}`)); got != 6 {
		t.Errorf("search by attribute: got %d spans, want 6", got)
	}
	if got := get(t, base+"/api/v3/traces?"+times+"&query.serviceName=nobody"); got.status != 404 {
		t.Errorf("nothing found: got %d %s", got.status, got.body)
	}
	var sums struct{ Summaries []v3Summary }
	got := get(t, base+"/api/v3/trace-summaries?"+times+"&query.serviceName=billing")
	if err := json.Unmarshal([]byte(got.body), &sums); err != nil || len(sums.Summaries) != 1 {
		t.Fatalf("summaries: got %s, %v", got.body, err)
	}
	if s := sums.Summaries[0]; s.RootServiceName != "api" || s.RootOperationName != "GET /" || s.SpanCount != 4 || s.ErrorSpanCount != 1 ||
		s.OrphanSpanCount != 1 { // the consumer's parent
		t.Errorf("summary: got %+v", s)
	}
	deps := get(t, base+"/api/v3/dependencies?"+strings.NewReplacer("query.startTimeMin", "startTime", "query.startTimeMax", "endTime").Replace(times))
	if want := `{"dependencies":[{"parent":"api","child":"billing","callCount":"2"}]}`; strings.TrimSpace(deps.body) != want {
		t.Errorf("dependencies: got %d %s, want %s", deps.status, deps.body, want)
	}
	// Pages, each after the other, hold every trace once.
	ids, token := map[string]bool{}, ""
	for pages := 0; pages == 0 || token != ""; pages++ {
		var page struct {
			Summaries     []v3Summary
			NextPageToken string
		}
		got := get(t, base+"/api/v3/trace-summaries?"+times+"&query.pagination.pageSize=10&query.pagination.pageToken="+url.QueryEscape(token))
		if err := json.Unmarshal([]byte(got.body), &page); err != nil || pages > 4 {
			t.Fatalf("page %d: %d %s, %v", pages, got.status, got.body, err)
		}
		for _, s := range page.Summaries {
			ids[s.TraceID] = true
		}
		token = page.NextPageToken
	}
	if len(ids) != 31 {
		t.Errorf("pages hold %d traces, want 31", len(ids))
	}
}

// aggregatesOverEngine asks for calls, errors and latencies of engineTraces: jobs of 1 to 30 ms a second apart, ten of each name.
func aggregatesOverEngine(t *testing.T, at func(t *testing.T, path string) string, base string) {
	const within = "from=now-1h&to=now"
	stats := decode[operationStatsPage](t, at(t, "/operations/stats?service=api&kind=internal&sort=name&"+within))
	if stats.Total != 3 || len(stats.Operations) != 3 {
		t.Fatalf("operations: got %+v", stats)
	}
	for i, o := range stats.Operations {
		// Job i takes i+1, i+4, … i+28 ms.
		want := operationStats{Service: "api", Name: fmt.Sprint("job ", i), Kind: "internal"}
		if o.Service != want.Service || o.Name != want.Name || o.Kind != want.Kind || o.Calls != 10 || o.Errors != 0 ||
			o.TimeNS != float64(145+10*i)*1e6 || o.MeanNS != o.TimeNS/10 || o.Apdex != 1 {
			t.Errorf("got %+v", o)
		}
		for got, ms := range map[float64]float64{o.P50NS: float64(i + 13), o.P99NS: float64(i + 28)} {
			if got < 0.98*ms*1e6 || got > 1.02*ms*1e6 {
				t.Errorf("%s: a quantile of %g ns, want %g ms within 2 %%", o.Name, got, ms)
			}
		}
	}
	services := decode[operationStatsPage](t, at(t, "/operations/stats?groupBy=service&sort=calls&"+within))
	if s := services.Operations; len(s) != 2 || s[0].Service != "api" || s[0].Calls != 32 || s[0].Errors != 1 || s[1].Service != "billing" || s[1].Calls != 2 ||
		s[0].Name != "" || s[0].Kind != "" {
		t.Errorf("services: got %+v", s)
	}
	series := decode[operationSeries](t, at(t, "/operations/series?service=api&step=1m&"+within))
	var calls, errors uint64
	for _, p := range series.Points {
		calls, errors = calls+p.Calls, errors+p.Errors
	}
	if calls != 32 || errors != 1 || len(series.Points) < 60 || len(series.Points) > 61 {
		t.Errorf("series: %d calls, %d errors in %d points", calls, errors, len(series.Points))
	}
	rank := decode[percentile](t, at(t, "/percentile?service=api&operation=job+1&kind=internal&duration=14ms&"+within))
	if rank.Calls != 10 || rank.Percentile == nil || *rank.Percentile < 40 || *rank.Percentile > 50 {
		t.Errorf("percentile: got %+v", rank)
	}
	if none := decode[percentile](t, at(t, "/percentile?service=api&operation=nothing&duration=14ms&"+within)); none.Calls != 0 || none.Percentile != nil {
		t.Errorf("percentile among nothing: got %+v", none)
	}
	statements := decode[statementPage](t, at(t, "/statements?"+within))
	if s := statements.Statements; len(s) != 1 || s[0].Hash != "000000000000feed" || s[0].Calls != 1 || s[0].CallsPerTrace != 1 ||
		!slices.Equal(s[0].Peers, []string{"orders"}) || !slices.Equal(s[0].Services, []string{"api"}) || s[0].NewestTraceID != sampleTrace().ID.String() {
		t.Errorf("statements: got %+v", statements)
	}
	count := func(query string, spans, errors uint64) {
		t.Helper()
		heat := decode[heatmap](t, at(t, "/heatmap?"+within+"&"+query))
		var s, e uint64
		for _, c := range heat.Cells {
			s, e = s+c.Spans, e+c.Errors
			if c.Step < 0 || c.Step >= heat.Steps || c.Bucket < 0 || c.Bucket >= len(heat.Buckets) {
				t.Errorf("%s: cell %+v", query, c)
			}
		}
		hist := decode[histogram](t, at(t, "/histogram?"+within+"&"+query))
		if s != spans || e != errors || hist.Spans != spans || hist.Errors != errors {
			t.Errorf("%s: %d spans, %d errors, in the histogram %d, %d; want %d, %d", query, s, e, hist.Spans, hist.Errors, spans, errors)
		}
	}
	count("", 34, 1)
	count("step=1m", 34, 1)
	count("service=api&kind=internal&operation=job+1&step=5m", 10, 0)
	count("attr=shard%3D2", 6, 0)
	count("errors=true", 4, 1)
	count("minDuration=25ms", 6, 0)
	count("service=nobody&attr=shard", 0, 0)

	// Jaeger counts the kind that is asked for; its window is whole minutes.
	family := decode[metricFamily](t, get(t, base+"/api/metrics/calls?service=api&spanKind=internal&ratePer=3600000&step=60000").body)
	if len(family.Metrics) != 1 || len(family.Metrics[0].Points) == 0 {
		t.Fatalf("Jaeger's calls: got %+v", family)
	}
	if points := family.Metrics[0].Points; points[len(points)-1].Gauge.Value != 30/3600.0 {
		t.Errorf("Jaeger's calls: %g a second, want %g", points[len(points)-1].Gauge.Value, 30/3600.0)
	}
	family = decode[metricFamily](t, get(t, base+"/api/metrics/latencies?service=api&spanKind=internal&ratePer=3600000&step=60000&quantile=0.5&groupByOperation=true").body)
	if len(family.Metrics) != 3 || family.Metrics[1].Labels[0].Value != "job 1" {
		t.Fatalf("Jaeger's latencies: got %+v", family)
	}
	if points := family.Metrics[1].Points; points[len(points)-1].Gauge.Value < 0.98*14 || points[len(points)-1].Gauge.Value > 1.02*14 {
		t.Errorf("Jaeger's latencies: a median of %g ms, want 14", points[len(points)-1].Gauge.Value)
	}
}
