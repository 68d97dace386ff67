package web

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"weft/auth"
	"weft/store"
)

//go:embed openapi.yaml
var openAPI []byte

// Store is what the API reads. *store.Store satisfies it; its methods return *store.Error.
type Store interface {
	Services(ctx context.Context) ([]string, error)
	Operations(ctx context.Context, service string) ([]store.Operation, error)
	RemoteServices(ctx context.Context, service string) ([]string, error)
	AttributeKeys(ctx context.Context, prefix string, limit int) ([]store.AttributeKey, error)
	AttributeValues(ctx context.Context, key, prefix string, limit int) ([]string, error)
	SearchTraces(ctx context.Context, q store.TraceQuery) (store.TracePage, error)
	CountTraces(ctx context.Context, q store.TraceQuery) (store.TraceCount, error)
	Facets(ctx context.Context, q store.TraceQuery, fields []string, limit int) (store.Facets, error)
	Trace(ctx context.Context, id store.TraceID) (*store.Trace, error)
	Traces(ctx context.Context, ids []store.TraceID) ([]*store.Trace, error)
	TraceSize(ctx context.Context, id store.TraceID) (uint64, error)
	TraceLinkedFrom(ctx context.Context, id store.TraceID, limit int) ([]store.LinkedBy, error)
	Skeleton(ctx context.Context, id store.TraceID) (*store.Skeleton, error)
	Orphans(ctx context.Context, ids []store.TraceID) (map[store.TraceID]uint64, error)
	SpanDetail(ctx context.Context, trace store.TraceID, span store.SpanID) (*store.SpanDetail, error)
	TraceLogs(ctx context.Context, id store.TraceID) ([]store.Log, error)
	SearchLogs(ctx context.Context, q store.LogQuery) (store.LogPage, error)
	CountLogs(ctx context.Context, q store.LogQuery, step time.Duration) ([]store.LogCount, error)
	Stats(ctx context.Context) ([]store.SignalStats, error)
	Dependencies(ctx context.Context, r store.TimeRange) ([]store.Dependency, error)
	Topology(ctx context.Context, r store.TimeRange) (*store.Topology, error)
	TopologyOf(ctx context.Context, q store.TraceQuery) (*store.Topology, error)
	TopologyMatrix(ctx context.Context, r store.TimeRange, step time.Duration) (*store.EdgeMatrix, error)
	CallPaths(ctx context.Context, q store.PathQuery) (*store.CallPaths, error)
	OperationTotals(ctx context.Context, q store.OperationQuery) ([]store.OperationTotals, store.TimeRange, error)
	StatementTotals(ctx context.Context, r store.TimeRange, service string) ([]store.StatementTotals, error)
	StatementTexts(ctx context.Context, r store.TimeRange, hashes []uint64) (map[uint64]string, error)
	Heatmap(ctx context.Context, q store.HeatmapQuery) ([]store.HeatmapColumn, error)
	ValueCounts(ctx context.Context, q store.DiffQuery) (store.ValueCounts, error)
	ErrorOrigins(ctx context.Context, q store.TraceQuery) (store.ErrorOrigins, error)
	BrokenContext(ctx context.Context, r store.TimeRange, limit int) (store.BrokenContext, error)
	Skeletons(ctx context.Context, ids []store.TraceID) ([]*store.Skeleton, error)
	SampleSkeletons(ctx context.Context, q store.TraceQuery, limit int) ([]*store.Skeleton, store.Sample, error)
	TwinCandidates(ctx context.Context, id store.TraceID, service, name string, aroundNS int64) (store.TwinCandidates, error)
	FunctionTotals(ctx context.Context, r store.TimeRange, function string, step time.Duration) ([]store.FunctionTotals, store.TimeRange, error)
	FunctionInits(ctx context.Context, r store.TimeRange, function string) ([]store.FunctionInits, error)
	FunctionResources(ctx context.Context, r store.TimeRange, function string) ([]store.FunctionResources, error)
	Invocations(ctx context.Context, q store.InvocationQuery) (store.InvocationPage, error)
	ColdStarts(ctx context.Context, q store.ColdStartQuery) (*store.ColdStarts, error)
	Instances(ctx context.Context, q store.InstanceQuery) ([]store.Instance, uint64, error)
	SpanStarts(ctx context.Context, id store.TraceID) ([]store.SpanStart, error)
	TraceInvocations(ctx context.Context, starts []store.SpanStart) ([]store.Invocation, error)
	TraceProfiles(ctx context.Context, id store.TraceID) ([]store.ProfileInfo, error)
	FunctionProfiles(ctx context.Context, r store.TimeRange, function string, limit int) ([]store.ProfileInfo, error)
	Profile(ctx context.Context, id store.TraceID, span store.SpanID) (*store.Profile, error)
}

