package topologyprocessor

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

// RawSpan is what a request says of a span. It is read before the request is passed on, because afterwards its memory is the next
// component's.
type RawSpan struct {
	Trace          pcommon.TraceID
	ID, Parent     pcommon.SpanID
	StartNS, EndNS int64
	Service        string
	Kind           uint8 // OTLP's number
	Links          []RawLink

	peer, system string
	flags        uint8
	category     category
}

// RawLink is a link's target.
type RawLink struct {
	Trace pcommon.TraceID
	ID    pcommon.SpanID
}

// Source is a request that is not in pdata.
type Source interface {
	// AppendSpans appends its spans.
	AppendSpans(to []RawSpan) []RawSpan
}

type sourceKey struct{}

// WithSource says to the processor that the spans of what comes with the context are s's.
func WithSource(ctx context.Context, s Source) context.Context {
	return context.WithValue(ctx, sourceKey{}, s)
}

// Extract appends the spans of a request.
func Extract(ctx context.Context, to []RawSpan, td ptrace.Traces) []RawSpan {
	if s, ok := ctx.Value(sourceKey{}).(Source); ok {
		return s.AppendSpans(to)
	}
	return extractTraces(to, td)
}

// extractTraces appends the spans of td.
func extractTraces(to []RawSpan, td ptrace.Traces) []RawSpan {
	for _, rs := range td.ResourceSpans().All() {
		service := serviceName(rs.Resource())
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				to = append(to, RawSpan{
					Trace: s.TraceID(), ID: s.SpanID(), Parent: s.ParentSpanID(), Service: service, Kind: uint8(s.Kind()),
					StartNS: int64(s.StartTimestamp()), EndNS: max(int64(s.StartTimestamp()), int64(s.EndTimestamp())),
				})
				to[len(to)-1].read(s)
			}
		}
	}
	return to
}

func serviceName(r pcommon.Resource) string {
	if v, ok := r.Attributes().Get("service.name"); ok {
		if name := v.AsString(); name != "" {
			return name
		}
	}
	return semconv.UnknownService
}

// Attributes that say which system a span talks to.
const (
	DBSystem        = "db.system.name"
	MessagingSystem = "messaging.system"
)

// read takes what stands in attributes, status and links. Category, peer and marks are the enrich processor's.
func (r *RawSpan) read(s ptrace.Span) {
	var category, peer, dbSystem, messagingSystem string
	var marks uint8
	for k, v := range s.Attributes().All() {
		switch k {
		case semconv.SpanCategory:
			category = v.Str()
		case semconv.PeerName:
			peer = v.Str()
		case semconv.SpanMarks:
			marks |= uint8(v.Int())
		case DBSystem:
			dbSystem = v.AsString()
		case MessagingSystem:
			messagingSystem = v.AsString()
		}
	}
	r.Derived(s.Status().Code() == ptrace.StatusCodeError, category, peer, marks, dbSystem, messagingSystem)
	for _, l := range s.Links().All() {
		r.Links = append(r.Links, RawLink{l.TraceID(), l.SpanID()})
	}
}

// Derived sets what the enrich processor derives of a span, and what follows from it; Kind must be set.
func (r *RawSpan) Derived(failed bool, category, peer string, marks uint8, dbSystem, messagingSystem string) {
	r.peer = peer
	r.flags = marks & (semconv.MarkColdStart | semconv.MarkRetry | semconv.MarkDeadLetter)
	if failed {
		r.flags |= flagFailed
	}
	switch category {
	case semconv.CategoryDB:
		r.system, r.category = dbSystem, categoryDatabase
		if semconv.IsCache(dbSystem) {
			r.category = categoryCache
		}
	case semconv.CategoryClient, semconv.CategoryFaaS:
		r.category = categoryCall
	}
	if r.Kind == kindProducer || r.Kind == kindConsumer {
		r.system = messagingSystem
	}
}

// span is r in the graph's terms.
func (g *graph) span(r *RawSpan) span {
	s := span{
		key: g.key(r.Trace, r.ID), trace: r.Trace, startNS: r.StartNS, endNS: r.EndNS,
		service: g.names.of(r.Service), peer: g.names.of(r.peer), system: g.names.of(r.system),
		kind: r.Kind, flags: r.flags, category: r.category,
	}
	if !r.Parent.IsEmpty() {
		s.parent = g.key(r.Trace, r.Parent)
	}
	for _, l := range r.Links {
		if key := g.key(l.Trace, l.ID); key != s.parent {
			s.links = append(s.links, key)
		}
	}
	if len(s.links) > 1 {
		slices.Sort(s.links)
		s.links = slices.Compact(s.links)
	}
	return s
}

func (g *graph) key(trace pcommon.TraceID, id pcommon.SpanID) spanKey {
	var b [24]byte
	copy(b[:], trace[:])
	binary.NativeEndian.PutUint64(b[16:], binary.NativeEndian.Uint64(id[:]))
	if h := maphash.Bytes(g.seed, b[:]); h != 0 && h != calleeHalf {
		return h
	}
	return 1 // neither it nor its other half's key may be 0
}
