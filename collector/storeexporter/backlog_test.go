package storeexporter

import (
	"math"
	"testing"
	"time"
)

func TestBacklog(t *testing.T) {
	cfg, s, b := testConfig(t), newFakeStore(), &Backlog{}
	if got := b.Age(); got != 0 {
		t.Errorf("without a pipeline: got %v, want 0", got)
	}
	s.setAnswer(func(string, []uint64) error { return errAway })
	h := newHarness(t, cfg, s)
	h.backlog = b
	h.start()
	if got := b.Age(); got != 0 {
		t.Errorf("empty queue: got %v, want 0", got)
	}
	h.send(1, 5)
	eventually(t, "an age while the store is away", func() bool { return b.Age() > 20*time.Millisecond })
	h.stop()
	if got := b.Age(); got != 0 {
		t.Errorf("after shutdown: got %v, want 0", got)
	}

	again := newHarness(t, cfg, s)
	again.backlog = b
	again.start()
	if got := b.Age(); got != math.MaxInt64 {
		t.Errorf("requests of an earlier process: got %v, want the longest there is", got)
	}
	s.setAnswer(nil)
	again.waitFor(5)
	eventually(t, "no age when everything is stored", func() bool { return b.Age() == 0 })
}
