package sdk

import (
	"context"
	"fmt"
	"net/textproto"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// A Format is one family of headers that carry a span context or baggage.
type Format string

// The formats a [Propagator] speaks. Their names are those of OTEL_PROPAGATORS; FC is ours.
const (
	TraceContext Format = "tracecontext" // W3C traceparent and tracestate
	Baggage      Format = "baggage"      // W3C baggage
	Jaeger       Format = "jaeger"       // uber-trace-id and uberctx-*; jaeger-baggage and jaeger-debug-id on the way in
	FC           Format = "fc"           // x-fc-tracing-opentracing-span-context and its two baggage forms
	B3           Format = "b3"           // b3 in one header; x-b3-* is understood too
	B3Multi      Format = "b3multi"      // x-b3-*; the single header is understood too
	XRay         Format = "xray"         // X-Amzn-Trace-Id
)

// AllFormats is every format in the order in which Extract prefers them.
func AllFormats() []Format {
	return []Format{TraceContext, Baggage, Jaeger, FC, B3, B3Multi, XRay}
}

// codec is what one format does with headers. A nil func means the format has nothing of that kind.
type codec struct {
	fields []string
	// read reports what the headers say. found is false when they are absent, err is set when they are unreadable.
	read   func(c propagation.TextMapCarrier) (r remote, found bool, err error)
	write  func(sc trace.SpanContext, c propagation.TextMapCarrier)
	readB  func(b *baggageReader, c propagation.TextMapCarrier)
	writeB func(b baggage.Baggage, c propagation.TextMapCarrier)
}

// remote is what one format's headers say about the caller.
type remote struct {
	sc trace.SpanContext // may be invalid when only a sampling decision travels ("b3: 0")
	// decision is the caller's sampling decision; undecided leaves it to whoever reads.
	decision decision
}

type decision uint8

const (
	undecided decision = iota
	drop
	sample
)

func codecOf(f Format) (codec, bool) {
	switch f {
	case TraceContext:
		return w3cCodec, true
	case Baggage:
		return codec{fields: []string{"baggage"}, readB: readW3CBaggage, writeB: writeW3CBaggage}, true
	case Jaeger:
		return codec{[]string{uberTraceID}, readUber, writeUber, readUberBaggage, writeUberBaggage}, true
	case FC:
		return codec{[]string{fcSpanContext, fcBaggages}, readFC, writeFC, readFCBaggage, writeFCBaggage}, true
	case B3:
		return codec{fields: []string{b3Single}, read: readB3, write: writeB3Single}, true
	case B3Multi:
		return codec{fields: []string{b3TraceID, b3SpanID, b3Sampled}, read: readB3, write: writeB3Multi}, true
	case XRay:
		return codec{fields: []string{amznTraceID}, read: readXRay, write: writeXRay}, true
	}
	return codec{}, false
}

// Propagator is a TextMapPropagator that writes all of its formats at once and reads the first one present, so that
// callers and callees that know only one of them still join the trace. It is safe for concurrent use.
type Propagator struct {
	codecs []codec
	fields []string
}

var _ propagation.TextMapPropagator = (*Propagator)(nil)

// NewPropagator returns a propagator for the given formats; without any it speaks [AllFormats]. The order of preference
// is that of AllFormats, whatever the order here. It fails on a format it does not know.
func NewPropagator(formats ...Format) (*Propagator, error) {
	if len(formats) == 0 {
		formats = AllFormats()
	}
	for _, f := range formats {
		if _, ok := codecOf(f); !ok {
			return nil, fmt.Errorf("unknown propagation format %q: want one of %v", f, AllFormats())
		}
	}
	return propagatorOf(formats), nil
}

// propagatorOf is NewPropagator for formats that are known to be valid; none means that nothing is propagated.
func propagatorOf(formats []Format) *Propagator {
	p := new(Propagator)
	for _, f := range AllFormats() {
		if slices.Contains(formats, f) {
			c, _ := codecOf(f)
			p.codecs = append(p.codecs, c)
			p.fields = append(p.fields, c.fields...)
		}
	}
	return p
}

// Fields returns the header names that Inject may set; the per-key baggage headers of Jaeger and FC are not among them.
func (p *Propagator) Fields() []string { return slices.Clone(p.fields) }

// Inject writes the span context and the baggage of ctx into c in every format. An invalid span context is not written;
// baggage alone is.
func (p *Propagator) Inject(ctx context.Context, c propagation.TextMapCarrier) {
	p.inject(trace.SpanContextFromContext(ctx), baggage.FromContext(ctx), c)
}

func (p *Propagator) inject(sc trace.SpanContext, bag baggage.Baggage, c propagation.TextMapCarrier) {
	for _, codec := range p.codecs {
		if codec.write != nil && sc.IsValid() {
			codec.write(sc, c)
		}
		if codec.writeB != nil && bag.Len() > 0 {
			codec.writeB(bag, c)
		}
	}
}

// Extract returns ctx with the remote span context of the first format in c that holds a valid one, and with the baggage
// of all formats joined (the first to name a key wins). Contexts of later formats that name another span are kept: see
// [Conflicts]. Unreadable headers count as absent.
func (p *Propagator) Extract(ctx context.Context, c propagation.TextMapCarrier) context.Context {
	e := p.extract(c)
	if e.parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, e.parent)
	}
	if e.bag.Len() > 0 {
		ctx = baggage.ContextWithBaggage(ctx, e.bag)
	}
	return context.WithValue(ctx, extractionKey{}, e)
}

