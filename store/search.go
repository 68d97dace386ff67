package store

import "time"

// TimeRange is half-open: From included, To excluded. A zero bound is open.
type TimeRange struct{ From, To time.Time }

// TraceQuery asks for traces with at least one span for which Where holds, newest first.
type TraceQuery struct {
	// Range bounds the start of the matching spans.
	Range TimeRange
	// Where must hold on one span; nil holds on any. It is independent of how the query was written.
	Where Expr
	// Structure, if any, must be found in the trace besides.
	Structure *Structure
	// MinTraceDuration and MaxTraceDuration bound the whole trace; 0 is no bound.
	MinTraceDuration, MaxTraceDuration time.Duration
	// ErrorsOnly keeps traces that hold an error span anywhere.
	ErrorsOnly bool
	// Limit is the page size. Range [1, 1000].
	Limit int
	// Cursor continues after the last page's end; empty for the first page. Opaque.
	Cursor string
}

// TracePage is one page of search results.
type TracePage struct {
	Traces []TraceSummary
	// NextCursor is empty on the last page.
	NextCursor string
}

// TraceSummary is what a result row shows; it is read from trace_summaries, never from whole traces.
type TraceSummary struct {
	TraceID TraceID
	// RootService and RootName belong to the span without a parent, or to the earliest span while that is missing.
	RootService, RootName string
	HasRoot               bool
	StartNS, DurationNS   int64
	Spans, Errors         uint64
	Services              []ServiceCount
}

// ServiceCount is one service's share of a trace.
type ServiceCount struct {
	Name          string
	Spans, Errors uint64
}

// Trace is every stored span of a trace, by start time then span id.
type Trace struct {
	ID    TraceID
	Spans []Span
}

// SpanDetail is a span with what points at it.
type SpanDetail struct {
	Span       Span
	Logs       []Log      // newest 1000 of this span, by time
	LinkedFrom []LinkedBy // spans whose links name this span
}

// LinkedBy is one entry of the reverse link index.
type LinkedBy struct {
	TraceID TraceID
	SpanID  SpanID
	StartNS int64
	Service string
	Name    string
	Linked  SpanID // the span that is linked to
}

// Operation is one (service, span name, kind).
type Operation struct {
	Service string
	Name    string
	Kind    Kind
}

// AttributeKey is one key seen on spans or resources, for autocomplete.
type AttributeKey struct {
	Key   string
	Type  ValueType
	Scope string // "span" or "resource"
}

// Dependency counts calls and messages from one service to another.
type Dependency struct {
	Parent, Child string
	Calls, Errors uint64
}

// SignalStats says what is stored of one signal.
type SignalStats struct {
	Signal string // "traces", "logs", "metrics"
	Rows   uint64
	Bytes  uint64 // on disk, compressed, all its tables
	Oldest time.Time
	Newest time.Time
}
