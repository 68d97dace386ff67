package faas

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"weft/faas/contract"
	"weft/semconv"
)

type wrongInput struct{ field string }

func (e *wrongInput) Error() string { return e.field + " is wrong" }

// A function of this process joins its caller's trace, and each of its runs leaves a row.
func TestInProcess(t *testing.T) {
	rt, e := newRuntime(t)
	err := rt.Register("greet", func(ctx context.Context, event []byte) ([]byte, error) {
		switch string(event) {
		case `"fail"`:
			return nil, fmt.Errorf("greet: %w", &wrongInput{"name"})
		case `"panic"`:
			panic(fmt.Errorf("no name"))
		case `"hang"`:
			<-ctx.Done()
			<-time.After(50 * time.Millisecond) // longer than it may
		}
		sc := trace.SpanContextFromContext(ctx)
		return json.Marshal(map[string]string{"trace": sc.TraceID().String(), "span": sc.SpanID().String(), "tier": baggage.FromContext(ctx).Member("tier").Value()})
	}, Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	caller := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{7}, SpanID: trace.SpanID{8}, TraceFlags: trace.FlagsSampled})
	ctx := trace.ContextWithSpanContext(t.Context(), caller)
	bag, err := baggage.Parse("tier=gold")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := rt.Invoke(baggage.ContextWithBaggage(ctx, bag), "greet", []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Trace, Span, Tier string }
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatal(err)
	}
	if got.Trace != caller.TraceID().String() || got.Tier != "gold" {
		t.Errorf("the function saw trace %s and tier %q, want %s and gold", got.Trace, got.Tier, caller.TraceID())
	}
	spans := e.trace(t, pcommon.TraceID{7}, "greet")
	server, invocation := named(t, spans, "greet"), named(t, spans, "Invocation")
	if server.ParentSpanID() != [8]byte{8} || server.Kind() != ptrace.SpanKindServer || invocation.ParentSpanID() != server.SpanID() ||
		invocation.SpanID().String() != got.Span {
		t.Errorf("tree: server below %s, invocation %s below %s; the function ran in %s", server.ParentSpanID(), invocation.SpanID(), invocation.ParentSpanID(), got.Span)
	}

	for event, want := range map[string]struct {
		kind, outcome string
		message       string
	}{
		`"fail"`:  {"wrapError", semconv.OutcomeError, "greet: name is wrong"},
		`"panic"`: {"panic", semconv.OutcomeError, "no name"},
		`"hang"`:  {contract.ErrTimeout, semconv.OutcomeTimeout, "Task timed out after 1.00 seconds"},
	} {
		_, res := do(t, rt, "greet", event)
		if res.Error == nil || res.Error.Type != want.kind || res.Error.Message != want.message {
			t.Errorf("%s: got %v, want %s: %s", event, res.Error, want.kind, want.message)
			continue
		}
		row := e.row(t, res.ID).Attributes().AsRaw()
		if row[semconv.InvocationOutcome] != want.outcome || row["error.type"] != want.kind {
			t.Errorf("%s: the row says %v, %v", event, row[semconv.InvocationOutcome], row["error.type"])
		}
		if event == `"panic"` {
			at := res.Error.Stack
			if len(at) == 0 || !strings.Contains(at[0].Function, "TestInProcess") {
				t.Errorf("stack of the panic: %v", at)
			}
		}
	}
	if _, err := rt.Invoke(t.Context(), "nobody", nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("a function that is not there: got %v", err)
	}
}

