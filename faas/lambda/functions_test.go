package lambda

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"weft/faas/contract"
)

var functions = filepath.Join("..", "..", "examples", "functions")

var built sync.Map // name → func() (string, error)

// build makes a program of examples/functions, once.
func build(t testing.TB, name string) string {
	t.Helper()
	once, _ := built.LoadOrStore(name, sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "weft-lambda-")
		if err != nil {
			return "", err
		}
		out := filepath.Join(dir, name)
		cmd := exec.Command("go", "build", "-C", filepath.Join(functions, name), "-o", out, ".")
		if msg, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %w: %s", name, err, msg)
		}
		return out, nil
	}))
	path, err := once.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMain(m *testing.M) {
	code := m.Run()
	built.Range(func(_, once any) bool {
		if path, err := once.(func() (string, error))(); err == nil {
			os.RemoveAll(filepath.Dir(path))
		}
		return true
	})
	os.Exit(code)
}

// process is a running program.
type process struct {
	*exec.Cmd
	output *lockedBuffer
	exited chan error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func startProcess(t testing.TB, path string, env []string) *process {
	t.Helper()
	p := &process{exec.Command(path), &lockedBuffer{}, make(chan error, 1)}
	p.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	p.Stdout, p.Stderr = p.output, p.output
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a script has children, which hold its output open
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		p.exited <- p.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL) // it may be gone
		<-ended
		if t.Failed() {
			t.Logf("%s printed:\n%s", filepath.Base(path), p.output)
		}
	})
	return p
}

// startFunction starts a function and waits until it is ready.
func startFunction(t testing.TB, name string, change ...func(*Config)) (*Instance, *process) {
	t.Helper()
	path := build(t, name)
	i := newInstance(t, change...)
	p := startProcess(t, path, i.Environment())
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := i.Ready(ctx); err != nil {
		t.Fatalf("%v\n%s", err, p.output)
	}
	return i, p
}

func call(t testing.TB, i *Instance, inv *contract.Invocation) result {
	t.Helper()
	out := await(t, invoke(context.Background(), i, inv))
	if out.err != nil {
		t.Fatal(out.err)
	}
	return out
}

func TestGoEcho(t *testing.T) {
	i, _ := startFunction(t, "lambda-echo")
	for n := range 3 {
		inv := event(fmt.Sprintf("id-%d", n), fmt.Sprintf(`{"n":%d}`, n))
		inv.Span = span(t)
		inv.ClientContext = `{"custom":{"k":"v"}}`
		inv.CognitoIdentity = `{"cognitoIdentityId":"me"}`
		out := call(t, i, inv)
		want := fmt.Sprintf(`{"event":{"n":%d},"request_id":"id-%d","arn":"arn:aws:lambda:eu-test-1:123456789012:function:shop",`+
			`"trace":"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1","function":"shop",`+
			`"client":{"k":"v"},"identity":"me"}`, n, n)
		if out.body != want {
			t.Errorf("got %v, want %s", out, want)
		}
		await(t, out.Free)
	}
	if i.Phases().FirstContact.IsZero() {
		t.Error("no first contact")
	}
}

