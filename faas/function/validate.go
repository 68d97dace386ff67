package function

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Validate returns an *InvalidError with everything that is wrong with f, or nil.
func (f *Function) Validate() error { return invalid("", f.problems()) }

var (
	nameForm    = regexp.MustCompile(fmt.Sprintf(`^[A-Za-z][A-Za-z0-9_-]{0,%d}$`, MaxNameLength-1))
	versionForm = regexp.MustCompile(`^(\$LATEST|[1-9][0-9]{0,17})$`)
	digestForm  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	// A handler names a file below the code folder, without its ending, and what it exports: src/index.handler.
	handlerForm = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9_-]*([./][A-Za-z0-9_-]+)*\.[A-Za-z_$][A-Za-z0-9_$]*$`)
)

// checks collects problems.
type checks struct{ problems []Problem }

func (c *checks) bad(field, format string, args ...any) {
	c.problems = append(c.problems, Problem{Field: field, Text: fmt.Sprintf(format, args...)})
}

func (c *checks) duration(field string, d, low, high time.Duration) {
	if d < low || d > high {
		c.bad(field, "want %s to %s, got %s", formatDuration(low), formatDuration(high), formatDuration(d))
	}
}

func (c *checks) size(field string, n, low, high int64) {
	if n < low || n > high {
		c.bad(field, "want %s to %s, got %s", formatSize(low), formatSize(high), formatSize(n))
	}
}

func (c *checks) number(field string, n, low, high int) {
	if n < low || n > high {
		c.bad(field, "want %d to %d, got %d", low, high, n)
	}
}

func (f *Function) problems() []Problem {
	c := &checks{}
	f.checkIdentity(c)
	f.checkProgram(c)
	checkEnvironment(c, f)
	f.checkBounds(c)
	f.checkHooks(c)
	f.checkServer(c)
	f.checkTracing(c)
	return c.problems
}

func (f *Function) checkIdentity(c *checks) {
	if err := CheckName(f.Name); err != nil {
		c.bad("name", "%v", err)
	}
	if n := utf8.RuneCountInString(f.Description); n > MaxDescription {
		c.bad("description", "want at most %d characters, got %d", MaxDescription, n)
	}
	if f.Version != "" && !versionForm.MatchString(f.Version) {
		c.bad("version", "want $LATEST or a number from 1, got %q", f.Version)
	}
	if f.CodeDigest != "" && !digestForm.MatchString(f.CodeDigest) {
		c.bad("code_digest", "want a sha256 in hex, got %q", f.CodeDigest)
	}
}

// checkProgram is about who loads the code and what it speaks.
func (f *Function) checkProgram(c *checks) {
	switch f.Contract {
	case Lambda, FC, HTTP, InProcess:
	default:
		c.bad("contract", "want %s, %s or %s, got %q", Lambda, FC, HTTP, f.Contract)
		return // what follows depends on it
	}
	for i, arg := range f.Command {
		if i == 0 && strings.TrimSpace(arg) == "" {
			c.bad("command", "want a program first, got %q", arg)
		}
		if strings.ContainsRune(arg, 0) {
			c.bad("command", "want no zero byte, got %q", arg)
		}
	}
	switch f.Language {
	case Provided:
		if f.Contract == HTTP && len(f.Command) == 0 {
			c.bad("command", "want the web server's program and arguments, got none (contract is %s)", HTTP)
		}
	case NodeJS, Python:
		if f.Contract != Lambda {
			c.bad("runtime", "%s loads a handler of contract %s, got contract %s; a program of its own has runtime %s and a command",
				f.Language, Lambda, f.Contract, Provided)
			return
		}
		if len(f.Command) > 0 {
			c.bad("command", "runtime %s brings its own, want none, got %q; a program of its own has runtime %s", f.Language, f.Command, Provided)
		}
		if !handlerForm.MatchString(f.Handler) {
			c.bad("handler", "runtime %s wants file.function, such as %s, got %q", f.Language, exampleHandler[f.Language], f.Handler)
		}
	default:
		c.bad("runtime", "want %s, %s or %s, got %q", Provided, NodeJS, Python, f.Language)
	}
}

var exampleHandler = map[Language]string{NodeJS: "index.handler", Python: "app.handler"}

func (f *Function) checkBounds(c *checks) {
	c.size("memory", f.Memory, MinMemory, MaxMemory)
	c.size("disk", f.Disk, MinDisk, MaxDisk)
	// Written so that what is not a number fails.
	if !(f.CPU >= MinCPU && f.CPU <= MaxCPU || f.CPU == 0) {
		c.bad("cpu", "want %g to %g, or 0 for no bound, got %g", MinCPU, MaxCPU, f.CPU)
	}
	c.duration("timeout", f.Timeout, MinTimeout, MaxTimeout)
	c.duration("init_timeout", f.InitTimeout, MinTimeout, MaxInitTimeout)
	c.number("concurrency", f.Concurrency, 1, MaxConcurrency)

	i := f.Instances
	c.number("instances.max", i.Max, 1, MaxInstances)
	c.number("instances.provisioned", i.Provisioned, 0, MaxInstances)
	if i.Provisioned > i.Max && i.Max >= 1 && i.Provisioned <= MaxInstances {
		c.bad("instances.provisioned", "want at most instances.max, which is %d, got %d", i.Max, i.Provisioned)
	}
	c.duration("instances.idle", i.Idle, 0, MaxIdle)
	if i.Freeze > MaxFreeze {
		c.bad("instances.freeze", "want at most %s, or never, got %s", formatDuration(MaxFreeze), formatDuration(i.Freeze))
	}
	c.number("instances.queue", i.Queue, 0, MaxQueue)
}

func (f *Function) checkHooks(c *checks) {
	for _, h := range []struct {
		field string
		hook  Hook
		max   time.Duration
	}{
		{"initializer", f.Initializer, MaxInitTimeout},
		{"pre_freeze", f.PreFreeze, MaxLifecycleTimeout},
		{"pre_stop", f.PreStop, MaxLifecycleTimeout},
	} {
		if !h.hook.Enabled {
			continue
		}
		switch f.Contract {
		case Lambda, InProcess:
			c.bad(h.field, "want none: only the contracts %s and %s have hooks, this is %s", FC, HTTP, f.Contract)
			continue
		case HTTP:
			if h.hook.Handler != "" {
				c.bad(h.field+".handler", "want none: contract %s asks the server at a fixed path, got %q", HTTP, h.hook.Handler)
			}
		}
		c.duration(h.field+".timeout", h.hook.Timeout, MinTimeout, h.max)
	}
}

// checkServer has Function Compute's bounds. Source: its API's CustomHealthCheckConfig.
func (f *Function) checkServer(c *checks) {
	switch f.Contract {
	case HTTP:
	case FC:
		if f.Server != (Server{Event: f.Server.Event}) {
			c.bad("server", "want nothing but event with contract %s", FC)
		}
		return
	case Lambda, InProcess:
		if f.Server != (Server{}) {
			c.bad("server", "want none: only contracts %s and %s have one, this is %s", HTTP, FC, f.Contract)
		}
		return
	default:
		return
	}
	c.number("server.port", f.Server.Port, 0, 65535)
	h := f.Server.Health
	if h.Path != "" && (!strings.HasPrefix(h.Path, "/") || strings.ContainsAny(h.Path, " \t\r\n\x00")) {
		c.bad("server.health.path", "want it to begin with / and have no blanks, got %q", h.Path)
	}
	c.duration("server.health.delay", h.Delay, 0, 120*time.Second)
	if h.Delay >= f.InitTimeout && h.Delay <= 120*time.Second && f.InitTimeout >= MinTimeout {
		c.bad("server.health.delay", "want less than init_timeout, which is %s, got %s", formatDuration(f.InitTimeout), formatDuration(h.Delay))
	}
	c.duration("server.health.period", h.Period, time.Second, 120*time.Second)
	c.duration("server.health.timeout", h.Timeout, time.Second, 3*time.Second)
	c.number("server.health.failure_threshold", h.FailureThreshold, 1, 120)
	c.number("server.health.success_threshold", h.SuccessThreshold, 1, 120)
}

func (f *Function) checkTracing(c *checks) {
	if t := f.Tracing; !(t.Sample >= 0 && t.Sample <= 1) || math.Signbit(t.Sample) {
		c.bad("tracing.sample", "want 0 to 1, got %g", t.Sample)
	}
	if t := f.Tracing; t.Slow < 0 || t.Slow > f.Timeout && f.Timeout >= MinTimeout {
		c.bad("tracing.slow", "want at most timeout, which is %s, got %s", formatDuration(f.Timeout), formatDuration(t.Slow))
	}
}
