package storeexporter

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPacer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		p := newPacer(100)
		took := func(n int) time.Duration {
			t.Helper()
			start := time.Now()
			if _, err := p.take(ctx, n, patience); err != nil {
				t.Fatal(err)
			}
			return time.Since(start)
		}
		if d := took(60) + took(40); d != 0 {
			t.Errorf("with room: waited %v", d)
		}
		// In their order, as room is given.
		go func() {
			for range 3 {
				time.Sleep(500 * time.Millisecond)
				p.give(30)
			}
		}()
		if d := took(60); d != time.Second {
			t.Errorf("for two gifts of 30: waited %v", d)
		}
		// One gift comes, so the store has not stalled, but it is not enough.
		if d := took(60); d != patience {
			t.Errorf("for too small a gift: waited %v", d)
		}
		synctest.Wait()
		// Nothing comes: one waits, and then nobody does.
		if d := took(60); d != patience {
			t.Errorf("for nothing: waited %v", d)
		}
		if d := took(60) + took(60); d != 0 {
			t.Errorf("after a stall: waited %v", d)
		}
		p.give(10)
		cancelled, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		if _, err := p.take(cancelled, 1000, patience); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled: %v", err)
		}
		p.give(1000)
		if d := took(1000); d != 0 { // counts as the whole room
			t.Errorf("larger than the room: waited %v", d)
		}
	})
}
