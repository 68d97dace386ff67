package store

import (
	"context"
	"slices"

	"github.com/ClickHouse/ch-go/proto"
)

// Limits of one answer.
const (
	maxSpanStarts       = 10_000
	maxTraceInvocations = 10_000
)

// SpanStarts returns the spans of a trace that have begun, by time, at most 10000; those that ended are stored as spans too.
func (s *Store) SpanStarts(ctx context.Context, id TraceID) ([]SpanStart, error) {
	const op = "read span starts"
	cols := newSpanStartColumns()
	var list []SpanStart
	var hashes []originHashes
	params := []proto.Parameter{stringParam("id", id.String()), intParam("limit", maxSpanStarts)}
	err := s.readNative(ctx, s.named("span_starts"), params, cols.named, func() {
		for i := range cols.spanID {
			list = append(list, cols.row(i))
			hashes = append(hashes, originHashes{cols.resourceHash[i], cols.scopeHash[i]})
		}
	}, func() { list, hashes = nil, nil })
	if err != nil || len(list) == 0 {
		return nil, wrap(op, err)
	}
	origins, err := s.lookupOrigins(ctx, hashes, dayOf(list[0].TimeNS), dayOf(list[len(list)-1].TimeNS))
	if err != nil {
		return nil, wrap(op, err)
	}
	for i, h := range hashes {
		list[i].Resource, list[i].Scope = origins.resource(h.resource), origins.scope(h.scope)
	}
	return list, nil
}

// invocationSlack is how much earlier than its spans an invocation's row may begin, in nanoseconds: a request that waits for an instance is
// told of when it arrived, and the span of its run begins later.
const invocationSlack = int64(24 * 3600e9)

// TraceInvocations returns the rows of the invocations that starts, which are of one trace, belong to, by time, at most 10000: those that have
// ended.
func (s *Store) TraceInvocations(ctx context.Context, starts []SpanStart) ([]Invocation, error) {
	if len(starts) == 0 {
		return nil, nil
	}
	from, to := starts[0].TimeNS, starts[0].TimeNS
	var functions []string
	for i := range starts {
		from, to = min(from, starts[i].TimeNS), max(to, starts[i].TimeNS)
		if !slices.Contains(functions, starts[i].Function) {
			functions = append(functions, starts[i].Function)
		}
	}
	cols := newInvocationColumns()
	var list []Invocation
	params := []proto.Parameter{
		stringParam("id", starts[0].TraceID.String()), stringsParam("functions", functions), intParam("from", max(from-invocationSlack, minTime.UnixNano())),
		intParam("to", to), intParam("limit", maxTraceInvocations),
	}
	err := s.readNative(ctx, s.named("trace_invocations"), params, cols.named, func() {
		for i := range cols.spanID {
			list = append(list, cols.row(i))
		}
	}, func() { list = nil })
	return list, wrap("read invocations of trace", err)
}
