package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"weft/auth"
	"weft/store"
)

func (s *Server) jaegerV3Routes(r chi.Router) {
	h := func(h handler) http.HandlerFunc { return adaptWith(h, s.writeV3Error) }
	r.NotFound(h(noSuchRoute))
	r.MethodNotAllowed(h(s.noSuchMethod))
	r.Group(func(r chi.Router) {
		r.Use(s.require(auth.Query, s.writeV3Error))
		r.Get("/services", h(s.v3Services))
		r.Get("/operations", h(s.v3Operations))
		r.Get("/traces", h(s.v3Search))
		r.Get("/traces/{traceID}", h(s.v3Trace))
		r.Get("/trace-summaries", h(s.v3Summaries))
		r.Get("/dependencies", h(s.v3Dependencies))
	})
}

func (s *Server) writeV3Error(w http.ResponseWriter, r *http.Request, err error) {
	stateOf(r).err = err
	p := asProblem(r.Context(), err)
	p.setHeaders(w)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.Status)
	body, _ := marshalJSON(map[string]any{"error": map[string]any{"httpCode": p.Status, "message": p.Error()}}) // cannot fail
	w.Write(body)
}

func (s *Server) v3Services(w http.ResponseWriter, r *http.Request) error {
	names, err := s.store.Services(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"services": notNil(names)})
}

func (s *Server) v3Operations(w http.ResponseWriter, r *http.Request) error {
	q := v3Params{r.URL.Query()}
	kind, _ := q.get("spanKind", "span_kind")
	ops, err := s.operationsOf(r.Context(), q.Get("service"), kind, "internal")
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"operations": ops})
}

func (s *Server) v3Trace(w http.ResponseWriter, r *http.Request) error {
	id, err := store.ParseTraceID(chi.URLParam(r, "traceID"))
	if err != nil {
		return badJaegerRequest(fmt.Errorf("malformed parameter trace_id: %w", err))
	}
	q := v3Params{r.URL.Query()}
	// The bounds are hints that help other stores; a malformed one is refused all the same.
	for _, names := range [][]string{{"startTime", "start_time"}, {"endTime", "end_time"}} {
		if _, err := q.instant(names...); err != nil {
			return badJaegerRequest(err)
		}
	}
	if err := q.boolean("rawTraces", "raw_traces"); err != nil {
		return badJaegerRequest(err)
	}
	t, err := s.store.Trace(r.Context(), id)
	if isNotFound(err) {
		return answerV3(w)
	}
	if err != nil {
		return err
	}
	return answerV3(w, t)
}

func (s *Server) v3Search(w http.ResponseWriter, r *http.Request) error {
	q, err := parseV3Search(v3Params{r.URL.Query()})
	if err != nil {
		return badJaegerRequest(err)
	}
	traces, err := s.findTraces(r.Context(), q)
	if err != nil {
		return err
	}
	return answerV3(w, traces...)
}

// answerV3 sends all traces as one list of resourceSpans; clients regroup them by trace id.
func answerV3(w http.ResponseWriter, traces ...*store.Trace) error {
	spans := 0
	for _, t := range traces {
		spans += len(t.Spans)
	}
	if spans == 0 {
		return notFound("No traces found")
	}
	body := append([]byte(nil), `{"result":`...)
	return writeRawJSON(w, append(appendOTLP(body, traces...), '}'))
}

type v3Summary struct {
	TraceID           string      `json:"traceId"`
	RootServiceName   string      `json:"rootServiceName"`
	RootOperationName string      `json:"rootOperationName"`
	MinStart          instantNS   `json:"minStartTimeUnixNano"`
	MaxEnd            instantNS   `json:"maxEndTimeUnixNano"`
	SpanCount         uint64      `json:"spanCount"`
	ErrorSpanCount    uint64      `json:"errorSpanCount"`
	OrphanSpanCount   uint64      `json:"orphanSpanCount"`
	Services          []v3Service `json:"services"`
}

