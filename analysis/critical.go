package analysis

import (
	"cmp"
	"slices"
)

// Segment is a stretch of a critical path: from StartNS to EndNS (Unix nanoseconds by the clock of the path's first span) the request
// was waiting for Span itself.
type Segment struct {
	Span           int // index into Trace.Spans
	StartNS, EndNS int64

	row int32
}

// CriticalPath returns what the root's duration was spent on, in time order: the segments follow each other without a gap or an
// overlap, and their lengths add up to the duration. Shortening a span that is not in it does not make the request faster.
//
// It walks back from the end of a span to the child that ended last before that point, through it, and on from where that child
// began: a sibling that was still running then cannot have been what the child waited for. A child that outlives its parent counts
// until the parent's end; one outside of its parent, one that consumes a message or one that merely follows counts not at all.
func CriticalPath(t *Trace) []Segment {
	v := &view{Trace: t, tree: NewTree(t.Spans)}
	v.place(-1)
	return v.criticalPath(v.root)
}

// frame is a span that the walk is in; it is done with everything after at.
type frame struct {
	row  int32
	at   int64
	rest []int32 // children that the walk may still go through, by end; the last one first to be taken
	mark int     // where rest begins in the shared stack
}

func (v *view) criticalPath(root int32) []Segment {
	if root == None {
		return nil
	}
	var (
		segments []Segment // latest first
		frames   []frame
		waiting  []int32 // children of all frames
	)
	enter := func(r int32) {
		mark := len(waiting)
		for c := r + 1; c < v.tree.End[r]; c = v.tree.End[c] {
			if v.waited[c] {
				waiting = append(waiting, c)
			}
		}
		children := waiting[mark:]
		// Of those that end together the one that began first, which is the longest, is taken first.
		slices.SortFunc(children, func(a, b int32) int {
			return cmp.Or(cmp.Compare(v.high[a], v.high[b]), cmp.Compare(v.low[b], v.low[a]), cmp.Compare(b, a))
		})
		frames = append(frames, frame{row: r, at: v.high[r], rest: children, mark: mark})
	}
	emit := func(r int32, from, to int64) {
		if from < to {
			segments = append(segments, Segment{Span: int(v.tree.Span[r]), StartNS: from, EndNS: to, row: r})
		}
	}
	enter(root)
	for len(frames) > 0 {
		f := &frames[len(frames)-1]
		for len(f.rest) > 0 && v.high[f.rest[len(f.rest)-1]] > f.at {
			f.rest = f.rest[:len(f.rest)-1]
		}
		if len(f.rest) == 0 {
			emit(f.row, v.low[f.row], f.at)
			waiting = waiting[:f.mark]
			frames = frames[:len(frames)-1]
			continue
		}
		child := f.rest[len(f.rest)-1]
		f.rest = f.rest[:len(f.rest)-1]
		emit(f.row, v.high[child], f.at)
		f.at = v.low[child]
		enter(child)
	}
	slices.Reverse(segments)
	return segments
}
