package faas

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"weft/faas/coldstart"
	"weft/faas/contract"
	"weft/faas/emit"
	"weft/faas/sandbox"
	"weft/semconv"
)

// resource is what the run's spans and rows come from: the instance, or the function while it has none.
func (r *run) resource() *emit.Resource {
	if r.grant.in != nil {
		return r.grant.in.resource
	}
	return r.target.resource
}

// tell emits the run's spans, when its trace is sampled, its row, and its failure. free is when the program took the next poll; zero when
// the contract has no such moment.
func (r *run) tell(free time.Time) {
	if r.server.IsSampled() {
		r.rt.emitter.Spans(r.resource(), r.spans(free)...)
	}
	records := []emit.Record{r.row()}
	if e := r.outcome.Error; e != nil && !r.canceled {
		records = append(records, r.exception(e))
	}
	r.rt.emitter.Records(r.resource(), records...)
	slow := r.slow()
	r.target.metrics.observe(r)
	r.profileIf(slow)
}

// spans are the request's: what it waited for, the function's run, and what came after it.
func (r *run) spans(free time.Time) []emit.Span {
	var t tree
	covered := make([]interval, 0, 3)
	if wait, ok := r.waited(&t); ok {
		covered = append(covered, wait)
		if !r.waitTold.CompareAndSwap(false, true) {
			t = tree{}
		}
	}
	end := r.granted
	if !r.outcome.Dispatched.IsZero() || r.grant.in != nil && r.grant.err == nil || r.target.pool == nil {
		end = r.functionEnd()
		t.put(r.invocationSpan(r.granted, end))
		r.within(&t, end)
		covered = append(covered, interval{r.granted, end})
	}
	if !free.IsZero() && free.Sub(end) >= leastOverhead {
		t.add(r.server, "Overhead", end, free)
		covered = append(covered, interval{end, free})
	}
	t.gaps(r.server, coldstart.Unexplained, leastGap, r.arrived, r.answered, covered)
	t.put(r.serverSpan())
	return t.spans
}

// leastOverhead is the shortest time between an answer and the next poll that is worth a span.
const leastOverhead = 100 * time.Microsecond

// waited adds the span of what the request waited for before it ran, or was refused.
func (r *run) waited(t *tree) (interval, bool) {
	wait := interval{r.arrived, r.granted}
	if r.granted.IsZero() {
		wait.end = r.answered
	}
	s := emit.Span{Context: r.wait, Parent: r.server.SpanID(), Kind: trace.SpanKindInternal, Start: wait.start, End: wait.end}
	switch cold := r.grant.cold; {
	case cold != nil:
		s.Name = "ColdStart"
		s.Attributes = []attribute.KeyValue{attribute.String(semconv.ColdStartReason, cold.reason)}
		s.Links = []emit.Link{{Context: cold.context(), Type: semconv.LinkInstance}}
		if cold.err != nil {
			s.Failed, s.Message = true, cold.err.Message
			s.Attributes = append(s.Attributes, attribute.String("error.type", cold.err.Type))
		}
		if before := cold.decided.Sub(wait.start); before >= leastGap { // it waited for one that was at work first
			t.add(r.wait, r.queueName(), wait.start, cold.decided)
		}
	case wait.end.Sub(wait.start) < leastGap:
		return interval{}, false
	default:
		s.Name = r.queueName()
		s.Attributes = []attribute.KeyValue{attribute.Int(semconv.QueueLimit, r.target.fn.Instances.Queue)}
	}
	t.put(s)
	return wait, true
}

func (r *run) queueName() string { return "queue " + r.target.fn.Name }

func (r *run) invocationSpan(start, end time.Time) emit.Span {
	s := emit.Span{Context: r.invocation, Parent: r.server.SpanID(), Name: "Invocation", Kind: trace.SpanKindInternal, Start: start, End: end,
		Attributes: []attribute.KeyValue{
			attribute.Int64(semconv.InvocationRequestBytes, r.requestBytes()),
			attribute.Int64(semconv.InvocationResponseBytes, r.outcome.ResponseBytes),
		}}
	if in := r.grant.in; in != nil {
		s.Attributes = append(s.Attributes,
			attribute.Int64(semconv.InvocationCPU, int64(r.after.CPU-r.before)),
			attribute.Int64(semconv.InvocationMaxMemory, r.after.MaxMemory))
		s.Links = []emit.Link{{Context: in.startup.context(), Type: semconv.LinkInstance}}
	}
	if e := r.outcome.Error; e != nil {
		s.Failed, s.Message = true, e.Message
		s.Attributes = append(s.Attributes, attribute.String("error.type", e.Type))
		if r.killed != "" {
			s.Attributes = append(s.Attributes, attribute.String(semconv.KilledBy, r.killed))
		}
		if len(e.Stack) > 0 {
			at := e.Stack[0]
			s.Attributes = append(s.Attributes, attribute.String("code.function.name", at.Function), attribute.String("code.file.path", at.File),
				attribute.Int("code.line.number", at.Line), attribute.String("code.stacktrace", stackText(e.Stack)))
		}
	}
	return s
}

