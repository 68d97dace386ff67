package analysis

import (
	"cmp"
	"slices"
)

// Repeated is one thing done again and again under one parent: "N+1" when the calls go to a database.
type Repeated struct {
	Parent                        int // span
	First                         int // earliest of the repeated spans
	Service, Name, Category, Peer string
	Kind                          Kind
	Statement                     uint64
	Calls                         int
	TotalNS                       int64 // sum of the durations
	WallNS                        int64 // time in which at least one of them ran
	LongestNS                     int64
	CriticalNS                    int64 // part of the critical path that was in them and under them
	// SavingNS is what the request would gain if all were done by one call that takes as long as the longest of them.
	SavingNS int64
	// Sequential is true when no two of them ran at the same time.
	Sequential bool
}

// repeatedCalls finds siblings of the same service, name, kind, peer and statement, at least minRepeated of them. What a cold start loads is
// no call.
func (v *view) repeatedCalls() List[Repeated] {
	type call struct {
		parent              int32
		service, name, peer uint32
		kind                Kind
		statement           uint64
	}
	counts := make(map[call]int32)
	key := func(r int32) call {
		s := v.span(r)
		return call{v.tree.Parent[r], s.Service, s.Name, s.Peer, s.Kind, s.Statement}
	}
	cold := make([]bool, len(v.Spans))
	v.coldRows(func(r int32) {
		for in := r; in < v.tree.End[r]; in++ {
			cold[in] = true
		}
	})
	candidate := func(r int32) bool { return v.tree.Parent[r] != None && !v.flag(r, Duplicate) && !cold[r] }
	children := make([]int32, len(v.Spans))
	for r := range int32(len(v.Spans)) {
		if candidate(r) {
			children[v.tree.Parent[r]]++
		}
	}
	for r := range int32(len(v.Spans)) {
		if candidate(r) && children[v.tree.Parent[r]] >= minRepeated {
			counts[key(r)]++
		}
	}
	groups := newTable[call, []int32]()
	for r := range int32(len(v.Spans)) {
		if !candidate(r) || children[v.tree.Parent[r]] < minRepeated {
			continue
		}
		if k := key(r); counts[k] >= minRepeated {
			g := groups.at(k)
			*g = append(*g, r)
		}
	}
	all := make([]Repeated, 0, len(groups.values))
	for _, rows := range groups.values {
		all = append(all, v.repeatedGroup(rows))
	}
	slices.SortFunc(all, func(a, b Repeated) int {
		return cmp.Or(cmp.Compare(b.SavingNS, a.SavingNS), cmp.Compare(b.TotalNS, a.TotalNS), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.First, b.First))
	})
	return firstOf(all, maxListed)
}

func (v *view) repeatedGroup(rows []int32) Repeated {
	s := v.span(rows[0])
	g := Repeated{
		Parent: int(v.tree.Span[v.tree.Parent[rows[0]]]), First: int(v.tree.Span[rows[0]]), Calls: len(rows), Kind: s.Kind, Statement: s.Statement,
		Service: v.text(s.Service), Name: v.text(s.Name), Category: v.text(s.Category), Peer: v.text(s.Peer),
	}
	ran := make([]interval, 0, len(rows))
	for _, r := range rows {
		d := v.end[r] - v.start[r]
		g.TotalNS += d
		g.LongestNS = max(g.LongestNS, d)
		g.CriticalNS += v.below[r]
		ran = append(ran, interval{v.start[r], v.end[r]})
	}
	g.WallNS = union(ran)
	g.Sequential = g.WallNS == g.TotalNS
	g.SavingNS = max(0, min(g.WallNS, g.CriticalNS)-g.LongestNS)
	return g
}
