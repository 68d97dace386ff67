package coldstart

import (
	"bytes"
	"debug/buildinfo"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// goInit is a line of GODEBUG=inittrace=1. Source: package runtime, environment variables; golden lines in the tests.
type goInit struct {
	pkg       string
	at, clock time.Duration // since the program's start
	bytes     int64
}

var initLine = regexp.MustCompile(`^init (\S+) @([0-9.]+) ms, ([0-9.]+) ms clock, (\d+) bytes, (\d+) allocs$`)

func parseInit(line []byte) (goInit, bool) {
	m := initLine.FindSubmatch(line)
	if m == nil {
		return goInit{}, false
	}
	ms := func(b []byte) time.Duration {
		f, _ := strconv.ParseFloat(string(b), 64)
		return time.Duration(f * float64(time.Millisecond))
	}
	n, _ := strconv.ParseInt(string(m[4]), 10, 64)
	return goInit{pkg: string(m[1]), at: ms(m[2]), clock: ms(m[3]), bytes: n}, true
}

// initFilter takes the lines of inits out of a program's standard error, and passes on the rest. Once the program is ready it passes on
// everything: the function may print such a line.
type initFilter struct {
	recorder *Recorder
	next     io.Writer
	rest     []byte // of a line that has not ended
}

// maxInitLine bounds how much of a line that may become one of inits is held back.
const maxInitLine = 512

func (f *initFilter) Write(p []byte) (int, error) {
	r := f.recorder
	r.mu.Lock()
	ready := r.ready
	r.mu.Unlock()
	if ready && len(f.rest) == 0 {
		return f.next.Write(p)
	}
	buf := append(f.rest, p...)
	f.rest = nil
	var out []byte
	for len(buf) > 0 {
		end := bytes.IndexByte(buf, '\n')
		if end < 0 {
			if !ready && len(buf) < maxInitLine && (bytes.HasPrefix(buf, []byte("init ")) || bytes.HasPrefix([]byte("init "), buf)) {
				f.rest = bytes.Clone(buf)
			} else {
				out = append(out, buf...)
			}
			break
		}
		if in, ok := parseInit(buf[:end]); ok && !ready {
			r.mu.Lock()
			r.inits = append(r.inits, in)
			r.mu.Unlock()
		} else {
			out = append(out, buf[:end+1]...)
		}
		buf = buf[end+1:]
	}
	if len(out) > 0 {
		if _, err := f.next.Write(out); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// leastInit is the shortest init of a package that is worth a step of its own; most take a few microseconds.
const leastInit = 100 * time.Microsecond

// goSteps puts the inits behind exec, and what main did until the program was ready behind them. The runtime counts from its own start, a
// moment after exec, and does not say when that was: the end of exec is the earliest that it can be.
func (r *Recorder) goSteps(exec, ready time.Time) (steps []*Step) {
	at := exec
	if len(r.inits) > 0 {
		start, end := exec.Add(r.inits[0].at), exec
		for _, in := range r.inits {
			end = later(end, exec.Add(in.at+in.clock))
		}
		start, end = earlier(start, ready), earlier(end, ready)
		if start.After(exec) {
			steps = append(steps, &Step{Name: "go runtime start", Module: "runtime", Start: exec, End: start, Kind: Core})
		}
		steps = append(steps, &Step{Name: "go init", Module: "init", Start: start, End: end, Kind: Core, Steps: r.goInits(exec, start, end)})
		at = end
	}
	if ready.After(at) {
		steps = append(steps, &Step{Name: "main.main", Module: "main", Start: at, End: ready, Kind: User})
	}
	return steps
}

// goInits are the inits that took their time, and between them the others together.
func (r *Recorder) goInits(exec, start, end time.Time) (steps []*Step) {
	versions := r.goVersions()
	at := start
	var allocated int64 // of the others since at
	others := func(until time.Time) {
		if until.After(at) {
			steps = append(steps, &Step{Name: "init other packages", Module: "init", Start: at, End: until, Kind: Core, AllocBytes: allocated})
		}
		allocated = 0
	}
	for _, in := range r.inits {
		if in.clock < leastInit {
			allocated += in.bytes
			continue
		}
		s := &Step{Name: "init " + in.pkg, Module: in.pkg, AllocBytes: in.bytes}
		s.Start = later(exec.Add(in.at), at)
		s.End = earlier(later(exec.Add(in.at+in.clock), s.Start), end)
		s.Kind, s.Version = versions.of(in.pkg)
		others(s.Start)
		steps = append(steps, s)
		at = s.End
	}
	others(end)
	return steps
}

// moduleVersions says which module a package is of.
type moduleVersions struct {
	main string
	deps []*debug.Module
}

func (r *Recorder) goVersions() moduleVersions {
	info, err := buildinfo.ReadFile(programPath(r.cfg.Command, r.cfg.Dir))
	if err != nil {
		return moduleVersions{}
	}
	return moduleVersions{main: info.Main.Path, deps: info.Deps}
}

func (v moduleVersions) of(pkg string) (Kind, string) {
	within := func(module string) bool {
		return module != "" && (pkg == module || strings.HasPrefix(pkg, module+"/"))
	}
	if pkg == "main" || within(v.main) {
		return User, ""
	}
	for _, m := range v.deps {
		if within(m.Path) {
			return Dep, m.Version
		}
	}
	return Core, ""
}

// programPath is where a command's program is.
func programPath(command []string, dir string) string {
	program := command[0]
	if filepath.IsAbs(program) {
		return program
	}
	if strings.Contains(program, "/") {
		return filepath.Join(dir, program)
	}
	if found, err := exec.LookPath(program); err == nil {
		return found
	}
	return program
}

// languageOf looks at the program that is started.
func languageOf(command []string, dir string) language {
	program := programPath(command, dir)
	base := filepath.Base(program)
	switch {
	case base == "node" || base == "nodejs":
		return node
	case strings.HasPrefix(base, "python"):
		return python
	}
	if _, err := buildinfo.ReadFile(program); err == nil {
		return golang
	}
	return other
}
