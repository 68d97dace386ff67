package web

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"weft/auth"
	"weft/store"
)

func loadTokens(t testing.TB, text string) *auth.Tokens {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, err := auth.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func TestNewReportsEveryProblem(t *testing.T) {
	_, err := New(Config{BasePath: "/a b", QueryTimeout: time.Hour})
	want := "web: store: want one, got none\nbase path: want /letters-digits segments, got \"/a b\"\n" +
		"query timeout: want more than 0 and at most 10m, got 1h0m0s"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestSearchParameters(t *testing.T) {
	f := &fakeStore{}
	srv := testServer(t, f, nil)
	got := get(t, srv.URL+"/api/v1/traces?from=1700000000000000000&to=2023-11-14T22:13:21Z&service=api&operation=GET+/&kind=server&status=ok"+
		"&errors=true&attr=a%3Db&attr=n%3E5&minDuration=1ms&maxDuration=2s&minTraceDuration=5&maxTraceDuration=1h&limit=7&cursor=abc")
	want := store.TraceQuery{
		Range:      store.TimeRange{From: time.Unix(1_700_000_000, 0).UTC(), To: time.Unix(1_700_000_001, 0).UTC()},
		ErrorsOnly: true, Limit: 7, Cursor: "abc", MinTraceDuration: 5, MaxTraceDuration: time.Hour,
		Where: store.AllOf([]store.Predicate{
			{Field: store.FieldService, Value: store.StringValue("api")},
			{Field: store.FieldName, Value: store.StringValue("GET /")},
			{Field: store.FieldKind, Value: store.StringValue("server")},
			{Field: store.FieldStatus, Value: store.StringValue("ok")},
			{Field: store.FieldDuration, Op: store.OpGreaterEqual, Value: store.IntValue(1_000_000)},
			{Field: store.FieldDuration, Op: store.OpLessEqual, Value: store.IntValue(2_000_000_000)},
			{Field: "a", Value: store.StringValue("b")},
			{Field: "n", Op: store.OpGreater, Value: store.IntValue(5)},
		}...),
	}
	if got.status != 200 || !reflect.DeepEqual(f.query, want) {
		t.Errorf("got %d %s\n%+v\nwant\n%+v", got.status, got.body, f.query, want)
	}
	if got := get(t, srv.URL+"/api/v1/traces"); got.status != 200 || f.query.Limit != 50 || f.query.Where != nil {
		t.Errorf("no parameters: got %d, %+v", got.status, f.query)
	}
	get(t, srv.URL+"/api/v1/logs?service=api&minSeverity=WARN&text=x&traceId=ff&limit=2&cursor=c")
	logs := store.LogQuery{Service: "api", MinSeverity: 13, Contains: "x", Limit: 2, Cursor: "c", TraceID: store.TraceID{15: 0xff}}
	if f.logQuery != logs {
		t.Errorf("logs: got %+v, want %+v", f.logQuery, logs)
	}
	counted := decode[logHistogram](t, get(t, srv.URL+"/api/v1/logs/histogram?service=api&minSeverity=error&from=60000000000&to=180000000001&step=1m").body)
	logs = store.LogQuery{Service: "api", MinSeverity: 17, Range: store.TimeRange{From: time.Unix(60, 0).UTC(), To: time.Unix(240, 0).UTC()}}
	f.logQuery.Range = store.TimeRange{From: f.logQuery.Range.From.UTC(), To: f.logQuery.Range.To.UTC()}
	if f.logQuery != logs {
		t.Errorf("counts of logs: got %+v, want %+v", f.logQuery, logs)
	}
	points := []logPoint{{StartNS: 60e9}, {120e9, 0, 1, 2, 3, 4, 5, 6}, {StartNS: 180e9}}
	if counted.Records != 21 || counted.StepNS != 60e9 || !reflect.DeepEqual(counted.Points, points) {
		t.Errorf("counts of logs: got %+v", counted)
	}
	if got := get(t, srv.URL+"/api/v1/attributes/a%2Fb%20c%25/values"); got.status != 200 || f.key != "a/b c%" {
		t.Errorf("escaped key: got %d, %q", got.status, f.key)
	}
}

func TestProblemsNameFieldValueAndBound(t *testing.T) {
	srv := testServer(t, &fakeStore{}, nil)
	check := func(path string, want ...fieldError) {
		t.Helper()
		got := get(t, srv.URL+path, "X-Request-Id: req-1")
		p := decode[problem](t, got.body)
		if got.status != 400 || got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: got %d %s", path, got.status, got.header.Get("Content-Type"))
		}
		if p.Type != "urn:weft:problem:invalid-parameter" || p.RequestID != "req-1" || p.Status != 400 {
			t.Errorf("%s: got %+v", path, p)
		}
		if !reflect.DeepEqual(p.Errors, want) {
			t.Errorf("%s: got %+v\nwant %+v", path, p.Errors, want)
		}
	}
	check("/api/v1/traces?limit=1001&kind=fast",
		fieldError{"kind", "fast", "unspecified, internal, server, client, producer, consumer", "want one of these"},
		fieldError{"limit", "1001", "1 to 1000", "want a whole number in this range"})
	check("/api/v1/traces?from=now&to=now-1h", fieldError{"to", "now-1h", "not before from", "ends before it starts"})
	check("/api/v1/traces?minDuration=2s&maxDuration=1s",
		fieldError{"maxDuration", "1s", "more than 0 and not less than minDuration", "nothing can be this short"})
	check("/api/v1/traces?service=a&service=b", fieldError{"service", "a,b", "once", "given more than once"})
	check("/api/v1/services?limt=5", fieldError{"limt", "5", "", "no such parameter here"})
	check("/api/v1/traces?attr=%3D", fieldError{"attr", "=", conditionBound, "want a key"})
	check("/api/v1/traces/xyz", fieldError{"traceId", "xyz", "1 to 32 hex digits", "want hex digits: encoding/hex: invalid byte: U+0078 'x'"})
	check("/api/v1/traces/1/spans/00", fieldError{"spanId", "00", "1 to 16 hex digits", "an all-zero id is invalid"})
	check("/api/v1/traces/1/spans/1?cut=1048577", fieldError{"cut", "1048577", "0 to 1048576", "want a whole number in this range"})
	check("/api/v1/logs?minSeverity=25", fieldError{"minSeverity", "25", "trace, debug, info, warn, error, fatal, or 1 to 24", "no such severity"})
	check("/api/v1/traces?cursor="+strings.Repeat("x", maxTraceCursor+1), fieldError{"cursor", strings.Repeat("x", 200) + "…", "at most 16384 bytes", "too long"})
	check("/api/v1/traces?service=%91", fieldError{"service", "\uFFFD", "UTF-8", "want UTF-8 text"})
	check("/api/v1/traces?"+strings.Repeat("attr=a&", 21), fieldError{"attr", "21", "at most 20 conditions", "too many"})
}

func TestTextThatIsNoUTF8IsRefused(t *testing.T) {
	srv := testServer(t, &fakeStore{}, nil)
	for _, path := range []string{"/api/v1/attributes/%91/values", "/api/v1/operations?%91=x", "/api/traces?service=%91", "/api/services/%91/operations",
		"/api/operations?service=%91", "/api/v3/operations?service=%91", "/api/v3/traces?query.serviceName=%91"} {
		if got := get(t, srv.URL+path); got.status != 400 || !strings.Contains(got.body, "UTF-8") {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
	}
}

func TestStoreErrorsBecomeStatuses(t *testing.T) {
	f := &fakeStore{}
	srv := testServer(t, f, nil)
	check := func(err error, status int, retry, secret string) {
		t.Helper()
		f.err = err
		for _, path := range []string{"/api/v1/services", "/api/services", "/api/v3/services"} {
			got := get(t, srv.URL+path)
			if got.status != status || got.header.Get("Retry-After") != retry {
				t.Errorf("%s with %v: got %d, Retry-After %q, want %d, %q", path, err, got.status, got.header.Get("Retry-After"), status, retry)
			}
			if secret != "" && strings.Contains(got.body, secret) {
				t.Errorf("%s tells the client about %q: %s", path, secret, got.body)
			}
		}
	}
	check(&store.Error{Kind: store.Overloaded, Err: errors.New("too many parts")}, 503, "5", "too many parts")
	check(&store.Error{Kind: store.Unavailable, Err: errors.New("dial 10.0.0.1")}, 503, "2", "10.0.0.1")
	check(&store.Error{Kind: store.Internal, Err: errors.New("password wrong")}, 500, "", "password")
	check(errors.New("anything"), 500, "", "anything")
	check(&store.Error{Kind: store.Invalid, Err: errors.New("cursor")}, 400, "", "")
}

func TestSlowQueryTimesOut(t *testing.T) {
	srv := testServer(t, &fakeStore{block: true}, func(c *Config) { c.QueryTimeout = 20 * time.Millisecond })
	if got := get(t, srv.URL+"/api/v1/services"); got.status != 504 || !strings.Contains(got.body, "urn:weft:problem:timeout") {
		t.Errorf("got %d %s, want 504", got.status, got.body)
	}
}

type panicStore struct{ Store }

func TestPanicBecomes500AndIsLogged(t *testing.T) {
	var log bytes.Buffer
	srv := testServer(t, panicStore{}, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	got := get(t, srv.URL+"/api/v1/services", "X-Request-Id: boom-1", "Accept-Encoding: gzip")
	if got.status != 500 || !strings.Contains(got.body, `"requestId":"boom-1"`) {
		t.Errorf("got %d %s", got.status, got.body)
	}
	srv.Close() // waits for the handler, and so for its log line
	for _, want := range []string{"level=ERROR", "status=500", "request_id=boom-1", "nil pointer dereference", "web.(*Server).listServices"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, log.String())
		}
	}
}

func TestAuthentication(t *testing.T) {
	tokens, query, ingest := testTokens(t)
	f := &fakeStore{traces: []*store.Trace{sampleTrace()}}
	srv := testServer(t, f, func(c *Config) {
		c.Tokens = tokens
		c.Ingest = []IngestAddress{{"otlp-grpc", "127.0.0.1:4317"}}
	})
	guarded := []string{"/api/v1/services", "/api/v1/traces", "/api/v1/traces/1", "/api/v1/logs", "/api/v1/stats", "/metrics",
		"/api/services", "/api/traces?service=api", "/api/v3/services", "/api/v3/traces", "/api/metrics/calls"}
	for _, path := range guarded {
		got := get(t, srv.URL+path)
		if got.status != 401 || got.header.Get("WWW-Authenticate") != `Bearer realm="weft"` {
			t.Errorf("%s without a token: got %d, %q", path, got.status, got.header.Get("WWW-Authenticate"))
		}
		if got := get(t, srv.URL+path, "Authorization: Bearer "+ingest); got.status != 403 {
			t.Errorf("%s with a token of another scope: got %d, want 403", path, got.status)
		}
		if got := get(t, srv.URL+path, "Authorization: Bearer "+query); got.status == 401 || got.status == 403 {
			t.Errorf("%s with the token: got %d", path, got.status)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/api/v1/info", "/api/v1/session", "/api/v1/openapi.yaml", "/", "/search"} {
		if got := get(t, srv.URL+path); got.status != 200 {
			t.Errorf("%s needs no token: got %d", path, got.status)
		}
	}
	// What a stranger learns is that there is a door.
	if got := get(t, srv.URL+"/api/v1/info").body; strings.Contains(got, "4317") || !strings.Contains(got, `"authRequired":true`) {
		t.Errorf("info for a stranger: %s", got)
	}
	if got := get(t, srv.URL+"/api/v1/info", "Authorization: bearer "+query).body; !strings.Contains(got, "127.0.0.1:4317") {
		t.Errorf("info for a reader: %s", got)
	}
	// Errors keep the shape of the API they guard.
	if got := get(t, srv.URL+"/api/services").body; !strings.HasPrefix(got, `{"data":null`) {
		t.Errorf("Jaeger v1: got %s", got)
	}
	if got := get(t, srv.URL+"/api/v3/services").body; !strings.HasPrefix(got, `{"error":{"httpCode":401`) {
		t.Errorf("Jaeger v3: got %s", got)
	}
}

func TestSignInAndOut(t *testing.T) {
	tokens, query, ingest := testTokens(t)
	srv := testServer(t, &fakeStore{}, func(c *Config) { c.Tokens, c.BasePath = tokens, "/obs" })
	url := srv.URL + "/obs/api/v1/session"
	post := func(body string, headers ...string) reply {
		t.Helper()
		return do(t, request(t, "POST", url, body, append(headers, "Content-Type: application/json")...))
	}
	got := post(`{"token":"` + query + `"}`)
	if s := decode[session](t, got.body); got.status != 200 || !s.SignedIn || s.Name != "reader" || len(s.Scopes) != 1 {
		t.Errorf("sign in: got %d %s", got.status, got.body)
	}
	cookie := got.header.Get("Set-Cookie")
	if want := "weft_session=" + query + "; Path=/obs/; Max-Age=604800; HttpOnly; SameSite=Strict"; cookie != want {
		t.Errorf("cookie: got %s, want %s", cookie, want)
	}
	if got := post(`{"token":"`+query+`"}`, "X-Forwarded-Proto: https"); !strings.Contains(got.header.Get("Set-Cookie"), "; Secure") {
		t.Errorf("behind TLS: got %s", got.header.Get("Set-Cookie"))
	}
	with := "Cookie: weft_session=" + query
	if got := get(t, srv.URL+"/obs/api/v1/services", with); got.status != 200 {
		t.Errorf("with the cookie: got %d", got.status)
	}
	if s := decode[session](t, get(t, url, with).body); !s.SignedIn || s.Name != "reader" || !s.AuthRequired {
		t.Errorf("who am I: got %+v", s)
	}
	if s := decode[session](t, get(t, url).body); s.SignedIn || s.Name != "" || len(s.Scopes) != 0 {
		t.Errorf("who is a stranger: got %+v", s)
	}
	if got := post(`{"token":"weft_nobody"}`); got.status != 401 || got.header.Get("Set-Cookie") != "" {
		t.Errorf("wrong token: got %d, %s", got.status, got.header.Get("Set-Cookie"))
	}
	if got := post(`{"token":"` + ingest + `"}`); got.status != 403 {
		t.Errorf("token of another scope: got %d", got.status)
	}
	for _, body := range []string{"", "{", `{"token":""}`, `{"token":5}`, `{"tokens":"x"}`, `{"token":"x"} more`, `{"token":"` + strings.Repeat("x", 5000) + `"}`} {
		if got := post(body); got.status != 400 {
			t.Errorf("%.40s: got %d, want 400", body, got.status)
		}
	}
	got = do(t, request(t, "DELETE", url, "", with))
	if got.status != 204 || !strings.Contains(got.header.Get("Set-Cookie"), "weft_session=; Path=/obs/; Max-Age=0") {
		t.Errorf("sign out: got %d, %s", got.status, got.header.Get("Set-Cookie"))
	}
	// A page of another site must not be able to do either.
	for _, foreign := range []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"} {
		if got := do(t, request(t, "DELETE", url, "", with, foreign)); got.status != 403 || !strings.Contains(got.body, "cross-origin") {
			t.Errorf("%s: got %d %s", foreign, got.status, got.body)
		}
	}
}

func TestMetricsAndHeaders(t *testing.T) {
	reg := prometheus.NewRegistry()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "weft_test_total", Help: "Counts."})
	reg.MustRegister(c)
	c.Add(3)
	srv := testServer(t, &fakeStore{}, func(c *Config) { c.Gatherer = reg })
	if got := get(t, srv.URL+"/metrics").body; !strings.Contains(got, "weft_test_total 3\n") {
		t.Errorf("metrics: got %s", got)
	}
	got := get(t, srv.URL+"/api/v1/services", "Origin: https://evil.example")
	for name, want := range map[string]string{
		"Content-Security-Policy": apiPolicy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
		"Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin", "Access-Control-Allow-Origin": "",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: got %q, want %q", name, got.header.Get(name), want)
		}
	}
	if id := got.header.Get("X-Request-Id"); len(id) != 16 {
		t.Errorf("request id: got %q", id)
	}
	if got := get(t, srv.URL+"/healthz", "X-Request-Id: bad id").header.Get("X-Request-Id"); len(got) != 16 {
		t.Errorf("a request id that could break the log was taken over: %q", got)
	}
}

