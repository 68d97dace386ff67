package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Retention is how long each signal is kept, counted from the item's own time. Whole days are dropped at once, so an item
// lives up to one day longer. 0 keeps for ever, which imports of old data need: with any other value they would be dropped
// as soon as they arrive.
type Retention struct{ Traces, Logs, Metrics time.Duration }

// maxRetention is far more than anybody means and far less than what overflows a Date32.
const maxRetention = 100 * 365 * 24 * time.Hour

func (r Retention) validate() error {
	var errs []error
	check := func(name string, d time.Duration) {
		if d < 0 || d > maxRetention {
			errs = append(errs, fmt.Errorf("retention of %s: want 0 (for ever) to %v, got %v", name, maxRetention, d))
		}
	}
	check("traces", r.Traces)
	check("logs", r.Logs)
	check("metrics", r.Metrics)
	return errors.Join(errs...)
}

// longest is the retention of what all signals share.
func (r Retention) longest() time.Duration {
	if r.Traces == 0 || r.Logs == 0 || r.Metrics == 0 {
		return 0
	}
	return max(r.Traces, r.Logs, r.Metrics)
}

// expiring is a table that drops its old partitions.
type expiring struct {
	table, day string // day is the expression of the item's UTC day
	keep       time.Duration
}

func (r Retention) tables() []expiring {
	return []expiring{
		{"spans", "toDate32(start_time)", r.Traces},
		{"trace_summaries", "day", r.Traces},
		{"links_reverse", "toDate32(start_time)", r.Traces},
		{"operations", "day", r.Traces},
		{"edges", "toDate32(bucket)", r.Traces},
		{"edges_5m", "toDate32(bucket)", r.Traces},
		{"edges_1h", "toDate32(bucket)", r.Traces},
		{"operation_minutes", "toDate32(minute)", r.Traces},
		{"statement_minutes", "toDate32(minute)", r.Traces},
		{"statements", "toDate32(day)", r.Traces},
		{"attribute_keys", "toDate32(day)", r.Traces},
		{"attribute_values", "toDate32(day)", r.Traces},
		{"peers", "toDate32(day)", r.Traces},
		{"invocations", "toDate32(time)", r.Traces},
		{"function_minutes", "toDate32(minute)", r.Traces},
		{"instances", "toDate32(time)", r.Traces},
		{"profiles", "toDate32(time)", r.Traces},
		{"span_starts", "toDate32(time)", r.Traces},
		{"logs", "toDate32(time)", r.Logs},
		{"metrics", "toDate32(time)", r.Metrics},
		{"metric_names", "day", r.Metrics},
		{"resources", "toDate32(day)", r.longest()},
		{"scopes", "toDate32(day)", r.longest()},
	}
}

// days is the TTL of a partition: the day itself, then the retention, rounded up.
func (e expiring) days() int {
	if e.keep == 0 {
		return 0
	}
	const day = 24 * time.Hour
	return int((e.keep+day-1)/day) + 1
}

var ttlDays = regexp.MustCompile(`TTL [^ ]+ \+ toIntervalDay\((\d+)\)`)

// applyRetention gives every table the TTL it should have, and alters none that has it. The tables themselves are what
// remembers the current setting.
func applyRetention(ctx context.Context, conn driver.Conn, database string, r Retention) error {
	rows, err := conn.Query(ctx, "SELECT name, engine_full FROM system.tables WHERE database = {database:String}", clickhouse.Named("database", database))
	if err != nil {
		return err
	}
	current := make(map[string]int)
	for rows.Next() {
		var name, engine string
		if err := rows.Scan(&name, &engine); err != nil {
			return err
		}
		if m := ttlDays.FindStringSubmatch(engine); m != nil {
			current[name], _ = strconv.Atoi(m[1])
		}
	}
	if err := errors.Join(rows.Close(), rows.Err()); err != nil {
		return err
	}
	for _, e := range r.tables() {
		if e.days() == current[e.table] {
			continue
		}
		statement := fmt.Sprintf("ALTER TABLE %s MODIFY TTL %s + toIntervalDay(%d)", e.table, e.day, e.days())
		if e.days() == 0 {
			statement = fmt.Sprintf("ALTER TABLE %s REMOVE TTL", e.table)
		}
		if err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("retention of %s: %w", e.table, err)
		}
	}
	return nil
}
