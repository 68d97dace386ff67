package logs

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"
)

// Names of the outputs of an instance: the values of log.iostream for the first two.
const (
	Stdout = "stdout"
	Stderr = "stderr"
	// Telemetry is the descriptor that _LAMBDA_TELEMETRY_LOG_FD names.
	Telemetry = "telemetry"
)

// Bounds, in bytes.
const (
	// MaxLine is the longest line that is kept whole. Source: Function Compute's limit.
	MaxLine = 32 << 10
	// MaxRecord is the longest record of several lines, or frame.
	MaxRecord = 128 << 10
	// TailBytes is how much of an invocation's output Tail keeps. Source: Lambda's X-Amz-Log-Result.
	TailBytes = 4 << 10
)

// Record is one thing that a function has said.
type Record struct {
	// Time is the one that the text names, unless that is more than a day from Observed; else Observed.
	Time, Observed time.Time
	// Severity is 0 when the text names none. SeverityText is as the function wrote it.
	Severity     log.Severity
	SeverityText string
	// Body is the message without what became a field; a map when the function printed JSON without a message.
	Body attribute.Value
	// RequestID is the invocation's; empty when it is not known.
	RequestID string
	// Span is the span that the text names, else that of the invocation, else that of the instance's start.
	Span trace.SpanContext
	// Stream is Stdout, Stderr or Telemetry; empty for what the platform says itself.
	Stream string
	// Instance is the instance's id.
	Instance   string
	Attributes []attribute.KeyValue
}
