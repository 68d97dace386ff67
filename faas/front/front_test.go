package front

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weft/faas"
	"weft/faas/contract"
	"weft/faas/function"
)

// start runs a front over a runtime of its own until the test ends.
func start(t *testing.T) (rt *faas.Runtime, url string) {
	t.Helper()
	rt, err := faas.New(faas.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(New(Config{Runtime: rt}))
	t.Cleanup(func() {
		srv.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := rt.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return rt, srv.URL
}

// serve runs a front over a runtime with functions of this process.
func serve(t *testing.T) string {
	t.Helper()
	rt, url := start(t)
	register := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	register(rt.Register("echo", func(_ context.Context, event []byte) ([]byte, error) {
		switch string(event) {
		case `"error"`:
			return nil, fmt.Errorf("no such thing")
		case `"own"`:
			return nil, &contract.Error{Type: "Runtime.ExitError", Message: "exit status 1"}
		}
		return event, nil
	}, faas.Options{}))
	register(rt.RegisterHandler("web", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/stream":
			fmt.Fprint(w, "first ")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		case "/half":
			fmt.Fprint(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "/panic":
			panic("no")
		}
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Path", r.URL.EscapedPath())
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, "%s %s?%s %s", r.Method, r.URL.Path, r.URL.RawQuery, body)
	}), faas.Options{}))
	return url
}

func post(t *testing.T, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	return send(t, http.MethodPost, url, body, header...)
}

func send(t *testing.T, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(got)
}

// The vendors' invoke APIs answer as the vendors do: a function's failure is status 200 with a header, a refusal has the vendor's error.
func TestInvoke(t *testing.T) {
	url := serve(t)
	lambda, compute := url+"/2015-03-31/functions/", url+"/2023-03-30/functions/"
	const failed = `{"errorMessage":"no such thing","errorType":"errorString"}`
	for _, c := range []struct {
		url, body string
		header    []string
		status    int
		answer    string            // in the body
		want      map[string]string // headers
	}{
		{lambda + "echo/invocations", `{"a":1}`, nil, 200, `{"a":1}`, map[string]string{"X-Amz-Executed-Version": "$LATEST", "X-Amz-Function-Error": "", "Content-Type": "application/json"}},
		{lambda + "echo/invocations", `"error"`, nil, 200, failed, map[string]string{"X-Amz-Function-Error": "Unhandled"}},
		{lambda + "echo/invocations", `"own"`, nil, 200, `Error: exit status 1","errorType":"Runtime.ExitError"}`, map[string]string{"X-Amz-Function-Error": "Unhandled"}},
		{lambda + "arn:aws:lambda:local:0:function:echo:$LATEST/invocations", `1`, nil, 200, `1`, nil},
		{lambda + "echo/invocations", `1`, []string{"X-Amz-Invocation-Type: DryRun"}, 204, "", nil},
		{lambda + "echo/invocations", `1`, []string{"X-Amz-Invocation-Type: Event"}, 400, "Event, asynchronous invocation, is not offered", map[string]string{"X-Amzn-Errortype": "InvalidParameterValueException"}},
		{lambda + "echo/invocations", `1`, []string{"X-Amz-Log-Type: All"}, 400, `want None or Tail, got \"All\"`, nil},
		{lambda + "echo/invocations", `1`, []string{"X-Amz-Client-Context: ?"}, 400, "X-Amz-Client-Context: want base64", nil},
		{lambda + "echo:one/invocations?Qualifier=two", `1`, nil, 400, `the function's name says \"one\", the parameter \"two\"`, nil},
		{lambda + "none/invocations", `1`, nil, 404, "function not found: none", map[string]string{"X-Amzn-Errortype": "ResourceNotFoundException"}},
		{lambda + "echo/invocations", strings.Repeat("a", 6<<20+1), nil, 413, "exceeds the bound of 6291456", map[string]string{"X-Amzn-Errortype": "RequestTooLargeException"}},
		{compute + "echo/invocations", `{"a":1}`, []string{"X-Fc-Request-Id: 1-2"}, 200, `{"a":1}`, map[string]string{"X-Fc-Request-Id": "1-2", "X-Fc-Error-Type": ""}},
		{compute + "echo/invocations", `"error"`, nil, 200, failed, map[string]string{"X-Fc-Error-Type": "HandledInvocationError"}},
		{compute + "echo/invocations", `"own"`, nil, 200, "Runtime.ExitError", map[string]string{"X-Fc-Error-Type": "UnhandledInvocationError"}},
		{compute + "echo/invocations", `1`, []string{"X-Fc-Invocation-Type: Async"}, 400, `"Code":"InvalidArgument"`, nil},
		{compute + "none/invocations", `1`, nil, 404, `"Code":"FunctionNotFound"`, nil},
	} {
		resp, got := post(t, c.url, c.body, c.header...)
		if resp.StatusCode != c.status || !strings.Contains(got, c.answer) {
			t.Errorf("POST %s %.40s %v: got %d %.200s, want %d %s", c.url, c.body, c.header, resp.StatusCode, got, c.status, c.answer)
		}
		for name, value := range c.want {
			if resp.Header.Get(name) != value {
				t.Errorf("POST %s %.40s: header %s is %q, want %q", c.url, c.body, name, resp.Header.Get(name), value)
			}
		}
		if c.status == 200 && resp.Header.Get("traceresponse") == "" {
			t.Errorf("POST %s %.40s: no traceresponse", c.url, c.body)
		}
	}
	resp, _ := post(t, lambda+"echo/invocations", "1", "X-Amz-Log-Type: Tail")
	if _, err := base64.StdEncoding.DecodeString(resp.Header.Get("X-Amz-Log-Result")); err != nil {
		t.Errorf("log result: %v", err)
	}
}

