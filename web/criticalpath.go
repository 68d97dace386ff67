package web

import (
	"errors"
	"net/http"
	"time"

	"weft/analysis"
	"weft/store"
)

// defaultPathTraces is how many traces an endpoint's critical path is made of unless told.
const defaultPathTraces = 200

type pathPart struct {
	Service   string  `json:"service"`
	Operation string  `json:"operation"`
	Category  string  `json:"category"`
	Traces    int     `json:"traces"`
	Presence  float64 `json:"presence"`
	TotalNS   int64   `json:"totalNs"`
	SelfNS    int64   `json:"selfNs"`
	WaitingNS int64   `json:"waitingNs"`
	Share     float64 `json:"share"`
	MeanNS    int64   `json:"meanNs"`
	P95NS     int64   `json:"p95Ns"`
}

type pathCold struct {
	Traces        int     `json:"traces"`
	TotalNS       int64   `json:"totalNs"`
	Share         float64 `json:"share"`
	MeanWithNS    int64   `json:"meanWithNs"`
	MeanWithoutNS int64   `json:"meanWithoutNs"`
}

type pathStatement struct {
	StatementHash string  `json:"statementHash,omitempty"`
	Statement     string  `json:"statement"`
	Service       string  `json:"service"`
	Operation     string  `json:"operation"`
	Peer          string  `json:"peer"`
	Traces        int     `json:"traces"`
	Calls         int     `json:"calls"`
	Errors        int     `json:"errors"`
	CallsPerTrace float64 `json:"callsPerTrace"`
	TotalNS       int64   `json:"totalNs"`
	CriticalNS    int64   `json:"criticalNs"`
	Share         float64 `json:"share"`
	LongestNS     int64   `json:"longestNs"`
}

type pathRepeated struct {
	ParentService   string `json:"parentService"`
	ParentOperation string `json:"parentOperation"`
	Service         string `json:"service"`
	Operation       string `json:"operation"`
	Category        string `json:"category"`
	Peer            string `json:"peer"`
	StatementHash   string `json:"statementHash,omitempty"`
	Statement       string `json:"statement"`
	Traces          int    `json:"traces"`
	Calls           int    `json:"calls"`
	MostCalls       int    `json:"mostCalls"`
	SavingNS        int64  `json:"savingNs"`
}

type endpointPath struct {
	Sample     sampleJSON     `json:"sample"`
	Traces     int            `json:"traces"`
	TotalNS    int64          `json:"totalNs"`
	MeanNS     int64          `json:"meanNs"`
	P50NS      int64          `json:"p50Ns"`
	P95NS      int64          `json:"p95Ns"`
	SelfNS     int64          `json:"selfNs"`
	WaitingNS  int64          `json:"waitingNs"`
	PartsTotal int            `json:"partsTotal"`
	Parts      []pathPart     `json:"parts"`
	Cold       pathCold       `json:"coldStarts"`
	Database   pathDatabase   `json:"database"`
	Repeated   []pathRepeated `json:"repeated"`
}

type pathDatabase struct {
	Calls      int             `json:"calls"`
	CriticalNS int64           `json:"criticalNs"`
	Share      float64         `json:"share"`
	Statements []pathStatement `json:"statements"`
}

func (s *Server) getCriticalPath(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	q := store.TraceQuery{Range: p.timeRange(s.now())}
	service, operation := p.required("service"), p.required("operation")
	limit := p.number("traces", 1, 1000, defaultPathTraces)
	if err := p.err(); err != nil {
		return err
	}
	q.Where = store.And{
		store.Predicate{Field: store.FieldService, Value: store.StringValue(service)},
		store.Predicate{Field: store.FieldName, Value: store.StringValue(operation)},
	}
	skeletons, sample, err := s.store.SampleSkeletons(r.Context(), q, limit)
	if err != nil {
		return err
	}
	var traces []*analysis.Trace
	for _, k := range skeletons {
		if sub := analysis.Subtree(newAnalysisTrace(k), service, operation); sub != nil {
			traces = append(traces, sub)
		}
	}
	profile := analysis.NewProfile(traces)
	texts, err := s.store.StatementTexts(r.Context(), store.TimeRange{From: time.Unix(0, sample.FromNS), To: time.Unix(0, sample.ToNS)}, statementHashes(profile))
	if err != nil {
		return err
	}
	return writeJSON(w, newEndpointPath(profile, sample, texts))
}

// required is a text that has to be there.
func (p *params) required(name string) string {
	s := p.text(name, maxText)
	if s == "" && p.values.Get(name) == "" { // else text has said what is wrong with it
		p.fail(name, "", "1 to 1024 bytes", errors.New("want one"))
	}
	return s
}

func statementHashes(p *analysis.Profile) []uint64 {
	var hashes []uint64
	for _, st := range p.Statements.Items {
		if st.Hash != 0 {
			hashes = append(hashes, st.Hash)
		}
	}
	for _, g := range p.Repeated.Items {
		if g.Statement != 0 {
			hashes = append(hashes, g.Statement)
		}
	}
	return hashes
}

func newEndpointPath(p *analysis.Profile, sample store.Sample, texts map[uint64]string) endpointPath {
	share := func(ns int64) float64 { return float64(ns) / float64(max(p.TotalNS, 1)) }
	hash := func(h uint64) string {
		if h == 0 {
			return ""
		}
		return hash16(h)
	}
	out := endpointPath{
		Sample: newSample(sample), Traces: p.Traces, TotalNS: p.TotalNS, MeanNS: p.MeanNS, P50NS: p.P50NS, P95NS: p.P95NS, SelfNS: p.SelfNS, WaitingNS: p.WaitingNS,
		PartsTotal: p.Parts.Total, Parts: []pathPart{}, Repeated: []pathRepeated{},
		Cold:     pathCold{p.Cold.Traces, p.Cold.CriticalNS, share(p.Cold.CriticalNS), p.Cold.MeanWithNS, p.Cold.MeanWithoutNS},
		Database: pathDatabase{p.DatabaseCalls, p.DatabaseNS, share(p.DatabaseNS), []pathStatement{}},
	}
	for _, part := range p.Parts.Items {
		out.Parts = append(out.Parts, pathPart{part.Service, part.Name, part.Category, part.Traces, float64(part.Traces) / float64(p.Traces), part.TotalNS,
			part.SelfNS, part.WaitingNS, share(part.TotalNS), part.MeanNS, part.P95NS})
	}
	for _, st := range p.Statements.Items {
		out.Database.Statements = append(out.Database.Statements, pathStatement{hash(st.Hash), texts[st.Hash], st.Service, st.Name, st.Peer, st.Traces, st.Calls, st.Errors,
			float64(st.Calls) / float64(p.Traces), st.TotalNS, st.CriticalNS, share(st.CriticalNS), st.LongestNS})
	}
	for _, g := range p.Repeated.Items {
		out.Repeated = append(out.Repeated, pathRepeated{g.ParentService, g.ParentName, g.Service, g.Name, g.Category, g.Peer, hash(g.Statement), texts[g.Statement],
			g.Traces, g.Calls, g.MostCalls, g.SavingNS})
	}
	return out
}
