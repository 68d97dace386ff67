package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"weft/auth"
	"weft/store"
)

// maxTransformBytes bounds a document sent to /api/transform; larger ones do not fit a browser either.
const maxTransformBytes = 64 << 20

// jaegerAnswer is the envelope of Jaeger's API v1.
type jaegerAnswer struct {
	Data   any           `json:"data"`
	Total  int           `json:"total"`
	Limit  int           `json:"limit"`
	Offset int           `json:"offset"`
	Errors []jaegerError `json:"errors"`
}

type jaegerError struct {
	Code    int    `json:"code,omitempty"`
	Msg     string `json:"msg"`
	TraceID string `json:"traceID,omitempty"`
}

func (s *Server) jaegerV1Routes(r chi.Router) {
	h := func(h handler) http.HandlerFunc { return adaptWith(h, s.writeJaegerError) }
	r.NotFound(h(noSuchRoute))
	r.MethodNotAllowed(h(s.noSuchMethod))
	r.Group(func(r chi.Router) {
		r.Use(s.require(auth.Query, s.writeJaegerError))
		r.Get("/services", h(s.jaegerServices))
		r.Get("/services/{service}/operations", h(s.jaegerOperationNames))
		r.Get("/operations", h(s.jaegerOperations))
		r.Get("/traces", h(s.jaegerSearch))
		r.Get("/traces/{traceID}", h(s.jaegerTrace))
		r.Get("/dependencies", h(s.jaegerDependencies))
		r.Post("/transform", h(s.jaegerTransform))
		r.Post("/archive/{traceID}", h(notImplemented("archiving is not supported: traces stay for the retention time")))
		r.Get("/metrics/latencies", h(s.jaegerLatencies))
		r.Get("/metrics/calls", h(s.jaegerCalls))
		r.Get("/metrics/errors", h(s.jaegerErrors))
		r.Get("/metrics/minstep", h(s.jaegerMinStep))
	})
}

func notImplemented(why string) handler {
	return func(http.ResponseWriter, *http.Request) error {
		return &problem{code: "not-implemented", Status: http.StatusNotImplemented, Title: "Not implemented", Detail: why}
	}
}

// badJaegerRequest keeps the text that Jaeger, or another API that we follow, has for a bad parameter.
func badJaegerRequest(err error) error {
	return &problem{code: "invalid-parameter", Status: http.StatusBadRequest, Title: "Invalid parameter", Detail: err.Error()}
}

func (s *Server) writeJaegerError(w http.ResponseWriter, r *http.Request, err error) {
	stateOf(r).err = err
	p := asProblem(r.Context(), err)
	p.setHeaders(w)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.Status)
	body, _ := marshalJSON(jaegerAnswer{Errors: []jaegerError{{Code: p.Status, Msg: p.Error()}}}) // cannot fail
	w.Write(body)
}

// answerJaeger honours prettyPrint, which people use with curl.
func answerJaeger(w http.ResponseWriter, r *http.Request, a jaegerAnswer) error {
	body, err := marshalJSON(a)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	if v := r.URL.Query().Get("prettyPrint"); v != "" && v != "false" {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, body, "", "    "); err != nil {
			return fmt.Errorf("indent answer: %w", err)
		}
		body = pretty.Bytes()
	}
	return writeRawJSON(w, body)
}

func (s *Server) jaegerServices(w http.ResponseWriter, r *http.Request) error {
	names, err := s.store.Services(r.Context())
	if err != nil {
		return err
	}
	return answerJaeger(w, r, jaegerAnswer{Data: notNil(names), Total: len(names)})
}