type v3Service struct {
	Name           string `json:"name"`
	SpanCount      uint64 `json:"spanCount"`
	ErrorSpanCount uint64 `json:"errorSpanCount"`
}

func (s *Server) v3Summaries(w http.ResponseWriter, r *http.Request) error {
	p := v3Params{r.URL.Query()}
	q, err := parseV3Search(p)
	if err != nil {
		return badJaegerRequest(err)
	}
	paged, err := p.page(&q)
	if err != nil {
		return badJaegerRequest(err)
	}
	page, err := s.store.SearchTraces(r.Context(), q)
	if err != nil {
		return err
	}
	ids := make([]store.TraceID, len(page.Traces))
	for i, t := range page.Traces {
		ids[i] = t.TraceID
	}
	orphans, err := s.store.Orphans(r.Context(), ids)
	if err != nil {
		return err
	}
	out := make([]v3Summary, len(page.Traces))
	for i, t := range page.Traces {
		out[i] = v3Summary{
			TraceID: t.TraceID.String(), RootServiceName: t.RootService, RootOperationName: t.RootName,
			MinStart: instantNS(t.StartNS), MaxEnd: instantNS(t.StartNS + t.DurationNS), SpanCount: t.Spans,
			ErrorSpanCount: t.Errors, OrphanSpanCount: orphans[t.TraceID], Services: make([]v3Service, len(t.Services)),
		}
		for j, c := range t.Services {
			out[i].Services[j] = v3Service{Name: c.Name, SpanCount: c.Spans, ErrorSpanCount: c.Errors}
		}
	}
	answer := map[string]any{"summaries": out}
	if paged && page.NextCursor != "" {
		answer["nextPageToken"] = page.NextCursor
	}
	return writeJSON(w, answer)
}

type v3Dependency struct {
	Parent    string `json:"parent"`
	Child     string `json:"child"`
	CallCount uint64 `json:"callCount,string"` // as proto3 JSON writes 64-bit numbers
}

func (s *Server) v3Dependencies(w http.ResponseWriter, r *http.Request) error {
	q := v3Params{r.URL.Query()}
	from, err := q.instant("startTime", "start_time")
	if err != nil {
		return badJaegerRequest(err)
	}
	to, err := q.instant("endTime", "end_time")
	if err != nil {
		return badJaegerRequest(err)
	}
	if from.IsZero() || to.IsZero() {
		return badJaegerRequest(errors.New("startTime and endTime are required"))
	}
	if from.After(to) {
		return badJaegerRequest(errors.New("invalid parameter: startTime must be before endTime"))
	}
	list, err := s.store.Dependencies(r.Context(), store.TimeRange{From: from, To: to})
	if err != nil {
		return err
	}
	out := make([]v3Dependency, len(list))
	for i, d := range list {
		out[i] = v3Dependency{d.Parent, d.Child, d.Calls}
	}
	return writeJSON(w, map[string]any{"dependencies": out})
}

// v3Params resolves the canonical names first and then their deprecated aliases; an empty value counts as absent.
type v3Params struct{ url.Values }

func (p v3Params) get(names ...string) (value, name string) {
	for _, name := range names {
		if v := p.Get(name); v != "" {
			return v, name
		}
	}
	return "", names[0]
}

func malformed(name string, err error) error {
	return fmt.Errorf("malformed parameter %s: %w", name, err)
}

func (p v3Params) instant(names ...string) (time.Time, error) {
	s, name := p.get(names...)
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, malformed(name, err)
	}
	if t.Before(minInstant) || t.After(maxInstant) {
		return time.Time{}, malformed(name, errors.New("outside the years 1678 to 2261"))
	}
	return t.UTC(), nil
}

func (p v3Params) duration(names ...string) (time.Duration, error) {
	s, name := p.get(names...)
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, malformed(name, err)
	}
	return d, nil
}

