package webapp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"runtime"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/baggage"

	"weft/faas/contract"
	"weft/faas/contract/contracttest"
	"weft/faas/function"
)

// startFront puts the program's instance behind a server.
func startFront(t *testing.T, i contract.Instance) (*contracttest.Front, *httptest.Server) {
	t.Helper()
	contracttest.Ready(t, i)
	front := &contracttest.Front{Instance: i, Outcomes: make(chan contracttest.Result, 100)}
	server := httptest.NewServer(front)
	t.Cleanup(server.Close)
	return front, server
}

func request(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(contracttest.Context(t), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func do(t *testing.T, r *http.Request) (*http.Response, string) {
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
	return resp, string(body)
}

func TestPassedThrough(t *testing.T) {
	i, _ := start(t, "web", function.Server{})
	front, server := startFront(t, i)
	bag, err := baggage.Parse("user=alice")
	if err != nil {
		t.Fatal(err)
	}
	front.Prepare = func(inv *contract.Invocation) { inv.Prefix, inv.Baggage = "/http/demo", bag }

	r := request(t, "GET", server.URL+"/a%2Fb;c?x=1;y&z=%zz", nil)
	r.Host = "shop.example"
	r.Header = http.Header{
		"Traceparent": {"00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"}, "Tracestate": {"a=b"},
		"X-B3-Traceid": {"0123456789abcdef"}, "X-B3-Parentspanid": {"1"}, "Uber-Trace-Id": {"1:2:0:1"}, "Uberctx-User": {"mallory"},
		"Baggage": {"user=mallory"}, "X-Amzn-Trace-Id": {"Root=1-00000000-000000000000000000000001"},
		"X-Fc-Security-Token": {"forged"}, "X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Proto": {"https"},
		"Connection": {"X-Private, Traceparent"}, "X-Private": {"hop"}, "Te": {"trailers"}, "Accept-Encoding": {"br"},
	}
	resp, body := do(t, r)
	var got struct {
		URI, Host string
		Length    int64
		Encoding  []string
		Header    http.Header
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	inv := (<-front.Outcomes).Invocation
	id, span := inv.Span.TraceID().String(), inv.Span.SpanID().String()
	if got.URI != "/a%2Fb;c?x=1;y&z=%zz" || got.Host != "shop.example" || got.Length != 0 || got.Encoding != nil {
		t.Errorf("the program saw %+v", got)
	}
	for name, want := range map[string]string{
		"Traceparent": "00-" + id + "-" + span + "-01", "Tracestate": "", "Uber-Trace-Id": id + ":" + span + ":0:1",
		"B3": id + "-" + span + "-1", "X-B3-Traceid": id, "X-B3-Spanid": span, "X-B3-Parentspanid": "",
		"X-Amzn-Trace-Id":                       "Root=1-" + id[:8] + "-" + id[8:] + ";Parent=" + span + ";Sampled=1",
		"X-Fc-Tracing-Opentracing-Span-Context": id + ":" + span + ":0:1",
		"Baggage":                               "user=alice", "Uberctx-User": "alice",
		"X-Fc-Request-Id": inv.ID, "X-Fc-Control-Path": "/http-invoke", "X-Fc-Function-Name": "demo", "X-Fc-Security-Token": "",
		"X-Forwarded-For": "192.0.2.1, 127.0.0.1", "X-Forwarded-Host": "shop.example", "X-Forwarded-Proto": "http",
		"X-Forwarded-Prefix": "/http/demo", "X-Private": "", "Te": "trailers", "Accept-Encoding": "br", "User-Agent": "Go-http-client/1.1",
	} {
		if g := got.Header.Get(name); g != want {
			t.Errorf("%s: %q, want %q", name, g, want)
		}
	}
	if resp.Header.Get("X-End") != "1" || resp.Header.Get("X-Hop") != "" {
		t.Errorf("answer's headers %v", resp.Header)
	}

	resp, body = do(t, request(t, "HEAD", server.URL+"/", nil))
	if resp.StatusCode != 200 || body != "" || resp.ContentLength <= 0 {
		t.Errorf("HEAD: %s, length %d, %q", resp.Status, resp.ContentLength, body)
	}
	_, body = do(t, request(t, "POST", server.URL+"/", nil))
	contracttest.Contains(t, body, `"encoding":null`) // a request without a body does not get a chunked one
}

func TestTrailers(t *testing.T) {
	i, _ := start(t, "web", function.Server{})
	_, server := startFront(t, i)
	r := request(t, "POST", server.URL+"/trailers", struct{ io.Reader }{strings.NewReader("body")})
	r.Trailer = http.Header{"X-Checksum": {"7"}}
	resp, body := do(t, r)
	if body != "body <nil> map[X-Checksum:[7]]" {
		t.Errorf("the program saw %s", body)
	}
	if resp.Trailer.Get("X-Sum") != "42" || resp.Trailer.Get("X-Late") != "43" {
		t.Errorf("trailers of the answer: %v", resp.Trailer)
	}
}

func TestInformationalAnswers(t *testing.T) {
	i, _ := start(t, "web", function.Server{})
	contracttest.Ready(t, i)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Front", "stays")
		(&contracttest.Front{Instance: i}).ServeHTTP(w, r)
	}))
	defer server.Close()
	var hint string
	r := request(t, "GET", server.URL+"/hints", nil)
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, h textproto.MIMEHeader) error { hint = fmt.Sprint(code, h.Get("Link")); return nil },
	}))
	resp, body := do(t, r)
	if hint != "103</style.css>; rel=preload" || body != "page" || resp.Header.Get("X-Front") != "stays" || resp.Header.Get("Link") != "" {
		t.Errorf("hint %q, then %v %q", hint, resp.Header, body)
	}

	// A body that the program does not want is not asked for.
	for path, want := range map[string]string{"/reject": "HTTP/1.1 417 ", "/swallow": "HTTP/1.1 100 "} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n", path)
		in := bufio.NewReader(conn)
		line, err := in.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, want) {
			t.Errorf("PUT %s: %q, %v; want %s", path, line, err, want)
		}
		if strings.Contains(want, "100") {
			fmt.Fprint(conn, "body")
			rest, err := io.ReadAll(in)
			if err != nil {
				t.Error(err)
			}
			contracttest.Contains(t, string(rest), "4 <nil>")
		}
		conn.Close()
	}
}