func TestProbes(t *testing.T) {
	tokens, query, _ := testTokens(t)
	waiting := errors.New("the store is not there yet")
	srv := httptest.NewServer(Probes(Config{Tokens: tokens, Ready: func() error { return waiting }}))
	defer srv.Close()
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/metrics": 401, "/": 404, "/api/v1/services": 404} {
		if got := get(t, srv.URL+path); got.status != want {
			t.Errorf("%s: got %d %s, want %d", path, got.status, got.body, want)
		}
	}
	if got := get(t, srv.URL+"/metrics", "Authorization: Bearer "+query); got.status != 200 {
		t.Errorf("metrics with a token: got %d", got.status)
	}
	if got := do(t, request(t, "POST", srv.URL+"/healthz", "")); got.status != 405 || got.header.Get("Allow") != "GET" {
		t.Errorf("POST: got %d, Allow %q", got.status, got.header.Get("Allow"))
	}
}

func TestCompression(t *testing.T) {
	tr := wideTrace(2000)
	srv := testServer(t, &fakeStore{traces: []*store.Trace{tr}}, nil)
	path := srv.URL + "/api/v1/traces/" + tr.ID.String()
	got := get(t, path, "Accept-Encoding: gzip")
	if got.header.Get("Content-Encoding") != "gzip" || len(got.body) > len(appendOTLP(nil, tr))/5 {
		t.Errorf("got %q, %d bytes of %d", got.header.Get("Content-Encoding"), len(got.body), len(appendOTLP(nil, tr)))
	}
	if got := get(t, path, "Accept-Encoding: identity"); got.header.Get("Content-Encoding") != "" || got.body != string(appendOTLP(nil, tr)) {
		t.Errorf("identity: got %q, %d bytes", got.header.Get("Content-Encoding"), len(got.body))
	}
}

