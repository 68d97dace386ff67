package storeexporter

import (
	"context"
	"encoding/binary"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"weft/processor/enrichprocessor"
	"weft/processor/topologyprocessor"
	"weft/semconv"
	"weft/store"
)

// Request is a trace request as it came over the wire, in which the enrich processor has nothing to mend, rename or refuse, and what it
// says, enriched. It never was pdata: a pipeline passes on a stand-in of as many empty spans, and the request beside it in the context.
type Request struct {
	raw   []byte
	spans []store.Span
}

// Decoder makes Requests. It is safe for concurrent use.
type Decoder struct{ clean *enrichprocessor.Clean }

// NewDecoder returns a decoder of requests that clean has no objection to.
func NewDecoder(clean *enrichprocessor.Clean) *Decoder { return &Decoder{clean} }

// Decode reads an ExportTraceServiceRequest. ok is false when anything about it is out of the ordinary, or nothing in it: then it is to
// be read by pdata, which may find nothing wrong with it. The request keeps raw, which nobody may change any more.
func (d *Decoder) Decode(raw []byte) (_ *Request, ok bool) {
	message := unsafe.String(unsafe.SliceData(raw), len(raw))
	n, ok := countSpans(message)
	if !ok || n == 0 || n > len(raw)/leastSpanBytes {
		return nil, false
	}
	w := wireReader{
		enrich: d.clean.Reader(),
		spans:  make([]store.Span, 0, n),
		attrs:  make([]store.Attribute, 0, len(raw)/attributeWireBytes+n),
	}
	defer d.clean.Give(w.enrich)
	if !w.request(message) {
		return nil, false
	}
	return &Request{raw: raw, spans: w.spans}, true
}

const (
	// leastSpanBytes is what a clean span takes on the wire at least: both ids and both times. With it, a request cannot ask for more than
	// ten times its size.
	leastSpanBytes = 2 + 18 + 10 + 9 + 9
	// attributeWireBytes is about what an attribute takes on the wire, with its part of the span.
	attributeWireBytes = 48
)

// ExportTraceServiceRequest.resource_spans, ResourceSpans.scope_spans, ScopeSpans.spans. Source: opentelemetry-proto trace/v1.
const (
	tagResourceSpans = 1<<3 | wireBytes
	tagScopeSpans    = 2<<3 | wireBytes
	tagSpan          = 2<<3 | wireBytes
)

// StandIn is an ExportTraceServiceRequest of as many spans with nothing in them: whoever counts spans on the request's way counts right.
func (r *Request) StandIn() []byte {
	spans := 2 * len(r.spans)
	resource := 1 + uvarintSize(spans) + spans
	out := make([]byte, 0, 1+uvarintSize(resource)+resource)
	out = binary.AppendUvarint(append(out, tagResourceSpans), uint64(resource))
	out = binary.AppendUvarint(append(out, tagScopeSpans), uint64(spans))
	for range r.spans {
		out = append(out, tagSpan, 0)
	}
	return out
}

func uvarintSize(n int) int {
	return len(binary.AppendUvarint(make([]byte, 0, binary.MaxVarintLen64), uint64(n)))
}

type requestKey struct{}

// WithRequest puts r into the context in which its stand-in passes through the pipeline.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(topologyprocessor.WithSource(enrichprocessor.WithEnriched(ctx), r), requestKey{}, r)
}

func requestOf(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}

// AppendSpans implements topologyprocessor.Source.
func (r *Request) AppendSpans(to []topologyprocessor.RawSpan) []topologyprocessor.RawSpan {
	for i := range r.spans {
		s := &r.spans[i]
		var dbSystem, messagingSystem string
		if s.Category == semconv.CategoryDB || s.Kind == store.KindProducer || s.Kind == store.KindConsumer { // others' do not matter
			for k := range s.Attributes {
				switch s.Attributes[k].Key {
				case topologyprocessor.DBSystem:
					dbSystem = s.Attributes[k].Value.Str()
				case topologyprocessor.MessagingSystem:
					messagingSystem = s.Attributes[k].Value.Str()
				}
			}
		}
		to = append(to, topologyprocessor.RawSpan{
			Trace: pcommon.TraceID(s.TraceID), ID: pcommon.SpanID(s.SpanID), Parent: pcommon.SpanID(s.ParentSpanID),
			StartNS: s.StartNS, EndNS: s.EndNS(), Service: s.Service, Kind: uint8(s.Kind),
		})
		raw := &to[len(to)-1]
		raw.Derived(s.StatusCode == store.StatusError, s.Category, s.PeerName, s.Marks, dbSystem, messagingSystem)
		for k := range s.Links {
			raw.Links = append(raw.Links, topologyprocessor.RawLink{Trace: pcommon.TraceID(s.Links[k].TraceID), ID: pcommon.SpanID(s.Links[k].SpanID)})
		}
	}
	return to
}

// countSpans is the number of spans in a request whose frame is sound.
func countSpans(s string) (n int, ok bool) {
	return n, eachField(s, tagResourceSpans, func(s string) bool {
		return eachField(s, tagScopeSpans, func(s string) bool {
			return eachField(s, tagSpan, func(string) bool { n++; return true })
		})
	})
}

// eachField calls visit for each field of that tag until it says no.
func eachField(s string, tag uint64, visit func(body string) bool) bool {
	for s != "" {
		t, _, body, rest, ok := nextField(s)
		if !ok || t == tag && !visit(body) {
			return false
		}
		s = rest
	}
	return true
}
