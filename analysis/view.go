package analysis

import "slices"

// view is a trace as the analyses look at it: its tree, when its spans ran, and who waited for whom. All slices are by row.
type view struct {
	*Trace
	tree *Tree
	root int32 // the row that is analysed
	// start and end are Unix nanoseconds by the clock of the top span: where two clocks contradict each other, the called side is moved.
	start, end []int64
	// low and high are start and end within those of all ancestors; low >= high when nothing is left.
	low, high []int64
	// waited is false for what an ancestor does not wait for: see Span.waitedFor, what is under it, and what ran outside its parent.
	waited []bool
	hops   []int32 // entries into another service or function since the top span
	self   []int64 // nanoseconds in the span that no child which it waits for covers
	// critical is how many nanoseconds of the root's critical path are in the span itself, below the same with all under it.
	critical, below []int64
	path            []Segment
	skewed          []skew
}

// newView looks at a trace from a span, or from its root when that is -1.
func newView(t *Trace, from int) *view {
	v := &view{Trace: t, tree: NewTree(t.Spans)}
	v.place(from)
	v.countHops()
	v.selfTimes()
	v.path = v.criticalPath(v.root)
	n := len(t.Spans)
	v.critical, v.below = make([]int64, n), make([]int64, n)
	for _, s := range v.path {
		v.critical[s.row] += s.EndNS - s.StartNS
	}
	copy(v.below, v.critical)
	for r := int32(n) - 1; r >= 0; r-- {
		if p := v.tree.Parent[r]; p != None {
			v.below[p] += v.below[r]
		}
	}
	return v
}

func (v *view) span(r int32) *Span       { return &v.Spans[v.tree.Span[r]] }
func (v *view) flag(r int32, f int) bool { return int(v.tree.Flags[r])&f != 0 }
func (v *view) database(r int32) bool {
	s := v.span(r)
	return v.text(s.Category) == categoryDB && s.Kind != KindServer && s.Kind != KindConsumer
}

// skew is a call whose two sides' clocks contradict each other: the called side was moved by byNS.
type skew struct {
	row  int32
	byNS int64
}

// place chooses the root and works out when every span ran. A root under another span is looked at as if nothing were above it.
func (v *view) place(from int) {
	n := len(v.Spans)
	v.root = v.tree.Root(v.Spans)
	if i := slices.Index(v.tree.Span, int32(from)); from >= 0 && i >= 0 {
		v.root = int32(i)
	}
	v.start, v.end, v.low, v.high = make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	v.waited = make([]bool, n)
	moved := make([]int64, n)
	for r := range int32(n) {
		s, p := v.span(r), v.tree.Parent[r]
		if p == None {
			v.start[r], v.end[r] = s.start(), s.start()+s.duration()
			v.low[r], v.high[r], v.waited[r] = v.start[r], v.end[r], true
			continue
		}
		by := v.offset(r, moved[p])
		at := min(max(s.start()+by, -maxNS), maxNS)
		moved[r] = at - s.start()
		v.start[r], v.end[r] = at, at+s.duration()
		if r == v.root {
			v.low[r], v.high[r], v.waited[r] = v.start[r], v.end[r], true
			continue
		}
		v.low[r], v.high[r] = max(at, v.low[p]), min(v.end[r], v.high[p])
		v.waited[r] = v.waited[p] && s.waitedFor() && !v.flag(r, Duplicate) && v.low[r] < v.high[r]
	}
}

// offset is what is added to a span's clock to agree with its parent's. A server's span that ends before its caller's began, begins
// before it or after it ended cannot be: it is put into the middle of the caller's, or to its begin when it is longer. Everything else
// runs by the clock of its parent when it is of the same service, and by its own, which is taken for right, when not.
func (v *view) offset(r int32, parentMoved int64) int64 {
	s, p := v.span(r), v.tree.Parent[r]
	sameService := s.Service == v.span(p).Service
	if s.Kind != KindServer || v.span(p).Kind != KindClient {
		if sameService {
			return parentMoved
		}
		return 0
	}
	possible := func(by int64) bool {
		at := s.start() + by
		return at >= v.start[p] && at <= v.end[p]
	}
	if possible(0) {
		return 0
	}
	if possible(parentMoved) { // the callee shares the clock of the caller, which was moved
		return parentMoved
	}
	spare := max(v.end[p]-v.start[p]-s.duration(), 0)
	by := v.start[p] + spare/2 - s.start()
	v.skewed = append(v.skewed, skew{row: r, byNS: by})
	return by
}

// countHops counts how often the way from the top span enters another service or function.
func (v *view) countHops() {
	v.hops = make([]int32, len(v.Spans))
	for r := range int32(len(v.Spans)) {
		p := v.tree.Parent[r]
		if p == None {
			continue
		}
		v.hops[r] = v.hops[p]
		if s := v.span(r); s.Kind == KindServer || s.Kind == KindConsumer || s.Service != v.span(p).Service {
			v.hops[r]++
		}
	}
}

// selfTimes subtracts from every span the union of its children, cut off at its ends. Children that it does not wait
// for run beside it.
func (v *view) selfTimes() {
	v.self = make([]int64, len(v.Spans))
	var covered []interval
	for r := range int32(len(v.Spans)) {
		v.self[r] = v.end[r] - v.start[r]
		covered = covered[:0]
		for c := r + 1; c < v.tree.End[r]; c = v.tree.End[c] {
			in := interval{max(v.start[c], v.start[r]), min(v.end[c], v.end[r])}
			if in.from < in.to && v.span(c).waitedFor() && !v.flag(c, Duplicate) {
				covered = append(covered, in)
			}
		}
		v.self[r] -= union(covered)
	}
}

// interval is half-open, in nanoseconds.
type interval struct{ from, to int64 }

// union is the length of what the intervals cover together. It sorts them.
func union(list []interval) int64 {
	byFrom := func(a, b interval) int {
		switch {
		case a.from < b.from:
			return -1
		case a.from > b.from:
			return 1
		}
		return 0
	}
	if !slices.IsSortedFunc(list, byFrom) {
		slices.SortFunc(list, byFrom)
	}
	var sum int64
	reached := -maxNS * 2
	for _, in := range list {
		if from := max(in.from, reached); in.to > from {
			sum += in.to - from
			reached = in.to
		}
	}
	return sum
}
