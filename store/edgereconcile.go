package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"weft/semconv"
)

// Bounds of a reconciliation.
const (
	maxEdgeBuckets = 100_000
	// maxGraphSpans bounds the memory of one pass, about 180 bytes a span; more spans take several passes, each with whole traces.
	maxGraphSpans = 400_000
	// maxSumEdges bounds the memory of what is compared, some 600 bytes an edge and more with wide histograms; more edges take several
	// rounds over the same spans, each with a share of the edges.
	maxSumEdges = 200_000
	// maxEdgeShares ends what would never be few enough.
	maxEdgeShares = 1 << 12
	// runBuckets is how many buckets are read at once when their spans are few enough.
	runBuckets = 30
	// edgeMargin is how far around the buckets partners are looked for before trace_summaries is asked.
	edgeMargin = 3 * time.Second
	// parentReachDays and linkReachDays are how many days away from a span its parent, and what it links to, are looked for.
	parentReachDays = 1
	linkReachDays   = 7
)

// ReconcileEdges makes the edges of buckets what the stored spans say, by inserting the difference, and returns how many edges
// differed. Doing it twice changes nothing. Two processes that do it at once from the same state insert the same difference with the
// same token; when they see different states, the next call repairs what they left.
//
// A partner counts however far away it starts, within a day of the span, and what it links to within 7 days. One thing is not seen:
// the second half of a span whose id is shared, when it starts more than 3 seconds away from everything that refers to it.
func (s *Store) ReconcileEdges(ctx context.Context, buckets []time.Time) (corrected int, err error) {
	const op = "reconcile edges"
	if len(buckets) > maxEdgeBuckets {
		return 0, invalid(op, fmt.Errorf("want at most %d buckets, got %d", maxEdgeBuckets, len(buckets)))
	}
	var starts []int64
	for _, b := range buckets {
		if b.Before(minTime) || b.After(maxTime) {
			return 0, invalid(op, fmt.Errorf("want buckets between %s and %s, got %s", minTime.Format(time.DateOnly), maxTime.Format(time.DateOnly), b))
		}
		starts = append(starts, semconv.EdgeBucket(b.UnixNano()))
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	for len(starts) > 0 {
		n := 1
		for n < len(starts) && n < runBuckets && starts[n]-starts[0] < runBuckets*int64(EdgeBucket/time.Second) {
			n++
		}
		c, err := s.reconcileRun(ctx, starts[:n])
		corrected += c
		if err != nil {
			return corrected, wrap(op, err)
		}
		starts = starts[n:]
	}
	return corrected, nil
}

// reconcileRun corrects buckets that are near each other; when they hold too many spans, half of them first.
func (s *Store) reconcileRun(ctx context.Context, starts []int64) (corrected int, err error) {
	from := starts[0] * int64(time.Second)
	to := starts[len(starts)-1]*int64(time.Second) + int64(EdgeBucket)
	nearFrom, nearTo := from-int64(edgeMargin), to+int64(edgeMargin)
	counts, err := collect(ctx, s, s.named("edge_span_count"), []any{param("from", nearFrom), param("to", nearTo)},
		func(rows driver.Rows, n *uint64) error { return rows.Scan(n) })
	if err != nil || len(counts) != 1 {
		return 0, err
	}
	if counts[0] > s.graphSpans && len(starts) > 1 {
		half := len(starts) / 2
		if corrected, err = s.reconcileRun(ctx, starts[:half]); err != nil {
			return corrected, err
		}
		more, err := s.reconcileRun(ctx, starts[half:])
		return corrected + more, err
	}
	return s.reconcileShare(ctx, starts, nearFrom, nearTo, counts[0], allEdges)
}

// reconcileShare corrects a share of the edges of buckets; when it holds too many, half of them first. Spans of them are the spans that start in
// [nearFrom, nearTo).
func (s *Store) reconcileShare(ctx context.Context, starts []int64, nearFrom, nearTo int64, spans uint64, share edgeShare) (corrected int, err error) {
	wanted := make(map[int64]struct{}, len(starts))
	for _, b := range starts {
		wanted[b] = struct{}{}
	}
	inBuckets := func(startNS int64) bool {
		_, ok := wanted[semconv.EdgeBucket(startNS)]
		return ok
	}
	truth := newEdgeSum(false)
	truth.share, truth.limit = share, s.sumEdges
	symbols := newSymbolTable()
	passes := int(spans/s.graphSpans) + 1
	for pass := 0; pass < passes && !truth.full(); pass++ {
		g := newEdgeGraph(int(spans)/passes+16, symbols)
		if err := s.readEdgeSpans(ctx, g, nearFrom, nearTo, passes, pass, inBuckets); err != nil {
			return 0, err
		}
		if err := s.addFarPartners(ctx, g, nearFrom, nearTo, passes > 1); err != nil {
			return 0, err
		}
		g.sum(truth)
	}
	if !truth.full() {
		corrected, err = s.correct(ctx, starts, truth.sorted(), share)
		if !errors.Is(err, errManyEdges) {
			return corrected, err
		}
	}
	if share.of >= maxEdgeShares {
		return corrected, fmt.Errorf("more than %d edges in a share of %d: %w", s.sumEdges, share.of, errManyEdges)
	}
	truth = nil // its memory is needed
	for _, half := range share.halves() {
		n, err := s.reconcileShare(ctx, starts, nearFrom, nearTo, spans, half)
		if corrected += n; err != nil {
			return corrected, err
		}
	}
	return corrected, nil
}

// addFarPartners completes g, which has all spans that start in [from, to), or of some traces only, with the partners of its counted
// spans that start elsewhere, and prepares it for sum.
func (s *Store) addFarPartners(ctx context.Context, g *edgeGraph, from, to int64, someTraces bool) error {
	g.resolve()
	near := len(g.spans)
	far, err := s.rangesOutside(ctx, g.missing(), from, to, parentReachDays, false)
	if err != nil {
		return err
	}
	if err := s.readEdgeTraces(ctx, g, far, nil, notCounted); err != nil {
		return err
	}
	if err := s.addTargets(ctx, g, from, to, someTraces); err != nil {
		return err
	}
	if len(g.spans) > near {
		g.resolve()
	}
	return nil
}

// addTargets adds to g what the links of its counted spans point at: of those traces that have spans outside [from, to), or of all.
func (s *Store) addTargets(ctx context.Context, g *edgeGraph, from, to int64, all bool) error {
	traces := make(map[TraceID]struct{})
	var spanIDs []uint64
	for k := range g.missingTargets() {
		traces[k.trace] = struct{}{}
		spanIDs = append(spanIDs, k.span)
	}
	if len(traces) == 0 {
		return nil
	}
	slices.Sort(spanIDs)
	linked, err := s.rangesOutside(ctx, sortedIDs(traces), from, to, linkReachDays, all)
	if err != nil {
		return err
	}
	return s.readEdgeTraces(ctx, g, linked, slices.Compact(spanIDs), notCounted)
}

// notCounted marks spans that are read as partners.
func notCounted(int64) bool { return false }

// correct inserts what truth has more or less than what is stored of a share of the buckets' edges; errManyEdges when too many are stored.
func (s *Store) correct(ctx context.Context, starts []int64, truth []Edge, share edgeShare) (corrected int, err error) {
	stored, updated, err := s.edgesOfBuckets(ctx, starts, share)
	if err != nil {
		return 0, err
	}
	if len(stored) > s.sumEdges {
		return 0, errManyEdges
	}
	differences := subtractEdges(truth, stored)
	for len(differences) > 0 {
		n := 1
		for n < len(differences) && differences[n].BucketUnix == differences[0].BucketUnix {
			n++
		}
		bucket := differences[0].BucketUnix
		if err := s.InsertEdges(ctx, differences[:n], correctionToken(bucket, updated[bucket], differences[:n])); err != nil {
			return corrected, err
		}
		corrected += n
		differences = differences[n:]
	}
	return corrected, nil
}

// edgesOfBuckets reads the stored edges of a share of buckets, added up and sorted, at most one more than may be, and when each bucket was
// last written to.
func (s *Store) edgesOfBuckets(ctx context.Context, starts []int64, share edgeShare) ([]Edge, map[int64]time.Time, error) {
	updated := make(map[int64]time.Time)
	params := []any{param("buckets", starts), param("from", starts[0]), param("to", starts[len(starts)-1]),
		param("share", share.n), param("shares", share.of), param("limit", s.sumEdges+1)}
	edges, err := collect(ctx, s, s.named("edges_of_buckets"), params, func(rows driver.Rows, e *Edge) error {
		var bucket, at time.Time
		if err := rows.Scan(&bucket, (*uint8)(&e.Type), &e.Source, &e.Target, &e.Via, &e.Calls, &e.Errors, &e.ColdStarts, &e.Retries, &e.DeadLetters,
			&e.DurationNS, (*map[uint16]int64)(&e.Latency), (*map[uint16]int64)(&e.QueueAge), &at); err != nil {
			return err
		}
		e.BucketUnix = bucket.Unix()
		if at.After(updated[e.BucketUnix]) {
			updated[e.BucketUnix] = at
		}
		return nil
	})
	slices.SortFunc(edges, compareEdges)
	return edges, updated, err
}

// subtractEdges is a less b, without the edges that are equal; both are sorted.
func subtractEdges(a, b []Edge) []Edge {
	var out []Edge
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && compareEdges(a[0], b[0]) < 0:
			out = append(out, a[0])
			a = a[1:]
		case len(a) == 0 || compareEdges(a[0], b[0]) > 0:
			none := Edge{BucketUnix: b[0].BucketUnix, Type: b[0].Type, Source: b[0].Source, Target: b[0].Target, Via: b[0].Via}
			if d := none.less(&b[0]); !d.isZero() {
				out = append(out, d)
			}
			b = b[1:]
		default:
			if d := a[0].less(&b[0]); !d.isZero() {
				out = append(out, d)
			}
			a, b = a[1:], b[1:]
		}
	}
	return out
}

