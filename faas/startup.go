package faas

import (
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"weft/faas/coldstart"
	"weft/faas/contract"
	"weft/faas/emit"
	"weft/faas/sandbox"
	"weft/semconv"
)

// startup is how an instance came to be, or did not.
type startup struct {
	rt       *Runtime
	resource *emit.Resource
	reason   string // semconv.ColdStartReason
	initType string // semconv.InitType
	sample   float64
	name     string // the function's
	// err is why it failed; noRoom is set when that was for want of memory, which is nobody's failure.
	err    *contract.Error
	noRoom *sandbox.CapacityError
	// printed is the stack of err, as the language's runtime printed it.
	printed string

	// The moments; zero when it did not come to that. decided: somebody needs an instance. prepared: the code is in place. forked and
	// executed: around the start of the program. started: it can be spoken to. ready: its initializer has run.
	decided, prepared, forked, executed, started, ready time.Time
	failedAt                                            time.Time // when it failed
	hasInitializer                                      bool

	codeBytes int64
	codeHit   bool // the code was there already
	digest    string
	pid       int
	command   string
	contract  string
	phases    contract.Phases
	// recorder knows what the program did between executed and started, as far as it can be seen. Nil when it did not come to that.
	recorder *coldstart.Recorder
	told     chan struct{} // closed when the start was told, after adopt

	sc     trace.SpanContext // of the span Instance Init; set by adopt
	parent trace.SpanID
}

// context is the span Instance Init, for links.
func (st *startup) context() trace.SpanContext { return st.sc }

// adopt says below which span the start is told, in the trace of a request; without one it is a trace of its own.
func (st *startup) adopt(wait trace.SpanContext) {
	if wait.IsValid() && wait.IsSampled() {
		st.sc, st.parent = childOf(wait), wait.SpanID()
	} else {
		st.sc = root(st.sample)
	}
	go func() {
		defer close(st.told)
		var steps []*coldstart.Step
		if st.recorder != nil {
			steps = st.recorder.Finish(st.executed, st.programEnd())
		}
		if st.sc.IsSampled() {
			st.rt.emitter.Spans(st.resource, st.spans(steps)...)
		}
		if st.err != nil && st.recorder != nil {
			st.recorder.Close() // nobody else has it
		}
	}()
}

// refusal is what the request gets that waited for a start that failed.
func (st *startup) refusal() error {
	if st.noRoom != nil {
		return st.noRoom
	}
	return st.err
}

// programEnd is the end of what the program did on its own.
func (st *startup) programEnd() time.Time {
	if st.started.IsZero() {
		return st.end()
	}
	return st.started
}

func (st *startup) fail(err *contract.Error) { st.err, st.failedAt = err, time.Now() }

// end is when it was over.
func (st *startup) end() time.Time {
	if st.err != nil {
		return st.failedAt
	}
	return st.ready
}

// spans are the phases of the start, each with what is known of it, and what is not as unexplained.
func (st *startup) spans(steps []*coldstart.Step) []emit.Span {
	var t tree
	end := st.end()
	s := emit.Span{Context: st.sc, Parent: st.parent, Name: "Instance Init " + st.name, Kind: trace.SpanKindInternal, Start: st.decided, End: end,
		Attributes: []attribute.KeyValue{attribute.String(semconv.InitType, st.initType), attribute.String(semconv.ColdStartReason, st.reason)}}
	if st.err != nil {
		s.Failed, s.Message = true, st.err.Message
		s.Attributes = append(s.Attributes, attribute.String("error.type", st.err.Type))
	}
	t.put(s)
	var phases []interval
	phase := func(name string, from, to time.Time, attrs ...attribute.KeyValue) trace.SpanContext {
		if to.IsZero() {
			to = end // it failed in this phase
		}
		phases = append(phases, interval{from, to})
		return t.add(st.sc, name, from, to, attrs...)
	}
	phase("PrepareCode", st.decided, st.prepared, attribute.Int64(semconv.CodeBytes, st.codeBytes),
		attribute.Bool(semconv.CodeCached, st.codeHit), attribute.String(semconv.CodeDigest, st.digest))
	if !st.prepared.IsZero() {
		sc := phase("RuntimeInitialization", st.prepared, st.started, attribute.String(semconv.RuntimeContract, st.contract))
		st.runtimeSpans(&t, sc, phases[len(phases)-1], steps)
	}
	if !st.started.IsZero() && st.hasInitializer {
		phase("Initializer", st.started, st.ready)
	}
	t.gaps(st.sc, coldstart.Unexplained, leastGap, st.decided, end, phases)
	return t.spans
}

