package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"weft/auth"
	"weft/store"
)

// problem is an error as a client sees it, an RFC 9457 problem document. It is the error type of this package's edge.
type problem struct {
	Type      string       `json:"type"`
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Detail    string       `json:"detail,omitempty"`
	Instance  string       `json:"instance,omitempty"`
	RequestID string       `json:"requestId"`
	Errors    []fieldError `json:"errors,omitempty"`

	code       string // last part of Type
	retryAfter int    // seconds; 0 sends no header
}

// fieldError is one bad parameter.
type fieldError struct {
	Field  string `json:"field"`
	Value  string `json:"value"`
	Bound  string `json:"bound,omitempty"`
	Detail string `json:"detail"`
}

func (p *problem) Error() string {
	if len(p.Errors) == 0 {
		return p.Detail
	}
	parts := make([]string, len(p.Errors))
	for i, e := range p.Errors {
		parts[i] = e.Field + ": " + e.Detail
	}
	return strings.Join(parts, "; ")
}

// handler parses, asks and renders; what it returns becomes the answer in adapt.
type handler func(w http.ResponseWriter, r *http.Request) error

// adapt makes a handler of h: the only place where an error of the own API meets HTTP.
func (s *Server) adapt(h handler) http.HandlerFunc { return adaptWith(h, s.writeProblem) }

// errorWriter renders an error in one API's shape.
type errorWriter func(w http.ResponseWriter, r *http.Request, err error)

func adaptWith(h handler, write errorWriter) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			write(w, r, err)
		}
	}
}

func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	st := stateOf(r)
	st.err = err
	p := *asProblem(r.Context(), err) // a copy: problems may be shared
	p.Type, p.Instance, p.RequestID = "urn:weft:problem:"+p.code, r.URL.Path, st.id
	p.setHeaders(w)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	body, _ := marshalJSON(p) // plain strings and numbers: cannot fail
	w.Write(body)
}

func (p *problem) setHeaders(w http.ResponseWriter) {
	w.Header().Del("Content-Encoding")
	if p.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="weft"`)
	}
}

// asProblem maps every error this package can meet to an answer. What is not the client's business (internal errors) is
// kept out of the detail; the log has it, under the request id.
func asProblem(ctx context.Context, err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	switch {
	case errors.Is(err, auth.ErrUnauthenticated):
		return &problem{code: "unauthenticated", Status: http.StatusUnauthorized, Title: "Not signed in", Detail: err.Error()}
	case errors.Is(err, auth.ErrForbidden):
		return &problem{code: "forbidden", Status: http.StatusForbidden, Title: "Not allowed", Detail: err.Error()}
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &problem{code: "timeout", Status: http.StatusGatewayTimeout, Title: "The query took too long",
			Detail: "ask for a shorter time range or fewer results"}
	case errors.Is(ctx.Err(), context.Canceled):
		// The client has gone; the status is for the log only (nginx' number for it).
		return &problem{code: "client-closed-request", Status: 499, Title: "Client closed request"}
	}
	if e, ok := errors.AsType[*store.Error](err); ok {
		switch e.Kind {
		case store.Invalid:
			return &problem{code: "invalid-query", Status: http.StatusBadRequest, Title: "Invalid query", Detail: e.Err.Error()}
		case store.NotFound:
			return &problem{code: "not-found", Status: http.StatusNotFound, Title: "Not found", Detail: e.Err.Error()}
		case store.Overloaded:
			return &problem{code: "overloaded", Status: http.StatusServiceUnavailable, Title: "The store is overloaded",
				Detail: "the store refuses work for now", retryAfter: 5}
		case store.Unavailable:
			return &problem{code: "unavailable", Status: http.StatusServiceUnavailable, Title: "The store is away",
				Detail: "the store cannot be reached", retryAfter: 2}
		}
	}
	return &problem{code: "internal", Status: http.StatusInternalServerError, Title: "Internal error",
		Detail: "something went wrong here; the server's log has it under the request id"}
}

func noSuchRoute(_ http.ResponseWriter, r *http.Request) error {
	return &problem{code: "no-such-route", Status: http.StatusNotFound, Title: "No such route",
		Detail: "nothing is served at " + clip(r.URL.Path)}
}

func (s *Server) noSuchMethod(w http.ResponseWriter, r *http.Request) error {
	allowed := []string{}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		if s.mux.Match(chi.NewRouteContext(), method, r.URL.Path) {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 { // a page of the user interface
		allowed = append(allowed, http.MethodGet)
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return &problem{code: "no-such-method", Status: http.StatusMethodNotAllowed, Title: "Method not allowed",
		Detail: "this route does not take " + clip(r.Method)}
}

func notFound(format string, args ...any) error {
	return &problem{code: "not-found", Status: http.StatusNotFound, Title: "Not found", Detail: fmt.Sprintf(format, args...)}
}

func badParams(errs ...fieldError) error {
	return &problem{code: "invalid-parameter", Status: http.StatusBadRequest, Title: "Invalid parameter", Errors: errs}
}

// clip keeps an echoed value short; 200 is room for any honest one.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= 200 {
		return s
	}
	return strings.ToValidUTF8(s[:200], "") + "…"
}

// writeJSON answers 200 with v. It encodes before the first byte is sent, so that a failure can still be told.
func writeJSON(w http.ResponseWriter, v any) error {
	body, err := marshalJSON(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return writeRawJSON(w, body)
}

func writeRawJSON(w http.ResponseWriter, body []byte) error {
	w.Header().Set("Content-Type", "application/json")
	w.Write(body) // an error here means that the client has gone: nobody is left to be told
	return nil
}

// marshalJSON is json.Marshal without the escapes that only inline HTML needs.
func marshalJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
