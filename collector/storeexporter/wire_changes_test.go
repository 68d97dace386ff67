package storeexporter

import (
	"fmt"
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

// changes are single things about a span, and whether the request is still read past pdata.
var changes = []struct {
	name  string
	clean bool
	make  func(rs ptrace.ResourceSpans, s ptrace.Span)
}{
	{"nothing", true, func(ptrace.ResourceSpans, ptrace.Span) {}},
	{"values of every type", true, func(_ ptrace.ResourceSpans, s ptrace.Span) { everyType(s.Attributes()) }},
	{"… of an event", true, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		e := s.Events().AppendEmpty()
		e.SetTimestamp(s.StartTimestamp())
		everyType(e.Attributes())
	}},
	{"… of a resource", true, func(rs ptrace.ResourceSpans, _ ptrace.Span) { everyType(rs.Resource().Attributes()) }},
	{"… of a scope", true, func(rs ptrace.ResourceSpans, _ ptrace.Span) {
		everyType(rs.ScopeSpans().At(0).Scope().Attributes())
		rs.ScopeSpans().At(0).Scope().SetDroppedAttributesCount(3)
		rs.Resource().SetDroppedAttributesCount(4)
	}},
	{"no resource", true, func(rs ptrace.ResourceSpans, _ ptrace.Span) { rs.Resource().Attributes().Clear() }},
	{"empty service", true, func(rs ptrace.ResourceSpans, _ ptrace.Span) { rs.Resource().Attributes().PutStr("service.name", "") }},
	{"service that is a number", false, func(rs ptrace.ResourceSpans, _ ptrace.Span) { rs.Resource().Attributes().PutInt("service.name", 1) }},
	{"schemas", true, func(rs ptrace.ResourceSpans, _ ptrace.Span) {
		rs.SetSchemaUrl("https://opentelemetry.io/schemas/1.40.0")
		rs.ScopeSpans().At(0).SetSchemaUrl("https://opentelemetry.io/schemas/1.39.0")
	}},
	{"error flag", true, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutBool("error", true) }},
	{"error flag and an OpenTracing log", true, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Attributes().PutStr("error", "true")
		e := s.Events().AppendEmpty()
		e.SetTimestamp(s.StartTimestamp())
		e.Attributes().PutStr("event", "error")
		e.Attributes().PutStr("error.kind", "Timeout")
		e.Attributes().PutStr("message", "too late")
	}},
	{"failed without a word", true, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Status().SetCode(ptrace.StatusCodeError)
		s.Attributes().PutInt("http.response.status_code", 503)
	}},
	{"ok with a message", true, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Status().SetCode(ptrace.StatusCodeOk)
		s.Status().SetMessage("fine")
	}},
	{"cold start, retry", true, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Attributes().PutBool("faas.coldstart", true)
		s.Attributes().PutInt("http.request.resend_count", 2)
	}},
	{"a function's server span", true, func(rs ptrace.ResourceSpans, s ptrace.Span) {
		rs.Resource().Attributes().PutStr("faas.name", "resize")
		s.SetKind(ptrace.SpanKindServer)
	}},
	{"links", true, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		for range 3 {
			l := s.Links().AppendEmpty()
			l.SetTraceID(s.TraceID())
			l.SetSpanID(s.SpanID())
			l.TraceState().FromRaw("a=b")
			l.SetFlags(7)
			l.SetDroppedAttributesCount(1)
			everyType(l.Attributes())
		}
	}},
	{"zero trace id", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetTraceID(pcommon.TraceID{}) }},
	{"zero span id", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetSpanID(pcommon.SpanID{}) }},
	{"its own parent", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetParentSpanID(s.SpanID()) }},
	{"end before start", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetEndTimestamp(s.StartTimestamp() - 1) }},
	{"no times", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetStartTimestamp(0); s.SetEndTimestamp(0) }},
	{"far future", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetEndTimestamp(math.MaxUint64) }},
	{"unknown kind", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetKind(6) }},
	{"negative kind", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetKind(-1) }},
	{"kind beyond a byte", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetKind(257) }},
	{"status beyond a byte", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Status().SetCode(257) }},
	{"unknown status", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Status().SetCode(3) }},
	{"long name", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetName(strings.Repeat("n", 1025)) }},
	{"name that is no UTF-8", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetName("a\xff") }},
	{"trace state that is no UTF-8", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.TraceState().FromRaw("a\xff") }},
	{"status that is no UTF-8", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Status().SetMessage("a\xff") }},
	{"key that is no UTF-8", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("a\xff", "") }},
	{"long key", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr(strings.Repeat("k", 1025), "") }},
	{"value that is no UTF-8", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("a", "a\xff") }},
	{"long value", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("a", strings.Repeat("v", 65537)) }},
	{"longest value", true, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("a", strings.Repeat("v", 65536)) }},
	{"value in a list that is no UTF-8", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Attributes().PutEmptySlice("a").AppendEmpty().SetStr("a\xff")
	}},
	{"key in a map that is no UTF-8", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Attributes().PutEmptyMap("a").PutStr("a\xff", "")
	}},
	{"large list", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		list := s.Attributes().PutEmptySlice("a")
		for range 9000 {
			list.AppendEmpty()
		}
	}},
	{"deep list", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		list := s.Attributes().PutEmptySlice("a")
		for range 20 {
			list = list.AppendEmpty().SetEmptySlice()
		}
	}},
	{"old name", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("http.method", "GET") }},
	{"old name of an event", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		e := s.Events().AppendEmpty()
		e.SetTimestamp(s.StartTimestamp())
		e.Attributes().PutStr("http.method", "GET")
	}},
	{"text for a number", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("http.response.status_code", "200") }},
	{"text that is no number", true, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Attributes().PutStr("http.response.status_code", "none")
	}},
	{"double for a number", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Attributes().PutDouble("http.response.status_code", 200)
	}},
	{"derived name", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr(semconv.SpanCategory, "db") }},
	{"a name of ours that is not derived", true, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("weft.whatever", "db") }},
	{"system that is a number", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutInt("db.system.name", 7) }},
	{"event without a time", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Events().AppendEmpty() }},
	{"link to nothing", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Links().AppendEmpty() }},
	{"too many attributes", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		for i := range 1025 {
			s.Attributes().PutInt(fmt.Sprint("a", i), 1)
		}
	}},
	{"too many attributes of a resource", false, func(rs ptrace.ResourceSpans, _ ptrace.Span) {
		for i := range 1025 {
			rs.Resource().Attributes().PutInt(fmt.Sprint("a", i), 1)
		}
	}},
	{"too many events", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		for range 1025 {
			s.Events().AppendEmpty().SetTimestamp(s.StartTimestamp())
		}
	}},
	{"too many links", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		for range 1025 {
			l := s.Links().AppendEmpty()
			l.SetTraceID(s.TraceID())
			l.SetSpanID(s.SpanID())
		}
	}},
}

func everyType(a pcommon.Map) {
	a.PutStr("text", "a \"quoted\"\n text\x00 é")
	a.PutEmpty("empty")
	a.PutInt("int", math.MinInt64)
	a.PutDouble("double", math.Inf(-1))
	a.PutDouble("nan", math.NaN())
	a.PutBool("yes", true)
	a.PutBool("no", false)
	a.PutEmptyBytes("bytes").FromRaw([]byte{0, 1, 255})
	a.PutEmptyBytes("no bytes")
	list := a.PutEmptySlice("list")
	list.AppendEmpty()
	list.AppendEmpty().SetStr("é\x01")
	list.AppendEmpty().SetInt(-1)
	list.AppendEmpty().SetDouble(math.NaN())
	list.AppendEmpty().SetBool(true)
	inner := list.AppendEmpty().SetEmptyMap()
	inner.PutStr("key", "value")
	inner.PutEmpty("nothing")
	inner.PutEmptyMap("nobody")
	inner.PutEmptySlice("none")
	inner.PutEmptyBytes("raw").FromRaw([]byte{1})
	a.PutEmptyMap("map").PutInt("n", 5)
}
