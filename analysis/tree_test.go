package analysis

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// treeText is a line per row: indentation is depth.
func treeText(t *Trace) string {
	tree := NewTree(t.Spans)
	var b strings.Builder
	for r, i := range tree.Span {
		fmt.Fprintf(&b, "%*s%s", tree.Depth[r], "", t.text(t.Spans[i].Name))
		if tree.Flags[r] != 0 {
			fmt.Fprintf(&b, " %d", tree.Flags[r])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestTree(t *testing.T) {
	check := func(what string, trace *Trace, want ...string) {
		t.Helper()
		if got := treeText(trace); got != strings.Join(want, "\n")+"\n" {
			t.Errorf("%s: got\n%swant\n%s", what, got, strings.Join(want, "\n"))
		}
	}
	check("the two sides of a call share an id", build("root 1 0 10 50 server", "server 2 1 22 5 server", "client 2 1 20 9 client", "query 5 2 23 1 client"),
		"root", " client", "  server", "   query")
	check("a side sent twice", build("root 1 0 10 50 server", "server 2 0 22 5 server", "server 2 0 22 5 server", "client 2 1 20 9 client"),
		"root", " client", "  server", "  server 8")
	check("one id, two spans", build("root 1 0 10 50", "one 2 1 20 5", "other 2 1 21 5", "child 3 2 22 1"), "root", " one", "  child", " other")
	check("a ring and its tail", build("a 1 3 10 9", "b 2 1 20 9", "c 3 2 30 9", "tail 4 3 40 9"), "a 2", " b", "  c", "   tail")
	check("early, orphaned, its own parent", build("root 1 0 10 50", "early 2 1 5 1", "orphan 3 99 7 1", "self 4 4 8 1"), "orphan 1", "self 2", "root", " early 4")
}

// Whatever the spans, every one has one row, parents come first, subtrees nest, and the order they came in does not matter.
func TestTreeInvariants(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 11))
		trace := random(r, 1+r.IntN(80))
		tree, n := NewTree(trace.Spans), int32(len(trace.Spans))
		rows := slices.Clone(tree.Span)
		slices.Sort(rows)
		for i := range n {
			p := tree.Parent[i]
			if rows[i] != i || p >= i || tree.End[i] <= i || tree.End[i] > n || p == None && tree.Depth[i] != 0 ||
				p != None && (tree.Depth[i] != tree.Depth[p]+1 || tree.End[i] > tree.End[p]) {
				t.Fatalf("seed %d, row %d: %+v", seed, i, tree)
			}
		}
		before := treeText(trace)
		r.Shuffle(int(n), func(i, j int) { trace.Spans[i], trace.Spans[j] = trace.Spans[j], trace.Spans[i] })
		if after := treeText(trace); after != before {
			t.Fatalf("seed %d: the order of the spans changes the tree:\n%s\n%s", seed, before, after)
		}
	}
}
