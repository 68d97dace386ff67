package faas

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"

	"weft/faas/bootstrap"
	"weft/faas/coldstart"
	"weft/faas/emit"
	"weft/faas/function"
	"weft/faas/logs"
	"weft/faas/sandbox"
	"weft/sdk"
	"weft/semconv"
	"weft/state"
)

// Config is what a Runtime needs.
type Config struct {
	// Dir holds unpacked code and the folders of instances. Two runtimes must not share it.
	Dir string
	// State holds definitions and code. Nil: one is opened below Dir.
	State *state.State
	// Exporter takes spans, log records and rows. Nil: they go nowhere.
	Exporter emit.Exporter
	// Registerer receives the metrics, nil for none.
	Registerer prometheus.Registerer
	Logger     *slog.Logger
	// Concurrency bounds the invocations that run at once, Queue those that wait beyond it. Defaults 1000 and 1000.
	Concurrency, Queue int
	// Memory bounds what all instances together are promised, in bytes. 0: what the machine has, less an eighth.
	Memory int64
	// Region and AccountID are what functions are told, and part of their ARN. Defaults local and 000000000000.
	Region, AccountID string
	// Profile samples this process's CPU all the time, for the profiles of functions that are registered here. The host program cannot take a
	// CPU profile of its own meanwhile.
	Profile bool
	// JaegerEndpoint is where functions that use FC's tracing send their spans: the URL of thrift over HTTP. Empty: they are told none.
	JaegerEndpoint string
	// Forget says which of the functions that are deployed when the runtime opens are removed, before an instance of theirs is started: such as
	// were left behind by a process that was killed. Nil: none.
	Forget func(*function.Function) bool
}

func (c *Config) withDefaults() Config {
	d := *c
	d.Concurrency, d.Queue = cmp.Or(c.Concurrency, 1000), cmp.Or(c.Queue, 1000)
	d.Region, d.AccountID = cmp.Or(c.Region, "local"), cmp.Or(c.AccountID, "000000000000")
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	return d
}

// Runtime runs functions. Its methods are safe for concurrent use.
type Runtime struct {
	cfg        Config
	log        *slog.Logger
	emitter    *emit.Emitter
	metrics    *metrics
	propagator *sdk.Propagator
	admission  *limiter
	sandboxes  *sandbox.Manager
	memory     int64 // that all instances together can be promised, in bytes
	bootstraps bootstrap.Set
	sampler    *coldstart.Sampler // nil without Config.Profile
	registry   *registry
	code       *codeCache
	// retiredDrops are the lines that logs dropped which are closed.
	retiredDrops atomic.Uint64

	mu sync.RWMutex // protects what follows
	// inProcess are the functions of the host program, versions the pools of all others, by key.
	inProcess map[string]*target
	versions  map[string]*target
	// retiring are versions that nobody can ask for any more and that finish what they have.
	retiring map[*target]struct{}
	closed   bool

	stop             context.CancelFunc
	tending, retired sync.WaitGroup
}

// target is one version of a function that can be run.
type target struct {
	fn       *function.Function
	metrics  *functionMetrics
	resource *emit.Resource // while there is no instance
	// pool and logs are nil for a function of this process; own and slots are for that.
	pool  *pool
	logs  *logs.Function
	own   goFunc
	slots *limiter
	// profiling says that a profile is being taken: there is one at a time.
	profiling atomic.Bool
}

// close ends the instances of a version, and its log behind them.
func (t *target) close(rt *Runtime, ctx context.Context, reason string) {
	t.pool.close(ctx, reason)
	t.logs.Close()
	rt.retiredDrops.Add(t.logs.Dropped())
}