// less is e minus o.
func (e *Edge) less(o *Edge) Edge {
	d := *e
	d.Calls, d.Errors, d.ColdStarts = e.Calls-o.Calls, e.Errors-o.Errors, e.ColdStarts-o.ColdStarts
	d.Retries, d.DeadLetters, d.DurationNS = e.Retries-o.Retries, e.DeadLetters-o.DeadLetters, e.DurationNS-o.DurationNS
	d.Latency, d.QueueAge = e.Latency.less(o.Latency), e.QueueAge.less(o.QueueAge)
	return d
}

// less is h minus o, without the buckets that are equal; nil when all are.
func (h Histogram) less(o Histogram) Histogram {
	d := maps.Clone(h)
	if d == nil {
		d = Histogram{}
	}
	for bucket, n := range o {
		d[bucket] -= n
	}
	maps.DeleteFunc(d, func(_ uint16, n int64) bool { return n == 0 })
	if len(d) == 0 {
		return nil
	}
	return d
}

func (e *Edge) isZero() bool {
	return e.Calls == 0 && e.Errors == 0 && e.ColdStarts == 0 && e.Retries == 0 && e.DeadLetters == 0 && e.DurationNS == 0 &&
		len(e.Latency) == 0 && len(e.QueueAge) == 0
}

