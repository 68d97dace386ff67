package coldstart

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"weft/faas/bootstrap"
	"weft/faas/function"
)

// Config is what a Recorder needs to know.
type Config struct {
	// Command is the program that will be started, and Dir its working folder: the code.
	Command []string
	Dir     string
	Tracing function.Tracing
	Hooks   bootstrap.Set
}

// maxRecords bounds what is kept of one start; about 200 bytes each. What comes beyond is counted.
const maxRecords = 20000

// maxLine bounds a line of the hook, in bytes. The longest are answers with a minute's samples.
const maxLine = 4 << 20

// hookParts is the variable that tells a hook what to do: modules, profile.
const hookParts = "WEFT_HOOK_PARTS"

// hookFD is the variable that tells a hook its descriptor. It is the first that a program gets beyond the usual three.
const hookFD = "WEFT_HOOK_FD"

// firstFile is the number of the first of sandbox.Spec.Files in the program.
const firstFile = 3

// Recorder records one program's start. It is made before the program is started, and used by one goroutine but for what its
// own ones do.
type Recorder struct {
	cfg  Config
	lang language
	ours *os.File // our end of the socket; nil without hooks
	file *os.File // the program's end

	mu      sync.Mutex // protects what follows
	records []record
	dropped int
	inits   []goInit
	asked   uint64                  // the number of the last question
	waiting map[uint64]chan samples // questions without an answer yet
	ready   bool                    // the log is the function's alone from here on
	ended   chan struct{}
}

// language says which hook a program can have.
type language uint8

const (
	other language = iota
	golang
	node
	python
)

// record is a line that a hook writes. Times are Unix nanoseconds in decimal.
type record struct {
	Kind    string `json:"k"` // module, step or mark
	Name    string `json:"n"`
	File    string `json:"f"`
	Start   string `json:"s"`
	End     string `json:"e"`
	Compile int64  `json:"c"` // ns
	Type    string `json:"t"`
	Err     string `json:"x"`
}

func (r *record) times() (start, end time.Time) { return unixNS(r.Start), unixNS(r.End) }

func unixNS(s string) time.Time {
	n, _ := strconv.ParseInt(s, 10, 64)
	return time.Unix(0, n)
}

// New prepares to record the start of a program.
func New(cfg Config) (*Recorder, error) {
	r := &Recorder{cfg: cfg, ended: make(chan struct{}), waiting: make(map[uint64]chan samples)}
	if cfg.Tracing.Modules || cfg.Tracing.Profile {
		r.lang = languageOf(cfg.Command, cfg.Dir)
	}
	if r.lang == golang && !cfg.Tracing.Modules {
		r.lang = other // its profile would have to come from its own code
	}
	if r.lang != node && r.lang != python {
		close(r.ended)
		return r, nil
	}
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket for the start-up hook: %w", err)
	}
	if err := syscall.SetNonblock(pair[0], true); err != nil { // so that closing it ends a read
		return nil, fmt.Errorf("socket for the start-up hook: %w", err)
	}
	r.ours, r.file = os.NewFile(uintptr(pair[0]), "hook"), os.NewFile(uintptr(pair[1]), "hook of the program")
	go r.read()
	return r, nil
}

// Files are what the program must get as its first descriptors beyond the usual three.
func (r *Recorder) Files() []*os.File {
	if r.file == nil {
		return nil
	}
	return []*os.File{r.file}
}

// Environment adds what the hooks need to env, behind the values that are there.
func (r *Recorder) Environment(env []string) []string {
	switch r.lang {
	case golang:
		return appendTo(env, "GODEBUG", "inittrace=1", ",")
	case node:
		return append(appendTo(env, "NODE_OPTIONS", "--require="+quoteOption(r.cfg.Hooks.NodeHook()), " "), r.hookEnvironment()...)
	case python:
		return append(prependTo(env, "PYTHONPATH", r.cfg.Hooks.PythonHook(), ":"), r.hookEnvironment()...)
	}
	return env
}

func (r *Recorder) hookEnvironment() []string {
	var parts []string
	if r.cfg.Tracing.Modules {
		parts = append(parts, "modules")
	}
	if r.cfg.Tracing.Profile {
		parts = append(parts, "profile")
	}
	return []string{hookFD + "=" + strconv.Itoa(firstFile), hookParts + "=" + strings.Join(parts, ",")}
}

