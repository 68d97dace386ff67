package truth

import (
	"encoding/binary"
	"math"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// EdgeType says what kind of hop an edge counts.
type EdgeType string

// The types of edges, by the names that the API gives them.
const (
	Call     EdgeType = "call"
	Database EdgeType = "database"
	Cache    EdgeType = "cache"
	External EdgeType = "external"
	Publish  EdgeType = "publish"
	Consume  EdgeType = "consume"
	Async    EdgeType = "async"
	Entry    EdgeType = "entry"
	Link     EdgeType = "link"
)

// bucketSeconds is the length of the time buckets that edges are counted in.
const bucketSeconds = 10

// Key is what edges are told apart by. BucketUnix is 0 in totals.
type Key struct {
	BucketUnix          int64 // seconds, a multiple of 10
	Type                EdgeType
	Source, Target, Via string
}

// Edge is what is known of one edge.
type Edge struct {
	Calls, Errors, ColdStarts, Retries, DeadLetters int64
	// DurationsNS has one duration per call; QueueAgesNS one age per call that waited in a queue.
	DurationsNS, QueueAgesNS []int64
}

func (e *Edge) add(o *Edge) {
	e.Calls += o.Calls
	e.Errors += o.Errors
	e.ColdStarts += o.ColdStarts
	e.Retries += o.Retries
	e.DeadLetters += o.DeadLetters
	e.DurationsNS = append(e.DurationsNS, o.DurationsNS...)
	e.QueueAgesNS = append(e.QueueAgesNS, o.QueueAgesNS...)
}

// Edges are edges by key.
type Edges map[Key]*Edge

func (e Edges) at(k Key) *Edge {
	if e[k] == nil {
		e[k] = &Edge{}
	}
	return e[k]
}

// Total sums edges over the buckets from fromUnix until before toUnix, both in seconds. With via false, edges that differ only in
// that are one.
func (e Edges) Total(fromUnix, toUnix int64, via bool) Edges {
	out := Edges{}
	for k, edge := range e {
		if k.BucketUnix < fromUnix || k.BucketUnix >= toUnix {
			continue
		}
		k.BucketUnix = 0
		if !via {
			k.Via = ""
		}
		out.at(k).add(edge)
	}
	return out
}

// Quantile is the value of nearest rank, ceil(q*n), in nanoseconds; 0 when there is none.
func Quantile(valuesNS []int64, q float64) int64 {
	if len(valuesNS) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(valuesNS))
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Span is one span. Attributes are strings, int64s and bools.
type Span struct {
	TraceID        [16]byte
	ID, Parent     uint64 // 0 is no parent
	Service, Name  string
	Kind           ptrace.SpanKind
	StartNS, EndNS int64
	Failed         bool
	Attributes     map[string]any
	Links          []Ref
}

// Ref names a span.
type Ref struct {
	TraceID [16]byte
	SpanID  uint64
}

func (s *Span) ref() Ref { return Ref{s.TraceID, s.ID} }

// Segment is a piece of a critical path: in this time the trace waited for this span and for nothing below it.
type Segment struct {
	SpanID         uint64
	StartNS, EndNS int64
}

// Trace is one trace. Its first span is the root. CriticalPath partitions the root's time, in order.
type Trace struct {
	ID           [16]byte
	Spans        []*Span
	CriticalPath []Segment
}

// Set is a number of traces with what is true of them.
type Set struct {
	Traces []*Trace
	Edges  Edges
	// Resources are the resource attributes of each service.
	Resources map[string]map[string]any
}

// Spans is how many distinct spans the set has.
func (s *Set) Spans() int {
	n := 0
	for _, t := range s.Traces {
		n += len(t.Spans)
	}
	return n
}

// SpanID is an id as OTLP has it.
func SpanID(id uint64) (out pcommon.SpanID) {
	binary.BigEndian.PutUint64(out[:], id)
	return out
}
