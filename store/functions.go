package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"weft/semconv"
)

// FunctionTotals are the invocations of one function, version and outcome in one step of time. Functions and versions beyond the bounds of
// the roll-up are counted under OtherName, as are outcomes that semconv does not list.
type FunctionTotals struct {
	Function, Version, Outcome string
	// StartNS is when the step starts, in Unix nanoseconds.
	StartNS int64
	Calls   uint64
	// ColdStarts is how many of them waited for a new instance.
	ColdStarts uint64
	// DurationNS and QueueNS are sums.
	DurationNS, QueueNS float64
	// Latency counts the durations of the function's part, ColdWait the waits for new instances.
	Latency, ColdWait Histogram
	// LastNS is when the newest of them came.
	LastNS int64
}

// Failed reports whether invocations with this outcome are errors: all but success, those that were never run and those that the caller left.
func (t *FunctionTotals) Failed() bool {
	return t.Outcome != semconv.OutcomeSuccess && t.Outcome != semconv.OutcomeThrottled && t.Outcome != semconv.OutcomeCanceled
}

// Add counts the invocations of o as well, whatever its step, version and outcome.
func (t *FunctionTotals) Add(o *FunctionTotals) {
	if t.Latency == nil {
		t.Latency, t.ColdWait = Histogram{}, Histogram{}
	}
	t.Calls += o.Calls
	t.ColdStarts += o.ColdStarts
	t.DurationNS += o.DurationNS
	t.QueueNS += o.QueueNS
	t.Latency.Add(o.Latency)
	t.ColdWait.Add(o.ColdWait)
	t.LastNS = max(t.LastNS, o.LastNS)
}

// FunctionTotals reads the roll-up of a function, of all functions when it is empty, in steps of whole minutes; 0 is one step. Steps
// without invocations are left out. Sorted by function, version, outcome, then time. The range, which needs both ends, is widened to whole minutes;
// what it became comes with the answer.
func (s *Store) FunctionTotals(ctx context.Context, r TimeRange, function string, step time.Duration) ([]FunctionTotals, TimeRange, error) {
	const op = "read function totals"
	from, to, err := r.minutes()
	if err != nil {
		return nil, TimeRange{}, invalid(op, err)
	}
	if step%time.Minute != 0 {
		return nil, TimeRange{}, invalid(op, fmt.Errorf("step: want whole minutes, got %v", step))
	}
	stepNS, err := steps(from, to, step)
	if err != nil {
		return nil, TimeRange{}, invalid(op, err)
	}
	var (
		name, version, outcome = newLC(), newLC(), newLC()
		point, lastNS          proto.ColInt64
		calls, cold            proto.ColUInt64
		durationNS, queueNS    proto.ColFloat64
		latency, coldWait      countsColumn
		totals                 []FunctionTotals
	)
	columns := []namedColumn{
		{"function", name}, {"version", version}, {"outcome", outcome}, {"point", &point}, {"calls", &calls}, {"cold_starts", &cold},
		{"duration_ns", &durationNS}, {"queue_ns", &queueNS}, {"latency", &latency}, {"cold_wait", &coldWait}, {"last_ns", &lastNS},
	}
	params := append(hourParams(from, to), intParam("from", from), intParam("to", to), intParam("step", stepNS), stringParam("function", function))
	err = s.readNative(ctx, s.named("function_totals"), params, columns, func() {
		for i := range calls {
			totals = append(totals, FunctionTotals{
				Function: name.Row(i), Version: version.Row(i), Outcome: outcome.Row(i), StartNS: from + point[i]*stepNS,
				Calls: calls[i], ColdStarts: cold[i], DurationNS: durationNS[i], QueueNS: queueNS[i],
				Latency: latency.row(i), ColdWait: coldWait.row(i), LastNS: lastNS[i],
			})
		}
	}, func() { totals = nil })
	return totals, TimeRange{time.Unix(0, from).UTC(), time.Unix(0, to).UTC()}, wrap(op, err)
}

// FunctionInits is how the new instances of a function fared.
type FunctionInits struct {
	Function string
	// Ready became ready, Failed never did.
	Ready, Failed uint64
	// Quantiles of the time until ready, in nanoseconds; 0 without one.
	P50NS, P95NS, P99NS float64
}

