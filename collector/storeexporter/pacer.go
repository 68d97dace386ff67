package storeexporter

import (
	"context"
	"slices"
	"sync"
	"time"
)

// patience is how long a request waits for the filler before it is queued regardless. OTLP clients wait 10 s by default.
const patience = 2 * time.Second

// pacer slows clients down to the pace of a store that keeps working but is slower than they are. Acknowledging faster
// would only move the wait to the disk, and every record would be read and unmarshalled again from there: measured, that
// costs a third of the throughput. A store that takes nothing at all is no pace: then nobody waits, and the disk is what
// the queue is for.
type pacer struct {
	mu      sync.Mutex // protects what follows
	max     int
	room    int // bytes that may be appended at once
	waiting []*paced
	given   uint64 // counts calls of give
	stalled bool   // somebody has waited in vain
}

type paced struct {
	bytes int
	ready chan struct{}
}

func newPacer(limit int) *pacer { return &pacer{max: limit, room: limit} }

// take waits until n bytes have room, at most for the given time. It returns how many it took; its error is ctx's.
func (p *pacer) take(ctx context.Context, n int, limit time.Duration) (int, error) {
	n = min(n, p.max)
	p.mu.Lock()
	if len(p.waiting) == 0 && p.room >= n {
		p.room -= n
		p.mu.Unlock()
		return n, nil
	}
	if p.stalled {
		p.mu.Unlock()
		return 0, nil
	}
	w := &paced{bytes: n, ready: make(chan struct{})}
	p.waiting = append(p.waiting, w)
	given := p.given
	p.mu.Unlock()

	timer := time.NewTimer(limit)
	defer timer.Stop()
	var err error
	select {
	case <-w.ready:
		return w.bytes, nil
	case <-timer.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.waiting, w)
	if i < 0 { // made ready at the last moment
		if err != nil {
			p.giveLocked(w.bytes)
			return 0, err
		}
		return w.bytes, nil
	}
	p.waiting = slices.Delete(p.waiting, i, i+1)
	if err == nil && given == p.given {
		p.stallLocked()
	}
	return 0, err
}

// stallLocked lets everybody pass until something is given again.
func (p *pacer) stallLocked() {
	p.stalled = true
	for _, w := range p.waiting {
		w.bytes = 0
		close(w.ready)
	}
	p.waiting = nil
}

// back returns what take took for a record that was not queued in the end.
func (p *pacer) back(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.giveLocked(n)
}

// give makes room for n bytes that have gone on their way.
func (p *pacer) give(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.given++
	p.stalled = false
	p.giveLocked(n)
}

func (p *pacer) giveLocked(n int) {
	p.room = min(p.room+n, p.max)
	for len(p.waiting) > 0 && p.room >= p.waiting[0].bytes {
		p.room -= p.waiting[0].bytes
		close(p.waiting[0].ready)
		p.waiting = p.waiting[1:]
	}
}
