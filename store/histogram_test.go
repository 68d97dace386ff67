package store

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"weft/semconv"
)

func TestHistogramQuantile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 10, 999, 20_000} {
		h, half := Histogram{}, Histogram{}
		durations := make([]int64, n)
		for i := range durations {
			durations[i] = 1000 + int64(math.Exp(r.NormFloat64()*2+14))
			into := h
			if i%2 == 1 {
				into = half
			}
			into[semconv.LatencyBucket(durations[i])]++
		}
		h.Add(half)
		if h.Count() != int64(n) {
			t.Errorf("n=%d: count %d", n, h.Count())
		}
		slices.Sort(durations)
		for _, q := range []float64{0, 0.001, 0.5, 0.9, 0.95, 0.99, 1} {
			exact := float64(durations[max(int(math.Ceil(q*float64(n))), 1)-1])
			if got := h.Quantile(q); math.Abs(got-exact) > 0.016*exact {
				t.Errorf("n=%d q=%g: got %g, want %g within 1.6 %%", n, q, got, exact)
			}
		}
	}
}

func TestHistogramOfNothing(t *testing.T) {
	for _, h := range []Histogram{nil, {}, {7: 0}} {
		if h.Count() != 0 || h.Quantile(0.5) != 0 {
			t.Errorf("%v: count %d, median %g", h, h.Count(), h.Quantile(0.5))
		}
	}
	if got := (Histogram{0: 3}).Quantile(0.99); got < 0 || got >= 1 {
		t.Errorf("three durations of 0: got %g, want less than a nanosecond", got)
	}
}

func TestHistogramSum(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	for range 200 {
		var sum HistogramSum
		want := Histogram{}
		centre := 1 + r.IntN(1<<16-1)
		for range r.IntN(40) {
			part := Histogram{}
			for range r.IntN(20) {
				bucket := uint16(centre + r.IntN(1+r.IntN(3000)))
				if r.IntN(30) == 0 {
					bucket = 0
				}
				part[bucket] += r.Int64N(5) - 2
				if r.IntN(30) == 0 {
					part[bucket] += math.MaxInt32
				}
			}
			want.Add(part)
			sum.Add(part.Counts())
		}
		if got := sum.Counts(); !slices.Equal(got, want.Counts()) {
			t.Fatalf("got  %v\nwant %v", got, want.Counts())
		}
	}
}
