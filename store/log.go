package store

// Log is one stored log record.
type Log struct {
	// TimeNS is Unix time in nanoseconds: the record's time, or the observed time when the client sent none.
	TimeNS         int64
	ObservedNS     int64
	TraceID        TraceID // zero when the record belongs to no trace
	SpanID         SpanID
	Flags          uint32
	SeverityNumber uint8 // OTLP severity number, 0 to 24
	SeverityText   string
	EventName      string
	Body           Value
	// Data is the body of a record of semconv.EventProfile; Body is empty then. Only profiles keep it.
	Data              []byte
	Resource          *Resource
	Scope             *Scope
	Attributes        Attributes
	DroppedAttributes uint32
	Service           string
}
