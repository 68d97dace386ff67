package faas

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"weft/faas/function"
	"weft/faas/sandbox"
	"weft/semconv"
)

// Memory is promised, not hoped for: what can never run is refused when it is deployed, idle instances make room for others, and what
// finds no room now is refused for now.
func TestRoom(t *testing.T) {
	e := newTold()
	rt, err := New(Config{Dir: t.TempDir(), Exporter: e, Memory: 200 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := rt.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	files := map[string]string{"bootstrap": api + "\nwhile True:\n    id, event = next()\n    time.sleep(float(event))\n    answer(id, b'1')\n"}
	deploy(t, rt, "name: one\ncontract: lambda\nmemory: 128MiB\n", files)
	deploy(t, rt, "name: two\ncontract: lambda\nmemory: 128MiB\n", files)

	m, err := function.Parse("", []byte("name: huge\ncontract: lambda\nmemory: 1GiB\n"))
	if err != nil {
		t.Fatal(err)
	}
	var invalid *function.InvalidError
	if _, err := rt.Deploy(t.Context(), m.Function, strings.NewReader("")); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "at most the 200 MiB that this machine can promise, got 1024 MiB") {
		t.Errorf("a function larger than the machine: got %v", err)
	}
	if _, res := do(t, rt, "one", "0"); res.Error != nil {
		t.Fatal(res.Error)
	}
	if _, res := do(t, rt, "two", "0"); res.Error != nil {
		t.Fatalf("two, while one is idle: %v", res.Error)
	}
	e.await(t, "the eviction of one", func() bool {
		for _, r := range e.records {
			a := r.Attributes().AsRaw()
			if a[semconv.InstanceState] == semconv.StateStopped && r.resource["faas.name"] == "one" {
				return a[semconv.InstanceReason] == "evicted"
			}
		}
		return false
	})
	done := make(chan error)
	go func() {
		_, err := rt.Invoke(context.Background(), "two", []byte("1"))
		done <- err
	}()
	awaitWork(t, rt, "two", 0)
	var w bufferWriter
	_, err = rt.Do(t.Context(), &Request{Function: "one", Event: []byte("0"), Header: http.Header{}}, &w)
	var full *sandbox.CapacityError
	if !errors.As(err, &full) || full.Asked != 128<<20 || full.Total != 200<<20 {
		t.Errorf("one, while two is busy: got %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("two: %v", err)
	}
}

// A request that a busy instance will have a slot for sooner than a new one could be there waits for it; one that would wait for long
// gets an instance of its own, and its trace shows both waits.
func TestBusyInstanceFirst(t *testing.T) {
	rt, e := newRuntime(t)
	deploy(t, rt, "name: slowstart\ncontract: lambda\n", map[string]string{"bootstrap": api + "\ntime.sleep(1)" +
		"\nwhile True:\n    id, event = next()\n    time.sleep(float(event))\n    answer(id, b'1')\n"})
	do(t, rt, "slowstart", "0")
	ask := func(event string) <-chan Result {
		done := make(chan Result, 1)
		go func() {
			var w bufferWriter
			res, err := rt.Do(t.Context(), &Request{Function: "slowstart", Event: []byte(event), Header: http.Header{}}, &w)
			if err != nil || res.Error != nil {
				t.Errorf("event %s: %v %v", event, err, res.Error)
			}
			done <- res
		}()
		return done
	}
	awaitIdle(t, rt, "slowstart")
	first := ask("0.02")
	awaitWork(t, rt, "slowstart", 0)
	second := ask("0")
	<-first
	if row := e.row(t, (<-second).ID); row.Attributes().AsRaw()["faas.coldstart"] != false {
		t.Errorf("a wait of 20 ms had an instance started that takes a second: %v", row.Attributes().AsRaw())
	}

	awaitIdle(t, rt, "slowstart")
	long := ask("3")
	awaitWork(t, rt, "slowstart", 0)
	res := <-ask("0")
	spans := e.trace(t, pcommon.TraceID(res.Span.TraceID()), "ColdStart")
	if reason := named(t, spans, "ColdStart").Attributes().AsRaw()[semconv.ColdStartReason]; reason != "scale_out" {
		t.Errorf("reason of the second start: %v", reason)
	}
	if wait := named(t, spans, "queue slowstart"); wait.ParentSpanID() != named(t, spans, "ColdStart").SpanID() {
		t.Errorf("the wait before it stands below %s", wait.ParentSpanID())
	}
	<-long
}
