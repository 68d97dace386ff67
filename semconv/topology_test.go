package semconv

import "testing"

func TestEdgeBucket(t *testing.T) {
	for ns, want := range map[int64]int64{0: 0, 9_999_999_999: 0, 10_000_000_000: 10, -1: -10, -10_000_000_000: -10, -10_000_000_001: -20} {
		if got := EdgeBucket(ns); got != want {
			t.Errorf("%d: got %d, want %d", ns, got, want)
		}
	}
}
