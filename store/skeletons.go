package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Bounds of reading many skeletons.
const (
	maxSkeletons       = 1000
	maxSkeletonWindows = 64
	// endpointFrameSpans is in how many spans the traces of an endpoint are looked for at first.
	endpointFrameSpans = 1_000_000
)

// Skeletons returns the thin columns of those of the traces that are stored, in the order of ids, at most 1000. They share one table of
// strings. Traces of more than a million spans together are an Error of kind Invalid.
func (s *Store) Skeletons(ctx context.Context, ids []TraceID) ([]*Skeleton, error) {
	const op = "read skeletons"
	if len(ids) > maxSkeletons {
		return nil, invalid(op, fmt.Errorf("want at most %d ids, got %d", maxSkeletons, len(ids)))
	}
	if len(ids) == 0 {
		return nil, nil
	}
	skeletons, err := s.skeletons(ctx, ids)
	return skeletons, wrap(op, err)
}

func (s *Store) skeletons(ctx context.Context, ids []TraceID) ([]*Skeleton, error) {
	ranges, err := s.traceRanges(ctx, ids)
	if err != nil || len(ranges) == 0 {
		return nil, err
	}
	var spans uint64
	for _, r := range ranges {
		spans += r.spans
	}
	if spans > maxSkeletonSpans {
		return nil, invalid("read skeletons", fmt.Errorf("the traces have %d spans, at most %d can be read at once: ask for fewer", spans, maxSkeletonSpans))
	}
	statement, params := skeletonsStatement(ranges)
	cols := newSkeletonColumns()
	traceIDs := new(proto.ColFixedStr16)
	var all *Skeleton
	var texts textNumbers
	var of []TraceID
	err = s.readNative(ctx, statement, params, append(cols.named, namedColumn{"trace_id", traceIDs}), func() {
		cols.appendTo(all, &texts)
		for _, id := range *traceIDs {
			of = append(of, TraceID(id))
		}
	}, func() {
		texts = textNumbers{index: map[string]uint32{"": 0}, texts: []string{""}}
		all, of = &Skeleton{Spans: make([]SkeletonSpan, 0, spans)}, nil
	})
	if err != nil {
		return nil, err
	}
	byID := split(all, of)
	var found []*Skeleton
	for _, id := range ids {
		if k := byID[id]; k != nil {
			k.Strings = texts.texts
			found = append(found, k)
			delete(byID, id)
		}
	}
	return found, nil
}

// split divides the spans of many traces; of is the trace of each span.
func split(all *Skeleton, of []TraceID) map[TraceID]*Skeleton {
	byID := make(map[TraceID]*Skeleton)
	at := make([]int, len(of)) // place of each span in its trace
	for i, id := range of {
		k := byID[id]
		if k == nil {
			k = &Skeleton{ID: id}
			byID[id] = k
		}
		at[i] = len(k.Spans)
		k.Spans = append(k.Spans, all.Spans[i])
	}
	for _, l := range all.Links {
		k := byID[of[l.From]]
		l.From = at[l.From]
		k.Links = append(k.Links, l)
	}
	return byID
}

// skeletonsStatement reads spans by hour, service and time, then the bloom filter of the trace id: in windows that hold the traces, of which
// the closest are joined until there are few.
func skeletonsStatement(ranges []traceRange) (string, []proto.Parameter) {
	params, _, _ := rangeParams(ranges)
	var windows []window
	for _, group := range groupRanges(ranges) {
		w := window{group[0].firstNS, 0}
		for _, r := range group {
			w.toNS = max(w.toNS, r.lastNS+1)
		}
		windows = append(windows, w)
	}
	where, windowParams := joinClosest(union(frame{windows: windows}, frame{}), maxSkeletonWindows).condition()
	for _, p := range windowParams {
		named := p.(driver.NamedValue)
		params = append(params, nativeParam(named.Name, named.Value.(string)))
	}
	// The service comes first in each hour of the primary key; from and to are the hull, which the windows refine.
	return strings.Replace(skeletonsQuery, "IN_WINDOWS", where, 1), params
}

