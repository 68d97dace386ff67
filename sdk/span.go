package sdk

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// span is an OpenTracing face on an OpenTelemetry span.
type span struct {
	tracer *Tracer
	otel   trace.Span

	mu       sync.Mutex // protects all below
	kind     trace.SpanKind
	bag      baggage.Baggage
	failed   bool     // the error tag says so
	priority decision // of a sampling.priority set after the start
}

func (s *span) Tracer() opentracing.Tracer { return s.tracer }

func (s *span) Context() opentracing.SpanContext {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.contextLocked()
}

func (s *span) contextLocked() *spanContext {
	sc := s.otel.SpanContext()
	if s.priority != undecided {
		sc = sc.WithTraceFlags(sc.TraceFlags().WithSampled(s.priority == sample))
	}
	return &spanContext{sc: sc, bag: s.bag, span: s.otel}
}

func (s *span) into(ctx context.Context) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx = baggage.ContextWithBaggage(ctx, s.bag)
	return trace.ContextWithSpan(ctx, s.otel)
}

func (s *span) SetOperationName(name string) opentracing.Span {
	s.otel.SetName(name)
	return s
}

// SetTag sets an attribute. The tags that OpenTelemetry has a place of its own for go there: error to the status, span.kind
// to the kind, sampling.priority to the sampling flag that children and callees see.
func (s *span) SetTag(key string, value any) opentracing.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch key {
	case string(ext.Error):
		s.setError(value)
		return s
	case string(ext.SpanKind):
		if k := kindOf(value); k != trace.SpanKindInternal {
			s.kind = k
		}
	case string(ext.SamplingPriority):
		s.priority = priorityOf(value)
	}
	s.otel.SetAttributes(attributesOf(map[string]any{key: value}, s.kind)...)
	return s
}

// setError maps the error tag to the status. Anything but a boolean or an error is taken for a message.
func (s *span) setError(value any) {
	switch v := value.(type) {
	case nil:
	case bool:
		s.setFailed(v, "")
	case error:
		s.setFailed(true, v.Error())
	default:
		text := fmt.Sprint(v)
		if failed, err := strconv.ParseBool(text); err == nil {
			s.setFailed(failed, "")
		} else if text != "" {
			s.setFailed(true, text)
		}
	}
}

func (s *span) setFailed(failed bool, message string) {
	switch {
	case failed:
		s.otel.SetStatus(codes.Error, message)
	case s.failed:
		// Only Ok overrides Error. A first "false" sets nothing: it says that no error is known, and Ok would be final.
		s.otel.SetStatus(codes.Ok, "")
	}
	s.failed = failed
}

func (s *span) SetBaggageItem(key, value string) opentracing.Span {
	m, err := baggage.NewMemberRaw(key, value)
	if err != nil {
		return s // an empty or non-UTF-8 key cannot travel, and OpenTracing has no way to say so
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if bag, err := s.bag.SetMember(m); err == nil {
		s.bag = bag
	}
	return s
}

func (s *span) BaggageItem(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bag.Member(key).Value()
}

func (s *span) LogFields(fields ...log.Field) { s.addEvent(time.Time{}, fields) }

func (s *span) LogKV(keyValues ...any) {
	fields, err := log.InterleavedKVToFields(keyValues...)
	if err != nil {
		s.LogFields(log.Error(err), log.String("function", "LogKV"))
		return
	}
	s.LogFields(fields...)
}

// LogEvent is deprecated in OpenTracing; use LogFields.
func (s *span) LogEvent(event string) { s.Log(opentracing.LogData{Event: event}) }

// LogEventWithPayload is deprecated in OpenTracing; use LogFields.
func (s *span) LogEventWithPayload(event string, payload any) {
	s.Log(opentracing.LogData{Event: event, Payload: payload})
}

// Log is deprecated in OpenTracing; use LogFields.
func (s *span) Log(data opentracing.LogData) {
	r := data.ToLogRecord()
	s.addEvent(r.Timestamp, r.Fields)
}

// addEvent turns a log into a span event. Its name is the field "event", or "exception" for the logs that ext.LogError
// writes, whose fields get the names that OpenTelemetry gives exceptions.
func (s *span) addEvent(at time.Time, fields []log.Field) {
	var opts []trace.EventOption
	if !at.IsZero() {
		opts = append(opts, trace.WithTimestamp(at))
	}
	name, attrs := eventOf(fields)
	s.otel.AddEvent(name, append(opts, trace.WithAttributes(attrs...))...)
}

func (s *span) Finish() { s.otel.End() }

func (s *span) FinishWithOptions(o opentracing.FinishOptions) {
	for _, r := range o.LogRecords {
		s.addEvent(r.Timestamp, r.Fields)
	}
	for _, d := range o.BulkLogData {
		s.Log(d)
	}
	if o.FinishTime.IsZero() {
		s.otel.End()
		return
	}
	s.otel.End(trace.WithTimestamp(o.FinishTime))
}

// ContextWithOpenTracing returns ctx with its current OpenTelemetry span as the current OpenTracing span, so that
// opentracing.StartSpanFromContext(ctx, …) continues it under [opentracing.GlobalTracer]. Code called by an OpenTelemetry
// instrumentation needs it; [Middleware] calls it already. Without a span of a [Tracer] set as global, or without a current
// span, ctx is returned as it is.
func ContextWithOpenTracing(ctx context.Context) context.Context {
	t, ok := opentracing.GlobalTracer().(*Tracer)
	current := trace.SpanFromContext(ctx)
	if !ok || !current.SpanContext().IsValid() {
		return ctx
	}
	return t.contextWith(ctx, current)
}

func (t *Tracer) contextWith(ctx context.Context, current trace.Span) context.Context {
	return opentracing.ContextWithSpan(ctx, &span{tracer: t, otel: current, bag: baggage.FromContext(ctx)})
}

func eventOf(fields []log.Field) (string, []attribute.KeyValue) {
	var values fieldEncoder
	name, errorType := "log", ""
	for _, f := range fields {
		f.Marshal(&values)
		switch v := f.Value().(type) {
		case string:
			if f.Key() == "event" {
				name = v
			}
		case error:
			errorType = fmt.Sprintf("%T", v)
		}
	}
	if name == "error" {
		return "exception", exceptionOf(values, errorType)
	}
	return name, values
}
