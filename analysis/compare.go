package analysis

import (
	"cmp"
	"slices"
)

// maxDifferences bounds the list of a Comparison.
const maxDifferences = 500

// Comparison is two traces laid over each other. Their roots are one; under a pair, children with the same service, name and kind are
// one, as often as they may occur. So the trees become one tree of entries, and each entry says what it is in A and in B.
type Comparison struct {
	A, B Side
	// ExcessNS is how much longer B's root took. The entries' ExcessCriticalNS add up to it.
	ExcessNS int64
	// Entries are ordered by how much of the difference they explain: the change of the critical path in them, either way.
	Entries      List[Difference]
	OnlyA, OnlyB int // entries that the other one lacks
	Both         int
	OtherRoot    bool // the roots differ in service, name or kind: these are not two runs of one thing
	SameShape    bool
}

// Side is one of the traces.
type Side struct {
	Root       int // span; -1 for an empty trace
	Spans      int // without those that were sent twice
	DurationNS int64
	Shape      uint64
}

// Difference is an entry: all spans of one service, name and kind under one entry.
type Difference struct {
	ID            int // entries above have lower ones; 0 is the roots'
	Parent        int // ID of the entry above; -1 at the top
	Depth         int
	Service, Name string
	Kind          Kind
	A, B          Occurrence
	// Excess of B over A: of the durations' sums, of the time in the spans themselves, of the part of the critical path in them.
	ExcessNS, ExcessSelfNS, ExcessCriticalNS int64
}

// Occurrence is an entry in one of the traces.
type Occurrence struct {
	Spans, Errors int
	// Span is one to look at: of all that have a partner in the other trace (the first in A is the first in B's partner, and so on) the
	// one with the largest change of duration; where only one trace has some, its longest. -1 when there is none.
	Span                        int
	TotalNS, SelfNS, CriticalNS int64
	LongestNS                   int64
	OffsetNS                    int64 // of Span's start from the root's
}

// Compare lays B over A. Its cost grows with the number of spans, whatever their arrangement: children are found by hash.
func Compare(a, b *Trace) *Comparison {
	m := merger{names: make(map[string]uint32), ids: make(map[entryKey]int32)}
	va, vb := m.add(a), m.add(b)
	rows := [2][][]int32{m.rowsOf(0), m.rowsOf(1)}
	c := &Comparison{A: va.side(), B: vb.side()}
	c.ExcessNS, c.SameShape = c.B.DurationNS-c.A.DurationNS, c.A.Shape == c.B.Shape
	all := make([]Difference, len(m.keys))
	for id := range all {
		d := &all[id]
		d.ID, d.Parent, d.Kind = id, int(m.keys[id].parent), m.keys[id].kind
		d.Service, d.Name = m.texts[m.keys[id].service], m.texts[m.keys[id].name]
		if d.Parent >= 0 {
			d.Depth = all[d.Parent].Depth + 1
		}
		ra, rb := rows[0][id], rows[1][id]
		d.A, d.B = va.occurrence(ra), vb.occurrence(rb)
		choose(d, va, vb, ra, rb)
		d.ExcessNS, d.ExcessSelfNS, d.ExcessCriticalNS = d.B.TotalNS-d.A.TotalNS, d.B.SelfNS-d.A.SelfNS, d.B.CriticalNS-d.A.CriticalNS
		switch {
		case d.B.Spans == 0:
			c.OnlyA++
		case d.A.Spans == 0:
			c.OnlyB++
		default:
			c.Both++
		}
	}
	c.OtherRoot = m.otherRoot
	order := make([]int32, len(all))
	for id := range order {
		order[id] = int32(id)
	}
	slices.SortFunc(order, func(i, j int32) int {
		x, y := &all[i], &all[j]
		return cmp.Or(cmp.Compare(size(y.ExcessCriticalNS), size(x.ExcessCriticalNS)), cmp.Compare(size(y.ExcessSelfNS), size(x.ExcessSelfNS)),
			cmp.Compare(size(y.ExcessNS), size(x.ExcessNS)), cmp.Compare(i, j))
	})
	c.Entries = List[Difference]{Total: len(all)}
	for _, id := range order[:min(len(order), maxDifferences)] {
		c.Entries.Items = append(c.Entries.Items, all[id])
	}
	return c
}

func size(ns int64) int64 { return max(ns, -ns) }

