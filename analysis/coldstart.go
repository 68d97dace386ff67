package analysis

import (
	"cmp"
	"slices"
	"strings"
)

// Names of the spans that a function platform emits while a request waits for a new instance. Below a cold start all is part of it.
const (
	spanColdStart    = "ColdStart"
	spanInstanceInit = "Instance Init " // and the function's name
	spanPrepareCode  = "PrepareCode"
	spanRuntimeInit  = "RuntimeInitialization"
	spanInitializer  = "Initializer"
)

// ColdStarts is what a request paid for new instances, wherever along its calls they were started.
type ColdStarts struct {
	Count      int
	CriticalNS int64 // part of the critical path that was a cold start
	Starts     List[ColdStart]
}

// ColdStart is one of them.
type ColdStart struct {
	Span       int // of the cold start; of the invocation when nothing says how long it took
	Invocation int // span of the function's run that waited; -1 when there is none
	Service    string
	Name       string // of the invocation
	Hops       int    // calls between the root's service and this one
	DurationNS int64  // 0 when unknown
	CriticalNS int64
	Phases     List[Phase] // the parts directly under it, in time order
}

// Phase is a part of a cold start.
type Phase struct {
	Span       int
	Name       string
	DurationNS int64
	CriticalNS int64
}

// coldSpan tells the spans of a cold start from those of user code by their names.
func (v *view) coldSpan(r int32) bool {
	s := v.span(r)
	return IsColdStart(s.Kind, v.text(s.Name))
}

// IsColdStart tells by a span's kind and name whether it is a cold start or one of its phases; so is all below it.
func IsColdStart(kind Kind, name string) bool {
	if kind != KindInternal && kind != KindUnspecified {
		return false
	}
	switch name {
	case spanColdStart, spanPrepareCode, spanRuntimeInit, spanInitializer:
		return true
	default:
		return strings.HasPrefix(name, spanInstanceInit)
	}
}

// coldRows calls each with every topmost span of a cold start and skips what is under it.
func (v *view) coldRows(each func(r int32)) {
	for r := int32(0); r < int32(len(v.Spans)); {
		if v.coldSpan(r) && !v.flag(r, Duplicate) {
			each(r)
			r = v.tree.End[r]
		} else {
			r++
		}
	}
}

func (v *view) coldStarts() ColdStarts {
	var all []ColdStart
	total := ColdStarts{}
	measured := make(map[int32]bool) // invocations
	v.coldRows(func(r int32) {
		s := v.span(r)
		c := ColdStart{Span: int(v.tree.Span[r]), Invocation: -1, Service: v.text(s.Service), Hops: int(v.hops[r]),
			DurationNS: s.duration(), CriticalNS: v.below[r]}
		if p := v.tree.Parent[r]; p != None {
			measured[p] = true
			c.Invocation, c.Name = int(v.tree.Span[p]), v.text(v.span(p).Name)
		}
		var phases []Phase
		for child := r + 1; child < v.tree.End[r]; child = v.tree.End[child] {
			phases = append(phases, Phase{Span: int(v.tree.Span[child]), Name: v.text(v.span(child).Name),
				DurationNS: v.span(child).duration(), CriticalNS: v.below[child]})
		}
		c.Phases = firstOf(phases, maxListed)
		total.CriticalNS += c.CriticalNS
		all = append(all, c)
	})
	for r := range int32(len(v.Spans)) {
		if s := v.span(r); s.ColdStart && !measured[r] && !v.flag(r, Duplicate) {
			at := int(v.tree.Span[r])
			all = append(all, ColdStart{Span: at, Invocation: at, Service: v.text(s.Service), Name: v.text(s.Name), Hops: int(v.hops[r])})
		}
	}
	slices.SortStableFunc(all, func(a, b ColdStart) int {
		return cmp.Or(cmp.Compare(b.CriticalNS, a.CriticalNS), cmp.Compare(b.DurationNS, a.DurationNS), cmp.Compare(a.Hops, b.Hops))
	})
	total.Count, total.Starts = len(all), firstOf(all, maxListed)
	return total
}