// Each line is sent when the one before has come back: neither direction may be held back.
func TestBothWaysAtOnce(t *testing.T) {
	i, _ := start(t, "web", function.Server{})
	front, server := startFront(t, i)
	upload, feed := io.Pipe()
	resp, err := http.DefaultTransport.RoundTrip(request(t, "POST", server.URL+"/echo", upload))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for n := range 5 {
		sent := fmt.Sprintln("line", n)
		if _, err := io.WriteString(feed, sent); err != nil {
			t.Fatal(err)
		}
		if line, err := lines.ReadString('\n'); err != nil || line != sent {
			t.Fatalf("got %q, %v; want %q", line, err, sent)
		}
	}
	if err := feed.Close(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("rest %q, %v", rest, err)
	}
	if out := <-front.Outcomes; out.Error != nil || out.ResponseBytes != 35 || out.LastByte.Before(out.FirstByte) {
		t.Errorf("outcome %+v", out.Outcome)
	}
}

func TestLargeBodies(t *testing.T) {
	i, _ := start(t, "web", function.Server{})
	front, server := startFront(t, i)
	const size = 30 << 20
	for _, r := range []*http.Request{
		request(t, "POST", server.URL+"/swallow", io.LimitReader(zeros{}, size)),
		request(t, "GET", fmt.Sprintf("%s/pour?bytes=%d", server.URL, size), nil),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > size/4 {
			t.Errorf("%s: %d bytes were allocated for %d that passed", r.URL.Path, allocated, size)
		}
		if r.Method == "GET" && n != size {
			t.Errorf("%d bytes came down", n)
		}
		if out := <-front.Outcomes; out.Error != nil || out.ResponseBytes != n {
			t.Errorf("%s: outcome %+v", r.URL.Path, out.Outcome)
		}
	}
}

