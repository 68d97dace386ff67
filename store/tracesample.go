package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// An analysis of many traces looks at a sample: at slices of the range when it holds too many spans, and in them at the traces with
// the least hashes. Both depend on nothing but the range and what is stored, so the same question gets the same answer.

// Bounds of a frame.
const (
	// frameSlices is into how many slices, evenly spaced, a range is cut.
	frameSlices = 16
	// maxFrameSpans is the largest frame that rare traces are looked for in.
	maxFrameSpans = 32_000_000
	// enoughTraces is how many traces end the search in growing frames.
	enoughTraces = 100
	frameGrowth  = 4
)

// window is half-open, in Unix nanoseconds.
type window struct{ fromNS, toNS int64 }

// frame is the part of a range that an analysis looks at.
type frame struct {
	windows []window // disjoint, ascending; none when nothing is stored in the range
	share   float64  // of the range
}

// Sample says what an analysis has looked at.
type Sample struct {
	// FromNS and ToNS are the range cut to what is stored, half-open, in Unix nanoseconds; 0 when nothing is.
	FromNS, ToNS int64
	// TimeShare is the part of it that was looked at, in evenly spaced slices; 1 is all of it.
	TimeShare float64
	// Matched is how many traces in these slices satisfy the filter; Traces of them were looked at, those with the least hashes of their ids.
	Matched, Traces uint64
}

// frames knows a range and how many spans are in it.
type frames struct {
	fromNS, toNS int64
	spans        float64 // estimate
}

// newFrames cuts r to what is stored.
func (s *Store) newFrames(ctx context.Context, r TimeRange) (frames, error) {
	from, to, err := r.bounds()
	if err != nil {
		return frames{}, invalid("sample traces", err)
	}
	f := frames{fromNS: math.MaxInt64, toNS: math.MinInt64}
	days, err := s.readSpanDays(ctx)
	for _, d := range days {
		low, high := max(d.firstNS, from), min(d.lastNS+1, to)
		if low >= high {
			continue
		}
		f.spans += float64(d.spans) * float64(high-low) / float64(d.lastNS-d.firstNS+1)
		f.fromNS, f.toNS = min(f.fromNS, low), max(f.toNS, high)
	}
	if f.fromNS > f.toNS {
		return frames{}, err
	}
	return f, err
}

// of returns the frame that holds about so many spans. A larger frame contains every smaller one.
func (f frames) of(spans int) frame {
	if f.spans == 0 {
		return frame{}
	}
	share := float64(spans) / f.spans
	if share >= 1 {
		return frame{windows: []window{{f.fromNS, f.toNS}}, share: 1}
	}
	fr := frame{share: share}
	step := float64(f.toNS-f.fromNS) / frameSlices
	for i := range frameSlices {
		start := f.fromNS + int64(float64(i)*step)
		fr.windows = append(fr.windows, window{start, start + max(int64(step*share), 1)})
	}
	return fr
}

// Margins by which a frame is widened to find the other spans of the traces in it.
const (
	minFrameMargin = int64(time.Second)
	maxFrameMargin = int64(time.Minute)
)

// widened is the frame with room for the other spans of its traces: an eighth of a slice, from a second to a minute, on either side. A
// span further out is not looked at.
func (fr frame) widened() frame {
	wide := frame{share: fr.share}
	for _, w := range fr.windows {
		margin := min(max((w.toNS-w.fromNS)/8, minFrameMargin), maxFrameMargin)
		if fr.share == 1 {
			margin = maxFrameMargin
		}
		wide.windows = append(wide.windows, window{w.fromNS - margin, w.toNS + margin})
	}
	return union(wide, frame{})
}

// union is what is in either frame.
func union(a, b frame) frame {
	all := slices.Concat(a.windows, b.windows)
	slices.SortFunc(all, func(x, y window) int { return cmp.Compare(x.fromNS, y.fromNS) })
	joined := frame{share: max(a.share, b.share)}
	for _, w := range all {
		if last := len(joined.windows) - 1; last >= 0 && joined.windows[last].toNS >= w.fromNS {
			joined.windows[last].toNS = max(joined.windows[last].toNS, w.toNS)
			continue
		}
		joined.windows = append(joined.windows, w)
	}
	return joined
}

// hull is the widest window of all.
func (fr frame) hull() window {
	return window{fr.windows[0].fromNS, fr.windows[len(fr.windows)-1].toNS}
}

