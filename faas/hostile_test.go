package faas

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"weft/faas/contract"
	"weft/semconv"
)

// api is the beginning of a function in Python that speaks Lambda's Runtime API itself.
const api = `#!/usr/bin/python3
import http.client, os, signal, subprocess, sys, time
conn = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def call(method, path, body=None, headers={}):
    conn.request(method, "/2018-06-01/runtime" + path, body, headers)
    r = conn.getresponse()
    return r.status, r.headers.get("Lambda-Runtime-Aws-Request-Id"), r.read()
def next():
    _, id, event = call("GET", "/invocation/next")
    return id, event
def answer(id, body):
    return call("POST", "/invocation/" + id + "/response", body)[0]
`

// Functions that misbehave: the caller gets the right error, the trace says what happened, and another function does not notice.
func TestHostile(t *testing.T) {
	rt, e := newRuntime(t)
	deploy(t, rt, "name: good\ncontract: lambda\nmemory: 128MiB\n", map[string]string{"bootstrap": api + `
while True:
    id, event = next()
    answer(id, event)
`})
	for name, c := range map[string]struct {
		manifest string // beyond name and contract
		code     string // behind api
		kind     string // of the error
		message  string // in it
		outcome  string
		killed   string // semconv.KilledBy of Invocation
	}{
		"never-polls":   {"init_timeout: 1s", "time.sleep(600)", contract.ErrInitTimeout, "not ready after 1s", semconv.OutcomeTimeout, ""},
		"exits-at-once": {"", "sys.exit(3)", contract.ErrExit, "exit status 3", semconv.OutcomeCrash, ""},
		"init-error": {"", `call("POST", "/init/error", '{"errorMessage": "no database", "errorType": "Init.Broken"}', {"Lambda-Runtime-Function-Error-Type": "Init.Broken"}); sys.exit(1)`,
			"Init.Broken", "no database", semconv.OutcomeError, ""},
		"hangs":          {"timeout: 1s", "id, event = next()\ntime.sleep(600)", contract.ErrTimeout, "timed out after 1.00 seconds", semconv.OutcomeTimeout, "timeout"},
		"ignores-term":   {"timeout: 1s", "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nid, event = next()\ntime.sleep(600)", contract.ErrTimeout, "timed out", semconv.OutcomeTimeout, "timeout"},
		"exits-in-run":   {"", "id, event = next()\nos._exit(7)", contract.ErrExit, "exit status 7", semconv.OutcomeCrash, "crash"},
		"killed-in-run":  {"", "id, event = next()\nos.kill(os.getpid(), 9)", contract.ErrExit, "signal: killed", semconv.OutcomeCrash, "crash"},
		"too-large":      {"", "while True:\n    id, event = next()\n    answer(id, b'\"' + b'a' * (7 << 20) + b'\"')", contract.ErrTooLarge, "", semconv.OutcomeError, ""},
		"allocates":      {"memory: 64MiB", "id, event = next()\nkept = []\nwhile True:\n    kept.append(bytearray(1 << 20))", contract.ErrOutOfMemory, "memory", semconv.OutcomeMemory, "memory"},
		"fills-its-disk": {"disk: 8MiB\ntimeout: 20s", "id, event = next()\nf = open(os.environ['HOME'] + '/big', 'wb')\nwhile True:\n    f.write(b'a' * (1 << 20)); f.flush(); time.sleep(0.05)", contract.ErrDiskFull, "disk", semconv.OutcomeCrash, "disk"},
		"closes-mid-answer": {"timeout: 5s", `id, event = next()
import socket
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
s = socket.create_connection((host, int(port)))
s.sendall(("POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc" % id).encode())
s.close()
next()`, contract.ErrTruncated, "", semconv.OutcomeError, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deploy(t, rt, "name: "+name+"\ncontract: lambda\n"+c.manifest+"\n", map[string]string{"bootstrap": api + c.code + "\n"})
			_, res := do(t, rt, name, `{"a": 1}`)
			if res.Error == nil || res.Error.Type != c.kind || !strings.Contains(res.Error.Message, c.message) {
				t.Fatalf("got %v, want %s: …%s…", res.Error, c.kind, c.message)
			}
			row := e.row(t, res.ID).Attributes().AsRaw()
			if row[semconv.InvocationOutcome] != c.outcome {
				t.Errorf("the row says %v, want %s", row[semconv.InvocationOutcome], c.outcome)
			}
			spans := e.trace(t, pcommon.TraceID(res.Span.TraceID()), name)
			server := named(t, spans, name)
			if server.Status().Message() != res.Error.Message || server.Attributes().AsRaw()["error.type"] != c.kind {
				t.Errorf("the request's span says %q %v", server.Status().Message(), server.Attributes().AsRaw())
			}
			if c.killed != "" {
				if got := named(t, spans, "Invocation").Attributes().AsRaw()[semconv.KilledBy]; got != c.killed {
					t.Errorf("Invocation was killed by %v, want %s", got, c.killed)
				}
			}
		})
	}
	t.Run("the good one", func(t *testing.T) {
		t.Parallel()
		for range 50 {
			answer, res := do(t, rt, "good", `{"ok": true}`)
			if answer != `{"ok": true}` {
				t.Fatalf("got %q, %v", answer, res.Error)
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
}

// A function that answers twice, or another's request, gets an error and disturbs nobody.
func TestHostileAnswers(t *testing.T) {
	rt, _ := newRuntime(t)
	deploy(t, rt, "name: twice\ncontract: lambda\n", map[string]string{"bootstrap": api + `
import uuid
while True:
    id, event = next()
    unknown = answer(str(uuid.uuid4()), b'"unknown"')
    first = answer(id, b'"first"')
    second = answer(id, b'"second"')
    print("answers", unknown, first, second, flush=True)
`})
	for range 3 {
		answer, res := do(t, rt, "twice", `{}`)
		if answer != `"first"` {
			t.Fatalf("got %q, %v", answer, res.Error)
		}
	}
}

// A flood on stdout is cut off and counted; the function answers, and its log says what is missing.
func TestHostileFlood(t *testing.T) {
	rt, e := newRuntime(t)
	deploy(t, rt, "name: flood\ncontract: lambda\ntimeout: 60s\n", map[string]string{"bootstrap": api + `
while True:
    id, event = next()
    for i in range(200000):
        sys.stdout.write("line %d of very many, all of them alike\n" % i)
    sys.stdout.flush()
    answer(id, b'"done"')
`})
	if answer, res := do(t, rt, "flood", `{}`); answer != `"done"` {
		t.Fatalf("got %q, %v", answer, res.Error)
	}
	e.await(t, "a record of dropped lines", func() bool {
		return slices.ContainsFunc(e.records, func(r toldRecord) bool { _, ok := r.Attributes().Get(semconv.LogDropped); return ok })
	})
	t1, err := rt.resolve("flood", "")
	if err != nil {
		t.Fatal(err)
	}
	if t1.logs.Dropped() < 100000 {
		t.Errorf("%d lines were dropped, want most of 200000", t1.logs.Dropped())
	}
}

// What a function starts and lets go of ends with its instance.
func TestHostileFork(t *testing.T) {
	rt, _ := newRuntime(t)
	marker := filepath.Join(t.TempDir(), "pid")
	deploy(t, rt, "name: forks\ncontract: lambda\ntimeout: 2s\nenvironment: {MARKER: "+marker+"}\n", map[string]string{"bootstrap": api + `
id, event = next()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open(os.environ["MARKER"], "w").write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
os.wait()
time.sleep(600)
`})
	if _, res := do(t, rt, "forks", `{}`); res.Error == nil || res.Error.Type != contract.ErrTimeout {
		t.Fatalf("got %v", res.Error)
	}
	pid, err := os.ReadFile(marker)
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		state, err := os.ReadFile("/proc/" + string(pid) + "/stat")
		if errors.Is(err, os.ErrNotExist) || strings.Contains(string(state), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %s is left: %s", pid, state)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// An instance without work is frozen and runs again for a request; one without work for long is stopped; provisioned ones are kept.
func TestInstancesLife(t *testing.T) {
	rt, e := newRuntime(t)
	deploy(t, rt, "name: life\ncontract: lambda\ninstances: {freeze: 200ms, idle: 1500ms}\n", map[string]string{"bootstrap": api + `
while True:
    id, event = next()
    answer(id, str(os.getpid()).encode())
`})
	first, _ := do(t, rt, "life", "{}")
	waitFor := func(state string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !slices.Contains(e.instanceStates("life"), state); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("never %s: %v", state, e.instanceStates("life"))
			}
		}
	}
	waitFor(semconv.StateFrozen)
	second, res := do(t, rt, "life", "{}")
	if second != first {
		t.Errorf("after it was frozen another program answered: %s, %s", first, second)
	}
	if cold := e.row(t, res.ID).Attributes().AsRaw()["faas.coldstart"]; cold != false {
		t.Errorf("waking up is called a cold start")
	}
	waitFor(semconv.StateThawed)
	waitFor(semconv.StateStopped)
	third, _ := do(t, rt, "life", "{}")
	if third == first {
		t.Error("the stopped program answered")
	}

	deploy(t, rt, "name: kept\ncontract: lambda\ninstances: {provisioned: 2, idle: 1s}\n", map[string]string{"bootstrap": api + `
while True:
    id, event = next()
    answer(id, b"1")
`})
	e.await(t, "two instances of kept", func() bool {
		n := 0
		for _, r := range e.records {
			if r.EventName() == semconv.EventInstance && r.resource["faas.name"] == "kept" && r.Attributes().AsRaw()[semconv.InstanceState] == semconv.StateReady {
				n++
			}
		}
		return n == 2
	})
	_, res = do(t, rt, "kept", "{}")
	if cold := e.row(t, res.ID).Attributes().AsRaw()["faas.coldstart"]; cold != false {
		t.Error("a provisioned instance's start is charged to a request")
	}
}

// Requests share instances up to their number, wait for them up to the queue, and are refused beyond it.
func TestInstancesScale(t *testing.T) {
	rt, _ := newRuntime(t)
	deploy(t, rt, "name: scale\ncontract: lambda\ninstances: {max: 2, queue: 1}\n", map[string]string{"bootstrap": api + `
while True:
    id, event = next()
    time.sleep(1)
    answer(id, str(os.getpid()).encode())
`})
	var mu sync.Mutex
	answers, throttled := map[string]int{}, 0
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			var w bufferWriter
			_, err := rt.Do(t.Context(), &Request{Function: "scale", Event: []byte("{}"), Header: http.Header{}}, &w)
			mu.Lock()
			defer mu.Unlock()
			var refused *ThrottledError
			switch {
			case errors.As(err, &refused):
				throttled++
			case err != nil:
				t.Errorf("invoke: %v", err)
			default:
				answers[w.body.String()]++
			}
		})
	}
	all.Wait()
	if throttled != 2 || len(answers) != 2 {
		t.Errorf("%d were refused and %d programs answered %v; want 2 and 2", throttled, len(answers), answers)
	}
}

