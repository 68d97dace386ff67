package sdk

import (
	"context"
	"io"
	"maps"
	"strings"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const instrumentationName = "weft/sdk"

// Tracer is an OpenTracing tracer whose spans are OpenTelemetry spans. Its spans and those that other code starts with
// the OpenTelemetry API nest both ways: opentracing.ContextWithSpan makes the span the current OpenTelemetry span, and
// [ContextWithOpenTracing] does the reverse. It is safe for concurrent use.
type Tracer struct {
	otel  trace.Tracer
	props *Propagator
}

var (
	_ opentracing.Tracer                         = (*Tracer)(nil)
	_ opentracing.TracerContextWithSpanExtension = (*Tracer)(nil)
)

// NewTracer returns an OpenTracing tracer on tp. A nil p speaks every format. Providers made by [Start] and [New] honour
// sampling.priority and a span.kind that is set after the start; others do when given [NewSampler] and [NewProcessor].
func NewTracer(tp trace.TracerProvider, p *Propagator) *Tracer {
	if p == nil {
		p = propagatorOf(AllFormats())
	}
	return &Tracer{otel: tp.Tracer(instrumentationName), props: p}
}

// StartSpan starts a span. Its parent is the first ChildOf reference, or else the first reference of any kind, so that
// what follows from a span stays in its trace. Every other reference, and every FollowsFrom, becomes a link with the
// attribute opentracing.ref_type. The span starts with the baggage of all references; the first to name a key wins.
// References to contexts of other tracers are ignored, as OpenTracing asks.
func (t *Tracer) StartSpan(operation string, opts ...opentracing.StartSpanOption) opentracing.Span {
	var o opentracing.StartSpanOptions
	for _, opt := range opts {
		opt.Apply(&o)
	}
	refs := make([]reference, 0, len(o.References))
	for _, r := range o.References {
		if sc, ok := r.ReferencedContext.(*spanContext); ok && sc != nil {
			refs = append(refs, reference{sc, r.Type})
		}
	}
	parent := chooseParent(refs)

	ctx := context.Background()
	if parent != nil {
		ctx = parent.into(ctx)
	}
	start := []trace.SpanStartOption{trace.WithLinks(linksOf(refs, parent)...)}
	if !o.StartTime.IsZero() {
		start = append(start, trace.WithTimestamp(o.StartTime))
	}
	kind := kindOf(o.Tags[string(ext.SpanKind)])
	tags := maps.Clone(o.Tags)
	delete(tags, string(ext.Error)) // a status, which can be set after the start only
	if kind != trace.SpanKindInternal {
		delete(tags, string(ext.SpanKind))
	}
	start = append(start, trace.WithSpanKind(kind), trace.WithAttributes(attributesOf(tags, kind)...))

	ctx, otelSpan := t.otel.Start(ctx, operation, start...)
	s := &span{tracer: t, otel: otelSpan, kind: kind, bag: baggage.FromContext(ctx)}
	if v, ok := o.Tags[string(ext.Error)]; ok {
		s.setError(v)
	}
	return s
}

type reference struct {
	*spanContext
	kind opentracing.SpanReferenceType
}

// chooseParent returns the context to descend from, carrying the baggage of all references; nil without references.
func chooseParent(refs []reference) *spanContext {
	if len(refs) == 0 {
		return nil
	}
	var parent *spanContext
	for _, r := range refs {
		if r.sc.IsValid() && r.kind == opentracing.ChildOfRef {
			parent = r.spanContext
			break
		}
	}
	if parent == nil {
		for _, r := range refs {
			if r.sc.IsValid() {
				parent = r.spanContext
				break
			}
		}
	}
	if parent == nil { // baggage or a sampling decision may travel without ids
		parent = refs[0].spanContext
	}
	bag := parent.bag
	for _, r := range refs {
		for _, m := range r.bag.Members() {
			if bag.Member(m.Key()).Key() == "" {
				bag, _ = bag.SetMember(m) // fails only on members that baggage itself did not make
			}
		}
	}
	joined := *parent
	joined.bag = bag
	return &joined
}

func linksOf(refs []reference, parent *spanContext) []trace.Link {
	var links []trace.Link
	parentSeen := false
	for _, r := range refs {
		if !r.sc.IsValid() {
			continue
		}
		typ := "child_of"
		if r.kind == opentracing.FollowsFromRef {
			typ = "follows_from"
		} else if !parentSeen && r.sc.Equal(parent.sc) {
			parentSeen = true
			continue
		}
		links = append(links, trace.Link{
			SpanContext: r.sc,
			Attributes:  []attribute.KeyValue{attribute.String("opentracing.ref_type", typ)},
		})
	}
	return links
}

// Inject writes sm into carrier. TextMap and HTTPHeaders take an opentracing.TextMapWriter and get every format of the
// propagator; Binary takes an io.Writer and gets the layout of jaeger-client, which jaeger-client can read.
func (t *Tracer) Inject(sm opentracing.SpanContext, format, carrier any) error {
	sc, ok := sm.(*spanContext)
	if !ok || sc == nil {
		return opentracing.ErrInvalidSpanContext
	}
	switch format {
	case opentracing.TextMap, opentracing.HTTPHeaders:
		w, ok := carrier.(opentracing.TextMapWriter)
		if !ok {
			return opentracing.ErrInvalidCarrier
		}
		t.props.inject(sc.sc, sc.bag, newWriterCarrier(w, format))
		return nil
	case opentracing.Binary:
		w, ok := carrier.(io.Writer)
		if !ok {
			return opentracing.ErrInvalidCarrier
		}
		return writeBinary(w, sc)
	}
	return opentracing.ErrUnsupportedFormat
}

// Extract reads a context from carrier. It returns ErrSpanContextNotFound when there is none and ErrSpanContextCorrupted
// when all there is cannot be read.
func (t *Tracer) Extract(format, carrier any) (opentracing.SpanContext, error) {
	switch format {
	case opentracing.TextMap, opentracing.HTTPHeaders:
		r, ok := carrier.(opentracing.TextMapReader)
		if !ok {
			return nil, opentracing.ErrInvalidCarrier
		}
		c, err := newReaderCarrier(r, format)
		if err != nil {
			return nil, err
		}
		e := t.props.extract(c)
		if !e.parent.IsValid() && e.bag.Len() == 0 && e.decision == undecided {
			if e.err != nil {
				return nil, opentracing.ErrSpanContextCorrupted
			}
			return nil, opentracing.ErrSpanContextNotFound
		}
		return &spanContext{sc: e.parent, bag: e.bag, from: e}, nil
	case opentracing.Binary:
		r, ok := carrier.(io.Reader)
		if !ok {
			return nil, opentracing.ErrInvalidCarrier
		}
		sc, err := readBinary(r)
		if err != nil {
			return nil, err
		}
		return sc, nil
	}
	return nil, opentracing.ErrUnsupportedFormat
}

// ContextWithSpanHook makes s the current OpenTelemetry span of the context too, with its baggage.
func (t *Tracer) ContextWithSpanHook(ctx context.Context, s opentracing.Span) context.Context {
	own, ok := s.(*span)
	if !ok {
		return ctx
	}
	return own.into(ctx)
}

// spanContext is immutable: a snapshot of a span, or what a carrier held.
type spanContext struct {
	sc   trace.SpanContext
	bag  baggage.Baggage
	from *extraction // nil for contexts of local spans
	span trace.Span  // nil for extracted contexts
}

// NewSpanContext returns an OpenTracing context for a remote span known by its OpenTelemetry context, for use as a reference
// in StartSpan or with [Tracer.Inject].
func NewSpanContext(sc trace.SpanContext, bag baggage.Baggage) opentracing.SpanContext {
	return remoteContext(sc, bag)
}

func remoteContext(sc trace.SpanContext, bag baggage.Baggage) *spanContext {
	e := &extraction{parent: sc.WithRemote(true), bag: bag}
	if sc.IsValid() {
		e.decision = decided(sc.IsSampled())
	}
	return &spanContext{sc: e.parent, bag: bag, from: e}
}

// SpanContextOf returns the OpenTelemetry context behind an OpenTracing one of a [Tracer], to log its ids for example. It
// reports false for contexts of other tracers.
func SpanContextOf(sm opentracing.SpanContext) (trace.SpanContext, bool) {
	if c, ok := sm.(*spanContext); ok && c != nil {
		return c.sc, true
	}
	return trace.SpanContext{}, false
}

// ForeachBaggageItem calls handler for each item, ordered by key, until it returns false.
func (c *spanContext) ForeachBaggageItem(handler func(k, v string) bool) {
	for _, m := range sortedMembers(c.bag) {
		if !handler(m.Key(), m.Value()) {
			return
		}
	}
}

func (c *spanContext) into(ctx context.Context) context.Context {
	if c.bag.Len() > 0 {
		ctx = baggage.ContextWithBaggage(ctx, c.bag)
	}
	switch {
	case c.from != nil:
		ctx = context.WithValue(ctx, extractionKey{}, c.from)
		return trace.ContextWithRemoteSpanContext(ctx, c.sc)
	case c.span != nil && c.span.SpanContext().Equal(c.sc):
		return trace.ContextWithSpan(ctx, c.span)
	}
	// The sampling priority was changed after the start: descend from the changed context.
	return trace.ContextWithSpanContext(ctx, c.sc)
}

// writerCarrier and readerCarrier fit OpenTracing's carriers to OpenTelemetry's interface.
type writerCarrier struct{ opentracing.TextMapWriter }

func (writerCarrier) Get(string) string { return "" }
func (writerCarrier) Keys() []string    { return nil }

type plainWriterCarrier struct{ writerCarrier }

func (plainWriterCarrier) plain() {}

func newWriterCarrier(w opentracing.TextMapWriter, format any) propagation.TextMapCarrier {
	if format == opentracing.TextMap {
		return plainWriterCarrier{writerCarrier{w}}
	}
	return writerCarrier{w}
}

type plainReaderCarrier struct{ propagation.MapCarrier }

func (plainReaderCarrier) plain() {}

// newReaderCarrier copies what r holds, keys in lower case. The first value of a key wins, as in net/http.
func newReaderCarrier(r opentracing.TextMapReader, format any) (propagation.TextMapCarrier, error) {
	m := propagation.MapCarrier{}
	err := r.ForeachKey(func(k, v string) error {
		k = strings.ToLower(k)
		if _, ok := m[k]; !ok {
			m[k] = v
		}
		return nil
	})
	if format == opentracing.TextMap {
		return plainReaderCarrier{m}, err
	}
	return m, err
}
