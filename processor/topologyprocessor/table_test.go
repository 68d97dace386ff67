package topologyprocessor

import (
	"math/rand/v2"
	"testing"
)

// Whatever the keys, and many of them collide here, the table is a map.
func TestTable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var table table[int]
	for range 3 {
		want := map[uint64]int{}
		for i := range 20_000 {
			key := 1 + r.Uint64N(30_000)*64
			if table.get(key) == nil {
				table.put(key, i)
				want[key] = i
			} else {
				*table.get(key) = i
				want[key] = i
			}
		}
		if table.n != len(want) {
			t.Fatalf("%d keys, want %d", table.n, len(want))
		}
		seen := 0
		table.each(func(uint64, *int) { seen++ })
		if seen != len(want) {
			t.Errorf("visited %d, want %d", seen, len(want))
		}
		for key := range uint64(2_000_000) {
			if key == 0 {
				continue
			}
			v, ok := want[key]
			if got := table.get(key); (got != nil) != ok || ok && *got != v {
				t.Fatalf("key %d: got %v, want %d, %v", key, got, v, ok)
			}
		}
		table.clear()
		if table.n != 0 || table.get(64) != nil {
			t.Error("not empty after clear")
		}
	}
}
