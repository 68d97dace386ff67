package lambda

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"weft/faas/contract"
)

func request(method, url, body string, headers ...string) *http.Request {
	req := httptest.NewRequest(method, url, strings.NewReader(body))
	for k := 0; k < len(headers); k += 2 {
		req.Header.Add(headers[k], headers[k+1])
	}
	return req
}

func web(t testing.TB, id string, req *http.Request) *contract.Invocation {
	return &contract.Invocation{ID: id, Kind: contract.Web, Request: req, Deadline: time.Now().Add(patience), Span: span(t)}
}

func TestURLEvent(t *testing.T) {
	i := newInstance(t)
	req := request("POST", "http://shop.example:8900/a%20b/c?x=1&x=2&y=z", `{"k":"v"}`,
		"Content-Type", "application/json; charset=utf-8", "Accept", "a", "Accept", "b", "Cookie", "s=1; t=2", "User-Agent", "curl",
		"traceparent", "00-11111111111111111111111111111111-2222222222222222-01", "X-B3-TraceId", "33333333333333333333333333333333",
		"X-B3-ParentSpanId", "4444444444444444", "X-Forwarded-For", "10.0.0.9")
	req.RemoteAddr = "10.1.2.3:444"
	b, refused, err := i.eventOf(context.Background(), web(t, "id-1", req))
	if refused != nil || err != nil {
		t.Fatal(refused, err)
	}
	var e urlEvent
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	const xray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	const uber = "5759e988bd862e3fe1be46a994272793:53995c3f42cd8ad8:0:1"
	headers := map[string]string{
		"content-type": "application/json; charset=utf-8", "accept": "a,b", "user-agent": "curl", "host": "shop.example:8900",
		"x-forwarded-for": "10.0.0.9, 10.1.2.3", "x-forwarded-proto": "http", "x-forwarded-port": "8900",
		"traceparent": "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01", "uber-trace-id": uber,
		"x-fc-tracing-opentracing-span-context": uber, "b3": "5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-1",
		"x-b3-traceid": "5759e988bd862e3fe1be46a994272793", "x-b3-spanid": "53995c3f42cd8ad8", "x-b3-sampled": "1", "x-amzn-trace-id": xray,
	}
	if !reflect.DeepEqual(e.Headers, headers) {
		t.Errorf("headers: got %v, want %v", e.Headers, headers)
	}
	if e.Version != "2.0" || e.RawPath != "/a%20b/c" || e.RawQueryString != "x=1&x=2&y=z" || e.Body != `{"k":"v"}` || e.IsBase64Encoded {
		t.Errorf("got %+v", e)
	}
	if want := map[string]string{"x": "1,2", "y": "z"}; !reflect.DeepEqual(e.Query, want) {
		t.Errorf("queryStringParameters: got %v, want %v", e.Query, want)
	}
	if want := []string{"s=1", "t=2"}; !reflect.DeepEqual(e.Cookies, want) {
		t.Errorf("cookies: got %v, want %v", e.Cookies, want)
	}
	c := e.RequestContext
	if want := (urlHTTP{"POST", "/a%20b/c", "HTTP/1.1", "10.1.2.3", "curl"}); c.HTTP != want {
		t.Errorf("requestContext.http: got %+v, want %+v", c.HTTP, want)
	}
	if c.RequestID != "id-1" || c.AccountID != "123456789012" || c.DomainName != "shop.example:8900" || c.Stage != "$default" {
		t.Errorf("requestContext: got %+v", c)
	}
	if at := time.UnixMilli(c.TimeEpoch); time.Since(at) > patience || c.Time != at.UTC().Format("02/Jan/2006:15:04:05 +0000") {
		t.Errorf("time: got %d, %s", c.TimeEpoch, c.Time)
	}
}

func TestURLEventBody(t *testing.T) {
	i := newInstance(t)
	for _, c := range []struct {
		contentType, encoding, body, want string
		base64                            bool
	}{
		{"application/json", "", "{}", "{}", false},
		{"application/problem+json", "", "{}", "{}", false},
		{"text/plain", "", "å", "å", false},
		{"image/png", "", "\x89P", "iVA=", true},
		{"text/plain", "", "\xff", "/w==", true},
		{"text/plain", "gzip", "x", "eA==", true},
		{"application/x-www-form-urlencoded", "", "a=1", "YT0x", true},
		{"", "", "x", "eA==", true},
		{"", "", "", "", false},
	} {
		req := request("POST", "http://x/", c.body, "Content-Type", c.contentType, "Content-Encoding", c.encoding)
		b, _, err := i.eventOf(context.Background(), web(t, "a", req))
		if err != nil {
			t.Fatal(err)
		}
		var e urlEvent
		if err := json.Unmarshal(b, &e); err != nil {
			t.Fatal(err)
		}
		if e.Body != c.want || e.IsBase64Encoded != c.base64 {
			t.Errorf("%s %s: got %q, base64 %t, want %q, %t", c.contentType, c.encoding, e.Body, e.IsBase64Encoded, c.want, c.base64)
		}
	}
}

