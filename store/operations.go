package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"weft/semconv"
)

// OperationGroup is what OperationTotals tells apart.
type OperationGroup uint8

// The groups; each tells apart what the one before does, and more.
const (
	GroupNone OperationGroup = iota
	GroupService
	GroupName // service and span name
	GroupKind // service, span name and kind: an operation
)

// OperationQuery asks for calls, errors and latencies from the roll-up by minute.
type OperationQuery struct {
	// Range bounds the start of the spans. Both ends are needed; they are widened to whole minutes.
	Range TimeRange
	// Services and Kinds are all when empty, as is Operation, the span's name.
	Services  []string
	Operation string
	Kinds     []Kind
	Group     OperationGroup
	// Step cuts the range; whole minutes. 0 does not cut it.
	Step time.Duration
}

// OperationTotals are the calls, errors and latencies of one group in one step. Spans of names that came after the bounds of the roll-up
// are counted under OtherName.
type OperationTotals struct {
	Service, Name string // "" unless grouped by them
	Kind          Kind
	// StartNS is when the step starts, in Unix nanoseconds.
	StartNS       int64
	Calls, Errors uint64
	// DurationNS is the sum of all durations.
	DurationNS float64
	// Latency counts all calls, ErrorLatency those that failed.
	Latency, ErrorLatency Histogram
}

// MeanNS is the mean duration, 0 without a call.
func (t *OperationTotals) MeanNS() float64 { return ratio(t.DurationNS, t.Calls) }

// ErrorRate is the share of calls that failed, in [0, 1].
func (t *OperationTotals) ErrorRate() float64 { return ratio(float64(t.Errors), t.Calls) }

func ratio(part float64, of uint64) float64 {
	if of == 0 {
		return 0
	}
	return part / float64(of)
}

// Apdex is the share of satisfied calls, those that took at most threshold, and half of the tolerated ones, which took at most four times as
// long. A failed call is neither. Within the width of a latency bucket, 3 %, the threshold is not sharp.
func (t *OperationTotals) Apdex(threshold time.Duration) float64 {
	var score float64
	satisfied, tolerated := semconv.LatencyBucket(int64(threshold)), semconv.LatencyBucket(4*int64(threshold))
	for bucket, calls := range t.Latency {
		switch good := float64(calls - t.ErrorLatency[bucket]); {
		case bucket <= satisfied:
			score += good
		case bucket <= tolerated:
			score += good / 2
		}
	}
	return ratio(score, t.Calls)
}

// Percentile is the share of durations in h below durationNS, in [0, 100]; those in the same bucket count by its place in it. It is 0 for an
// empty histogram.
func (h Histogram) Percentile(durationNS int64) float64 {
	own := semconv.LatencyBucket(durationNS)
	from, to := semconv.LatencyBounds(own)
	var below float64
	for bucket, n := range h {
		switch {
		case bucket < own:
			below += float64(n)
		case bucket == own:
			below += float64(n) * (float64(max(durationNS, 0)) - from) / (to - from)
		}
	}
	return 100 * ratio(below, uint64(h.Count()))
}

// maxSteps bounds the points of a series.
const maxSteps = 2000

// minutes is the range in Unix nanoseconds, widened to whole minutes.
func (r TimeRange) minutes() (from, to int64, err error) {
	if r.From.IsZero() || r.To.IsZero() {
		return 0, 0, errors.New("want a time range with both ends")
	}
	from, to, err = r.bounds()
	return int64(minuteOf(from)) * nsPerMinute, int64(minuteOf(to-1)+1) * nsPerMinute, err
}

// hourParams are the parameters that bound the hours of a range.
func hourParams(from, to int64) []proto.Parameter {
	const nsPerHour = 60 * nsPerMinute
	return []proto.Parameter{intParam("from_hour", floorDiv(from, nsPerHour)), intParam("to_hour", floorDiv(to-1, nsPerHour))}
}

// steps checks a step, 0 for one of the whole range, and returns it in nanoseconds.
func steps(from, to int64, step time.Duration) (int64, error) {
	if step == 0 {
		return max(to-from, 1), nil
	}
	if step < 0 || (to-from-1)/int64(step) >= maxSteps {
		return 0, fmt.Errorf("step: want at least a %dth of the time range, got %v", maxSteps, step)
	}
	return int64(step), nil
}

// OperationTotals reads the roll-up; groups and steps without a call are left out. Sorted by service, name, kind, then time. The range it
// answers for comes with it.
func (s *Store) OperationTotals(ctx context.Context, q OperationQuery) ([]OperationTotals, TimeRange, error) {
	const op = "read operation totals"
	from, to, err := q.Range.minutes()
	if err != nil {
		return nil, TimeRange{}, invalid(op, err)
	}
	if q.Step%time.Minute != 0 {
		return nil, TimeRange{}, invalid(op, fmt.Errorf("step: want whole minutes, got %v", q.Step))
	}
	step, err := steps(from, to, q.Step)
	if err != nil {
		return nil, TimeRange{}, invalid(op, err)
	}
	kinds := make([]uint64, len(q.Kinds))
	for i, k := range q.Kinds {
		kinds[i] = uint64(k)
	}
	params := append(hourParams(from, to),
		intParam("from", from), intParam("to", to), intParam("step", step), intParam("group", int64(q.Group)),
		stringsParam("services", q.Services), uintsParam("kinds", kinds), stringParam("operation", q.Operation),
	)
	var (
		service, name         textColumn
		kind                  proto.ColUInt8
		point                 proto.ColInt64
		calls, failed         proto.ColUInt64
		durationNS            proto.ColFloat64
		latency, errorLatency countsColumn
		totals                []OperationTotals
	)
	columns := []namedColumn{
		{"service", &service}, {"operation", &name}, {"span_kind", &kind}, {"point", &point}, {"calls", &calls}, {"errors", &failed},
		{"duration_ns", &durationNS}, {"latency", &latency}, {"error_latency", &errorLatency},
	}
	err = s.readNative(ctx, s.named("operation_totals"), params, columns, func() {
		for i := range kind {
			totals = append(totals, OperationTotals{
				Service: service.Row(i), Name: name.Row(i), Kind: Kind(kind[i]), StartNS: from + point[i]*step,
				Calls: calls[i], Errors: failed[i], DurationNS: durationNS[i], Latency: latency.row(i), ErrorLatency: errorLatency.row(i),
			})
		}
	}, func() { totals = nil })
	return totals, TimeRange{time.Unix(0, from).UTC(), time.Unix(0, to).UTC()}, wrap(op, err)
}
