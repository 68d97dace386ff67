package front

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"weft/faas"
	"weft/faas/sandbox"
)

// Config is what a front needs.
type Config struct {
	Runtime *faas.Runtime
	Logger  *slog.Logger
	// Admin wraps the routes that change functions, Invoke those that run them: the place for authentication. Nil: open.
	Admin, Invoke func(http.Handler) http.Handler
}

// New returns the handler of all routes.
func New(cfg Config) http.Handler {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	f := &front{rt: cfg.Runtime, log: cfg.Logger}
	r := chi.NewRouter()
	r.Group(func(r chi.Router) {
		use(r, cfg.Invoke)
		r.Post("/2015-03-31/functions/{name}/invocations", f.invokeLambda)
		r.Post("/2021-11-15/functions/{name}/response-streaming-invocations", f.invokeLambdaStream)
		r.Post("/2023-03-30/functions/{name}/invocations", f.invokeCompute)
		r.HandleFunc("/http/{name}", f.trigger)
		r.HandleFunc("/http/{name}/*", f.trigger)
	})
	r.Group(func(r chi.Router) {
		use(r, cfg.Admin)
		r.Get("/api/v1/functions", f.list)
		r.Get("/api/v1/functions/{name}", f.get)
		r.Put("/api/v1/functions/{name}", f.deploy)
		r.Delete("/api/v1/functions/{name}", f.remove)
		r.Post("/api/v1/functions/{name}/versions", f.publish)
		r.Put("/api/v1/functions/{name}/aliases/{alias}", f.alias)
	})
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	return r
}

func use(r chi.Router, middleware func(http.Handler) http.Handler) {
	if middleware != nil {
		r.Use(middleware)
	}
}

// nameOf is the function in the path, which clients may have escaped: an ARN has colons.
func nameOf(r *http.Request) string {
	name := chi.URLParam(r, "name")
	if plain, err := url.PathUnescape(name); err == nil {
		return plain
	}
	return name
}

type front struct {
	rt  *faas.Runtime
	log *slog.Logger
}

// Refuse answers a request that must not be served, in the shape that the client of its path reads.
func Refuse(w http.ResponseWriter, r *http.Request, status int, message string) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/2023-03-30/"):
		id := uuid.NewString()
		w.Header().Set("X-Fc-Request-Id", id)
		computeError(w, id, &computeFailure{status, "AccessDenied", message})
	case strings.HasPrefix(r.URL.Path, "/2015-03-31/"), strings.HasPrefix(r.URL.Path, "/2021-11-15/"):
		lambdaError(w, &lambdaFailure{status, "AccessDeniedException", message})
	default:
		http.Error(w, message, status)
	}
}

// refusal is how an invoke API calls an error of the runtime: by status, and by the names that Lambda and Function Compute have for it.
type refusal struct {
	status          int
	lambda, compute string
}

func refusalOf(err error) refusal {
	switch code := status(err); code {
	case http.StatusNotFound:
		return refusal{code, "ResourceNotFoundException", "FunctionNotFound"}
	case http.StatusTooManyRequests:
		return refusal{code, "TooManyRequestsException", "ResourceExhausted"}
	case http.StatusRequestEntityTooLarge:
		return refusal{code, "RequestTooLargeException", "EntityTooLarge"}
	}
	return refusal{http.StatusInternalServerError, "ServiceException", "InternalServerError"}
}

// status is how HTTP calls an error of the runtime.
func status(err error) int {
	var throttled *faas.ThrottledError
	var capacity *sandbox.CapacityError
	var large *faas.TooLargeError
	switch {
	case errors.Is(err, faas.ErrNotFound):
		return http.StatusNotFound
	case errors.As(err, &throttled), errors.As(err, &capacity):
		return http.StatusTooManyRequests
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, faas.ErrClosed):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func writeJSON(w http.ResponseWriter, code int, v any) { writeAs(w, "application/json", code, v) }

func writeAs(w http.ResponseWriter, mediaType string, code int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // only types that can be encoded are written
		panic(err)
	}
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(code)
	_, _ = w.Write(append(body, '\n'))
}
