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
