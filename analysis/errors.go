package analysis

import (
	"cmp"
	"slices"
)

// Origin is where an error began: a failed span under which nothing failed.
type Origin struct {
	Span      int
	ErrorType string
	Depth     int // spans above it
	// Chain is the failed spans from the origin up, the origin first. Spans without a status in between pass an error on in silence and
	// are left out.
	Chain List[int]
	// ReachedRoot: the error came through to the root of the trace.
	ReachedRoot bool
	// SwallowedBy is the first span above the chain, which did not fail; -1 when the chain ends at the root or another top span.
	SwallowedBy int
}

// errorOrigins lists those whose error reached the root first, then the deepest.
func (v *view) errorOrigins() List[Origin] {
	n := int32(len(v.Spans))
	silent := func(r int32) bool {
		s := v.span(r)
		return !s.Failed && s.Unset && (s.Kind == KindInternal || s.Kind == KindUnspecified)
	}
	// failedBelow: a child failed, or passes on in silence that one below it did.
	failedBelow := make([]bool, n)
	for r := n - 1; r >= 0; r-- {
		if p := v.tree.Parent[r]; p != None && (v.span(r).Failed || silent(r) && failedBelow[r]) {
			failedBelow[p] = true
		}
	}
	// next is the failed span that the error of a row went to, last the end of that way, length the failed spans on it.
	next, last, length := make([]int32, n), make([]int32, n), make([]int32, n)
	var origins []int32
	for r := range n {
		next[r], last[r], length[r] = None, r, 1
		if p := v.tree.Parent[r]; p != None && r != v.root {
			switch {
			case v.span(p).Failed:
				next[r] = p
			case silent(p):
				next[r] = next[p]
			}
		}
		if next[r] != None {
			last[r], length[r] = last[next[r]], length[next[r]]+1
		}
		if v.span(r).Failed && !failedBelow[r] && !v.flag(r, Duplicate) {
			origins = append(origins, r)
		}
	}
	reached := func(r int32) bool { return last[r] == v.root }
	slices.SortFunc(origins, func(a, b int32) int {
		if reached(a) != reached(b) {
			if reached(a) {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(v.tree.Depth[b], v.tree.Depth[a]), cmp.Compare(v.start[a], v.start[b]), cmp.Compare(a, b))
	})
	out := List[Origin]{Total: len(origins)}
	for _, r := range origins[:min(len(origins), maxListed)] {
		o := Origin{Span: int(v.tree.Span[r]), ErrorType: v.text(v.span(r).ErrorType), Depth: int(v.tree.Depth[r]), ReachedRoot: reached(r), SwallowedBy: -1}
		for at := r; at != None && len(o.Chain.Items) < maxChain; at = next[at] {
			o.Chain.Items = append(o.Chain.Items, int(v.tree.Span[at]))
		}
		o.Chain.Total = int(length[r])
		if p := v.tree.Parent[last[r]]; p != None && !reached(r) {
			o.SwallowedBy = int(v.tree.Span[p])
		}
		out.Items = append(out.Items, o)
	}
	return out
}
