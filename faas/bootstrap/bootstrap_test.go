package bootstrap_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"weft/faas/bootstrap"
)

const wait = 30 * time.Second

// event is what a scripted runtime API hands out.
type event struct {
	id, body string
	headers  map[string]string
}

// said is what a program posted.
type said struct {
	path, body string
	header     http.Header
	trailer    http.Header
}

// api is a small scripted Runtime API: it hands out the events that are sent to it and tells what was posted.
type api struct {
	server *httptest.Server
	events chan event
	posts  chan said
	polls  chan struct{}
	status func(path string, body []byte) int
}

func newAPI(t *testing.T) *api {
	a := &api{events: make(chan event, 100), posts: make(chan said, 100), polls: make(chan struct{}, 100),
		status: func(string, []byte) int { return http.StatusAccepted }}
	a.server = httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(func() {
		a.server.CloseClientConnections() // a poll under way never ends by itself
		a.server.Close()
	})
	return a
}

func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/2018-06-01/runtime")
	if path == "/invocation/next" {
		a.polls <- struct{}{}
		select {
		case e := <-a.events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", e.id)
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:local:0:function:f")
			for k, v := range e.headers {
				w.Header().Set(k, v)
			}
			io.WriteString(w, e.body)
		case <-r.Context().Done():
		}
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		path += " broken: " + err.Error()
	}
	status := a.status(path, body)
	a.posts <- said{path, string(body), r.Header, r.Trailer}
	w.WriteHeader(status)
}

func (a *api) post(t *testing.T) said {
	t.Helper()
	select {
	case s := <-a.posts:
		return s
	case <-time.After(wait):
		t.Fatal("the program posted nothing")
		return said{}
	}
}

// program is a bootstrap that runs.
type program struct {
	t              *testing.T
	api            *api
	cmd            *exec.Cmd
	stdout, stderr syncBuffer
	exited         chan struct{}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func run(t *testing.T, language, handler string, files map[string]string, extra []*os.File, env ...string) *program {
	t.Helper()
	set, err := bootstrap.Install(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p := &program{t: t, api: newAPI(t), exited: make(chan struct{})}
	p.cmd = exec.Command("node", set.Node)
	if language == "python" {
		p.cmd = exec.Command("python3", set.Python)
	}
	p.cmd.Dir = dir
	p.cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "_HANDLER=" + handler, "LAMBDA_TASK_ROOT=" + dir,
		"AWS_LAMBDA_RUNTIME_API=" + p.api.server.Listener.Addr().String(),
		"AWS_LAMBDA_FUNCTION_NAME=f", "AWS_LAMBDA_FUNCTION_VERSION=7", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
		"AWS_LAMBDA_LOG_GROUP_NAME=group", "AWS_LAMBDA_LOG_STREAM_NAME=stream",
	}, env...)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.ExtraFiles = &p.stdout, &p.stderr, extra
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait() // how it ended is in ProcessState
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill() // gone already, or it polls
		<-p.exited
		if t.Failed() {
			t.Logf("stdout %q\nstderr %q", p.stdout.String(), p.stderr.String())
		}
	})
	return p
}

// ask hands out one event and returns what the program posts.
func (p *program) ask(id, body string, headers ...string) said {
	p.t.Helper()
	e := event{id: id, body: body, headers: map[string]string{}}
	for i := 0; i < len(headers); i += 2 {
		e.headers[headers[i]] = headers[i+1]
	}
	p.api.events <- e
	return p.api.post(p.t)
}

func (p *program) exit() int {
	p.t.Helper()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(wait):
		p.t.Fatal("the program did not end")
		return 0
	}
}

// prints waits until stdout has that in it: it comes through a pipe beside the posts.
func (p *program) prints(want string) {
	p.t.Helper()
	for end := time.Now().Add(wait); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if strings.Contains(p.stdout.String(), want) {
			return
		}
	}
	p.t.Errorf("stdout is %q, want %q in it", p.stdout.String(), want)
}

func answers(t *testing.T, s said, id, body string) {
	t.Helper()
	if s.path != "/invocation/"+id+"/response" || s.body != body {
		t.Errorf("got %s %s, want the response of %s: %s", s.path, s.body, id, body)
	}
}

// failed fails unless s says an error of that type and message, and returns its stack.
func failed(t *testing.T, s said, path, kind, message string) []string {
	t.Helper()
	var doc struct {
		ErrorType, ErrorMessage string
		Trace, StackTrace       []string
	}
	if err := json.Unmarshal([]byte(s.body), &doc); err != nil {
		t.Fatalf("%s: %v in %q", s.path, err, s.body)
	}
	if s.path != path || doc.ErrorType != kind || !strings.Contains(doc.ErrorMessage, message) {
		t.Errorf("got %s with %s: %q, want %s with %s: %q", s.path, doc.ErrorType, doc.ErrorMessage, path, kind, message)
	}
	if got := s.header.Get("Lambda-Runtime-Function-Error-Type"); got != kind {
		t.Errorf("%s: error type in the header is %q, want %q", path, got, kind)
	}
	return append(doc.Trace, doc.StackTrace...)
}

// cause is the structured stack of an error's header.
func cause(t *testing.T, s said) (path string, line int, label string) {
	t.Helper()
	var c struct {
		Exceptions []struct {
			Stack []struct {
				Path, Label string
				Line        int
			}
		}
	}
	if err := json.Unmarshal([]byte(s.header.Get("Lambda-Runtime-Function-XRay-Error-Cause")), &c); err != nil {
		t.Fatalf("the header with the error's cause: %v", err)
	}
	if len(c.Exceptions) != 1 || len(c.Exceptions[0].Stack) == 0 {
		t.Fatalf("the header with the error's cause has no stack: %+v", c)
	}
	f := c.Exceptions[0].Stack[0]
	return f.Path, f.Line, f.Label
}
