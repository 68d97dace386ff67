package fc_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"weft/faas/contract/contracttest"
	"weft/faas/fc"
)

// A function that takes events, on the vendor's runtime and with the vendor's types, behind an HTTP trigger.
func TestWebEvents(t *testing.T) {
	fn := demo()
	fn.Initializer.Enabled, fn.Server.Event = false, true
	i := newInstance(t, fc.Identity{Function: fn, Account: "42"})
	contracttest.Start(t, i, ".", nil, contracttest.Build(t, "fc-trigger"))
	contracttest.Ready(t, i)
	front := &contracttest.Front{Instance: i, Outcomes: make(chan contracttest.Result, 10)}
	server := httptest.NewServer(front)
	defer server.Close()
	ask := func(method, path, body, mediaType string) (*http.Response, string, contracttest.Result) {
		t.Helper()
		r, err := http.NewRequestWithContext(contracttest.Context(t), method, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header["Accept"] = []string{"a", "b"}
		r.Header.Set("Content-Type", mediaType)
		r.Header.Set("User-Agent", "curl")
		r.Header.Set("Traceparent", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01")
		r.Header.Set("X-Fc-Security-Token", "forged")
		resp, answer := do(t, r)
		return resp, string(answer), <-front.Outcomes
	}

	resp, body, res := ask("PUT", "/a%20b/c?q=1&q=2&z=%C3%A9", `{"k": "v"}`, "application/json")
	var e struct {
		Version, RawPath, Body   string
		IsBase64Encoded          bool
		Headers, QueryParameters map[string]string
		RequestContext           struct {
			AccountID, DomainName, DomainPrefix, RequestID, Time, TimeEpoch string
			HTTP                                                            struct{ Method, Path, Protocol, SourceIP, UserAgent string }
		}
	}
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if resp.StatusCode != 201 || resp.Header.Get("X-Own") != "mine" || resp.Header.Get("Content-Type") != "application/json" || res.Outcome.Status != 201 {
		t.Errorf("answer: %s %v, outcome %+v", resp.Status, resp.Header, res.Outcome)
	}
	if e.Version != "v1" || e.RawPath != "/a%20b/c" || e.Body != `{"k": "v"}` || e.IsBase64Encoded {
		t.Errorf("event %+v", e)
	}
	if want := map[string]string{"q": "1,2", "z": "é"}; !reflect.DeepEqual(e.QueryParameters, want) {
		t.Errorf("query %v, want %v", e.QueryParameters, want)
	}
	inv := res.Invocation
	trace := "00-" + inv.Span.TraceID().String() + "-" + inv.Span.SpanID().String() + "-01"
	if h := e.Headers; h["Accept"] != "a,b" || h["Traceparent"] != trace || h["X-Fc-Security-Token"] != "" || h["Host"] != strings.TrimPrefix(server.URL, "http://") {
		t.Errorf("headers %v, want trace %s", h, trace)
	}
	c := e.RequestContext
	if at, err := time.Parse(time.RFC3339, c.Time); err != nil || time.Since(at) > contracttest.Patience || c.TimeEpoch[:10] == "" {
		t.Errorf("time %s, %s", c.Time, c.TimeEpoch)
	}
	if c.AccountID != "42" || c.DomainPrefix != "demo" || c.RequestID != inv.ID || c.HTTP.Method != "PUT" || c.HTTP.Path != "/a b/c" ||
		c.HTTP.Protocol != "HTTP/1.1" || c.HTTP.SourceIP != "127.0.0.1" || c.HTTP.UserAgent != "curl" {
		t.Errorf("context %+v", c)
	}

	if _, body, _ = ask("POST", "/", "\xff\x00", "application/octet-stream"); !strings.Contains(body, `"body":"/wA=","isBase64Encoded":true`) {
		t.Errorf("binary request: %s", body)
	}
	if resp, body, _ = ask("POST", "/binary", "", ""); body != "GIF89a\xff\x00" || resp.Header.Get("Content-Type") != "image/gif" {
		t.Errorf("binary answer: %q %v", body, resp.Header)
	}
	if resp, body, _ = ask("POST", "/plain", "", ""); body != `{"method":"POST"}` || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("plain answer: %q %v", body, resp.Header)
	}
	if _, _, res = ask("GET", "/bad", "", ""); res.Outcome.Error == nil || !strings.Contains(res.Outcome.Error.Message, "statusCode: want 200 to 599, got 99") {
		t.Errorf("bad answer: %+v", res.Outcome)
	}
	if _, _, res = ask("GET", "/fail", "", ""); res.Outcome.Error == nil || res.Outcome.Error.Message != "no milk" {
		t.Errorf("failure: %+v", res.Outcome)
	}
	// An event that is none of a trigger's is passed on as it is.
	w := httptest.NewRecorder()
	out, err := i.Invoke(contracttest.Context(t), contracttest.Event(`{"rawPath": "/plain", "requestContext": {"http": {"method": "none"}}}`), w)
	if err != nil || out.Error != nil || w.Body.String() != `{"method":"none"}` {
		t.Errorf("event: %v, %+v, %s", err, out, w.Body)
	}
}
