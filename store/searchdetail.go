package store

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// traceDetail is a summary and what places it on a page.
type traceDetail struct {
	TraceSummary
	keyNS    int64 // the start it is ordered by
	lastNS   int64
	inserted time.Time
}

// lookup fills details for the candidates that are not there yet; a trace that fails a condition on whole traces has a nil entry.
func (t *traceSearch) lookup(ctx context.Context, found []candidate) error {
	var missing []TraceID
	for _, c := range found {
		if _, ok := t.details[c.id]; !ok {
			missing = append(missing, c.id)
			t.details[c.id] = nil
		}
	}
	if len(missing) == 0 {
		return nil
	}
	withMissing, err := withCandidates(ctx, missing)
	if err != nil {
		return err
	}
	params := []any{
		param("min_duration", int64(t.q.MinTraceDuration)), param("max_duration", int64(t.q.MaxTraceDuration)), param("errors_only", t.q.ErrorsOnly),
	}
	details, err := collect(withMissing, t.s, t.s.named("trace_details"), params, scanDetail)
	if err != nil {
		return err
	}
	var changed, all []*traceDetail
	for i := range details {
		d := &details[i]
		t.details[d.TraceID] = d
		all = append(all, d)
		if t.cursor != nil && d.inserted.UnixMilli() > t.cursor.snapshotMS {
			changed = append(changed, d)
		}
	}
	if err := t.rewind(ctx, changed); err != nil || t.structure == nil {
		return err
	}
	return t.verify(ctx, all)
}

// rewind orders traces that have changed since the snapshot by the start they had then.
func (t *traceSearch) rewind(ctx context.Context, changed []*traceDetail) error {
	if len(changed) == 0 {
		return nil
	}
	ids := make([]TraceID, len(changed))
	from, to := int64(math.MaxInt64), int64(math.MinInt64)
	for i, d := range changed {
		ids[i] = d.TraceID
		from, to = min(from, d.StartNS), max(to, d.lastNS)
	}
	ctx, err := withCandidates(ctx, ids)
	if err != nil {
		return err
	}
	params := []any{param("snapshot", t.cursor.snapshotMS), param("from", from), param("to", to)}
	_, err = collect(ctx, t.s, t.s.named("trace_starts_before"), params, func(rows driver.Rows, _ *struct{}) error {
		var id string
		var start int64
		if err := rows.Scan(&id, &start); err != nil {
			return err
		}
		t.details[TraceID([]byte(id))].keyNS = start
		return nil
	})
	return err
}

// withCandidates sends ids along with the query as the temporary table candidates.
func withCandidates(ctx context.Context, ids []TraceID) (context.Context, error) {
	table, err := candidateTable(ids)
	if err != nil {
		return nil, err
	}
	return clickhouse.Context(ctx, clickhouse.WithExternalTable(table)), nil
}

func candidateTable(ids []TraceID) (*ext.Table, error) {
	table, err := ext.NewTable("candidates", ext.Column("trace_id", "FixedString(16)"))
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := table.Append(string(id[:])); err != nil {
			return nil, err
		}
	}
	return table, nil
}

func scanDetail(rows driver.Rows, d *traceDetail) error {
	var id string
	var end int64
	var root []any
	var spans, errs map[string]uint64
	if err := rows.Scan(&id, &d.StartNS, &end, &d.lastNS, &d.Spans, &d.Errors, &root, &spans, &errs, &d.inserted); err != nil {
		return err
	}
	copy(d.TraceID[:], id)
	d.DurationNS, d.keyNS = end-d.StartNS, d.StartNS
	d.HasRoot = root[0].(uint8) == 0
	d.RootService, d.RootName = root[2].(string), root[3].(string)
	for name, n := range spans {
		d.Services = append(d.Services, ServiceCount{Name: name, Spans: n, Errors: errs[name]})
	}
	slices.SortFunc(d.Services, func(a, b ServiceCount) int { return strings.Compare(a.Name, b.Name) })
	return nil
}
