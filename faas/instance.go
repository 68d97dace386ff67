package faas

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"weft/faas/coldstart"
	"weft/faas/contract"
	"weft/faas/emit"
	"weft/faas/lambda"
	"weft/faas/sandbox"
	"weft/faas/webapp"
	"weft/semconv"
)

// instance is one running program of a function.
type instance struct {
	id       string
	rt       *Runtime
	pool     *pool
	resource *emit.Resource
	proc     *sandbox.Process
	contract contract.Instance
	recorder *coldstart.Recorder
	// profiling says that a profile is being fetched: there is one at a time.
	profiling atomic.Bool
	output    *output
	startup   *startup
	// extensions are nil when there are none.
	extensions *extensions
	left       chan struct{} // closed when it is gone and what it had is free

	// The pool's, under its lock.
	free      int // slots
	idleSince time.Time
	draining  bool
	why       string // it is draining

	frozen atomic.Bool
	// mu is held while it is frozen or thawed, stopped, or the cause of its end is set.
	mu    sync.Mutex
	cause *contract.Error // why it was killed; nil: it ended by itself
}

// gone is closed when the program has ended.
func (in *instance) gone() <-chan struct{} { return in.proc.Done() }

// kill ends the program at once; what is under way in it ends with cause.
func (in *instance) kill(cause *contract.Error) {
	in.mu.Lock()
	if in.cause == nil {
		in.cause = cause
	}
	in.mu.Unlock()
	in.proc.Kill()
}

// exited tells the contract that the program has ended, and why.
func (in *instance) exited() {
	<-in.gone()
	in.contract.Exited(in.loss())
}

// loss is why the program has ended.
func (in *instance) loss() *contract.Error {
	in.mu.Lock()
	cause := in.cause
	in.mu.Unlock()
	if cause != nil {
		return cause
	}
	return exitError(in.proc.Exit())
}

// lossReason is semconv.InstanceReason of a program that has ended by itself or was killed.
func (in *instance) lossReason() string {
	switch in.loss().Type {
	case contract.ErrOutOfMemory:
		return "memory"
	case contract.ErrDiskFull:
		return "disk"
	case contract.ErrTimeout:
		return "timeout"
	case contract.ErrShuttingDown:
		return "shutdown"
	}
	return "crash"
}

// killedBy is semconv.KilledBy when the program is gone, else empty.
func (in *instance) killedBy() string {
	select {
	case <-in.gone():
		return in.lossReason()
	default:
		return ""
	}
}

// begin and end frame what the program prints, when it runs one invocation at a time.
func (in *instance) begin(inv *contract.Invocation) { in.output.Begin(inv.ID, inv.Span) }

func (in *instance) end(inv *contract.Invocation, asked bool, failure *contract.Error) (tail []byte, stack string) {
	return in.output.end(inv, asked, failure)
}

// stackTimeout bounds how long a program that is about to be killed is asked where it is.
const stackTimeout = 200 * time.Millisecond

// lastStack is where the program is, as far as it can be seen.
func (in *instance) lastStack() []contract.Frame {
	ctx, cancel := context.WithTimeout(context.Background(), stackTimeout)
	defer cancel()
	return in.recorder.LastStack(ctx)
}

// freeze stops the program from running, after its hook.
func (in *instance) freeze() {
	in.hook("PreFreeze", in.pool.fn.PreFreeze.Timeout, in.pool.fn.PreFreeze.Enabled, in.contract.PreFreeze)
	in.mu.Lock()
	defer in.mu.Unlock()
	if err := in.proc.Freeze(); err != nil {
		in.rt.log.Warn("freeze", "function", in.pool.fn.Name, "instance", in.id, "error", err)
		return
	}
	in.frozen.Store(true)
	in.tell(semconv.StateFrozen, "idle")
}

