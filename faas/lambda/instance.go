package lambda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"weft/faas/contract"
	"weft/faas/function"
	"weft/sdk"
)

// InitType is why an instance is started.
type InitType string

// Init types.
const (
	OnDemand    InitType = "on-demand"
	Provisioned InitType = "provisioned-concurrency"
)

// Config is what an Instance needs. Function is required.
type Config struct {
	Function   *function.Function
	InstanceID string
	// CodeDir is where the code lies: the program's working folder.
	CodeDir string
	// RuntimeDir is where the language's bootstrap lies. Empty: CodeDir.
	RuntimeDir string
	// ExtensionDirs hold external extensions, one executable file each. Nil: the folder extensions of CodeDir, and
	// /opt/extensions.
	ExtensionDirs []string
	// LogGroup and LogStream are what the program is told about its logs. Empty: /aws/lambda/ and the function's name; the
	// instance's id.
	LogGroup, LogStream string
	// Region and AccountID are parts of the function's ARN. Empty: local, 000000000000.
	Region, AccountID string
	// Init is empty for OnDemand.
	Init InitType
	// MaxMemory tells the greatest resident size of the instance so far, in bytes, for telemetry. It may be nil.
	MaxMemory func() int64
	// Logger is nil for none.
	Logger *slog.Logger
}

// Instance is the server that one program polls. It implements contract.Instance.
type Instance struct {
	cfg        Config
	log        *slog.Logger
	arn        string // without a qualifier
	propagator *sdk.Propagator
	listener   net.Listener
	server     *http.Server
	served     chan struct{} // closed when the server has ended
	telemetry  *telemetry
	extensions extensions

	ready     chan struct{} // closed when the program has polled and every extension too
	broken    chan struct{} // closed when there will be no more invocations; failure says why
	extFailed chan *contract.Error

	mu       sync.Mutex
	phases   contract.Phases
	created  time.Time
	readyAt  time.Time
	polled   bool            // at least once
	isReady  bool            // ready is closed
	failure  *contract.Error // of the start, or why the program is gone
	initErr  bool            // the program has reported init/error
	polls    []*poll         // waiting for invocations
	waiting  []*run          // waiting for polls
	runs     map[string]*run // handed out; those of sent too
	sent     []*run          // answered, and the program has not polled since; oldest first
	reported bool            // the first platform.report has carried the start
}

var _ contract.Instance = (*Instance)(nil)

// New returns an instance that listens already.
func New(cfg Config) (*Instance, error) {
	if cfg.Function == nil {
		return nil, errors.New("lambda: Function is missing")
	}
	cfg.setDefaults()
	propagator, err := sdk.NewPropagator()
	if err != nil {
		return nil, fmt.Errorf("make the propagator: %w", err)
	}
	external, err := findExtensions(cfg.ExtensionDirs)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the program: %w", err)
	}
	i := &Instance{
		cfg:        cfg,
		log:        cfg.Logger,
		arn:        "arn:aws:lambda:" + cfg.Region + ":" + cfg.AccountID + ":function:" + cfg.Function.Name,
		propagator: propagator,
		listener:   l,
		served:     make(chan struct{}),
		ready:      make(chan struct{}),
		broken:     make(chan struct{}),
		extFailed:  make(chan *contract.Error, 1),
		created:    time.Now(),
		runs:       map[string]*run{},
	}
	i.telemetry = newTelemetry(i.log)
	i.extensions.init(external)
	i.server = &http.Server{
		Handler: i.routes(),
		// An error's cause may be 1 MiB of header.
		MaxHeaderBytes: 2 << 20,
		ErrorLog:       slog.NewLogLogger(i.log.Handler(), slog.LevelDebug),
	}
	i.initStart()
	go func() {
		defer close(i.served)
		_ = i.server.Serve(l) // always http.ErrServerClosed, or the listener's error after Close
	}()
	return i, nil
}

