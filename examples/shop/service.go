package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// Names of the services, as they stand in traces.
const (
	frontend  = "shop-frontend"  // OpenTelemetry; the only one that visitors call
	catalog   = "shop-catalog"   // OpenTelemetry, SQL
	cart      = "shop-cart"      // OpenTracing through weft/sdk
	orders    = "shop-orders"    // OpenTelemetry, SQL, sends to the queue
	payment   = "shop-payment"   // jaeger-client-go
	risk      = "shop-risk"      // OpenTracing through weft/sdk, called by the Jaeger service
	queue     = "shop-queue"     // the broker; not traced, as brokers are
	shipping  = "shop-shipping"  // OpenTelemetry, SQL, receives from the queue
	recommend = "shop-recommend" // Node, with the stock OpenTelemetry packages
)

// serviceEnv holds the settings of a service process, as JSON. Its presence makes this program one service of the shop.
const serviceEnv = "SHOP_SERVICE"

// settings are what the supervisor tells a service.
type settings struct {
	Name        string            `json:"name"`
	Peers       map[string]string `json:"peers"` // base URLs by name; services that do not run are missing
	OTLPGRPC    string            `json:"otlp_grpc"`
	OTLPHTTP    string            `json:"otlp_http"`
	JaegerAgent string            `json:"jaeger_agent"`
	DataDir     string            `json:"data_dir"`
	Faults      faults            `json:"faults"`
	Report      bool              `json:"report"` // write at the end how many spans each trace got, see reportFile
	// Function says that the service is run as a function: it listens on PORT, and its peers are behind the gateway, which wants
	// to see the token.
	Function bool `json:"function,omitempty"`
}

// service is one running service process.
type service struct {
	settings
	token     string
	faults    faultState
	counts    *spanCounts // nil unless reporting
	log       *slog.Logger
	transport http.RoundTripper // to peers
	client    *http.Client      // traced, where the service is
	plain     *http.Client      // never traced: probes, the broker's protocol
}

// callTimeout bounds one call of a peer.
const callTimeout = 10 * time.Second

// a builder makes the parts of a service: its handler, a background job (may be nil), and what to do when both have ended.
type builder func(ctx context.Context, s *service) (parts, error)

type parts struct {
	handler http.Handler
	job     func(ctx context.Context) error
	close   func(ctx context.Context) error
}

var builders = map[string]builder{
	frontend: buildFrontend,
	catalog:  buildCatalog,
	cart:     buildCart,
	orders:   buildOrders,
	payment:  buildPayment,
	risk:     buildRisk,
	queue:    buildQueue,
	shipping: buildShipping,
}

// drainTime bounds how long a service takes to end: requests in flight, then telemetry still held.
const drainTime = 3 * time.Second

// listenerFD is where a service finds its listening socket: the supervisor opened it, so that nobody waits for an address
// and a restarted service keeps its own.
const listenerFD = 3

func runService(ctx context.Context, raw string) error {
	var set settings
	if err := json.Unmarshal([]byte(raw), &set); err != nil {
		return fmt.Errorf("%s: %w", serviceEnv, err)
	}
	build, ok := builders[set.Name]
	if !ok {
		return fmt.Errorf("no service %q", set.Name)
	}
	lis, err := set.listen()
	if err != nil {
		return fmt.Errorf("%s: %w", set.Name, err)
	}
	ctx, stop := untilOrphaned(ctx)
	defer stop()

	s := &service{settings: set, token: os.Getenv("SHOP_TOKEN"), faults: faultState{path: faultsFile(set.DataDir), start: set.Faults}}
	s.log = slog.New(slog.DiscardHandler)
	s.transport = http.DefaultTransport
	if set.Function {
		s.transport = newGatewayTransport(s.token)
	}
	s.plain = &http.Client{Timeout: callTimeout, Transport: s.transport}
	s.client = s.plain
	if set.Report {
		s.counts = newSpanCounts()
	}
	p, err := build(ctx, s)
	if err != nil {
		return fmt.Errorf("%s: %w", set.Name, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	s.faults.routes(mux)
	mux.Handle("/", p.handler)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) }}

	ended := make(chan error, 2)
	go func() { ended <- srv.Serve(lis) }()
	jobs := 1
	if p.job != nil {
		jobs = 2
		go func() { ended <- p.job(ctx) }()
	}
	select {
	case <-ctx.Done():
	case err = <-ended:
		jobs--
		stop()
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	errs := []error{ignoreClosed(err), srv.Shutdown(drain)}
	for range jobs {
		errs = append(errs, ignoreClosed(<-ended))
	}
	if p.close != nil {
		err := p.close(drain)
		if s.counts == nil && errors.Is(err, context.DeadlineExceeded) {
			err = nil // nobody takes the last spans; only --once promises that somebody did
		}
		errs = append(errs, err)
	}
	if s.counts != nil {
		errs = append(errs, s.counts.write(reportFile(set.DataDir, set.Name)))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%s: %w", set.Name, err)
	}
	return nil
}

// listen takes over the supervisor's socket, or opens the one that the invoke runtime asks for.
func (s *settings) listen() (net.Listener, error) {
	if s.Function {
		return net.Listen("tcp", net.JoinHostPort("127.0.0.1", os.Getenv("PORT")))
	}
	lis, err := net.FileListener(os.NewFile(listenerFD, "listener"))
	if err != nil {
		return nil, fmt.Errorf("take over the listener: %w", err)
	}
	return lis, nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func reportFile(dataDir, service string) string {
	return filepath.Join(dataDir, "spans-"+service+".json")
}

// tracedRoute names the server span after the route, as otelhttp wants to be told.
func tracedRoute(mux *http.ServeMux, pattern string, h http.HandlerFunc) {
	mux.Handle(pattern, otelhttp.NewHandler(h, pattern))
}

// statusError is the answer of a peer that is not a success.
type statusError struct {
	method, url string
	status      int
	message     string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s %s: %d %s", e.method, e.url, e.status, e.message)
}

// call sends in as JSON, when not nil, and reads the answer into out, when not nil. It returns the answer's headers.
func call(ctx context.Context, c *http.Client, method, url string, in, out any) (http.Header, error) {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return resp.Header, err
	}
	if resp.StatusCode >= 400 {
		var problem struct{ Error string }
		_ = json.Unmarshal(raw, &problem) // the status alone will do
		return resp.Header, &statusError{method, url, resp.StatusCode, problem.Error}
	}
	if out != nil && resp.StatusCode != http.StatusNoContent {
		if err := json.Unmarshal(raw, out); err != nil {
			return resp.Header, fmt.Errorf("%s %s: %w", method, url, err)
		}
	}
	return resp.Header, nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller has gone
}

func writeError(w http.ResponseWriter, status int, err error) {
	writeJSON(w, status, map[string]string{"error": err.Error()})
}

func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(v); err != nil {
		writeError(w, http.StatusBadRequest, err)
		return false
	}
	return true
}
