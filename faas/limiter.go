package faas

import (
	"context"
	"sync/atomic"
)

// limiter bounds how many run at once and how many wait for that.
type limiter struct {
	scope        string // of ThrottledError
	slots        chan struct{}
	waiting      atomic.Int64
	limit, queue int
}

func newLimiter(scope string, limit, queue int) *limiter {
	return &limiter{scope: scope, slots: make(chan struct{}, limit), limit: limit, queue: queue}
}

// acquire takes a slot, waiting for one unless too many do: *ThrottledError then, or ctx's error.
func (l *limiter) acquire(ctx context.Context, function string) error {
	select {
	case l.slots <- struct{}{}:
		return nil
	default:
	}
	defer l.waiting.Add(-1)
	if l.waiting.Add(1) > int64(l.queue) {
		return &ThrottledError{Function: function, Scope: l.scope, Limit: l.limit, Queue: l.queue}
	}
	select {
	case l.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *limiter) release() { <-l.slots }
