package store_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"weft/store"
)

// TestPagingWhileDataArrives pages through traces while newer and older traces, and late spans of the ones being paged through,
// arrive: every trace that was there at the start is seen exactly once, in order.
func TestPagingWhileDataArrives(t *testing.T) {
	s := open(t)
	const n = 240
	fillShop(t, s, n)

	ctx, stop := context.WithCancel(t.Context())
	var arriving sync.WaitGroup
	arriving.Go(func() {
		b := store.NewSpanBatch()
		for i := n; ctx.Err() == nil; i++ {
			b.Reset()
			// A newer trace, one between the old ones, and spans of old traces that start before all their others.
			for _, trace := range [][]store.Span{
				shopTrace(i, shopTime.Add(time.Duration(i)*time.Second), false),
				shopTrace(100_000+i, shopTime.Add(time.Duration(i%n)*time.Second+time.Millisecond), false),
			} {
				for j := range trace {
					b.Append(&trace[j])
				}
			}
			for range 20 {
				k := rand.IntN(n)
				late := shopTrace(k, shopTime.Add(time.Duration(k)*time.Second), false)[1]
				late.SpanID = store.SpanIDFromUint64(rand.Uint64())
				late.StartNS -= rand.Int64N(int64(30 * time.Second))
				b.Append(&late)
			}
			if err := s.InsertSpans(ctx, b, ""); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
	for _, q := range []store.TraceQuery{
		{Limit: 25},
		{Limit: 25, Where: store.Predicate{Field: store.FieldService, Value: store.StringValue("web")}},
		{Limit: 40, Where: store.Or{store.Predicate{Field: store.FieldError, Value: store.BoolValue(true)}, store.Not{Of: store.Predicate{Field: "order.id", Op: store.OpExists}}}},
		{Limit: 40, Structure: &store.Structure{
			A: store.Predicate{Field: store.FieldService, Value: store.StringValue("web")}, B: store.Predicate{Field: "db.system.name", Op: store.OpExists},
		}},
	} {
		seen := make(map[int]int)
		for _, i := range search(t, s, q) {
			seen[i]++
			if seen[i] > 1 {
				t.Errorf("trace %d was shown %d times", i, seen[i])
			}
		}
		for i := range n {
			if seen[i] == 0 {
				t.Errorf("trace %d was skipped", i)
			}
		}
	}
	stop()
	arriving.Wait()
}

// TestTraceOrderWithLongTraces has traces whose matching span comes long after their start: they are ordered by the start.
func TestTraceOrderWithLongTraces(t *testing.T) {
	s := open(t)
	var spans []store.Span
	const n = 60
	for i := range n {
		trace := shopTrace(i, shopTime.Add(time.Duration(i)*time.Second), false)
		trace[3].StartNS += int64(time.Duration((i*37)%n) * time.Minute)
		spans = append(spans, trace...)
	}
	insert(t, s, "", spans...)
	q := store.TraceQuery{Limit: 9, Where: store.Predicate{Field: store.FieldName, Value: store.StringValue("SELECT carts")}}
	got, want := search(t, s, q), matching(n, func(int) bool { return true })
	if len(got) != len(want) {
		t.Fatalf("got %d traces, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("place %d: got %d, want %d", i, got[i], want[i])
		}
	}
}
