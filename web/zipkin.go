package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"weft/auth"
	"weft/store"
)

// ZipkinPort serves what a Zipkin server answers on its port: next is a Server under basePath, or a proxy to one. There the same
// API stands under /zipkin, where it cannot be taken for another.
func ZipkinPort(basePath string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		prefix := strings.TrimRight(basePath, "/")
		if r.URL.Path != zipkinRoot && !strings.HasPrefix(r.URL.Path, zipkinRoot+"/") {
			prefix += zipkinRoot
		}
		moved := r.Clone(r.Context())
		moved.URL.Path = prefix + r.URL.Path
		if r.URL.RawPath != "" {
			moved.URL.RawPath = prefix + r.URL.RawPath
		}
		next.ServeHTTP(w, moved)
	})
}

const zipkinRoot = "/zipkin"

// zipkinPortRoutes are what a Zipkin server has beside its API. Its own clients, and load balancers, ask for health without a token.
func (s *Server) zipkinPortRoutes(r chi.Router) {
	h := func(h handler) http.HandlerFunc { return adaptWith(h, s.writeZipkinError) }
	r.NotFound(h(noSuchRoute))
	r.MethodNotAllowed(h(s.noSuchMethod))
	r.Get("/health", s.zipkinHealth)
	r.Get("/info", h(s.zipkinInfo))
	r.Route("/api/v2", s.zipkinRoutes)
}

func (s *Server) zipkinRoutes(r chi.Router) {
	h := func(h handler) http.HandlerFunc { return adaptWith(h, s.writeZipkinError) }
	r.NotFound(h(noSuchRoute))
	r.MethodNotAllowed(h(s.noSuchMethod))
	r.Group(func(r chi.Router) {
		r.Use(s.require(auth.Query, s.writeZipkinError))
		r.Get("/services", h(s.zipkinServices))
		r.Get("/spans", h(s.zipkinSpanNames))
		r.Get("/remoteServices", h(s.zipkinRemoteServices))
		r.Get("/traces", h(s.zipkinTraces))
		r.Get("/trace/{traceId}", h(s.zipkinTrace))
		r.Get("/traceMany", h(s.zipkinTraceMany))
		r.Get("/dependencies", h(s.zipkinDependencies))
		r.Get("/autocompleteKeys", h(s.zipkinAutocompleteKeys))
		r.Get("/autocompleteValues", h(s.zipkinAutocompleteValues))
	})
}

// writeZipkinError answers with the bare text, which is what a Zipkin server does.
func (s *Server) writeZipkinError(w http.ResponseWriter, r *http.Request, err error) {
	stateOf(r).err = err
	p := asProblem(r.Context(), err)
	p.setHeaders(w)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(p.Status)
	w.Write([]byte(p.Error()))
}

func (s *Server) zipkinHealth(w http.ResponseWriter, _ *http.Request) {
	type component struct {
		Status  string            `json:"status"`
		Details map[string]string `json:"details,omitempty"`
	}
	type details struct {
		Store component `json:"Store"`
	}
	code, state := http.StatusOK, component{Status: "UP"}
	if err := s.ready(); err != nil {
		code, state = http.StatusServiceUnavailable, component{"DOWN", map[string]string{"error": err.Error()}}
	}
	body, _ := marshalJSON(map[string]any{"status": state.Status, "zipkin": map[string]any{"status": state.Status, "details": details{state}}}) // cannot fail
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	w.Write(body)
}

func (s *Server) zipkinInfo(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, map[string]any{"zipkin": map[string]string{"version": s.cfg.Version}})
}

func (s *Server) zipkinServices(w http.ResponseWriter, r *http.Request) error {
	names, err := s.store.Services(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, zipkinNames(names))
}

