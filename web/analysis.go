package web

import (
	"net/http"
	"slices"

	"weft/analysis"
	"weft/store"
)

// head is a list that is cut off: Truncated is how many more there are.
type head[T any] struct {
	Items     []T `json:"items"`
	Truncated int `json:"truncated"`
}

func newHead[F, T any](l analysis.List[F], convert func(F) T) head[T] {
	out := head[T]{Items: make([]T, len(l.Items)), Truncated: l.Total - len(l.Items)}
	for i, item := range l.Items {
		out.Items[i] = convert(item)
	}
	return out
}

// spanRef names a span in an answer.
type spanRef struct {
	SpanID  string `json:"spanId"`
	Service string `json:"service"`
	Name    string `json:"name"`
}

type traceAnalysis struct {
	TraceID    string              `json:"traceId"`
	StartNS    instantNS           `json:"startNs"`
	DurationNS int64               `json:"durationNs"`
	Spans      int                 `json:"spans"`
	ErrorSpans int                 `json:"errorSpans"`
	Services   int                 `json:"services"`
	MaxDepth   int                 `json:"maxDepth"`
	Shape      string              `json:"shape"`
	Root       spanRef             `json:"root"`
	Failed     bool                `json:"failed"`
	Reasons    []analysisReason    `json:"reasons"`
	Path       criticalPath        `json:"criticalPath"`
	Operations head[operationTime] `json:"operations"`
	Database   databaseCost        `json:"database"`
	Repeated   head[repeatedCalls] `json:"repeatedCalls"`
	Cold       coldStarts          `json:"coldStarts"`
	Origins    head[errorOrigin]   `json:"errorOrigins"`
	Breaks     traceBreaks         `json:"breaks"`
}

type analysisReason struct {
	Kind       string  `json:"kind"`
	SpanID     string  `json:"spanId,omitempty"`
	Service    string  `json:"service,omitempty"`
	Name       string  `json:"name,omitempty"`
	Peer       string  `json:"peer,omitempty"`
	ErrorType  string  `json:"errorType,omitempty"`
	CriticalNS int64   `json:"criticalNs"`
	SavingNS   int64   `json:"savingNs"`
	Share      float64 `json:"share"`
	Calls      int     `json:"calls"`
	Hops       int     `json:"hops"`
}

type criticalPath struct {
	DurationNS int64             `json:"durationNs"`
	Segments   head[pathSegment] `json:"segments"`
	ByService  head[timeTotal]   `json:"byService"`
	ByCategory head[timeTotal]   `json:"byCategory"`
}

type pathSegment struct {
	spanRef
	OffsetNS   int64 `json:"offsetNs"`
	DurationNS int64 `json:"durationNs"`
}

type timeTotal struct {
	Name       string `json:"name"`
	Spans      int    `json:"spans"`
	SelfNS     int64  `json:"selfNs"`
	CriticalNS int64  `json:"criticalNs"`
}

type operationTime struct {
	Service    string `json:"service"`
	Name       string `json:"name"`
	Kind       string `json:"kind"`
	Category   string `json:"category"`
	Spans      int    `json:"spans"`
	Errors     int    `json:"errors"`
	TotalNS    int64  `json:"totalNs"`
	SelfNS     int64  `json:"selfNs"`
	CriticalNS int64  `json:"criticalNs"`
	LongestNS  int64  `json:"longestNs"`
	LongestID  string `json:"longestSpanId"`
}

type callCost struct {
	Calls      int    `json:"calls"`
	Errors     int    `json:"errors"`
	TotalNS    int64  `json:"totalNs"`
	WallNS     int64  `json:"wallNs"`
	CriticalNS int64  `json:"criticalNs"`
	LongestNS  int64  `json:"longestNs"`
	LongestID  string `json:"longestSpanId,omitempty"`
}

type databaseCost struct {
	callCost
	Statements head[statementCost] `json:"statements"`
	Peers      head[peerCost]      `json:"peers"`
}

type statementCost struct {
	callCost
	Hash    string `json:"hash,omitempty"`
	Service string `json:"service"`
	Name    string `json:"name"`
	Peer    string `json:"peer"`
}

type peerCost struct {
	callCost
	Peer string `json:"peer"`
}

