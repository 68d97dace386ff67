package store

import (
	"context"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/ClickHouse/ch-go/proto"
)

// What edgeCache keeps, and how long.
const (
	// edgesQuiet is the age from which on buckets are kept: those that come late are corrected after three minutes (docs/topology.md), and two
	// more have to pass without a row.
	edgesQuiet = 6 * time.Minute
	// Shorter ranges are read as fast as they are asked about. Longer ones would make it slow to ask.
	minKeptEdges, maxKeptEdges = 15 * time.Minute, 26 * time.Hour
	// maxKeptEdgesAge is how long a sum is used. Retention takes rows away without leaving a newer one.
	maxKeptEdgesAge = 10 * time.Minute
	// maxKeptEdgesBytes bounds what all sums take.
	maxKeptEdgesBytes = 64 << 20
)

// edgeCache keeps the sums of ranges that are over: adding up the histograms of thousands of edges takes twenty times as long as asking
// whether anything was written about them since, by this process or another one.
type edgeCache struct {
	mu   sync.Mutex
	kept []*keptEdges // protected by mu; the one that was used last comes last
}

// keptEdges are the sums of the edges of a range. They never change.
type keptEdges struct {
	edgeRange
	edges   []TopologyEdge // sorted; also those without a call, which the rest of a window may have
	sinceMS int64          // rows with a newer updated_at, by the engine's clock, may be missing
	read    time.Time
}

func (k *keptEdges) bytes() int {
	n := len(k.edges) * int(unsafe.Sizeof(TopologyEdge{}))
	for i := range k.edges {
		n += (len(k.edges[i].Latency) + len(k.edges[i].QueueAge)) * int(unsafe.Sizeof(BucketCount{}))
	}
	return n
}

// find returns what is kept of a range, or nil.
func (c *edgeCache) find(r edgeRange) *keptEdges {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = slices.DeleteFunc(c.kept, func(k *keptEdges) bool { return time.Since(k.read) > maxKeptEdgesAge })
	at := slices.IndexFunc(c.kept, func(k *keptEdges) bool { return k.edgeRange == r })
	if at < 0 {
		return nil
	}
	found := c.kept[at]
	c.kept = append(slices.Delete(c.kept, at, at+1), found)
	return found
}

// keep takes in a sum in place of an older one of its range. What was not used for the longest time goes when there is too much.
func (c *edgeCache) keep(k *keptEdges) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(k.edgeRange)
	if k.bytes() > maxKeptEdgesBytes {
		return
	}
	c.kept = append(c.kept, k)
	total := 0
	for i := len(c.kept) - 1; i >= 0; i-- {
		if total += c.kept[i].bytes(); total > maxKeptEdgesBytes {
			c.kept = slices.Delete(c.kept, 0, i+1)
			return
		}
	}
}

// forget drops what is kept of a range.
func (c *edgeCache) forget(r edgeRange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(r)
}

// drop is forget. REQUIRES c.mu.
func (c *edgeCache) drop(r edgeRange) {
	c.kept = slices.DeleteFunc(c.kept, func(k *keptEdges) bool { return k.edgeRange == r })
}

// split cuts a window into the part that is kept and the rest. All of a window that is over is kept; of one that goes on, what edges_5m and
// edges_1h answer for of the time that is over; edges_1h is complete since an hour, in Unix seconds. False when there is nothing to keep.
func (w edgeWindow) split(now time.Time, complete int64) (kept, rest edgeWindow, ok bool) {
	over := floorTo(now.Add(-edgesQuiet).Unix(), coarseSeconds)
	kept, rest = w, w
	if max(w.fine.to, w.minutes.to) > over {
		r := edgeRange{w.minutes.from, min(w.minutes.to, over)}
		kept, rest.hours = edgeWindow{r, r, r.widen(coarseSeconds, hourSeconds, now.Unix(), complete)}, r
	} else {
		rest = edgeWindow{}
	}
	length := time.Duration(kept.fine.to-kept.fine.from) * time.Second
	return kept, rest, length >= minKeptEdges && length <= maxKeptEdges
}

// windowEdges adds up the rows of a window, or returns errManyEdges when there are more than limit edges.
func (s *Store) windowEdges(ctx context.Context, w edgeWindow, limit int) ([]TopologyEdge, error) {
	over, rest, ok := w.split(time.Now(), s.completeHours)
	var kept *keptEdges
	if ok {
		var err error
		if kept, err = s.overEdges(ctx, over, limit); err != nil {
			return nil, err
		}
	}
	if kept == nil {
		totals, err := s.readEdgeRows(ctx, w, true, limit)
		if err != nil {
			return nil, err
		}
		return called(totals.edges()), nil
	}
	totals, err := s.readEdgeRows(ctx, rest, false, limit)
	if err != nil {
		return nil, err
	}
	edges, err := totals.with(kept.edges, limit)
	return called(edges), err
}

// overEdges are the edges of a window that is over, kept or from now on, or nil while it is still written to.
func (s *Store) overEdges(ctx context.Context, w edgeWindow, limit int) (*keptEdges, error) {
	kept := s.edgeSums.find(w.fine)
	since := time.Now().Add(-edgesSettle).UnixMilli()
	if kept != nil {
		since = kept.sinceMS
	}
	changed, now, err := s.edgesChanged(ctx, w.fine, since)
	if err != nil {
		return nil, err
	}
	if changed {
		s.edgeSums.forget(w.fine)
		return nil, nil
	}
	if kept != nil {
		return kept, nil
	}
	kept = &keptEdges{edgeRange: w.fine, sinceMS: now - edgesSettle.Milliseconds(), read: time.Now()}
	totals, err := s.readEdgeRows(ctx, w, true, limit)
	if err != nil {
		return nil, err
	}
	kept.edges = totals.edges()
	slices.SortFunc(kept.edges, TopologyEdge.compare)
	s.edgeSums.keep(kept)
	return kept, nil
}

// edgesChanged reports whether anything was written about a range after a time, and what time it is by the engine's clock.
func (s *Store) edgesChanged(ctx context.Context, r edgeRange, sinceMS int64) (changed bool, nowMS int64, err error) {
	var rows, now proto.ColInt64
	params := []proto.Parameter{intParam("from", r.from), intParam("to", r.to), intParam("since", sinceMS)}
	err = s.readNative(ctx, s.named("edges_changed"), params, []namedColumn{{"changed", &rows}, {"now", &now}}, func() {
		changed, nowMS = rows[0] != 0, now[0]
	}, func() {})
	return changed, nowMS, err
}
