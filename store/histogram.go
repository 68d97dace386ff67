package store

import (
	"cmp"
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

// Quantile is that of Counts.
func (h Histogram) Quantile(q float64) (durationNS float64) { return h.Counts().Quantile(q) }

// Add counts the durations of o as well.
func (h Histogram) Add(o Histogram) {
	for bucket, c := range o {
		h[bucket] += c
	}
}

// Counts is a Histogram as a list, sorted by bucket and without zeros: where there are many, maps cost ten times as much.
type Counts []BucketCount

// BucketCount is how many durations fell into a bucket.
type BucketCount struct {
	Bucket uint16
	Count  int64
}

// Counts is h as a list.
func (h Histogram) Counts() Counts {
	var list Counts
	for bucket, n := range h {
		if n != 0 {
			list = append(list, BucketCount{bucket, n})
		}
	}
	list.sort()
	return list
}

func (c Counts) sort() {
	slices.SortFunc(c, func(a, b BucketCount) int { return cmp.Compare(a.Bucket, b.Bucket) })
}

// Count is the number of durations.
func (c Counts) Count() int64 {
	var n int64
	for _, b := range c {
		n += b.Count
	}
	return n
}

// Quantile is the duration in nanoseconds that the share q of all durations does not exceed: the middle of the bucket that holds the
// nearest rank, ceil(q × n), which is at most 1.6 % away from the exact one. Q is in [0, 1]; an empty histogram has 0.
func (c Counts) Quantile(q float64) (durationNS float64) {
	var out [1]float64
	c.Quantiles(out[:], q)
	return out[0]
}

// Quantiles writes the quantiles of qs, which ascend, into durationsNS.
func (c Counts) Quantiles(durationsNS []float64, qs ...float64) {
	n := c.Count()
	at, upTo := -1, int64(0) // how many durations c[:at+1] counts
	for i, q := range qs {
		durationsNS[i] = 0
		rank := min(max(int64(math.Ceil(q*float64(n))), 1), n)
		for n > 0 && upTo < rank {
			at++
			upTo += c[at].Count
		}
		if n > 0 {
			from, to := semconv.LatencyBounds(c[at].Bucket)
			durationsNS[i] = from + (to-from)/2
		}
	}
}

// HistogramSum adds up histograms. Buckets near each other, as those of one edge are, are a list of counters; those are small, because of
// thousands of edges it matters how much of them fits into the processor's cache.
type HistogramSum struct {
	first  int // the bucket of counts[0]
	counts []int32
	far    Histogram // what is too far away from the others, or too much for a small counter
}

// Bounds of HistogramSum.counts: it grows by whole powers of two of time, of which it holds at most 64. All durations but 0 are within 64.
const (
	sumStep   = 32
	sumMargin = 2 * sumStep
	maxSum    = 64 * sumStep
)

// Add counts the durations of c as well.
func (s *HistogramSum) Add(c Counts) {
	for _, b := range c {
		if !s.addNear(b.Bucket, b.Count) {
			s.addOutside(b.Bucket, b.Count)
		}
	}
}

// addRow counts, in each of buckets, times what counts says of it.
func (s *HistogramSum) addRow(buckets []uint16, counts []int64, times int64) {
	for i, bucket := range buckets {
		if n := times * counts[i]; !s.addNear(bucket, n) {
			s.addOutside(bucket, n)
		}
	}
}

// addNear is small enough to become a part of its callers' loops.
func (s *HistogramSum) addNear(bucket uint16, n int64) bool {
	at := int(bucket) - s.first
	if uint(at) >= uint(len(s.counts)) {
		return false
	}
	sum := int64(s.counts[at]) + n
	if int64(int32(sum)) != sum {
		return false
	}
	s.counts[at] = int32(sum)
	return true
}

// addOutside makes room for what is not near, or keeps it apart.
func (s *HistogramSum) addOutside(bucket uint16, n int64) {
	if s.reach(int(bucket)) && s.addNear(bucket, n) {
		return
	}
	if s.far == nil {
		s.far = Histogram{}
	}
	s.far[bucket] += n
}

// reach makes room for a bucket in counts; false when there cannot be. Bucket 0, of durations of nothing, is far from all others.
func (s *HistogramSum) reach(bucket int) bool {
	if bucket == 0 {
		return false
	}
	first, end := s.first, s.first+len(s.counts)
	if first == end {
		first, end = bucket, bucket
	}
	if bucket <= first {
		first = max(0, bucket/sumStep*sumStep-sumMargin)
	}
	if bucket >= end {
		end = (bucket/sumStep+1)*sumStep + sumMargin
	}
	if end-first > maxSum {
		return false
	}
	if end-first == len(s.counts) {
		return true
	}
	counts := make([]int32, end-first)
	if len(s.counts) > 0 {
		copy(counts[s.first-first:], s.counts)
	}
	s.first, s.counts = first, counts
	return true
}

// Counts is the sum.
func (s *HistogramSum) Counts() Counts { return s.takeFrom(new(Counts)) }

// takeFrom is the sum in memory that is cut off from free, which is replaced when it is too short.
func (s *HistogramSum) takeFrom(free *Counts) Counts {
	const atOnce = 1 << 15
	if len(s.far) > 0 {
		all := maps.Clone(s.far)
		for i, n := range s.counts {
			if n != 0 {
				all[uint16(s.first+i)] += int64(n)
			}
		}
		return all.Counts()
	}
	if cap(*free) < len(s.counts) {
		*free = make(Counts, 0, max(len(s.counts), min(atOnce, 64*cap(*free))))
	}
	list := *free
	for i, n := range s.counts {
		if n != 0 {
			list = append(list, BucketCount{uint16(s.first + i), int64(n)})
		}
	}
	*free = list[len(list):]
	return slices.Clip(list)
}
