package web

import (
	"cmp"
	"math"
	"net/http"
	"slices"

	"weft/analysis"
	"weft/store"
)

type twin struct {
	TraceID    string    `json:"traceId"`
	StartNS    instantNS `json:"startNs"`
	DurationNS int64     `json:"durationNs"`
	Spans      int       `json:"spans"`
	SameShape  bool      `json:"sameShape"`
	Similarity float64   `json:"similarity"`
}

type twinAnswer struct {
	Service    string  `json:"service"`
	Operation  string  `json:"operation"`
	DurationNS int64   `json:"durationNs"`
	Roots      uint64  `json:"roots"`
	MedianNS   float64 `json:"medianNs"`
	Verified   int     `json:"verified"`
	Twin       *twin   `json:"twin,omitempty"`
}

func (s *Server) getTwin(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	id := p.traceID()
	if err := p.err(); err != nil {
		return err
	}
	skeleton, err := s.store.Skeleton(r.Context(), id)
	if err != nil {
		return err
	}
	sick := newAnalysisTrace(skeleton)
	root := sick.Spans[analysis.Analyze(sick).Root]
	out := twinAnswer{Service: sick.Strings[root.Service], Operation: sick.Strings[root.Name], DurationNS: root.DurationNS}
	candidates, err := s.store.TwinCandidates(r.Context(), id, out.Service, out.Operation, root.StartNS)
	if err != nil {
		return err
	}
	out.Roots, out.MedianNS = candidates.Roots, candidates.MedianNS
	ids := make([]store.TraceID, len(candidates.Twins))
	for i, c := range candidates.Twins {
		ids[i] = c.TraceID
	}
	skeletons, err := s.store.Skeletons(r.Context(), ids)
	if err != nil {
		return err
	}
	out.Verified = len(skeletons)
	out.Twin = nearestTwin(sick, root.StartNS, candidates, skeletons)
	return writeJSON(w, out)
}

// nearestTwin is the trace without an error that is most like the sick one: of the same shape, else of the most similar one; of those alike
// the one whose duration is nearest to the median, then the nearest in time. Nil when every one has an error.
func nearestTwin(sick *analysis.Trace, aroundNS int64, candidates store.TwinCandidates, skeletons []*store.Skeleton) *twin {
	shape := analysis.Shape(sick)
	roots := make(map[store.TraceID]store.Twin)
	for _, c := range candidates.Twins {
		roots[c.TraceID] = c
	}
	var best *twin
	for _, k := range skeletons {
		if slices.ContainsFunc(k.Spans, func(s store.SkeletonSpan) bool { return s.StatusCode == store.StatusError }) {
			continue
		}
		t, at := newAnalysisTrace(k), roots[k.ID]
		c := &twin{TraceID: k.ID.String(), StartNS: instantNS(at.StartNS), DurationNS: at.DurationNS, Spans: len(k.Spans), SameShape: analysis.Shape(t) == shape, Similarity: 1}
		if !c.SameShape {
			c.Similarity = analysis.Similarity(sick, t)
		}
		if best == nil || closer(c, best, candidates.MedianNS, aroundNS) {
			best = c
		}
	}
	return best
}

func closer(a, b *twin, medianNS float64, aroundNS int64) bool {
	if a.SameShape != b.SameShape {
		return a.SameShape
	}
	off := func(t *twin) float64 { return math.Abs(float64(t.DurationNS) - medianNS) }
	away := func(t *twin) float64 { return math.Abs(float64(int64(t.StartNS) - aroundNS)) }
	return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(off(a), off(b)), cmp.Compare(away(a), away(b)), cmp.Compare(a.TraceID, b.TraceID)) < 0
}
