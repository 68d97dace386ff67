package web

import (
	"cmp"
	"errors"
	"math"
	"net/http"
	"slices"
	"time"

	"weft/semconv"
	"weft/store"
)

// maxDiffEdges bounds a difference; what matters most comes first.
const maxDiffEdges = 2000

// What makes a difference between two windows significant. The 99.9 % Wilson intervals of both shares must not overlap, which few
// calls never achieve, and the difference must be large enough to matter.
const (
	wilsonZ       = 3.29 // 99.9 %
	leastRatio    = 1.5  // of rates
	leastRateStep = 0.01 // of error rates
	leastP95Ratio = 1.2
)

// windowFigures are an edge's figures in one of the windows.
type windowFigures struct {
	Calls          int64   `json:"calls"`
	CallsPerMinute float64 `json:"callsPerMinute"`
	Errors         int64   `json:"errors"`
	ErrorRate      float64 `json:"errorRate"`
	P95NS          int64   `json:"p95Ns"`
}

type edgeDifference struct {
	Type   string        `json:"type"`
	Source string        `json:"source"`
	Target string        `json:"target"`
	Via    string        `json:"via,omitempty"`
	Status string        `json:"status"`
	Base   windowFigures `json:"base"`
	Now    windowFigures `json:"current"`
	// Significant names what differs beyond chance: rate, errorRate, p95.
	Significant []string `json:"significant"`
}

type topologyDiff struct {
	FromNS     instantNS        `json:"fromNs"`
	ToNS       instantNS        `json:"toNs"`
	BaseFromNS instantNS        `json:"baseFromNs"`
	BaseToNS   instantNS        `json:"baseToNs"`
	Edges      []edgeDifference `json:"edges"`
	Truncated  bool             `json:"truncated"`
}

func (s *Server) getTopologyDiff(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	now := s.now()
	span := p.closed(p.timeRange(now), now)
	base := p.baseRange(span, now)
	if err := p.err(); err != nil {
		return err
	}
	current, err := s.store.Topology(r.Context(), span)
	if err != nil {
		return err
	}
	before, err := s.store.Topology(r.Context(), base)
	if err != nil {
		return err
	}
	out := topologyDiff{FromNS: instantNS(span.From.UnixNano()), ToNS: instantNS(span.To.UnixNano()),
		BaseFromNS: instantNS(base.From.UnixNano()), BaseToNS: instantNS(base.To.UnixNano())}
	out.Edges = diffEdges(before.Edges, current.Edges, length(base), length(span))
	out.Truncated = len(out.Edges) > maxDiffEdges || before.Folded || current.Folded
	out.Edges = out.Edges[:min(len(out.Edges), maxDiffEdges)]
	return writeJSON(w, out)
}

// length is a range's length, at least the 10 seconds that it is widened to.
func length(r store.TimeRange) time.Duration { return max(r.To.Sub(r.From), store.EdgeBucket) }

// baseRange reads baseFrom and baseTo: the time as long as r just before r, unless told otherwise.
func (p *params) baseRange(r store.TimeRange, now time.Time) store.TimeRange {
	base := store.TimeRange{From: r.From.Add(-max(r.To.Sub(r.From), 0)), To: r.From}
	from, given := p.instant("baseFrom", now)
	if given {
		base.From = from
	}
	to, given := p.instant("baseTo", now)
	if given {
		base.To = to
	}
	if base.To.Before(base.From) {
		p.fail("baseTo", p.values.Get("baseTo"), "not before baseFrom", errors.New("ends before it starts"))
	}
	return base
}