func TestMethodsAndRoutes(t *testing.T) {
	srv := testServer(t, &fakeStore{}, nil)
	check := func(method, path string, status int, code string) {
		t.Helper()
		got := do(t, request(t, method, srv.URL+path, ""))
		if got.status != status || !strings.Contains(got.body, code) {
			t.Errorf("%s %s: got %d %s, want %d %s", method, path, got.status, got.body, status, code)
		}
	}
	check("GET", "/api/v1/nothing", 404, "no-such-route")
	check("POST", "/api/v1/traces", 405, "no-such-method")
	check("POST", "/search", 405, "no-such-method")
	check("GET", "/api/v3/nothing", 404, `{"error":{"httpCode":404`)
	check("GET", "/assets/missing.js", 404, "no-such-route")
	check("GET", "/trace/anything", 200, "<base href=\"/\">")
	check("HEAD", "/healthz", 200, "")
	check("HEAD", "/api/v1/services", 200, "")
	check("HEAD", "/search", 200, "")
	for path, want := range map[string]string{"/api/v1/session": "GET, POST, DELETE", "/api/v1/traces": "GET", "/api/transform": "POST", "/search": "GET"} {
		if got := do(t, request(t, "PUT", srv.URL+path, "")); got.status != 405 || got.header.Get("Allow") != want {
			t.Errorf("PUT %s: got %d, Allow %q, want %q", path, got.status, got.header.Get("Allow"), want)
		}
	}
}