func (s *Server) jaegerOperationNames(w http.ResponseWriter, r *http.Request) error {
	// Jaeger reads the service like a query value: + is a blank. Without RawPath the rest is decoded already.
	service := chi.URLParam(r, "service")
	if r.URL.RawPath == "" {
		service = strings.ReplaceAll(service, "+", " ")
	} else {
		var err error
		if service, err = url.QueryUnescape(service); err != nil {
			return badJaegerRequest(fmt.Errorf("unable to parse param 'service': %w", err))
		}
	}
	if !utf8.ValidString(service) {
		return badJaegerRequest(fmt.Errorf("unable to parse param 'service': %w", errNotUTF8))
	}
	ops, err := s.store.Operations(r.Context(), service)
	if err != nil {
		return err
	}
	names := []string{}
	for _, o := range ops {
		names = append(names, o.Name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return answerJaeger(w, r, jaegerAnswer{Data: names, Total: len(names)})
}

type jaegerOperation struct {
	Name     string `json:"name"`
	SpanKind string `json:"spanKind"`
}

// operationsOf lists a service's operations with kinds; unspecified is how a span without kind is called.
func (s *Server) operationsOf(ctx context.Context, service, kind, unspecified string) ([]jaegerOperation, error) {
	if !utf8.ValidString(service) {
		return nil, badJaegerRequest(fmt.Errorf("unable to parse param 'service': %w", errNotUTF8))
	}
	ops, err := s.store.Operations(ctx, service)
	if err != nil {
		return nil, err
	}
	out := []jaegerOperation{}
	for _, o := range ops {
		name := unspecified
		if o.Kind != store.KindUnspecified {
			name = kindName(o.Kind)
		}
		if kind == "" || strings.EqualFold(kind, name) {
			out = append(out, jaegerOperation{Name: o.Name, SpanKind: name})
		}
	}
	return out, nil
}

func (s *Server) jaegerOperations(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if q.Get("service") == "" {
		return badJaegerRequest(errors.New("parameter 'service' is required"))
	}
	ops, err := s.operationsOf(r.Context(), q.Get("service"), q.Get("spanKind"), "")
	if err != nil {
		return err
	}
	return answerJaeger(w, r, jaegerAnswer{Data: ops, Total: len(ops)})
}

func (s *Server) jaegerSearch(w http.ResponseWriter, r *http.Request) error {
	search, err := parseJaegerSearch(r.URL.Query(), s.now())
	if err != nil {
		return badJaegerRequest(err)
	}
	var failed []jaegerError
	var traces []*store.Trace
	if len(search.ids) > 0 {
		if traces, err = s.store.Traces(r.Context(), search.ids); err != nil {
			return err
		}
		for _, id := range search.ids {
			if !slices.ContainsFunc(traces, func(t *store.Trace) bool { return t.ID == id }) {
				failed = append(failed, jaegerError{Msg: "trace not found", TraceID: jaegerTraceID(id)})
			}
		}
	} else if traces, err = s.findTraces(r.Context(), search.query); err != nil {
		return err
	}
	return answerJaeger(w, r, jaegerAnswer{Data: jaegerTraces(traces), Errors: failed})
}

// findTraces returns whole traces, newest first.
func (s *Server) findTraces(ctx context.Context, q store.TraceQuery) ([]*store.Trace, error) {
	page, err := s.store.SearchTraces(ctx, q)
	if err != nil || len(page.Traces) == 0 {
		return nil, err
	}
	ids := make([]store.TraceID, len(page.Traces))
	for i, t := range page.Traces {
		ids[i] = t.TraceID
	}
	return s.store.Traces(ctx, ids)
}

func jaegerTraces(traces []*store.Trace) []jaegerTrace {
	out := make([]jaegerTrace, len(traces))
	for i, t := range traces {
		out[i] = newJaegerTrace(t)
	}
	return out
}

func (s *Server) jaegerTrace(w http.ResponseWriter, r *http.Request) error {
	id, err := store.ParseTraceID(chi.URLParam(r, "traceID"))
	if err != nil {
		return badJaegerRequest(err)
	}
	// start and end are hints that help other stores; they are checked and otherwise not needed here.
	for _, name := range []string{"start", "end"} {
		if s := r.URL.Query().Get(name); s != "" {
			if _, err := strconv.ParseInt(s, 10, 64); err != nil {
				return badJaegerRequest(fmt.Errorf("unable to parse param '%s': %w", name, err))
			}
		}
	}
	t, err := s.store.Trace(r.Context(), id)
	if isNotFound(err) || (err == nil && len(t.Spans) == 0) {
		return notFound("trace not found") // Jaeger's text; Grafana looks for it
	}
	if err != nil {
		return err
	}
	return answerJaeger(w, r, jaegerAnswer{Data: jaegerTraces([]*store.Trace{t})})
}

func isNotFound(err error) bool {
	e, ok := errors.AsType[*store.Error](err)
	return ok && e.Kind == store.NotFound
}

type jaegerDependency struct {
	Parent    string `json:"parent"`
	Child     string `json:"child"`
	CallCount uint64 `json:"callCount"`
}

func (s *Server) jaegerDependencies(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	span, err := parseJaegerDependencies(q, s.now())
	if err != nil {
		return badJaegerRequest(err)
	}
	list, err := s.store.Dependencies(r.Context(), span)
	if err != nil {
		return err
	}
	service := q.Get("service")
	out := []jaegerDependency{}
	for _, d := range list {
		if service == "" || d.Parent == service || d.Child == service {
			out = append(out, jaegerDependency{Parent: d.Parent, Child: d.Child, CallCount: d.Calls})
		}
	}
	return answerJaeger(w, r, jaegerAnswer{Data: out})
}

func (s *Server) jaegerTransform(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxTransformBytes))
	if err != nil {
		return badJaegerRequest(fmt.Errorf("read body: %w", err))
	}
	traces, err := readOTLP(body)
	if err != nil {
		return badJaegerRequest(err)
	}
	return answerJaeger(w, r, jaegerAnswer{Data: jaegerTraces(traces)})
}
