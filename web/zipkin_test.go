package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"weft/semconv"
	"weft/store"
)

// The OTLP sample as Zipkin's clients see it: an error with its text, an event with attributes, a database as the other side, a
// link, what was dropped, and old names beside the current ones.
func TestZipkinTrace(t *testing.T) {
	srv := testServer(t, &fakeStore{traces: []*store.Trace{sampleTrace()}}, nil)
	const want = `[
	{"traceId":"00c0ffee00c0ffee","id":"0000000000000001","kind":"SERVER","name":"get /","timestamp":1700000000000000,"duration":5000,
	 "localEndpoint":{"serviceName":"api"},
	 "annotations":[{"timestamp":1700000000000001,"value":"\"exception\": {\"exception.type\":\"java.io.IOException\"}"}],
	 "tags":{"arr":"[\"a\",2]","big":"9007199254740993","bin":"3q2+7w==","empty":"","error":"boom","host.name":"h1",
	  "http.response.status_code":"500","http.status_code":"500","ok":"false","otel.dropped_events_count":"1","otel.scope.name":"lib",
	  "otel.scope.version":"1.2","otel.status_code":"ERROR","ratio":"0.25","text":"<a href=\"x\">é\n","w3c.tracestate":"k=v"}},
	{"traceId":"00c0ffee00c0ffee","parentId":"0000000000000001","id":"0000000000000002","kind":"CLIENT","name":"select",
	 "timestamp":1700000000000001,"duration":2000,"localEndpoint":{"serviceName":"api"},"remoteEndpoint":{"serviceName":"orders"},
	 "tags":{"host.name":"h1","otel.scope.name":"lib","otel.scope.version":"1.2","otel.status_code":"OK"}},
	{"traceId":"00c0ffee00c0ffee","parentId":"0000000000000077","id":"0000000000000003","kind":"CONSUMER","name":"consume",
	 "timestamp":1700000000000002,"duration":1,"localEndpoint":{"serviceName":"billing"},
	 "tags":{"process.pid":"42",
	  "otlp.link.0":"4bf92f3577b34da6a3ce929d0e0e4736|0000000000000009|a=b|{\"messaging.batch\":3}|0",
	  "otlp.link.1":"000000000000000000c0ffee00c0ffee|0000000000000001||{\"opentracing.ref_type\":\"child_of\"}|0",
	  "otlp.link.2":"000000000000000000c0ffee00c0ffee|0000000000000077||{}|0"}}]`
	for _, path := range []string{"/api/v2/trace/00c0ffee00c0ffee", "/zipkin/api/v2/trace/c0ffee00c0ffee", "/api/v2/trace/000000000000000000c0ffee00c0ffee%20"} {
		got := get(t, srv.URL+path)
		if got.status != 200 || got.header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s: got %d %s", path, got.status, got.body)
		}
		sameJSON(t, path, got.body, want)
	}
	sameJSON(t, "traceMany", get(t, srv.URL+"/api/v2/traceMany?traceIds=abcd,c0ffee00c0ffee").body, "["+want+"]")
}

func sameJSON(t testing.TB, what, got, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("%s: %v in %s", what, err, got)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("%s: got\n%s\nwant\n%s", what, got, want)
	}
}