func TestGoErrors(t *testing.T) {
	i, p := startFunction(t, "lambda-errors")
	out := call(t, i, event("a", `{"do":"error"}`))
	if e := out.Error; e == nil || e.Type != "errorString" || e.Message != "no stock left" || !e.Handled ||
		string(e.Payload) != `{"errorMessage":"no stock left","errorType":"errorString"}` {
		t.Errorf("error: got %+v", e)
	}
	await(t, out.Free)
	if out := call(t, i, event("b", `{"do":"fine"}`)); out.String() != `"fine"` {
		t.Errorf("after an error: %v", out)
	}
	out = call(t, i, event("c", `{"do":"panic"}`))
	if out.Error == nil || !strings.Contains(out.Error.Message, "nil pointer") || len(out.Error.Stack) < 2 {
		t.Fatalf("panic: got %+v", out.Error)
	}
	source, err := os.ReadFile(filepath.Join(functions, "lambda-errors", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(source), "func price(")
	inner := contract.Frame{Function: "price", File: "lambda-errors/main.go", Line: strings.Count(before, "\n") + 1}
	if out.Error.Stack[0] != inner || out.Error.Stack[1].Function != "handle" {
		t.Errorf("panic: the stack begins with %v, want %v", out.Error.Stack[:2], inner)
	}
	if err := await(t, p.exited); err == nil {
		t.Error("the SDK ends a program that has panicked, with an error")
	}
	i.Exited(&contract.Error{Type: contract.ErrExit})
	await(t, out.Free)
}

// TestGoEnds has the program exit in the middle of an invocation, and answer with too much.
func TestGoEnds(t *testing.T) {
	for do, want := range map[string]string{"exit": contract.ErrExit, "large": contract.ErrTooLarge} {
		i, p := startFunction(t, "lambda-errors")
		results := invoke(context.Background(), i, event("a", `{"do":"`+do+`"}`))
		if err := await(t, p.exited); err == nil {
			t.Errorf("%s: the program has ended without an error", do)
		}
		i.Exited(&contract.Error{Type: contract.ErrExit, Message: "exit status 3"})
		if out := await(t, results); out.Error == nil || out.Error.Type != want {
			t.Errorf("%s: got %v, want %s", do, out, want)
		}
	}
}

func TestGoTimesOut(t *testing.T) {
	i, p := startFunction(t, "lambda-errors")
	inv := event("a", `{"do":"hang"}`)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	inv.Deadline, _ = ctx.Deadline()
	if out := await(t, invoke(ctx, i, inv)); !errors.Is(out.err, context.DeadlineExceeded) || out.Dispatched.IsZero() {
		t.Errorf("got %+v", out)
	}
	if err := p.Process.Kill(); err != nil {
		t.Error(err)
	}
}

func TestGoFailsToStart(t *testing.T) {
	path := build(t, "lambda-errors")
	i := newInstance(t)
	p := startProcess(t, path, append(i.Environment(), "FAIL_INIT=1"))
	if err := await(t, p.exited); err == nil {
		t.Error("it has not failed")
	}
	i.Exited(&contract.Error{Type: contract.ErrExit})
	if err := i.Ready(t.Context()); err == nil || err.(*contract.Error).Type != contract.ErrExit {
		t.Errorf("Ready: %v", err)
	}
}

func TestGoStream(t *testing.T) {
	i, _ := startFunction(t, "lambda-stream")
	out := call(t, i, web(t, "a", request("GET", "http://x/clock", "")))
	if out.Error != nil || out.code != 201 || out.body != "tick 0\ntick 1\ntick 2\n" {
		t.Errorf("got %d %q, %v", out.code, out.body, out.Error)
	}
	if h := out.header; h.Get("X-Path") != "/clock" || h.Get("Content-Type") != "text/plain" || len(h.Values("Set-Cookie")) != 2 {
		t.Errorf("headers: %v", h)
	}
	await(t, out.Free)
	out = call(t, i, web(t, "b", request("GET", "http://x/clock?fail=1", "")))
	if e := out.Error; e == nil || e.Type != "errorString" || e.Message != "the clock stopped" {
		t.Errorf("got %+v, want what the trailers say", e)
	}
	if out.body != "tick 0\ntick 1\ntick 2\n" {
		t.Errorf("what was written before: %q", out.body)
	}
	await(t, out.Free)
	if out := call(t, i, web(t, "c", request("GET", "http://x/", ""))); out.code != 201 {
		t.Errorf("the one after: %+v", out)
	}
}

func TestGoSIGTERM(t *testing.T) {
	i, p := startFunction(t, "lambda-sigterm")
	if out := call(t, i, event("a", "{}")); out.String() != `"working"` {
		t.Errorf("got %v", out)
	}
	if i.ShutdownBudget() != 500*time.Millisecond {
		t.Errorf("budget: %v", i.ShutdownBudget())
	}
	if err := i.PreStop(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	until(t, i, "cleaned up", func() bool { return strings.Contains(p.output.String(), "cleaned up") })
}

func TestGoConcurrent(t *testing.T) {
	const n = 8
	i, _ := startFunction(t, "lambda-concurrent", concurrency(n))
	for round := range 5 {
		var results []<-chan result
		for k := range n {
			results = append(results, invoke(context.Background(), i, event(fmt.Sprintf("%d-%d", round, k), `{"together":8}`)))
		}
		for k, c := range results {
			out := await(t, c)
			if want := fmt.Sprintf(`"%d-%d"`, round, k); out.String() != want {
				t.Errorf("got %v, want %s", out, want)
			}
			await(t, out.Free)
		}
	}
}

func TestBash(t *testing.T) {
	i := newInstance(t)
	startProcess(t, filepath.Join(functions, "lambda-bash", "bootstrap"), i.Environment())
	for n := range 3 {
		out := call(t, i, event(fmt.Sprintf("id-%d", n), fmt.Sprintf(`{"n":%d}`, n)))
		if want := fmt.Sprintf(`{"echo":{"n":%d},"handler":"app.handler"}`, n); out.String() != want {
			t.Errorf("got %v, want %s", out, want)
		}
		await(t, out.Free)
	}
	// curl asks for leave before it sends a body of more than a megabyte.
	large := `"` + strings.Repeat("x", 2<<20) + `"`
	if out := call(t, i, event("large", large)); out.body != `{"echo":`+large+`,"handler":"app.handler"}` {
		t.Errorf("large: got %d bytes, %v", len(out.body), out.Error)
	}
}

// TestExternalExtension runs an extension beside a function, as the runtime will.
func TestExternalExtension(t *testing.T) {
	extension := build(t, "lambda-extension")
	function := build(t, "lambda-echo")
	i := newInstance(t, func(c *Config) {
		c.ExtensionDirs = []string{filepath.Dir(extension)}
	})
	paths := i.ExtensionsExpected()
	if len(paths) != 1 || paths[0] != extension {
		t.Fatalf("ExtensionsExpected: %v", paths)
	}
	x := startProcess(t, paths[0], i.ExtensionEnvironment())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := i.ExtensionsRegistered(ctx); err != nil {
		t.Fatal(err)
	}
	startProcess(t, function, i.Environment())
	if err := i.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		out := call(t, i, event(fmt.Sprintf("id-%d", n), "1"))
		i.FunctionLog(time.Now(), fmt.Sprintf("line %d", n))
		await(t, out.Free)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- i.PreStop(ctx, nil) }()
	if err := await(t, x.exited); err != nil {
		t.Errorf("the extension: %v", err)
	}
	i.ExtensionExited(paths[0])
	if err := await(t, stopped); err != nil {
		t.Error(err)
	}
	var events, records []string
	for s := bufio.NewScanner(strings.NewReader(x.output.String())); s.Scan(); {
		var line struct {
			Event     struct{ EventType, RequestID, ShutdownReason string }
			Telemetry struct {
				Type   string
				Record json.RawMessage
			}
		}
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", s.Text(), err)
		}
		if e := line.Event; e.EventType != "" {
			events = append(events, strings.TrimSpace(e.EventType+" "+e.RequestID+e.ShutdownReason))
		} else if line.Telemetry.Type == "function" {
			records = append(records, string(line.Telemetry.Record))
		} else {
			records = append(records, line.Telemetry.Type)
		}
	}
	if want := []string{"INVOKE id-0", "INVOKE id-1", "SHUTDOWN SPINDOWN"}; !slices.Equal(events, want) {
		t.Errorf("events: got %q, want %q", events, want)
	}
	for _, want := range []string{"platform.initStart", "platform.telemetrySubscription", "platform.extension", "platform.initRuntimeDone",
		"platform.initReport", "platform.start", "platform.runtimeDone", "platform.report", `"line 0"`, `"line 1"`} {
		if !slices.Contains(records, want) {
			t.Errorf("telemetry: %s is missing: %q", want, records)
		}
	}
}