func (r *run) serverSpan() emit.Span {
	s := emit.Span{Context: r.server, Parent: r.caller.SpanID(), Name: r.spanName(), Kind: trace.SpanKindServer, Start: r.arrived, End: r.answered,
		Attributes: []attribute.KeyValue{
			attribute.String("faas.trigger", r.trigger()), attribute.String("faas.invocation_id", r.id),
			attribute.Bool("faas.coldstart", r.grant.cold != nil),
		}}
	if r.req.Qualifier != "" {
		s.Attributes = append(s.Attributes, attribute.String(semconv.InvocationQualifier, r.req.Qualifier))
	}
	if h := r.req.HTTP; h != nil {
		s.Attributes = append(s.Attributes, attribute.String("http.request.method", h.Method), attribute.String("url.path", r.req.Prefix+h.URL.Path),
			attribute.String("url.scheme", "http"))
		if r.outcome.Status != 0 {
			s.Attributes = append(s.Attributes, attribute.Int("http.response.status_code", r.outcome.Status))
		}
	}
	if typ := r.errorType(); typ != "" {
		s.Failed = true
		s.Attributes = append(s.Attributes, attribute.String("error.type", typ))
	}
	if e := r.outcome.Error; e != nil {
		s.Message = e.Message
	}
	for _, other := range r.conflicts {
		s.Links = append(s.Links, emit.Link{Context: other, Type: semconv.LinkConflicting})
	}
	return s
}

// spanName names the request's span: the function, or the method and route of a trigger.
func (r *run) spanName() string {
	if r.req.HTTP != nil {
		return r.req.Route
	}
	return r.target.fn.Name
}

func (r *run) trigger() string {
	if r.req.Trigger == "" {
		return "other"
	}
	return r.req.Trigger
}

func (r *run) requestBytes() int64 {
	if r.req.HTTP != nil {
		return max(r.req.HTTP.ContentLength, 0)
	}
	return int64(len(r.req.Event))
}

// row is what remains of every run, sampled or not.
func (r *run) row() emit.Record {
	var queue, cold time.Duration
	if granted := r.granted; !granted.IsZero() {
		if queue = granted.Sub(r.arrived); r.grant.cold != nil {
			queue, cold = 0, queue
		}
	}
	attrs := []attribute.KeyValue{
		attribute.String("faas.invocation_id", r.id),
		attribute.String("faas.trigger", r.trigger()),
		attribute.Bool("faas.coldstart", r.grant.cold != nil),
		attribute.String(semconv.InvocationOutcome, r.outcomeName()),
		attribute.Int64(semconv.InvocationDuration, int64(r.duration())),
		attribute.Int64(semconv.InvocationTotal, int64(r.answered.Sub(r.arrived))),
		attribute.Int64(semconv.InvocationQueue, int64(queue)),
		attribute.Int64(semconv.InvocationColdStart, int64(cold)),
		attribute.Int64(semconv.InvocationRequestBytes, r.requestBytes()),
		attribute.Int64(semconv.InvocationResponseBytes, r.outcome.ResponseBytes),
	}
	if r.req.Qualifier != "" {
		attrs = append(attrs, attribute.String(semconv.InvocationQualifier, r.req.Qualifier))
	}
	if r.outcome.Status != 0 {
		attrs = append(attrs, attribute.Int(semconv.InvocationStatus, r.outcome.Status))
	}
	if r.grant.in != nil {
		attrs = append(attrs, attribute.Int64(semconv.InvocationCPU, int64(r.after.CPU-r.before)),
			attribute.Int64(semconv.InvocationMaxMemory, r.after.MaxMemory))
	}
	if typ := r.errorType(); typ != "" {
		attrs = append(attrs, attribute.String("error.type", typ))
	}
	if e := r.outcome.Error; e != nil {
		attrs = append(attrs, attribute.String("exception.message", e.Message))
	}
	return emit.Record{Time: r.arrived, Observed: r.answered, Event: semconv.EventInvocation, Span: r.invocation, Attributes: attrs}
}

