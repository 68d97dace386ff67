package faas

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"weft/faas/emit"
)

// leastGap is the shortest time without a span that is said to be unexplained. Below it lies what taking the time itself costs.
const leastGap = time.Millisecond

func newSpanID() (id trace.SpanID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:], rand.Uint64())
	}
	return id
}

func newTraceID() (id trace.TraceID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
		binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	}
	return id
}

// childOf is a new span's context in parent's trace.
func childOf(parent trace.SpanContext) trace.SpanContext {
	return parent.WithSpanID(newSpanID()).WithRemote(false)
}

// root is the context of a new trace, sampled with the share given.
func root(share float64) trace.SpanContext {
	id := newTraceID()
	var flags trace.TraceFlags
	if sampled(id, share) {
		flags = trace.FlagsSampled
	}
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: newSpanID(), TraceFlags: flags})
}

// sampled decides by the trace id alone, as OpenTelemetry's ratio sampler does, so that everybody in a trace decides the same.
func sampled(id trace.TraceID, share float64) bool {
	if share >= 1 {
		return true
	}
	return binary.BigEndian.Uint64(id[8:])>>1 < uint64(share*math.MaxInt64)
}

// tree gathers the spans of one trace.
type tree struct {
	spans []emit.Span
}

// add adds an internal span under parent and returns its context.
func (t *tree) add(parent trace.SpanContext, name string, start, end time.Time, attrs ...attribute.KeyValue) trace.SpanContext {
	sc := childOf(parent)
	t.put(emit.Span{Context: sc, Parent: parent.SpanID(), Name: name, Kind: trace.SpanKindInternal, Start: start, End: end, Attributes: attrs})
	return sc
}

// put adds a span. One that ends before it starts, because a clock was set, ends when it starts.
func (t *tree) put(s emit.Span) {
	if s.End.Before(s.Start) {
		s.End = s.Start
	}
	t.spans = append(t.spans, s)
}

// interval is a part of time.
type interval struct{ start, end time.Time }

// gaps adds a span named name under parent for each part of [start, end] that no interval of covered is in and that is not shorter than
// least. covered is in order of start.
func (t *tree) gaps(parent trace.SpanContext, name string, least time.Duration, start, end time.Time, covered []interval, attrs ...attribute.KeyValue) {
	at := start
	for _, c := range covered {
		if c.start.Sub(at) >= least {
			t.add(parent, name, at, c.start, attrs...)
		}
		if c.end.After(at) {
			at = c.end
		}
	}
	if end.Sub(at) >= least {
		t.add(parent, name, at, end, attrs...)
	}
}
