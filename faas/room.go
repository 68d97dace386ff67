package faas

import (
	"context"
	"fmt"
	"time"

	"weft/faas/function"
)

// roomPatience is how long a start waits for an instance to be without work when none is: most run for milliseconds.
const roomPatience = 200 * time.Millisecond

// makeRoom stops idle instances, those idle longest first, until there is memory for one more. When nothing is left to stop, the start
// itself will say that there is no room.
func (rt *Runtime) makeRoom(ctx context.Context, memory int64) error {
	giveUp := time.Now().Add(roomPatience)
	for rt.sandboxes.Limits().Memory < memory {
		left := rt.evict()
		var again <-chan time.Time
		if left == nil {
			if time.Now().After(giveUp) {
				return nil
			}
			again = time.After(5 * time.Millisecond)
		}
		select {
		case <-left:
		case <-again:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// evict has the instance leave that has had no work for longest, whosever it is. The channel is closed when it has left; nil when there is none.
func (rt *Runtime) evict() (left <-chan struct{}) {
	var oldest *pool
	var since time.Time
	for _, t := range rt.targets() {
		if t.pool == nil {
			continue
		}
		t.pool.mu.Lock()
		if in := t.pool.longestIdle(); in != nil && (oldest == nil || in.idleSince.Before(since)) {
			oldest, since = t.pool, in.idleSince
		}
		t.pool.mu.Unlock()
	}
	if oldest == nil {
		return nil
	}
	oldest.mu.Lock()
	defer oldest.mu.Unlock()
	in := oldest.longestIdle()
	if in == nil {
		return nil
	}
	oldest.lastLoss = "evicted"
	oldest.leave(in, "evicted")
	return in.left
}

// checkMemory refuses a function of which this machine could never run one.
func (rt *Runtime) checkMemory(fn *function.Function) error {
	if fn.Memory <= rt.memory {
		return nil
	}
	return &function.InvalidError{Problems: []function.Problem{{Field: "memory", Text: fmt.Sprintf(
		"want at most the %d MiB that this machine can promise, got %d MiB", rt.memory>>20, fn.Memory>>20)}}}
}