// Config of a Server.
type Config struct {
	// Store answers the queries. Required.
	Store Store
	// Tokens says who may read. Nil switches authentication off.
	Tokens *auth.Tokens
	// Gatherer is what /metrics shows; nil shows an empty page.
	Gatherer prometheus.Gatherer
	// Ready makes /readyz fail with its error. Nil is always ready.
	Ready func() error
	// BasePath is the path prefix of everything, such as /weft, for a proxy that passes it on. Empty is the root.
	BasePath string
	Version  string
	// Ingest is listed by /api/v1/info, so that people find out where to send data.
	Ingest []IngestAddress
	// QueryTimeout bounds one request's work. Range (0, 10m]; default 30s.
	QueryTimeout time.Duration
	// UI replaces the embedded user interface; nil keeps it.
	UI     fs.FS
	Logger *slog.Logger
}

// IngestAddress is where clients of one protocol send telemetry.
type IngestAddress struct {
	Protocol string `json:"protocol"`
	Address  string `json:"address"`
}

// Server is the HTTP side of Weft. It holds no state of its own and may be run any number of times over one store.
type Server struct {
	cfg   Config
	store Store
	log   *slog.Logger
	ui    *uiHost
	now   func() time.Time
	root  http.Handler
	mux   chi.Router
}

