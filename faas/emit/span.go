package emit

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"weft/semconv"
)

// Span is one finished span.
type Span struct {
	Context    trace.SpanContext
	Parent     trace.SpanID // zero for a root
	Name       string
	Kind       trace.SpanKind
	Start, End time.Time
	Attributes []attribute.KeyValue
	Links      []Link
	// Failed makes the status an error, with Message.
	Failed  bool
	Message string
}

// Link points at another span.
type Link struct {
	Context trace.SpanContext
	// Type is the attribute semconv.LinkType.
	Type string
}

// Record is one log record: a line that a function printed, or a row (Event is one of semconv.Event*).
type Record struct {
	Time, Observed time.Time
	Event          string
	Severity       plog.SeverityNumber
	SeverityText   string
	Body           attribute.Value
	Span           trace.SpanContext // invalid when the record belongs to none
	Attributes     []attribute.KeyValue
}

// Resource is what spans and records come from: an instance, or a function that has none at the moment.
type Resource struct {
	Attributes []attribute.KeyValue
}

// Name is the resource's service.name.
func (r *Resource) Name() string {
	for _, kv := range r.Attributes {
		if kv.Key == "service.name" {
			return kv.Value.AsString()
		}
	}
	return ""
}

func (s *Span) put(to ptrace.Span) {
	to.SetTraceID(pcommon.TraceID(s.Context.TraceID()))
	to.SetSpanID(pcommon.SpanID(s.Context.SpanID()))
	to.SetParentSpanID(pcommon.SpanID(s.Parent))
	to.TraceState().FromRaw(s.Context.TraceState().String())
	to.SetFlags(uint32(s.Context.TraceFlags()))
	to.SetName(s.Name)
	to.SetKind(ptrace.SpanKind(s.Kind)) // both count as OTLP does
	to.SetStartTimestamp(pcommon.NewTimestampFromTime(s.Start))
	to.SetEndTimestamp(pcommon.NewTimestampFromTime(s.End))
	putAttributes(to.Attributes(), s.Attributes)
	for _, l := range s.Links {
		link := to.Links().AppendEmpty()
		link.SetTraceID(pcommon.TraceID(l.Context.TraceID()))
		link.SetSpanID(pcommon.SpanID(l.Context.SpanID()))
		link.TraceState().FromRaw(l.Context.TraceState().String())
		link.SetFlags(uint32(l.Context.TraceFlags()))
		if l.Type != "" {
			link.Attributes().PutStr(semconv.LinkType, l.Type)
		}
	}
	if s.Failed {
		to.Status().SetCode(ptrace.StatusCodeError)
		to.Status().SetMessage(s.Message)
	}
}

func (r *Record) put(to plog.LogRecord) {
	to.SetTimestamp(pcommon.NewTimestampFromTime(r.Time))
	observed := r.Observed
	if observed.IsZero() {
		observed = r.Time
	}
	to.SetObservedTimestamp(pcommon.NewTimestampFromTime(observed))
	to.SetEventName(r.Event)
	to.SetSeverityNumber(r.Severity)
	to.SetSeverityText(r.SeverityText)
	putValue(to.Body(), r.Body)
	if r.Span.IsValid() {
		to.SetTraceID(pcommon.TraceID(r.Span.TraceID()))
		to.SetSpanID(pcommon.SpanID(r.Span.SpanID()))
		to.SetFlags(plog.LogRecordFlags(r.Span.TraceFlags()))
	}
	putAttributes(to.Attributes(), r.Attributes)
}

func putAttributes(to pcommon.Map, from []attribute.KeyValue) {
	to.EnsureCapacity(len(from))
	for _, kv := range from {
		putValue(to.PutEmpty(string(kv.Key)), kv.Value)
	}
}

func putValue(to pcommon.Value, v attribute.Value) {
	switch v.Type() {
	case attribute.BOOL:
		to.SetBool(v.AsBool())
	case attribute.INT64:
		to.SetInt(v.AsInt64())
	case attribute.FLOAT64:
		to.SetDouble(v.AsFloat64())
	case attribute.STRING:
		to.SetStr(v.AsString())
	case attribute.BYTESLICE:
		to.SetEmptyBytes().FromRaw(v.AsByteSlice())
	case attribute.MAP:
		putAttributes(to.SetEmptyMap(), v.AsMap())
	case attribute.SLICE:
		list := to.SetEmptySlice()
		for _, e := range v.AsSlice() {
			putValue(list.AppendEmpty(), e)
		}
	case attribute.STRINGSLICE:
		list := to.SetEmptySlice()
		for _, e := range v.AsStringSlice() {
			list.AppendEmpty().SetStr(e)
		}
	case attribute.EMPTY:
	default: // lists of numbers and truths
		to.SetStr(v.String())
	}
}
