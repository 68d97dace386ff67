package analysis

import (
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// Shape hashes what a trace calls and from where: the set of its paths of service and name from a top span down. Siblings of one name
// are folded, order and time do not matter, and cold starts are left out, so a cold run and a warm one of an endpoint have one shape.
// It is 0 for a trace without spans.
func Shape(t *Trace) uint64 {
	v := &view{Trace: t, tree: NewTree(t.Spans)}
	return v.shape()
}

func (v *view) shape() uint64 {
	n := int32(len(v.Spans))
	if n == 0 {
		return 0
	}
	texts := make([]uint64, len(v.Strings))
	for i, s := range v.Strings {
		texts[i] = xxhash.Sum64String(s)
	}
	text := func(i uint32) uint64 {
		if int(i) < len(texts) {
			return texts[i]
		}
		return 0
	}
	path := make([]uint64, n)
	paths := make([]uint64, 0, n)
	var buf [24]byte
	for r := int32(0); r < n; {
		if v.coldSpan(r) {
			r = v.tree.End[r]
			continue
		}
		var above uint64
		if p := v.tree.Parent[r]; p != None {
			above = path[p]
		}
		s := v.span(r)
		binary.LittleEndian.PutUint64(buf[:], above)
		binary.LittleEndian.PutUint64(buf[8:], text(s.Service))
		binary.LittleEndian.PutUint64(buf[16:], text(s.Name))
		path[r] = xxhash.Sum64(buf[:])
		paths = append(paths, path[r])
		r++
	}
	slices.Sort(paths)
	d := xxhash.New()
	for _, p := range slices.Compact(paths) {
		binary.LittleEndian.PutUint64(buf[:], p)
		d.Write(buf[:8])
	}
	return d.Sum64()
}