// FunctionInits returns the inits of a function, of all functions when it is empty, sorted by function.
func (s *Store) FunctionInits(ctx context.Context, r TimeRange, function string) ([]FunctionInits, error) {
	const op = "read function inits"
	from, to, err := r.bounds()
	if err != nil {
		return nil, invalid(op, err)
	}
	inits, err := collect(ctx, s, s.named("function_inits"), []any{param("from", from), param("to", to), param("function", function)},
		func(rows driver.Rows, f *FunctionInits) error {
			if err := rows.Scan(&f.Function, &f.Ready, &f.Failed, &f.P50NS, &f.P95NS, &f.P99NS); err != nil {
				return err
			}
			if f.Ready == 0 {
				f.P50NS, f.P95NS, f.P99NS = 0, 0, 0 // a quantile of nothing is no number
			}
			return nil
		})
	return inits, wrap(op, err)
}

// FunctionResources are what a function had and used.
type FunctionResources struct {
	Function string
	// Contract is what its newest instance speaks: lambda, fc, http or go; "" when that is not known.
	Contract string
	// MemoryLimit is its newest instance's, in bytes, 0 without one; MaxMemory the greatest that an instance came to.
	MemoryLimit, MaxMemory int64
	// CPUNS is the CPU time of all its invocations, ByteNS their durations times the limit: what memory that is held costs.
	CPUNS, ByteNS float64
}

// FunctionResources reads the invocations of a function, of all functions when it is empty, sorted by function.
func (s *Store) FunctionResources(ctx context.Context, r TimeRange, function string) ([]FunctionResources, error) {
	const op = "read function resources"
	from, to, err := r.bounds()
	if err != nil {
		return nil, invalid(op, err)
	}
	params := []any{param("from", from), param("to", to), param("from_day", dayOf(from)), param("to_day", dayOf(to-1)), param("function", function)}
	list, err := collect(ctx, s, s.named("function_resources"), params, func(rows driver.Rows, f *FunctionResources) error {
		return rows.Scan(&f.Function, &f.Contract, &f.MemoryLimit, &f.MaxMemory, &f.CPUNS, &f.ByteNS)
	})
	return list, wrap(op, err)
}

// InstanceQuery asks for the instances of a function, the latest started first.
type InstanceQuery struct {
	Range    TimeRange
	Function string
	// State is the last one within the range; "" is any.
	State string
	// Limit is the page size. Range [1, 1000]. Offset is how many come before the page.
	Limit, Offset int
}

// Instance is what the steps of one instance within a time range say.
type Instance struct {
	ID, Version string
	// State and Reason are those of the last step, as are ErrorType, ErrorMessage and ExitCode.
	State, Reason           string
	ErrorType, ErrorMessage string
	ExitCode                int64
	PID                     int64
	// FirstNS and LastNS are the times of the first and the last step.
	FirstNS, LastNS int64
	// InitNS is how long it took until ready, 0 when that is not known.
	InitNS  int64
	Freezes uint64
}

// Instances returns one page, and how many instances there are.
func (s *Store) Instances(ctx context.Context, q InstanceQuery) (page []Instance, total uint64, err error) {
	const op = "read instances"
	from, to, err := q.Range.bounds()
	if err == nil {
		err = checkLimit(q.Limit, maxLogPage)
	}
	if err == nil && q.Offset < 0 {
		err = errors.New("offset: want at least 0")
	}
	if err != nil {
		return nil, 0, invalid(op, err)
	}
	page, err = collect(ctx, s, s.named("function_instances"), []any{
		param("function", q.Function), param("from", from), param("to", to), param("state", q.State), param("limit", q.Limit), param("skip", q.Offset),
	}, func(rows driver.Rows, i *Instance) error {
		return rows.Scan(&i.ID, &i.Version, &i.State, &i.Reason, &i.ErrorType, &i.ErrorMessage, &i.FirstNS, &i.LastNS, &i.InitNS, &i.PID,
			&i.ExitCode, &i.Freezes, &total)
	})
	return page, total, wrap(op, err)
}
