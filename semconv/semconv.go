// Package semconv holds the names and types of the attributes that are Weft's own, as constants only. Everything else is
// named as in the OpenTelemetry semantic conventions v1.44.
package semconv

// SchemaURL is the version of the OpenTelemetry conventions that stored spans follow.
const SchemaURL = "https://opentelemetry.io/schemas/1.44.0"

// Attributes that the enrich processor derives and the store keeps as columns of their own. All strings but the hash.
const (
	SpanCategory  = "weft.span.category"
	PeerName      = "weft.peer.name"
	ErrorType     = "weft.error.type"
	ErrorMessage  = "weft.error.message"
	StatementHash = "weft.db.statement.hash" // int64: xxhash64 of the fingerprint
	StatementText = "weft.db.statement.fingerprint"
	// Repaired lists, as a comma-separated string, what was mended on arrival (see Reason constants); kept with the span.
	Repaired = "weft.repaired"
)

// SpanMarks is an int64 attribute of bits that the enrich processor derives, absent when none is set; the store keeps it as a
// column of its own.
const SpanMarks = "weft.span.marks"

// Bits of SpanMarks.
const (
	MarkColdStart  = 1 << iota // faas.coldstart is true
	MarkRetry                  // http.request.resend_count above 0, or weft.attempt above 1
	MarkDeadLetter             // a message sent to a dead-letter destination
)

// Attributes that our runtime sets on messaging spans.
const (
	// Attempt is the number of a delivery, from 1, on a consumer span. int64.
	Attempt = "weft.attempt"
	// DestinationCondition says on a producer span why a message was passed on. string, see Condition constants.
	DestinationCondition = "weft.destination.condition"
)

// ConditionDeadLetter is the DestinationCondition of a message that was given up.
const ConditionDeadLetter = "dead_letter"

// ReceivedFormat is a string attribute of the instrumentation scope of spans that came in a protocol which has other names for things
// than OTLP, and used those names: what it reads gets them back. Absent otherwise.
const ReceivedFormat = "weft.received.format"

// FormatZipkin is the ReceivedFormat of spans that were sent to the Zipkin port with the names that Zipkin's tracers use.
const FormatZipkin = "zipkin"

// Flags of Zipkin spans that OTLP has no place for. bool, absent when not set.
const (
	ZipkinShared = "weft.zipkin.shared" // the span's id was made by the caller
	ZipkinDebug  = "weft.zipkin.debug"  // sampled whatever the policy said
)

// Values of SpanCategory.
const (
	CategoryServer    = "server"
	CategoryClient    = "client"
	CategoryDB        = "db"
	CategoryMessaging = "messaging"
	CategoryFaaS      = "faas"
	CategoryInternal  = "internal"
)

// UnknownService is service.name of spans that carry none, as the OpenTelemetry SDKs name it.
const UnknownService = "unknown_service"

// Metric names in /metrics. Every one has the labels signal ("traces", "logs", "metrics") and, where a reason applies,
// reason (see Reason constants). Unit: items (spans, log records, data points).
const (
	MetricReceived = "weft_ingest_received_total"
	MetricStored   = "weft_ingest_stored_total"
	MetricRefused  = "weft_ingest_refused_total"
	MetricRepaired = "weft_ingest_repaired_total"
)

// MetricWire counts, by label receiver, the spans that became rows without having been pdata: docs/collector.md says which.
const MetricWire = "weft_ingest_wire_total"

// MetricOthers counts what the counts by minute took in under the name "(other)", for there were too many names, by label of: spans
// ("operations") and calls of database statements ("statements").
const MetricOthers = "weft_store_other_names_total"

// Reasons an item was repaired or refused.
const (
	ReasonZeroTraceID       = "zero_trace_id"
	ReasonZeroSpanID        = "zero_span_id"
	ReasonEndBeforeStart    = "end_before_start"
	ReasonTimestampRange    = "timestamp_out_of_range"
	ReasonInvalidUTF8       = "invalid_utf8"
	ReasonAttributeTooLarge = "attribute_too_large"
	ReasonTooManyAttributes = "too_many_attributes"
	ReasonTooManyEvents     = "too_many_events"
	ReasonTooManyLinks      = "too_many_links"
	ReasonNameTooLong       = "name_too_long"
	ReasonSelfParent        = "self_parent"
	ReasonQueueFull         = "queue_full"
	ReasonRejectedByStore   = "rejected_by_store"
	ReasonMalformed         = "malformed"
	ReasonMemoryLimit       = "memory_limit"
	ReasonUnauthenticated   = "unauthenticated"
	ReasonForbidden         = "forbidden"
)