// diffEdges lists the edges that are new, gone, or changed significantly: those first that differ in most ways, then by calls.
func diffEdges(before, current []store.TopologyEdge, beforeLength, currentLength time.Duration) []edgeDifference {
	out := []edgeDifference{}
	type pair struct{ before, current *store.TopologyEdge }
	pairs := make(map[nodeKey]*pair) // by a text of type, ends and via
	keyOf := func(e *store.TopologyEdge) nodeKey {
		return nodeKey{edgeTypeName(e.Type), e.Source + "\x00" + e.Target + "\x00" + e.Via}
	}
	of := func(e *store.TopologyEdge) *pair {
		if pairs[keyOf(e)] == nil {
			pairs[keyOf(e)] = &pair{&store.TopologyEdge{}, &store.TopologyEdge{}}
		}
		return pairs[keyOf(e)]
	}
	for i := range before {
		of(&before[i]).before = &before[i]
	}
	for i := range current {
		of(&current[i]).current = &current[i]
	}
	for _, p := range pairs {
		e := p.current
		if e.Calls == 0 {
			e = p.before
		}
		from, to := endsOf(e.Type, e.Source, e.Target)
		d := edgeDifference{Type: edgeTypeName(e.Type), Source: from.id(), Target: to.id(), Via: e.Via,
			Base: figures(p.before, beforeLength), Now: figures(p.current, currentLength), Significant: changes(p.before, p.current, beforeLength, currentLength)}
		switch {
		case p.before.Calls == 0:
			d.Status = "new"
		case p.current.Calls == 0:
			d.Status = "gone"
		case len(d.Significant) > 0:
			d.Status = "changed"
		default:
			continue
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b edgeDifference) int {
		return cmp.Or(cmp.Compare(len(b.Significant), len(a.Significant)), cmp.Compare(b.Base.Calls+b.Now.Calls, a.Base.Calls+a.Now.Calls),
			cmp.Compare(a.Type, b.Type), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Via, b.Via))
	})
	return out
}

func figures(e *store.TopologyEdge, length time.Duration) windowFigures {
	return windowFigures{Calls: e.Calls, CallsPerMinute: float64(e.Calls) / length.Minutes(), Errors: e.Errors, ErrorRate: share(e.Errors, e.Calls),
		P95NS: quantileNS(e.Latency, 0.95)}
}

// changes names what differs beyond chance.
func changes(before, current *store.TopologyEdge, beforeLength, currentLength time.Duration) []string {
	names := []string{}
	// If the rate had not changed, the calls would be shared out like the time.
	expected := float64(currentLength) / float64(currentLength+beforeLength)
	low, high := wilson(current.Calls, current.Calls+before.Calls)
	a, b := float64(current.Calls)/currentLength.Minutes(), float64(before.Calls)/beforeLength.Minutes()
	if (expected < low || expected > high) && max(a, b) >= leastRatio*min(a, b) {
		names = append(names, "rate")
	}
	if math.Abs(share(current.Errors, current.Calls)-share(before.Errors, before.Calls)) >= leastRateStep &&
		apart(current.Errors, current.Calls, before.Errors, before.Calls) {
		names = append(names, "errorRate")
	}
	// A 95th percentile has moved when the share of calls above the lower of the two differs.
	x, y := current.Latency.Quantile(0.95), before.Latency.Quantile(0.95)
	if before.Calls > 0 && current.Calls > 0 && max(x, y) >= leastP95Ratio*min(x, y) &&
		apart(above(current.Latency, min(x, y)), current.Calls, above(before.Latency, min(x, y)), before.Calls) {
		names = append(names, "p95")
	}
	return names
}

// above counts the durations in buckets beyond the one that holds ns.
func above(c store.Counts, ns float64) (n int64) {
	for _, b := range c {
		if from, _ := semconv.LatencyBounds(b.Bucket); from > ns {
			n += b.Count
		}
	}
	return n
}

// apart reports whether the intervals of two shares do not overlap. Without calls on one side nothing is known.
func apart(k1, n1, k2, n2 int64) bool {
	low1, high1 := wilson(k1, n1)
	low2, high2 := wilson(k2, n2)
	return low1 > high2 || low2 > high1
}

// wilson is the 99.9 % Wilson score interval of a share of k in n; all of [0, 1] for none.
func wilson(k, n int64) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	p, m := float64(k)/float64(n), float64(n)
	const zz = wilsonZ * wilsonZ
	centre, half := p+zz/(2*m), wilsonZ*math.Sqrt(p*(1-p)/m+zz/(4*m*m))
	return max(0, (centre-half)/(1+zz/m)), min(1, (centre+half)/(1+zz/m))
}
