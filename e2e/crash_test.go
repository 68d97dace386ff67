package e2e

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"
)

// TestKilledDuringIngest kills Weft, and its engine with it, ten times while it takes spans as fast as it can.
func TestKilledDuringIngest(t *testing.T) {
	const rounds = 10
	random := rand.New(rand.NewPCG(1, 2))
	in := newInstance(t, t.TempDir())
	t.Cleanup(func() { in.cleanup(t) })
	l := &load{target: in.addr["WEFT_OTLP_GRPC"]}
	for round := range rounds {
		in.start(t)
		before, _, _ := l.counts()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			l.run(ctx, t)
		}()
		// The load is at full speed when the first answers are there; from then on any moment is as good as another.
		await(t, 30*time.Second, func() error {
			if acked, _, _ := l.counts(); acked-before < 20 {
				return errNotYet
			}
			return nil
		})
		time.Sleep(time.Duration(random.IntN(2000)) * time.Millisecond)
		in.crash()
		cancel()
		<-done
		acked, unknown, refused := l.counts()
		t.Logf("round %d: %d requests acknowledged, %d unanswered, %d refused so far", round+1, acked, unknown, refused)
	}
	in.start(t)
	l.check(t, in, time.Minute)
	if len(l.refused) > 0 {
		t.Errorf("%d requests were refused, the first with: %v", len(l.refused), l.refused[0])
	}
}
