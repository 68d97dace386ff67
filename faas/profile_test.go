package faas

import (
	"bytes"
	"testing"

	"github.com/google/pprof/profile"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"weft/semconv"
)

const busyFunction = `
import time

def burn(seconds):
    end = time.time() + seconds
    while time.time() < end:
        sum(range(1000))

def handler(event, context):
    if event.get("lazy"):
        import lazy
    print("burning", event["seconds"], flush=True)
    burn(event["seconds"])
    return "done"
`

// profileOf waits for the profile of a span, and returns the CPU time that was spent in a function of the program.
func profileOf(t *testing.T, e *told, span pcommon.SpanID, function string) (cpu int64) {
	t.Helper()
	e.await(t, "a profile with "+function, func() bool {
		for _, r := range e.records {
			if r.EventName() != semconv.EventProfile || r.SpanID() != span {
				continue
			}
			p, err := profile.Parse(bytes.NewReader(r.Body().Bytes().AsRaw()))
			if err != nil {
				t.Errorf("profile: %v", err)
				return true
			}
			for _, s := range p.Sample {
				for _, l := range s.Location {
					if l.Line[0].Function.Name == function {
						cpu += s.Value[1]
						break
					}
				}
			}
			return true
		}
		return false
	})
	return cpu
}

// A cold run has a profile and the imports within it; one that is killed says where, since when it is not known, and what it printed last.
func TestProfileAndKilled(t *testing.T) {
	rt, e := newRuntime(t)
	deploy(t, rt, "name: busy\ncontract: lambda\nruntime: python\nhandler: app.handler\ntimeout: 2s\n", map[string]string{
		"app.py": busyFunction, "lazy.py": "import time\ntime.sleep(0.03)\n",
	})
	_, res := do(t, rt, "busy", `{"seconds": 0.3, "lazy": true}`)
	if res.Error != nil {
		t.Fatal(res.Error)
	}
	spans := e.trace(t, pcommon.TraceID(res.Span.TraceID()), "busy")
	invocation, lazy := named(t, spans, "Invocation"), named(t, spans, "import lazy")
	if lazy.ParentSpanID() != invocation.SpanID() {
		t.Errorf("the import within the run is below %s, want %s", lazy.ParentSpanID(), invocation.SpanID())
	}
	if cpu := profileOf(t, e, invocation.SpanID(), "burn"); cpu < 30e6 {
		t.Errorf("burn has %d ns of CPU, want nearer to 300 ms", cpu)
	}
	_, killed := do(t, rt, "busy", `{"seconds": 60}`)
	spans = e.trace(t, pcommon.TraceID(killed.Span.TraceID()), "busy")
	invocation = named(t, spans, "Invocation")
	inner := named(t, spans, "burn")
	attrs := inner.Attributes().AsRaw()
	if inner.ParentSpanID() != invocation.SpanID() || attrs[semconv.KilledBy] != "timeout" || attrs[semconv.StartUnknown] != true {
		t.Errorf("where it was killed: %v", attrs)
	}
	if cpu := profileOf(t, e, invocation.SpanID(), "burn"); cpu < 100e6 {
		t.Errorf("burn has %d ns of CPU, want nearer to 2 s", cpu)
	}
	e.await(t, "the last lines of the killed run", func() bool {
		for _, r := range e.records {
			if last, ok := r.Attributes().Get(semconv.LogLast); ok && r.EventName() == "faas.invocation.exception" {
				lines := last.Slice()
				return lines.At(lines.Len()-1).Str() == "burning 60"
			}
		}
		return false
	})
}
