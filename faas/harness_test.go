package faas

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/faas/coldstart"
	"weft/faas/function"
	"weft/semconv"
)

// told is an exporter that keeps what a runtime tells.
type told struct {
	mu      sync.Mutex // protects what follows
	spans   []toldSpan
	records []toldRecord
	changed chan struct{}
}

type toldSpan struct {
	ptrace.Span
	resource map[string]any
}

type toldRecord struct {
	plog.LogRecord
	resource map[string]any
}

func newTold() *told { return &told{changed: make(chan struct{}, 1)} }

func (e *told) ExportTraces(_ context.Context, td ptrace.Traces) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, rs := range td.ResourceSpans().All() {
		for _, s := range rs.ScopeSpans().At(0).Spans().All() {
			e.spans = append(e.spans, toldSpan{s, rs.Resource().Attributes().AsRaw()})
		}
	}
	e.signal()
	return nil
}

func (e *told) ExportLogs(_ context.Context, ld plog.Logs) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, rl := range ld.ResourceLogs().All() {
		for _, r := range rl.ScopeLogs().At(0).LogRecords().All() {
			e.records = append(e.records, toldRecord{r, rl.Resource().Attributes().AsRaw()})
		}
	}
	e.signal()
	return nil
}

func (e *told) signal() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

// await returns when done holds, which is looked at whenever something was told.
func (e *told) await(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		e.mu.Lock()
		ok := done()
		e.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-e.changed:
		case <-deadline:
			e.mu.Lock()
			defer e.mu.Unlock()
			t.Fatalf("waited 30s for %s; told so far:\n%s", what, e.dump())
		}
	}
}

// dump is all that was told, for messages. e.mu is held.
func (e *told) dump() string {
	var b strings.Builder
	for _, s := range e.spans {
		fmt.Fprintf(&b, "span %s %q %.1f ms in %s below %s %v\n", s.SpanID(), s.Name(), float64(s.EndTimestamp()-s.StartTimestamp())/1e6, s.TraceID(), s.ParentSpanID(), s.Attributes().AsRaw())
	}
	for _, r := range e.records {
		fmt.Fprintf(&b, "record %s %q %v\n", r.EventName(), r.Body().AsString(), r.Attributes().AsRaw())
	}
	return b.String()
}

// row waits for the row of an invocation.
func (e *told) row(t testing.TB, id string) (found toldRecord) {
	t.Helper()
	e.await(t, "the row of "+id, func() bool {
		i := slices.IndexFunc(e.records, func(r toldRecord) bool {
			return r.EventName() == semconv.EventInvocation && r.Attributes().AsRaw()["faas.invocation_id"] == id
		})
		if i >= 0 {
			found = e.records[i]
		}
		return i >= 0
	})
	return found
}

// instanceStates are the states that instances of a function went through, in the order they were told.
func (e *told) instanceStates(name string) (states []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.records {
		if r.EventName() == semconv.EventInstance && r.resource["faas.name"] == name {
			states = append(states, r.Attributes().AsRaw()[semconv.InstanceState].(string))
		}
	}
	return states
}

// trace waits for a trace's span of a name, and returns all of the trace.
func (e *told) trace(t testing.TB, id pcommon.TraceID, name string) (spans []toldSpan) {
	t.Helper()
	e.await(t, fmt.Sprintf("span %q of trace %s", name, id), func() bool {
		spans = spans[:0]
		found := false
		for _, s := range e.spans {
			if s.TraceID() == id {
				spans = append(spans, s)
				found = found || s.Name() == name
			}
		}
		return found
	})
	return spans
}

func named(t testing.TB, spans []toldSpan, name string) toldSpan {
	t.Helper()
	for _, s := range spans {
		if s.Name() == name {
			return s
		}
	}
	var names []string
	for _, s := range spans {
		names = append(names, s.Name())
	}
	t.Fatalf("no span %q among %q", name, names)
	return toldSpan{}
}

// coverage is the share of a span that leaves below it cover, those named unexplained aside.
func coverage(of toldSpan, spans []toldSpan) float64 {
	known := func(s toldSpan) coldstart.Span {
		return coldstart.Span{ID: s.SpanID().String(), Parent: s.ParentSpanID().String(), Name: s.Name(), StartNS: int64(s.StartTimestamp()), EndNS: int64(s.EndTimestamp())}
	}
	all := make([]coldstart.Span, len(spans))
	for i, s := range spans {
		all[i] = known(s)
	}
	return coldstart.Explained(known(of), all)
}

// newRuntime starts a runtime that ends with the test.
func newRuntime(t testing.TB) (*Runtime, *told) {
	t.Helper()
	rt, e := openRuntime(t, t.TempDir())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := rt.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return rt, e
}

func openRuntime(t testing.TB, dir string) (*Runtime, *told) {
	t.Helper()
	e := newTold()
	rt, err := New(Config{Dir: dir, Exporter: e, Logger: slog.New(slog.NewTextHandler(testLog{t}, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return rt, e
}

type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

// deploy deploys a function of the files given, by name; those that start with #! are programs.
func deploy(t testing.TB, rt *Runtime, manifest string, files map[string]string) *function.Function {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		writeProgram(t, filepath.Join(dir, name), content)
	}
	return deployDir(t, rt, manifest, dir)
}

// writeProgram writes a file, which can be executed when it starts with #!.
func writeProgram(t testing.TB, file, content string) {
	t.Helper()
	mode := os.FileMode(0o644)
	if strings.HasPrefix(content, "#!") {
		mode = 0o755
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func deployDir(t testing.TB, rt *Runtime, manifest, dir string) *function.Function {
	t.Helper()
	m, err := function.Parse(function.ManifestName, []byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	var code bytes.Buffer
	if err := function.Pack(&code, dir); err != nil {
		t.Fatal(err)
	}
	fn, err := rt.Deploy(t.Context(), m.Function, &code)
	if err != nil {
		t.Fatal(err)
	}
	return fn
}

// awaitWork returns when a function, which has one instance, is at work, with as many requests waiting for it.
func awaitWork(t testing.TB, rt *Runtime, name string, waiting int) {
	t.Helper()
	await(t, rt, name, func(p *pool) bool { return len(p.all) == 1 && len(p.ready) == 0 && len(p.waiting) == waiting })
}

// awaitIdle returns when a function's one instance has nothing to do: the answer comes a moment before that.
func awaitIdle(t testing.TB, rt *Runtime, name string) {
	t.Helper()
	await(t, rt, name, func(p *pool) bool { return len(p.all) == 1 && len(p.ready) == 1 })
}

// await returns when is holds for a function's pool, which is locked then.
func await(t testing.TB, rt *Runtime, name string, is func(*pool) bool) {
	t.Helper()
	target, err := rt.resolve(name, "")
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		target.pool.mu.Lock()
		done := is(target.pool)
		target.pool.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not there after 30s", name)
		}
	}
}

// do runs a function with an event.
func do(t testing.TB, rt *Runtime, name, event string) (string, Result) {
	t.Helper()
	var w bufferWriter
	res, err := rt.Do(t.Context(), &Request{Function: name, Event: []byte(event), Header: http.Header{}}, &w)
	if err != nil {
		t.Fatalf("invoke %s: %v", name, err)
	}
	return w.body.String(), res
}