// A failed run of a function of this process has a CPU profile that leads into the function.
func TestInProcessProfile(t *testing.T) {
	e := newTold()
	rt, err := New(Config{Dir: t.TempDir(), Exporter: e, Profile: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := rt.Register("busy", func(context.Context, []byte) ([]byte, error) {
		burn(300 * time.Millisecond)
		return nil, errors.New("after all that")
	}, Options{}); err != nil {
		t.Fatal(err)
	}
	_, res := do(t, rt, "busy", "{}")
	var raw []byte
	e.await(t, "the profile", func() bool {
		for _, r := range e.records {
			if r.EventName() == semconv.EventProfile && r.TraceID() == pcommon.TraceID(res.Span.TraceID()) {
				raw = r.Body().Bytes().AsRaw()
			}
		}
		return raw != nil
	})
	p, err := profile.ParseData(raw)
	if err != nil {
		t.Fatal(err)
	}
	if text := p.String(); !strings.Contains(text, "faas.burn") {
		t.Errorf("the profile does not lead to the function:\n%s", text)
	}
}

// burn uses the processor for a while.
func burn(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		for range 1000 {
			burned++
		}
	}
}

var burned int

// A handler of this process serves HTTP triggers.
func TestInProcessHandler(t *testing.T) {
	rt, e := newRuntime(t)
	if err := rt.RegisterHandler("web", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic("no")
		}
		if r.URL.Path == "/coffee" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s", r.Method, r.URL.Path)
	}), Options{}); err != nil {
		t.Fatal(err)
	}
	request := func(path string) (*httptest.ResponseRecorder, Result) {
		w := httptest.NewRecorder()
		req := httptest.NewRequest(http.MethodGet, path, nil)
		res, err := rt.Do(t.Context(), &Request{Function: "web", Kind: contract.Web, HTTP: req, Header: req.Header, Prefix: "/http/web", Route: "GET /http/web", Trigger: "http"}, w)
		if err != nil {
			t.Fatal(err)
		}
		return w, res
	}
	w, res := request("/tea")
	if w.Code != http.StatusTeapot || w.Body.String() != "GET /tea" || w.Header().Get("traceresponse") == "" {
		t.Errorf("got %d %q %v", w.Code, w.Body, w.Header())
	}
	server := named(t, e.trace(t, pcommon.TraceID(res.Span.TraceID()), "GET /http/web"), "GET /http/web")
	if got := server.Attributes().AsRaw(); got["http.response.status_code"] != int64(http.StatusTeapot) || got["url.path"] != "/http/web/tea" || got["faas.trigger"] != "http" {
		t.Errorf("the span says %v", got)
	}
	if _, res := request("/panic"); res.Error == nil || res.Error.Message != "no" || res.Started {
		t.Errorf("panic: got %v, started %v", res.Error, res.Started)
	}
	// An answer may say of itself that it is a failure. The caller has it as it is; the function has failed.
	w, res = request("/coffee")
	if w.Code != http.StatusServiceUnavailable || res.Error != nil {
		t.Errorf("got %d, %v", w.Code, res.Error)
	}
	server = named(t, e.trace(t, pcommon.TraceID(res.Span.TraceID()), "GET /http/web"), "GET /http/web")
	row := e.row(t, res.ID).Attributes().AsRaw()
	if server.Status().Code() != ptrace.StatusCodeError || server.Attributes().AsRaw()["error.type"] != "503" ||
		row[semconv.InvocationOutcome] != semconv.OutcomeError || row["error.type"] != "503" {
		t.Errorf("503: the span says %v %v, the row %v", server.Status().Code(), server.Attributes().AsRaw(), row)
	}
}

// Beyond what may run and wait at once, requests are refused and counted.
func TestInProcessThrottle(t *testing.T) {
	rt, e := newRuntime(t)
	begun, end := make(chan struct{}, 2), make(chan struct{})
	if err := rt.Register("slow", func(context.Context, []byte) ([]byte, error) {
		begun <- struct{}{}
		<-end
		return []byte("1"), nil
	}, Options{Concurrency: 1, Queue: 1}); err != nil {
		t.Fatal(err)
	}
	results := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := rt.Invoke(context.Background(), "slow", nil)
			results <- err
		}()
	}
	<-begun
	for rt.inProcess["slow"].slots.waiting.Load() < 1 {
		time.Sleep(time.Millisecond)
	}
	_, err := rt.Invoke(t.Context(), "slow", nil)
	var throttled *ThrottledError
	if !errors.As(err, &throttled) || throttled.Scope != "function" || throttled.Limit != 1 || throttled.Queue != 1 {
		t.Errorf("the third: got %v", err)
	}
	close(end)
	for range 2 {
		if err := <-results; err != nil {
			t.Errorf("one that was within the bounds: %v", err)
		}
	}
	e.await(t, "three rows, one of them throttled", func() bool {
		outcomes := map[string]int{}
		for _, r := range e.records {
			if r.EventName() == semconv.EventInvocation {
				outcomes[r.Attributes().AsRaw()[semconv.InvocationOutcome].(string)]++
			}
		}
		return outcomes[semconv.OutcomeSuccess] == 2 && outcomes[semconv.OutcomeThrottled] == 1
	})
}
