package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// Config says where an engine lives and how much it may use.
type Config struct {
	// Library is the path of the engine library; "" means FindLibrary(DataDir).
	Library string
	// DataDir is the data folder; the engine keeps to DataDir/clickhouse, which is created when missing. One engine at a
	// time.
	DataDir string
	// MemoryLimit caps what the engine allocates, in bytes: a query or insert above it fails, the engine lives on.
	// 0 means half of the memory that the machine or its control group has. At least 256 MiB, about what it needs to
	// be of use.
	MemoryLimit int64
	// Logger gets starts, crashes and restarts; nil means slog.Default().
	Logger *slog.Logger
}

// MinMemoryLimit is the least Config.MemoryLimit other than 0, in bytes.
const MinMemoryLimit = 256 << 20

// Engine is a running embedded ClickHouse. Its methods may be called by several goroutines at once.
type Engine struct {
	library  string
	files    layout
	lock     *os.File
	log      *slog.Logger
	password string
	tuning   tuning

	ask     sync.Once     // guards the close of asked
	asked   chan struct{} // closed when Stop was called
	done    chan struct{} // closed when the supervisor has ended
	mu      sync.Mutex    // guards what follows
	tcp     int           // ports: they change only before the first child is ready
	http    int
	process *os.Process // of the child; nil when none runs
	starts  int         // children that answered
	failure error
}

// tuning is what the tests shorten.
type tuning struct {
	firstPause  time.Duration // before the first restart; doubles with every further one
	longestWait time.Duration // the longest pause
	stableAfter time.Duration // a child that answered this long resets the pause
	readyIn     time.Duration // how long a child may take to answer: loading many parts takes minutes at worst
	attempts    int           // children in a row that never answered before the supervisor gives up
	// firstAttempts is the same before the first one answered: another try helps only when somebody took the port.
	firstAttempts int
}

var defaultTuning = tuning{
	firstPause: 100 * time.Millisecond, longestWait: 5 * time.Second, stableAfter: 30 * time.Second,
	readyIn: 5 * time.Minute, attempts: 8, firstAttempts: 3,
}

// Start runs an engine on cfg.DataDir and returns when it answers queries. ctx bounds the start only: the engine runs
// until Stop, or until this process ends, however it ends. Every error is one line that says what to do.
func Start(ctx context.Context, cfg Config) (*Engine, error) {
	return start(ctx, cfg, defaultTuning)
}

func start(ctx context.Context, cfg Config, tune tuning) (*Engine, error) {
	if cfg.MemoryLimit != 0 && cfg.MemoryLimit < MinMemoryLimit {
		return nil, fmt.Errorf("engine memory limit: want 0 or at least %d bytes, got %d", MinMemoryLimit, cfg.MemoryLimit)
	}
	library := cfg.Library
	if library == "" {
		var err error
		if library, err = FindLibrary(cfg.DataDir); err != nil {
			return nil, err
		}
	}
	library, err := filepath.Abs(library) // the child has a working folder of its own
	if err != nil {
		return nil, fmt.Errorf("engine library: %w", err)
	}
	files, err := newLayout(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	lock, err := lockFolder(files.root)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		library: library, files: files, lock: lock, log: cfg.Logger, password: newPassword(), tuning: tune,
		asked: make(chan struct{}), done: make(chan struct{}),
	}
	if e.log == nil {
		e.log = slog.Default()
	}
	if err := files.writeConfig(e.password, cfg.MemoryLimit); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	ready := make(chan struct{})
	go e.supervise(ready)
	select {
	case <-ready:
		return e, nil
	case <-e.done:
		return nil, e.Err()
	case <-ctx.Done():
		// Not ctx: it is over, and the child must be gone before the caller goes on.
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		return nil, errors.Join(fmt.Errorf("start the engine: %w", ctx.Err()), e.Stop(stopCtx))
	}
}

// DSN returns what clickhouse-go connects with, password included. It stays the same over restarts.
func (e *Engine) DSN() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return fmt.Sprintf("clickhouse://%s:%s@%s/default", user, e.password, loopback(e.tcp))
}

// HTTPAddr returns host:port of ClickHouse's HTTP interface. It stays the same over restarts.
func (e *Engine) HTTPAddr() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return loopback(e.http)
}

// user is the only one that can log in; users.xml.tmpl names it too.
const user = "weft"

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// PID returns the process id of the child, 0 while there is none.
func (e *Engine) PID() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.process == nil {
		return 0
	}
	return e.process.Pid
}

// Restarts returns how often a child that died was replaced by one that answers.
func (e *Engine) Restarts() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return max(0, e.starts-1)
}

// Done is closed when no child will run any more: after Stop, or when the engine gave up (Err says why).
func (e *Engine) Done() <-chan struct{} { return e.done }

// Err returns why the engine gave up; nil while it runs and after Stop.
func (e *Engine) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.failure
}

// Stop ends the engine and frees the data folder. Queries in flight fail. When ctx ends first the child is killed,
// which loses nothing that was acknowledged. Calling it again waits for the same end.
func (e *Engine) Stop(ctx context.Context) error {
	e.ask.Do(func() { close(e.asked) })
	select {
	case <-e.done:
		return nil
	case <-ctx.Done():
	}
	e.kill()
	<-e.done
	return nil
}