func TestRequestTooLarge(t *testing.T) {
	i := newInstance(t)
	req := request("POST", "http://x/", strings.Repeat("x", contract.MaxLambdaRequest+1))
	out := await(t, invoke(context.Background(), i, web(t, "a", req)))
	if out.err != nil || out.Error != nil || out.Status != http.StatusRequestEntityTooLarge || out.code != out.Status {
		t.Errorf("got %+v", out)
	}
	if out.Free != nil {
		t.Error("it takes a place although the function has not seen it")
	}
}

// TestWebAnswers has the program answer and compares what the caller gets.
func TestWebAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		status int
		header http.Header
		body   string
	}{
		"a whole answer": {`{"statusCode":201,"headers":{"Content-Type":"text/html","x-n":1,"X-B":true},"body":"<p>","cookies":["a=1; Path=/","b=2"]}`,
			201, http.Header{"Content-Type": {"text/html"}, "X-N": {"1"}, "X-B": {"true"}, "Set-Cookie": {"a=1; Path=/", "b=2"}}, "<p>"},
		"without statusCode":                      {`{"message":"hi"}`, 200, http.Header{"Content-Type": {"application/json"}}, `{"message":"hi"}`},
		"without statusCode but with other types": {`{"headers":7,"body":"x"}`, 200, http.Header{"Content-Type": {"application/json"}}, `{"headers":7,"body":"x"}`},
		"a string":                  {`"Hello, world!"`, 200, http.Header{"Content-Type": {"application/json"}}, `"Hello, world!"`},
		"null":                      {`null`, 200, http.Header{"Content-Type": {"application/json"}}, `null`},
		"a list":                    {` [1,2]`, 200, http.Header{"Content-Type": {"application/json"}}, ` [1,2]`},
		"base64":                    {`{"statusCode":200,"body":"aGk=","isBase64Encoded":true,"headers":{"content-type":"image/png"}}`, 200, http.Header{"Content-Type": {"image/png"}}, "hi"},
		"status only":               {`{"statusCode":204}`, 204, http.Header{"Content-Type": {"application/json"}}, ""},
		"status as text":            {`{"statusCode":"404","body":"no"}`, 404, http.Header{"Content-Type": {"application/json"}}, "no"},
		"a body that is an object":  {`{"statusCode":200,"body":{"a":1}}`, 200, http.Header{"Content-Type": {"application/json"}}, `{"a":1}`},
		"headers of the connection": {`{"statusCode":200,"headers":{"Content-Length":"99","Transfer-Encoding":"chunked"},"body":"x"}`, 200, http.Header{"Content-Type": {"application/json"}}, "x"},
		"no JSON":                   {`<html>`, 0, nil, ""},
		"nothing":                   {``, 0, nil, ""},
		"a bad status":              {`{"statusCode":99}`, 0, nil, ""},
		"a bad header":              {`{"statusCode":200,"headers":{"a":{}}}`, 0, nil, ""},
		"bad base64":                {`{"statusCode":200,"body":"%","isBase64Encoded":true}`, 0, nil, ""},
		"a wrong type":              {`{"statusCode":200,"cookies":"a=1"}`, 0, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			i := newInstance(t)
			p := newProgram(t, i)
			results := invoke(context.Background(), i, web(t, "a", request("GET", "http://x/", "")))
			p.next()
			p.respond("a", c.answer)
			out := await(t, results)
			if c.status == 0 {
				if out.Error == nil || out.Error.Type != contract.ErrFunction || len(out.header) > 0 {
					t.Errorf("got %+v, want an error and nothing written", out)
				}
				return
			}
			if out.Error != nil || out.Status != c.status || out.code != c.status || out.body != c.body {
				t.Errorf("got %d (%d) %q, error %v, want %d %q", out.code, out.Status, out.body, out.Error, c.status, c.body)
			}
			if !reflect.DeepEqual(out.header, c.header) {
				t.Errorf("headers: got %v, want %v", out.header, c.header)
			}
		})
	}
}

