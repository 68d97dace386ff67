package enrichprocessor

import (
	"net"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

// category says what a span is, by the attributes in w.
func (s *spans) category(kind ptrace.SpanKind) string {
	callee := kind == ptrace.SpanKindServer || kind == ptrace.SpanKindConsumer
	switch {
	case s.has(slotDBSystem) && !callee:
		return semconv.CategoryDB
	case s.has(slotFaasTrigger), s.has(slotFaasInvocation), s.has(slotFaasColdstart), s.has(slotFaasInvoked), s.function && callee:
		return semconv.CategoryFaaS
	case s.has(slotMessagingSystem), s.has(slotMessagingDestination), kind == ptrace.SpanKindProducer, kind == ptrace.SpanKindConsumer:
		return semconv.CategoryMessaging
	case kind == ptrace.SpanKindServer:
		return semconv.CategoryServer
	case kind == ptrace.SpanKindClient:
		return semconv.CategoryClient
	}
	return semconv.CategoryInternal
}

// peer names who is on the other side: of a database call "namespace@host", of a message its destination, of any other
// call the service, function or host that it goes to. Spans that call nobody have none.
func (s *spans) peer(kind ptrace.SpanKind, category string) string {
	calls := kind == ptrace.SpanKindClient || kind == ptrace.SpanKindProducer
	switch {
	case category == semconv.CategoryDB:
		name, host := s.str(slotDBNamespace), firstOf(s.str(slotServerAddress), s.str(slotPeerAddress))
		if name == "" {
			name = s.str(slotDBSystem)
		}
		if host == "" {
			if s.str(slotDBNamespace) == "" {
				return firstOf(s.str(slotPeerService), name)
			}
			return name
		}
		if name == "" {
			return host
		}
		return name + "@" + host
	case calls || kind == ptrace.SpanKindConsumer:
		if destination := s.str(slotMessagingDestination); destination != "" {
			return destination
		}
	}
	if !calls {
		return ""
	}
	if name := firstOf(s.str(slotPeerService), s.str(slotFaasInvoked), s.str(slotServerAddress)); name != "" {
		return name
	}
	return firstOf(hostOf(s.str(slotURLFull)), s.str(slotPeerAddress))
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// hostOf is the host of an absolute URL, without credentials and port; empty when there is none.
func hostOf(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	if host, _, err := net.SplitHostPort(rest); err == nil {
		return host
	}
	return strings.Trim(rest, "[]")
}

// failure gathers why a span failed, from the most to the least telling source.
type failure struct {
	kind, message         string // said by the span itself
	excKind, excMessage   string // said by its last exception event, which is the one that escaped
	fallbackKind, logText string // a status code; an OpenTracing log
}

// failure reads the span's own attributes. An OpenTracing error flag makes an unset status an error.
func (s *spans) failure(span ptrace.Span) failure {
	if s.has(slotErrorFlag) && span.Status().Code() == ptrace.StatusCodeUnset {
		flag := s.values[slotErrorFlag]
		if (flag.Type() == pcommon.ValueTypeBool && flag.Bool()) || s.str(slotErrorFlag) == "true" {
			span.Status().SetCode(ptrace.StatusCodeError)
		}
	}
	if span.Status().Code() != ptrace.StatusCodeError {
		return failure{}
	}
	return failure{
		kind:         firstOf(s.str(slotErrorType), s.str(slotErrorKind)),
		message:      firstOf(span.Status().Message(), s.str(slotErrorMessage)),
		excKind:      s.str(slotExceptionType),
		excMessage:   s.str(slotExceptionMessage),
		fallbackKind: firstOf(s.code(slotHTTPStatus, 400), s.code(slotRPCStatus, 1), s.code(slotDBStatus, 1)),
	}
}

// code is a status code's text, empty for numbers below the least that means failure.
func (s *spans) code(at slot, least int64) string {
	if !s.has(at) {
		return ""
	}
	if v := s.values[at]; v.Type() == pcommon.ValueTypeInt && v.Int() >= least {
		return strconv.FormatInt(v.Int(), 10)
	}
	return s.str(at)
}

// event takes in an event whose attributes are in w: an exception, or an OpenTracing log with error fields.
func (f *failure) event(name string, w *work) {
	kind, message := w.str(slotExceptionType), w.str(slotExceptionMessage)
	if name == "exception" || kind != "" || message != "" {
		f.excKind, f.excMessage = kind, message
		return
	}
	if name == "error" || w.str(slotEvent) == "error" {
		f.excKind = firstOf(w.str(slotErrorKind), f.excKind)
		f.logText = firstOf(w.str(slotMessage), w.str(slotErrorMessage), f.logText)
	}
}

func (f *failure) put(attrs pcommon.Map, max int) {
	if kind := firstOf(f.kind, f.excKind, f.fallbackKind); kind != "" {
		attrs.PutStr(semconv.ErrorType, kind)
	}
	if message := firstOf(f.message, f.excMessage, f.logText); message != "" {
		attrs.PutStr(semconv.ErrorMessage, cut(message, max))
	}
}
