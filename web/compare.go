package web

import (
	"net/http"

	"weft/analysis"
	"weft/store"
)

type comparison struct {
	A         comparedTrace    `json:"a"`
	B         comparedTrace    `json:"b"`
	ExcessNS  int64            `json:"excessNs"`
	SameShape bool             `json:"sameShape"`
	OtherRoot bool             `json:"otherRoot"`
	OnlyA     int              `json:"onlyA"`
	OnlyB     int              `json:"onlyB"`
	Both      int              `json:"both"`
	Entries   head[difference] `json:"entries"`
}

type comparedTrace struct {
	TraceID    string  `json:"traceId"`
	Root       spanRef `json:"root"`
	Spans      int     `json:"spans"`
	DurationNS int64   `json:"durationNs"`
	Shape      string  `json:"shape"`
}

type difference struct {
	ID               int         `json:"id"`
	Parent           int         `json:"parent"`
	Depth            int         `json:"depth"`
	Service          string      `json:"service"`
	Name             string      `json:"name"`
	Kind             string      `json:"kind"`
	A                *occurrence `json:"a,omitempty"`
	B                *occurrence `json:"b,omitempty"`
	ExcessNS         int64       `json:"excessNs"`
	ExcessSelfNS     int64       `json:"excessSelfNs"`
	ExcessCriticalNS int64       `json:"excessCriticalNs"`
}

type occurrence struct {
	Spans      int    `json:"spans"`
	Errors     int    `json:"errors"`
	SpanID     string `json:"spanId"`
	OffsetNS   int64  `json:"offsetNs"`
	TotalNS    int64  `json:"totalNs"`
	SelfNS     int64  `json:"selfNs"`
	CriticalNS int64  `json:"criticalNs"`
	LongestNS  int64  `json:"longestNs"`
}

func (s *Server) compareTraces(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	ids := [2]store.TraceID{p.requiredTraceID("a"), p.requiredTraceID("b")}
	if err := p.err(); err != nil {
		return err
	}
	var sides [2]*store.Skeleton
	for i, id := range ids {
		k, err := s.store.Skeleton(r.Context(), id)
		if err != nil {
			return err
		}
		sides[i] = k
	}
	c := analysis.Compare(newAnalysisTrace(sides[0]), newAnalysisTrace(sides[1]))
	return writeJSON(w, comparison{
		A: newComparedTrace(sides[0], c.A), B: newComparedTrace(sides[1], c.B),
		ExcessNS: c.ExcessNS, SameShape: c.SameShape, OtherRoot: c.OtherRoot, OnlyA: c.OnlyA, OnlyB: c.OnlyB, Both: c.Both,
		Entries: newHead(c.Entries, func(d analysis.Difference) difference {
			return difference{ID: d.ID, Parent: d.Parent, Depth: d.Depth, Service: d.Service, Name: d.Name, Kind: kindName(store.Kind(d.Kind)),
				A: newOccurrence(sides[0], d.A), B: newOccurrence(sides[1], d.B),
				ExcessNS: d.ExcessNS, ExcessSelfNS: d.ExcessSelfNS, ExcessCriticalNS: d.ExcessCriticalNS}
		}),
	})
}

func newComparedTrace(k *store.Skeleton, s analysis.Side) comparedTrace {
	return comparedTrace{TraceID: k.ID.String(), Root: analysisView{k}.ref(s.Root), Spans: s.Spans, DurationNS: s.DurationNS, Shape: hash16(s.Shape)}
}

func newOccurrence(k *store.Skeleton, o analysis.Occurrence) *occurrence {
	if o.Spans == 0 {
		return nil
	}
	return &occurrence{Spans: o.Spans, Errors: o.Errors, SpanID: skeletonSpanID(k, o.Span), OffsetNS: o.OffsetNS, TotalNS: o.TotalNS, SelfNS: o.SelfNS,
		CriticalNS: o.CriticalNS, LongestNS: o.LongestNS}
}