func TestBasePath(t *testing.T) {
	srv := testServer(t, &fakeStore{}, func(c *Config) { c.BasePath = "/obs/weft/" })
	check := func(path string, status int, want string) {
		t.Helper()
		if got := get(t, srv.URL+path); got.status != status || !strings.Contains(got.body+got.header.Get("Location"), want) {
			t.Errorf("%s: got %d %s %s, want %d %s", path, got.status, got.header.Get("Location"), got.body, status, want)
		}
	}
	check("/", 302, "/obs/weft/")
	check("/obs/weft", 302, "/obs/weft/")
	check("/obs/weft/", 200, `<base href="/obs/weft/">`)
	check("/obs/weft/api/v1/services", 200, "billing")
	check("/obs/weft/api/services", 200, "billing")
	check("/obs/weft/healthz", 200, "ok")
	check("/api/v1/services", 404, "")
	check("/obs/weftx/", 404, "")
}

func TestClientThatLeavesIsNoServerError(t *testing.T) {
	var log bytes.Buffer
	f := &fakeStore{block: true}
	s, err := New(Config{Store: f, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodGet, "/api/v1/services", nil)
	ctx, leave := context.WithCancel(req.Context())
	leave()
	s.Handler().ServeHTTP(httptest.NewRecorder(), req.WithContext(ctx))
	if got := log.String(); !strings.Contains(got, "status=499") || strings.Contains(got, "level=ERROR") {
		t.Errorf("log: %s", got)
	}
}
