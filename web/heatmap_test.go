package web

import (
	"maps"
	"testing"

	"weft/semconv"
	"weft/store"
)

// Spans that took no time stand beside those of a nanosecond, in a bucket that begins at 0.
func TestSpansOfNoTime(t *testing.T) {
	second := semconv.LatencyBucket(1e9)
	for _, join := range []uint16{1, 8, 32} {
		c := spanCounts{join: join}
		got := c.coarse(store.Histogram{0: 3, semconv.LatencyBucket(1): 2, second: 1})
		least := semconv.LatencyBucket(1) / join
		if want := map[uint16]int64{least: 5, second / join: 1}; !maps.Equal(got, want) {
			t.Errorf("%d joined: got %v, want %v", join, got, want)
		}
		if b := c.bucket(least); b.FromNS != 0 || b.ToNS <= 1 {
			t.Errorf("%d joined: the first bucket is %+v", join, b)
		}
		if b := c.bucket(least + 1); b.FromNS != c.bucket(least).ToNS {
			t.Errorf("%d joined: the second bucket is %+v", join, b)
		}
	}
}