// entryKey is where an entry hangs and what it is; texts are indices into merger.texts.
type entryKey struct {
	parent        int32
	service, name uint32
	kind          Kind
}

// merger grows the common tree.
type merger struct {
	names     map[string]uint32
	texts     []string
	ids       map[entryKey]int32
	keys      []entryKey // by entry; parents before children
	entries   [2][]int32 // entry of every row of both traces; None for a span sent twice
	views     []*view
	otherRoot bool
}

func (m *merger) text(s string) uint32 {
	i, ok := m.names[s]
	if !ok {
		i = uint32(len(m.texts))
		m.names[s] = i
		m.texts = append(m.texts, s)
	}
	return i
}

func (m *merger) entry(k entryKey) int32 {
	id, ok := m.ids[k]
	if !ok {
		id = int32(len(m.keys))
		m.ids[k] = id
		m.keys = append(m.keys, k)
	}
	return id
}

func (m *merger) add(t *Trace) *view {
	v := newView(t, -1)
	texts := make([]uint32, len(t.Strings))
	for i, s := range t.Strings {
		texts[i] = m.text(s)
	}
	none := m.text("")
	text := func(i uint32) uint32 {
		if int(i) < len(texts) {
			return texts[i]
		}
		return none
	}
	key := func(r, parent int32) entryKey {
		s := v.span(r)
		return entryKey{parent, text(s.Service), text(s.Name), s.Kind}
	}
	of := make([]int32, len(t.Spans))
	side := len(m.views)
	m.views, m.entries[side] = append(m.views, v), of
	root := None // entry of both roots, whatever they are called
	if v.root != None {
		k := key(v.root, None)
		if len(m.keys) == 0 {
			m.keys = append(m.keys, k) // not in ids: another top span of this name is another entry
		}
		root, m.otherRoot = 0, k != m.keys[0]
	}
	for r := range int32(len(t.Spans)) {
		switch p := v.tree.Parent[r]; {
		case v.flag(r, Duplicate):
			of[r] = None
			continue
		case r == v.root:
			of[r] = root
		case p == None:
			of[r] = m.entry(key(r, None))
		default:
			of[r] = m.entry(key(r, of[p]))
		}
	}
	return v
}

// rowsOf groups the rows of a trace by entry, in depth-first order.
func (m *merger) rowsOf(side int) [][]int32 {
	counts := make([]int32, len(m.keys))
	total := int32(0)
	for _, id := range m.entries[side] {
		if id != None {
			counts[id]++
			total++
		}
	}
	rows, all := make([][]int32, len(m.keys)), make([]int32, total)
	at := int32(0)
	for id, n := range counts {
		rows[id] = all[at : at : at+n]
		at += n
	}
	for r, id := range m.entries[side] {
		if id != None {
			rows[id] = append(rows[id], int32(r))
		}
	}
	return rows
}

func (v *view) side() Side {
	s := Side{Root: -1, Shape: v.shape()}
	for r := range int32(len(v.Spans)) {
		if !v.flag(r, Duplicate) {
			s.Spans++
		}
	}
	if v.root != None {
		s.Root, s.DurationNS = int(v.tree.Span[v.root]), v.high[v.root]-v.low[v.root]
	}
	return s
}

func (v *view) occurrence(rows []int32) Occurrence {
	o := Occurrence{Span: -1}
	for _, r := range rows {
		s := v.span(r)
		o.Spans++
		if s.Failed {
			o.Errors++
		}
		o.TotalNS, o.SelfNS, o.CriticalNS = o.TotalNS+s.duration(), o.SelfNS+v.self[r], o.CriticalNS+v.critical[r]
		if o.Span < 0 || s.duration() > o.LongestNS {
			v.point(&o, r)
			o.LongestNS = s.duration()
		}
	}
	return o
}

func (v *view) point(o *Occurrence, r int32) {
	o.Span, o.OffsetNS = int(v.tree.Span[r]), v.start[r]-v.start[v.root]
}

// choose points both occurrences at the pair of spans that differs most.
func choose(d *Difference, va, vb *view, ra, rb []int32) {
	most := int64(-1)
	for i := range min(len(ra), len(rb)) {
		if by := size(vb.span(rb[i]).duration() - va.span(ra[i]).duration()); by > most {
			most = by
			va.point(&d.A, ra[i])
			vb.point(&d.B, rb[i])
		}
	}
}