// runtimeSpans are what is below RuntimeInitialization.
func (st *startup) runtimeSpans(t *tree, sc trace.SpanContext, whole interval, steps []*coldstart.Step) {
	var covered []interval
	if !st.executed.IsZero() {
		t.add(sc, "sandbox", st.prepared, st.forked)
		covered = append(covered, interval{st.prepared, st.forked})
		t.add(sc, "process.exec", st.forked, st.executed, attribute.Int("process.pid", st.pid), attribute.String("process.command", st.command))
		covered = append(covered, interval{st.forked, st.executed})
	}
	for _, step := range steps {
		t.step(sc, step)
		covered = append(covered, interval{step.Start, step.End})
	}
	if probe, ok := st.healthCheck(covered, whole.end); ok {
		t.add(sc, "health_check", probe.start, probe.end, attribute.Int(semconv.HealthProbes, len(st.phases.Probes)))
		covered = append(covered, probe)
	}
	slices.SortFunc(covered, func(a, b interval) int { return a.start.Compare(b.start) })
	t.gaps(sc, coldstart.Unexplained, leastGap, whole.start, whole.end, covered)
}

// healthCheck is the part of the probing that nothing else explains: from the end of the last step to the probe that succeeded.
func (st *startup) healthCheck(covered []interval, end time.Time) (interval, bool) {
	if len(st.phases.Probes) == 0 {
		return interval{}, false
	}
	probe := interval{st.phases.Probes[len(st.phases.Probes)-1].Start, end}
	for _, c := range covered {
		if c.end.After(probe.start) && c.end.Before(end) {
			probe.start = c.end
		}
	}
	return probe, probe.end.After(probe.start)
}

// leastExecute is the shortest time of a module's own code that is worth a span. It is short, because there are many.
const leastExecute = 100 * time.Microsecond

// step adds a step of the program below parent, and those within it. Its own time between them is a span of its own, so that the leaves cover all of it.
func (t *tree) step(parent trace.SpanContext, step *coldstart.Step) {
	attrs := make([]attribute.KeyValue, 0, 8)
	text := func(key, value string) {
		if value != "" {
			attrs = append(attrs, attribute.String(key, value))
		}
	}
	text(semconv.ModuleName, step.Module)
	text(semconv.ModuleVersion, step.Version)
	text(semconv.ModuleKind, string(step.Kind))
	text("code.file.path", step.File)
	attrs = append(attrs, attribute.Int64(semconv.ModuleSelf, int64(step.Self())))
	if step.Compile > 0 {
		attrs = append(attrs, attribute.Int64(semconv.ModuleCompile, int64(step.Compile)))
	}
	if step.AllocBytes > 0 {
		attrs = append(attrs, attribute.Int64(semconv.ModuleAlloc, step.AllocBytes))
	}
	s := emit.Span{Context: childOf(parent), Parent: parent.SpanID(), Name: step.Name, Kind: trace.SpanKindInternal, Start: step.Start, End: step.End, Attributes: attrs}
	if step.Err != "" {
		s.Failed, s.Message = true, step.Err
	}
	t.put(s)
	if len(step.Steps) == 0 {
		return
	}
	covered := make([]interval, len(step.Steps))
	for i, c := range step.Steps {
		t.step(s.Context, c)
		covered[i] = interval{c.Start, c.End}
	}
	t.gaps(s.Context, "execute "+step.Module, leastExecute, step.Start, step.End, covered, attribute.String(semconv.ModuleName, step.Module))
}
