package analysis

import (
	"fmt"
	"testing"
)

func benchmark(b *testing.B, run func(t *Trace)) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("spans=%d", n), func(b *testing.B) {
			t := wide(n)
			b.ReportAllocs()
			for b.Loop() {
				run(t)
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "spans/s")
		})
	}
}

func BenchmarkTree(b *testing.B)         { benchmark(b, func(t *Trace) { NewTree(t.Spans) }) }
func BenchmarkCriticalPath(b *testing.B) { benchmark(b, func(t *Trace) { CriticalPath(t) }) }
func BenchmarkAnalyze(b *testing.B)      { benchmark(b, func(t *Trace) { Analyze(t) }) }
func BenchmarkCompare(b *testing.B)      { benchmark(b, func(t *Trace) { Compare(t, t) }) }