// A trigger passes requests on as they are, and what the function answers as it comes; half an answer is never taken for a whole one.
func TestTrigger(t *testing.T) {
	url := serve(t)
	resp, got := send(t, http.MethodPut, url+"/http/web/a%2Fb/c?x=1&y", "body")
	if resp.StatusCode != http.StatusCreated || got != "PUT /a/b/c?x=1&y body" || resp.Header.Get("X-Path") != "/a%2Fb/c" {
		t.Errorf("got %d %q, path %q", resp.StatusCode, got, resp.Header.Get("X-Path"))
	}
	if resp, got := send(t, http.MethodGet, url+"/http/web", ""); got != "GET /? " {
		t.Errorf("without a path: got %d %q", resp.StatusCode, got)
	}
	if resp, got := send(t, http.MethodGet, url+"/http/web/panic", ""); resp.StatusCode != http.StatusBadGateway || !strings.Contains(got, `"errorMessage":"no"`) {
		t.Errorf("panic: got %d %q", resp.StatusCode, got)
	}
	if resp, got := send(t, http.MethodGet, url+"/http/none/", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("no function: got %d %q", resp.StatusCode, got)
	}
	half, err := http.Get(url + "/http/web/half")
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(half.Body); err == nil {
		t.Errorf("half an answer was taken for a whole one: %q", body)
	}
	half.Body.Close()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/http/web/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	first := make([]byte, 6)
	if _, err := io.ReadFull(stream.Body, first); err != nil || string(first) != "first " {
		t.Errorf("the first piece: got %q, %v", first, err)
	}
}

const upgrader = `
import os, socket, threading
def serve(conn):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = conn.recv(4096)
        if not piece:
            return
        data += piece
    if b"upgrade: echo" not in data.lower():
        conn.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        return
    conn.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
    while True:
        piece = conn.recv(4096)
        if not piece:
            return
        conn.sendall(piece.upper())
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(os.environ["PORT"])))
s.listen(16)
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
`

