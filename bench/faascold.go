package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/faas/coldstart"
	"weft/semconv"
)

// coldFunction is a function whose instances end as soon as they have nothing to do.
type coldFunction struct {
	language string
	hooks    bool
	name     string
	method   string
	url      string
}

// coldRun is one cold start.
type coldRun struct {
	Run      int    `json:"run"`
	Language string `json:"language"`
	Hooks    bool   `json:"hooks"`
	// TookNS is what the client waited in all.
	TookNS int64 `json:"took_ns"`
	// BeforeNS lies between the client's request and the program's execution, AfterNS between its first poll and the client's answer,
	// without the handler.
	BeforeNS int64 `json:"before_exec_ns"`
	AfterNS  int64 `json:"after_ready_ns"`
	// Explained is the share of ColdStart that leaf spans cover.
	Explained float64 `json:"explained"`
}

// languages of the cold starts; modules loads nodeModules modules of a line.
var languages = []string{"Go", "Node", "Python", "Express", "Flask", "Node, 200 modules"}

func (h *host) coldFunctions(ctx context.Context, all bool) (functions []coldFunction, err error) {
	p := h.programs
	for i, f := range []struct{ program, dir string }{
		{"contract: lambda", p.lambda},
		{"contract: lambda\nruntime: nodejs\nhandler: index.handler", p.node},
		{"contract: lambda\nruntime: python\nhandler: app.handler", p.python},
		{"contract: http\ncommand: [node, server.js]", p.express},
		{"contract: http\ncommand: [/usr/bin/python3, app.py]", p.flask},
		{"contract: lambda\nruntime: nodejs\nhandler: index.handler", p.modules},
	} {
		for _, hooks := range []bool{true, false} {
			c := coldFunction{language: languages[i], hooks: hooks, name: fmt.Sprintf("cold-%d-%t", i, hooks), method: http.MethodPost}
			manifest := fmt.Sprintf("name: %s\n%s\nmemory: 256MiB\ninstances: {idle: 0s, max: 1}\ntracing: {modules: %t, profile: %t}\n", c.name, f.program, hooks, hooks)
			if err := h.deploy(ctx, manifest, f.dir); err != nil {
				return nil, err
			}
			c.url = h.base + "/2015-03-31/functions/" + c.name + "/invocations"
			if c.language == "Express" || c.language == "Flask" {
				c.method, c.url = http.MethodGet, h.base+"/http/"+c.name+"/"
			}
			functions = append(functions, c)
		}
		if !all {
			break // Go alone
		}
	}
	return functions, nil
}

// coldStart runs f, which has no instance, and waits until its instance is gone.
func (h *host) coldStart(ctx context.Context, w *watcher, f coldFunction) (coldRun, error) {
	w.reset()
	began := time.Now()
	body, err := send(ctx, h.client, f.method, f.url, event)
	answered := time.Now()
	if err != nil {
		return coldRun{}, err
	}
	spans, err := w.await(ctx, f.name)
	if err != nil {
		return coldRun{}, err
	}
	got := coldRun{Language: f.language, Hooks: f.hooks, TookNS: answered.Sub(began).Nanoseconds()}
	var answer struct {
		HandlerNS int64 `json:"handler_ns"`
	}
	_ = json.Unmarshal(body, &answer) // Express and Flask say a text: only their whole time is used
	cold, err := one(spans, "ColdStart")
	if err != nil {
		return coldRun{}, err
	}
	exec, err := one(spans, "process.exec")
	if err != nil {
		return coldRun{}, err
	}
	start, err := one(spans, "RuntimeInitialization")
	if err != nil {
		return coldRun{}, err
	}
	got.BeforeNS = exec.EndNS - began.UnixNano()
	got.AfterNS = answered.UnixNano() - start.EndNS - answer.HandlerNS
	got.Explained = coldstart.Explained(cold, spans)
	return got, nil
}

func one(spans []coldstart.Span, name string) (coldstart.Span, error) {
	i := slices.IndexFunc(spans, func(s coldstart.Span) bool { return s.Name == name })
	if i < 0 {
		return coldstart.Span{}, fmt.Errorf("the trace has no span %q", name)
	}
	return spans[i], nil
}

// watcher is an exporter that keeps the spans of one start.
type watcher struct {
	changed chan struct{}

	mu      sync.Mutex // protects what follows
	spans   []coldstart.Span
	stopped map[string]bool
}

func newWatcher() *watcher {
	return &watcher{changed: make(chan struct{}, 1), stopped: map[string]bool{}}
}

func (w *watcher) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spans = nil
	clear(w.stopped)
}

// await returns the spans once name's instance is gone. All that is to be told of it was told by then, but for the last batch of spans.
func (w *watcher) await(ctx context.Context, name string) ([]coldstart.Span, error) {
	deadline := time.After(20 * time.Second)
	for {
		w.mu.Lock()
		spans, stopped := slices.Clone(w.spans), w.stopped[name]
		w.mu.Unlock()
		has := func(name string) bool {
			return slices.ContainsFunc(spans, func(s coldstart.Span) bool { return s.Name == name })
		}
		if stopped && has("ColdStart") && has("Instance Init "+name) && has("Shutdown") {
			return spans, nil
		}
		select {
		case <-w.changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline:
			return nil, errors.New("the instance did not end within 20 s")
		}
	}
}

func (w *watcher) signal() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// ExportTraces implements emit.Exporter.
func (w *watcher) ExportTraces(_ context.Context, td ptrace.Traces) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				w.spans = append(w.spans, coldstart.Span{ID: s.SpanID().String(), Parent: s.ParentSpanID().String(), Name: s.Name(),
					StartNS: int64(s.StartTimestamp()), EndNS: int64(s.EndTimestamp())})
			}
		}
	}
	w.signal()
	return nil
}

// ExportLogs implements emit.Exporter.
func (w *watcher) ExportLogs(_ context.Context, ld plog.Logs) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, rl := range ld.ResourceLogs().All() {
		name, _ := rl.Resource().Attributes().Get("faas.name")
		for _, sl := range rl.ScopeLogs().All() {
			for _, r := range sl.LogRecords().All() {
				if state, ok := r.Attributes().Get(semconv.InstanceState); ok && state.Str() == semconv.StateStopped {
					w.stopped[name.Str()] = true
				}
			}
		}
	}
	w.signal()
	return nil
}

// bareStart is how long the Go program takes from the decision to execute it until its first poll, with nothing between: a Runtime API
// that only notes the time.
func bareStart(ctx context.Context, dir string) (time.Duration, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	polled := make(chan time.Time, 1)
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case polled <- time.Now():
		default:
		}
		<-r.Context().Done()
	})}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "bootstrap"))
	cmd.Env = append(os.Environ(), "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String())
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	select {
	case at := <-polled:
		return at.Sub(began), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(20 * time.Second):
		return 0, errors.New("no poll within 20 s")
	}
}
