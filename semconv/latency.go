package semconv

import "math"

// latencyMantissa is how many bits of a float64's mantissa a latency bucket keeps: each power of two is cut into 32 buckets of
// equal width, so the middle of a bucket is at most 1.6 % away from every duration in it.
const (
	latencyMantissa = 5
	latencyShift    = 52 - latencyMantissa
)

// LatencyBucket is the number of the histogram bucket that holds a duration, which is not negative: the exponent and the first
// bits of the mantissa of the duration in nanoseconds as a float64. ClickHouse computes the same number as
// bitShiftRight(reinterpretAsUInt64(toFloat64(duration_ns)), 47), so histograms made on either side can be added up.
func LatencyBucket(durationNS int64) uint16 {
	return uint16(math.Float64bits(float64(max(durationNS, 0))) >> latencyShift)
}

// LatencyBounds are the least duration of a bucket and the least of the next one, in nanoseconds.
func LatencyBounds(bucket uint16) (from, to float64) {
	return math.Float64frombits(uint64(bucket) << latencyShift), math.Float64frombits((uint64(bucket) + 1) << latencyShift)
}
