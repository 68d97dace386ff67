package store_test

import (
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"weft/store"
	"weft/store/storetest"
)

// TestKeptEdges asks for the same windows again and again, while edges are written about any time, and compares each answer with a plain sum. What
// was written counts as old, so that sums are kept, until late edges come in.
func TestKeptEdges(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 5))
	now := time.Now().Truncate(store.EdgeBucket)
	random := func(n int) []store.Edge {
		edges := make([]store.Edge, n)
		for i := range edges {
			edges[i] = store.Edge{BucketUnix: now.Unix() - 10*r.Int64N(5*360), Type: store.EdgeType(1 + r.IntN(9)), Source: string(rune('a' + r.IntN(3))), Target: string(rune('a' + r.IntN(3))),
				Via: string(rune('x' + r.IntN(2))), Calls: 1 + r.Int64N(5), Errors: r.Int64N(2), ColdStarts: r.Int64N(2), Retries: r.Int64N(2), DeadLetters: r.Int64N(2), DurationNS: r.Int64N(1000),
				Latency: store.Histogram{uint16(33000 + r.IntN(400)): 1 + r.Int64N(3)}}
			if i%5 == 0 {
				edges[i].QueueAge = store.Histogram{uint16(r.IntN(3) * 20000): 1}
			}
			if i%4 == 0 { // what a correction takes away
				edges[i].Calls, edges[i].Latency = -edges[i].Calls, store.Histogram{33100: -1}
			}
		}
		return edges
	}
	s := storetest.Open(t)
	var edges []store.Edge
	write := func(more []store.Edge) {
		t.Helper()
		if err := s.InsertEdges(t.Context(), more, ""); err != nil {
			t.Fatal(err)
		}
		edges = append(edges, more...)
	}
	age := func() {
		t.Helper()
		if err := s.SQL().Exec(t.Context(), "ALTER TABLE edges UPDATE updated_at = updated_at - INTERVAL 1 HOUR WHERE 1 SETTINGS mutations_sync = 2"); err != nil {
			t.Fatal(err)
		}
	}
	windows := []store.TimeRange{
		{From: now.Add(-4 * time.Hour), To: now.Add(-time.Hour)}, {From: now.Add(-4*time.Hour + 10*time.Second), To: now.Add(-time.Hour - 2*time.Minute)},
		{From: now.Add(-3 * time.Hour), To: now.Add(time.Minute)}, {From: now.Add(-3*time.Hour - 70*time.Second), To: now}, {From: now.Add(-3*time.Hour + time.Minute), To: now.Add(-6 * time.Minute)},
		{From: now.Add(-40 * time.Minute), To: now.Add(-4 * time.Minute)},
	}
	check := func(what string) {
		t.Helper()
		for _, w := range windows {
			chosen := make(map[edgeKey]store.Edge)
			for i, e := range edges {
				if start := time.Unix(e.BucketUnix, 0); start.Before(w.To) && start.Add(store.EdgeBucket).After(w.From) {
					k := keyOf(e)
					k.bucketUnix = int64(i)
					chosen[k] = e
				}
			}
			want := overall(chosen)
			for k, e := range want {
				maps.DeleteFunc(e.Latency, func(_ uint16, n int64) bool { return n == 0 })
				if e.Calls <= 0 {
					delete(want, k)
				}
			}
			topo, err := s.Topology(t.Context(), w)
			if err != nil {
				t.Fatal(err)
			}
			compareEdges(t, what+": "+w.From.UTC().Format(time.TimeOnly)+" to "+w.To.UTC().Format(time.TimeOnly), edgesOf(topo), want)
		}
	}
	write(random(3000))
	check("just written")
	for round := range 4 {
		age()
		check("aged") // reads again what was kept when it had just been written
		kept := s.KeptEdges()
		if kept == 0 {
			t.Fatal("nothing is kept")
		}
		check("again")
		if got := s.KeptEdges(); got != kept {
			t.Errorf("round %d: sums were read again although nothing was written", round)
		}
		write(random(1 + r.IntN(40)))
		check("with late edges")
		if got := s.KeptEdges(); got == kept {
			t.Errorf("round %d: late edges were not noticed", round)
		}
	}
}
