package sdk

import (
	"context"
	"sync"
	"time"

	"github.com/opentracing/opentracing-go/ext"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// NewSampler returns a sampler that follows, in this order: the tag sampling.priority a span starts with, the decision of
// its parent, a decision that travelled without a parent ("b3: 0", jaeger-debug-id), and root.
func NewSampler(root sdktrace.Sampler) sdktrace.Sampler {
	return &sampler{root: root, next: sdktrace.ParentBased(root)}
}

type sampler struct {
	root sdktrace.Sampler // decides when the caller left it to us
	next sdktrace.Sampler // decides otherwise; root itself when parents are to be ignored
}

func (s *sampler) Description() string { return "Weft{" + s.next.Description() + "}" }

func (s *sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	for _, kv := range p.Attributes {
		if kv.Key == attribute.Key(ext.SamplingPriority) {
			if d := priorityOf(kv.Value.AsInterface()); d != undecided {
				return result(d, parent)
			}
		}
	}
	if e := extractionFrom(p.ParentContext); e != nil {
		switch {
		case !parent.IsValid() && e.decision != undecided:
			return result(e.decision, parent)
		case parent.IsRemote() && parent.Equal(e.parent) && e.decision == undecided:
			return s.root.ShouldSample(p)
		}
	}
	return s.next.ShouldSample(p)
}

func result(d decision, parent trace.SpanContext) sdktrace.SamplingResult {
	r := sdktrace.SamplingResult{Decision: sdktrace.Drop, Tracestate: parent.TraceState()}
	if d == sample {
		r.Decision = sdktrace.RecordAndSample
	}
	return r
}

// rateLimited samples at most perSecond traces a second on average, in bursts of at most one second's worth (at least one).
type rateLimited struct {
	perSecond float64
	now       func() time.Time

	mu     sync.Mutex // protects all below
	tokens float64
	last   time.Time
}

func newRateLimited(perSecond float64) *rateLimited {
	r := &rateLimited{perSecond: perSecond, now: time.Now, last: time.Now()}
	r.tokens = r.burst()
	return r
}

func (r *rateLimited) burst() float64 { return max(1, r.perSecond) }

func (r *rateLimited) take() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if elapsed := now.Sub(r.last).Seconds(); elapsed > 0 {
		r.tokens = min(r.burst(), r.tokens+elapsed*r.perSecond)
	}
	r.last = now
	if r.perSecond <= 0 || r.tokens < 1 {
		return false
	}
	r.tokens--
	return true
}

func (r *rateLimited) Description() string { return "RateLimited" }

func (r *rateLimited) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	d := drop
	if r.take() {
		d = sample
	}
	return result(d, trace.SpanContextFromContext(p.ParentContext))
}

// NewProcessor returns a processor in front of next that completes spans: it links spans that start from a remote parent
// to the other contexts their headers named ([Conflicts]), and it applies span.kind and sampling.priority tags that
// OpenTracing code set after the start. A span whose priority became 0 is not handed to next.
func NewProcessor(next sdktrace.SpanProcessor) sdktrace.SpanProcessor { return processor{next} }

type processor struct{ sdktrace.SpanProcessor }

func (p processor) OnStart(ctx context.Context, s sdktrace.ReadWriteSpan) {
	if e := extractionFrom(ctx); e != nil && len(e.conflicts) > 0 && s.Parent().IsRemote() && s.Parent().Equal(e.parent) {
		for _, sc := range e.conflicts {
			s.AddLink(trace.Link{SpanContext: sc, Attributes: []attribute.KeyValue{attribute.Bool("weft.link.conflict", true)}})
		}
	}
	p.SpanProcessor.OnStart(ctx, s)
}

func (p processor) OnEnd(s sdktrace.ReadOnlySpan) {
	if s.InstrumentationScope().Name != instrumentationName {
		p.SpanProcessor.OnEnd(s)
		return
	}
	kind := s.SpanKind()
	for _, kv := range s.Attributes() {
		switch string(kv.Key) {
		case string(ext.SpanKind):
			kind = kindOf(kv.Value.AsInterface())
		case string(ext.SamplingPriority):
			if priorityOf(kv.Value.AsInterface()) == drop {
				return
			}
		}
	}
	if kind != s.SpanKind() && kind != trace.SpanKindInternal {
		s = lateKind{s, kind}
	}
	p.SpanProcessor.OnEnd(s)
}

// lateKind is a span whose kind was learned after its start, where OpenTelemetry's own span cannot take it any more.
type lateKind struct {
	sdktrace.ReadOnlySpan
	kind trace.SpanKind
}

func (s lateKind) SpanKind() trace.SpanKind { return s.kind }

func (s lateKind) Attributes() []attribute.KeyValue {
	var attrs []attribute.KeyValue
	for _, kv := range s.ReadOnlySpan.Attributes() {
		if kv.Key != attribute.Key(ext.SpanKind) {
			attrs = append(attrs, kv)
		}
	}
	return attrs
}
