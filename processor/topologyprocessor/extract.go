package topologyprocessor

import (
	"encoding/binary"
	"hash/maphash"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

// rawSpan is what a request says of a span. It is read before the request is passed on, because afterwards its memory is the next
// component's.
type rawSpan struct {
	trace          pcommon.TraceID
	id, parent     pcommon.SpanID
	startNS, endNS int64
	service, peer  string
	system         string
	kind, flags    uint8
	category       category
	links          []rawLink
}

type rawLink struct {
	trace pcommon.TraceID
	id    pcommon.SpanID
}

// extract appends the spans of td.
func extract(to []rawSpan, td ptrace.Traces) []rawSpan {
	for _, rs := range td.ResourceSpans().All() {
		service := serviceName(rs.Resource())
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				to = append(to, rawSpan{
					trace: s.TraceID(), id: s.SpanID(), parent: s.ParentSpanID(), service: service, kind: uint8(s.Kind()),
					startNS: int64(s.StartTimestamp()), endNS: max(int64(s.StartTimestamp()), int64(s.EndTimestamp())),
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

// read takes what stands in attributes, status and links. Category, peer and marks are the enrich processor's.
func (r *rawSpan) read(s ptrace.Span) {
	if s.Status().Code() == ptrace.StatusCodeError {
		r.flags |= flagFailed
	}
	var category, dbSystem, messagingSystem string
	for k, v := range s.Attributes().All() {
		switch k {
		case semconv.SpanCategory:
			category = v.Str()
		case semconv.PeerName:
			r.peer = v.Str()
		case semconv.SpanMarks:
			r.flags |= uint8(v.Int()) & (semconv.MarkColdStart | semconv.MarkRetry | semconv.MarkDeadLetter)
		case "db.system.name":
			dbSystem = v.AsString()
		case "messaging.system":
			messagingSystem = v.AsString()
		}
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
	if r.kind == kindProducer || r.kind == kindConsumer {
		r.system = messagingSystem
	}
	for _, l := range s.Links().All() {
		r.links = append(r.links, rawLink{l.TraceID(), l.SpanID()})
	}
}

// span is r in the graph's terms.
func (g *graph) span(r *rawSpan) span {
	s := span{
		key: g.key(r.trace, r.id), trace: r.trace, startNS: r.startNS, endNS: r.endNS,
		service: g.names.of(r.service), peer: g.names.of(r.peer), system: g.names.of(r.system),
		kind: r.kind, flags: r.flags, category: r.category,
	}
	if !r.parent.IsEmpty() {
		s.parent = g.key(r.trace, r.parent)
	}
	for _, l := range r.links {
		if key := g.key(l.trace, l.id); key != s.parent {
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
