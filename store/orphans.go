package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Orphans counts the spans of each trace whose parent is not stored, at most 1000 traces. A trace without any is left out.
func (s *Store) Orphans(ctx context.Context, ids []TraceID) (map[TraceID]uint64, error) {
	const op = "count orphans"
	if len(ids) > maxTraces {
		return nil, invalid(op, fmt.Errorf("want at most %d ids, got %d", maxTraces, len(ids)))
	}
	counts := make(map[TraceID]uint64)
	if len(ids) == 0 {
		return counts, nil
	}
	ranges, err := s.traceRanges(ctx, ids)
	if err != nil {
		return nil, wrap(op, err)
	}
	type row struct {
		id      string
		orphans uint64
	}
	for _, group := range groupRanges(ranges) {
		h := hullOf(group)
		withGroup, err := withCandidates(ctx, h.ids)
		if err != nil {
			return nil, wrap(op, err)
		}
		rows, err := collect(withGroup, s, s.named("orphans"),
			[]any{param("services", h.services), param("from", h.from), param("to", h.to)},
			func(rows driver.Rows, r *row) error { return rows.Scan(&r.id, &r.orphans) })
		if err != nil {
			return nil, wrap(op, err)
		}
		for _, r := range rows {
			var id TraceID
			copy(id[:], r.id)
			counts[id] = r.orphans
		}
	}
	return counts, nil
}

// hull is where to look for the spans of several traces at once.
type hull struct {
	ids      []TraceID
	services []string
	from, to int64 // Unix nanoseconds of span starts, both included
}

func hullOf(ranges []traceRange) hull {
	h := hull{from: ranges[0].firstNS, to: ranges[0].lastNS}
	for _, r := range ranges {
		h.from, h.to = min(h.from, r.firstNS), max(h.to, r.lastNS)
		h.ids = append(h.ids, r.id)
		h.services = append(h.services, r.services...)
	}
	slices.Sort(h.services)
	h.services = slices.Compact(h.services)
	return h
}