// condition is that a span starts in the frame. The numbers are ours, not a user's, but they are parameters all the same.
func (fr frame) condition() (string, []any) {
	var arms []string
	var params []any
	for i, w := range fr.windows {
		n := strconv.Itoa(i)
		arms = append(arms, "start_time >= fromUnixTimestamp64Nano({from"+n+":Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to"+n+":Int64}, 'UTC')")
		params = append(params, param("from"+n, fmt.Sprint(w.fromNS)), param("to"+n, fmt.Sprint(w.toNS)))
	}
	return "(" + strings.Join(arms, " OR ") + ")", params
}

// spanFilter is a TraceQuery ready to be asked: where is its conditions on single spans as SQL, "" when there is none and never when
// none can hold. Limit and Cursor play no part.
type spanFilter struct {
	q      TraceQuery
	where  string
	params []any
	// traces are those with the structure, if one is asked for; there is at least one unless where is never.
	traces []TraceID
}

// spanFilter prepares q; op is the operation that errors name. A structure is looked for here and now, in the whole range and within the
// bounds of a search; as in a count, without a condition on single spans its B is one.
func (s *Store) spanFilter(ctx context.Context, op string, q TraceQuery) (spanFilter, error) {
	if q.MinTraceDuration < 0 || q.MaxTraceDuration < 0 {
		return spanFilter{}, invalid(op, errors.New("trace duration: want 0 or more"))
	}
	if err := checkExpr(q.Where); err != nil {
		return spanFilter{}, invalid(op, err)
	}
	if q.Structure != nil {
		return s.structureFilter(ctx, q)
	}
	q, err := q.liftTraceConditions()
	if err != nil {
		return spanFilter{}, invalid(op, err)
	}
	sides, err := s.attributeSides(ctx, q.Where)
	if err != nil {
		return spanFilter{}, err
	}
	where, params, err := conditions(q.Where, sides)
	if err != nil {
		return spanFilter{}, invalid(op, err)
	}
	return spanFilter{q: q, where: where, params: params}, nil
}

func (s *Store) structureFilter(ctx context.Context, q TraceQuery) (spanFilter, error) {
	search, err := s.newSelection(ctx, q)
	if err != nil {
		return spanFilter{}, err
	}
	nothing := spanFilter{q: q, where: never}
	if search == nil {
		return nothing, nil
	}
	traces, all, err := search.selectTraces(ctx)
	if err != nil {
		return spanFilter{}, err
	}
	if !all {
		return spanFilter{}, search.tooMany()
	}
	if len(traces) == 0 {
		return nothing, nil
	}
	where := search.counted()
	return spanFilter{q: search.q, where: where, params: search.used(where), traces: traces}, nil
}

// withTraces sends the traces of the filter along, if it has any, for the condition that inTraces is.
func (f spanFilter) withTraces(ctx context.Context) (context.Context, error) {
	if f.traces == nil {
		return ctx, nil
	}
	return withCandidates(ctx, f.traces)
}

func (f spanFilter) inTraces() string {
	if f.traces == nil {
		return ""
	}
	return "\n  AND trace_id IN candidates"
}

// renamed gives the parameters another prefix, so that two filters can stand in one statement.
func (f spanFilter) renamed(prefix string) spanFilter {
	out := spanFilter{q: f.q, traces: f.traces, where: strings.ReplaceAll(f.where, "{p", "{"+prefix)}
	for _, p := range f.params {
		named := p.(driver.NamedValue)
		named.Name = prefix + strings.TrimPrefix(named.Name, "p")
		out.params = append(out.params, named)
	}
	return out
}

// on joins the filter and the frame.
func (f spanFilter) on(fr frame) (string, []any) {
	where, params := fr.condition()
	params = append(params, f.params...)
	if f.where != "" {
		where += "\n  AND " + f.where
	}
	if strings.Contains(where, "{from_day:UInt16}") {
		hull := fr.hull()
		params = append(params, param("from_day", fmt.Sprint(dayOf(hull.fromNS))), param("to_day", fmt.Sprint(dayOf(hull.toNS-1))))
	}
	return where, params
}

// hashedTrace is a trace and where sampling places it.
type hashedTrace struct {
	id   TraceID
	hash uint64
}

