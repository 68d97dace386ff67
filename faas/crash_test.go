package faas

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"weft/faas/contract"
	"weft/semconv"
)

const goCrash = `package main

import (
	"os"
	"net/http"
)

func main() {
	resp, err := http.Get("http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/next")
	if err != nil {
		os.Exit(9)
	}
	resp.Body.Close()
	done := make(chan struct{})
	go func() { price(nil); close(done) }()
	<-done
}

//go:noinline
func price(prices *[1]int) int { return prices[0] }
`

const nodeCrash = `
const http = require('http');
function price() { throw new TypeError('no prices'); }
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
http.get({ host, port, path: '/2018-06-01/runtime/invocation/next' }, (r) => { r.resume(); r.on('end', () => price()); });
`

// A program that dies says where it was, if its language does: the trace has the frame, and the failure the stack.
func TestCrashedWhere(t *testing.T) {
	rt, e := newRuntime(t)
	dir := t.TempDir()
	writeProgram(t, filepath.Join(dir, "main.go"), goCrash)
	code := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(code, "bootstrap"), filepath.Join(dir, "main.go"))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	deployDir(t, rt, "name: go\ncontract: lambda\n", code)
	deploy(t, rt, "name: node\ncontract: lambda\ncommand: [node, app.js]\n", map[string]string{"app.js": nodeCrash})
	deploy(t, rt, "name: python\ncontract: lambda\n", map[string]string{"bootstrap": api + `
def price(): raise ValueError("no prices")
next()
try:
    raise KeyError("milk")
except KeyError:
    price()
`})
	deploy(t, rt, "name: segv\ncontract: lambda\nruntime: python\nhandler: app.handler\n", map[string]string{
		"app.py": "import ctypes\n\ndef price(): ctypes.string_at(0)\n\ndef handler(event, context): price()\n",
	})
	deploy(t, rt, "name: silent\ncontract: lambda\n", map[string]string{"bootstrap": api + `
import traceback
next()
try:
    raise KeyError("handled")
except KeyError:
    traceback.print_exc()
print("going on", file=sys.stderr, flush=True)
os.kill(os.getpid(), 9)
`})
	for name, want := range map[string]struct {
		function, file, text string
		line                 int
	}{
		"go":     {"main.price", "main.go", "panic: runtime error: invalid memory address", 20},
		"node":   {"price", "app.js", "TypeError: no prices", 3},
		"python": {"price", "bootstrap", "ValueError: no prices", strings.Count(api, "\n") + 2},
		"segv":   {"price", "app.py", "Fatal Python error: Segmentation fault", 3},
		"silent": {},
	} {
		_, res := do(t, rt, name, "{}")
		if res.Error == nil || res.Error.Type != contract.ErrExit {
			t.Errorf("%s: got %v, want %s", name, res.Error, contract.ErrExit)
			continue
		}
		trace := pcommon.TraceID(res.Span.TraceID())
		spans := e.trace(t, trace, name)
		attrs := named(t, spans, "Invocation").Attributes().AsRaw()
		if want.function == "" {
			if len(res.Error.Stack) > 0 || attrs["code.function.name"] != nil {
				t.Errorf("%s: %+v", name, res.Error.Stack)
			}
			continue
		}
		file, _ := attrs["code.file.path"].(string)
		// ctypes has frames of its own below the program's.
		stack, _ := attrs["code.stacktrace"].(string)
		if name == "segv" {
			if !strings.Contains(stack, "at price (") {
				t.Errorf("%s: stack\n%s", name, stack)
			}
		} else if attrs["code.function.name"] != want.function || filepath.Base(file) != want.file || attrs["code.line.number"] != int64(want.line) {
			t.Errorf("%s: got %v, want %+v", name, attrs, want)
		}
		if len(res.Error.Stack) == 0 {
			t.Errorf("%s: no stack", name)
			continue
		}
		if inner := named(t, spans, res.Error.Stack[0].Function); inner.Attributes().AsRaw()[semconv.KilledBy] != "crash" {
			t.Errorf("%s: the inner span has %v", name, inner.Attributes().AsRaw())
		}
		e.await(t, "the exception of "+name, func() bool {
			for _, r := range e.records {
				if text, _ := r.Attributes().AsRaw()["exception.stacktrace"].(string); r.EventName() == "faas.invocation.exception" && r.TraceID() == trace {
					if !strings.Contains(text, want.text) {
						t.Errorf("%s: stack trace %q", name, text)
					}
					return true
				}
			}
			return false
		})
	}
	if t.Failed() {
		e.mu.Lock()
		defer e.mu.Unlock()
		t.Log(e.dump())
	}
}
