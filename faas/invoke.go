package faas

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/google/pprof/profile"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"weft/faas/contract"
	"weft/faas/emit"
	"weft/faas/function"
	"weft/faas/sandbox"
	"weft/sdk"
	"weft/semconv"
)

// Request is one invocation that somebody asks for.
type Request struct {
	// Function is the name, Qualifier a version or an alias; empty for $LATEST.
	Function, Qualifier string
	// ID is the request id, a UUID; empty: one is made.
	ID   string
	Kind contract.Kind
	// Event is the payload of an Event.
	Event []byte
	// HTTP is the request of a Web invocation; its URL is what follows Prefix. Route names the span, such as "GET /http/shop".
	HTTP          *http.Request
	Prefix, Route string
	// Header is where the caller's context is read from.
	Header http.Header
	// ClientContext is Lambda's, as JSON.
	ClientContext string
	// Log asks for the end of what the function prints.
	Log bool
	// Trigger is faas.trigger: http, timer, pubsub, datasource or other. Empty: other.
	Trigger string
}

// Result is how an invocation went.
type Result struct {
	// ID is the request id.
	ID string
	// Version is the one that ran.
	Version string
	// Error is the function's failure; nothing was written then, unless Started.
	Error *contract.Error
	// Started says that the answer had begun when it failed.
	Started bool
	// Status is the status of a Web answer.
	Status int
	// Log is the end of what the function printed, at most 4 KiB.
	Log []byte
	// Span is the request's span.
	Span trace.SpanContext
}

// Invoke runs a function with an event and returns its answer. A function's failure is a *contract.Error.
func (rt *Runtime) Invoke(ctx context.Context, name string, event []byte) ([]byte, error) {
	var w bufferWriter
	header := make(http.Header)
	rt.propagator.Inject(ctx, propagation.HeaderCarrier(header))
	res, err := rt.Do(ctx, &Request{Function: name, Event: event, Header: header}, &w)
	if err != nil {
		return nil, err
	}
	if res.Error != nil {
		return nil, res.Error
	}
	return w.body.Bytes(), nil
}

// Do runs req and writes the answer to w as it comes, after the header traceresponse. When the function fails before it has answered,
// nothing but that header is written. The error says that the function did not run: ErrNotFound, ErrClosed, *ThrottledError,
// *sandbox.CapacityError, *TooLargeError, or ctx's.
func (rt *Runtime) Do(ctx context.Context, req *Request, w http.ResponseWriter) (Result, error) {
	r := &run{rt: rt, req: req, arrived: time.Now()}
	var err error
	if r.target, err = rt.resolve(req.Function, req.Qualifier); err != nil {
		return Result{}, err
	}
	r.join()
	w.Header().Set("traceresponse", fmt.Sprintf("00-%s-%s-%s", r.server.TraceID(), r.server.SpanID(), r.server.TraceFlags()))
	res := Result{ID: r.id, Version: r.target.fn.Version, Span: r.server}
	if bound := requestBound(r.target.fn.Contract); int64(len(req.Event)) > bound {
		return res, &TooLargeError{What: "request", Size: int64(len(req.Event)), Bound: bound}
	}
	if err := rt.admission.acquire(ctx, req.Function); err != nil {
		r.refused(err)
		return res, err
	}
	defer rt.admission.release()
	if r.target.pool == nil {
		err = r.inProcess(ctx, w)
	} else {
		err = r.onInstance(ctx, w)
	}
	if err != nil {
		r.refused(err)
		return res, err
	}
	r.answered = time.Now()
	res.Error, res.Status, res.Log = r.outcome.Error, r.outcome.Status, r.outcome.Log
	res.Started = res.Error != nil && !r.outcome.FirstByte.IsZero() && r.outcome.ResponseBytes > 0
	r.settle()
	return res, nil
}

// run is one invocation under way.
type run struct {
	rt     *Runtime
	req    *Request
	target *target
	id     string

	caller     trace.SpanContext // invalid: the trace begins here
	conflicts  []trace.SpanContext
	baggage    baggage.Baggage
	server     trace.SpanContext // the request's span
	wait       trace.SpanContext // what it waits for before it runs
	invocation trace.SpanContext // the function's own spans are under this one

	arrived, granted, answered time.Time
	grant                      grant
	outcome                    contract.Outcome
	before                     time.Duration // the program's processor time until it ran
	after                      sandbox.Usage
	killed                     string // semconv.KilledBy
	stack                      []contract.Frame
	printed                    string           // the stack of its failure, as the language's runtime printed it
	profile                    *profile.Profile // taken before it was killed
	canceled                   bool
	waitTold                   atomic.Bool // the spans of what it waited for
}