// An upgraded connection, such as a WebSocket, goes through a trigger in both directions, for as long as both sides want.
func TestUpgrade(t *testing.T) {
	rt, url := start(t)
	deployFile(t, rt, "name: up\ncontract: http\ncommand: [/usr/bin/python3, server.py]\n", "server.py", upgrader)
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /http/up/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %v %v", resp, err)
	}
	for _, word := range []string{"hello", "again"} {
		fmt.Fprint(conn, word)
		got := make([]byte, len(word))
		if _, err := io.ReadFull(r, got); err != nil || string(got) != strings.ToUpper(word) {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}

// What a deployment lacks is said by name.
func TestDeployRefuses(t *testing.T) {
	url := serve(t)
	form := func(parts ...string) (body, contentType string) {
		var b bytes.Buffer
		boundary := "xxx"
		for i := 0; i < len(parts); i += 2 {
			fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=%q; filename=f\r\n\r\n%s\r\n", boundary, parts[i], parts[i+1])
		}
		fmt.Fprintf(&b, "--%s--\r\n", boundary)
		return b.String(), "multipart/form-data; boundary=" + boundary
	}
	const manifest = "name: hello\ncontract: lambda\nruntime: python\nhandler: app.handler\n"
	for what, c := range map[string]struct {
		name   string
		parts  []string
		status int
		want   string
	}{
		"no code":        {"hello", []string{"manifest", manifest}, 400, "part code"},
		"wrong order":    {"hello", []string{"code", "", "manifest", manifest}, 400, `want the parts manifest and code in this order`},
		"another name":   {"other", []string{"manifest", manifest, "code", ""}, 400, `the manifest says \"hello\", the path \"other\"`},
		"not a zip":      {"hello", []string{"manifest", manifest, "code", "text"}, 400, "zip"},
		"wrong manifest": {"hello", []string{"manifest", "name: hello\ncontract: smoke\n", "code", ""}, 400, "contract"},
	} {
		body, contentType := form(c.parts...)
		resp, got := send(t, http.MethodPut, url+"/api/v1/functions/"+c.name, body, "Content-Type: "+contentType)
		if resp.StatusCode != c.status || !strings.Contains(got, c.want) || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: got %d %s, want %d %s", what, resp.StatusCode, got, c.status, c.want)
		}
	}
	if resp, got := send(t, http.MethodPut, url+"/api/v1/functions/hello", "text"); resp.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("no form: got %d %s", resp.StatusCode, got)
	}
	resp, got := send(t, http.MethodGet, url+"/api/v1/functions", "")
	var list struct{ Functions []any }
	if err := json.Unmarshal([]byte(got), &list); err != nil || resp.StatusCode != 200 || len(list.Functions) != 0 {
		t.Errorf("list: got %d %s", resp.StatusCode, got)
	}
}

// What the API tells of a function is without secrets, which the function itself has.
func TestSecretsAreNotShown(t *testing.T) {
	rt, url := start(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "app.py"), []byte("import os\ndef handler(e, c): return os.environ['API_TOKEN']\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := function.Parse("", []byte("name: f\nruntime: python\nhandler: app.handler\nenvironment: {API_TOKEN: hush, MODE: fast}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var code bytes.Buffer
	if err := function.Pack(&code, dir); err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Deploy(t.Context(), m.Function, &code); err != nil {
		t.Fatal(err)
	}
	if _, body := post(t, url+"/api/v1/functions/f/versions", ""); strings.Contains(body, "hush") || !strings.Contains(body, `"API_TOKEN":"***"`) {
		t.Errorf("publish: %s", body)
	}
	for _, path := range []string{"/api/v1/functions", "/api/v1/functions/f"} {
		if _, body := send(t, http.MethodGet, url+path, ""); strings.Contains(body, "hush") || strings.Count(body, `"API_TOKEN":"***","MODE":"fast"`) != 2 {
			t.Errorf("%s: %s", path, body)
		}
	}
	if _, body := post(t, url+"/2015-03-31/functions/f:1/invocations", "{}"); body != `"hush"` {
		t.Errorf("the function has %s", body)
	}
}
