package analysis

import (
	"math/rand/v2"
	"testing"
)

func TestSubtree(t *testing.T) {
	trace := build(
		"GET_/ 1 0 0 100 server service=web",
		"call 2 1 10 80 client service=web",
		"get 3 2 20 50 server service=cart",
		"SELECT 4 3 30 10 client service=cart category=db",
		"get 5 4 31 2 service=cart",
		"other 6 1 95 2 service=web",
	)
	sub := Subtree(trace, "cart", "get")
	if len(sub.Spans) != 3 || sub.Spans[0].ID != 3 || sub.Spans[0].Parent != 0 || trace.Spans[2].Parent != 2 {
		t.Errorf("got %+v", sub.Spans)
	}
	if Subtree(trace, "web", "GET /") != trace {
		t.Error("the root's subtree is the trace")
	}
	if Subtree(trace, "cart", "GET /") != nil {
		t.Error("found what is not there")
	}
}

func TestProfile(t *testing.T) {
	one := func(db string, cold bool) *Trace {
		lines := []string{
			"GET_/ 1 0 0 100 server service=web category=server",
			"call 2 1 10 80 client service=web category=client",
			"get 3 2 20 60 server service=cart category=server",
			"SELECT 4 3 30 " + db + " client service=cart category=db statement=7 peer=shop",
		}
		if cold {
			lines = append(lines, "ColdStart 5 3 20 10 service=cart")
		}
		return build(lines...)
	}
	p := NewProfile([]*Trace{one("10", false), one("20", true), one("40", false), {}})
	if p.Traces != 3 || p.TotalNS != 300 || p.MeanNS != 100 || p.P50NS != 100 || p.P95NS != 100 || p.SelfNS+p.WaitingNS != 300 {
		t.Errorf("got %+v", p)
	}
	// web itself 20 a trace; its call 20, of which no span tells; the database 10, 20, 40; cart the rest of its 60 but for a cold start of 10.
	want := []PathPart{
		{Service: "cart", Name: "get", Category: "server", Traces: 3, TotalNS: 50 + 30 + 20, SelfNS: 100, MeanNS: 33, P95NS: 50},
		{Service: "cart", Name: "SELECT", Category: "db", Traces: 3, TotalNS: 70, WaitingNS: 70, MeanNS: 23, P95NS: 40},
		{Service: "web", Name: "GET /", Category: "server", Traces: 3, TotalNS: 60, SelfNS: 60, MeanNS: 20, P95NS: 20},
		{Service: "web", Name: "call", Category: "client", Traces: 3, TotalNS: 60, WaitingNS: 60, MeanNS: 20, P95NS: 20},
		{Service: "cart", Name: "ColdStart", Traces: 1, TotalNS: 10, SelfNS: 10, MeanNS: 3, P95NS: 10},
	}
	equal(t, "parts", p.Parts.Items, want)
	equal(t, "cold", p.Cold, ColdProfile{Traces: 1, CriticalNS: 10, MeanWithNS: 100, MeanWithoutNS: 100})
	equal(t, "statements", p.Statements.Items, []StatementProfile{{Hash: 7, Service: "cart", Name: "SELECT", Peer: "shop", Traces: 3, Calls: 3, TotalNS: 70, CriticalNS: 70, LongestNS: 40}})
	equal(t, "database", []any{p.DatabaseCalls, p.DatabaseNS}, []any{3, int64(70)})
	if p := NewProfile(nil); p.Traces != 0 || p.Parts.Total != 0 {
		t.Errorf("of nothing: got %+v", p)
	}
}

func TestProfileRepeated(t *testing.T) {
	again := func(n int) *Trace {
		b := newBuilder()
		b.Spans = append(b.Spans, Span{ID: 1, DurationNS: 1000, Service: b.text("cart"), Name: b.text("list"), Kind: KindServer})
		for i := range n {
			b.Spans = append(b.Spans, Span{ID: uint64(i + 2), Parent: 1, StartNS: int64(i * 20), DurationNS: 10, Service: b.text("cart"), Name: b.text("SELECT"),
				Category: b.text("db"), Kind: KindClient, Statement: 5})
		}
		return b.Trace
	}
	p := NewProfile([]*Trace{again(10), again(20), again(2)})
	equal(t, "repeated", p.Repeated.Items, []RepeatedProfile{{ParentService: "cart", ParentName: "list", Service: "cart", Name: "SELECT", Category: "db", Statement: 5,
		Traces: 2, Calls: 30, MostCalls: 20, SavingNS: 90 + 190}})
}

// The parts of a profile divide the roots' durations, whatever the traces are like.
func TestProfilePartsDivideTheTotal(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for range 200 {
		var traces []*Trace
		var want int64
		for range 1 + rng.IntN(5) {
			b := newBuilder()
			for i := range 1 + rng.IntN(30) {
				s := Span{ID: uint64(i + 1), StartNS: rng.Int64N(1000), DurationNS: rng.Int64N(1000), Kind: Kind(rng.IntN(6)), Service: b.text(string(rune('a' + rng.IntN(4)))), Name: b.text("n")}
				if i > 0 {
					s.Parent = uint64(1 + rng.IntN(i))
				} else {
					want += s.DurationNS
				}
				b.Spans = append(b.Spans, s)
			}
			traces = append(traces, b.Trace)
		}
		p := NewProfile(traces)
		var sum int64
		for _, part := range p.Parts.Items {
			sum += part.TotalNS
			if part.SelfNS+part.WaitingNS != part.TotalNS || part.P95NS > part.TotalNS {
				t.Fatalf("part: %+v", part)
			}
		}
		if sum != want || p.TotalNS != want {
			t.Fatalf("parts are %d, total %d, want %d", sum, p.TotalNS, want)
		}
	}
}

func TestSimilarity(t *testing.T) {
	a := build("a 1 0 0 10", "b 2 1 1 5", "c 3 1 2 5")
	is := func(b *Trace, want float64) {
		t.Helper()
		if got := Similarity(a, b); got != want {
			t.Errorf("got %g, want %g", got, want)
		}
	}
	is(a, 1)
	is(build("a 1 0 50 10", "c 2 1 51 5", "b 3 1 52 5", "b 4 1 53 5"), 1)
	is(build("a 1 0 0 10", "b 2 1 1 5"), 2.0/3)
	is(build("a 1 0 0 10", "b 2 1 1 5", "c 3 2 2 5"), 0.5)
	is(build("x 1 0 0 10"), 0)
	if got := Similarity(&Trace{}, &Trace{}); got != 1 {
		t.Errorf("of nothing: got %g", got)
	}
}