// basePathPattern keeps the prefix free of anything that needs escaping in a path, in HTML or in a cookie.
var basePathPattern = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)*$`)

// New checks c and builds the routes. It starts nothing.
func New(c Config) (*Server, error) {
	c = c.withDefaults()
	var errs []error
	if c.Store == nil {
		errs = append(errs, errors.New("store: want one, got none"))
	}
	if !basePathPattern.MatchString(c.BasePath) {
		errs = append(errs, fmt.Errorf("base path: want /letters-digits segments, got %q", c.BasePath))
	}
	if c.QueryTimeout < 0 || c.QueryTimeout > 10*time.Minute {
		errs = append(errs, fmt.Errorf("query timeout: want more than 0 and at most 10m, got %v", c.QueryTimeout))
	}
	ui, err := newUIHost(c)
	errs = append(errs, err)
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	s := &Server{cfg: c, store: c.Store, log: c.Logger, ui: ui, now: time.Now}
	s.mux = s.routes()
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.CompressionLevel(1))
	if err != nil {
		return nil, fmt.Errorf("web: compression: %w", err)
	}
	s.root = withRequestID(s.logRequest(compress(s.mount(s.mux))))
	return s, nil
}

func (c Config) withDefaults() Config {
	c.BasePath = strings.TrimRight(c.BasePath, "/")
	if c.QueryTimeout == 0 {
		c.QueryTimeout = 30 * time.Second
	}
	if c.Gatherer == nil {
		c.Gatherer = prometheus.NewRegistry()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Probes serves what a process without an API still has to say: /healthz, /readyz and /metrics, at the root, under the same
// authentication. It uses Tokens, Gatherer, Ready and Logger of c.
func Probes(c Config) http.Handler {
	c = c.withDefaults()
	s := &Server{cfg: c, log: c.Logger, now: time.Now}
	r := chi.NewRouter()
	s.mux = r
	r.Use(secure, s.recoverPanic, middleware.GetHead)
	s.probeRoutes(r)
	r.NotFound(s.adapt(noSuchRoute))
	r.MethodNotAllowed(s.adapt(s.noSuchMethod))
	return withRequestID(s.logRequest(r))
}

// Handler serves the whole server.
func (s *Server) Handler() http.Handler { return s.root }

// mount puts h under the base path and leads the bare root there.
func (s *Server) mount(h http.Handler) http.Handler {
	base := s.cfg.BasePath
	if base == "" {
		return h
	}
	inner := http.StripPrefix(base, h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, base+"/"):
			inner.ServeHTTP(w, r)
		case r.URL.Path == "/" || r.URL.Path == base:
			http.Redirect(w, r, base+"/", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	})
}

func (s *Server) routes() chi.Router {
	r := chi.NewRouter()
	r.Use(secure, s.recoverPanic, s.refuseForeignWrites, s.limitTime, middleware.GetHead)
	s.probeRoutes(r)
	r.Route("/api/v1", s.ownRoutes)
	r.Route("/api/v2", s.zipkinRoutes)
	r.Route("/api/v3", s.jaegerV3Routes)
	r.Route("/api", s.jaegerV1Routes)
	r.Route(zipkinRoot, s.zipkinPortRoutes)
	r.NotFound(s.serveUI)
	r.MethodNotAllowed(s.adapt(s.noSuchMethod))
	return r
}

// probeRoutes are what machines ask of any process of ours.
func (s *Server) probeRoutes(r chi.Router) {
	r.Get("/healthz", plain(func() error { return nil }))
	r.Get("/readyz", plain(s.ready))
	r.With(s.require(auth.Query, s.writeProblem)).Get("/metrics",
		promhttp.HandlerFor(s.cfg.Gatherer, promhttp.HandlerOpts{DisableCompression: true}).ServeHTTP)
}

func (s *Server) ownRoutes(r chi.Router) {
	r.NotFound(s.adapt(noSuchRoute))
	r.MethodNotAllowed(s.adapt(s.noSuchMethod))
	r.Get("/openapi.yaml", serveOpenAPI)
	r.Get("/info", s.adapt(s.getInfo))
	r.Get("/session", s.adapt(s.getSession))
	r.Post("/session", s.adapt(s.signIn))
	r.Delete("/session", s.adapt(s.signOut))
	r.Group(func(r chi.Router) {
		r.Use(s.require(auth.Query, s.writeProblem))
		r.Get("/services", s.adapt(s.listServices))
		r.Get("/operations", s.adapt(s.listOperations))
		r.Get("/operations/stats", s.adapt(s.getOperationStats))
		r.Get("/operations/series", s.adapt(s.getOperationSeries))
		r.Get("/percentile", s.adapt(s.getPercentile))
		r.Get("/statements", s.adapt(s.getStatements))
		r.Get("/heatmap", s.adapt(s.getHeatmap))
		r.Get("/histogram", s.adapt(s.getHistogram))
		r.Get("/attributes", s.adapt(s.listAttributes))
		r.Get("/attributes/{key}/values", s.adapt(s.listAttributeValues))
		r.Get("/traces", s.adapt(s.searchTraces))
		r.Post("/traces/search", s.adapt(s.searchTraces))
		r.Get("/traces/count", s.adapt(s.countTraces))
		r.Get("/facets", s.adapt(s.getFacets))
		r.Get("/traces/{traceId}", s.adapt(s.getTrace))
		r.Get("/traces/{traceId}/size", s.adapt(s.getTraceSize))
		r.Get("/traces/{traceId}/skeleton", s.adapt(s.getSkeleton))
		r.Get("/traces/{traceId}/analysis", s.adapt(s.getAnalysis))
		r.Get("/compare", s.adapt(s.compareTraces))
		r.Get("/traces/{traceId}/spans/{spanId}", s.adapt(s.getSpan))
		r.Get("/traces/{traceId}/logs", s.adapt(s.getTraceLogs))
		r.Get("/logs", s.adapt(s.searchLogs))
		r.Get("/logs/histogram", s.adapt(s.logHistogram))
		r.Get("/stats", s.adapt(s.getStats))
		r.Get("/topology", s.adapt(s.getTopology))
		r.Get("/topology/matrix", s.adapt(s.getTopologyMatrix))
		r.Get("/topology/diff", s.adapt(s.getTopologyDiff))
		r.Get("/topology/paths", s.adapt(s.getCallPaths))
		r.Get("/diff", s.adapt(s.getDiff))
		r.Get("/errors/origins", s.adapt(s.getErrorOrigins))
		r.Get("/broken-context", s.adapt(s.getBrokenContext))
		r.Get("/critical-path", s.adapt(s.getCriticalPath))
		r.Get("/traces/{traceId}/twin", s.adapt(s.getTwin))
		r.Get("/functions", s.adapt(s.listFunctions))
		r.Get("/functions/{name}", s.adapt(s.getFunction))
		r.Get("/functions/{name}/invocations", s.adapt(s.listInvocations))
		r.Get("/functions/{name}/coldstarts", s.adapt(s.getColdStarts))
		r.Get("/functions/{name}/instances", s.adapt(s.listInstances))
		r.Get("/functions/{name}/profiles", s.adapt(s.listFunctionProfiles))
		r.Get("/traces/{traceId}/profiles", s.adapt(s.listProfiles))
		r.Get("/profiles/{traceId}/{spanId}", s.adapt(s.getProfile))
	})
}

func serveOpenAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	w.Write(openAPI)
}
