package store

import (
	"context"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// spanDay is how many spans start on a day, and when the first and the last of them do, in Unix nanoseconds.
type spanDay struct {
	spans           uint64
	firstNS, lastNS int64
}

// maxDaysAge is how long a search guesses from the same days. Ingest at full speed adds several first windows in that time.
const maxDaysAge = time.Second

// spanDaysCache keeps the days of spans for a moment. Whoever uses it must find what came since, from this process or another one: the days say
// where to look first, and never where to stop.
type spanDaysCache struct {
	mu   sync.Mutex
	days []spanDay // protected by mu, as is read
	read time.Time
}

// recentSpanDays are the days as they were up to maxDaysAge ago, newest first.
func (s *Store) recentSpanDays(ctx context.Context) ([]spanDay, error) {
	c := &s.spanDays
	c.mu.Lock()
	days, age := c.days, time.Since(c.read)
	c.mu.Unlock()
	if age < maxDaysAge {
		return days, nil
	}
	began := time.Now()
	days, err := s.readSpanDays(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.days, c.read = days, began
	c.mu.Unlock()
	return days, nil
}

// readSpanDays asks the engine, newest day first.
func (s *Store) readSpanDays(ctx context.Context) ([]spanDay, error) {
	return collect(ctx, s, s.named("span_days"), nil, func(rows driver.Rows, d *spanDay) error {
		var day time.Time
		return rows.Scan(&day, &d.spans, &d.firstNS, &d.lastNS)
	})
}