func TestCallerGoes(t *testing.T) {
	i, program := start(t, "web", function.Server{})
	front, server := startFront(t, i)
	ctx, cancel := context.WithCancel(contracttest.Context(t))
	go func() {
		contracttest.Wait(t, "the request to arrive", func() bool { return strings.Contains(program.Output(), "waiting") })
		cancel()
	}()
	if resp, err := http.DefaultTransport.RoundTrip(request(t, "GET", server.URL+"/wait", nil).WithContext(ctx)); err == nil {
		resp.Body.Close()
		t.Error("an answer to a caller who has left")
	}
	contracttest.Wait(t, "the program to notice", func() bool { return strings.Contains(program.Output(), "canceled") })
	if out := <-front.Outcomes; !errors.Is(out.Err, context.Canceled) || out.Error != nil {
		t.Errorf("%+v, %v", out.Outcome, out.Err)
	}
}

func TestMarkedAnswer(t *testing.T) {
	i, _ := start(t, "web", function.Server{})
	front, server := startFront(t, i)
	resp, body := do(t, request(t, "GET", server.URL+"/marked", nil))
	if resp.StatusCode != http.StatusTeapot || body != "sorry" {
		t.Errorf("%s %q", resp.Status, body)
	}
	out := <-front.Outcomes
	wantError(t, out.Error, contract.ErrFunction)
	if out.Status != http.StatusTeapot || !out.Error.Handled {
		t.Errorf("outcome %+v", out.Outcome)
	}
}

func TestEvents(t *testing.T) {
	i, program := start(t, "event", function.Server{Event: true})
	contracttest.Ready(t, i)
	ctx := contracttest.Context(t)
	if err := i.Initialize(ctx, contracttest.Hook()); err != nil {
		t.Errorf("initialize: %v", err)
	}
	invoke := func(event string) (*httptest.ResponseRecorder, *contract.Invocation, contract.Outcome) {
		w, inv := httptest.NewRecorder(), contracttest.Event(event)
		out, err := i.Invoke(ctx, inv, w)
		if err != nil {
			t.Errorf("%.10s: %v", event, err)
		}
		return w, inv, out
	}
	w, inv, out := invoke("hello")
	want := "application/octet-stream 00-" + inv.Span.TraceID().String() + "-" + inv.Span.SpanID().String() + "-01 hello"
	if out.Error != nil || w.Body.String() != want || w.Header().Get("Content-Type") != "text/x-event" || out.ResponseBytes != int64(len(want)) {
		t.Errorf("%v %q, %+v", w.Header(), w.Body, out)
	}
	w, _, out = invoke("fail")
	wantError(t, out.Error, "StockError")
	if w.Body.Len() > 0 || out.Error.Message != "no stock" || len(out.Error.Stack) != 1 || !json.Valid(out.Error.Payload) {
		t.Errorf("written %q, error %+v", w.Body, out.Error)
	}
	_, _, out = invoke("large")
	wantError(t, out.Error, contract.ErrTooLarge)
	_, _, out = invoke(strings.Repeat(" ", contract.MaxFCRequest+1))
	wantError(t, out.Error, contract.ErrRequestTooLarge)

	if err := i.PreFreeze(ctx, contracttest.Hook()); err != nil {
		t.Errorf("pre-freeze: %v", err)
	}
	wantError(t, i.PreStop(ctx, contracttest.Hook()), "HookError")
	for _, line := range []string{"POST /initialize 1\n", "POST /invoke 0\n", "GET /pre-freeze 3\n", "GET /pre-stop 2\n"} {
		contracttest.Wait(t, line, func() bool { return strings.Contains(program.Output(), line) })
	}
}
