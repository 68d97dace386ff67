package store

import (
	"math/bits"

	"weft/semconv"
)

// cells are the histograms of many groups under construction: a number per span that sorts by group, then by bucket. Sorting once is
// a third of the price of a counter per group and bucket, whose memory is too large to be near.
type cells struct{ list, spare []uint64 }

// The lowest bit of a cell says that the span failed; the bucket follows, then the group.
const (
	cellBucket = 1
	cellGroup  = cellBucket + 16
)

func (c *cells) add(group uint32, durationNS int64, failed bool) {
	cell := uint64(group)<<cellGroup | uint64(semconv.LatencyBucket(durationNS))<<cellBucket
	if failed {
		cell |= 1
	}
	c.list = append(c.list, cell)
}

// histograms appends a row for each of the groups to latency and, unless it is nil, one of the failed spans to errorLatency.
func (c *cells) histograms(groups int, latency, errorLatency *countsColumn) {
	c.sort(groups)
	at := 0
	for group := range groups {
		for at < len(c.list) && int(c.list[at]>>cellGroup) == group {
			bucket := c.list[at] >> cellBucket
			var spans, failed int64
			for ; at < len(c.list) && c.list[at]>>cellBucket == bucket; at++ {
				spans++
				failed += int64(c.list[at] & 1)
			}
			latency.append(uint16(bucket), spans)
			if errorLatency != nil && failed > 0 {
				errorLatency.append(uint16(bucket), failed)
			}
		}
		latency.end()
		if errorLatency != nil {
			errorLatency.end()
		}
	}
}

// sort is a radix sort by the bits that groups need, least significant digit first.
func (c *cells) sort(groups int) {
	const digit = 11
	if cap(c.spare) < len(c.list) {
		c.spare = make([]uint64, len(c.list), cap(c.list))
	}
	from, to := c.list, c.spare[:len(c.list)]
	for shift := 0; shift < cellGroup+bits.Len(uint(groups)); shift += digit {
		var starts [1 << digit]int
		for _, cell := range from {
			starts[cell>>shift&(1<<digit-1)]++
		}
		next := 0
		for i, n := range starts {
			starts[i] = next
			next += n
		}
		for _, cell := range from {
			d := cell >> shift & (1<<digit - 1)
			to[starts[d]] = cell
			starts[d]++
		}
		from, to = to, from
	}
	c.list, c.spare = from, to
}
