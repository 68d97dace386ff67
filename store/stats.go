package store

import (
	"context"
	"errors"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// signalTables are the tables of each signal; the first holds its items, the others are derived.
var signalTables = []struct {
	signal string
	tables []string
}{
	{"traces", []string{"spans", "trace_summaries", "links_reverse", "operations", "edges", "edges_5m", "edges_1h", "attribute_keys", "operation_minutes", "statement_minutes", "statements", "attribute_values", "peers", "invocations", "function_minutes", "instances", "profiles", "span_starts", "resources", "scopes"}},
	{"logs", []string{"logs"}},
	{"metrics", []string{"metrics", "metric_names"}},
}

// Stats says what is stored of each signal: traces, logs, metrics, in this order. The resources and scopes that the signals share
// count as traces.
func (s *Store) Stats(ctx context.Context) ([]SignalStats, error) {
	const op = "read stats"
	type size struct {
		table       string
		rows, bytes uint64
	}
	sizes, err := collect(ctx, s, s.named("table_sizes"), []any{param("database", s.database)},
		func(rows driver.Rows, t *size) error { return rows.Scan(&t.table, &t.rows, &t.bytes) })
	if err != nil {
		return nil, wrap(op, err)
	}
	byTable := make(map[string]size, len(sizes))
	for _, t := range sizes {
		byTable[t.table] = t
	}
	type span struct {
		signal         string
		oldest, newest int64
	}
	spans, err := collect(ctx, s, s.named("time_bounds"), nil,
		func(rows driver.Rows, b *span) error { return rows.Scan(&b.signal, &b.oldest, &b.newest) })
	if err != nil {
		return nil, wrap(op, err)
	}
	stats := make([]SignalStats, len(signalTables))
	for i, st := range signalTables {
		stats[i] = SignalStats{Signal: st.signal, Rows: byTable[st.tables[0]].rows}
		for _, table := range st.tables {
			stats[i].Bytes += byTable[table].bytes
		}
		for _, b := range spans {
			if b.signal == st.signal && stats[i].Rows > 0 {
				stats[i].Oldest, stats[i].Newest = time.Unix(0, b.oldest).UTC(), time.Unix(0, b.newest).UTC()
			}
		}
	}
	return stats, nil
}

// The instants a DateTime64(9) holds, less a margin for arithmetic: 1900 to 2262.
var (
	minTime = time.Date(1900, 1, 2, 0, 0, 0, 0, time.UTC)
	maxTime = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
)

// bounds is r in Unix nanoseconds; an open bound is the earliest or latest instant there is.
func (r TimeRange) bounds() (from, to int64, err error) {
	from, to = minTime.UnixNano(), maxTime.UnixNano()
	clamp := func(t time.Time) int64 {
		switch {
		case t.Before(minTime):
			return minTime.UnixNano()
		case t.After(maxTime):
			return maxTime.UnixNano()
		}
		return t.UnixNano()
	}
	if !r.From.IsZero() {
		from = clamp(r.From)
	}
	if !r.To.IsZero() {
		to = clamp(r.To)
	}
	if to < from {
		return 0, 0, errors.New("the time range ends before it starts")
	}
	return from, to, nil
}