// What the collector makes of Zipkin spans, recorded from it, and the spans as they were sent.
func TestZipkinNativeSpan(t *testing.T) {
	id, _ := store.ParseTraceID("5af7183fb1d4cf5f")
	scope := &store.Scope{Attributes: store.Attributes{{Key: semconv.ReceivedFormat, Value: store.StringValue(semconv.FormatZipkin)}}}
	resource := &store.Resource{Attributes: store.Attributes{{Key: "service.name", Value: store.StringValue("backend")}}}
	str, num := store.StringValue, store.IntValue
	const us = 1556604172355737
	is := func(sp store.Span, want string) {
		t.Helper()
		sp.TraceID, sp.SpanID, sp.Scope, sp.Service = id, store.SpanID{0x35, 0x2b, 0xff, 0x9a, 0x74, 0xca, 0x9a, 0xd2}, scope, "backend"
		if sp.Resource == nil {
			sp.Resource = resource
		}
		got, err := json.Marshal(newZipkinSpan(&sp))
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, sp.Name, string(got), want)
	}
	// The example of openzipkin/zipkin-api's zipkin2-api.yaml.
	is(store.Span{
		ParentSpanID: store.SpanID{0x6b, 0x22, 0x1d, 0x5b, 0xc9, 0xe6, 0x49, 0x6c}, Name: "get /api", Kind: store.KindServer,
		StartNS: us * 1000, DurationNS: 1431_000,
		Attributes: store.Attributes{
			{Key: "client.port", Value: num(58648)}, {Key: "http.path", Value: str("/api")}, {Key: "http.request.method", Value: str("GET")},
			{Key: "network.local.address", Value: str("192.168.99.1")}, {Key: "network.peer.address", Value: str("172.19.0.2")},
			{Key: "server.port", Value: num(3306)}, {Key: semconv.ZipkinShared, Value: store.BoolValue(true)},
		},
	}, `{"traceId":"5af7183fb1d4cf5f","parentId":"6b221d5bc9e6496c","id":"352bff9a74ca9ad2","kind":"SERVER","name":"get /api",
	 "timestamp":1556604172355737,"duration":1431,"localEndpoint":{"serviceName":"backend","ipv4":"192.168.99.1","port":3306},
	 "remoteEndpoint":{"ipv4":"172.19.0.2","port":58648},"tags":{"http.method":"GET","http.path":"/api"},"shared":true}`)
	// A failed call with annotations, one of which holds what the collector writes behind an event's name.
	is(store.Span{
		Name: "get", Kind: store.KindClient, StartNS: us * 1000, StatusCode: store.StatusError, PeerName: "shop",
		Attributes: store.Attributes{
			{Key: "error", Value: str("timed out")}, {Key: "http.response.status_code", Value: num(503)}, {Key: "net.host.port", Value: num(99)},
			{Key: "network.peer.address", Value: str("2001:db8::c001")}, {Key: "server.address", Value: str("shop")}, {Key: "server.port", Value: num(80)},
			{Key: "service.peer.name", Value: str("backend-2")}, {Key: "url.full", Value: str("http://shop/a?b")}, {Key: "url.path", Value: str("/a")},
			{Key: "url.query", Value: str("b")}, {Key: semconv.ZipkinDebug, Value: store.BoolValue(true)},
		},
		Events: []store.Event{{TimeNS: (us + 5) * 1000, Name: "late"}, {TimeNS: (us + 1) * 1000, Name: "retry",
			Attributes: store.Attributes{{Key: "n", Value: num(2)}}, DroppedAttributes: 1}},
	}, `{"traceId":"5af7183fb1d4cf5f","id":"352bff9a74ca9ad2","kind":"CLIENT","name":"get","timestamp":1556604172355737,
	 "localEndpoint":{"serviceName":"backend","port":99},"remoteEndpoint":{"serviceName":"backend-2","ipv6":"2001:db8::c001","port":80},
	 "annotations":[{"timestamp":1556604172355738,"value":"retry|{\"n\":2}|1"},{"timestamp":1556604172355742,"value":"late"}],
	 "tags":{"error":"timed out","http.host":"shop","http.status_code":"503","http.target":"/a?b","http.url":"http://shop/a?b"},"debug":true}`)
	// Without a start, and without a service.
	bare := store.Span{Name: "", StartNS: us * 1000, StatusCode: store.StatusError, Resource: &store.Resource{},
		Attributes: store.Attributes{{Key: zipkinNoStart, Value: store.BoolValue(true)}}}
	bare.Kind = store.KindInternal
	is(bare, `{"traceId":"5af7183fb1d4cf5f","id":"352bff9a74ca9ad2","localEndpoint":{"serviceName":"backend"},"tags":{"error":"true","span.kind":"internal"}}`)
}