// duration is the function's part: from when it was handed the invocation to the end of its answer.
func (r *run) duration() time.Duration {
	if r.outcome.Dispatched.IsZero() {
		return 0
	}
	return r.functionEnd().Sub(r.outcome.Dispatched)
}

// functionEnd is when the function was done with it.
func (r *run) functionEnd() time.Time {
	if r.outcome.LastByte.IsZero() {
		return r.answered
	}
	return r.outcome.LastByte
}

// lastLines is how many lines of a killed program's log its failure keeps.
const lastLines = 10

// within adds what is known of the inside of the run: what it loaded, and where it was killed.
func (r *run) within(t *tree, end time.Time) {
	in := r.grant.in
	if in == nil {
		return
	}
	if r.target.fn.Concurrency <= 1 { // beside others nobody knows whose it was
		for _, step := range in.recorder.Between(r.granted, end) {
			t.step(r.invocation, step)
		}
	}
	if r.killed == "" || len(r.stack) == 0 {
		return
	}
	at := r.stack[0]
	t.put(emit.Span{Context: childOf(r.invocation), Parent: r.invocation.SpanID(), Name: at.Function, Kind: trace.SpanKindInternal,
		Start: r.granted, End: end, Failed: true, Message: "killed: " + r.killed,
		Attributes: []attribute.KeyValue{attribute.String(semconv.KilledBy, r.killed), attribute.Bool(semconv.StartUnknown, true),
			attribute.String("code.function.name", at.Function), attribute.String("code.file.path", at.File), attribute.Int("code.line.number", at.Line)}})
}

// exception is the conventions' event of a failed run.
func (r *run) exception(e *contract.Error) emit.Record {
	attrs := []attribute.KeyValue{attribute.String("exception.type", e.Type), attribute.String("exception.message", e.Message),
		attribute.String("faas.invocation_id", r.id)}
	if r.printed != "" {
		attrs = append(attrs, attribute.String("exception.stacktrace", r.printed))
	} else if len(e.Stack) > 0 {
		attrs = append(attrs, attribute.String("exception.stacktrace", stackText(e.Stack)))
	}
	if in := r.grant.in; in != nil && r.killed != "" && in.output != nil {
		if last := in.output.Last(lastLines); len(last) > 0 {
			attrs = append(attrs, attribute.StringSlice(semconv.LogLast, last))
		}
	}
	return emit.Record{Time: r.answered, Event: "faas.invocation.exception", Severity: plog.SeverityNumberError, SeverityText: "ERROR",
		Body: attribute.StringValue(e.Type + ": " + e.Message), Span: r.invocation, Attributes: attrs}
}

func stackText(stack []contract.Frame) string {
	var b strings.Builder
	for _, f := range stack {
		fmt.Fprintf(&b, "at %s (%s:%d)\n", f.Function, f.File, f.Line)
	}
	return b.String()
}

// refused tells of a request that did not run.
func (r *run) refused(err error) {
	r.answered = time.Now()
	outcome, kind := semconv.OutcomePlatform, "platform"
	var throttled *ThrottledError
	var capacity *sandbox.CapacityError
	switch {
	case errors.As(err, &throttled), errors.As(err, &capacity):
		outcome, kind = semconv.OutcomeThrottled, "throttled"
	case errors.Is(err, context.Canceled):
		outcome, kind = semconv.OutcomeCanceled, "canceled"
	}
	if r.server.IsSampled() {
		var t tree
		r.waited(&t)
		s := r.serverSpan()
		s.Failed, s.Message = true, err.Error()
		s.Attributes = append(s.Attributes, attribute.String("error.type", kind))
		t.put(s)
		r.rt.emitter.Spans(r.target.resource, t.spans...)
	}
	r.rt.emitter.Records(r.target.resource, emit.Record{Time: r.arrived, Observed: r.answered, Event: semconv.EventInvocation, Span: r.server,
		Attributes: []attribute.KeyValue{
			attribute.String("faas.invocation_id", r.id), attribute.String("faas.trigger", r.trigger()),
			attribute.String(semconv.InvocationOutcome, outcome), attribute.String("error.type", kind),
			attribute.String("exception.message", err.Error()),
			attribute.Int64(semconv.InvocationTotal, int64(r.answered.Sub(r.arrived))),
		}})
	r.target.metrics.refused(outcome)
}