// join finds the caller's trace, or begins one.
func (r *run) join() {
	r.id = r.req.ID
	if r.id == "" {
		r.id = newRequestID()
	}
	ctx := r.rt.propagator.Extract(context.Background(), propagation.HeaderCarrier(r.req.Header))
	r.caller, r.conflicts, r.baggage = trace.SpanContextFromContext(ctx), sdk.Conflicts(ctx), baggage.FromContext(ctx)
	if r.caller.IsValid() {
		r.server = childOf(r.caller)
	} else {
		r.server = root(r.target.fn.Tracing.Sample)
	}
	r.wait, r.invocation = childOf(r.server), childOf(r.server)
}

// acquire takes a slot of an instance. Who waits for a version that is replaced goes on to wait for the one in its place.
func (r *run) acquire(ctx context.Context) (grant, error) {
	for {
		g, err := r.target.pool.acquire(ctx, r.wait)
		if !errors.Is(err, ErrClosed) {
			return g, err
		}
		t, notFound := r.rt.resolve(r.req.Function, r.req.Qualifier)
		switch {
		case notFound != nil:
			return g, notFound
		case t == r.target || t.pool == nil:
			return g, err
		}
		r.target = t
	}
}

// onInstance runs it in a program. The error says that it did not come to that.
func (r *run) onInstance(ctx context.Context, w http.ResponseWriter) error {
	g, err := r.acquire(ctx)
	r.grant, r.granted = g, time.Now()
	if err != nil {
		var failure *contract.Error
		if errors.As(err, &failure) { // the start failed, which is the function's failure
			r.outcome.Error = failure
			if g.cold != nil {
				r.printed = g.cold.printed
			}
			return nil
		}
		return err
	}
	in, p := g.in, r.target.pool
	if err := in.wake(); err != nil {
		p.drain(in, "crash")
		p.release(in)
		r.outcome.Error = &contract.Error{Type: contract.ErrSandbox, Message: err.Error()}
		return nil
	}
	inv := r.contractInvocation()
	if r.req.Kind == contract.Event {
		ctx = context.WithoutCancel(ctx) // it runs to its end though its caller goes away
	}
	ctx, cancel := context.WithDeadline(ctx, inv.Deadline)
	defer cancel()
	defer time.AfterFunc(longRun, r.begun).Stop()
	r.before = in.proc.CPU()
	in.begin(inv)
	r.outcome, err = in.contract.Invoke(ctx, inv, w)
	r.after = in.proc.Spent()
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		r.timedOut(in)
	case err != nil:
		r.canceled = true
		r.outcome.Error = &contract.Error{Type: contract.ErrFunction, Message: "the caller went away"}
	}
	if r.outcome.Error != nil && r.killed == "" {
		r.killed = in.killedBy()
	}
	r.outcome.Log, r.printed = in.end(inv, r.req.Log, r.outcome.Error)
	if r.killed == "crash" {
		r.crashed(in)
	}
	return nil
}

// longRun is from when on a run that is not over is told of: should this process be killed, its trace still shows where it was.
const longRun = time.Second

// begun tells of what it waited for, which is over, and of the spans that are open.
func (r *run) begun() {
	if !r.server.IsSampled() {
		return
	}
	start := func(sc trace.SpanContext, parent trace.SpanID, name string, at time.Time) emit.Record {
		attrs := []attribute.KeyValue{attribute.String("faas.invocation_id", r.id),
			attribute.Int64(semconv.SpanDeadline, r.granted.Add(r.target.fn.Timeout).UnixNano())}
		if parent.IsValid() {
			attrs = append(attrs, attribute.String(semconv.SpanParent, parent.String()))
		}
		return emit.Record{Time: at, Observed: time.Now(), Event: semconv.EventSpanStart, Span: sc, Body: attribute.StringValue(name), Attributes: attrs}
	}
	var wait tree
	if _, waited := r.waited(&wait); waited && r.waitTold.CompareAndSwap(false, true) {
		r.rt.emitter.Spans(r.resource(), wait.spans...)
	}
	r.rt.emitter.Records(r.resource(), start(r.server, r.caller.SpanID(), r.spanName(), r.arrived),
		start(r.invocation, r.server.SpanID(), "Invocation", r.granted))
}

