package topologyprocessor

// table is a hash table whose keys are good hashes already and never 0. It is open addressing with linear probing, so most look-ups touch
// one cache line: a third of the time of a Go map, which hashes once more (BenchmarkGraph).
type table[V any] struct {
	slots []slot[V] // a power of two, or none
	n     int
}

type slot[V any] struct {
	key   uint64
	value V
}

const leastSlots = 64

// get returns the place of a key's value, nil when there is none. A later put may move it.
func (t *table[V]) get(key uint64) *V {
	if t.n == 0 {
		return nil
	}
	mask := uint64(len(t.slots) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		switch t.slots[i].key {
		case key:
			return &t.slots[i].value
		case 0:
			return nil
		}
	}
}

// put sets a key that is not there yet.
func (t *table[V]) put(key uint64, v V) {
	if 4*(t.n+1) > 3*len(t.slots) {
		t.grow()
	}
	mask := uint64(len(t.slots) - 1)
	i := key & mask
	for t.slots[i].key != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = slot[V]{key, v}
	t.n++
}

func (t *table[V]) grow() {
	old := t.slots
	t.slots, t.n = make([]slot[V], max(leastSlots, 2*len(old))), 0
	for i := range old {
		if old[i].key != 0 {
			t.put(old[i].key, old[i].value)
		}
	}
}

// each visits all values, in no order.
func (t *table[V]) each(visit func(key uint64, v *V)) {
	for i := range t.slots {
		if t.slots[i].key != 0 {
			visit(t.slots[i].key, &t.slots[i].value)
		}
	}
}

// clear keeps the memory.
func (t *table[V]) clear() {
	if t.n > 0 {
		clear(t.slots)
		t.n = 0
	}
}
