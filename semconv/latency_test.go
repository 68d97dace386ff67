package semconv

import (
	"math"
	"testing"
)

func TestLatencyBucket(t *testing.T) {
	for _, ns := range []int64{-5, 0, 1, 2, 3, 31, 32, 33, 63, 64, 65, 1000, 999_999, 1e6, 123_456_789, 1e9, 3_600_000_000_000, 1 << 52, 1<<53 + 1, math.MaxInt64} {
		b := LatencyBucket(ns)
		from, to := LatencyBounds(b)
		v := float64(max(ns, 0))
		if v < from || v >= to {
			t.Errorf("%d: bucket %d is %g to %g", ns, b, from, to)
		}
		if v >= 32 && (to-from)/2 > 0.016*v {
			t.Errorf("%d: bucket %d is %g wide, want at most 3.2 %%", ns, b, to-from)
		}
	}
}
