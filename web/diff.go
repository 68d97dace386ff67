package web

import (
	"errors"
	"math"
	"net/http"
	"strings"
	"time"

	"weft/analysis"
	"weft/store"
)

// diffAlpha bounds the probability that an answer names anything though nothing differs.
const diffAlpha = 0.01

// baselinePrefix stands before the parameters of a baseline of its own.
const baselinePrefix = "baseline."

// sampleJSON says what an analysis has looked at.
type sampleJSON struct {
	FromNS    instantNS `json:"fromNs"`
	ToNS      instantNS `json:"toNs"`
	TimeShare float64   `json:"timeShare"`
	Matched   uint64    `json:"matched"`
	Traces    uint64    `json:"traces"`
}

func newSample(s store.Sample) sampleJSON {
	return sampleJSON{instantNS(s.FromNS), instantNS(s.ToNS), s.TimeShare, s.Matched, s.Traces}
}

type valueDifference struct {
	Source  string   `json:"source"`
	Key     string   `json:"key"`
	Service *string  `json:"service,omitempty"`
	Form    string   `json:"form"`
	Value   *string  `json:"value,omitempty"`
	Low     *float64 `json:"low,omitempty"`
	High    *float64 `json:"high,omitempty"`

	Selected      uint64   `json:"selected"`
	Baseline      uint64   `json:"baseline"`
	Coverage      float64  `json:"coverage"`
	BaselineShare float64  `json:"baselineShare"`
	Lift          *float64 `json:"lift,omitempty"`
	P             float64  `json:"p"`
	AdjustedP     float64  `json:"adjustedP"`
}

type diffAnswer struct {
	Selection   sampleJSON        `json:"selection"`
	Baseline    sampleJSON        `json:"baseline"`
	Compared    int               `json:"compared"`
	Truncated   bool              `json:"truncated"`
	Significant int               `json:"significant"`
	Differences []valueDifference `json:"differences"`
}

func (s *Server) getDiff(w http.ResponseWriter, r *http.Request) error {
	q, err := parseDiff(newParams(r), s.now())
	if err != nil {
		return err
	}
	counts, err := s.store.ValueCounts(r.Context(), q)
	if err != nil {
		return err
	}
	out := diffAnswer{Selection: newSample(counts.Selection), Baseline: newSample(counts.Baseline), Compared: len(counts.Counts), Truncated: counts.Truncated}
	found := significant(counts, askedFor(q.Selection))
	out.Significant = len(found)
	out.Differences = notNil(found[:min(len(found), q.Selection.Limit)])
	return writeJSON(w, out)
}

// parseDiff reads the parameters of getDiff. Without a baseline of its own the baseline is the rest of the same range: of the traces
// alike, or of all.
func parseDiff(p *params, now time.Time) (store.DiffQuery, error) {
	other := p.withPrefix(baselinePrefix)
	rest := p.oneOf("baseline", []string{"alike", "rest"})
	matching := p.oneOf("spans", []string{"all", "matching"}) == "matching"
	if rest != "" && len(other.values) > 0 {
		p.fail("baseline", rest, "either baseline or parameters that begin with "+baselinePrefix, errors.New("two baselines"))
	}
	selection, err := parseFilter(p, now)
	baseline, otherErr := parseFilter(other, now)
	if err := joinProblems(err, prefixed(otherErr, baselinePrefix)); err != nil {
		return store.DiffQuery{}, err
	}
	if len(other.values) == 0 {
		baseline = store.TraceQuery{}
		if rest != "rest" {
			baseline.Where = kindOfRequest(selection)
		}
	}
	if baseline.Range == (store.TimeRange{}) {
		baseline.Range = selection.Range
	}
	return store.DiffQuery{Selection: selection, Baseline: baseline, MatchingOnly: matching}, nil
}

// parseFilter reads a search's parameters for an analysis, which has no pages.
func parseFilter(p *params, now time.Time) (store.TraceQuery, error) {
	q := p.traceFilter(now)
	q.Limit = p.number("limit", 1, 1000, 50)
	return q, p.err()
}

// withPrefix takes the parameters whose names begin with prefix away from p, into params of their own without it.
func (p *params) withPrefix(prefix string) *params {
	other := &params{r: p.r, values: make(map[string][]string)}
	for name, values := range p.values {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			other.values[short] = values
			delete(p.values, name)
		}
	}
	return other
}

// prefixed puts the prefix before the fields of a parameter problem.
func prefixed(err error, prefix string) error {
	p, ok := errors.AsType[*problem](err)
	if !ok {
		return err
	}
	for i := range p.Errors {
		p.Errors[i].Field = prefix + p.Errors[i].Field
	}
	return p
}

