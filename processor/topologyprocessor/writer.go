package topologyprocessor

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"
)

// writer is the one goroutine that talks to the sink, so that an edge is always written before its bucket is reconciled.
type writer struct {
	*topology
	id      string // of this process's tokens
	blocks  uint64
	started time.Time

	// unsent is a block whose outcome is not known; it is sent again under its token before anything else.
	unsent      []Edge
	skipped     int // flushes put off since the last one
	unsentToken string

	// since is from when on stored spans may not have been counted: two windows before the last edge of an earlier process.
	since time.Time
	known bool
	// recovered counts the looks at what an earlier process may have left uncounted, recoveries in all.
	recovered     int
	nextRecovery  time.Time
	nextReconcile time.Time
}

// recoveries is how often buckets of before the start are marked: once at once, and once when everything that belongs to spans of
// before the start had its window to arrive.
const recoveries = 2

// backfill is how far back the spans of a store without any edges are counted.
const backfill = 24 * time.Hour

// attempt bounds one call of the sink.
const attempt = 30 * time.Second

func (w *writer) run(ctx context.Context) {
	tick := time.NewTicker(w.cfg.FlushInterval)
	defer tick.Stop()
	w.nextRecovery, w.nextReconcile = w.started, w.started.Add(w.cfg.ReconcileInterval)
	for {
		select {
		case <-ctx.Done():
			w.last()
			return
		case <-tick.C:
		}
		if w.skip() {
			continue
		}
		if !w.known && !w.look(ctx) || !w.flush(ctx, false) || w.cfg.ReconcileInterval == 0 {
			continue
		}
		if now := w.now(); !now.Before(w.nextReconcile) {
			w.nextReconcile = now.Add(w.cfg.ReconcileInterval)
			w.reconcile(ctx, now)
		}
	}
}

// With more than manyEdges to write, and every flush writes an edge anew as long as its ten seconds last, most flushes are put off, for
// manyFlushes intervals in all.
const (
	manyEdges   = 2000
	manyFlushes = 3
)

func (w *writer) skip() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.graph.edges) < manyEdges || w.skipped == manyFlushes-1 {
		w.skipped = 0
		return false
	}
	w.skipped++
	return true
}

// look finds out where an earlier process left off. It goes before the first write, which would hide that.
func (w *writer) look(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	last, err := w.sink.LastEdges(ctx)
	if err != nil {
		w.failed("look up the last edges", err)
		return false
	}
	if w.since = last.Add(-2 * w.cfg.Window); last.IsZero() {
		w.since = w.started.Add(-backfill)
	}
	w.known = true
	return true
}

// last writes what is left when the process ends.
func (w *writer) last() {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if w.flush(ctx, true) { // an unsent block first
		w.flush(ctx, true)
	}
}

// flush writes what was counted; false when the sink did not take it. The final one ends every grace period.
func (w *writer) flush(ctx context.Context, final bool) bool {
	if w.unsent == nil {
		w.mu.Lock()
		now := w.now()
		w.graph.tick(now)
		w.graph.settle()
		if final {
			w.graph.settleAll()
		}
		edges, counted := w.graph.take(final), w.graph.stats
		w.graph.stats = stats{}
		w.mu.Unlock()
		w.tel.report(counted)
		if len(edges) == 0 {
			return true
		}
		w.blocks++
		w.unsent, w.unsentToken = edges, fmt.Sprintf("topology-%s-%d", w.id, w.blocks)
	}
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	if err := w.sink.AddEdges(ctx, w.unsent, w.unsentToken); err != nil {
		w.tel.failed("write")
		w.log.Warn("edges of the topology cannot be written; they are kept", zap.Int("edges", len(w.unsent)), zap.Error(err))
		return false
	}
	w.tel.edges.Add(ctx, int64(len(w.unsent)))
	w.unsent = nil
	return true
}

// reconcile compares marked buckets with the stored spans, unless spans that were counted may not be stored yet.
func (w *writer) reconcile(ctx context.Context, now time.Time) {
	behind := w.sink.Behind()
	if behind > settleAfter {
		return
	}
	if w.recovered < recoveries && !now.Before(w.nextRecovery) && !w.recover(ctx, now) {
		return
	}
	w.mu.Lock()
	ids := w.graph.dirty.takeTraces(now, maxLateTraces)
	w.mu.Unlock()
	if len(ids) > 0 {
		ctx, cancel := context.WithTimeout(ctx, attempt)
		defer cancel()
		buckets, err := w.sink.BucketsOfTraces(ctx, ids, maxDirtyBuckets)
		if err != nil {
			w.failed("look up late traces", err)
		}
		w.mu.Lock()
		if err != nil {
			for _, id := range ids {
				w.graph.dirty.trace(id, now)
			}
		}
		for _, b := range buckets {
			w.graph.dirty.mark(b.Unix(), now.Add(-settleAfter))
		}
		w.mu.Unlock()
	}
	w.mu.Lock()
	due := w.graph.dirty.takeBuckets(now, w.cfg.ReconcileBuckets)
	w.mu.Unlock()
	if len(due) == 0 {
		return
	}
	buckets := make([]time.Time, len(due))
	for i, b := range due {
		buckets[i] = time.Unix(b, 0).UTC()
	}
	ctx, cancel := context.WithTimeout(ctx, 2*attempt)
	defer cancel()
	corrected, err := w.sink.Reconcile(ctx, buckets)
	w.tel.corrections.Add(ctx, int64(corrected))
	if err != nil {
		w.failed("reconcile", err)
		w.mu.Lock()
		for _, b := range due {
			w.graph.dirty.mark(b, now)
		}
		w.mu.Unlock()
	}
}

func (w *writer) failed(operation string, err error) {
	w.tel.failed(operation)
	w.log.Warn("the topology cannot be reconciled now; it is tried again", zap.String("operation", operation), zap.Error(err))
}

// recover marks the buckets of spans that were stored when nobody counted: by a process that was killed before it wrote its edges, or from the
// disk queue that it left.
func (w *writer) recover(ctx context.Context, now time.Time) bool {
	if w.recovered == 0 && w.sink.Behind() >= now.Sub(w.started) {
		return false // the queue still holds what came before this process
	}
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	buckets, err := w.sink.BucketsSince(ctx, w.since, maxDirtyBuckets)
	if err != nil {
		w.failed("look up what was stored before the start", err)
		return false
	}
	w.mu.Lock()
	for _, b := range buckets {
		w.graph.dirty.mark(b.Unix(), now)
	}
	w.mu.Unlock()
	w.recovered++
	w.nextRecovery = w.started.Add(2 * w.cfg.Window)
	return true
}
