package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Bounds of what is counted exactly: traces that are found by their spans alone, and traces that have to be looked at one by one
// because there are conditions on whole traces.
const (
	maxCountedTraces  = 100_000
	maxSelectedTraces = 20_000
)

// TraceCount says how much a TraceQuery finds.
type TraceCount struct {
	// Spans are those in range for which Where holds or, when only a structure is asked for, its B.
	Spans  uint64
	Traces uint64
	// AtLeast says that counting stopped at a bound: there may be more of both.
	AtLeast bool
}

// CountTraces counts what SearchTraces would find on all its pages; Limit and Cursor do not matter.
func (s *Store) CountTraces(ctx context.Context, q TraceQuery) (TraceCount, error) {
	const op = "count traces"
	search, err := s.newSelection(ctx, q)
	if err != nil || search == nil {
		return TraceCount{}, wrap(op, err)
	}
	if !search.looksAtTraces() {
		count, err := search.countSpans(ctx, search.countStatement())
		count.AtLeast = count.Traces > maxCountedTraces
		return count, wrap(op, err)
	}
	ids, all, err := search.selectTraces(ctx)
	if err != nil || len(ids) == 0 {
		return TraceCount{AtLeast: !all}, wrap(op, err)
	}
	ctx, err = withCandidates(ctx, ids)
	if err != nil {
		return TraceCount{}, wrap(op, err)
	}
	count, err := search.countSpans(ctx, search.countSelectedStatement())
	return TraceCount{Spans: count.Spans, Traces: uint64(len(ids)), AtLeast: !all}, wrap(op, err)
}

// newSelection prepares to look at everything that q finds; nil means that nothing can be found.
func (s *Store) newSelection(ctx context.Context, q TraceQuery) (*traceSearch, error) {
	q.Limit, q.Cursor = 1, ""
	search, err := s.newTraceSearch(ctx, q)
	if err != nil || search == nil {
		return nil, err
	}
	if ok, err := search.clamp(ctx); err != nil || !ok {
		return nil, err
	}
	return search, nil
}

// looksAtTraces reports whether a trace with a matching span may still not be found.
func (t *traceSearch) looksAtTraces() bool {
	return t.structure != nil || t.hasTraceConditions()
}

func (t *traceSearch) hasTraceConditions() bool {
	return t.q.ErrorsOnly || t.q.MinTraceDuration > 0 || t.q.MaxTraceDuration > 0
}

// selectTraces lists every trace that the query finds; all is false when there are too many to look at.
func (t *traceSearch) selectTraces(ctx context.Context) (ids []TraceID, all bool, err error) {
	found, err := t.candidates(ctx, t.from, maxSelectedTraces+1, false)
	if err != nil {
		return nil, false, err
	}
	if all = len(found) <= maxSelectedTraces; !all {
		found = found[:maxSelectedTraces]
	}
	if err := t.lookup(ctx, found); err != nil {
		return nil, false, err
	}
	for _, c := range found {
		if t.details[c.id] != nil {
			ids = append(ids, c.id)
		}
	}
	return ids, all, nil
}

// counted is the condition on the spans that a selection is about.
func (t *traceSearch) counted() string {
	if t.where == "" && t.structure != nil {
		return t.structure.counted()
	}
	return t.where
}

// selected reads the given columns of the spans that the selection is about, of those traces that are in the temporary table
// candidates when there are conditions on whole traces.
func (t *traceSearch) selected(columns string) statement {
	where := t.counted()
	var sql strings.Builder
	sql.WriteString("SELECT " + columns + `
FROM spans
WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')`)
	if t.looksAtTraces() {
		sql.WriteString("\n  AND trace_id IN candidates")
	}
	if where != "" {
		sql.WriteString("\n  AND " + where)
	}
	return statement{sql.String(), t.parameters(t.from, t.from, t.to-1, where, columns)}
}

// countStatement stops when it has met more traces than are counted.
func (t *traceSearch) countStatement() statement {
	st := t.selected("trace_id, count() AS spans")
	st.sql = "SELECT sum(spans), count() FROM (\n" + st.sql + "\nGROUP BY trace_id\n)\nSETTINGS max_rows_to_group_by = " +
		fmt.Sprint(maxCountedTraces+1) + ", group_by_overflow_mode = 'break'"
	return st
}

func (t *traceSearch) countSelectedStatement() statement {
	return t.selected("count() AS spans, toUInt64(0) AS traces")
}

func (t *traceSearch) countSpans(ctx context.Context, st statement) (TraceCount, error) {
	rows, err := collect(ctx, t.s, st.sql, st.params, func(rows driver.Rows, c *TraceCount) error { return rows.Scan(&c.Spans, &c.Traces) })
	if err != nil || len(rows) == 0 {
		return TraceCount{}, err
	}
	return rows[0], nil
}
