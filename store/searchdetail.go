package store

import (
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

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
	if len(missing) > manyDetails && t.hasTraceConditions() {
		var err error
		if missing, err = t.satisfying(ctx, missing); err != nil {
			return err
		}
	}
	details, now, err := t.s.readDetails(ctx, missing)
	if err != nil {
		return err
	}
	if now.After(t.now) {
		t.now = now
	}
	var changed, all []*traceDetail
	for id, d := range details {
		if !t.selects(d) {
			continue
		}
		t.details[id] = d
		all = append(all, d)
		if t.cursor != nil && d.insertedMS > t.cursor.snapshotMS {
			changed = append(changed, d)
		}
	}
	if err := t.rewind(ctx, changed); err != nil || t.structure == nil {
		return err
	}
	return t.verify(ctx, all)
}

// manyDetails is of how many traces the engine is asked first which ones satisfy the conditions on whole traces: details are wide.
const manyDetails = 1000

// satisfying returns those of ids that satisfy the conditions on whole traces.
func (t *traceSearch) satisfying(ctx context.Context, ids []TraceID) ([]TraceID, error) {
	var found proto.ColFixedStr16
	var all []TraceID
	for some := range slices.Chunk(ids, maxSummaryIDs) {
		before := len(all)
		params := []proto.Parameter{
			traceIDsParam(some), intParam("min_duration", int64(t.q.MinTraceDuration)), intParam("max_duration", int64(t.q.MaxTraceDuration)),
			nativeParam("errors_only", strconv.FormatBool(t.q.ErrorsOnly)),
		}
		err := t.s.readNative(ctx, t.s.named("trace_selection"), params, []namedColumn{{"trace_id", &found}}, func() {
			for _, id := range found {
				all = append(all, id)
			}
		}, func() { all = all[:before] })
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// selects are the conditions on whole traces.
func (t *traceSearch) selects(d *traceDetail) bool {
	return d.DurationNS >= int64(t.q.MinTraceDuration) && (t.q.MaxTraceDuration == 0 || d.DurationNS <= int64(t.q.MaxTraceDuration)) &&
		(!t.q.ErrorsOnly || d.Errors > 0)
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
