package web

import (
	"cmp"
	"slices"

	"weft/store"
)

// spanTree arranges a trace's spans by parent. Nothing in it is recursive: chains of 20,000 spans are real.
type spanTree struct {
	parent []int32 // index of each span's parent in the slice of spans; none for a top span
	flags  []int32
	order  []int32 // depth-first order, siblings by start and then span id
	row    []int32 // inverse of order
}

func newSpanTree(spans []store.Span) *spanTree {
	n := len(spans)
	t := &spanTree{parent: make([]int32, n), flags: make([]int32, n), order: make([]int32, 0, n), row: make([]int32, n)}
	byStart := make([]int32, n)
	for i := range byStart {
		byStart[i] = int32(i)
	}
	slices.SortStableFunc(byStart, func(a, b int32) int {
		return cmp.Or(cmp.Compare(spans[a].StartNS, spans[b].StartNS), slices.Compare(spans[a].SpanID[:], spans[b].SpanID[:]))
	})
	t.link(spans, byStart)
	t.cutCycles(byStart)
	t.walk(byStart)
	return t
}

// link finds every span's parent. Zipkin lets the two sides of a call share one span id: there the server's span becomes
// the child of the client's, and takes the children.
func (t *spanTree) link(spans []store.Span, byStart []int32) {
	caller := make(map[store.SpanID]int32)
	owner := make(map[store.SpanID]int32, len(spans))
	for _, i := range byStart {
		into := owner
		if calls(spans[i].Kind) {
			into = caller
		}
		if _, taken := into[spans[i].SpanID]; !taken {
			into[spans[i].SpanID] = i
		}
	}
	for i := range spans {
		sp := &spans[i]
		t.parent[i] = none
		if c, ok := caller[sp.SpanID]; ok && !calls(sp.Kind) && owner[sp.SpanID] == int32(i) {
			t.parent[i] = c
			continue
		}
		if sp.ParentSpanID.IsZero() {
			continue
		}
		p, ok := owner[sp.ParentSpanID]
		if !ok {
			p, ok = caller[sp.ParentSpanID]
		}
		if !ok {
			t.flags[i] |= flagParentMissing
			continue
		}
		t.parent[i] = p
	}
}

func calls(k store.Kind) bool { return k == store.KindClient || k == store.KindProducer }

// cutCycles makes a top span of one span of every cycle of parents, the same one on every read.
func (t *spanTree) cutCycles(byStart []int32) {
	const unseen, onPath, done = 0, 1, 2
	state := make([]uint8, len(t.parent))
	var path []int32
	for _, i := range byStart {
		path = path[:0]
		at := i
		for at != none && state[at] == unseen {
			state[at] = onPath
			path = append(path, at)
			at = t.parent[at]
		}
		if at != none && state[at] == onPath {
			t.parent[at] = none
			t.flags[at] |= flagCycleCut
		}
		for _, p := range path {
			state[p] = done
		}
	}
}

// walk fills order and row. Children are chained through head and next, in start order.
func (t *spanTree) walk(byStart []int32) {
	n := len(t.parent)
	head, next := make([]int32, n), make([]int32, n)
	for i := range head {
		head[i] = none
	}
	var stack []int32
	for _, i := range slices.Backward(byStart) {
		if p := t.parent[i]; p != none {
			next[i], head[p] = head[p], i
		} else {
			stack = append(stack, i) // the latest first, so that the earliest is popped first
		}
	}
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		t.row[i] = int32(len(t.order))
		t.order = append(t.order, i)
		mark := len(stack)
		for child := head[i]; child != none; child = next[child] {
			stack = append(stack, child)
		}
		slices.Reverse(stack[mark:])
	}
}