type repeatedCalls struct {
	Parent     spanRef `json:"parent"`
	First      spanRef `json:"first"`
	Kind       string  `json:"kind"`
	Category   string  `json:"category"`
	Peer       string  `json:"peer"`
	Statement  string  `json:"statementHash,omitempty"`
	Calls      int     `json:"calls"`
	TotalNS    int64   `json:"totalNs"`
	WallNS     int64   `json:"wallNs"`
	LongestNS  int64   `json:"longestNs"`
	CriticalNS int64   `json:"criticalNs"`
	SavingNS   int64   `json:"savingNs"`
	Sequential bool    `json:"sequential"`
}

type coldStarts struct {
	Count      int             `json:"count"`
	CriticalNS int64           `json:"criticalNs"`
	Starts     head[coldStart] `json:"starts"`
}

type coldStart struct {
	spanRef
	Invocation *spanRef        `json:"invocation,omitempty"`
	Hops       int             `json:"hops"`
	DurationNS int64           `json:"durationNs"`
	CriticalNS int64           `json:"criticalNs"`
	Phases     head[coldPhase] `json:"phases"`
}

type coldPhase struct {
	SpanID     string `json:"spanId"`
	Name       string `json:"name"`
	DurationNS int64  `json:"durationNs"`
	CriticalNS int64  `json:"criticalNs"`
}

type errorOrigin struct {
	spanRef
	ErrorType   string        `json:"errorType"`
	Depth       int           `json:"depth"`
	Chain       head[spanRef] `json:"chain"`
	ReachedRoot bool          `json:"reachedRoot"`
	SwallowedBy *spanRef      `json:"swallowedBy,omitempty"`
}

type traceBreaks struct {
	Orphans        int                 `json:"orphans"`
	Roots          int                 `json:"roots"`
	Rings          int                 `json:"rings"`
	Duplicates     int                 `json:"duplicates"`
	MissingParents head[missingParent] `json:"missingParents"`
	Clocks         head[clockSkew]     `json:"clockSkews"`
}

type missingParent struct {
	ParentSpanID string  `json:"parentSpanId"`
	Children     int     `json:"children"`
	First        spanRef `json:"first"`
}

type clockSkew struct {
	spanRef
	OffsetNS int64 `json:"offsetNs"`
}

func (s *Server) getAnalysis(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	id, from := p.traceID(), p.optionalSpanID("span")
	if err := p.err(); err != nil {
		return err
	}
	k, err := s.store.Skeleton(r.Context(), id)
	if err != nil {
		return err
	}
	at := -1
	if !from.IsZero() {
		if at = slices.IndexFunc(k.Spans, func(sp store.SkeletonSpan) bool { return sp.SpanID == from }); at < 0 {
			return notFound("span %s of trace %s is not stored", from, id)
		}
	}
	return writeJSON(w, analysisView{k}.report(analysis.AnalyzeFrom(newAnalysisTrace(k), at)))
}

// analysisView turns what analysis says of spans of a skeleton into an answer.
type analysisView struct{ k *store.Skeleton }

func (v analysisView) ref(span int) spanRef {
	if span < 0 {
		return spanRef{}
	}
	sp := &v.k.Spans[span]
	return spanRef{SpanID: sp.SpanID.String(), Service: v.k.Strings[sp.Service], Name: v.k.Strings[sp.Name]}
}

func (v analysisView) optionalRef(span int) *spanRef {
	if span < 0 {
		return nil
	}
	ref := v.ref(span)
	return &ref
}

func optionalHash(h uint64) string {
	if h == 0 {
		return ""
	}
	return hash16(h)
}

func newTimeTotal(t analysis.Total) timeTotal {
	return timeTotal{Name: t.Name, Spans: t.Spans, SelfNS: t.SelfNS, CriticalNS: t.CriticalNS}
}

func (v analysisView) cost(c analysis.DatabaseCost) callCost {
	return callCost{Calls: c.Calls, Errors: c.Errors, TotalNS: c.TotalNS, WallNS: c.WallNS, CriticalNS: c.CriticalNS, LongestNS: c.LongestNS,
		LongestID: skeletonSpanID(v.k, c.Longest)}
}

