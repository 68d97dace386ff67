package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"weft/auth"
	"weft/collector"
	"weft/semconv"
	"weft/store"
	"weft/store/engine"
	"weft/web"
)

// process is what one running weft consists of. Each start method registers how to stop what it started; close undoes
// them last to first.
type process struct {
	cfg      *config
	log      *slog.Logger
	tokens   *auth.Tokens
	registry *prometheus.Registry
	store    *store.Store
	intake   *collector.Intake // nil when no runtime runs here
	reads    http.Handler      // what is read at the Zipkin port
	ready    atomic.Bool
	// failed receives the error of the first part that ended by itself.
	failed chan error
	stops  []stop
}

type stop struct {
	what string
	do   func(context.Context) error
}

// stopTimeout bounds how long one part may take to drain; what it held is on disk by then.
const stopTimeout = 20 * time.Second

func newProcess(c *config) (*process, error) {
	tokens, err := c.tokens()
	if err != nil {
		return nil, err
	}
	p := &process{cfg: c, log: c.logger(), tokens: tokens, registry: prometheus.NewRegistry(), failed: make(chan error, 8)}
	p.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	tuneGC()
	if c.pprof != "" {
		if err := p.startPprof(c.pprof); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// tuneGC lets the heap grow further between collections than Go's default: decoding telemetry makes much garbage that dies
// at once, and the live heap is small. GOGC and GOMEMLIMIT in the environment win.
func tuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		// Beyond it garbage is collected more often; it is no hard limit. The live heap under full load is about 200 MiB, two
		// blocks and the requests that wait for a third.
		debug.SetMemoryLimit(400 << 20)
	}
}

func (p *process) onStop(what string, do func(context.Context) error) {
	p.stops = append(p.stops, stop{what, do})
}

// close stops every part, last started first, and adds what went wrong to err.
func (p *process) close(err *error) {
	p.ready.Store(false)
	for len(p.stops) > 0 {
		s := p.stops[len(p.stops)-1]
		p.stops = p.stops[:len(p.stops)-1]
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		if stopErr := s.do(ctx); stopErr != nil {
			*err = errors.Join(*err, fmt.Errorf("stop %s: %w", s.what, stopErr))
		}
		cancel()
	}
}

// wait blocks until the process is told to stop or a part ends by itself.
func (p *process) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		p.log.Info("stopping")
		return nil
	case err := <-p.failed:
		return err
	}
}

func (p *process) setReady() { p.ready.Store(true) }

// readiness is what /readyz asks.
func (p *process) readiness(ctx context.Context) error {
	if !p.ready.Load() {
		return errors.New("starting or stopping")
	}
	return p.store.Ping(ctx)
}

// openStore connects to --clickhouse, or starts the embedded engine and connects to that.
func (p *process) openStore(ctx context.Context) error {
	dsn := p.cfg.clickhouse
	if dsn == "" {
		var err error
		if dsn, err = p.startEngine(ctx); err != nil {
			return err
		}
	}
	st, err := store.Open(ctx, store.Config{DSN: dsn, Retention: p.cfg.retention(), Logger: p.log})
	if err != nil {
		return err
	}
	p.store = st
	for of, count := range map[string]func() uint64{
		"operations": func() uint64 { n, _ := st.Others(); return n },
		"statements": func() uint64 { _, n := st.Others(); return n },
	} {
		p.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: semconv.MetricOthers, ConstLabels: prometheus.Labels{"of": of},
			Help: "Spans counted by minute under the name (other), because there were too many names.",
		}, func() float64 { return float64(count()) }))
	}
	p.onStop("store", func(context.Context) error { return st.Close() })
	return nil
}

