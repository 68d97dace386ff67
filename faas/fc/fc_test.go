package fc_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/baggage"

	"weft/faas/contract"
	"weft/faas/contract/contracttest"
	"weft/faas/fc"
	"weft/faas/function"
)

func demo() *function.Function {
	hook := function.Hook{Enabled: true, Timeout: 10 * time.Second}
	return &function.Function{
		Name: "demo", Version: "7", Contract: function.FC, Handler: "main.handle", Memory: 512 << 20, Timeout: time.Minute, Concurrency: 10,
		Initializer: function.Hook{Enabled: true, Handler: "main.initialize", Timeout: 2500 * time.Millisecond}, PreFreeze: hook, PreStop: hook,
	}
}

func newInstance(t *testing.T, identity fc.Identity) *fc.Instance {
	t.Helper()
	if identity.Function == nil {
		identity.Function = demo()
	}
	i, err := fc.New(identity)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// said is the answer of the example fc-event.
type said struct {
	Said                          string
	Initialized, Frozen, Underway int
	Deadline                      time.Time
	Context                       struct {
		RequestID, Region, AccountId string
		RetryCount                   int
		Function                     struct {
			Name, Handler, Memory string
			Timeout               int
		}
		Service struct{ Name, LogProject, LogStore, Qualifier, VersionId string }
		Tracing struct {
			OpenTracingSpanContext, JaegerEndpoint string
			OpenTracingSpanBaggages                map[string]string
		}
	}
}

func invoke(t *testing.T, i contract.Instance, inv *contract.Invocation) (*httptest.ResponseRecorder, contract.Outcome) {
	t.Helper()
	w := httptest.NewRecorder()
	out, err := i.Invoke(contracttest.Context(t), inv, w)
	if err != nil {
		t.Errorf("invoke: %v", err)
	}
	return w, out
}

func TestEventFunction(t *testing.T) {
	i := newInstance(t, fc.Identity{
		Instance: "c-1", Service: "shop", LogProject: "project", LogStore: "store", Region: "cn-hangzhou", Account: "42",
		JaegerEndpoint: "http://127.0.0.1:1/api/traces",
	})
	program := contracttest.Start(t, i, ".", nil, contracttest.Build(t, "fc-event"))
	contracttest.Ready(t, i)
	if i.Phases().FirstContact.IsZero() {
		t.Error("ready without a first contact")
	}
	ctx := contracttest.Context(t)
	if err := i.Initialize(ctx, contracttest.Hook()); err != nil {
		t.Fatalf("initialize: %v", err)
	}

	inv := contracttest.Event(`{"say":"hello"}`)
	inv.Retry, inv.Qualifier = 2, "live"
	var err error
	if inv.Baggage, err = baggage.Parse("user=alice,tier=gold"); err != nil {
		t.Fatal(err)
	}
	w, out := invoke(t, i, inv)
	if out.Error != nil {
		t.Fatal(out.Error)
	}
	if out.Dispatched.IsZero() || out.FirstByte.Before(out.Dispatched) || out.LastByte.Before(out.FirstByte) ||
		out.ResponseBytes != int64(w.Body.Len()) {
		t.Errorf("outcome %+v for %d bytes", out, w.Body.Len())
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	var got said
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	var want said
	want.Said, want.Initialized, want.Underway = "hello", 1, 1
	want.Deadline = got.Deadline
	if d := got.Deadline.Sub(inv.Deadline); d.Abs() > time.Millisecond {
		t.Errorf("deadline %v, want %v", got.Deadline, inv.Deadline)
	}
	c := &want.Context
	c.RequestID, c.Region, c.AccountId, c.RetryCount = inv.ID, "cn-hangzhou", "42", 2
	c.Function.Name, c.Function.Handler, c.Function.Memory, c.Function.Timeout = "demo", "main.handle", "512", 60
	c.Service.Name, c.Service.LogProject, c.Service.LogStore = "shop", "project", "store"
	c.Service.Qualifier, c.Service.VersionId = "live", "7"
	c.Tracing.OpenTracingSpanContext = inv.Span.TraceID().String() + ":" + inv.Span.SpanID().String() + ":0:1"
	c.Tracing.OpenTracingSpanBaggages = map[string]string{"user": "alice", "tier": "gold"}
	c.Tracing.JaegerEndpoint = "http://127.0.0.1:1/api/traces"
	if a, b := marshal(t, got), marshal(t, want); a != b {
		t.Errorf("the function saw\n%s\nwant\n%s", a, b)
	}

	if err := i.PreFreeze(ctx, contracttest.Hook()); err != nil {
		t.Errorf("pre-freeze: %v", err)
	}
	w, _ = invoke(t, i, contracttest.Event(`{}`))
	contracttest.Contains(t, w.Body.String(), `"frozen":1`)
	if err := i.PreStop(ctx, contracttest.Hook()); err != nil {
		t.Errorf("pre-stop: %v", err)
	}
	contracttest.Wait(t, "the hook's output", func() bool { return strings.Contains(program.Output(), "buffers are flushed") })
	contracttest.Contains(t, program.Output(), "FC Invoke End RequestId: "+inv.ID)
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestFailures(t *testing.T) {
	i := newInstance(t, fc.Identity{})
	contracttest.Start(t, i, ".", nil, contracttest.Build(t, "fc-event"))
	contracttest.Ready(t, i)

	w, out := invoke(t, i, contracttest.Event(`{"fail":"no stock"}`))
	if out.Error == nil || out.Error.Type != "errorString" || out.Error.Message != "no stock" || !out.Error.Handled || w.Body.Len() > 0 {
		t.Errorf("error: %+v, written %q", out.Error, w.Body)
	}
	if !json.Valid(out.Error.Payload) {
		t.Errorf("payload %q", out.Error.Payload)
	}
	_, out = invoke(t, i, contracttest.Event(`{"panic":"on fire"}`))
	if out.Error == nil || out.Error.Message != "on fire" || out.Error.Handled {
		t.Fatalf("panic: %+v", out.Error)
	}
	if !slices.ContainsFunc(out.Error.Stack, func(f contract.Frame) bool { return f.Function == "handle" && f.Line > 0 }) {
		t.Errorf("stack of the panic: %+v", out.Error.Stack)
	}
	_, out = invoke(t, i, contracttest.Event(`{"bytes":33554432}`))
	if out.Error == nil || out.Error.Type != contract.ErrTooLarge {
		t.Errorf("answer of more than 32 MB: %+v", out.Error)
	}
	_, out = invoke(t, i, contracttest.Event(strings.Repeat(" ", contract.MaxFCRequest+1)))
	if out.Error == nil || out.Error.Type != contract.ErrRequestTooLarge || !out.Dispatched.IsZero() {
		t.Errorf("event of more than 32 MB: %+v", out)
	}
	// And none of that has harmed the program.
	w, out = invoke(t, i, contracttest.Event(`{"bytes":31457280}`))
	if out.Error != nil || w.Body.Len() < 30<<20 {
		t.Errorf("answer of 30 MB: %d bytes, %v", w.Body.Len(), out.Error)
	}
}

func TestHookWithoutHandler(t *testing.T) {
	i := newInstance(t, fc.Identity{})
	contracttest.Start(t, i, ".", nil, contracttest.Build(t, "fc-http"))
	contracttest.Ready(t, i)
	err := i.Initialize(contracttest.Context(t), contracttest.Hook())
	var failure *contract.Error
	if !errors.As(err, &failure) || failure.Message != "no initializer handler registered" {
		t.Errorf("initializer that the program has not: %v", err)
	}
}

func TestConcurrency(t *testing.T) {
	i := newInstance(t, fc.Identity{})
	contracttest.Start(t, i, ".", nil, contracttest.Build(t, "fc-event"))
	contracttest.Ready(t, i)
	// They sleep until all of them must have been there together.
	const n = 8
	var seen [n]said
	var all sync.WaitGroup
	for k := range n {
		all.Go(func() {
			w, out := invoke(t, i, contracttest.Event(`{"sleep_ns":1500000000}`))
			if out.Error != nil {
				t.Error(out.Error)
			} else if err := json.Unmarshal(w.Body.Bytes(), &seen[k]); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	most := 0
	for _, s := range seen {
		most = max(most, s.Underway)
	}
	if most < 2 {
		t.Errorf("at most %d of %d invocations ran at once", most, n)
	}
}
