package web

import (
	"net/http"

	"weft/store"
)

type nameCount struct {
	Name   string `json:"name"`
	Traces uint64 `json:"traces"`
}

func newNameCounts(counts []store.NameCount) []nameCount {
	out := make([]nameCount, len(counts))
	for i, c := range counts {
		out[i] = nameCount(c)
	}
	return out
}

type exampleSpan struct {
	TraceID string `json:"traceId"`
	SpanID  string `json:"spanId"`
}

func newExampleSpan(r store.SpanRef) exampleSpan {
	return exampleSpan{r.TraceID.String(), r.SpanID.String()}
}

type originGroup struct {
	Service       string        `json:"service"`
	Operation     string        `json:"operation"`
	ErrorType     string        `json:"errorType"`
	Peer          string        `json:"peer"`
	Statement     string        `json:"statement"`
	StatementHash string        `json:"statementHash,omitempty"`
	Message       string        `json:"message"`
	Traces        uint64        `json:"traces"`
	Share         float64       `json:"share"`
	Main          uint64        `json:"main"`
	Reached       uint64        `json:"reached"`
	FirstNS       instantNS     `json:"firstNs"`
	LastNS        instantNS     `json:"lastNs"`
	Versions      []nameCount   `json:"versions"`
	PassedOnBy    []nameCount   `json:"passedOnBy"`
	SwallowedBy   []nameCount   `json:"swallowedBy"`
	Examples      []exampleSpan `json:"examples"`
}

type errorOrigins struct {
	Sample         sampleJSON    `json:"sample"`
	ErrorSpans     uint64        `json:"errorSpans"`
	Truncated      bool          `json:"truncated"`
	LookedBackToNS instantNS     `json:"lookedBackToNs"`
	Origins        []originGroup `json:"origins"`
}

func (s *Server) getErrorOrigins(w http.ResponseWriter, r *http.Request) error {
	q, err := parseFilter(newParams(r), s.now())
	if err != nil {
		return err
	}
	found, err := s.store.ErrorOrigins(r.Context(), q)
	if err != nil {
		return err
	}
	out := errorOrigins{Sample: newSample(found.Sample), ErrorSpans: found.ErrorSpans, Truncated: found.Truncated,
		LookedBackToNS: instantNS(found.LookedBackToNS), Origins: make([]originGroup, len(found.Origins))}
	for i, o := range found.Origins {
		e := originGroup{
			Service: o.Service, Operation: o.Operation, ErrorType: o.ErrorType, Peer: o.Peer, Statement: o.Statement, Message: o.Message,
			Traces: o.Traces, Share: float64(o.Traces) / float64(found.Sample.Traces), Main: o.Main, Reached: o.Reached,
			FirstNS: instantNS(o.FirstNS), LastNS: instantNS(o.LastNS), Versions: newNameCounts(o.Versions),
			PassedOnBy: newNameCounts(o.PassedOnBy), SwallowedBy: newNameCounts(o.SwallowedBy), Examples: make([]exampleSpan, len(o.Examples)),
		}
		if o.StatementHash != 0 {
			e.StatementHash = hash16(o.StatementHash)
		}
		for j, ref := range o.Examples {
			e.Examples[j] = newExampleSpan(ref)
		}
		out.Origins[i] = e
	}
	return writeJSON(w, out)
}
