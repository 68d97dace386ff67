package front

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"weft/faas"
	"weft/faas/contract"
)

// trigger passes an HTTP request on to a function: /http/NAME/PATH, or /http/NAME:QUALIFIER/PATH. What the function answers goes
// out as it comes.
func (f *front) trigger(w http.ResponseWriter, r *http.Request) {
	name, qualifier, _ := strings.Cut(chi.URLParam(r, "name"), ":")
	prefix := "/http/" + chi.URLParam(r, "name")
	inner := r.Clone(r.Context())
	inner.URL.Path, inner.URL.RawPath = cutPrefix(r.URL, prefix)
	id := uuid.NewString()
	w.Header().Set("X-Fc-Request-Id", id)
	out := &started{ResponseWriter: w}
	res, err := f.rt.Do(r.Context(), &faas.Request{Function: name, Qualifier: qualifier, ID: id, Kind: contract.Web, HTTP: inner, Prefix: prefix,
		Route: r.Method + " " + prefix, Header: r.Header, Trigger: "http"}, out)
	switch e := res.Error; {
	case err != nil:
		computeError(w, id, err)
	case e == nil, e.Handled && out.begun:
		// The answer was passed on whole.
	case out.begun:
		panic(http.ErrAbortHandler) // the caller must not take half an answer for a whole one
	default:
		w.Header().Set("X-Fc-Error-Type", "UnhandledInvocationError")
		writeError(w, failedStatus(e), res)
	}
}

// failedStatus is the status of an answer that a function failed to give.
func failedStatus(e *contract.Error) int {
	switch e.Type {
	case contract.ErrTimeout:
		return http.StatusGatewayTimeout
	case contract.ErrRequestTooLarge:
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadGateway
}

func writeError(w http.ResponseWriter, code int, res faas.Result) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(errorPayload(res.Error, res.ID))
}

// cutPrefix is u's path, decoded and as it was written, behind prefix.
func cutPrefix(u *url.URL, prefix string) (path, raw string) {
	path = "/" + strings.TrimPrefix(strings.TrimPrefix(u.Path, prefix), "/")
	if u.RawPath != "" {
		raw = "/" + strings.TrimPrefix(strings.TrimPrefix(u.RawPath, prefix), "/")
	}
	return path, raw
}

// started notes whether an answer has begun.
type started struct {
	http.ResponseWriter
	begun bool
}

func (s *started) WriteHeader(code int) {
	s.begun = s.begun || code >= http.StatusOK || code == http.StatusSwitchingProtocols
	s.ResponseWriter.WriteHeader(code)
}

func (s *started) Write(p []byte) (int, error) {
	s.begun = true
	return s.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the writer's other abilities.
func (s *started) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// buffered holds an answer back until all is known that stands in its headers.
type buffered struct {
	header http.Header
	body   []byte
}

func (b *buffered) Header() http.Header { return b.header }

func (b *buffered) WriteHeader(int) {}

func (b *buffered) Write(p []byte) (int, error) {
	b.body = append(b.body, p...)
	return len(p), nil
}
