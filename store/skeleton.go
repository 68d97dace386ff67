package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/ClickHouse/ch-go/proto"
)

// Skeleton is a whole trace without what its spans say: no attributes, events, resources or messages. It is what a trace's shape
// is drawn and worked out from, for a fraction of the cost of a Trace.
type Skeleton struct {
	ID TraceID
	// Strings holds every text of the spans once; the first is "".
	Strings []string
	Spans   []SkeletonSpan // in no order
	Links   []SkeletonLink // in the order of Spans
}

// SkeletonSpan is one span. Texts are indices into Skeleton.Strings.
type SkeletonSpan struct {
	SpanID       SpanID
	ParentSpanID SpanID // zero for a root
	// StartNS is Unix time in nanoseconds.
	StartNS int64
	// DurationNS is end minus start in nanoseconds, never negative.
	DurationNS    int64
	StatementHash uint64

	Service, Name, Category, PeerName, ErrorType uint32

	Kind       Kind
	StatusCode StatusCode
	ColdStart  bool // faas.coldstart is true
	Events     uint32
}

// SkeletonLink is a link of a span to another one.
type SkeletonLink struct {
	From    int // index into Skeleton.Spans
	TraceID TraceID
	SpanID  SpanID
}

// maxSkeletonSpans bounds the memory of one Skeleton, to about 80 MB.
const maxSkeletonSpans = 1_000_000

// Skeleton returns the thin columns of a whole trace. An id that is not stored is an Error of kind NotFound, a trace of more than
// 1,000,000 spans one of kind Invalid.
func (s *Store) Skeleton(ctx context.Context, id TraceID) (*Skeleton, error) {
	const op = "read skeleton"
	ranges, err := s.traceRanges(ctx, []TraceID{id})
	if err != nil {
		return nil, wrap(op, err)
	}
	if len(ranges) == 0 {
		return nil, &Error{Op: op, Kind: NotFound, Err: fmt.Errorf("trace %s", id)}
	}
	if n := ranges[0].spans; n > maxSkeletonSpans {
		return nil, invalid(op, fmt.Errorf("trace %s: want at most %d spans, got %d", id, maxSkeletonSpans, n))
	}
	params, _, _ := rangeParams(ranges)
	cols := newSkeletonColumns()
	var out *Skeleton
	var texts textNumbers
	err = s.readNative(ctx, s.named("trace_skeleton"), params, cols.named, func() {
		cols.appendTo(out, &texts)
	}, func() {
		texts = textNumbers{index: map[string]uint32{"": 0}, texts: []string{""}}
		out = &Skeleton{ID: id, Spans: make([]SkeletonSpan, 0, ranges[0].spans)}
	})
	if err != nil {
		return nil, wrap(op, err)
	}
	if len(out.Spans) == 0 {
		return nil, &Error{Op: op, Kind: NotFound, Err: fmt.Errorf("the spans of trace %s", id)}
	}
	out.Strings = texts.texts
	return out, nil
}

// skeletonColumns are the columns of queries/trace_skeleton.sql.
type skeletonColumns struct {
	spanID        proto.ColUInt64
	parentSpanID  proto.ColUInt64
	name          *lcColumn
	kind          proto.ColUInt8
	start         timeColumn
	durationNS    proto.ColInt64
	statusCode    proto.ColUInt8
	service       *lcColumn
	category      *lcColumn
	peerName      *lcColumn
	errorType     *lcColumn
	statementHash proto.ColUInt64
	coldStart     proto.ColUInt8
	events        proto.ColUInt32
	linkTraceID   *arrayColumn[*proto.ColFixedStr16]
	linkSpanID    *arrayColumn[*proto.ColUInt64]

	named []namedColumn
}

func newSkeletonColumns() *skeletonColumns {
	links := new(proto.ColUInt64)
	c := &skeletonColumns{
		name: newLC(), service: newLC(), category: newLC(), peerName: newLC(), errorType: newLC(),
		linkTraceID: newArray(links, new(proto.ColFixedStr16)),
		linkSpanID:  newArray(links, new(proto.ColUInt64)),
	}
	c.named = []namedColumn{
		{"span_id", &c.spanID}, {"parent_span_id", &c.parentSpanID}, {"name", c.name}, {"kind", &c.kind}, {"start_time", &c.start},
		{"duration_ns", &c.durationNS}, {"status_code", &c.statusCode}, {"service_name", c.service}, {"category", c.category},
		{"peer_name", c.peerName}, {"error_type", c.errorType}, {"statement_hash", &c.statementHash}, {"cold_start", &c.coldStart},
		{"event_count", &c.events}, {"links.trace_id", c.linkTraceID}, {"links.span_id", c.linkSpanID},
	}
	return c
}

// appendTo adds the rows of a block.
func (c *skeletonColumns) appendTo(out *Skeleton, texts *textNumbers) {
	first := len(out.Spans)
	for i := range c.spanID {
		out.Spans = append(out.Spans, SkeletonSpan{
			SpanID: SpanIDFromUint64(c.spanID[i]), ParentSpanID: SpanIDFromUint64(c.parentSpanID[i]),
			StartNS: c.start.ColInt64[i], DurationNS: c.durationNS[i], StatementHash: c.statementHash[i],
			Kind: Kind(c.kind[i]), StatusCode: StatusCode(c.statusCode[i]), ColdStart: c.coldStart[i] != 0, Events: c.events[i],
		})
		from, to := c.linkTraceID.span(i)
		for j := from; j < to; j++ {
			out.Links = append(out.Links, SkeletonLink{From: first + i, TraceID: (*c.linkTraceID.elems)[j], SpanID: SpanIDFromUint64((*c.linkSpanID.elems)[j])})
		}
	}
	spans := out.Spans[first:]
	texts.number(c.service, func(i int, n uint32) { spans[i].Service = n })
	texts.number(c.name, func(i int, n uint32) { spans[i].Name = n })
	texts.number(c.category, func(i int, n uint32) { spans[i].Category = n })
	texts.number(c.peerName, func(i int, n uint32) { spans[i].PeerName = n })
	texts.number(c.errorType, func(i int, n uint32) { spans[i].ErrorType = n })
}

// textNumbers numbers texts in order of first use.
type textNumbers struct {
	index map[string]uint32
	texts []string
	known []uint32 // by entry of a block's dictionary: its number plus 1, 0 when not yet looked up
}

// number calls set with the number of every row's text. It costs one look-up for each text of a block that occurs.
func (t *textNumbers) number(c *lcColumn, set func(row int, number uint32)) {
	t.known = slices.Grow(t.known[:0], len(c.values))[:len(c.values)]
	clear(t.known)
	for row := range c.keys.rows() {
		k := c.keys.at(row)
		if t.known[k] == 0 {
			n, ok := t.index[c.values[k]]
			if !ok {
				n = uint32(len(t.texts))
				t.index[c.values[k]] = n
				t.texts = append(t.texts, c.values[k])
			}
			t.known[k] = n + 1
		}
		set(row, t.known[k]-1)
	}
}
