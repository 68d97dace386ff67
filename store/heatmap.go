package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// HeatmapQuery asks how many spans there are by time and duration.
type HeatmapQuery struct {
	// Traces says which spans count: those that satisfy Where, of traces that satisfy the conditions on whole traces. Limit and Cursor are
	// not used. Both ends of the range are needed.
	Traces TraceQuery
	// Step cuts the range from its start. More than 0, and at least a 2000th of the range.
	Step time.Duration
}

// HeatmapColumn are the spans that start in one step, by duration.
type HeatmapColumn struct {
	// StartNS is when the step starts, in Unix nanoseconds.
	StartNS       int64
	Spans, Errors Histogram
}

// Heatmap counts spans, oldest step first; steps without a span are left out. A range of whole minutes with no condition but on service,
// name and kind is read from the roll-up, which costs the same for any number of spans; anything else reads the spans in range.
func (s *Store) Heatmap(ctx context.Context, q HeatmapQuery) ([]HeatmapColumn, error) {
	const op = "read heatmap"
	if q.Traces.Range.From.IsZero() || q.Traces.Range.To.IsZero() {
		return nil, invalid(op, errors.New("want a time range with both ends"))
	}
	from, to, err := q.Traces.Range.bounds()
	if err != nil {
		return nil, invalid(op, err)
	}
	if q.Step <= 0 {
		return nil, invalid(op, fmt.Errorf("step: want more than 0, got %v", q.Step))
	}
	step, err := steps(from, to, q.Step)
	if err != nil {
		return nil, invalid(op, err)
	}
	if totals, ok := q.rollup(from, to); ok {
		columns, err := s.heatmapOfRollup(ctx, totals)
		return columns, wrap(op, err)
	}
	filter, err := s.spanFilter(ctx, op, q.Traces)
	if err != nil || filter.where == never {
		return nil, wrap(op, err)
	}
	if ctx, err = filter.withTraces(ctx); err != nil {
		return nil, wrap(op, err)
	}
	st := heatmapStatement(filter, from, to, step)
	type cell struct {
		step          int64
		bucket        uint16
		spans, errors uint64
	}
	cells, err := collect(ctx, s, st.sql, st.params, func(rows driver.Rows, c *cell) error {
		return rows.Scan(&c.step, &c.bucket, &c.spans, &c.errors)
	})
	if err != nil {
		return nil, wrap(op, err)
	}
	var columns []HeatmapColumn
	for _, c := range cells {
		start := from + c.step*step
		if n := len(columns); n == 0 || columns[n-1].StartNS != start {
			columns = append(columns, HeatmapColumn{start, make(Histogram), make(Histogram)})
		}
		last := &columns[len(columns)-1]
		last.Spans[c.bucket] = int64(c.spans)
		if c.errors > 0 {
			last.Errors[c.bucket] = int64(c.errors)
		}
	}
	return columns, nil
}

// rollup is the same question to the roll-up, if it can answer it.
func (q HeatmapQuery) rollup(from, to int64) (OperationQuery, bool) {
	out := OperationQuery{Range: q.Traces.Range, Step: q.Step}
	if from%nsPerMinute != 0 || to%nsPerMinute != 0 || q.Step%time.Minute != 0 || q.Traces.ErrorsOnly || q.Traces.MinTraceDuration != 0 || q.Traces.MaxTraceDuration != 0 {
		return out, false
	}
	where, ok := plain(q.Traces.Where)
	if !ok || q.Traces.Structure != nil {
		return out, false
	}
	for _, p := range where {
		text := valueText(p.Value)
		if p.Op != OpEqual || p.Scope != ScopeAny || text == "" {
			return out, false
		}
		switch {
		case p.Field == FieldService && out.Services == nil:
			out.Services = []string{text}
		case p.Field == FieldName && out.Operation == "":
			out.Operation = text
		case p.Field == FieldKind && out.Kinds == nil:
			for i, name := range kindNames {
				if strings.EqualFold(name, text) {
					out.Kinds = []Kind{Kind(i)}
				}
			}
			if out.Kinds == nil {
				return out, false
			}
		default:
			return out, false
		}
	}
	return out, true
}