func TestZipkinNames(t *testing.T) {
	f := &fakeStore{}
	srv := testServer(t, f, nil)
	for path, want := range map[string]string{
		"/services":                                `["api","billing"]`,
		"/spans?serviceName=API":                   `["get /","work"]`,
		"/spans?serviceName=%E4%B8%AA%E4%BA%BA":    `[]`,
		"/remoteServices?serviceName=api":          `["billing","orders"]`,
		"/remoteServices?serviceName=billing":      `[]`,
		"/dependencies?endTs=1700000000000":        `[{"parent":"api","child":"billing","callCount":7,"errorCount":1},{"parent":"a","child":"b","callCount":1}]`,
		"/autocompleteKeys":                        `["http.route"]`,
		"/autocompleteValues?key=http.route":       `["/a","/b"]`,
		"/traces?serviceName=nobody":               `[]`,
		"/traces?serviceName=api&spanName=unknown": `[]`,
	} {
		if got := get(t, srv.URL+"/api/v2"+path); got.status != 200 || strings.TrimSpace(got.body) != want {
			t.Errorf("%s: got %d %s, want %s", path, got.status, got.body, want)
		}
	}
	if want := (store.TimeRange{From: time.UnixMilli(1_700_000_000_000 - 86_400_000), To: time.UnixMilli(1_700_000_000_000).Add(time.Microsecond)}); f.depRange != want {
		t.Errorf("dependencies asks for %v, want %v", f.depRange, want)
	}
	bad := func(path string, status int, want string) {
		t.Helper()
		got := get(t, srv.URL+path)
		if got.status != status || got.body != want || got.header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: got %d %q %s, want %d %q", path, got.status, got.body, got.header.Get("Content-Type"), status, want)
		}
	}
	bad("/api/v2/spans", 400, "Mandatory parameter/header is missing: serviceName")
	bad("/api/v2/remoteServices", 400, "Mandatory parameter/header is missing: serviceName")
	bad("/api/v2/autocompleteValues", 400, "Mandatory parameter/header is missing: key")
	bad("/api/v2/dependencies", 400, "Mandatory parameter/header is missing: endTs")
	bad("/api/v2/dependencies?endTs=0", 400, "endTs <= 0")
	bad("/api/v2/dependencies?endTs=1&lookback=-1", 400, "lookback <= 0")
	bad("/api/v2/spans?serviceName=%FF", 400, "unable to parse param 'serviceName': want UTF-8 text")
	bad("/api/v2/trace/0e8b46e1-81b", 400, "0e8b46e1-81b should be lower-hex encoded with no prefix")
	bad("/api/v2/trace/ABCD", 400, "ABCD should be lower-hex encoded with no prefix")
	bad("/api/v2/trace/00", 400, "traceId is all zeros")
	bad("/api/v2/trace/"+strings.Repeat("a", 33), 400, "traceId.length > 32")
	bad("/api/v2/trace/abcd", 404, "000000000000abcd not found")
	bad("/api/v2/trace/1000000000000abcd", 404, "0000000000000001000000000000abcd not found")
	bad("/api/v2/traceMany", 400, "Mandatory parameter/header is missing: traceIds")
	bad("/api/v2/traceMany?traceIds=", 400, "traceIds parameter is empty")
	bad("/api/v2/traceMany?traceIds=abcd", 400, "Use /api/v2/trace/{traceId} endpoint to retrieve a single trace")
	bad("/api/v2/traceMany?traceIds=abcd,0abcd", 400, "redundant traceId: 0abcd")
	bad("/api/v2/traceMany?traceIds=abcd,x", 400, "x should be lower-hex encoded with no prefix")
	bad("/api/v2/nothing", 404, "nothing is served at /api/v2/nothing")
	bad("/zipkin/nothing", 404, "nothing is served at /zipkin/nothing")
	f.err = &store.Error{Op: "x", Kind: store.Unavailable}
	bad("/api/v2/services", 503, "the store cannot be reached")
	bad("/api/v2/traces", 503, "the store cannot be reached")
}

