package enrichprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

// spans is the work on one batch of traces.
type spans struct {
	*work
	clock clock
	tally tally
	sql   tokenizer
	known *statements
}

func (s *spans) batch(td ptrace.Traces) {
	td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
		s.renamed = false
		var mended reasons
		s.function = s.resource(rs.Resource(), &s.tally)
		rs.SetSchemaUrl(s.schema(rs.SchemaUrl(), s.renamed, &mended))
		rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
			s.renamed = false
			s.scope(ss.Scope(), &s.tally)
			ss.Spans().RemoveIf(s.refuse)
			for _, span := range ss.Spans().All() {
				s.span(span)
			}
			ss.SetSchemaUrl(s.schema(ss.SchemaUrl(), s.renamed, &mended))
			return ss.Spans().Len() == 0
		})
		s.tally.repair(mended)
		return rs.ScopeSpans().Len() == 0
	})
}

// refuse says whether a span cannot be stored under any name. Everything else is mended.
func (s *spans) refuse(span ptrace.Span) bool {
	switch {
	case span.TraceID().IsEmpty():
		s.tally.refused[zeroTraceID]++
	case span.SpanID().IsEmpty():
		s.tally.refused[zeroSpanID]++
	default:
		return false
	}
	return true
}

func (s *spans) span(span ptrace.Span) {
	var rs reasons
	s.frame(span, &rs)
	side := callerSide
	if span.Kind() == ptrace.SpanKindServer || span.Kind() == ptrace.SpanKindConsumer {
		side = calleeSide
	}
	attrs := span.Attributes()
	if n := s.attributes(attrs, side, &rs); n > 0 {
		span.SetDroppedAttributesCount(span.DroppedAttributesCount() + uint32(n))
	}
	// What is derived must be read before the events' attributes take the slots.
	category := s.category(span.Kind())
	peer := s.peer(span.Kind(), category)
	statement, system := s.str(slotDBText), s.str(slotDBSystem)
	marks := s.marks(span.Kind())
	failure, code := s.failure(span.Status().Code(), span.Status().Message())
	if code != span.Status().Code() {
		span.Status().SetCode(code)
	}
	s.prune(attrs)

	s.events(span, &failure, &rs)
	s.links(span, &rs)

	failed := code == ptrace.StatusCodeError
	attrs.EnsureCapacity(attrs.Len() + added(peer != "", marks != 0, failed, failed, statement != "", statement != "", rs != 0))
	attrs.PutStr(semconv.SpanCategory, category)
	if peer != "" {
		attrs.PutStr(semconv.PeerName, peer)
	}
	if marks != 0 {
		attrs.PutInt(semconv.SpanMarks, int64(marks))
	}
	if failed {
		kind, message := failure.reasons(s.cfg.MaxValueBytes)
		if kind != "" {
			attrs.PutStr(semconv.ErrorType, kind)
		}
		if message != "" {
			attrs.PutStr(semconv.ErrorMessage, message)
		}
	}
	if statement != "" {
		fingerprint, hash := s.known.fingerprint(&s.sql, statement, dialectOf(system))
		attrs.PutStr(semconv.StatementText, fingerprint)
		attrs.PutInt(semconv.StatementHash, int64(hash))
	}
	if rs != 0 {
		s.tally.repair(rs)
		attrs.PutStr(semconv.Repaired, rs.String())
	}
}

// added is how many attributes are derived. Growing by exactly that is the dearest thing here; growing by more is dearer.
func added(some ...bool) int {
	n := 1 // the category
	for _, b := range some {
		if b {
			n++
		}
	}
	return n
}

// frame mends everything about a span but its attributes, events and links.
func (s *spans) frame(span ptrace.Span, rs *reasons) {
	if name := s.name(span.Name(), rs); name != span.Name() {
		span.SetName(name)
	}
	start, end := s.clock.interval(span.StartTimestamp(), span.EndTimestamp(), rs)
	span.SetStartTimestamp(start)
	span.SetEndTimestamp(end)
	if span.ParentSpanID() == span.SpanID() {
		rs.add(selfParent)
		span.SetParentSpanID(pcommon.SpanID{})
	}
	if span.Kind() < ptrace.SpanKindUnspecified || span.Kind() > ptrace.SpanKindConsumer {
		rs.add(malformed)
		span.SetKind(ptrace.SpanKindUnspecified)
	}
	status := span.Status()
	if status.Code() < ptrace.StatusCodeUnset || status.Code() > ptrace.StatusCodeError {
		rs.add(malformed)
		status.SetCode(ptrace.StatusCodeUnset)
	}
	if m := text(status.Message(), s.cfg.MaxValueBytes, attributeTooLarge, rs); m != status.Message() {
		status.SetMessage(m)
	}
	if state := s.name(span.TraceState().AsRaw(), rs); state != span.TraceState().AsRaw() {
		span.TraceState().FromRaw(state)
	}
}

func (s *spans) events(span ptrace.Span, failure *failure, rs *reasons) {
	events := span.Events()
	if n := events.Len() - s.cfg.MaxEvents; n > 0 {
		rs.add(tooManyEvents)
		i := 0
		events.RemoveIf(func(ptrace.SpanEvent) bool { i++; return i > s.cfg.MaxEvents })
		span.SetDroppedEventsCount(span.DroppedEventsCount() + uint32(n))
	}
	for _, event := range events.All() {
		if name := s.name(event.Name(), rs); name != event.Name() {
			event.SetName(name)
		}
		if !s.clock.sane(event.Timestamp()) {
			rs.add(timestampRange)
			event.SetTimestamp(span.StartTimestamp())
		}
		if n := s.attributes(event.Attributes(), callerSide, rs); n > 0 {
			event.SetDroppedAttributesCount(event.DroppedAttributesCount() + uint32(n))
		}
		failure.event(event.Name(), &s.facts)
		s.prune(event.Attributes())
	}
}

func (s *spans) links(span ptrace.Span, rs *reasons) {
	links := span.Links()
	before := links.Len()
	kept := 0
	links.RemoveIf(func(link ptrace.SpanLink) bool {
		switch {
		case link.TraceID().IsEmpty():
			rs.add(zeroTraceID)
		case link.SpanID().IsEmpty():
			rs.add(zeroSpanID)
		case kept == s.cfg.MaxLinks:
			rs.add(tooManyLinks)
		default:
			kept++
			return false
		}
		return true
	})
	if n := before - kept; n > 0 {
		span.SetDroppedLinksCount(span.DroppedLinksCount() + uint32(n))
	}
	for _, link := range links.All() {
		if state := s.name(link.TraceState().AsRaw(), rs); state != link.TraceState().AsRaw() {
			link.TraceState().FromRaw(state)
		}
		if n := s.attributes(link.Attributes(), callerSide, rs); n > 0 {
			link.SetDroppedAttributesCount(link.DroppedAttributesCount() + uint32(n))
		}
		s.prune(link.Attributes())
	}
}
