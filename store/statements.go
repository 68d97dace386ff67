package store

import (
	"context"
	"encoding/binary"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// StatementTotals are the calls of one database statement, whatever its literals.
type StatementTotals struct {
	// Hash groups the statements; 0 are all that came after the bound of the roll-up.
	Hash uint64
	// System is the database's kind, such as postgresql; Peers the databases and Services the callers, at most 100, sorted.
	System          string
	Peers, Services []string
	Calls, Errors   uint64
	// DurationNS is the sum of all durations.
	DurationNS float64
	Latency    Histogram
	// Traces is in how many traces it was called. A trace counts once for every minute, service and inserted block with such a call,
	// so that it is rather too high.
	Traces uint64
	// MostCalls is the highest number of calls in one trace, counted in the same way, so rather too low.
	MostCalls uint64
	// NewestTrace is the trace of the newest call, which started at NewestNS.
	NewestTrace TraceID
	NewestNS    int64
}

// StatementTotals returns what every database statement cost in r, which is widened to whole minutes, the dearest first. An empty service
// is all of them.
func (s *Store) StatementTotals(ctx context.Context, r TimeRange, service string) ([]StatementTotals, error) {
	const op = "read statement totals"
	from, to, err := r.minutes()
	if err != nil {
		return nil, invalid(op, err)
	}
	var (
		hash, calls, failed, traces, most proto.ColUInt64
		system                            textColumn
		peers, services                   = newArray(new(proto.ColUInt64), new(textColumn)), newArray(new(proto.ColUInt64), new(textColumn))
		durationNS                        proto.ColFloat64
		latency                           countsColumn
		newest                            = proto.ColFixedStr{Size: newestBytes}
		totals                            []StatementTotals
	)
	columns := []namedColumn{
		{"statement_hash", &hash}, {"system_name", &system}, {"peers", peers}, {"services", services}, {"calls", &calls}, {"errors", &failed},
		{"duration_ns", &durationNS}, {"latency", &latency}, {"traces", &traces}, {"most_calls", &most}, {"newest", &newest},
	}
	params := append(hourParams(from, to), intParam("from", from), intParam("to", to), stringParam("service", service))
	err = s.readNative(ctx, s.named("statement_totals"), params, columns, func() {
		for i := range hash {
			t := StatementTotals{
				Hash: hash[i], System: system.Row(i), Peers: texts(peers, i), Services: texts(services, i), Calls: calls[i], Errors: failed[i],
				DurationNS: durationNS[i], Latency: latency.row(i), Traces: traces[i], MostCalls: most[i],
				NewestNS: int64(binary.BigEndian.Uint64(newest.Row(i)) ^ 1<<63),
			}
			copy(t.NewestTrace[:], newest.Row(i)[8:])
			totals = append(totals, t)
		}
	}, func() { totals = nil })
	return totals, wrap(op, err)
}

// texts are the strings of row i that are not empty.
func texts(c *arrayColumn[*textColumn], i int) []string {
	var all []string
	for j, end := c.span(i); j < end; j++ {
		if text := c.elems.Row(j); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// StatementTexts returns the fingerprints of statements that were called in r.
func (s *Store) StatementTexts(ctx context.Context, r TimeRange, hashes []uint64) (map[uint64]string, error) {
	const op = "read statement texts"
	from, to, err := r.minutes()
	if err != nil {
		return nil, invalid(op, err)
	}
	found := make(map[uint64]string, len(hashes))
	_, err = collect(ctx, s, s.named("statement_texts"), []any{param("from", from), param("to", to), param("hashes", hashes)},
		func(rows driver.Rows, _ *struct{}) error {
			var hash uint64
			var text string
			err := rows.Scan(&hash, &text)
			found[hash] = text
			return err
		})
	return found, wrap(op, err)
}
