package storeexporter

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
	"weft/store"
)

// spanConverter turns pdata into store.Span. Every span it hands out is the same one, with the same slices: the receiver
// must copy. Resource and Scope are new for each block of them and may be kept.
type spanConverter struct {
	span store.Span
}

// convert hands the spans [lo, hi) of td, counted in document order, to emit.
func (c *spanConverter) convert(td ptrace.Traces, lo, hi int, emit func(*store.Span)) {
	i := 0
	for _, rs := range td.ResourceSpans().All() {
		var res *store.Resource
		var service string
		for _, ss := range rs.ScopeSpans().All() {
			spans := ss.Spans()
			if i+spans.Len() <= lo || i >= hi {
				i += spans.Len()
				continue
			}
			if res == nil {
				res = newResource(rs.Resource(), rs.SchemaUrl())
				service = serviceName(rs.Resource())
			}
			c.span.Resource, c.span.Scope, c.span.Service = res, newScope(ss.Scope(), ss.SchemaUrl()), service
			for _, s := range spans.All() {
				if i >= lo && i < hi {
					c.fill(s)
					emit(&c.span)
				}
				i++
			}
		}
	}
}

// serviceName is the resource's service.name, or the name for spans without one.
func serviceName(r pcommon.Resource) string {
	if v, ok := r.Attributes().Get("service.name"); ok {
		if name := v.AsString(); name != "" {
			return name
		}
	}
	return semconv.UnknownService
}

// fill sets every field but Resource, Scope and Service.
func (c *spanConverter) fill(s ptrace.Span) {
	d := &c.span
	d.TraceID, d.SpanID, d.ParentSpanID = store.TraceID(s.TraceID()), store.SpanID(s.SpanID()), store.SpanID(s.ParentSpanID())
	d.TraceState, d.Flags, d.Name = s.TraceState().AsRaw(), s.Flags(), s.Name()
	d.Kind = store.KindUnspecified
	if k := s.Kind(); k >= 0 && k <= ptrace.SpanKindConsumer {
		d.Kind = store.Kind(k)
	}
	d.StartNS = unixNS(s.StartTimestamp())
	d.DurationNS = max(0, unixNS(s.EndTimestamp())-d.StartNS)
	d.StatusCode, d.StatusMessage = store.StatusUnset, s.Status().Message()
	if code := s.Status().Code(); code >= 0 && code <= ptrace.StatusCodeError {
		d.StatusCode = store.StatusCode(code)
	}
	d.DroppedAttributes, d.DroppedEvents, d.DroppedLinks =
		s.DroppedAttributesCount(), s.DroppedEventsCount(), s.DroppedLinksCount()

	d.Category, d.PeerName, d.ErrorType, d.ErrorMessage, d.StatementHash, d.Marks = "", "", "", "", 0, 0
	d.Attributes = d.Attributes[:0]
	for k, v := range s.Attributes().All() {
		if !strings.HasPrefix(k, "weft.") || !c.derived(k, v) {
			d.Attributes = append(d.Attributes, store.Attribute{Key: k, Value: value(v)})
		}
	}

	d.Events = d.Events[:0]
	for _, e := range s.Events().All() {
		d.Events = grow(d.Events)
		ev := &d.Events[len(d.Events)-1]
		ev.TimeNS, ev.Name, ev.DroppedAttributes = unixNS(e.Timestamp()), e.Name(), e.DroppedAttributesCount()
		ev.Attributes = appendAttributes(ev.Attributes[:0], e.Attributes())
	}
	d.Links = d.Links[:0]
	for _, l := range s.Links().All() {
		d.Links = grow(d.Links)
		ln := &d.Links[len(d.Links)-1]
		ln.TraceID, ln.SpanID = store.TraceID(l.TraceID()), store.SpanID(l.SpanID())
		ln.TraceState, ln.Flags, ln.DroppedAttributes = l.TraceState().AsRaw(), l.Flags(), l.DroppedAttributesCount()
		ln.Attributes = appendAttributes(ln.Attributes[:0], l.Attributes())
	}
}

// derived moves one of the enrich processor's attributes into its field. Anything else, and a value of another type
// than ours, which only a client can have sent, stays an attribute.
func (c *spanConverter) derived(key string, v pcommon.Value) bool {
	var to *string
	switch key {
	case semconv.SpanCategory:
		to = &c.span.Category
	case semconv.PeerName:
		to = &c.span.PeerName
	case semconv.ErrorType:
		to = &c.span.ErrorType
	case semconv.ErrorMessage:
		to = &c.span.ErrorMessage
	case semconv.StatementHash:
		if v.Type() != pcommon.ValueTypeInt {
			return false
		}
		c.span.StatementHash = uint64(v.Int())
		return true
	case semconv.SpanMarks:
		if v.Type() != pcommon.ValueTypeInt || v.Int() != int64(uint8(v.Int())) {
			return false
		}
		c.span.Marks = uint8(v.Int())
		return true
	default:
		return false
	}
	if v.Type() != pcommon.ValueTypeStr {
		return false
	}
	*to = v.Str()
	return true
}

// grow adds an element to s, keeping what an earlier use left in its slices.
func grow[E any](s []E) []E {
	if len(s) < cap(s) {
		return s[:len(s)+1]
	}
	var zero E
	return append(s, zero)
}
