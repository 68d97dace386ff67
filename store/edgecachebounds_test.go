package store

import (
	"testing"
	"time"
)

func TestEdgeCacheBounds(t *testing.T) {
	var c edgeCache
	sum := func(from int64, buckets int) *keptEdges {
		return &keptEdges{edgeRange: edgeRange{from, from + 1}, edges: []TopologyEdge{{Latency: make(Counts, buckets)}}, read: time.Now()}
	}
	const third = maxKeptEdgesBytes / 16 / 3
	for at := range int64(3) {
		c.keep(sum(at, third-1000))
	}
	if c.find(edgeRange{0, 1}) == nil {
		t.Error("three that fit: the first is gone")
	}
	c.keep(sum(3, third-1000))
	for at, want := range map[int64]bool{0: true, 1: false, 2: true, 3: true} {
		if got := c.find(edgeRange{at, at + 1}) != nil; got != want {
			t.Errorf("after a fourth: range %d is kept: %v", at, got)
		}
	}
	c.keep(sum(4, 3*third+1000))
	if c.find(edgeRange{4, 5}) != nil || len(c.kept) != 3 {
		t.Errorf("after one that is too large: %d are kept", len(c.kept))
	}
	old := sum(5, 1)
	old.read = old.read.Add(-maxKeptEdgesAge - time.Second)
	if c.keep(old); c.find(old.edgeRange) != nil {
		t.Error("one that is too old is found")
	}
}