// TestStreamedWebAnswer checks that the caller has the beginning before the program has written the end.
func TestStreamedWebAnswer(t *testing.T) {
	i := newInstance(t)
	p := newProgram(t, i)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if out, err := i.Invoke(r.Context(), web(t, "a", r), w); err != nil || out.Error != nil || out.Status != 203 || out.ResponseBytes != 9 {
			t.Errorf("got %+v, %v", out, err)
		}
	}))
	defer front.Close()
	program := make(chan error, 1)
	body, end := gated(`{"statusCode":203,"headers":{"X-A":"b"},"cookies":["c=1"]}` + "\x00\x00\x00\x00\x00\x00\x00\x00" + "beginning")
	go func() {
		p.next()
		req, err := http.NewRequest("POST", p.base+runtimePath+"invocation/a/response", body)
		if err == nil {
			req.Header.Set("Content-Type", contentTypeIntegration)
			req.Header.Set(headerResponseMode, "streaming")
			var resp *http.Response
			if resp, err = p.client.Do(req); err == nil {
				resp.Body.Close()
			}
		}
		program <- err
	}()
	resp, err := http.Get(front.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 203 || resp.Header.Get("X-A") != "b" || resp.Header.Get("Set-Cookie") != "c=1" {
		t.Errorf("got %d %v", resp.StatusCode, resp.Header)
	}
	begin := make([]byte, 9)
	if _, err := io.ReadFull(resp.Body, begin); err != nil || string(begin) != "beginning" {
		t.Fatalf("got %q, %v", begin, err)
	}
	end()
	if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) > 0 {
		t.Errorf("rest: %q, %v", rest, err)
	}
	if err := await(t, program); err != nil {
		t.Error(err)
	}
}

// TestCallerLeavesStream has Invoke return although the program's answer does not end; the program is not disturbed.
func TestCallerLeavesStream(t *testing.T) {
	i := newInstance(t)
	p := newProgram(t, i)
	ctx, cancel := context.WithCancel(context.Background())
	results := invoke(ctx, i, event("a", "1"))
	p.next()
	body, end := gated("beginning")
	answered := make(chan got, 1)
	go func() {
		req, err := http.NewRequest("POST", p.base+runtimePath+"invocation/a/response", body)
		if err != nil {
			panic(err)
		}
		req.Header.Set(headerResponseMode, "streaming")
		resp, err := p.client.Do(req)
		if err != nil {
			answered <- got{body: err.Error()}
			return
		}
		resp.Body.Close()
		answered <- got{status: resp.StatusCode}
	}()
	until(t, i, "the answer has begun", func() bool { return i.runs["a"].state == responding })
	cancel()
	if out := await(t, results); out.err != context.Canceled || out.Free == nil {
		t.Errorf("got %+v", out)
	}
	end()
	if g := await(t, answered); g.status != http.StatusAccepted {
		t.Errorf("the program got %v", g)
	}
}

// TestExitsInStream has the program end in the middle of a stream whose connection outlives it, as that of a child does:
// nothing is written after Invoke has returned.
func TestExitsInStream(t *testing.T) {
	i := newInstance(t)
	p := newProgram(t, i)
	written := httptest.NewRecorder()
	ended := make(chan contract.Outcome, 1)
	go func() {
		out, err := i.Invoke(context.Background(), event("a", "1"), written)
		if err != nil {
			t.Error(err)
		}
		ended <- out
	}()
	p.next()
	conn := p.raw("POST " + runtimePath + "invocation/a/response HTTP/1.1\r\nHost: x\r\n" + headerResponseMode +
		": streaming\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
	defer conn.Close()
	until(t, i, "the answer has begun", func() bool {
		r := i.runs["a"]
		r.out.mu.Lock()
		defer r.out.mu.Unlock()
		return r.out.begun
	})
	i.Exited(&contract.Error{Type: contract.ErrOutOfMemory})
	if out := await(t, ended); out.Error == nil || out.Error.Type != contract.ErrOutOfMemory {
		t.Errorf("got %+v", out)
	}
	if _, err := io.WriteString(conn, "4\r\nrest\r\n0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if written.Body.String() != "half" || resp.StatusCode != http.StatusAccepted {
		t.Errorf("written: %q, want half; the program got %d", written.Body, resp.StatusCode)
	}
}

func TestBadPreludes(t *testing.T) {
	for name, body := range map[string]string{
		"no end":     `{"statusCode":200}`,
		"no JSON":    "x\x00\x00\x00\x00\x00\x00\x00\x00",
		"bad status": `{"statusCode":1}` + "\x00\x00\x00\x00\x00\x00\x00\x00",
		"endless":    strings.Repeat("x", maxPrelude+1),
	} {
		i := newInstance(t)
		p := newProgram(t, i)
		results := invoke(context.Background(), i, web(t, "a", request("GET", "http://x/", "")))
		p.next()
		if g := p.respond("a", body, "Content-Type", contentTypeIntegration); g.status != http.StatusAccepted {
			t.Errorf("%s: the program got %v", name, g)
		}
		if out := await(t, results); out.Error == nil || out.Error.Type != contract.ErrFunction || len(out.header) > 0 {
			t.Errorf("%s: got %+v", name, out)
		}
	}
	a, rest, err := readPrelude(bytes.NewReader([]byte("{}\x00\x00\x00\x00\x00\x00\x00\x00\x00x")))
	if err != nil || a.Status != 200 {
		t.Fatalf("got %v, %v", a, err)
	}
	if b, err := io.ReadAll(rest); err != nil || string(b) != "\x00x" {
		t.Errorf("what follows the eight zeros: got %q, %v", b, err)
	}
}