const skeletonsQuery = `SELECT
    span_id, parent_span_id, name, kind, start_time, duration_ns, status_code, service_name, category, peer_name, error_type, statement_hash,
    toUInt8(attrs_bool['faas.coldstart']) AS cold_start, toUInt32(length(` + "`events.time`" + `)) AS event_count, ` + "`links.trace_id`, `links.span_id`" + `, trace_id
FROM spans
PREWHERE trace_id IN {trace_ids:Array(FixedString(16))} AND service_name IN {services:Array(String)}
  AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time <= fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND IN_WINDOWS`

// joinClosest joins windows across the smallest gaps until there are at most so many.
func joinClosest(fr frame, most int) frame {
	if len(fr.windows) <= most {
		return fr
	}
	gaps := make([]int64, len(fr.windows)-1)
	for i := range gaps {
		gaps[i] = fr.windows[i+1].fromNS - fr.windows[i].toNS
	}
	sorted := slices.Sorted(slices.Values(gaps))
	widest := sorted[len(sorted)-most+1:] // these stay
	joined := frame{share: fr.share, windows: fr.windows[:1:1]}
	for i, gap := range gaps {
		last := &joined.windows[len(joined.windows)-1]
		if len(joined.windows) < most && gap >= widest[0] {
			joined.windows = append(joined.windows, fr.windows[i+1])
		} else {
			last.toNS = fr.windows[i+1].toNS
		}
	}
	return joined
}

// SampleSkeletons returns the skeletons of up to limit of the traces that satisfy q, those with the least hashes, and what was looked at. Limit
// is in [1, 1000]; those of q play no part.
func (s *Store) SampleSkeletons(ctx context.Context, q TraceQuery, limit int) ([]*Skeleton, Sample, error) {
	const op = "sample traces"
	if err := checkLimit(limit, maxSkeletons); err != nil {
		return nil, Sample{}, invalid(op, err)
	}
	f, err := s.spanFilter(ctx, "sample traces", q)
	if err != nil {
		return nil, Sample{}, wrap(op, err)
	}
	all, err := s.newFrames(ctx, q.Range)
	if err != nil {
		return nil, Sample{}, wrap(op, err)
	}
	traces, _, sample, err := s.sampleRare(ctx, f, all, endpointFrameSpans, limit)
	if err != nil || len(traces) == 0 {
		return nil, sample, wrap(op, err)
	}
	skeletons, err := s.skeletons(ctx, idsOf(traces))
	sample.Traces = uint64(len(skeletons))
	return skeletons, sample, wrap(op, err)
}

// Twin is a trace that may be the healthy twin of another: its root has the same service and name, and did not fail.
type Twin struct {
	TraceID    TraceID
	StartNS    int64
	DurationNS int64 // of the root
}

// TwinCandidates is what the roots of a service and name around a time are like.
type TwinCandidates struct {
	// Roots did not fail; half of them take at most MedianNS.
	Roots    uint64
	MedianNS float64
	// Twins take between half and twice the median: those nearest to it, then those nearest in time, each once.
	Twins []Twin
}

// Bounds of a search for twins.
const (
	twinRange = 24 * time.Hour
	maxTwins  = 40 // of each kind
)

// TwinCandidates finds traces other than id whose root is an operation of a service and did not fail, within 24 hours of an instant.
func (s *Store) TwinCandidates(ctx context.Context, id TraceID, service, name string, aroundNS int64) (TwinCandidates, error) {
	const op = "find a twin"
	if service == "" {
		return TwinCandidates{}, invalid(op, errors.New("service: want one"))
	}
	var out TwinCandidates
	seen := make(map[TraceID]bool)
	for _, byTime := range []bool{false, true} {
		params := []any{param("id", id.String()), param("service", service), param("name", name), param("around", fmt.Sprint(aroundNS)),
			param("from", fmt.Sprint(aroundNS-int64(twinRange))), param("to", fmt.Sprint(aroundNS+int64(twinRange))), param("by_time", byTime), param("limit", maxTwins)}
		twins, err := collect(ctx, s, s.named("twins"), params, func(rows driver.Rows, t *Twin) error {
			var trace string
			err := rows.Scan(&trace, &t.StartNS, &t.DurationNS, &out.Roots, &out.MedianNS)
			copy(t.TraceID[:], trace)
			return err
		})
		if err != nil {
			return TwinCandidates{}, wrap(op, err)
		}
		for _, t := range twins {
			if !seen[t.TraceID] {
				seen[t.TraceID] = true
				out.Twins = append(out.Twins, t)
			}
		}
	}
	return out, nil
}
