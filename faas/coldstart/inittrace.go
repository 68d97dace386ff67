package coldstart

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// initLine is what GODEBUG=inittrace=1 has the Go runtime print for each package that initialises something. Source: package
// runtime, extern.go, which says that the format may change: lines of another form stay in the log and are no steps.
var initLine = regexp.MustCompile(`^init (\S+) @([0-9.]+) ms, ([0-9.]+) ms clock, ([0-9]+) bytes, ([0-9]+) allocs$`)

const maxInitLine = 512

// initTrace passes standard error on without the lines of the init trace. It holds back only what may become one: the runtime
// writes such a line in pieces. Lines of Go programs that this one starts are taken out as well, and not recorded once the
// program was ready.
type initTrace struct {
	out io.Writer
	now func() time.Time

	mu     sync.Mutex
	held   []byte
	inLine bool // what was passed on does not end a line
	inits  []goInit
	base   time.Time // when the runtime's clock of the trace began, at the latest
	closed bool
}

type goInit struct {
	name       string
	start, dur time.Duration // since base
	bytes      int64
}

func (t *initTrace) Write(p []byte) (int, error) {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		piece := p
		if end >= 0 {
			piece = p[:end+1]
		}
		p = p[len(piece):]
		if t.inLine {
			if err := t.pass(piece); err != nil {
				return 0, err
			}
			continue
		}
		t.held = append(t.held, piece...)
		if end >= 0 && t.take(string(t.held[:len(t.held)-1]), now) {
			t.held = t.held[:0]
			continue
		}
		if end < 0 && possible(t.held) {
			continue
		}
		if err := t.pass(t.held); err != nil {
			return 0, err
		}
		t.held = t.held[:0]
	}
	return n, nil
}

func (t *initTrace) pass(b []byte) error {
	t.inLine = len(b) > 0 && b[len(b)-1] != '\n'
	_, err := t.out.Write(b)
	return err
}

// possible says whether a line that begins with b may be one of the trace.
func possible(b []byte) bool {
	const begin = "init "
	if len(b) > maxInitLine {
		return false
	}
	return bytes.HasPrefix(b, []byte(begin)) || bytes.HasPrefix([]byte(begin), b)
}

func (t *initTrace) take(line string, now time.Time) bool {
	m := initLine.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	start, err1 := strconv.ParseFloat(m[2], 64)
	dur, err2 := strconv.ParseFloat(m[3], 64)
	size, err3 := strconv.ParseInt(m[4], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil {
		return false
	}
	if t.closed || len(t.inits) >= maxSteps {
		return true
	}
	i := goInit{m[1], time.Duration(start * 1e6), time.Duration(dur * 1e6), size}
	// The line was printed when the init had ended, and came here later than that: the least of them is closest.
	if base := now.Add(-i.start - i.dur); t.base.IsZero() || base.Before(t.base) {
		t.base = base
	}
	t.inits = append(t.inits, i)
	return true
}

// flush passes on what was held back, when the program's output has ended.
func (t *initTrace) flush() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.held) == 0 {
		return nil
	}
	err := t.pass(t.held)
	t.held = t.held[:0]
	return err
}

// finish ends the recording and returns the steps between exec and ready: inits that took their time, and between them the others together,
// with packages that the runtime does not tell of and time without a processor.
func (t *initTrace) finish(exec, ready time.Time, k *kinds) []*Step {
	t.mu.Lock()
	t.closed = true
	inits, base := t.inits, t.base
	t.mu.Unlock()
	if len(inits) == 0 {
		return nil
	}
	base = later(base, exec)
	last := earlier(base.Add(inits[0].start), ready)
	steps := []*Step{{Name: "go init", Module: "runtime", Start: exec, End: last, Kind: Core}}
	var bytes int64 // that the others allocated since last
	others := func(until time.Time) {
		if until.After(last) {
			steps = append(steps, &Step{Name: "init other packages", Start: last, End: until, Kind: Core, AllocBytes: bytes})
			last = until
		}
		bytes = 0
	}
	end := last // of all inits
	for _, i := range inits {
		start := later(base.Add(i.start), last)
		end = later(earlier(base.Add(i.start+i.dur), ready), end)
		if i.dur < stretch || end.Sub(start) < stretch {
			bytes += i.bytes
			continue
		}
		others(start)
		s := &Step{Name: "init " + i.name, Module: i.name, Start: start, End: end, AllocBytes: i.bytes}
		s.Kind, s.Version = k.goPackage(i.name)
		steps, last = append(steps, s), end
	}
	others(end)
	if ready.After(last) {
		steps = append(steps, &Step{Name: "main.main", Module: "main", Start: last, End: ready, Kind: User})
	}
	return steps
}

// settle waits until lines that were printed before have come through the pipe, for a short time at most: the program writes
// and the log's reader copies, and nobody says when it has caught up.
func (t *initTrace) settle() {
	const step, most = 2 * time.Millisecond, 50 * time.Millisecond
	seen := -1
	for waited := time.Duration(0); waited < most; waited += step {
		t.mu.Lock()
		n := len(t.inits)
		t.mu.Unlock()
		if n > 0 && n == seen {
			return
		}
		seen = n
		time.Sleep(step)
	}
}