// New starts a runtime. What an earlier one left in Dir, running programs included, is swept away.
func New(cfg Config) (_ *Runtime, err error) {
	cfg = cfg.withDefaults()
	if cfg.Dir == "" {
		return nil, errors.New("faas: Dir is empty: want the folder for code and instances")
	}
	rt := &Runtime{cfg: cfg, log: cfg.Logger, admission: newLimiter("runtime", cfg.Concurrency, cfg.Queue),
		inProcess: make(map[string]*target), versions: make(map[string]*target), retiring: make(map[*target]struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	rt.stop = cancel
	defer func() {
		if err != nil {
			err = errors.Join(err, rt.release(context.Background()))
		}
	}()
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("faas: %w", err)
	}
	if rt.propagator, err = sdk.NewPropagator(); err != nil {
		return nil, fmt.Errorf("faas: %w", err)
	}
	rt.emitter = emit.New(emit.Config{Exporter: cfg.Exporter, Logger: cfg.Logger})
	if rt.sandboxes, err = sandbox.New(sandbox.Config{Dir: filepath.Join(cfg.Dir, "instances"), Memory: cfg.Memory, Logger: cfg.Logger}); err != nil {
		return nil, fmt.Errorf("faas: %w", err)
	}
	rt.memory = rt.sandboxes.Limits().Memory
	if rt.bootstraps, err = bootstrap.Install(filepath.Join(cfg.Dir, "bootstrap")); err != nil {
		return nil, fmt.Errorf("faas: %w", err)
	}
	if cfg.Profile {
		rt.sampler = coldstart.NewSampler(ctx)
	}
	rt.metrics = newMetrics(rt)
	if cfg.Registerer != nil {
		if err := rt.metrics.register(cfg.Registerer, rt); err != nil {
			return nil, fmt.Errorf("faas: metrics: %w", err)
		}
	}
	if err = openRegistry(ctx, rt); err != nil {
		return nil, fmt.Errorf("faas: %w", err)
	}
	if rt.code, err = newCodeCache(filepath.Join(cfg.Dir, "code"), rt.registry.objects); err != nil {
		return nil, fmt.Errorf("faas: %w", err)
	}
	rt.tending.Go(func() { rt.tend(ctx) })
	return rt, nil
}

// Close takes nothing more, lets what runs finish until ctx ends, ends all programs, and sends what is left to tell.
func (rt *Runtime) Close(ctx context.Context) error {
	rt.mu.Lock()
	rt.closed = true
	targets := make([]*target, 0, len(rt.versions))
	for _, t := range rt.versions {
		targets = append(targets, t)
	}
	retiring := slices.Collect(maps.Keys(rt.retiring))
	rt.mu.Unlock()
	rt.stop()
	rt.tending.Wait()
	var closing sync.WaitGroup
	for _, t := range targets {
		closing.Go(func() { t.close(rt, ctx, "shutdown") })
	}
	for _, t := range retiring {
		closing.Go(func() { t.pool.close(ctx, "shutdown") }) // its own close goes on then
	}
	closing.Wait()
	rt.retired.Wait()
	return rt.release(ctx)
}

// release frees what New made, in reverse order; parts that were not reached are nil.
func (rt *Runtime) release(ctx context.Context) error {
	rt.stop()
	if rt.sampler != nil {
		rt.sampler.Wait()
	}
	var errs []error
	if rt.registry != nil {
		rt.registry.close()
	}
	if rt.sandboxes != nil {
		errs = append(errs, rt.sandboxes.Close())
	}
	if rt.emitter != nil {
		errs = append(errs, rt.emitter.Close(ctx))
	}
	return errors.Join(errs...)
}

// tendEvery is how often pools are looked after: the precision of freezing and of idle times.
const tendEvery = 100 * time.Millisecond

func (rt *Runtime) tend(ctx context.Context) {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			for _, t := range rt.targets() {
				if t.pool != nil {
					t.pool.tend(now)
				}
			}
		case <-ctx.Done():
			return
		}
	}
}

// targets are all versions that can be run.
func (rt *Runtime) targets() []*target {
	rt.mu.RLock()
	defer rt.mu.RUnlock()
	all := make([]*target, 0, len(rt.inProcess)+len(rt.versions))
	for _, t := range rt.inProcess {
		all = append(all, t)
	}
	for _, t := range rt.versions {
		all = append(all, t)
	}
	return all
}

// Options of a function of this process. The zero value is one with the defaults of a manifest.
type Options struct {
	// Timeout bounds one invocation; the function is told by its context, and not waited for any longer.
	Timeout time.Duration
	// Concurrency is how many may run at once, Queue how many may wait. Defaults 200 and 1000.
	Concurrency, Queue int
	// Sample is the share of traces that begin here and are kept. Nil: all.
	Sample *float64
}

// Register makes fn a function of this process.
func (rt *Runtime) Register(name string, fn Func, opts Options) error {
	return rt.register(name, goFunc{event: fn}, opts)
}

// RegisterHandler makes a web handler a function of this process; it is reached through an HTTP trigger.
func (rt *Runtime) RegisterHandler(name string, h http.Handler, opts Options) error {
	return rt.register(name, goFunc{web: h}, opts)
}

