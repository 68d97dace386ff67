package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"weft/faas/contract"
	"weft/faas/function"
)

// patience bounds what is waited for: much more than it takes on a loaded machine.
const patience = 20 * time.Second

func newInstance(t testing.TB, change ...func(*Config)) *Instance {
	t.Helper()
	cfg := Config{
		Function: &function.Function{
			Name: "shop", Version: "7", Contract: function.Lambda, Language: function.Provided, Handler: "app.handler",
			Memory: 256 << 20, Concurrency: 1,
		},
		InstanceID: "shop-1",
		CodeDir:    t.TempDir(),
		Region:     "eu-test-1",
		AccountID:  "123456789012",
	}
	cfg.ExtensionDirs = []string{cfg.CodeDir + "/extensions"} // none of the machine's
	for _, f := range change {
		f(&cfg)
	}
	i, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	return i
}

func concurrency(n int) func(*Config) { return func(c *Config) { c.Function.Concurrency = n } }

// program is a client of the Runtime API that does as it is told.
type program struct {
	t      testing.TB
	base   string
	client *http.Client
}

func newProgram(t testing.TB, i *Instance) *program {
	p := &program{t, "http://" + i.Addr(), &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(p.client.CloseIdleConnections)
	return p
}

// got is what the instance answered.
type got struct {
	status int
	header http.Header
	body   string
}

// String is the status, and the error type or the request id.
func (g got) String() string {
	var doc struct{ ErrorType, ErrorMessage string }
	if json.Unmarshal([]byte(g.body), &doc) == nil && doc.ErrorType != "" {
		return fmt.Sprintf("%d %s", g.status, doc.ErrorType)
	}
	if id := g.header.Get("Lambda-Runtime-Aws-Request-Id"); id != "" {
		return fmt.Sprintf("%d %s", g.status, id)
	}
	return fmt.Sprint(g.status)
}

func (p *program) do(ctx context.Context, method, path, body string, headers ...string) (got, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, strings.NewReader(body))
	if err != nil {
		return got{}, err
	}
	for k := 0; k < len(headers); k += 2 {
		req.Header.Set(headers[k], headers[k+1])
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return got{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return got{resp.StatusCode, resp.Header, string(b)}, err
}

func (p *program) must(method, path, body string, headers ...string) got {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	g, err := p.do(ctx, method, path, body, headers...)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	return g
}

const runtimePath = "/2018-06-01/runtime/"

func (p *program) next() got {
	p.t.Helper()
	return p.must("GET", runtimePath+"invocation/next", "")
}

// poll polls until ctx ends or there is an invocation.
func (p *program) poll(ctx context.Context) <-chan got {
	c := make(chan got, 1)
	go func() {
		g, err := p.do(ctx, "GET", runtimePath+"invocation/next", "")
		if err != nil {
			g = got{body: err.Error()}
		}
		c <- g
	}()
	return c
}

func (p *program) respond(id, body string, headers ...string) got {
	p.t.Helper()
	return p.must("POST", runtimePath+"invocation/"+id+"/response", body, headers...)
}

func (p *program) fail(id, body string, headers ...string) got {
	p.t.Helper()
	return p.must("POST", runtimePath+"invocation/"+id+"/error", body, headers...)
}

// raw opens a connection for requests that are cut off.
func (p *program) raw(request string) net.Conn {
	p.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		p.t.Fatal(err)
	}
	return conn
}

// result is what became of an Invoke.
type result struct {
	contract.Outcome
	err    error
	header http.Header
	body   string
	code   int
}

func (r result) String() string {
	switch {
	case r.err != nil:
		return r.err.Error()
	case r.Error != nil:
		return "error " + r.Error.Type
	}
	return r.body
}

func event(id, payload string) *contract.Invocation {
	return &contract.Invocation{ID: id, Event: []byte(payload), Deadline: time.Now().Add(patience), Timeout: patience}
}

func invoke(ctx context.Context, i *Instance, inv *contract.Invocation) <-chan result {
	c := make(chan result, 1)
	go func() {
		w := httptest.NewRecorder()
		out, err := i.Invoke(ctx, inv, w)
		c <- result{out, err, w.Header(), w.Body.String(), w.Code}
	}()
	return c
}

func await[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("nothing came in %v", patience)
		panic("unreachable")
	}
}

// until waits for a condition of the instance.
func until(t testing.TB, i *Instance, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		i.mu.Lock()
		done := ok()
		i.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not in %v: %s", patience, what)
		}
		time.Sleep(time.Millisecond)
	}
}

// gate is a body that waits before its end.
type gate struct {
	io.Reader
	open chan struct{}
}

func gated(text string) (*gate, func()) {
	g := &gate{bytes.NewReader([]byte(text)), make(chan struct{})}
	return g, func() { close(g.open) }
}

func (g *gate) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p)
	if err == io.EOF {
		<-g.open
	}
	return n, err
}
