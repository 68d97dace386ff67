package analysis

import (
	"cmp"
	"slices"
	"strings"
)

// ReasonKind says what a Reason is about; a reader turns it into a sentence in a language of theirs.
type ReasonKind string

// Why a request failed.
const (
	ReasonError          ReasonKind = "error"           // Span is where the error that reached the root began
	ReasonErrorSwallowed ReasonKind = "error_swallowed" // Span is where an error began that did not reach the root
)

// Why a request was slow. All but ReasonRepeatedCalls divide the critical path among them; that one overlaps with the others, its
// SavingNS is what could be saved.
const (
	ReasonColdStart     ReasonKind = "cold_start"     // waiting for a new instance of Service
	ReasonDatabase      ReasonKind = "database"       // waiting for the database Peer
	ReasonRemoteCall    ReasonKind = "remote_call"    // in calls of Peer that no span of the other side explains
	ReasonQueueWait     ReasonKind = "queue_wait"     // waiting for a free slot of Service
	ReasonOwnTime       ReasonKind = "own_time"       // in Name's own code
	ReasonRepeatedCalls ReasonKind = "repeated_calls" // Name, Calls times under one parent
)

// What makes the other reasons doubtful; Calls is how many.
const (
	ReasonMissingSpans ReasonKind = "missing_spans" // spans whose parent is not stored
	ReasonSecondRoot   ReasonKind = "second_root"   // spans without a parent, besides the root
	ReasonParentRing   ReasonKind = "parent_ring"
	ReasonClockSkew    ReasonKind = "clock_skew" // calls whose two sides' clocks contradict each other
)

// Reason is one answer to "why". What a kind has no use for is zero.
type Reason struct {
	Kind                           ReasonKind
	Span                           int // the one to look at first; -1 for none
	Service, Name, Peer, ErrorType string
	CriticalNS, SavingNS           int64
	Share                          float64 // of the root's duration, 0 to 1: CriticalNS or, for repeated calls, SavingNS
	Calls                          int     // spans
	Hops                           int     // calls between the root's service and this one
}

// Names of the spans in which an invocation waits for a slot. Source: the span model of our runtime.
const (
	spanThrottle = "throttle"
	spanQueue    = "queue " // and what it is a queue of
)

// reasons are ordered: what reached the root as an error, what took the time, errors that were swallowed, doubts.
func (v *view) reasons(r *Report) []Reason {
	var out, swallowed []Reason
	for _, o := range r.Origins.Items {
		s := &v.Spans[o.Span]
		reason := Reason{Kind: ReasonError, Span: o.Span, Service: v.text(s.Service), Name: v.text(s.Name), Peer: v.text(s.Peer), ErrorType: o.ErrorType, Calls: 1}
		switch {
		case o.ReachedRoot && len(out) < maxReasonsOf:
			out = append(out, reason)
		case !o.ReachedRoot && len(swallowed) < maxReasonsOf:
			reason.Kind = ReasonErrorSwallowed
			swallowed = append(swallowed, reason)
		}
	}
	out = append(out, v.slowReasons(r)...)
	out = append(out, swallowed...)
	for _, doubt := range []struct {
		kind  ReasonKind
		count int
	}{{ReasonMissingSpans, r.Breaks.Orphans}, {ReasonSecondRoot, r.Breaks.Roots - 1}, {ReasonParentRing, r.Breaks.Rings}, {ReasonClockSkew, r.Breaks.Clocks.Total}} {
		if doubt.count > 0 {
			out = append(out, Reason{Kind: doubt.kind, Span: -1, Calls: doubt.count})
		}
	}
	return out
}

func (v *view) slowReasons(r *Report) []Reason {
	if r.CriticalNS == 0 {
		return nil
	}
	all := v.dividePath()
	for _, g := range r.Repeated.Items {
		all = append(all, Reason{Kind: ReasonRepeatedCalls, Span: g.First, Service: g.Service, Name: g.Name, Peer: g.Peer,
			CriticalNS: g.CriticalNS, SavingNS: g.SavingNS, Calls: g.Calls})
	}
	weight := func(x *Reason) int64 {
		if x.Kind == ReasonRepeatedCalls {
			return x.SavingNS
		}
		return x.CriticalNS
	}
	slices.SortStableFunc(all, func(a, b Reason) int { return cmp.Compare(weight(&b), weight(&a)) })
	listed := make(map[ReasonKind]int)
	var out []Reason
	for _, reason := range all {
		reason.Share = float64(weight(&reason)) / float64(r.CriticalNS)
		if reason.Share < minShare || listed[reason.Kind] == maxReasonsOf {
			continue
		}
		listed[reason.Kind]++
		out = append(out, reason)
	}
	return out
}

// dividePath gives every nanosecond of the critical path to one reason.
func (v *view) dividePath() []Reason {
	type subject struct {
		kind                ReasonKind
		service, name, peer uint32
	}
	cold := make([]bool, len(v.Spans))
	v.coldRows(func(r int32) {
		for i := r; i < v.tree.End[r]; i++ {
			cold[i] = true
		}
	})
	reasons := newTable[subject, Reason]()
	longest := newTable[subject, int64]()
	for r := range int32(len(v.Spans)) {
		if v.critical[r] == 0 {
			continue
		}
		s := v.span(r)
		var about subject
		switch {
		case cold[r]:
			about = subject{kind: ReasonColdStart, service: s.Service}
		case v.database(r):
			about = subject{kind: ReasonDatabase, service: s.Service, peer: s.Peer}
		case calls(s.Kind):
			about = subject{kind: ReasonRemoteCall, service: s.Service, peer: s.Peer}
		case v.slotWait(s):
			about = subject{kind: ReasonQueueWait, service: s.Service}
		default:
			about = subject{kind: ReasonOwnTime, service: s.Service, name: s.Name}
		}
		reason, most := reasons.at(about), longest.at(about)
		if v.critical[r] > *most {
			*most = v.critical[r]
			*reason = Reason{Kind: about.kind, Span: int(v.tree.Span[r]), Service: v.text(s.Service), Name: v.text(s.Name), Peer: v.text(s.Peer),
				Hops: int(v.hops[r]), CriticalNS: reason.CriticalNS, Calls: reason.Calls}
		}
		reason.CriticalNS += v.critical[r]
		reason.Calls++
	}
	return reasons.values
}

func (v *view) slotWait(s *Span) bool {
	name := v.text(s.Name)
	return s.Kind == KindInternal && (name == spanThrottle || strings.HasPrefix(name, spanQueue))
}