func (p *Propagator) extract(c propagation.TextMapCarrier) *extraction {
	e := new(extraction)
	b := newBaggageReader()
	for _, codec := range p.codecs {
		if codec.read != nil {
			r, found, err := codec.read(c)
			switch {
			case err != nil:
				e.err = err
			case found:
				e.add(r)
			}
		}
		if codec.readB != nil {
			codec.readB(b, c)
		}
	}
	if v := get(c, jaegerDebugID); v != "" && e.decision == undecided {
		e.decision = sample
	}
	e.bag = b.baggage()
	return e
}

// extraction is what the headers of one request said, kept in the context for the sampler and for links.
type extraction struct {
	parent    trace.SpanContext
	decision  decision // undecided with a valid parent: the caller left sampling to us
	conflicts []trace.SpanContext
	bag       baggage.Baggage
	err       error // of the last unreadable header
}

type extractionKey struct{}

func extractionFrom(ctx context.Context) *extraction {
	e, _ := ctx.Value(extractionKey{}).(*extraction)
	return e
}

func (e *extraction) add(r remote) {
	switch {
	case !r.sc.IsValid():
		if !e.parent.IsValid() && e.decision == undecided {
			e.decision = r.decision
		}
	case !e.parent.IsValid():
		e.parent, e.decision = r.sc, r.decision
	case !sameSpan(e.parent, r.sc) && !slices.ContainsFunc(e.conflicts, func(o trace.SpanContext) bool { return sameSpan(o, r.sc) }):
		e.conflicts = append(e.conflicts, r.sc)
	}
}

// sameSpan compares ids the way mixed fleets need it: a format or client limited to 64-bit trace ids loses the upper half.
func sameSpan(a, b trace.SpanContext) bool {
	if a.SpanID() != b.SpanID() {
		return false
	}
	x, y := a.TraceID(), b.TraceID()
	if x == y {
		return true
	}
	var none [8]byte
	return [8]byte(x[8:]) == [8]byte(y[8:]) && ([8]byte(x[:8]) == none || [8]byte(y[:8]) == none)
}

// Conflicts returns the span contexts that the last Extract into ctx found besides the one it chose, because a later
// format named another span: typically a proxy that renews one header and passes an older one on. Spans started under
// [Start] get a link to each of them by themselves.
func Conflicts(ctx context.Context) []trace.SpanContext {
	if e := extractionFrom(ctx); e != nil {
		return slices.Clone(e.conflicts)
	}
	return nil
}

// get reads a header whatever way the carrier spells its keys: lower case, or canonical as net/http does.
func get(c propagation.TextMapCarrier, key string) string {
	if v := c.Get(key); v != "" {
		return v
	}
	return c.Get(textproto.CanonicalMIMEHeaderKey(key))
}

// cutPrefixFold is strings.CutPrefix that ignores the case of ASCII letters.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