func (c *Config) setDefaults() {
	set := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	set(&c.RuntimeDir, c.CodeDir)
	set(&c.LogGroup, "/aws/lambda/"+c.Function.Name)
	set(&c.LogStream, c.InstanceID)
	set(&c.Region, "local")
	set(&c.AccountID, "000000000000")
	if c.Init == "" {
		c.Init = OnDemand
	}
	if c.ExtensionDirs == nil {
		c.ExtensionDirs = []string{c.CodeDir + "/extensions", "/opt/extensions"}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

// routes has no middleware: every microsecond here is paid twice by each invocation.
func (i *Instance) routes() http.Handler {
	mux := http.NewServeMux()
	const runtime, extension, telemetry = "/2018-06-01/runtime", "/2020-01-01/extension", "/2022-07-01/telemetry"
	mux.HandleFunc("GET "+runtime+"/invocation/next", i.next)
	mux.HandleFunc("POST "+runtime+"/invocation/{id}/response", i.response)
	mux.HandleFunc("POST "+runtime+"/invocation/{id}/error", i.invocationError)
	mux.HandleFunc("POST "+runtime+"/init/error", i.initError)
	mux.HandleFunc(runtime+"/restore/", i.restore)
	mux.HandleFunc("POST "+extension+"/register", i.register)
	mux.HandleFunc("GET "+extension+"/event/next", i.identified(i.nextEvent))
	mux.HandleFunc("POST "+extension+"/init/error", i.identified(i.extensionInitError))
	mux.HandleFunc("POST "+extension+"/exit/error", i.identified(i.extensionExitError))
	mux.HandleFunc("PUT "+telemetry, i.identified(i.subscribe))
	mux.HandleFunc("PUT "+telemetry+"/{$}", i.identified(i.subscribe))
	return mux
}

// Addr is where the program polls: host:port.
func (i *Instance) Addr() string { return i.listener.Addr().String() }

// Ready waits until the program has polled and every extension, too.
func (i *Instance) Ready(ctx context.Context) error {
	select {
	case <-i.ready:
		return nil
	case <-i.broken:
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.failure
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Initialize does nothing: the contract has no such hook.
func (i *Instance) Initialize(context.Context, *contract.Invocation) error { return nil }

// PreFreeze does nothing: the contract has no such hook.
func (i *Instance) PreFreeze(context.Context, *contract.Invocation) error { return nil }

// PreStop is Shutdown because there is nothing left to do.
func (i *Instance) PreStop(ctx context.Context, _ *contract.Invocation) error {
	return i.Shutdown(ctx, Spindown)
}

// Phases are known once Ready has returned.
func (i *Instance) Phases() contract.Phases {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.phases
}

// Exited ends everything under way with cause; invocations that come later end with it, too. Outcome.Free is closed then.
func (i *Instance) Exited(cause *contract.Error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fail(cause)
	for _, r := range i.runs {
		i.end(r, cause)
		i.release(r)
		i.freed(r)
	}
}

// fail has invocations refused from now on. The first cause stays. i.mu is held.
func (i *Instance) fail(cause *contract.Error) {
	if i.failure != nil {
		return
	}
	i.failure = cause
	close(i.broken)
	if !i.polled {
		i.initDone(cause)
	}
	for _, r := range i.waiting {
		i.end(r, cause)
	}
	i.waiting = nil
}

// checkReady is called when the program or an extension has polled. i.mu is held.
func (i *Instance) checkReady() {
	if i.isReady || !i.polled || i.failure != nil || !i.extensions.allReady() {
		return
	}
	i.isReady, i.readyAt = true, time.Now()
	i.initReport()
	i.telemetry.closeSubscriptions()
	close(i.ready)
}

// contacted notes the program's first request. i.mu is held.
func (i *Instance) contacted() {
	if i.phases.FirstContact.IsZero() {
		i.phases.FirstContact = time.Now()
	}
}

// Close ends the connections of the program and of extensions, and delivers what telemetry is left, for at most a second.
func (i *Instance) Close() error {
	i.telemetry.close()
	err := i.server.Close()
	<-i.served
	return err
}
