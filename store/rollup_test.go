package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"weft/semconv"
)

func TestCells(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, groups := range []int{1, 2, 40, 5000} {
		var c cells
		all, failed := make([]Histogram, groups), make([]Histogram, groups)
		for i := range all {
			all[i], failed[i] = Histogram{}, Histogram{}
		}
		for range 2 { // the second time with the memory of the first
			c.list = c.list[:0]
			for i := range all {
				clear(all[i])
				clear(failed[i])
			}
			for range r.IntN(20_000) {
				group, durationNS, bad := r.IntN(groups), r.Int64N(1<<(1+r.IntN(62))), r.IntN(5) == 0
				c.add(uint32(group), durationNS, bad)
				all[group][semconv.LatencyBucket(durationNS)]++
				if bad {
					failed[group][semconv.LatencyBucket(durationNS)]++
				}
			}
			var latency, errorLatency countsColumn
			c.histograms(groups, &latency, &errorLatency)
			if latency.Rows() != groups || errorLatency.Rows() != groups {
				t.Fatalf("%d and %d rows, want %d", latency.Rows(), errorLatency.Rows(), groups)
			}
			for i := range groups {
				if got := latency.row(i); fmt.Sprint(got) != fmt.Sprint(all[i]) {
					t.Errorf("group %d: %v, want %v", i, got, all[i])
				}
				if got := errorLatency.row(i); fmt.Sprint(got) != fmt.Sprint(failed[i]) {
					t.Errorf("failed of group %d: %v, want %v", i, got, failed[i])
				}
				from, to := bounds(latency.offsets, i)
				if !slices.IsSorted(latency.buckets[from:to]) {
					t.Errorf("group %d: buckets are not sorted", i)
				}
			}
		}
	}
}

func TestMinuteOf(t *testing.T) {
	for ns, want := range map[int64]int32{0: 0, 59_999_999_999: 0, 60e9: 1, -1: -1, -60e9: -1, -60e9 - 1: -2} {
		if got := minuteOf(ns); got != want {
			t.Errorf("%d ns: minute %d, want %d", ns, got, want)
		}
	}
}

// BenchmarkRollupCount is what the roll-ups cost the writer before anything is sent.
func BenchmarkRollupCount(b *testing.B) {
	const rows = 100_000
	r := rand.New(rand.NewPCG(1, 1))
	batch, names := NewSpanBatch(), new(nameGuard)
	for i := range rows {
		s := &Span{
			TraceID: TraceID{8: byte(i / 24 >> 16), 9: byte(i / 24 >> 8), 10: byte(i / 24)},
			Service: fmt.Sprint("service-", r.IntN(40)), Name: fmt.Sprint("operation ", r.IntN(80)), Kind: Kind(1 + r.IntN(3)),
			StartNS: 1_700_000_000e9 + int64(i)*20_000, DurationNS: int64(r.ExpFloat64() * 2e7),
		}
		if i%3 == 0 {
			s.StatementHash = uint64(1 + r.IntN(300))
		}
		batch.Append(s)
	}
	b.ReportAllocs()
	for b.Loop() {
		batch.rollup.count(batch.cols, names)
		batch.rollup.operationRows(batch.cols)
		batch.rollup.statementRows(batch.cols)
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "spans/s")
}
