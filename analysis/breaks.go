package analysis

import (
	"cmp"
	"slices"
)

// Breaks is what is missing or contradicts itself in a trace.
type Breaks struct {
	Orphans        int // spans whose parent is not stored
	Roots          int // spans without a parent; 1 in a whole trace
	Rings          int // rings of parents that were cut
	Duplicates     int // spans sent more than once; they count once
	MissingParents List[MissingParent]
	Clocks         List[Clock]
}

// MissingParent is a span that others name as their parent and that is not stored.
type MissingParent struct {
	Parent        uint64
	Children      int
	First         int    // earliest child
	Service, Name string // of it
}

// Clock is a call whose two sides' clocks contradict each other.
type Clock struct {
	Span     int   // of the called side
	OffsetNS int64 // what was added to its time
}

func (v *view) breaks() Breaks {
	var b Breaks
	missing := newTable[uint64, MissingParent]()
	for r := range int32(len(v.Spans)) {
		s := v.span(r)
		switch {
		case v.flag(r, Duplicate):
			b.Duplicates++
		case v.flag(r, ParentMissing):
			b.Orphans++
			m := missing.at(s.Parent)
			if m.Children == 0 {
				*m = MissingParent{Parent: s.Parent, First: int(v.tree.Span[r]), Service: v.text(s.Service), Name: v.text(s.Name)}
			}
			m.Children++
		case v.flag(r, CycleCut):
			b.Rings++
		case v.tree.Parent[r] == None:
			b.Roots++
		}
	}
	b.MissingParents = firstOf(missing.sorted(func(x, y *MissingParent) int {
		return cmp.Or(cmp.Compare(y.Children, x.Children), cmp.Compare(x.Parent, y.Parent))
	}), maxListed)
	clocks := make([]Clock, len(v.skewed))
	for i, s := range v.skewed {
		clocks[i] = Clock{Span: int(v.tree.Span[s.row]), OffsetNS: s.byNS}
	}
	slices.SortStableFunc(clocks, func(x, y Clock) int { return cmp.Compare(max(y.OffsetNS, -y.OffsetNS), max(x.OffsetNS, -x.OffsetNS)) })
	b.Clocks = firstOf(clocks, maxListed)
	return b
}
