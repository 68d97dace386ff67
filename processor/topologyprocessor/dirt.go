package topologyprocessor

import (
	"maps"
	"slices"
	"time"

	"weft/semconv"
)

// settleAfter is how long a bucket must have been left alone before it is reconciled; settleAtMost bounds the wait when it never is.
const (
	settleAfter  = 5 * time.Second
	settleAtMost = 60 * time.Second
)

// mark says when something happened that the live edges of a bucket may lack.
type mark struct{ first, last time.Time }

func (m mark) due(now time.Time) bool {
	return now.Sub(m.last) >= settleAfter || now.Sub(m.first) >= settleAtMost
}

// dirt is what has to be compared with what is stored: 10-second buckets, and traces whose buckets are not known.
type dirt struct {
	window      time.Duration
	maxBuckets  int
	maxTraces   int
	buckets     map[int64]mark
	traces      map[[16]byte]struct{}
	tracesSince time.Time
	lost        int64 // buckets beyond maxBuckets
}

func newDirt(l limits) *dirt {
	return &dirt{window: l.window, maxBuckets: l.maxDirtyBuckets, maxTraces: l.maxLateTraces, buckets: make(map[int64]mark), traces: make(map[[16]byte]struct{})}
}

// bucket marks the bucket of a span's start.
func (d *dirt) bucket(startNS int64, now time.Time) { d.mark(semconv.EdgeBucket(startNS), now) }

func (d *dirt) mark(bucket int64, now time.Time) {
	m, ok := d.buckets[bucket]
	if !ok {
		if len(d.buckets) >= d.maxBuckets {
			d.lost++
			return
		}
		m.first = now
	}
	m.last = now
	d.buckets[bucket] = m
}

// trace marks every bucket in which the trace has spans; false when there are too many already.
func (d *dirt) trace(id [16]byte, now time.Time) bool {
	if _, ok := d.traces[id]; !ok && len(d.traces) >= d.maxTraces {
		return false
	}
	if len(d.traces) == 0 {
		d.tracesSince = now
	}
	d.traces[id] = struct{}{}
	return true
}

// takeTraces hands over the marked traces once the first has waited long enough for its spans to be stored.
func (d *dirt) takeTraces(now time.Time, most int) [][16]byte {
	if len(d.traces) == 0 || now.Sub(d.tracesSince) < settleAfter {
		return nil
	}
	var ids [][16]byte
	for id := range d.traces {
		if len(ids) == most {
			break
		}
		ids = append(ids, id)
		delete(d.traces, id)
	}
	return ids
}

// takeBuckets hands over, oldest first, buckets that are due. A bucket that the live side still counts into is not: what comes into it
// after the window marks it again.
func (d *dirt) takeBuckets(now time.Time, most int) []int64 {
	closed := now.Add(-d.window-settleAfter).Unix() - semconv.EdgeBucketSeconds
	var due []int64
	for _, b := range slices.Sorted(maps.Keys(d.buckets)) {
		if len(due) == most || b > closed {
			break
		}
		if d.buckets[b].due(now) {
			due = append(due, b)
			delete(d.buckets, b)
		}
	}
	return due
}