// correctionToken is the same for equal corrections of a bucket that was last written to at one time.
func correctionToken(bucketUnix int64, updated time.Time, edges []Edge) string {
	h := sha256.New()
	for i := range edges {
		e := &edges[i]
		fmt.Fprintf(h, "%d %q %q %q %d %d %d %d %d %d\n", e.Type, e.Source, e.Target, e.Via, e.Calls, e.Errors, e.ColdStarts, e.Retries, e.DeadLetters, e.DurationNS)
		for _, histogram := range []Histogram{e.Latency, e.QueueAge} {
			for _, bucket := range slices.Sorted(maps.Keys(histogram)) {
				fmt.Fprintf(h, "%d:%d ", bucket, histogram[bucket])
			}
			fmt.Fprintln(h)
		}
	}
	return fmt.Sprintf("correction/%d/%d/%x", bucketUnix, updated.UnixMilli(), h.Sum(nil)[:16])
}

// EdgeBucketsSince returns the buckets in which spans start that the engine took in at or after an instant, in ascending order; of more
// than limit the newest.
func (s *Store) EdgeBucketsSince(ctx context.Context, inserted time.Time, limit int) ([]time.Time, error) {
	const op = "list edge buckets"
	if err := checkLimit(limit, maxEdgeBuckets); err != nil {
		return nil, invalid(op, err)
	}
	starts, err := collect(ctx, s, s.named("edge_buckets_since"), []any{param("inserted", inserted.UnixMilli()), param("limit", limit)},
		func(rows driver.Rows, start *int64) error { return rows.Scan(start) })
	return bucketTimes(starts, limit), wrap(op, err)
}

// EdgeBucketsOfTraces returns the buckets in which spans of traces start, in ascending order; of more than limit the newest.
func (s *Store) EdgeBucketsOfTraces(ctx context.Context, ids []TraceID, limit int) ([]time.Time, error) {
	const op = "list edge buckets of traces"
	if err := checkLimit(limit, maxEdgeBuckets); err != nil {
		return nil, invalid(op, err)
	}
	var starts []int64
	for chunk := range slices.Chunk(ids, maxTraces) {
		ranges, err := s.traceRanges(ctx, chunk)
		if err != nil {
			return nil, wrap(op, err)
		}
		for _, group := range overlapping(ranges) {
			q := group.query(s.named("edge_buckets_of_traces"))
			q.Parameters = append(q.Parameters, intParam("limit", int64(limit)))
			var bucket proto.ColInt64
			var found []int64
			err := s.readNativeQuery(ctx, q, []namedColumn{{"bucket", &bucket}}, func() { found = append(found, bucket...) }, func() { found = nil })
			if err != nil {
				return nil, wrap(op, err)
			}
			starts = append(starts, found...)
		}
	}
	return bucketTimes(starts, limit), nil
}

// bucketTimes sorts starts, in Unix seconds, and keeps the newest limit distinct ones.
func bucketTimes(starts []int64, limit int) []time.Time {
	slices.Sort(starts)
	starts = slices.Compact(starts)
	starts = starts[max(0, len(starts)-limit):]
	times := make([]time.Time, len(starts))
	for i, t := range starts {
		times[i] = time.Unix(t, 0).UTC()
	}
	return times
}
