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

// marks are the bits of semconv.SpanMarks that the attributes in w give.
func (s *spans) marks(kind ptrace.SpanKind) (marks int64) {
	if s.flag(slotFaasColdstart) {
		marks |= semconv.MarkColdStart
	}
	if s.integer(slotResendCount) > 0 || s.integer(slotAttempt) > 1 {
		marks |= semconv.MarkRetry
	}
	if s.str(slotCondition) == semconv.ConditionDeadLetter ||
		(kind == ptrace.SpanKindProducer && isDeadLetterName(s.str(slotMessagingDestination))) {
		marks |= semconv.MarkDeadLetter
	}
	return marks
}

// flag reports whether an attribute is true, or the text "true", which is all that Jaeger's and Zipkin's clients can say.
func (w *work) flag(at slot) bool {
	return w.has(at) && (w.values[at].Type() == pcommon.ValueTypeBool && w.values[at].Bool() || w.str(at) == "true")
}

// integer is a number, also one in a text; 0 when there is none.
func (w *work) integer(at slot) int64 {
	if w.has(at) && w.values[at].Type() == pcommon.ValueTypeInt {
		return w.values[at].Int()
	}
	n, _ := strconv.ParseInt(w.str(at), 10, 64)
	return n
}

// isDeadLetterName reports whether a destination's name has one of the usual words for a dead-letter queue between separators:
// (?i)(^|[-_.])(dlq|dead[-_.]?letters?)($|[-_.]), without the price of a regular expression per message.
func isDeadLetterName(name string) bool {
	const separators = "-_."
	for at := 0; at <= len(name); at++ {
		if at > 0 && strings.IndexByte(separators, name[at-1]) < 0 {
			continue
		}
		rest := name[at:]
		if hasWord(rest, "dlq") {
			return true
		}
		if after, ok := cutFold(rest, "dead"); ok {
			if after != "" && strings.IndexByte(separators, after[0]) >= 0 {
				after = after[1:]
			}
			if hasWord(after, "letter") || hasWord(after, "letters") {
				return true
			}
		}
	}
	return false
}

// hasWord reports whether s is the word, in any case, or starts with it and a separator.
func hasWord(s, word string) bool {
	rest, ok := cutFold(s, word)
	return ok && (rest == "" || strings.IndexByte("-_.", rest[0]) >= 0)
}

// cutFold is strings.CutPrefix for an ASCII prefix in any case.
func cutFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
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
	if s.flag(slotErrorFlag) && span.Status().Code() == ptrace.StatusCodeUnset {
		span.Status().SetCode(ptrace.StatusCodeError)
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