// A new version takes over while the one before it finishes what it has; who waited for that one gets the new one's answer.
func TestDeployAgain(t *testing.T) {
	rt, e := newRuntime(t)
	code := func(version string) map[string]string {
		return map[string]string{"bootstrap": api + "\nwhile True:\n    id, event = next()\n    time.sleep(float(event or 0))\n    answer(id, b'\"" + version + "\"')\n"}
	}
	const manifest = "name: again\ncontract: lambda\ninstances:\n  max: 1\n"
	deploy(t, rt, manifest, code("one"))
	do(t, rt, "again", "0")
	published, err := rt.Publish(t.Context(), "again")
	if err != nil || published.Version != "1" {
		t.Fatalf("publish: %v %v", published, err)
	}
	ask := func(event, want string) <-chan Result {
		done := make(chan Result, 1)
		go func() {
			var w bufferWriter
			res, err := rt.Do(t.Context(), &Request{Function: "again", Event: []byte(event), Header: http.Header{}}, &w)
			if err != nil || w.body.String() != want {
				t.Errorf("event %s: got %s %v, want %s", event, w.body.String(), err, want)
			}
			done <- res
		}()
		return done
	}
	awaitIdle(t, rt, "again")
	slow := ask("1", `"one"`)
	awaitWork(t, rt, "again", 0)
	queued := ask("0", `"two"`)
	awaitWork(t, rt, "again", 1)
	deploy(t, rt, manifest, code("two"))
	spans := e.trace(t, pcommon.TraceID((<-queued).Span.TraceID()), "ColdStart")
	if reason := named(t, spans, "ColdStart").Attributes().AsRaw()[semconv.ColdStartReason]; reason != "version_switch" {
		t.Errorf("reason of the cold start: %v", reason)
	}
	<-slow
	var w bufferWriter
	if _, err := rt.Do(t.Context(), &Request{Function: "again", Qualifier: "1", Event: []byte("0"), Header: http.Header{}}, &w); err != nil || w.body.String() != `"one"` {
		t.Errorf("version 1: got %s %v", w.body.String(), err)
	}
	if err := rt.Remove(t.Context(), "again"); err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Invoke(t.Context(), "again", nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("after its removal: got %v", err)
	}
}