func (p *process) startEngine(ctx context.Context) (dsn string, err error) {
	dir, err := p.cfg.dataDir()
	if err != nil {
		return "", err
	}
	library, err := engine.FindLibrary(dir)
	if err != nil {
		return "", err
	}
	e, err := engine.Start(ctx, engine.Config{
		Library: library, DataDir: dir, MemoryLimit: int64(p.cfg.engineMemory), Logger: p.log.With("part", "engine"),
	})
	if err != nil {
		return "", err
	}
	p.onStop("engine", e.Stop)
	p.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "weft_engine_restarts_total", Help: "Times the embedded engine was restarted after it ended unexpectedly.",
	}, func() float64 { return float64(e.Restarts()) }))
	go func() {
		<-e.Done()
		if err := e.Err(); err != nil {
			p.failed <- err
		}
	}()
	return e.DSN(), nil
}

// checkCollector refuses a bad collector configuration before anything is started for it.
func (p *process) checkCollector(ctx context.Context) error {
	return collector.Check(ctx, p.collectorSettings(""))
}

func (p *process) collectorSettings(dataDir string) collector.Settings {
	return collector.Settings{
		ConfigFile: p.cfg.collectorConfig,
		Store:      p.store,
		QueueDir:   filepath.Join(dataDir, "queue"),
		Tokens:     p.tokens,
		Reads:      p.reads,
		Intake:     p.intake,
		Registerer: p.registry,
		Logger:     p.log.With("part", "collector"),
		Version:    version,
	}
}

// startCollector returns once every receiver listens.
func (p *process) startCollector(ctx context.Context) error {
	dir, err := p.cfg.dataDir()
	if err != nil {
		return err
	}
	set := p.collectorSettings(dir)
	ready, done := make(chan struct{}), make(chan error, 1)
	set.Ready = func() { close(ready) }
	// It outlives ctx: it drains when its turn to stop comes, not when the signal arrives.
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() { done <- collector.Run(runCtx, set) }()
	select {
	case err := <-done:
		cancel()
		if err == nil {
			err = errors.New("collector ended before it was ready")
		}
		return err
	case <-ctx.Done():
		cancel()
		<-done
		return ctx.Err()
	case <-ready:
	}
	stopping := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		err := <-done
		select {
		case <-stopping:
		default:
			p.failed <- fmt.Errorf("collector ended: %w", err)
		}
		ended <- err
	}()
	p.onStop("collector", func(stopCtx context.Context) error {
		close(stopping)
		cancel()
		select {
		case err := <-ended:
			return err
		case <-stopCtx.Done():
			return fmt.Errorf("it did not drain in time; what it holds is in the queue on disk: %w", stopCtx.Err())
		}
	})
	return nil
}

func (p *process) listenWeb() (net.Listener, error) { return p.listen("--http", &p.cfg.http) }

// startWeb serves the whole API; ingest is where this process takes data, if it does.
func (p *process) startWeb(l net.Listener, ingest []web.IngestAddress) error {
	c := p.webConfig()
	c.Store, c.BasePath, c.Ingest = p.store, p.cfg.basePath, ingest
	srv, err := web.New(c)
	if err != nil {
		_ = l.Close()
		return err
	}
	p.reads = web.ZipkinPort(p.cfg.basePath, srv.Handler())
	p.serve("web", l, srv.Handler())
	return nil
}

// startProbes serves what a role without an API still has to say.
func (p *process) startProbes(l net.Listener) {
	p.serve("probes", l, web.Probes(p.webConfig()))
}

func (p *process) webConfig() web.Config {
	return web.Config{
		Tokens:   p.tokens,
		Gatherer: p.registry,
		Ready: func() error {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			return p.readiness(ctx)
		},
		Version: version,
		Logger:  p.log.With("part", "web"),
	}
}

// startPprof serves profiles apart from everything else: they are for the person at the machine, not for the network.
func (p *process) startPprof(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("--pprof: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	p.serve("pprof", l, mux)
	return nil
}

func (p *process) serve(what string, l net.Listener, h http.Handler) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelDebug)}
	go func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			p.failed <- fmt.Errorf("%s: %w", what, err)
		}
	}()
	p.onStop(what, func(ctx context.Context) error {
		if err := srv.Shutdown(ctx); err != nil {
			return srv.Close()
		}
		return nil
	})
}
