package coldstart

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"weft/faas/bootstrap"
	"weft/faas/function"
)

// Config says what an instance's Recorder is for.
type Config struct {
	// Command is the program that will be started, and Dir its working folder: the code.
	Command []string
	Dir     string
	// Tracing says what is injected; nothing, when it has neither Modules nor Profile.
	Tracing function.Tracing
	// Hooks is where the hooks are.
	Hooks bootstrap.Set
}

// firstFile is the number of the first of sandbox.Spec.Files in the program.
const firstFile = 3

// Limits of one instance's records.
const (
	maxSteps = 20000 // begun and kept; about 300 bytes each
	maxLine  = 1 << 20
	tiny     = 200 * time.Microsecond
)

// A Recorder collects what one program does until it is ready. It is made before the program is started:
//
//	rec, err := coldstart.New(config)
//	spec.Environment, spec.Files, spec.Stderr = rec.Environment(env), rec.Files(), rec.Stderr(stderr)
//	…start it…
//	rec.Started()
//
// Its methods may be called from several goroutines.
type Recorder struct {
	config Config
	build  *buildinfo.BuildInfo // of a Go program
	base   time.Time            // what the monotonic clock's baseNS was
	baseNS int64
	files  []*os.File // the program's ends
	inodes []uint64
	trace  *initTrace
	kinds  *kinds

	records *mailbox
	asks    *asker

	mu      sync.Mutex // guards what follows
	pid     string     // whose records are taken: the first program that found the socket
	hello   hello
	steps   []*record
	byID    map[int64]*record
	mainEnd int64 // when Node's main module had been evaluated
	dropped int
	// finished says that the start is over.
	finished bool
}

// New makes a Recorder. Close must be called.
func New(c Config) (*Recorder, error) {
	r := &Recorder{config: c, byID: map[int64]*record{}, kinds: newKinds(c)}
	r.base, r.baseNS = time.Now(), monotonic()
	if !c.Tracing.Modules && !c.Tracing.Profile {
		return r, nil
	}
	program := programPath(c.Command, c.Dir)
	switch base := filepath.Base(program); {
	case base == "node" || base == "nodejs" || strings.HasPrefix(base, "python"):
	case c.Tracing.Modules:
		if info, err := buildinfo.ReadFile(program); err == nil {
			r.build, r.kinds.build = info, info
		}
		return r, nil
	default:
		return r, nil // a Go program's profile would have to come from its own code
	}
	ours, err := r.pair()
	if err != nil {
		return nil, err
	}
	if r.records, err = newMailbox(ours, r.line); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	if c.Tracing.Profile {
		ours, err := r.pair()
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		if r.asks, err = newAsker(ours); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}

// programPath is the file that a command runs: in the code folder, or in PATH.
func programPath(command []string, dir string) string {
	if len(command) == 0 {
		return ""
	}
	program := command[0]
	if filepath.IsAbs(program) {
		return program
	}
	if in := filepath.Join(dir, program); strings.ContainsRune(program, '/') || isFile(in) {
		return in
	}
	if found, err := exec.LookPath(program); err == nil {
		return found
	}
	return program
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// monotonic is the clock that Python's time.monotonic_ns and Node's process.hrtime read, so that a step of the wall clock moves
// nothing.
func monotonic() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return 0
	}
	return t.Nano()
}

func (r *Recorder) at(ns int64) time.Time { return r.base.Add(time.Duration(ns - r.baseNS)) }

// pair makes a socket pair: the program's end is added to files, ours is returned.
func (r *Recorder) pair() (*os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket for the start-up hook: %w", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "hook")
	ours := os.NewFile(uintptr(fds[0]), "hook")
	r.files = append(r.files, theirs)
	// The hook must never wait for us. The flag is set behind the file's back, because passing a file on that knows of it
	// would clear it.
	var stat unix.Stat_t
	err = errors.Join(unix.SetNonblock(fds[1], true), unix.SetsockoptInt(fds[1], unix.SOL_SOCKET, unix.SO_SNDBUF, 1<<20), unix.Fstat(fds[1], &stat))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("socket for the start-up hook: %w", err), ours.Close())
	}
	r.inodes = append(r.inodes, stat.Ino)
	return ours, nil
}

// Environment returns env with what the hooks need, the user's values kept.
func (r *Recorder) Environment(env []string) []string {
	env = slices.Clone(env)
	switch {
	case r.build != nil:
		// A user who has it traced wants to read it.
		if v, _ := lookup(env, "GODEBUG"); !strings.Contains(v, "inittrace=1") {
			r.trace = &initTrace{now: time.Now}
			env = extend(env, "GODEBUG", v, ",", "inittrace=1")
		}
	case r.records != nil:
		v, _ := lookup(env, "NODE_OPTIONS")
		env = extend(env, "NODE_OPTIONS", v, " ", "--require="+quote(r.config.Hooks.NodeHook))
		// Python runs the first sitecustomize that it finds; ours runs the user's.
		v, _ = lookup(env, "PYTHONPATH")
		env = extend(env, "PYTHONPATH", r.config.Hooks.PythonHook, ":", v)
		var fields []string
		for i, inode := range r.inodes {
			fields = append(fields, strconv.Itoa(firstFile+i), strconv.FormatUint(inode, 10))
		}
		if !r.config.Tracing.Modules {
			fields = append(fields, "profile")
		}
		env = append(env, "WEFT_HOOK="+strings.Join(fields, ":"))
	}
	return env
}

// lookup returns the last value of name, which is the one that counts, and where it is.
func lookup(env []string, name string) (string, int) {
	for i := len(env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(env[i], name+"="); ok {
			return v, i
		}
	}
	return "", -1
}

func extend(env []string, name, first, separator, second string) []string {
	if first == "" || second == "" {
		separator = ""
	}
	value := name + "=" + first + separator + second
	if _, i := lookup(env, name); i >= 0 {
		env[i] = value
		return env
	}
	return append(env, value)
}

// quote writes a path as NODE_OPTIONS takes it.
func quote(path string) string {
	if !strings.ContainsAny(path, " \"\\") {
		return path
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}

// Files are what the program must get as its first descriptors beyond the usual three.
func (r *Recorder) Files() []*os.File { return r.files }

// Started closes our copies of Files, so that the program's end is noticed. It is called once the program has started, or was
// not.
func (r *Recorder) Started() {
	for _, f := range r.files {
		_ = f.Close()
	}
	r.files = nil
}

// Stderr is for the program's standard error: it takes out of it what the Go runtime says for us. Environment comes first.
func (r *Recorder) Stderr(w io.Writer) io.Writer {
	if r.trace == nil {
		return w
	}
	r.trace.out = w
	return r.trace
}

// Dropped is how many records were lost because there were too many of them, or the socket was full.
func (r *Recorder) Dropped() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dropped
}

// Close releases the sockets, when the program's output has ended. What was recorded stays.
func (r *Recorder) Close() error {
	r.Started()
	var errs []error
	if r.records != nil {
		errs = append(errs, r.records.close())
	}
	if r.asks != nil {
		errs = append(errs, r.asks.close())
	}
	if r.trace != nil {
		errs = append(errs, r.trace.flush())
	}
	return errors.Join(errs...)
}