// quoteOption protects spaces in NODE_OPTIONS.
func quoteOption(s string) string {
	if strings.ContainsAny(s, " \"\\") {
		return strconv.Quote(s)
	}
	return s
}

func appendTo(env []string, name, value, separator string) []string {
	return extend(env, name, func(old string) string { return old + separator + value }, value)
}

// prependTo is for search paths: what is found first wins, and the hook's sitecustomize runs the user's.
func prependTo(env []string, name, value, separator string) []string {
	return extend(env, name, func(old string) string { return value + separator + old }, value)
}

func extend(env []string, name string, join func(string) string, alone string) []string {
	out := make([]string, 0, len(env)+1)
	value := alone
	for _, kv := range env { // the last one of a name wins, as in exec
		if old, ok := strings.CutPrefix(kv, name+"="); ok {
			if value = join(old); old == "" {
				value = alone
			}
			continue
		}
		out = append(out, kv)
	}
	return append(out, name+"="+value)
}

// read takes in what the hook writes, until the program or Close ends it.
func (r *Recorder) read() {
	defer close(r.ended)
	lines := bufio.NewScanner(r.ours)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		r.take(lines.Bytes())
	}
	if lines.Err() == bufio.ErrTooLong { // the function's doing: it must not wait for us
		_, _ = io.Copy(io.Discard, r.ours)
	}
}

func (r *Recorder) take(line []byte) {
	var rec record
	if json.Unmarshal(line, &rec) != nil {
		return // the function wrote to our descriptor
	}
	if rec.Kind == "samples" {
		r.answered(line)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.records) < maxRecords {
		r.records = append(r.records, rec)
	} else {
		r.dropped++
	}
}

// settle is how long after a program is ready its last records may take: they were written before, and are in the socket.
const settle = 50 * time.Millisecond

// Started closes our copy of the program's end, so that its end is noticed. It is called once the program has started, or was not.
func (r *Recorder) Started() {
	if r.file != nil {
		_ = r.file.Close()
		r.file = nil
	}
}

// Finish returns what the program did between exec and ready, as trees that do not overlap.
func (r *Recorder) Finish(exec, ready time.Time) []*Step {
	r.mu.Lock()
	r.ready = true
	r.mu.Unlock()
	if exec.IsZero() {
		return nil
	}
	r.drain()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.lang == golang:
		return r.goSteps(exec, ready)
	case r.cfg.Tracing.Modules && (r.lang == node || r.lang == python):
		return r.hookSteps(exec, ready)
	}
	return []*Step{{Name: "main", Start: exec, End: ready, Kind: User, Module: strings.Join(r.cfg.Command, " ")}}
}

// drain waits until the records that were written by now are read: nothing came for a moment, or the program has ended.
func (r *Recorder) drain() {
	if r.ours == nil {
		return
	}
	last := -1
	for deadline := time.Now().Add(settle); time.Now().Before(deadline); {
		r.mu.Lock()
		n := len(r.records) + r.dropped
		r.mu.Unlock()
		if n == last {
			return
		}
		last = n
		select {
		case <-r.ended:
			return
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// Between returns the modules that were loaded between two moments after the start: lazily, in an invocation.
func (r *Recorder) Between(from, to time.Time) []*Step {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []record
	for i := len(r.records) - 1; i >= 0; i-- { // a record is written at its end: they are in that order, and few are new
		rec := r.records[i]
		start, end := rec.times()
		if end.Before(from) {
			break
		}
		if rec.Kind == "module" && !start.Before(from) && !end.After(to) {
			list = append(list, rec)
		}
	}
	slices.Reverse(list)
	return r.tree(list)
}

// Close ends recording.
func (r *Recorder) Close() {
	r.Started()
	if r.ours != nil {
		_ = r.ours.Close()
		<-r.ended
	}
}

// Stderr returns the writer that the program's standard error goes through: it takes out what Go's runtime says of inits.
func (r *Recorder) Stderr(w io.Writer) io.Writer {
	if r.lang != golang {
		return w
	}
	return &initFilter{recorder: r, next: w}
}
