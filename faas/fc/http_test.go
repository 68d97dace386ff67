package fc_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weft/faas/contract"
	"weft/faas/contract/contracttest"
	"weft/faas/fc"
)

func TestHTTPFunction(t *testing.T) {
	i := newInstance(t, fc.Identity{})
	contracttest.Start(t, i, ".", nil, contracttest.Build(t, "fc-http"))
	contracttest.Ready(t, i)
	front := &contracttest.Front{Instance: i, Outcomes: make(chan contracttest.Result, 10)}
	server := httptest.NewServer(front)
	defer server.Close()

	r, err := http.NewRequestWithContext(contracttest.Context(t), "PUT", server.URL+"/a%20b/c?q=1&q=2&z=%C3%A9", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Own", "mine")
	r.Header.Set("Traceparent", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01")
	r.Header.Set("X-B3-ParentSpanId", "0123456789abcdef")
	r.Header.Set("X-Fc-Security-Token", "forged")
	resp, body := do(t, r)
	var got struct {
		Method, Path, URI, Client, Body string
		Query                           map[string][]string
		Header                          http.Header
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	inv := (<-front.Outcomes).Invocation
	if got.Method != "PUT" || got.Path != "/a b/c" || got.URI != "/a%20b/c?q=1&q=2&z=%C3%A9" || got.Client != "127.0.0.1" || got.Body != "body" {
		t.Errorf("the function saw %+v", got)
	}
	if q := got.Query; len(q["q"]) != 2 || q["z"][0] != "é" {
		t.Errorf("query %v", q)
	}
	if got.Header.Get("X-Own") != "mine" || got.Header.Get("X-Fc-Security-Token") != "" || got.Header.Get("X-B3-ParentSpanId") != "" {
		t.Errorf("headers %v", got.Header)
	}
	want := "00-" + inv.Span.TraceID().String() + "-" + inv.Span.SpanID().String() + "-01"
	if tp := got.Header.Get("Traceparent"); tp != want {
		t.Errorf("traceparent %q, want %q", tp, want)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" || resp.ContentLength != int64(len(body)) {
		t.Errorf("answer: %s %v", resp.Status, resp.Header)
	}

	for _, status := range []int{204, 304, 418, 503} {
		r, err := http.NewRequestWithContext(contracttest.Context(t), "GET", fmt.Sprintf("%s/status/%d", server.URL, status), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, _ := do(t, r)
		if resp.StatusCode != status || len(resp.Header["Set-Cookie"]) != 2 {
			t.Errorf("status %d: got %d, %v", status, resp.StatusCode, resp.Header)
		}
		if out := <-front.Outcomes; out.Status != status || out.Error != nil {
			t.Errorf("outcome of status %d: %+v", status, out.Outcome)
		}
	}

	// The function fails: nothing of its answer is seen.
	r, err = http.NewRequestWithContext(contracttest.Context(t), "GET", server.URL+"/status/none", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, body = do(t, r)
	if out := <-front.Outcomes; resp.StatusCode != http.StatusBadGateway || out.Error == nil || out.Error.Type != "NumError" {
		t.Errorf("failing function: %s %s, %+v", resp.Status, body, out.Error)
	}
}

func TestHTTPSizes(t *testing.T) {
	i := newInstance(t, fc.Identity{})
	contracttest.Start(t, i, ".", nil, contracttest.Build(t, "fc-http"))
	contracttest.Ready(t, i)
	front := &contracttest.Front{Instance: i, Outcomes: make(chan contracttest.Result, 10)}
	server := httptest.NewServer(front)
	defer server.Close()

	sent := bytes.Repeat([]byte("0123456789abcdef"), 30<<16)
	r, err := http.NewRequestWithContext(contracttest.Context(t), "POST", server.URL+"/echo", bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	if _, body := do(t, r); !bytes.Equal(body, sent) {
		t.Errorf("30 MB came back as %d bytes", len(body))
	}
	<-front.Outcomes

	// Of an upload of unknown length no more than the bound is read.
	r, err = http.NewRequestWithContext(contracttest.Context(t), "POST", server.URL+"/echo", io.LimitReader(zeros{}, contract.MaxFCRequest+1))
	if err != nil {
		t.Fatal(err)
	}
	do(t, r)
	if out := <-front.Outcomes; out.Error == nil || out.Error.Type != contract.ErrRequestTooLarge || !out.Dispatched.IsZero() {
		t.Errorf("upload of more than 32 MB: %+v", out.Outcome)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func do(t *testing.T, r *http.Request) (*http.Response, []byte) {
	t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}
