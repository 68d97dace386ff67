package web

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"weft/store"
)

// tree renders a compact trace as one line per row: indentation is depth.
func tree(c compactTrace) string {
	var b strings.Builder
	for i := range c.Spans.ID {
		fmt.Fprintf(&b, "%s%s", strings.Repeat(" ", int(c.Spans.Depth[i])), c.Names[c.Spans.Name[i]])
		if c.Spans.Flags[i] != 0 {
			fmt.Fprintf(&b, " flags=%d", c.Spans.Flags[i])
		}
		fmt.Fprintf(&b, " subtree=%d\n", c.Spans.Subtree[i])
	}
	return b.String()
}

// spans builds spans from "name id parent start kind", ids as small numbers, 0 for no parent.
func spans(lines ...string) *store.Trace {
	t := &store.Trace{ID: store.TraceID{1}}
	for _, line := range lines {
		var name string
		var id, parent uint64
		var start int64
		var kind store.Kind
		if _, err := fmt.Sscan(line, &name, &id, &parent, &start, &kind); err != nil {
			panic(err)
		}
		t.Spans = append(t.Spans, store.Span{TraceID: t.ID, SpanID: store.SpanIDFromUint64(id),
			ParentSpanID: store.SpanIDFromUint64(parent), Name: name, StartNS: start, DurationNS: 10, Kind: kind})
	}
	return t
}

func TestCompactTree(t *testing.T) {
	check := func(what string, tr *store.Trace, want ...string) {
		t.Helper()
		if got := tree(newCompactTrace(tr)); got != strings.Join(want, "\n")+"\n" {
			t.Errorf("%s: got\n%swant\n%s", what, got, strings.Join(want, "\n"))
		}
	}
	check("children by start, whatever the order they are stored in",
		spans("late 3 1 30 1", "early 2 1 20 1", "root 1 0 10 2", "leaf 4 2 25 1"),
		"root subtree=4", " early subtree=2", "  leaf subtree=1", " late subtree=1")
	check("a span whose parent is not stored is a top row, in time order",
		spans("orphan 2 99 20 1", "root 1 0 10 2"),
		"root subtree=1", "orphan flags=1 subtree=1")
	check("a child that starts before its parent is marked",
		spans("root 1 0 10 2", "child 2 1 5 1"),
		"root subtree=2", " child flags=4 subtree=1")
	check("its own parent", spans("self 1 1 10 1"), "self flags=2 subtree=1")
	check("a cycle and what hangs on it",
		spans("a 1 3 10 1", "b 2 1 20 1", "c 3 2 30 1", "tail 4 3 40 1"),
		"a flags=2 subtree=4", " b subtree=3", "  c subtree=2", "   tail subtree=1")
	check("a cycle entered from its tail",
		spans("tail 4 3 5 1", "a 1 3 10 1", "b 2 1 20 1", "c 3 2 30 1"),
		"c flags=2 subtree=4", " tail flags=4 subtree=1", " a flags=4 subtree=2", "  b subtree=1")
	check("client and server share a span id",
		spans("root 1 0 10 2", "server 2 1 22 2", "client 2 1 20 3", "query 5 2 23 3"),
		"root subtree=4", " client subtree=3", "  server subtree=2", "   query subtree=1")
	check("one span sent twice", spans("root 1 0 10 2", "twice 2 1 20 1", "twice 2 1 20 1"),
		"root subtree=3", " twice subtree=1", " twice subtree=1")
	check("no root at all", spans("x 2 1 20 1", "y 3 1 30 1"), "x flags=1 subtree=1", "y flags=1 subtree=1")
}