// timedOut asks the program where it is, and kills it.
func (r *run) timedOut(in *instance) {
	r.killed = semconv.OutcomeTimeout
	r.stack = in.lastStack()
	r.profileKilled(in)
	message := fmt.Sprintf("Task timed out after %.2f seconds", r.target.fn.Timeout.Seconds())
	r.outcome.Error = &contract.Error{Type: contract.ErrTimeout, Message: message, Stack: r.stack}
	if r.target.fn.Concurrency > 1 {
		in.pool.drain(in, "timeout") // others in it may still finish
		return
	}
	in.kill(r.outcome.Error)
}

// inProcess runs it as a function of this process.
func (r *run) inProcess(ctx context.Context, w http.ResponseWriter) error {
	if err := r.target.slots.acquire(ctx, r.req.Function); err != nil {
		return err
	}
	defer r.target.slots.release()
	r.granted = time.Now()
	inv := r.contractInvocation()
	ctx, cancel := context.WithDeadline(ctx, inv.Deadline)
	defer cancel()
	var err error
	r.outcome, err = r.target.own.invoke(ctx, inv, w)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		r.outcome.Error = &contract.Error{Type: contract.ErrTimeout, Message: fmt.Sprintf("Task timed out after %.2f seconds", r.target.fn.Timeout.Seconds())}
	case err != nil:
		r.canceled = true
		r.outcome.Error = &contract.Error{Type: contract.ErrFunction, Message: "the caller went away"}
	}
	return nil
}

func (r *run) contractInvocation() *contract.Invocation {
	return &contract.Invocation{
		ID: r.id, Name: r.target.fn.Name, Kind: r.req.Kind, Event: r.req.Event, Request: r.req.HTTP, Prefix: r.req.Prefix,
		Deadline: r.granted.Add(r.target.fn.Timeout), Timeout: r.target.fn.Timeout,
		Span: r.invocation, Baggage: r.baggage, Qualifier: r.req.Qualifier, ClientContext: r.req.ClientContext,
	}
}

// settle gives the slot back once the program is ready for more, and tells of the run.
func (r *run) settle() {
	if r.target.pool == nil || r.grant.in == nil {
		r.tell(time.Time{})
		return
	}
	in := r.grant.in
	if r.outcome.Free == nil {
		r.target.pool.release(in)
		r.tell(time.Time{})
		return
	}
	go func() {
		select {
		case <-r.outcome.Free:
		case <-in.gone():
		}
		free := time.Now()
		r.target.pool.release(in)
		r.tell(free)
	}()
}

// outcomeName is semconv.InvocationOutcome.
func (r *run) outcomeName() string {
	switch e := r.outcome.Error; {
	case r.canceled:
		return semconv.OutcomeCanceled
	case e == nil && r.outcome.Status >= http.StatusInternalServerError:
		return semconv.OutcomeError
	case e == nil:
		return semconv.OutcomeSuccess
	case e.Type == contract.ErrTimeout, e.Type == contract.ErrInitTimeout:
		return semconv.OutcomeTimeout
	case e.Type == contract.ErrOutOfMemory:
		return semconv.OutcomeMemory
	case e.Type == contract.ErrExit, e.Type == contract.ErrDiskFull:
		return semconv.OutcomeCrash
	case e.Type == contract.ErrSandbox, e.Type == contract.ErrShuttingDown:
		return semconv.OutcomePlatform
	}
	return semconv.OutcomeError
}

// errorType is error.type; empty when the run has not failed. An answer that says of itself that it is a failure is one by its status.
func (r *run) errorType() string {
	switch e := r.outcome.Error; {
	case e != nil:
		return e.Type
	case r.outcome.Status >= http.StatusInternalServerError:
		return strconv.Itoa(r.outcome.Status)
	}
	return ""
}

// requestBound is the greatest event that a contract takes, in bytes.
func requestBound(c function.Contract) int64 {
	if c == function.FC || c == function.HTTP {
		return contract.MaxFCRequest
	}
	return contract.MaxLambdaRequest
}