func (rt *Runtime) register(name string, own goFunc, opts Options) error {
	fn := &function.Function{Name: name, Version: function.Latest, Contract: function.InProcess, Timeout: cmp.Or(opts.Timeout, function.Default(function.InProcess).Timeout),
		Concurrency: cmp.Or(opts.Concurrency, function.MaxConcurrency), Instances: function.Instances{Max: 1, Queue: cmp.Or(opts.Queue, 1000)},
		Tracing: function.Tracing{Sample: 1, Profile: true}}
	if opts.Sample != nil {
		fn.Tracing.Sample = *opts.Sample
	}
	if err := function.CheckName(name); err != nil {
		return fmt.Errorf("faas: register: %w", err)
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if _, taken := rt.inProcess[name]; taken {
		return fmt.Errorf("faas: register: a function named %q is registered already", name)
	}
	rt.inProcess[name] = &target{fn: fn, own: own, slots: newLimiter("function", fn.Concurrency, fn.Instances.Queue),
		metrics: rt.metrics.of(name, fn.Version), resource: rt.resource(fn, "")}
	return nil
}

// resolve finds what a name and a qualifier mean.
func (rt *Runtime) resolve(name, qualifier string) (*target, error) {
	rt.mu.RLock()
	t, own := rt.inProcess[name]
	closed := rt.closed
	rt.mu.RUnlock()
	switch {
	case closed:
		return nil, ErrClosed
	case own && (qualifier == "" || qualifier == function.Latest):
		return t, nil
	case own:
		return nil, fmt.Errorf("%w: %s:%s is a function of this process, which has no versions", ErrNotFound, name, qualifier)
	}
	fn, err := rt.registry.resolve(name, qualifier)
	if err != nil {
		return nil, err
	}
	t, err = rt.target(fn)
	if errors.Is(err, ErrNotFound) { // it was replaced between the two
		if fn, err = rt.registry.resolve(name, qualifier); err == nil {
			t, err = rt.target(fn)
		}
	}
	return t, err
}

// Resolve finds the version that a name and a qualifier mean, without running it.
func (rt *Runtime) Resolve(name, qualifier string) (*function.Function, error) {
	t, err := rt.resolve(name, qualifier)
	if err != nil {
		return nil, err
	}
	return t.fn, nil
}

// target is the pool of a version, made when it is used first.
func (rt *Runtime) target(fn *function.Function) (*target, error) {
	key := fn.Key()
	rt.mu.RLock()
	t, ok := rt.versions[key]
	rt.mu.RUnlock()
	if ok {
		return t, nil
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.closed {
		return nil, ErrClosed
	}
	if t, ok := rt.versions[key]; ok {
		return t, nil
	}
	if !rt.registry.current(fn) {
		return nil, fmt.Errorf("%w: %s:%s was replaced meanwhile", ErrNotFound, fn.Name, fn.Version)
	}
	t = &target{fn: fn, metrics: rt.metrics.of(fn.Name, fn.Version), resource: rt.resource(fn, "")}
	t.pool, t.logs = newPool(rt, t), rt.openLogs(t)
	rt.versions[key] = t
	return t, nil
}

// retire closes the pool of a version that nobody can ask for any more.
func (rt *Runtime) retire(key string) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	t, ok := rt.versions[key]
	if !ok || rt.closed {
		return
	}
	delete(rt.versions, key)
	rt.retiring[t] = struct{}{}
	rt.retired.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), t.fn.Timeout+stopGrace)
		defer cancel()
		t.close(rt, ctx, "version_switch")
		rt.mu.Lock()
		defer rt.mu.Unlock()
		delete(rt.retiring, t)
	})
}

// firstReason says why the first instance of a version has to be started: nobody asked before, or an earlier version ran until now.
func (rt *Runtime) firstReason(fn *function.Function) string {
	if rt.registry.deployments(fn.Name) > 1 {
		return "version_switch"
	}
	return "first"
}

// resource describes a version, and an instance of it, to whoever reads its spans.
func (rt *Runtime) resource(fn *function.Function, instance string) *emit.Resource {
	attrs := []attribute.KeyValue{
		attribute.String("service.name", fn.Name),
		attribute.String("faas.name", fn.Name),
		attribute.String("faas.version", fn.Version),
		attribute.String("cloud.resource_id", rt.arn(fn.Name, fn.Version)),
		attribute.String("cloud.provider", "weft"),
		attribute.String("cloud.region", rt.cfg.Region),
		attribute.String(semconv.RuntimeContract, string(fn.Contract)),
	}
	if fn.Memory > 0 {
		attrs = append(attrs, attribute.Int64("faas.max_memory", fn.Memory))
	}
	if instance != "" {
		attrs = append(attrs, attribute.String("faas.instance", instance), attribute.String("service.instance.id", instance))
	}
	return &emit.Resource{Attributes: slices.Clip(attrs)}
}

// arn names a version the way clients of Lambda expect it.
func (rt *Runtime) arn(name, version string) string {
	arn := fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", rt.cfg.Region, rt.cfg.AccountID, name)
	if version != function.Latest {
		arn += ":" + version
	}
	return arn
}

func newRequestID() string { return uuid.NewString() }