// wake makes it run again if it is frozen.
func (in *instance) wake() error {
	if !in.frozen.Load() {
		return nil
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.frozen.Load() {
		return nil
	}
	if err := in.proc.Thaw(); err != nil {
		return err
	}
	in.frozen.Store(false)
	in.tell(semconv.StateThawed, "request")
	return nil
}

// hook runs a lifecycle hook, in a trace of its own that is linked to the instance's.
func (in *instance) hook(name string, timeout time.Duration, enabled bool, run func(context.Context, *contract.Invocation) error) {
	if !enabled {
		return
	}
	sc := root(in.pool.fn.Tracing.Sample)
	start := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	err := run(ctx, in.hookInvocation(sc, start, timeout))
	s := emit.Span{Context: sc, Name: name, Kind: trace.SpanKindInternal, Start: start, End: time.Now(),
		Links: []emit.Link{{Context: in.startup.context(), Type: semconv.LinkInstance}}}
	if err != nil {
		s.Failed, s.Message = true, err.Error()
		in.rt.log.Warn("lifecycle hook", "hook", name, "function", in.pool.fn.Name, "instance", in.id, "error", err)
	}
	if sc.IsSampled() {
		in.rt.emitter.Spans(in.resource, s)
	}
}

func (in *instance) hookInvocation(sc trace.SpanContext, start time.Time, timeout time.Duration) *contract.Invocation {
	return &contract.Invocation{ID: newRequestID(), Name: in.pool.fn.Name, Deadline: start.Add(timeout), Timeout: timeout, Span: sc}
}

// tell emits a row of the instance's life.
func (in *instance) tell(state, reason string, attrs ...attribute.KeyValue) {
	tellInstance(in.rt, in.resource, state, reason, append(attrs, attribute.Int(semconv.InstancePID, in.proc.PID()))...)
}

func tellInstance(rt *Runtime, from *emit.Resource, state, reason string, attrs ...attribute.KeyValue) {
	rt.emitter.Records(from, emit.Record{Time: time.Now(), Event: semconv.EventInstance,
		Attributes: append(attrs, attribute.String(semconv.InstanceState, state), attribute.String(semconv.InstanceReason, reason))})
}

// stopGrace is how long a program may take to end after SIGTERM.
const stopGrace = 2 * time.Second

// stopInstance ends in's program in order, and releases what it has. reason is semconv.InstanceReason.
func (rt *Runtime) stopInstance(in *instance, reason string) {
	start := time.Now()
	if in.killedBy() == "" && in.wake() == nil {
		ctx, cancel := context.WithTimeout(context.Background(), in.stopBudget())
		inv := in.hookInvocation(in.startup.context(), start, in.stopBudget())
		if err := in.preStop(ctx, inv); err != nil {
			rt.log.Warn("lifecycle hook", "hook", "PreStop", "function", in.pool.fn.Name, "instance", in.id, "error", err)
		}
		cancel()
		in.mu.Lock()
		if in.cause == nil {
			in.cause = &contract.Error{Type: contract.ErrShuttingDown, Message: "the instance is stopped: " + reason}
		}
		in.mu.Unlock()
	}
	in.proc.Stop(context.Background(), in.grace())
	<-in.gone()
	in.extensions.shutdown(reason)
	exit := in.proc.Exit()
	in.tell(semconv.StateStopped, reason, attribute.Int(semconv.InstanceExit, exit.Code))
	if sc := in.startup.context(); sc.IsSampled() {
		rt.emitter.Spans(in.resource, emit.Span{Context: childOf(sc), Parent: sc.SpanID(), Name: "Shutdown", Kind: trace.SpanKindInternal,
			Start: start, End: exit.At, Attributes: []attribute.KeyValue{attribute.String(semconv.InstanceReason, reason)}})
	}
	<-in.startup.told // it needs the recorder
	in.recorder.Close()
	in.output.Close()
	if err := in.contract.Close(); err != nil {
		rt.log.Warn("close contract", "function", in.pool.fn.Name, "instance", in.id, "error", err)
	}
}

// preStop runs the hook before the end. Extensions are told behind it, when the function has said its last.
func (in *instance) preStop(ctx context.Context, inv *contract.Invocation) error {
	if in.extensions != nil {
		return nil
	}
	return in.contract.PreStop(ctx, inv)
}

// grace is how long the program may take to end once it was told to.
func (in *instance) grace() time.Duration {
	if api, ok := in.contract.(*lambda.Instance); ok {
		return api.ShutdownBudget() // by Lambda's contract it is not told at all when it has no extensions
	}
	return stopGrace
}

// check probes a web server as often as its function says, and ends it when it is no longer healthy. A frozen one cannot answer.
func (in *instance) check() {
	server, ok := in.contract.(*webapp.Instance)
	period := in.pool.fn.Server.Health.Period
	if !ok || period <= 0 {
		return
	}
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-in.gone():
			return
		case <-tick.C:
		}
		if in.frozen.Load() {
			continue
		}
		if err := server.Check(context.Background()); err != nil && !in.frozen.Load() {
			in.rt.log.Warn("an instance is no longer healthy", "function", in.pool.fn.Name, "instance", in.id, "error", err)
			in.kill(&contract.Error{Type: contract.ErrExit, Message: "the server is no longer healthy: " + err.Error()})
			return
		}
	}
}

// stopBudget is how long the hook before the end may take.
func (in *instance) stopBudget() time.Duration {
	if hook := in.pool.fn.PreStop; hook.Enabled {
		return hook.Timeout
	}
	return stopGrace
}