func (p v3Params) boolean(names ...string) error {
	s, name := p.get(names...)
	if s == "" {
		return nil
	}
	if _, err := strconv.ParseBool(s); err != nil {
		return malformed(name, err)
	}
	return nil
}

// page reads the size of a page and where it begins, if a client wants pages; the size then counts, not the depth.
func (p v3Params) page(q *store.TraceQuery) (paged bool, err error) {
	size, name := p.get("query.pagination.pageSize", "query.pagination.page_size")
	token, _ := p.get("query.pagination.pageToken", "query.pagination.page_token")
	if size == "" {
		if token != "" {
			return false, malformed(name, errors.New("a page token needs a page size"))
		}
		return false, nil
	}
	n, err := strconv.ParseUint(size, 10, 32)
	if err != nil {
		return false, malformed(name, err)
	}
	if n == 0 {
		return false, malformed(name, errors.New("want more than 0"))
	}
	q.Limit, q.Cursor = int(min(n, maxJaegerLimit)), token
	return true, nil
}

// errStructuredFilter refuses Jaeger's expressions (its RFC 0005), as Jaeger does whose gate jaeger.query.structuredFilters is closed: its default.
// To leave a condition out would be to answer with too many traces.
var errStructuredFilter = errors.New("structured filters are not supported; use query.attributes, or where of /api/v1/traces")

// parseV3Search reads the parameters that /api/v3/traces and /api/v3/trace-summaries share.
func parseV3Search(p v3Params) (store.TraceQuery, error) {
	q := store.TraceQuery{Limit: jaegerLimit}
	if err := checkText(p.Values); err != nil {
		return q, err
	}
	for _, name := range slices.Sorted(maps.Keys(p.Values)) {
		if name == "query.filter" && p.Get(name) != "" || strings.HasPrefix(name, "query.filter.") {
			return q, malformed(clip(name), errStructuredFilter)
		}
	}
	from, err := p.instant("query.startTimeMin", "query.start_time_min")
	if err != nil {
		return q, err
	}
	to, err := p.instant("query.startTimeMax", "query.start_time_max")
	if err != nil {
		return q, err
	}
	if from.IsZero() || to.IsZero() {
		return q, errors.New("query.startTimeMin and query.startTimeMax are required")
	}
	if from.After(to) {
		return q, errors.New("invalid parameter: query.startTimeMin must be before query.startTimeMax")
	}
	q.Range = store.TimeRange{From: from, To: to.Add(time.Nanosecond)} // Jaeger's end is inclusive
	if s, name := p.get("query.searchDepth", "query.search_depth", "query.num_traces"); s != "" {
		n, err := strconv.ParseUint(s, 10, 31)
		if err != nil {
			return q, malformed(name, err)
		}
		if n > 0 { // proto3's 0 is "not given"
			q.Limit = int(min(n, maxJaegerLimit))
		}
	}
	shortest, err := p.duration("query.durationMin", "query.duration_min")
	if err != nil {
		return q, err
	}
	longest, err := p.duration("query.durationMax", "query.duration_max")
	if err != nil {
		return q, err
	}
	if err := p.boolean("query.rawTraces", "query.raw_traces"); err != nil {
		return q, err
	}
	tags, err := v3Attributes(p)
	if err != nil {
		return q, err
	}
	service, _ := p.get("query.serviceName", "query.service_name")
	operation, _ := p.get("query.operationName", "query.operation_name")
	q.Where = store.AllOf(jaegerPredicates(service, operation, tags, shortest, longest)...)
	return q, nil
}

func v3Attributes(p v3Params) (map[string]string, error) {
	s := p.Get("query.attributes")
	if s == "" {
		return nil, nil
	}
	var tags map[string]string
	if err := json.Unmarshal([]byte(s), &tags); err != nil {
		return nil, malformed("query.attributes", err)
	}
	if err := checkTags(tags); err != nil {
		return nil, malformed("query.attributes", err)
	}
	return tags, nil
}