// joinProblems is one answer for two sets of bad parameters.
func joinProblems(a, b error) error {
	x, ok := errors.AsType[*problem](a)
	y, also := errors.AsType[*problem](b)
	if ok && also {
		return badParams(append(x.Errors, y.Errors...)...)
	}
	return errors.Join(a, b)
}

// kindOfRequest keeps the conditions that say which requests are meant and not how they went: service, operation and kind. When there
// are no others it keeps none, for nothing would be left to compare with.
func kindOfRequest(q store.TraceQuery) store.Expr {
	conditions, ok := q.Where.(store.And)
	if !ok {
		conditions = store.And{q.Where}
	}
	var kept []store.Expr
	for _, c := range conditions {
		if p, ok := c.(store.Predicate); ok && (p.Field == store.FieldService || p.Field == store.FieldName || p.Field == store.FieldKind) {
			kept = append(kept, p)
		}
	}
	if len(kept) == len(conditions) && q.Structure == nil && !q.ErrorsOnly && q.MinTraceDuration == 0 && q.MaxTraceDuration == 0 {
		return nil
	}
	return store.AllOf(kept...)
}

// asked is what the selection's filter names: that it differs is no news.
type asked struct {
	keys    map[string]bool
	service string
}

func askedFor(q store.TraceQuery) asked {
	a := asked{keys: make(map[string]bool)}
	a.add(q.Where, true)
	if q.Structure != nil {
		a.add(q.Structure.A, false)
		a.add(q.Structure.B, false)
	}
	return a
}

// add takes in the conditions of e, which hold for certain when they are joined by And.
func (a *asked) add(e store.Expr, certain bool) {
	switch e := e.(type) {
	case store.And:
		for _, part := range e {
			a.add(part, certain)
		}
	case store.Or:
		for _, part := range e {
			a.add(part, false)
		}
	case store.Not:
		a.add(e.Of, false)
	case store.Predicate:
		a.keys[e.Field] = true
		if e.Field == store.FieldError {
			a.keys[store.FieldStatus] = true
		}
		if certain && e.Field == store.FieldService && e.Op == store.OpEqual {
			a.service = e.Value.Str()
		}
	}
}

// about reports whether c is of a key that was asked for, on the service that was.
func (a asked) about(c store.ValueCount) bool {
	return a.keys[c.Key] && (c.AnyService || a.service == "" || c.Service == a.service)
}

// significant tests all values, and keeps of those that say the same the one that says it best: a value is told for the service or for
// all services, and presence only where no value has the same counts.
func significant(all store.ValueCounts, a asked) []valueDifference {
	values := all.Counts[:0:0]
	var counts []analysis.Count
	for _, c := range all.Counts {
		if !a.about(c) {
			values = append(values, c)
			counts = append(counts, analysis.Count{Selected: int(c.Selected), Baseline: int(c.Baseline)})
		}
	}
	type valueKey struct {
		source store.ValueSource
		form   store.ValueForm
		key    string
		value  string
	}
	type countKey struct {
		source             store.ValueSource
		key                string
		selected, baseline uint64
	}
	told, same := make(map[valueKey]bool), make(map[countKey]bool)
	var out []valueDifference
	for _, f := range analysis.WhatDiffers(counts, int(all.Selection.Traces), int(all.Baseline.Traces), diffAlpha) {
		c := values[f.Index]
		value, count := valueKey{c.Source, c.Form, c.Key, c.Value}, countKey{c.Source, c.Key, c.Selected, c.Baseline}
		if told[value] || c.Form == store.FormPresent && same[count] {
			continue
		}
		told[value], same[count] = true, true
		out = append(out, newDifference(c, f))
	}
	return out
}

func newDifference(c store.ValueCount, f analysis.Finding) valueDifference {
	d := valueDifference{
		Source: [...]string{store.FromField: "field", store.FromSpan: "span", store.FromResource: "resource"}[c.Source], Key: c.Key,
		Form:     [...]string{store.FormText: "text", store.FormRange: "range", store.FormPresent: "present"}[c.Form],
		Selected: c.Selected, Baseline: c.Baseline, Coverage: f.SelectedShare, BaselineShare: f.BaselineShare, P: f.P, AdjustedP: f.Adjusted,
	}
	if !c.AnyService {
		d.Service = &c.Service
	}
	switch c.Form {
	case store.FormText:
		d.Value = &c.Value
	case store.FormRange:
		d.Low, d.High = &c.Low, &c.High
	}
	if !math.IsInf(f.Lift, 1) {
		d.Lift = &f.Lift
	}
	return d
}
