package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/go-chi/chi/v5"

	"weft/auth"
	"weft/store"
)

func loadSpec(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// compatible says whose contract a route is when it is not ours.
func compatible(route string) bool {
	return strings.HasPrefix(route, "/api/") && !strings.HasPrefix(route, "/api/v1/") || zipkinRoute(route)
}

func zipkinRoute(route string) bool {
	return strings.HasPrefix(route, "/api/v2/") || strings.HasPrefix(route, "/zipkin/")
}

func TestSpecAndRoutesAgree(t *testing.T) {
	s, err := New(Config{Store: &fakeStore{}})
	if err != nil {
		t.Fatal(err)
	}
	var served, described []string
	err = chi.Walk(s.mux, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if !compatible(route) {
			served = append(served, method+" "+route)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range loadSpec(t).Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	for _, r := range served {
		if !slices.Contains(described, r) {
			t.Errorf("%s is served and not in openapi.yaml", r)
		}
	}
	for _, r := range described {
		if !slices.Contains(served, r) {
			t.Errorf("%s is in openapi.yaml and not served", r)
		}
	}
	if len(served) < 18 {
		t.Errorf("walked %d routes, want at least 18", len(served))
	}
}

// specChecker validates requests and answers against openapi.yaml and remembers which operations it saw.
type specChecker struct {
	doc    *openapi3.T
	router routers.Router
	seen   map[string]bool // operationId + " " + status
}

func newSpecChecker(t testing.TB) *specChecker {
	t.Helper()
	// The router knows these two; the rest of the content types are JSON.
	openapi3filter.RegisterBodyDecoder("application/yaml", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/plain", openapi3filter.FileBodyDecoder)
	doc := loadSpec(t)
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &specChecker{doc: doc, router: router, seen: map[string]bool{}}
}

// check sends req to srv's address and validates the answer, and the request too where it is meant to be a good one.
func (c *specChecker) check(t testing.TB, req *http.Request, wantStatus int) reply {
	t.Helper()
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	got := do(t, req)
	what := req.Method + " " + req.URL.RequestURI()
	if got.status != wantStatus {
		t.Fatalf("%s: got %d %s, want %d", what, got.status, got.body, wantStatus)
	}
	rel := req.Clone(context.Background())
	rel.URL.Scheme, rel.URL.Host, rel.Host = "", "", ""
	rel.Body = io.NopCloser(bytes.NewReader(body))
	route, pathParams, err := c.router.FindRoute(rel)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	in := &openapi3filter.RequestValidationInput{Request: rel, PathParams: pathParams, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	if wantStatus < 400 {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			t.Errorf("%s: the request: %v", what, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: got.status, Header: got.header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true}}
	out.SetBodyBytes([]byte(got.body))
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		t.Errorf("%s: the answer: %v", what, err)
	}
	c.seen[route.Operation.OperationID] = c.seen[route.Operation.OperationID] || wantStatus < 400
	return got
}

// ownRequests is one good request for each operation of openapi.yaml; trace and span are stored ones.
func ownRequests(t testing.TB, base, trace, span string) []*http.Request {
	json := "Content-Type: application/json"
	below := url.QueryEscape(`{"a":{"field":"@service","op":"=","value":"api"},"op":">>","b":{"field":"@error","op":"=","value":true}}`)
	r := func(method, path, body string, headers ...string) *http.Request {
		return request(t, method, base+path, body, headers...)
	}
	return []*http.Request{
		r("GET", "/api/v1/services", ""),
		r("GET", "/api/v1/operations?service=api", ""),
		r("GET", "/api/v1/operations/stats?service=api&kind=server&from=now-1h&to=now&sort=p99&reverse=true&apdexThreshold=200ms&limit=5&offset=0", ""),
		r("GET", "/api/v1/operations/stats?groupBy=service", ""),
		r("GET", "/api/v1/operations/series?service=api&operation=GET+/&kind=server&step=5m", ""),
		r("GET", "/api/v1/percentile?service=api&operation=GET+/&kind=server&duration=5ms", ""),
		r("GET", "/api/v1/statements?service=api&sort=calls&limit=5", ""),
		r("GET", "/api/v1/statements?hash=0000000000000007", ""),
		r("GET", "/api/v1/heatmap?service=api&kind=server&attr=http.response.status_code%3E%3D200&errors=true&minTraceDuration=1us&step=10s&resolution=4", ""),
		r("GET", "/api/v1/histogram?service=api&from=now-1d", ""),
		r("GET", "/api/v1/attributes?prefix=http&limit=5", ""),
		r("GET", "/api/v1/attributes/http.route/values?prefix=/&limit=5", ""),
		r("GET", "/api/v1/traces?service=api&kind=server&status=error&errors=true&minDuration=1ms&maxTraceDuration=1h"+
			"&attr=http.response.status_code%3E%3D500&attr=!db.system.name&from=0&to=now&limit=10", ""),
		r("GET", "/api/v1/traces?where="+url.QueryEscape(`{"or":[{"field":"@service","op":"=","value":"api"},{"not":{"field":"shard","op":"exists","scope":"span"}}]}`)+
			"&structure="+below, ""),
		r("POST", "/api/v1/traces/search", `{"service":"api","from":"now-1h","limit":5,"errors":false,"attr":["shard=1"],"where":{"field":"shard","op":"in","value":["1",2]},`+
			`"structure":{"a":{"field":"@duration","op":">","value":"1ms"},"op":"~","b":{"field":"@name","op":"=~","value":"^job"}}}`, json),
		r("GET", "/api/v1/traces/count?service=api&attr=shard%3D1", ""),
		r("GET", "/api/v1/facets?service=api&field=@name&field=shard&field=http.response.status_code&limit=5", ""),
		r("GET", "/api/v1/traces/"+trace, ""),
		r("GET", "/api/v1/traces/"+trace+"?format=compact", ""),
		r("GET", "/api/v1/traces/"+trace+"/size", ""),
		r("GET", "/api/v1/traces/"+trace+"?format=compact&without=subtree&without=resource", ""),
		r("GET", "/api/v1/traces/"+trace+"/spans/"+span, ""),
		r("GET", "/api/v1/traces/"+trace+"/spans/"+span+"?cut=2", ""),
		r("GET", "/api/v1/traces/"+trace+"/skeleton", ""),
		r("GET", "/api/v1/traces/"+trace+"/analysis", ""),
		r("GET", "/api/v1/traces/"+trace+"/analysis?span="+span, ""),
		r("GET", "/api/v1/compare?a="+trace+"&b="+trace, ""),
		r("GET", "/api/v1/traces/"+trace+"/logs", ""),
		r("GET", "/api/v1/logs?minSeverity=info&text=broke&limit=3", ""),
		r("GET", "/api/v1/logs/histogram?minSeverity=info&text=broke&from=now-1h&step=1m", ""),
		r("GET", "/api/v1/stats", ""),
		r("GET", "/api/v1/topology", ""),
		r("GET", "/api/v1/topology?nodeKind=service&nodeKind=function&nodeKind=user&nodeKind=database&from=now-2h&to=now", ""),
		r("GET", "/api/v1/topology?service=api&attr=x&status=error&errors=true&minTraceDuration=1ms", ""),
		r("GET", "/api/v1/topology/matrix?from=now-1h&to=now&step=1m", ""),
		r("GET", "/api/v1/topology/diff?from=now-1h&baseFrom=now-3h&baseTo=now-2h", ""),
		r("GET", "/api/v1/topology/paths?service=api&operation=GET+/&direction=upstream&traces=10&from=now-1h", ""),
		r("GET", "/api/v1/diff?service=api&minDuration=1s&limit=5&spans=matching&baseline.service=api&baseline.attr=shard%3D1&baseline.from=0&baseline.to=now", ""),
		r("GET", "/api/v1/diff?structure="+below+"&baseline.structure="+below, ""),
		r("GET", "/api/v1/errors/origins?structure="+below, ""),
		r("GET", "/api/v1/heatmap?structure="+below, ""),
		r("GET", "/api/v1/histogram?structure="+below, ""),
		r("GET", "/api/v1/topology?structure="+below, ""),
		r("GET", "/api/v1/diff?from=0&status=error&baseline=rest", ""),
		r("GET", "/api/v1/errors/origins?service=api&attr=!db.system.name&from=0&to=now&limit=10", ""),
		r("GET", "/api/v1/critical-path?service=api&operation=GET+%2F&from=0&to=now&traces=50", ""),
		r("GET", "/api/v1/traces/"+trace+"/twin", ""),
		r("GET", "/api/v1/broken-context?from=now-1d&to=now&grace=1m&limit=10", ""),
		r("GET", "/api/v1/functions?from=now-1h&to=now&sort=p99&reverse=true&limit=5&offset=0", ""),
		r("GET", "/api/v1/functions/resize?from=now-1h&step=5m&version=1&version=2", ""),
		r("GET", "/api/v1/functions/resize/invocations?from=0&to=now&outcome=error&outcome=success&version=1&cold=true&limit=5", ""),
		r("GET", "/api/v1/functions/resize/coldstarts?from=now-1h&version=1&traces=20&worst=3", ""),
		r("GET", "/api/v1/functions/resize/instances?from=now-1h&state=ready&limit=5&offset=0", ""),
		r("GET", "/api/v1/functions/resize/profiles?from=now-1h&to=now&limit=5", ""),
		r("GET", "/api/v1/traces/"+trace+"/profiles", ""),
		r("GET", "/api/v1/profiles/"+trace+"/"+span, ""),
		r("GET", "/api/v1/profiles/"+trace+"/"+span+"?format=flamegraph", ""),
		r("GET", "/api/v1/profiles/"+trace+"/"+span, "", "Accept: application/json"),
		r("GET", "/api/v1/info", ""),
		r("GET", "/api/v1/session", ""),
		r("POST", "/api/v1/session", `{"token":"any"}`, json),
		r("GET", "/api/v1/openapi.yaml", ""),
		r("GET", "/healthz", ""),
		r("GET", "/readyz", ""),
		r("GET", "/metrics", ""),
	}
}

func TestAnswersFollowSpec(t *testing.T) {
	c := newSpecChecker(t)
	f := &fakeStore{traces: []*store.Trace{sampleTrace()}, logs: sampleLogs()}
	srv := testServer(t, f, func(c *Config) { c.Ingest = []IngestAddress{{"otlp-grpc", "127.0.0.1:4317"}} })
	for _, req := range ownRequests(t, srv.URL, "c0ffee00c0ffee", "1") {
		c.check(t, req, 200)
	}
	c.check(t, request(t, "DELETE", srv.URL+"/api/v1/session", ""), 204)
	for _, item := range c.doc.Paths.Map() {
		for _, op := range item.Operations() {
			if !c.seen[op.OperationID] {
				t.Errorf("%s was never asked", op.OperationID)
			}
		}
	}

	// Errors are problem documents of the described shape.
	tokens, query, _ := testTokens(t)
	locked := testServer(t, f, func(c *Config) { c.Tokens = tokens })
	c.check(t, request(t, "GET", locked.URL+"/api/v1/services", ""), 401)
	c.check(t, request(t, "GET", locked.URL+"/api/v1/services", "", "Authorization: Bearer "+query), 200)
	c.check(t, request(t, "POST", locked.URL+"/api/v1/session", `{"token":"wrong"}`, "Content-Type: application/json"), 401)
	c.check(t, request(t, "GET", srv.URL+"/api/v1/traces?limit=0&attr=x%3E", ""), 400)
	c.check(t, request(t, "GET", srv.URL+"/api/v1/traces/1", ""), 404)
	for kind, status := range map[store.ErrorKind]int{store.Internal: 500, store.Invalid: 400, store.Overloaded: 503, store.Unavailable: 503} {
		f.err = &store.Error{Op: "search", Kind: kind, Err: io.ErrUnexpectedEOF}
		c.check(t, request(t, "GET", srv.URL+"/api/v1/traces", ""), status)
	}
	unready := testServer(t, f, func(c *Config) { c.Ready = func() error { return io.ErrClosedPipe } })
	if got := c.check(t, request(t, "GET", unready.URL+"/readyz", ""), 503); got.body != "not ready: io: read/write on closed pipe\n" {
		t.Errorf("readyz: got %q", got.body)
	}
}

// The bounds that openapi.yaml states are the ones the parser enforces.
func TestSpecBoundsAreEnforced(t *testing.T) {
	srv := testServer(t, &fakeStore{}, nil)
	for path, item := range loadSpec(t).Paths.Map() {
		if item.Get == nil || strings.Contains(path, "{traceId}") {
			continue
		}
		for _, p := range item.Get.Parameters {
			if p.Value.In != "query" || p.Value.Schema == nil || p.Value.Schema.Value.Max == nil {
				continue
			}
			target := srv.URL + strings.ReplaceAll(path, "{key}", "k") + "?"
			for _, other := range item.Get.Parameters {
				if other.Value.Required && other.Value.In == "query" {
					target += other.Value.Name + "=x&"
				}
			}
			target += p.Value.Name + "="
			low, high := int(*p.Value.Schema.Value.Min), int(*p.Value.Schema.Value.Max)
			for n, want := range map[int]int{low - 1: 400, low: 200, high: 200, high + 1: 400} {
				number, _ := json.Marshal(n)
				if got := get(t, target+string(number)); got.status != want {
					t.Errorf("%s%d: got %d, want %d", target, n, got.status, want)
				}
			}
		}
	}
}

// testTokens returns a set of two tokens: one that may query, one that may only ingest.
func testTokens(t testing.TB) (tokens *auth.Tokens, query, ingest string) {
	t.Helper()
	query, queryHash := auth.New()
	ingest, ingestHash := auth.New()
	tokens = loadTokens(t, "tokens:\n- {name: reader, hash: \""+queryHash+"\", scopes: [query]}\n"+
		"- {name: sender, hash: \""+ingestHash+"\", scopes: [ingest]}\n")
	return tokens, query, ingest
}