func (v analysisView) report(r *analysis.Report) traceAnalysis {
	out := traceAnalysis{
		TraceID: v.k.ID.String(), StartNS: instantNS(r.StartNS), DurationNS: r.EndNS - r.StartNS, Spans: len(v.k.Spans), ErrorSpans: r.ErrorSpans,
		Services: r.Services, MaxDepth: r.MaxDepth, Shape: hash16(r.Shape), Root: v.ref(r.Root), Failed: r.Failed,
		Reasons: make([]analysisReason, len(r.Reasons)),
		Path: criticalPath{DurationNS: r.CriticalNS, ByService: newHead(r.ByService, newTimeTotal), ByCategory: newHead(r.ByCategory, newTimeTotal),
			Segments: newHead(r.Path, func(s analysis.Segment) pathSegment {
				return pathSegment{spanRef: v.ref(s.Span), OffsetNS: s.StartNS - r.PathNS, DurationNS: s.EndNS - s.StartNS}
			})},
		Operations: newHead(r.Operations, func(o analysis.Operation) operationTime {
			return operationTime{Service: o.Service, Name: o.Name, Kind: kindName(store.Kind(o.Kind)), Category: o.Category, Spans: o.Spans, Errors: o.Errors,
				TotalNS: o.TotalNS, SelfNS: o.SelfNS, CriticalNS: o.CriticalNS, LongestNS: o.LongestNS, LongestID: skeletonSpanID(v.k, o.Longest)}
		}),
		Database: databaseCost{callCost: v.cost(r.Database.DatabaseCost),
			Statements: newHead(r.Database.ByStatement, func(s analysis.Statement) statementCost {
				return statementCost{callCost: v.cost(s.DatabaseCost), Hash: optionalHash(s.Hash), Service: s.Service, Name: s.Name, Peer: s.Peer}
			}),
			Peers: newHead(r.Database.ByPeer, func(p analysis.DatabasePeer) peerCost {
				return peerCost{callCost: v.cost(p.DatabaseCost), Peer: p.Peer}
			})},
		Repeated: newHead(r.Repeated, v.repeated),
		Cold:     coldStarts{Count: r.Cold.Count, CriticalNS: r.Cold.CriticalNS, Starts: newHead(r.Cold.Starts, v.coldStart)},
		Origins: newHead(r.Origins, func(o analysis.Origin) errorOrigin {
			return errorOrigin{spanRef: v.ref(o.Span), ErrorType: o.ErrorType, Depth: o.Depth, Chain: newHead(o.Chain, v.ref), ReachedRoot: o.ReachedRoot,
				SwallowedBy: v.optionalRef(o.SwallowedBy)}
		}),
		Breaks: traceBreaks{Orphans: r.Breaks.Orphans, Roots: r.Breaks.Roots, Rings: r.Breaks.Rings, Duplicates: r.Breaks.Duplicates,
			MissingParents: newHead(r.Breaks.MissingParents, func(m analysis.MissingParent) missingParent {
				return missingParent{ParentSpanID: store.SpanIDFromUint64(m.Parent).String(), Children: m.Children, First: v.ref(m.First)}
			}),
			Clocks: newHead(r.Breaks.Clocks, func(c analysis.Clock) clockSkew { return clockSkew{v.ref(c.Span), c.OffsetNS} })},
	}
	for i, x := range r.Reasons {
		out.Reasons[i] = analysisReason{Kind: string(x.Kind), SpanID: skeletonSpanID(v.k, x.Span), Service: x.Service, Name: x.Name, Peer: x.Peer, ErrorType: x.ErrorType,
			CriticalNS: x.CriticalNS, SavingNS: x.SavingNS, Share: x.Share, Calls: x.Calls, Hops: x.Hops}
	}
	return out
}

func (v analysisView) repeated(g analysis.Repeated) repeatedCalls {
	return repeatedCalls{Parent: v.ref(g.Parent), First: v.ref(g.First), Kind: kindName(store.Kind(g.Kind)), Category: g.Category, Peer: g.Peer,
		Statement: optionalHash(g.Statement), Calls: g.Calls, TotalNS: g.TotalNS, WallNS: g.WallNS, LongestNS: g.LongestNS, CriticalNS: g.CriticalNS,
		SavingNS: g.SavingNS, Sequential: g.Sequential}
}

func (v analysisView) coldStart(c analysis.ColdStart) coldStart {
	return coldStart{spanRef: v.ref(c.Span), Invocation: v.optionalRef(c.Invocation), Hops: c.Hops, DurationNS: c.DurationNS, CriticalNS: c.CriticalNS,
		Phases: newHead(c.Phases, func(p analysis.Phase) coldPhase {
			return coldPhase{SpanID: skeletonSpanID(v.k, p.Span), Name: p.Name, DurationNS: p.DurationNS, CriticalNS: p.CriticalNS}
		})}
}
