package enrichprocessor

import (
	"net"
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

// category says what a span is, by its attributes.
func (f *facts) category(kind ptrace.SpanKind) string {
	callee := kind == ptrace.SpanKindServer || kind == ptrace.SpanKindConsumer
	switch {
	case f.has(slotDBSystem) && !callee:
		return semconv.CategoryDB
	case f.has(slotFaasTrigger), f.has(slotFaasInvocation), f.has(slotFaasColdstart), f.has(slotFaasInvoked), f.function && callee:
		return semconv.CategoryFaaS
	case f.has(slotMessagingSystem), f.has(slotMessagingDestination), kind == ptrace.SpanKindProducer, kind == ptrace.SpanKindConsumer:
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
func (f *facts) peer(kind ptrace.SpanKind, category string) string {
	calls := kind == ptrace.SpanKindClient || kind == ptrace.SpanKindProducer
	switch {
	case category == semconv.CategoryDB:
		name, host := f.str(slotDBNamespace), firstOf(f.str(slotServerAddress), f.str(slotPeerAddress))
		if name == "" {
			name = f.str(slotDBSystem)
		}
		if host == "" {
			if f.str(slotDBNamespace) == "" {
				return firstOf(f.str(slotPeerService), name)
			}
			return name
		}
		if name == "" {
			return host
		}
		return name + "@" + host
	case calls || kind == ptrace.SpanKindConsumer:
		if destination := f.str(slotMessagingDestination); destination != "" {
			return destination
		}
	}
	if !calls {
		return ""
	}
	if name := firstOf(f.str(slotPeerService), f.str(slotFaasInvoked), f.str(slotServerAddress)); name != "" {
		return name
	}
	return firstOf(hostOf(f.str(slotURLFull)), f.str(slotPeerAddress))
}

// marks are the bits of semconv.SpanMarks that the attributes give.
func (f *facts) marks(kind ptrace.SpanKind) (marks uint8) {
	if f.flag(slotFaasColdstart) {
		marks |= semconv.MarkColdStart
	}
	if f.integer(slotResendCount) > 0 || f.integer(slotAttempt) > 1 {
		marks |= semconv.MarkRetry
	}
	if f.str(slotCondition) == semconv.ConditionDeadLetter ||
		(kind == ptrace.SpanKindProducer && isDeadLetterName(f.str(slotMessagingDestination))) {
		marks |= semconv.MarkDeadLetter
	}
	return marks
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

// failure reads the span's own attributes. An OpenTracing error flag makes an unset status an error: code is the status to have.
func (f *facts) failure(status ptrace.StatusCode, statusMessage string) (_ failure, code ptrace.StatusCode) {
	if f.flag(slotErrorFlag) && status == ptrace.StatusCodeUnset {
		status = ptrace.StatusCodeError
	}
	if status != ptrace.StatusCodeError {
		return failure{}, status
	}
	return failure{
		kind:         firstOf(f.str(slotErrorType), f.str(slotErrorKind)),
		message:      firstOf(statusMessage, f.str(slotErrorMessage)),
		excKind:      f.str(slotExceptionType),
		excMessage:   f.str(slotExceptionMessage),
		fallbackKind: firstOf(f.code(slotHTTPStatus, 400), f.code(slotRPCStatus, 1), f.code(slotDBStatus, 1)),
	}, status
}

// event takes in an event with the attributes of: an exception, or an OpenTracing log with error fields.
func (f *failure) event(name string, of *facts) {
	kind, message := of.str(slotExceptionType), of.str(slotExceptionMessage)
	if name == "exception" || kind != "" || message != "" {
		f.excKind, f.excMessage = kind, message
		return
	}
	if name == "error" || of.str(slotEvent) == "error" {
		f.excKind = firstOf(of.str(slotErrorKind), f.excKind)
		f.logText = firstOf(of.str(slotMessage), of.str(slotErrorMessage), f.logText)
	}
}

// reasons is what is known of why the span failed; the message has at most max bytes.
func (f *failure) reasons(max int) (kind, message string) {
	return firstOf(f.kind, f.excKind, f.fallbackKind), cut(firstOf(f.message, f.excMessage, f.logText), max)
}
