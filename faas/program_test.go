package faas

import (
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"weft/semconv"
)

const pythonFunction = `
import time, json
import slow

def handler(event, context):
    print("hello from", event.get("name"))
    if event.get("fail"):
        raise ValueError("no " + event["name"])
    return {"message": "hello " + event["name"]}
`

// A handler in Python: its first request has a cold start that leads to the module which took the time, its second has none.
func TestPython(t *testing.T) {
	rt, e := newRuntime(t)
	deploy(t, rt, "name: py\ncontract: lambda\nruntime: python\nhandler: app.handler\n", map[string]string{
		"app.py": pythonFunction, "slow.py": "import time\nimport slower\ntime.sleep(0.03)\n", "slower.py": "import time\ntime.sleep(0.05)\n",
	})
	answer, res := do(t, rt, "py", `{"name": "you"}`)
	if answer != `{"message": "hello you"}` || res.Error != nil {
		t.Fatalf("got %q, %v", answer, res.Error)
	}
	e.trace(t, pcommon.TraceID(res.Span.TraceID()), "py")
	spans := e.trace(t, pcommon.TraceID(res.Span.TraceID()), "Instance Init py")
	cold := named(t, spans, "ColdStart")
	if share := coverage(cold, spans); share < 0.95 {
		t.Errorf("leaf spans cover %.1f %% of the cold start, want 95 %%", 100*share)
		e.mu.Lock()
		t.Log(e.dump())
		e.mu.Unlock()
	}
	slow, slower := named(t, spans, "import slow"), named(t, spans, "import slower")
	if slower.ParentSpanID() != slow.SpanID() {
		t.Errorf("slower is below %s, want %s", slower.ParentSpanID(), slow.SpanID())
	}
	if kind := slow.Attributes().AsRaw()[semconv.ModuleKind]; kind != "user" {
		t.Errorf("kind of slow: %v", kind)
	}
	_, warm := do(t, rt, "py", `{"name": "you"}`)
	for _, s := range e.trace(t, pcommon.TraceID(warm.Span.TraceID()), "py") {
		if s.Name() == "ColdStart" {
			t.Error("the second request has a cold start")
		}
	}
	_, failed := do(t, rt, "py", `{"name": "one", "fail": true}`)
	if failed.Error == nil || failed.Error.Type != "ValueError" || failed.Error.Message != "no one" || len(failed.Error.Stack) == 0 ||
		!strings.HasSuffix(failed.Error.Stack[0].File, "app.py") {
		t.Errorf("failure: got %+v", failed.Error)
	}
	e.await(t, "the log of the first request", func() bool {
		for _, r := range e.records {
			if r.Body().AsString() == "hello from you" {
				return r.TraceID() == pcommon.TraceID(res.Span.TraceID()) || r.TraceID() == pcommon.TraceID(warm.Span.TraceID())
			}
		}
		return false
	})
}