func TestCompactColumns(t *testing.T) {
	c := newCompactTrace(sampleTrace())
	if c.StartNS != 1_700_000_000_000_000_000 || c.DurationNS != 5_000_999 {
		t.Errorf("range: got %d + %d", c.StartNS, c.DurationNS)
	}
	if got, want := fmt.Sprint(c.Services, c.Categories, c.Peers, c.ErrorTypes), "[api billing] [server db messaging] [orders] [java.io.IOException]"; got != want {
		t.Errorf("dictionaries: got %s, want %s", got, want)
	}
	s := c.Spans
	if got, want := fmt.Sprint(s.Start, s.Duration, s.Kind, s.Status, s.Peer, s.ErrorType, s.Events, s.Links, s.Scope, s.Resource),
		"[0 1000 2000] [5000999 2000000 10] [2 3 5] [2 1 0] [-1 0 -1] [0 -1 -1] [1 0 0] [0 0 3] [0 0 1] [0 0 1]"; got != want {
		t.Errorf("columns: got %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(c.Resources), "[{0000000000000abc h1} {0000000000000def }]"; got != want {
		t.Errorf("resources: got %s, want %s", got, want)
	}
}

// A chain of 20,000 and random forests with duplicates, orphans and cycles keep the promises of the columns.
func TestCompactInvariants(t *testing.T) {
	chain := &store.Trace{}
	for i := range 20_000 {
		chain.Spans = append(chain.Spans, store.Span{SpanID: store.SpanIDFromUint64(uint64(i + 1)),
			ParentSpanID: store.SpanIDFromUint64(uint64(i)), StartNS: int64(i)})
	}
	c := newCompactTrace(chain)
	if got := c.Spans.Depth[19_999]; got != 19_999 {
		t.Errorf("depth of the chain's end: got %d, want 19999", got)
	}
	checkColumns(t, chain, c)

	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		tr, n := &store.Trace{}, 1+r.IntN(60)
		for range n {
			tr.Spans = append(tr.Spans, store.Span{SpanID: store.SpanIDFromUint64(1 + r.Uint64N(40)),
				ParentSpanID: store.SpanIDFromUint64(r.Uint64N(50)), StartNS: r.Int64N(30), Kind: store.Kind(r.IntN(6))})
		}
		checkColumns(t, tr, newCompactTrace(tr))
	}
}

func checkColumns(t *testing.T, tr *store.Trace, c compactTrace) {
	t.Helper()
	s, n := c.Spans, len(tr.Spans)
	if len(s.ID) != n || len(s.Links) != n {
		t.Fatalf("rows: got %d, want %d", len(s.ID), n)
	}
	for i := range n {
		p, end := s.Parent[i], int32(i)+s.Subtree[i]
		if p >= int32(i) || end > int32(n) {
			t.Fatalf("row %d: parent %d, subtree to %d", i, p, end)
		}
		if p == none && s.Depth[i] != 0 || p != none && (s.Depth[i] != s.Depth[p]+1 || end > p+s.Subtree[p]) {
			t.Fatalf("row %d: depth %d, subtree to %d, under row %d", i, s.Depth[i], end, p)
		}
		if end < int32(n) && s.Depth[end] > s.Depth[i] {
			t.Fatalf("row %d: its subtree ends at %d, inside something deeper", i, end)
		}
		if s.Start[i] < 0 {
			t.Fatalf("row %d starts before the trace", i)
		}
	}
	want := make([]string, n)
	for i := range tr.Spans {
		want[i] = tr.Spans[i].SpanID.String()
	}
	got := slices.Clone(s.ID)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatal("rows are not the trace's spans")
	}
}

// wideTrace is a tree of n spans, four children each, with a dozen attributes.
func wideTrace(n int) *store.Trace {
	base := sampleTrace().Spans
	t := &store.Trace{ID: base[0].TraceID}
	for i := range n {
		sp := base[i%len(base)]
		sp.SpanID = store.SpanIDFromUint64(uint64(i + 1))
		sp.ParentSpanID = store.SpanIDFromUint64(uint64(i+3) / 4)
		sp.StartNS += int64(i) * 1000
		sp.Name = fmt.Sprint("op ", i%50)
		t.Spans = append(t.Spans, sp)
	}
	return t
}

func BenchmarkCompact(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("spans=%d", n), func(b *testing.B) {
			t := wideTrace(n)
			b.ReportAllocs()
			bytes := 0
			for b.Loop() {
				body, err := marshalJSON(newCompactTrace(t))
				if err != nil {
					b.Fatal(err)
				}
				bytes = len(body)
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "spans/s")
			b.ReportMetric(float64(bytes)/float64(n), "bytes/span")
		})
	}
}
