package web

import (
	"net/http"
	"time"

	"weft/store"
)

// Bounds of the grace in which a late parent may still arrive.
const (
	defaultGrace = 5 * time.Minute
	// defaultBrokenRange is what is looked at when no range is given.
	defaultBrokenRange = time.Hour
)

type brokenVersion struct {
	Version string     `json:"version"`
	Broken  uint64     `json:"broken"`
	Calls   uint64     `json:"calls"`
	FirstNS *instantNS `json:"firstNs,omitempty"`
}

func newBrokenVersions(versions []store.BrokenVersion) []brokenVersion {
	out := make([]brokenVersion, len(versions))
	for i, v := range versions {
		out[i] = brokenVersion{Version: v.Version, Broken: v.Broken, Calls: v.Calls}
		if v.Broken > 0 {
			first := instantNS(v.FirstNS)
			out[i].FirstNS = &first
		}
	}
	return out
}

type brokenExample struct {
	Callee exampleSpan  `json:"callee"`
	Caller *exampleSpan `json:"caller,omitempty"`
}

type brokenHop struct {
	Cause        string          `json:"cause"`
	From         string          `json:"from"`
	Via          string          `json:"via"`
	To           string          `json:"to"`
	Broken       uint64          `json:"broken"`
	Calls        uint64          `json:"calls"`
	Share        float64         `json:"share"`
	FirstNS      instantNS       `json:"firstNs"`
	LastNS       instantNS       `json:"lastNs"`
	FromVersions []brokenVersion `json:"fromVersions"`
	ToVersions   []brokenVersion `json:"toVersions"`
	Examples     []brokenExample `json:"examples"`
}

type brokenContext struct {
	FromNS    instantNS   `json:"fromNs"`
	ToNS      instantNS   `json:"toNs"`
	TimeShare float64     `json:"timeShare"`
	Truncated bool        `json:"truncated"`
	Hops      []brokenHop `json:"hops"`
}

func (s *Server) getBrokenContext(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	now := s.now()
	in := p.timeRange(now)
	grace, given := p.duration("grace")
	limit := p.number("limit", 1, 1000, 50)
	if err := p.err(); err != nil {
		return err
	}
	if !given {
		grace = defaultGrace
	}
	if settled := now.Add(-grace); in.To.IsZero() || in.To.After(settled) {
		in.To = settled
	}
	if in.From.IsZero() {
		in.From = in.To.Add(-defaultBrokenRange)
	}
	if in.From.After(in.To) {
		in.From = in.To // all of the range is younger than the grace
	}
	found, err := s.store.BrokenContext(r.Context(), in, limit)
	if err != nil {
		return err
	}
	out := brokenContext{FromNS: instantNS(found.FromNS), ToNS: instantNS(found.ToNS), TimeShare: found.TimeShare, Truncated: found.Truncated,
		Hops: make([]brokenHop, len(found.Hops))}
	for i, h := range found.Hops {
		hop := brokenHop{
			Cause: [...]string{store.LostParent: "lost_parent", store.NewTrace: "new_trace"}[h.Cause], From: h.From, Via: h.Via, To: h.To,
			Broken: h.Broken, Calls: h.Calls, Share: float64(h.Broken) / float64(max(h.Calls, 1)), FirstNS: instantNS(h.FirstNS), LastNS: instantNS(h.LastNS),
			FromVersions: newBrokenVersions(h.FromVersions), ToVersions: newBrokenVersions(h.ToVersions),
		}
		for _, e := range h.Examples {
			example := brokenExample{Callee: newExampleSpan(e.Callee)}
			if e.Caller != (store.SpanRef{}) {
				caller := newExampleSpan(e.Caller)
				example.Caller = &caller
			}
			hop.Examples = append(hop.Examples, example)
		}
		out.Hops[i] = hop
	}
	return writeJSON(w, out)
}