func TestParseZipkinSearch(t *testing.T) {
	parse := func(query string) (zipkinSearch, error) {
		t.Helper()
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		return parseZipkinSearch(q, testNow)
	}
	got, err := parse("")
	if want := (store.TraceQuery{Range: store.TimeRange{From: testNow.Truncate(time.Millisecond).Add(-24 * time.Hour),
		To: testNow.Truncate(time.Millisecond).Add(time.Microsecond)}, Limit: 10}); err != nil || got.query.Limit != 10 ||
		!got.query.Range.From.Equal(want.Range.From) || !got.query.Range.To.Equal(want.Range.To) || len(got.where) != 0 {
		t.Errorf("defaults: got %+v, %v, want %+v", got, err, want)
	}
	str := store.StringValue
	got, err = parse("serviceName=Api&remoteServiceName=db&spanName=All&limit=100000&endTs=1700000001000&lookback=1000&minDuration=1&maxDuration=5" +
		"&annotationQuery=" + url.QueryEscape("error and http.method=GET and a=b and c and a and d==e and  and c=1 and otel.status_code and error=true and span.kind=Client and cache miss"))
	want := zipkinSearch{service: "Api", remote: "db", query: store.TraceQuery{
		Range: store.TimeRange{From: time.UnixMilli(1_700_000_000_000), To: time.UnixMilli(1_700_000_001_000).Add(time.Microsecond)},
		Limit: 1000,
	},
		where: []store.Expr{
			store.Predicate{Field: store.FieldStatus, Value: str("error")}, // its last value is true
			store.Predicate{Field: "http.method", Value: str("GET")},
			store.Predicate{Field: "a", Value: str("b")},
			store.Predicate{Field: "c", Value: str("1")},
			store.Predicate{Field: "d", Value: str("=e")},
			store.Or{store.Predicate{Field: store.FieldStatus, Op: store.OpNotEqual, Value: str("unset")}, store.Predicate{Field: store.FieldEvent, Value: str("otel.status_code")}},
			store.Predicate{Field: store.FieldKind, Value: str("client")},
			store.Or{store.Predicate{Field: "cache miss", Op: store.OpExists}, store.Predicate{Field: store.FieldEvent, Value: str("cache miss")}},
			store.Predicate{Field: store.FieldDuration, Op: store.OpGreaterEqual, Value: store.IntValue(1)},
			store.Predicate{Field: store.FieldDuration, Op: store.OpLess, Value: store.IntValue(6000)},
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	bad := func(query, want string) {
		t.Helper()
		if _, err := parse(query); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", query, err, want)
		}
	}
	bad("endTs=0", "endTs <= 0")
	bad("limit=0", "limit <= 0")
	bad("lookback=0", "lookback <= 0")
	bad("minDuration=0", "minDuration <= 0")
	bad("minDuration=2&maxDuration=1", "maxDuration < minDuration")
	bad("maxDuration=1", "maxDuration is only valid with minDuration")
	bad("endTs=x", "Can't convert 'x' to type 'Long'.")
	bad("limit=3000000000", "Can't convert '3000000000' to type 'Integer'.")
	bad("annotationQuery=@name", `annotationQuery: want a tag's name, got "@name"`)
	for _, extreme := range []string{"endTs=9223372036854775807&lookback=9223372036854775807", "endTs=1&lookback=9223372036854775807",
		"minDuration=9223372036854775807&maxDuration=9223372036854775807"} {
		got, err := parse(extreme)
		if err != nil || got.query.Range.To.Before(got.query.Range.From) {
			t.Errorf("%s: got %+v, %v", extreme, got, err)
		}
	}
}

// A name is found in every spelling it is stored with, and the search says so to the store.
func TestZipkinSearch(t *testing.T) {
	f := &fakeStore{traces: []*store.Trace{sampleTrace()}}
	srv := testServer(t, f, nil)
	got := get(t, srv.URL+"/api/v2/traces?serviceName=API&spanName=get+/&remoteServiceName=billing&limit=3&annotationQuery=error")
	var traces [][]zipkinSpan
	if err := json.Unmarshal([]byte(got.body), &traces); err != nil || got.status != 200 || len(traces) != 1 || len(traces[0]) != 3 {
		t.Fatalf("got %d %s, %v", got.status, got.body, err)
	}
	str := store.StringValue
	want := store.And{store.Predicate{Field: store.FieldService, Value: str("api")}, store.Predicate{Field: store.FieldName, Value: str("GET /")},
		store.Predicate{Field: store.FieldPeer, Value: str("Billing")},
		store.Or{store.Predicate{Field: store.FieldStatus, Value: str("error")}, store.Predicate{Field: store.FieldEvent, Value: str("error")}}}
	if !reflect.DeepEqual(f.query.Where, store.Expr(want)) || f.query.Limit != 3 {
		t.Errorf("the store is asked for %+v, limit %d", f.query.Where, f.query.Limit)
	}
}

func TestZipkinPort(t *testing.T) {
	tokens, query, ingest := testTokens(t)
	fail := error(nil)
	s, err := New(Config{Store: &fakeStore{}, Version: "1.2", BasePath: "/weft", Tokens: tokens, Ready: func() error { return fail }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(ZipkinPort("/weft/", s.Handler()))
	t.Cleanup(server.Close)
	srv := server.URL
	for _, path := range []string{"/api/v2/services", "/zipkin/api/v2/services"} {
		if got := get(t, srv+path, "Authorization: Bearer "+query); got.status != 200 {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
		if got := get(t, srv+path); got.status != 401 || got.body != "a valid bearer token is required" {
			t.Errorf("%s without a token: got %d %s", path, got.status, got.body)
		}
		if got := get(t, srv+path, "Authorization: Bearer "+ingest); got.status != 403 {
			t.Errorf("%s as a sender: got %d %s", path, got.status, got.body)
		}
	}
	if got := get(t, srv+"/info"); got.status != 200 || strings.TrimSpace(got.body) != `{"zipkin":{"version":"1.2"}}` {
		t.Errorf("info: got %d %s", got.status, got.body)
	}
	if got := get(t, srv+"/health"); got.status != 200 || strings.TrimSpace(got.body) != `{"status":"UP","zipkin":{"details":{"Store":{"status":"UP"}},"status":"UP"}}` {
		t.Errorf("health: got %d %s", got.status, got.body)
	}
	fail = http.ErrServerClosed
	if got := get(t, srv+"/health"); got.status != 503 || !strings.Contains(got.body, `"status":"DOWN"`) {
		t.Errorf("health of a server that stops: got %d %s", got.status, got.body)
	}
	if got := get(t, srv+"/"); got.status != 404 {
		t.Errorf("/: got %d %s", got.status, got.body)
	}
}

func zipkinOverEngine(t *testing.T, base string, first *store.Trace) {
	ask := func(path string) string {
		t.Helper()
		got := get(t, base+"/api/v2"+path)
		if got.status != 200 {
			t.Fatalf("%s: got %d %s", path, got.status, got.body)
		}
		return strings.TrimSpace(got.body)
	}
	is := func(path, want string) {
		t.Helper()
		if got := ask(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	is("/services", `["api","billing"]`)
	is("/spans?serviceName=Billing", `["charge","consume"]`)
	is("/remoteServices?serviceName=api", `["orders"]`)
	is("/remoteServices?serviceName=billing", `[]`)
	is("/dependencies?endTs="+strconv.FormatInt(time.Now().UnixMilli(), 10), `[{"parent":"api","child":"billing","callCount":2}]`)
	is("/autocompleteValues?key=shard", `["0","1","2","3","4"]`)

	sorted := &store.Trace{ID: first.ID, Spans: slices.Clone(first.Spans)}
	slices.SortFunc(sorted.Spans, func(a, b store.Span) int {
		return cmp.Or(cmp.Compare(a.StartNS, b.StartNS), strings.Compare(a.SpanID.String(), b.SpanID.String()))
	})
	want, err := json.Marshal(newZipkinTrace(sorted))
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, "trace", ask("/trace/c0ffee00c0ffee"), string(want))

	count := func(query string, want int) {
		t.Helper()
		var traces [][]zipkinSpan
		if err := json.Unmarshal([]byte(ask("/traces?"+query)), &traces); err != nil {
			t.Fatal(err)
		}
		if len(traces) != want {
			t.Errorf("%s: got %d traces, want %d", query, len(traces), want)
		}
	}
	annotations := func(s string) string { return "limit=100&annotationQuery=" + url.QueryEscape(s) }
	count("", 10)
	count("limit=100", 31)
	count("limit=100&serviceName=API", 31)
	count("serviceName=billing", 1)
	count("limit=100&serviceName=api&spanName=job+1", 10)
	count("limit=100&spanName=JOB+1", 10)
	count("limit=100&serviceName=api&spanName=all", 31)
	count("serviceName=api&remoteServiceName=Orders", 1)
	count("remoteServiceName=orders", 1)
	count("serviceName=api&remoteServiceName=nobody", 0)
	count(annotations("error"), 1)
	count(annotations("shard=2"), 6)
	count(annotations("shard and http.status_code=201"), 1)
	count(annotations("shard=2 and error"), 0)
	count(annotations("exception"), 1)
	count(annotations("exception and error and http.status_code=500"), 1)
	count(annotations("exception=1"), 0)
	count(annotations("excep"), 0)
	count("limit=100&minDuration=26000", 5)
	count("limit=100&minDuration=10000&maxDuration=12000", 3)
	start := first.Spans[0].StartNS / 1_000_000
	count(fmt.Sprintf("limit=100&endTs=%d&lookback=1000", start+1), 1)
	count(fmt.Sprintf("limit=100&endTs=%d&lookback=1000", start-1), 0)
}

func FuzzParseZipkinSearch(f *testing.F) {
	f.Add("serviceName=a&annotationQuery=a+and+b%3Dc&endTs=1&lookback=2&limit=3&minDuration=4&maxDuration=5&traceIds=a,b")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		if s, err := parseZipkinSearch(q, testNow); err == nil {
			if s.query.Limit < 1 || s.query.Limit > 1000 || s.query.Range.To.Before(s.query.Range.From) {
				t.Errorf("%q: %+v", query, s.query)
			}
		}
		if r, err := parseZipkinDependencies(q); err == nil && r.To.Before(r.From) {
			t.Errorf("%q: %+v", query, r)
		}
		if ids, err := parseZipkinTraceIDs(q); err == nil && (len(ids) < 2 || len(ids) > 1000) {
			t.Errorf("%q: %d ids", query, len(ids))
		}
	})
}
