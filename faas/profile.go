package faas

import (
	"bytes"
	"context"
	"time"

	"github.com/google/pprof/profile"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"weft/faas/emit"
	"weft/semconv"
)

// profileTimeout bounds how long a program is waited for that is asked for its profile; it may be in its next invocation by then.
const profileTimeout = 2 * time.Second

// slow reports whether the run took longer than the function's own bound, or than nearly all of its runs.
func (r *run) slow() bool {
	bound := r.target.fn.Tracing.Slow
	if bound == 0 {
		bound = r.target.metrics.slowest()
	}
	return bound > 0 && r.duration() > bound
}

// profileIf emits the profile of a run that was cold, failed or slow, once the program has given it.
func (r *run) profileIf(slow bool) {
	if !r.server.IsSampled() || !r.target.fn.Tracing.Profile || r.grant.cold == nil && r.errorType() == "" && !slow {
		return
	}
	in := r.grant.in
	if in == nil {
		r.profileHere()
		return
	}
	if r.killed != "" {
		r.rt.emitProfile(in.resource, r.invocation, r.functionEnd(), r.profile)
		return
	}
	if !in.profiling.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer in.profiling.Store(false)
		ctx, cancel := context.WithTimeout(context.Background(), profileTimeout)
		defer cancel()
		r.profileOf(ctx, in, r.invocation, r.granted, r.functionEnd())
		if cold := r.grant.cold; cold != nil && cold.context().IsSampled() && !cold.executed.IsZero() {
			r.profileOf(ctx, in, cold.context(), cold.executed, cold.programEnd())
		}
	}()
}

// profileHere emits the profile of a run in this process.
func (r *run) profileHere() {
	if r.rt.sampler == nil || r.target.pool != nil || !r.target.profiling.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer r.target.profiling.Store(false)
		ctx, cancel := context.WithTimeout(context.Background(), profileTimeout)
		defer cancel()
		p, err := r.rt.sampler.Take(ctx, r.invocation.SpanID().String(), r.granted, r.functionEnd())
		if err != nil {
			r.rt.log.Debug("no profile", "function", r.target.fn.Name, "error", err)
			return
		}
		if len(p.Sample) > 0 {
			r.rt.emitProfile(r.target.resource, r.invocation, r.functionEnd(), p)
		}
	}()
}

func (r *run) profileOf(ctx context.Context, in *instance, span trace.SpanContext, from, to time.Time) {
	p, err := in.recorder.Profile(ctx, from, to, r.profileLabels(span))
	if err != nil {
		r.rt.log.Debug("no profile", "function", r.target.fn.Name, "instance", in.id, "error", err)
		return
	}
	r.rt.emitProfile(in.resource, span, to, p)
}

func (r *run) profileLabels(span trace.SpanContext) map[string]string {
	return map[string]string{"function": r.target.fn.Name, "trace_id": span.TraceID().String(), "span_id": span.SpanID().String()}
}

// profileKilled takes the profile of a program that is about to be killed.
func (r *run) profileKilled(in *instance) {
	if !r.server.IsSampled() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stackTimeout)
	defer cancel()
	p, err := in.recorder.Profile(ctx, r.granted, time.Now(), r.profileLabels(r.invocation))
	if err != nil {
		r.rt.log.Debug("no profile", "function", r.target.fn.Name, "instance", in.id, "error", err)
		return
	}
	r.profile = p
}

// emitProfile emits a span's profile; nothing without samples.
func (rt *Runtime) emitProfile(resource *emit.Resource, span trace.SpanContext, at time.Time, p *profile.Profile) {
	if p == nil {
		return
	}
	var body bytes.Buffer
	if err := p.Write(&body); err != nil { // gzipped
		rt.log.Warn("profile", "error", err)
		return
	}
	var count int64
	for _, s := range p.Sample {
		count += s.Value[0]
	}
	rt.emitter.Records(resource, emit.Record{Time: at, Event: semconv.EventProfile, Span: span, Body: attribute.ByteSliceValue(body.Bytes()),
		Attributes: []attribute.KeyValue{attribute.String(semconv.ProfileKind, "cpu"), attribute.Int64(semconv.ProfileSamples, count)}})
}