// sampleTraces returns up to limit of the traces that satisfy f in the frame, those with the least hashes up to maxHash, and how many
// satisfy it in all.
func (s *Store) sampleTraces(ctx context.Context, f spanFilter, fr frame, maxHash uint64, limit int) ([]hashedTrace, uint64, error) {
	if len(fr.windows) == 0 || f.where == never {
		return nil, 0, nil
	}
	ctx, err := f.withTraces(ctx)
	if err != nil {
		return nil, 0, err
	}
	st := sampleStatement(f, fr, maxHash, limit)
	var matched uint64
	traces, err := collect(ctx, s, st.sql, st.params, func(rows driver.Rows, t *hashedTrace) error {
		var id string
		err := rows.Scan(&id, &t.hash, &matched)
		copy(t.id[:], id)
		return err
	})
	return traces, matched, err
}

// sampleStatement reads spans by time, then the indexes of the conditions, and trace_summaries by day for conditions on whole traces.
func sampleStatement(f spanFilter, fr frame, maxHash uint64, limit int) statement {
	q := f.q
	where, params := f.on(fr)
	where += f.inTraces()
	if q.ErrorsOnly || q.MinTraceDuration > 0 || q.MaxTraceDuration > 0 {
		hull := fr.hull()
		where += `
  AND trace_id IN (SELECT trace_id FROM trace_summaries
    WHERE day >= toDate32(fromUnixTimestamp64Nano({from:Int64}, 'UTC')) - 1 AND day <= toDate32(fromUnixTimestamp64Nano({to:Int64}, 'UTC')) + 1
      AND last_start_ns >= {from:Int64} AND start_ns < {to:Int64}
    GROUP BY trace_id
    HAVING max(end_ns) - min(start_ns) >= {min_duration:Int64}
       AND ({max_duration:Int64} = 0 OR max(end_ns) - min(start_ns) <= {max_duration:Int64})
       AND (NOT {errors_only:Bool} OR sum(errors) > 0))`
		params = append(params, param("from", fmt.Sprint(hull.fromNS)), param("to", fmt.Sprint(hull.toNS)),
			param("min_duration", fmt.Sprint(int64(q.MinTraceDuration))), param("max_duration", fmt.Sprint(int64(q.MaxTraceDuration))), param("errors_only", q.ErrorsOnly))
	}
	params = append(params, param("max_hash", strconv.FormatUint(maxHash, 10)), param("limit", strconv.Itoa(limit)))
	return statement{`SELECT trace_id, hash, matched FROM
(
    SELECT trace_id, cityHash64(trace_id) AS hash, count() OVER () AS matched
    FROM (SELECT trace_id FROM spans WHERE ` + where + ` GROUP BY trace_id)
)
WHERE hash <= {max_hash:UInt64}
ORDER BY hash, trace_id
LIMIT {limit:UInt32}`, params}
}

// sampleRare samples in frames of growing size, from firstSpans, until enough traces are found or the frame is as large as it may be.
func (s *Store) sampleRare(ctx context.Context, f spanFilter, all frames, firstSpans, limit int) ([]hashedTrace, frame, Sample, error) {
	for spans := firstSpans; ; spans *= frameGrowth {
		spans = min(spans, maxFrameSpans)
		fr := all.of(spans)
		traces, matched, err := s.sampleTraces(ctx, f, fr, math.MaxUint64, limit)
		if err != nil {
			return nil, frame{}, Sample{}, err
		}
		if len(traces) >= min(enoughTraces, limit) || fr.share == 1 || fr.share == 0 || spans == maxFrameSpans || f.where == never {
			return traces, fr, all.sample(fr, traces, matched), nil
		}
	}
}

func (f frames) sample(fr frame, traces []hashedTrace, matched uint64) Sample {
	if len(fr.windows) == 0 {
		return Sample{TimeShare: 1}
	}
	return Sample{FromNS: f.fromNS, ToNS: f.toNS, TimeShare: fr.share, Matched: matched, Traces: uint64(len(traces))}
}

// without returns those of the traces that are not among the others, which are ordered by hash as they are.
func without(traces, others []hashedTrace) []hashedTrace {
	among := make(map[TraceID]bool, len(others))
	for _, t := range others {
		among[t.id] = true
	}
	return slices.DeleteFunc(traces, func(t hashedTrace) bool { return among[t.id] })
}
