package store

import (
	"maps"
	"math"
	"slices"

	"weft/semconv"
)

// Histogram counts durations by semconv.LatencyBucket. It is what columns of type Map(UInt16, Int64) hold, and adding two up is exact.
type Histogram map[uint16]int64

// Count is the number of durations.
func (h Histogram) Count() int64 {
	var n int64
	for _, c := range h {
		n += c
	}
	return n
}

// Quantile is the duration in nanoseconds that the share q of all durations does not exceed: the middle of the bucket that holds the
// nearest rank, ceil(q × n), which is at most 1.6 % away from the exact one. Q is in [0, 1]; an empty histogram has 0.
func (h Histogram) Quantile(q float64) (durationNS float64) {
	n := h.Count()
	rank := min(max(int64(math.Ceil(q*float64(n))), 1), n)
	for _, bucket := range slices.Sorted(maps.Keys(h)) {
		if rank -= h[bucket]; rank <= 0 && n > 0 {
			from, to := semconv.LatencyBounds(bucket)
			return from + (to-from)/2
		}
	}
	return 0
}

// Add counts the durations of o as well.
func (h Histogram) Add(o Histogram) {
	for bucket, c := range o {
		h[bucket] += c
	}
}
