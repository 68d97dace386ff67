package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"weft/store"
)

// maxTraceCursor is room for the longest cursor of a search, which remembers the traces shown of late (13 kB).
const maxTraceCursor = 16 << 10

// maxConditions bounds the attr parameters of one search; each costs a condition in the query.
const maxConditions = 20

type serviceCount struct {
	Name   string `json:"name"`
	Spans  uint64 `json:"spans"`
	Errors uint64 `json:"errors"`
}

type traceSummary struct {
	TraceID     string         `json:"traceId"`
	RootService string         `json:"rootService"`
	RootName    string         `json:"rootName"`
	HasRoot     bool           `json:"hasRoot"`
	StartNS     instantNS      `json:"startNs"`
	DurationNS  int64          `json:"durationNs"`
	Spans       uint64         `json:"spans"`
	Errors      uint64         `json:"errors"`
	Services    []serviceCount `json:"services"`
}

type tracePage struct {
	Traces     []traceSummary `json:"traces"`
	NextCursor string         `json:"nextCursor,omitempty"`
}

func (s *Server) searchTraces(w http.ResponseWriter, r *http.Request) error {
	q, err := parseTraceQuery(newParams(r), s.now())
	if err != nil {
		return err
	}
	page, err := s.store.SearchTraces(r.Context(), q)
	if err != nil {
		return err
	}
	out := tracePage{Traces: make([]traceSummary, len(page.Traces)), NextCursor: page.NextCursor}
	for i, t := range page.Traces {
		services := make([]serviceCount, len(t.Services))
		for j, c := range t.Services {
			services[j] = serviceCount{Name: c.Name, Spans: c.Spans, Errors: c.Errors}
		}
		out.Traces[i] = traceSummary{
			TraceID: t.TraceID.String(), RootService: t.RootService, RootName: t.RootName, HasRoot: t.HasRoot,
			StartNS: instantNS(t.StartNS), DurationNS: t.DurationNS, Spans: t.Spans, Errors: t.Errors, Services: services,
		}
	}
	return writeJSON(w, out)
}

// parseTraceQuery reads the parameters of searchTraces.
func parseTraceQuery(p *params, now time.Time) (store.TraceQuery, error) {
	q := p.traceFilter(now)
	q.Limit, q.Cursor = p.number("limit", 1, 1000, 50), p.text("cursor", maxTraceCursor)
	return q, p.err()
}

// traceFilter reads which spans and traces a request is about: everything of a TraceQuery but the page. Every endpoint over a selection
// of traces takes these parameters.
func (p *params) traceFilter(now time.Time) store.TraceQuery {
	q := store.TraceQuery{Range: p.timeRange(now), ErrorsOnly: p.boolean("errors")}
	var all []store.Expr
	where := func(field string, op store.Op, v store.Value) {
		all = append(all, store.Predicate{Field: field, Op: op, Value: v})
	}
	if v := p.text("service", maxText); v != "" {
		where(store.FieldService, store.OpEqual, store.StringValue(v))
	}
	if v := p.text("operation", maxText); v != "" {
		where(store.FieldName, store.OpEqual, store.StringValue(v))
	}
	if v := p.oneOf("kind", kindNames); v != "" {
		where(store.FieldKind, store.OpEqual, store.StringValue(v))
	}
	if v := p.oneOf("status", statusNames); v != "" {
		where(store.FieldStatus, store.OpEqual, store.StringValue(v))
	}
	low, high := p.durations("minDuration", "maxDuration")
	if low > 0 {
		where(store.FieldDuration, store.OpGreaterEqual, store.IntValue(int64(low)))
	}
	if high > 0 {
		where(store.FieldDuration, store.OpLessEqual, store.IntValue(int64(high)))
	}
	q.MinTraceDuration, q.MaxTraceDuration = p.durations("minTraceDuration", "maxTraceDuration")
	conditions := p.list("attr")
	if len(conditions) > maxConditions {
		p.fail("attr", fmt.Sprint(len(conditions)), fmt.Sprintf("at most %d conditions", maxConditions), errors.New("too many"))
		conditions = nil
	}
	for _, text := range conditions {
		pred, err := parseCondition(text)
		if err != nil {
			p.fail("attr", text, conditionBound, err)
			continue
		}
		all = append(all, pred)
	}
	if text := p.text("where", maxExprBytes); text != "" {
		e, err := parseExpr(text, len(all))
		if err != nil {
			p.fail("where", text, exprBound, err)
		}
		all = append(all, e)
	}
	if text := p.text("structure", maxExprBytes); text != "" {
		var err error
		if q.Structure, err = parseStructure(text); err != nil {
			p.fail("structure", text, structureBound, err)
		}
	}
	q.Where = store.AllOf(all...)
	return q
}

// durations reads a pair of bounds; 0 is no bound, so an upper bound of nothing is refused rather than ignored.
func (p *params) durations(low, high string) (lowest, highest time.Duration) {
	lowest, _ = p.duration(low)
	highest, given := p.duration(high)
	if given && (highest == 0 || highest < lowest) {
		p.fail(high, p.values.Get(high), "more than 0 and not less than "+low, errors.New("nothing can be this short"))
	}
	return lowest, highest
}

func (s *Server) getTrace(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	id, format, without := p.traceID(), p.oneOf("format", []string{"otlp", "compact"}), p.columnsLeftOut()
	if err := p.err(); err != nil {
		return err
	}
	if format == "compact" {
		c, err := s.compact(r.Context(), id)
		if err != nil {
			return err
		}
		c.Spans.leaveOut(without)
		return writeJSON(w, c)
	}
	t, err := s.trace(r.Context(), id)
	if err != nil {
		return err
	}
	if len(t.Spans) == 0 {
		return notFound("trace %s is not stored", id)
	}
	return writeRawJSON(w, appendOTLP(nil, t))
}

// traceSize is TraceSize of openapi.yaml.
type traceSize struct {
	Spans uint64 `json:"spans"`
}

func (s *Server) getTraceSize(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	id := p.traceID()
	if err := p.err(); err != nil {
		return err
	}
	n, err := s.store.TraceSize(r.Context(), id)
	if err != nil {
		return err
	}
	return writeJSON(w, traceSize{Spans: n})
}
