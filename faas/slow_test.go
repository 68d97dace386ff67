package faas

import (
	"testing"
	"time"

	"weft/faas/contract"
	"weft/faas/function"
)

// A run is slow above the function's own bound, or without one above nearly all of its runs, from when there are enough.
func TestSlow(t *testing.T) {
	m := newMetrics(nil).of("f", "1")
	fn := &function.Function{}
	now := time.Now()
	took := func(d time.Duration) *run {
		return &run{target: &target{fn: fn, metrics: m}, answered: now.Add(d), outcome: contract.Outcome{Dispatched: now, LastByte: now.Add(d)}}
	}
	for k := range leastRuns {
		if took(time.Hour).slow() {
			t.Fatalf("slow after %d runs, want %d runs at least", k, leastRuns)
		}
		m.observe(took(time.Duration(k+1) * time.Millisecond))
	}
	if took(64*time.Millisecond).slow() || !took(65*time.Millisecond).slow() {
		t.Errorf("the bound after runs of 1 to 64 ms is %s, want 64 ms", m.slowest())
	}
	fn.Tracing.Slow = 10 * time.Millisecond
	if took(10*time.Millisecond).slow() || !took(11*time.Millisecond).slow() {
		t.Error("the function's own bound of 10 ms is not the one that counts")
	}
}
