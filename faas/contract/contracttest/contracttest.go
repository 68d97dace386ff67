// Package contracttest runs real programs under contracts. It is imported by tests only.
package contracttest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"weft/faas/contract"
)

// Patience bounds what must happen at all, however loaded the machine is.
const Patience = time.Minute

// Build compiles the example program of examples/functions and returns its path.
func Build(t testing.TB, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	build := exec.Command("go", "build", "-C", Example(name), "-o", program, ".")
	build.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GORACE=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, out)
	}
	return program
}

// Example is the folder of an example, as a test of a package in faas/ sees it.
func Example(name string) string { return filepath.Join("..", "..", "examples", "functions", name) }

// Program is a running program.
type Program struct {
	cmd    *exec.Cmd
	output log
	Done   chan struct{} // closed when it has ended and the instance knows it
}

// Start runs command in dir with what the instance wants in its environment, and tells the instance when it exits. The end of
// the test kills it with all that it has started, and closes the instance.
func Start(t testing.TB, i contract.Instance, dir string, environment []string, command ...string) *Program {
	t.Helper()
	p := &Program{cmd: exec.Command(command[0], command[1:]...), Done: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Env = append(append(os.Environ(), environment...), i.Environment()...)
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.WaitDelay = time.Second // what it has started may hold its output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.Done)
		message := "the program has exited with code 0"
		if err := p.cmd.Wait(); err != nil {
			message = "the program has exited: " + err.Error()
		}
		i.Exited(&contract.Error{Type: contract.ErrExit, Message: message})
	}()
	t.Cleanup(func() {
		p.Kill()
		<-p.Done
		if err := i.Close(); err != nil {
			t.Errorf("close the instance: %v", err)
		}
		if t.Failed() {
			t.Logf("output of %s:\n%s", filepath.Base(command[0]), p.Output())
		}
	})
	return p
}

// Kill ends the program and all of its group at once.
func (p *Program) Kill() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) } // it may have ended

// Output is what the program has printed so far, the last MB of it.
func (p *Program) Output() string { return p.output.String() }

type log struct {
	mu   sync.Mutex // protects text
	text []byte
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	l.text = l.text[max(0, len(l.text)-1<<20):]
	return len(b), nil
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// Ready waits until i is ready and fails the test when it is not.
func Ready(t testing.TB, i contract.Instance) {
	t.Helper()
	if err := i.Ready(Context(t)); err != nil {
		t.Fatalf("not ready: %v", err)
	}
}

// Context ends with the test, or after Patience.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	t.Cleanup(cancel)
	return ctx
}

// Event is an invocation with an event, under a span of its own.
func Event(event string) *contract.Invocation {
	id := make([]byte, 40)
	_, _ = rand.Read(id) // never fails
	return &contract.Invocation{
		ID:       fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16]),
		Event:    []byte(event),
		Deadline: time.Now().Add(Patience),
		Timeout:  Patience,
		Span: trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID(id[16:32]), SpanID: trace.SpanID(id[32:40]), TraceFlags: trace.FlagsSampled,
		}),
		Qualifier: "LATEST",
	}
}

// Hook is the invocation of a lifecycle hook.
func Hook() *contract.Invocation { return Event("") }

// Web is an invocation with r.
func Web(r *http.Request) *contract.Invocation {
	inv := Event("")
	inv.Kind, inv.Event, inv.Request = contract.Web, nil, r
	return inv
}

// Front is an HTTP server's handler that makes each request an invocation of i, and keeps the outcomes.
type Front struct {
	Instance contract.Instance
	// Prepare changes an invocation before it runs; nil: it runs as it is.
	Prepare func(*contract.Invocation)
	// Outcomes has room for what the test does not fetch.
	Outcomes chan Result
}

// Result is how an invocation has ended.
type Result struct {
	Invocation *contract.Invocation
	contract.Outcome
	Err error
}

// ServeHTTP answers as a front must: a failure before the first byte is a 502, one after it breaks the connection off.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	inv := Web(r)
	if f.Prepare != nil {
		f.Prepare(inv)
	}
	out, err := f.Instance.Invoke(r.Context(), inv, w)
	select {
	case f.Outcomes <- Result{inv, out, err}:
	default:
	}
	switch {
	case err == nil && (out.Error == nil || out.Error.Handled && out.Status != 0):
	case out.Status != 0:
		panic(http.ErrAbortHandler)
	case errors.Is(err, context.DeadlineExceeded):
		w.WriteHeader(http.StatusGatewayTimeout)
	case out.Error != nil:
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, out.Error.Error()) // the caller may be gone
	}
}

// StuckCaller has i handle a GET of path for a caller who does not read the answer, and returns how the invocation ended when
// its time was up.
func StuckCaller(t testing.TB, i contract.Instance, path string) (out contract.Outcome, err error) {
	t.Helper()
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		ctx, cancel := context.WithTimeout(r.Context(), 500*time.Millisecond)
		defer cancel()
		out, err = i.Invoke(ctx, Web(r), w)
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	conn, dialErr := net.Dial("tcp", server.Listener.Addr().String())
	if dialErr != nil {
		t.Fatal(dialErr)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(Patience):
		t.Fatal("a caller who does not read holds the instance")
	}
	return out, err
}

// Wait waits until ok returns true.
func Wait(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v for: %s", Patience, what)
		}
	}
}

// Contains fails the test when text does not contain part.
func Contains(t testing.TB, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("want %q in:\n%.2000s", part, text)
	}
}
