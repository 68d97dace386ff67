package store

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// TraceID is a W3C trace id, big-endian as on the wire. The zero value is invalid.
type TraceID [16]byte

// String returns 32 lower-case hex digits.
func (id TraceID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether id is the invalid all-zero id.
func (id TraceID) IsZero() bool { return id == TraceID{} }

// ParseTraceID reads 1 to 32 hex digits; shorter ids are padded with zeros on the left, as Jaeger clients
// that drop leading zeros expect.
func ParseTraceID(s string) (TraceID, error) {
	var id TraceID
	if err := parseHexID(id[:], s); err != nil {
		return TraceID{}, err
	}
	return id, nil
}

// SpanID is a W3C span id, big-endian as on the wire. The zero value means "none".
type SpanID [8]byte

// String returns 16 lower-case hex digits.
func (id SpanID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether id is the all-zero id: for a parent, that the span is a root.
func (id SpanID) IsZero() bool { return id == SpanID{} }

// Uint64 is the id as its column stores it.
func (id SpanID) Uint64() uint64 { return binary.BigEndian.Uint64(id[:]) }

// SpanIDFromUint64 is the inverse of SpanID.Uint64.
func SpanIDFromUint64(u uint64) (id SpanID) {
	binary.BigEndian.PutUint64(id[:], u)
	return id
}

// ParseSpanID reads 1 to 16 hex digits; shorter ids are padded with zeros on the left.
func ParseSpanID(s string) (SpanID, error) {
	var id SpanID
	if err := parseHexID(id[:], s); err != nil {
		return SpanID{}, err
	}
	return id, nil
}

func parseHexID(dst []byte, s string) error {
	if len(s) == 0 || len(s) > 2*len(dst) {
		return fmt.Errorf("want 1 to %d hex digits, got %d", 2*len(dst), len(s))
	}
	if len(s)%2 == 1 {
		s = "0" + s
	}
	raw, err := hex.DecodeString(s)
	if err != nil {
		return fmt.Errorf("want hex digits: %w", err)
	}
	copy(dst[len(dst)-len(raw):], raw)
	for _, b := range dst {
		if b != 0 {
			return nil
		}
	}
	return fmt.Errorf("an all-zero id is invalid")
}

// Kind is the OTLP span kind, with OTLP's numbers.
type Kind uint8

// Span kinds. Source: opentelemetry-proto trace/v1 Span.SpanKind.
const (
	KindUnspecified Kind = iota
	KindInternal
	KindServer
	KindClient
	KindProducer
	KindConsumer
)

// StatusCode is the OTLP status code, with OTLP's numbers.
type StatusCode uint8

// Status codes. Source: opentelemetry-proto trace/v1 Status.StatusCode.
const (
	StatusUnset StatusCode = iota
	StatusOK
	StatusError
)

// Resource is what sent a span, stored once per distinct content.
type Resource struct {
	// Hash identifies the content: equal resources have equal hashes on every host and version.
	Hash       uint64
	SchemaURL  string
	Attributes Attributes
	// DroppedAttributes is the count the client reported as dropped.
	DroppedAttributes uint32
}

// Scope is the instrumentation scope.
type Scope struct {
	Name, Version, SchemaURL string
	Attributes               Attributes
	DroppedAttributes        uint32
}

// Event is a span event.
type Event struct {
	// TimeNS is Unix time in nanoseconds.
	TimeNS            int64
	Name              string
	Attributes        Attributes
	DroppedAttributes uint32
}

// Link points from a span to another span, usually in another trace.
type Link struct {
	TraceID           TraceID
	SpanID            SpanID
	TraceState        string
	Flags             uint32
	Attributes        Attributes
	DroppedAttributes uint32
}

// Span is one stored span: written by the collector's store exporter, returned by every trace read. Writer and reader
// use the same type so that what was sent and what comes back can be compared field by field.
type Span struct {
	TraceID      TraceID
	SpanID       SpanID
	ParentSpanID SpanID // zero for a root
	TraceState   string
	Flags        uint32
	Name         string
	Kind         Kind
	// StartNS is Unix time in nanoseconds.
	StartNS int64
	// DurationNS is end minus start in nanoseconds, never negative.
	DurationNS    int64
	StatusCode    StatusCode
	StatusMessage string
	Resource      *Resource // shared between spans; never nil
	Scope         *Scope    // shared between spans; never nil
	// Attributes excludes the derived ones below.
	Attributes        Attributes
	Events            []Event
	Links             []Link
	DroppedAttributes uint32
	DroppedEvents     uint32
	DroppedLinks      uint32

	// Derived by the enrich processor, carried as weft.* attributes (see semconv) until they reach their columns.

	// Service is resource service.name, "unknown_service" when the client sent none.
	Service string
	// Category is one of semconv.Category*: server, client, db, messaging, faas, internal.
	Category string
	// PeerName is who is on the other side of a client, producer or consumer span; empty when unknown.
	PeerName string
	// ErrorType and ErrorMessage say why StatusCode is error: from error.type, the exception event or the status.
	ErrorType    string
	ErrorMessage string
	// StatementHash groups database statements that differ only in literals; 0 when there is none.
	StatementHash uint64
	// Marks are bits: semconv.MarkColdStart, MarkRetry, MarkDeadLetter.
	Marks uint8
}

// EndNS is Unix time in nanoseconds.
func (s *Span) EndNS() int64 { return s.StartNS + s.DurationNS }