// plain takes apart a condition that is nothing but predicates joined by And.
func plain(e Expr) (all []Predicate, ok bool) {
	switch e := e.(type) {
	case nil:
		return nil, true
	case Predicate:
		return []Predicate{e}, true
	case And:
		for _, part := range e {
			p, ok := plain(part)
			if !ok {
				return nil, false
			}
			all = append(all, p...)
		}
		return all, true
	}
	return nil, false
}

func (s *Store) heatmapOfRollup(ctx context.Context, q OperationQuery) ([]HeatmapColumn, error) {
	totals, _, err := s.OperationTotals(ctx, q)
	columns := make([]HeatmapColumn, len(totals))
	for i, t := range totals {
		columns[i] = HeatmapColumn{t.StartNS, t.Latency, t.ErrorLatency}
	}
	return columns, err
}

// heatmapStatement is the SQL of a heatmap that the roll-up cannot answer.
func heatmapStatement(filter spanFilter, from, to, step int64) statement {
	q := filter.q
	where, params := filter.where, append(slices.Clone(filter.params), param("from", fmt.Sprint(from)), param("to", fmt.Sprint(to)), param("step", fmt.Sprint(step)))
	fromHour, toHour := hoursOf(from, to)
	params = append(params, param("from_hour", fromHour), param("to_hour", toHour))
	var sql strings.Builder
	sql.WriteString(`SELECT
    intDiv(toUnixTimestamp64Nano(start_time) - {from:Int64}, {step:Int64}) AS step,
    toUInt16(bitShiftRight(reinterpretAsUInt64(toFloat64(greatest(duration_ns, 0))), 47)) AS bucket,
    count() AS spans,
    countIf(status_code = 2) AS errors
FROM spans
WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND toStartOfHour(start_time) BETWEEN toDateTime({from_hour:UInt32}, 'UTC') AND toDateTime({to_hour:UInt32}, 'UTC')`)
	if where != "" {
		sql.WriteString("\n  AND " + where)
	}
	sql.WriteString(filter.inTraces())
	if q.ErrorsOnly || q.MinTraceDuration > 0 || q.MaxTraceDuration > 0 {
		longest := q.MaxTraceDuration
		if longest == 0 {
			longest = 1<<63 - 1
		}
		params = append(params, param("shortest", fmt.Sprint(int64(q.MinTraceDuration))), param("longest", fmt.Sprint(int64(longest))), param("errors", fmt.Sprint(boolToInt(q.ErrorsOnly))))
		// A trace that reaches over the days of the range is judged by what it did in them and the days beside them.
		sql.WriteString(`
  AND trace_id IN (
    SELECT trace_id FROM trace_summaries
    WHERE day >= toDate32(fromUnixTimestamp64Nano({from:Int64}, 'UTC')) - 1 AND day <= toDate32(fromUnixTimestamp64Nano({to:Int64}, 'UTC')) + 1
    GROUP BY trace_id
    HAVING max(last_start_ns) >= {from:Int64} AND min(start_ns) < {to:Int64} AND sum(errors) >= {errors:UInt8}
      AND max(end_ns) - min(start_ns) BETWEEN {shortest:Int64} AND {longest:Int64})`)
	}
	sql.WriteString("\nGROUP BY step, bucket\nORDER BY step, bucket\nLIMIT 1000000")
	if strings.Contains(where, "{from_day:UInt16}") {
		params = append(params, param("from_day", fmt.Sprint(dayOf(from))), param("to_day", fmt.Sprint(dayOf(to-1))))
	}
	return statement{sql.String(), params}
}

// hoursOf are the bounds of toStartOfHour(start_time), in Unix seconds, for spans that start from from until to. The primary key of spans starts
// with it, and ClickHouse does not conclude it from bounds of start_time, because that is in the key, too. A DateTime holds 1970 to 2106:
// a range that is not within has no bounds.
func hoursOf(from, to int64) (fromHour, toHour uint32) {
	const nsPerSecond, hour = 1e9, 3600
	if from < 0 || to > math.MaxUint32*nsPerSecond {
		return 0, math.MaxUint32
	}
	return uint32(from/nsPerSecond/hour) * hour, uint32((to-1)/nsPerSecond/hour) * hour
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
