package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"weft/store"
)

type traceCount struct {
	Spans   uint64 `json:"spans"`
	Traces  uint64 `json:"traces"`
	AtLeast bool   `json:"atLeast"`
}

func (s *Server) countTraces(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	q := p.traceFilter(s.now())
	if err := p.err(); err != nil {
		return err
	}
	c, err := s.store.CountTraces(r.Context(), q)
	if err != nil {
		return err
	}
	return writeJSON(w, traceCount{Spans: c.Spans, Traces: c.Traces, AtLeast: c.AtLeast})
}

type facets struct {
	Fields  []facet `json:"fields"`
	Spans   uint64  `json:"spans"`
	Share   float64 `json:"share"`
	Sampled bool    `json:"sampled"`
}

type facet struct {
	Field    string       `json:"field"`
	Spans    uint64       `json:"spans"`
	Distinct uint64       `json:"distinct"`
	Values   []facetValue `json:"values"`
}

type facetValue struct {
	Value  string `json:"value"`
	Spans  uint64 `json:"spans"`
	Errors uint64 `json:"errors"`
}

func (s *Server) getFacets(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	q, fields, limit := p.traceFilter(s.now()), p.facetFields(), p.number("limit", 1, store.MaxFacetValues, 10)
	if err := p.err(); err != nil {
		return err
	}
	got, err := s.store.Facets(r.Context(), q, fields, limit)
	if err != nil {
		return err
	}
	out := facets{Fields: make([]facet, len(got.Fields)), Spans: got.Spans, Share: got.Share, Sampled: got.Share < 1}
	for i, f := range got.Fields {
		out.Fields[i] = facet{Field: f.Field, Spans: f.Spans, Distinct: f.Distinct, Values: make([]facetValue, len(f.Values))}
		for j, v := range f.Values {
			out.Fields[i].Values[j] = facetValue{Value: v.Value, Spans: v.Spans, Errors: v.Errors}
		}
	}
	return writeJSON(w, out)
}

// facetFields reads the repeatable parameter field.
func (p *params) facetFields() []string {
	fields := p.list("field")
	if len(fields) == 0 {
		return []string{store.FieldService, store.FieldName, store.FieldKind, store.FieldStatus}
	}
	if len(fields) > store.MaxFacetFields {
		p.fail("field", strings.Join(fields, ","), fmt.Sprintf("at most %d fields", store.MaxFacetFields), errors.New("too many"))
	}
	for _, field := range fields {
		if len(field) > maxText {
			p.fail("field", field, fmt.Sprintf("at most %d bytes", maxText), errors.New("too long"))
		} else if err := store.CheckFacetField(field); err != nil {
			p.fail("field", field, "an intrinsic or an attribute key", err)
		}
	}
	return fields
}
