package web

import (
	"errors"
	"net/http"

	"weft/store"
)

type pathHop struct {
	Parent    int    `json:"parent"`
	Type      string `json:"type,omitempty"`
	Kind      string `json:"kind"`
	Node      string `json:"node"`
	Name      string `json:"name"`
	Operation string `json:"operation"`
	Calls     int64  `json:"calls"`
	Errors    int64  `json:"errors"`
	Traces    int64  `json:"traces"`
}

type callPaths struct {
	FromNS    instantNS `json:"fromNs"`
	ToNS      instantNS `json:"toNs"`
	Traces    int       `json:"traces"`
	Spans     int       `json:"spans"`
	Complete  bool      `json:"complete"`
	Hops      []pathHop `json:"hops"`
	Truncated bool      `json:"truncated"`
}

func (s *Server) getCallPaths(w http.ResponseWriter, r *http.Request) error {
	p, now := newParams(r), s.now()
	q := store.PathQuery{
		Service: p.text("service", maxText), Operation: p.text("operation", maxText), Range: p.closed(p.timeRange(now), now),
		Callers: p.oneOf("direction", []string{"downstream", "upstream"}) == "upstream", Traces: p.number("traces", 1, 1000, 1000),
	}
	if q.Service == "" {
		p.fail("service", "", "the name of a service", errors.New("is required"))
	}
	if err := p.err(); err != nil {
		return err
	}
	paths, err := s.store.CallPaths(r.Context(), q)
	if err != nil {
		return err
	}
	out := callPaths{FromNS: instantNS(q.Range.From.UnixNano()), ToNS: instantNS(q.Range.To.UnixNano()), Traces: paths.Traces, Spans: paths.Spans,
		Complete: paths.Complete, Hops: make([]pathHop, len(paths.Hops)), Truncated: paths.Truncated}
	for i, h := range paths.Hops {
		_, at := endsOf(h.Type, "", h.Service)
		out.Hops[i] = pathHop{Parent: h.Parent, Type: edgeTypeName(h.Type), Kind: at.kind, Node: at.id(), Name: h.Service, Operation: h.Operation,
			Calls: h.Calls, Errors: h.Errors, Traces: h.Traces}
	}
	return writeJSON(w, out)
}
