package storeexporter

import (
	"math"
	"sync"
	"time"
)

// Backlog tells how far the store is behind what clients were acknowledged for. Every traces pipeline of the factories that it was given
// to takes part.
type Backlog struct {
	mu   sync.Mutex
	ages map[any]func() time.Duration // by pipeline
}

// Age is how long the oldest acknowledged request of spans has waited to be stored: 0 when none does, the longest duration there is while
// requests of an earlier process wait.
func (b *Backlog) Age() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	oldest := time.Duration(0)
	for _, age := range b.ages {
		oldest = max(oldest, age())
	}
	return oldest
}

func (b *Backlog) watch(pipeline any, age func() time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ages == nil {
		b.ages = make(map[any]func() time.Duration)
	}
	b.ages[pipeline] = age
}

func (b *Backlog) forget(pipeline any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.ages, pipeline)
}

// waited is how long the oldest request of p has been in the queue.
func (p *pipeline[T]) waited() time.Duration {
	if p.queue.inherits() {
		return math.MaxInt64
	}
	at := p.tel.oldestNS.Load()
	if _, records := p.queue.stats(); records == 0 || at == 0 {
		return 0 // at is 0 when the only one came a moment ago
	}
	return max(0, time.Since(time.Unix(0, at)))
}
