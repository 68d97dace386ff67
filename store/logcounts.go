package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// SeverityRanges is how many ranges a log record's severity may lie in: not said, then OTLP's trace, debug, info, warn, error and fatal.
const SeverityRanges = 7

// LogCount is how many log records were written in one step.
type LogCount struct {
	// StartNS is when the step starts, in Unix nanoseconds.
	StartNS int64
	// Records are counted by range of severity.
	Records [SeverityRanges]uint64
}

// CountLogs counts the records that satisfy q by time and severity, oldest step first; steps without a record are left out. Both ends of
// q's range are needed; step cuts it from its start and is at least a 2000th of it. q's Limit and Cursor are not used.
func (s *Store) CountLogs(ctx context.Context, q LogQuery, step time.Duration) ([]LogCount, error) {
	const op = "count logs"
	if q.Range.From.IsZero() || q.Range.To.IsZero() {
		return nil, invalid(op, errors.New("want a time range with both ends"))
	}
	from, to, err := q.Range.bounds()
	if err != nil {
		return nil, invalid(op, err)
	}
	if step <= 0 {
		return nil, invalid(op, fmt.Errorf("step: want more than 0, got %v", step))
	}
	width, err := steps(from, to, step)
	if err != nil {
		return nil, invalid(op, err)
	}
	id, contains := q.texts()
	params := []any{
		param("from", fmt.Sprint(from)), param("to", fmt.Sprint(to)), param("step", fmt.Sprint(width)), param("service", q.Service),
		param("severity", fmt.Sprint(q.MinSeverity)), param("id", id), param("contains", contains),
	}
	type cell struct {
		step    int64
		level   uint8
		records uint64
	}
	cells, err := collect(ctx, s, s.named("count_logs"), params, func(rows driver.Rows, c *cell) error {
		return rows.Scan(&c.step, &c.level, &c.records)
	})
	if err != nil {
		return nil, wrap(op, err)
	}
	var counts []LogCount
	for _, c := range cells {
		start := from + c.step*width
		if n := len(counts); n == 0 || counts[n-1].StartNS != start {
			counts = append(counts, LogCount{StartNS: start})
		}
		counts[len(counts)-1].Records[c.level] = c.records
	}
	return counts, nil
}

// texts are the trace's id in hex and the pattern that the lower-case body must be like; "" is any.
func (q LogQuery) texts() (id, contains string) {
	if !q.TraceID.IsZero() {
		id = q.TraceID.String()
	}
	if q.Contains != "" {
		contains = "%" + likeEscaper.Replace(strings.ToLower(q.Contains)) + "%"
	}
	return id, contains
}