// zipkinNames is a list as Zipkin gives it: in lower case, sorted, each name once.
func zipkinNames(names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		if name != "" {
			out = append(out, strings.ToLower(name))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (s *Server) zipkinSpanNames(w http.ResponseWriter, r *http.Request) error {
	services, err := s.zipkinServiceParam(r)
	if err != nil {
		return err
	}
	var names []string
	for _, service := range services {
		operations, err := s.store.Operations(r.Context(), service)
		if err != nil {
			return err
		}
		for _, o := range operations {
			names = append(names, o.Name)
		}
	}
	return writeJSON(w, zipkinNames(names))
}

func (s *Server) zipkinRemoteServices(w http.ResponseWriter, r *http.Request) error {
	services, err := s.zipkinServiceParam(r)
	if err != nil {
		return err
	}
	var names []string
	for _, service := range services {
		more, err := s.store.RemoteServices(r.Context(), service)
		if err != nil {
			return err
		}
		names = append(names, more...)
	}
	return writeJSON(w, zipkinNames(names))
}

// zipkinServiceParam is every stored service that is called serviceName when case does not count.
func (s *Server) zipkinServiceParam(r *http.Request) ([]string, error) {
	q := r.URL.Query()
	if err := checkText(q); err != nil {
		return nil, badJaegerRequest(err)
	}
	if !q.Has("serviceName") {
		return nil, badJaegerRequest(missingZipkinParam("serviceName"))
	}
	return s.zipkinServicesNamed(r.Context(), q.Get("serviceName"))
}

func (s *Server) zipkinServicesNamed(ctx context.Context, name string) ([]string, error) {
	all, err := s.store.Services(ctx)
	if err != nil {
		return nil, err
	}
	return sameName(all, name), nil
}

// sameName keeps of names those that are name when case does not count.
func sameName(names []string, name string) []string {
	var same []string
	for _, n := range names {
		if strings.EqualFold(n, name) && !slices.Contains(same, n) {
			same = append(same, n)
		}
	}
	return same
}

func (s *Server) zipkinTraces(w http.ResponseWriter, r *http.Request) error {
	search, err := parseZipkinSearch(r.URL.Query(), s.now())
	if err != nil {
		return badJaegerRequest(err)
	}
	queries, err := s.zipkinQueries(r.Context(), search)
	if err != nil {
		return err
	}
	var found []store.TraceSummary
	for _, q := range queries {
		page, err := s.store.SearchTraces(r.Context(), q)
		if err != nil {
			return err
		}
		found = append(found, page.Traces...)
	}
	slices.SortStableFunc(found, func(a, b store.TraceSummary) int { return cmp.Compare(b.StartNS, a.StartNS) })
	var ids []store.TraceID
	for _, t := range found {
		if len(ids) < search.query.Limit && !slices.Contains(ids, t.TraceID) {
			ids = append(ids, t.TraceID)
		}
	}
	traces, err := s.store.Traces(r.Context(), ids)
	if err != nil {
		return err
	}
	return writeJSON(w, zipkinTraces(traces))
}

func (s *Server) zipkinTrace(w http.ResponseWriter, r *http.Request) error {
	id, text, err := parseZipkinTraceID(strings.TrimSpace(chi.URLParam(r, "traceId")))
	if err != nil {
		return badJaegerRequest(err)
	}
	t, err := s.store.Trace(r.Context(), id)
	if isNotFound(err) {
		return notFound("%s not found", text)
	}
	if err != nil {
		return err
	}
	return writeJSON(w, newZipkinTrace(t))
}

func (s *Server) zipkinTraceMany(w http.ResponseWriter, r *http.Request) error {
	ids, err := parseZipkinTraceIDs(r.URL.Query())
	if err != nil {
		return badJaegerRequest(err)
	}
	traces, err := s.store.Traces(r.Context(), ids)
	if err != nil {
		return err
	}
	return writeJSON(w, zipkinTraces(traces))
}

func zipkinTraces(traces []*store.Trace) [][]zipkinSpan {
	out := make([][]zipkinSpan, len(traces))
	for i, t := range traces {
		out[i] = newZipkinTrace(t)
	}
	return out
}

type zipkinLink struct {
	Parent string `json:"parent"`
	Child  string `json:"child"`
	Calls  uint64 `json:"callCount"`
	Errors uint64 `json:"errorCount,omitempty"`
}

func (s *Server) zipkinDependencies(w http.ResponseWriter, r *http.Request) error {
	span, err := parseZipkinDependencies(r.URL.Query())
	if err != nil {
		return badJaegerRequest(err)
	}
	list, err := s.store.Dependencies(r.Context(), span)
	if err != nil {
		return err
	}
	out := []zipkinLink{}
	at := map[[2]string]int{} // names that differ in case only are one here
	for _, d := range list {
		names := [2]string{strings.ToLower(d.Parent), strings.ToLower(d.Child)}
		i, known := at[names]
		if !known {
			i = len(out)
			at[names] = i
			out = append(out, zipkinLink{Parent: names[0], Child: names[1]})
		}
		out[i].Calls += d.Calls
		out[i].Errors += d.Errors
	}
	return writeJSON(w, out)
}

func (s *Server) zipkinAutocompleteKeys(w http.ResponseWriter, r *http.Request) error {
	keys, err := s.store.AttributeKeys(r.Context(), "", maxZipkinNames)
	if err != nil {
		return err
	}
	names := []string{}
	for _, k := range keys {
		names = append(names, k.Key)
	}
	slices.Sort(names)
	return writeJSON(w, slices.Compact(names))
}

func (s *Server) zipkinAutocompleteValues(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if err := checkText(q); err != nil {
		return badJaegerRequest(err)
	}
	if !q.Has("key") {
		return badJaegerRequest(missingZipkinParam("key"))
	}
	values, err := s.store.AttributeValues(r.Context(), q.Get("key"), "", maxZipkinNames)
	if err != nil {
		return err
	}
	return writeJSON(w, notNil(values))
}
