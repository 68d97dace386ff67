package analysis

import (
	"cmp"
	"slices"
)

// Flags of a row.
const (
	ParentMissing = 1 << iota // the parent is not among the spans
	CycleCut                  // a ring of parents was cut here
	BeforeParent              // starts before its parent does: their clocks differ
	Duplicate                 // the same span was sent before; it counts once
)

// None is the row that does not exist.
const None = int32(-1)

// Tree arranges spans by parent. Its rows are in depth-first order, siblings by start and then span id, so a parent stands before its
// children and the subtree of row r is the rows r to End[r]-1. The order depends on the spans only, not on the order they came in.
type Tree struct {
	Span   []int32 // index of each row's span
	Parent []int32 // row of the parent; None for a top row
	End    []int32 // first row after the subtree
	Depth  []int32 // 0 for a top row
	Flags  []uint8
}

// NewTree never fails: what cannot be attached is a top row, and a ring of parents is cut at its earliest span.
func NewTree(spans []Span) *Tree {
	n := len(spans)
	b := treeBuilder{spans: spans, parent: make([]int32, n), flags: make([]uint8, n), byStart: make([]int32, n)}
	for i := range b.byStart {
		b.byStart[i] = int32(i)
	}
	slices.SortStableFunc(b.byStart, func(i, j int32) int {
		x, y := &spans[i], &spans[j]
		if c := cmp.Compare(x.StartNS, y.StartNS); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(x.ID, y.ID), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Parent, y.Parent), cmp.Compare(x.DurationNS, y.DurationNS))
	})
	b.link()
	b.cutCycles()
	return b.walk()
}

// treeBuilder works on indices of spans; rows come last.
type treeBuilder struct {
	spans   []Span
	byStart []int32
	parent  []int32
	flags   []uint8
}

// link finds every span's parent. Zipkin lets the two sides of a call share one span id: there the server's span becomes
// the child of the client's, and takes the children.
func (b *treeBuilder) link() {
	caller := make(map[uint64]int32)
	owner := make(map[uint64]int32, len(b.spans))
	for _, i := range b.byStart {
		into := owner
		if calls(b.spans[i].Kind) {
			into = caller
		}
		first, taken := into[b.spans[i].ID]
		if !taken {
			into[b.spans[i].ID] = i
		} else if sameSpan(&b.spans[first], &b.spans[i]) {
			b.flags[i] |= Duplicate
		}
	}
	for i := range b.spans {
		sp := &b.spans[i]
		b.parent[i] = None
		if c, ok := caller[sp.ID]; ok && !calls(sp.Kind) && (owner[sp.ID] == int32(i) || b.flags[i]&Duplicate != 0) {
			b.parent[i] = c
			continue
		}
		if sp.Parent == 0 {
			continue
		}
		p, ok := owner[sp.Parent]
		if !ok {
			p, ok = caller[sp.Parent]
		}
		if !ok {
			b.flags[i] |= ParentMissing
			continue
		}
		b.parent[i] = p
	}
}

func calls(k Kind) bool { return k == KindClient || k == KindProducer }

func sameSpan(a, b *Span) bool {
	return a.StartNS == b.StartNS && a.DurationNS == b.DurationNS && a.Parent == b.Parent && a.Kind == b.Kind && a.Name == b.Name && a.Service == b.Service
}

// cutCycles makes a top span of one span of every ring of parents, the same one on every read.
func (b *treeBuilder) cutCycles() {
	const unseen, onPath, done = 0, 1, 2
	state := make([]uint8, len(b.parent))
	var path []int32
	for _, i := range b.byStart {
		path = path[:0]
		at := i
		for at != None && state[at] == unseen {
			state[at] = onPath
			path = append(path, at)
			at = b.parent[at]
		}
		if at != None && state[at] == onPath {
			b.parent[at] = None
			b.flags[at] |= CycleCut
		}
		for _, p := range path {
			state[p] = done
		}
	}
}

// walk makes the rows. Children are chained through head and next, in start order.
func (b *treeBuilder) walk() *Tree {
	n := len(b.parent)
	t := &Tree{Span: make([]int32, 0, n), Parent: make([]int32, n), End: make([]int32, n), Depth: make([]int32, n), Flags: make([]uint8, n)}
	head, next, row := make([]int32, n), make([]int32, n), make([]int32, n)
	for i := range head {
		head[i] = None
	}
	var stack []int32
	for _, i := range slices.Backward(b.byStart) {
		if p := b.parent[i]; p != None {
			next[i], head[p] = head[p], i
		} else {
			stack = append(stack, i) // the latest first, so that the earliest is popped first
		}
	}
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		r := int32(len(t.Span))
		t.Span = append(t.Span, i)
		row[i], t.Parent[r], t.Flags[r] = r, None, b.flags[i]
		if p := b.parent[i]; p != None {
			t.Parent[r], t.Depth[r] = row[p], t.Depth[row[p]]+1
			if b.spans[i].StartNS < b.spans[p].StartNS {
				t.Flags[r] |= BeforeParent
			}
		}
		mark := len(stack)
		for child := head[i]; child != None; child = next[child] {
			stack = append(stack, child)
		}
		slices.Reverse(stack[mark:])
	}
	// Children follow their parent, so one backward pass closes every subtree.
	for r := int32(n) - 1; r >= 0; r-- {
		t.End[r] = max(t.End[r], r+1)
		if p := t.Parent[r]; p != None {
			t.End[p] = max(t.End[p], t.End[r])
		}
	}
	return t
}

// Root is the row that stands for the trace: the earliest without a parent, else the earliest of all; None when there is no span.
func (t *Tree) Root(spans []Span) int32 {
	best := None
	for r := int32(0); r < int32(len(t.Span)); r = t.End[r] {
		if spans[t.Span[r]].Parent == 0 && t.Flags[r]&CycleCut == 0 {
			return r
		}
		if best == None {
			best = r
		}
	}
	return best
}
