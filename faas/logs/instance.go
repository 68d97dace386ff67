package logs

import (
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// Instance is the output of one running program. Its methods may be called from any goroutine.
type Instance struct {
	f  *Function
	id string

	mu      sync.Mutex // guards all that follows, and the streams
	start   trace.SpanContext
	streams []*Stream
	running map[string]*invocation
	recent  []*invocation // ended, the latest last
	// marked is what a line of Function Compute's runtime says is under way.
	marked *invocation
	end    ring
	held   []held // reports of failures, the latest last
	// starting is until Started: what fails meanwhile is the start.
	starting bool
	// crash is the stack trace that crashed has printed, if nothing has followed it there.
	crash   string
	crashed *Stream
	timer   *time.Timer
	armed   bool
	closed  bool
}

// maxRecent is how many ended invocations are remembered for what they print afterwards.
const maxRecent = 16

type invocation struct {
	id   string
	span trace.SpanContext
	tail ring
	// failed is the failure whose report has not come yet.
	failed *Failure
}

// Instance begins the output of an instance, which is starting until Started. Start is the span of that: what it prints before its first
// invocation belongs to it.
func (f *Function) Instance(id string, start trace.SpanContext) *Instance {
	return &Instance{f: f, id: id, start: start, running: make(map[string]*invocation), starting: true}
}

// Stream returns the writer of one output; its name is Stdout or Stderr. Each is used by one goroutine at a time.
func (in *Instance) Stream(name string) *Stream {
	in.mu.Lock()
	defer in.mu.Unlock()
	s := &Stream{in: in, name: name}
	in.streams = append(in.streams, s)
	return s
}

// Begin says that an invocation is under way. While it is the only one, what is printed without another id is its own.
func (in *Instance) Begin(requestID string, span trace.SpanContext) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.running[requestID] != nil {
		return
	}
	if len(in.running) == 0 {
		in.flush(false) // a record that is open is not continued by another invocation
		in.crash = ""   // the program has lived on
	}
	inv := &invocation{id: requestID, span: span}
	if in.marked != nil && in.marked.id == requestID { // its runtime was quicker
		inv.tail, in.marked = in.marked.tail, inv
	}
	in.running[requestID] = inv
}

// End says that an invocation has ended, and flushes. What the pipe still holds of its output, and what it prints until the next one
// begins, is taken for its own.
func (in *Instance) End(requestID string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.flush(true)
	inv := in.running[requestID]
	if inv == nil {
		return
	}
	delete(in.running, requestID)
	in.settled(inv)
	if len(in.recent) == maxRecent {
		copy(in.recent, in.recent[1:])
		in.recent = in.recent[:maxRecent-1]
	}
	in.recent = append(in.recent, inv)
}

// Flush makes records of everything that was printed, lines without an end included.
func (in *Instance) Flush() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.flush(true)
}

// Close flushes; what is still printed becomes records at once. Of a program that has died the answers under way are still to be judged:
// each has its End.
func (in *Instance) Close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.flush(true)
	in.closed = true
	if in.timer != nil {
		in.timer.Stop()
	}
}

// Tail is the end of what an invocation that is under way, or was lately, has printed: at most TailBytes. Dropped lines are in it too. Nil when it
// is not known or has printed nothing.
func (in *Instance) Tail(requestID string) []byte {
	in.mu.Lock()
	defer in.mu.Unlock()
	inv := in.find(requestID)
	if inv == nil {
		return nil
	}
	return inv.tail.bytes()
}

// Last are the last lines that the instance has printed, at most n and TailBytes, a line without an end included: for one that was killed.
func (in *Instance) Last(n int) []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	text := string(in.end.bytes())
	for _, s := range in.streams {
		if len(s.partial) > 0 {
			text += string(s.partial) + "\n"
		}
	}
	lines := strings.Split(strings.TrimSuffix(valid(text), "\n"), "\n")
	if len(lines) == 1 && lines[0] == "" {
		return nil
	}
	return lines[max(0, len(lines)-n):]
}

// Crash is what the program has printed last, if that is such a stack trace as a language prints when a program dies: of one that has died it says
// where. Otherwise empty.
func (in *Instance) Crash() string {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.flush(true)
	return in.crash
}

// find is an invocation that is under way or was lately. REQUIRES mu.
func (in *Instance) find(id string) *invocation {
	if id == "" {
		return nil
	}
	if inv := in.running[id]; inv != nil {
		return inv
	}
	for i := len(in.recent) - 1; i >= 0; i-- {
		if in.recent[i].id == id {
			return in.recent[i]
		}
	}
	if in.marked != nil && in.marked.id == id {
		return in.marked
	}
	return nil
}

// owner is the invocation that prints just now, nil when that cannot be told. REQUIRES mu.
func (in *Instance) owner() *invocation {
	switch {
	case len(in.running) > 1:
		return nil
	case in.marked != nil:
		return in.marked
	case len(in.running) == 1:
		for _, inv := range in.running {
			return inv
		}
	case len(in.recent) > 0:
		return in.recent[len(in.recent)-1]
	}
	return nil
}

// mark follows the lines that Function Compute's runtimes print around each run. REQUIRES mu.
func (in *Instance) mark(id string, begins bool) *invocation {
	inv := in.find(id)
	if inv == nil {
		inv = &invocation{id: id}
	}
	in.marked = nil
	if begins {
		in.marked = inv
	}
	return inv
}

// flush ends the open records, and with partial the open lines. REQUIRES mu.
func (in *Instance) flush(partial bool) {
	now := time.Now()
	for _, s := range in.streams {
		if partial {
			s.endLine(now)
		}
		s.finish()
	}
}

// arm has the open records looked at after a while. REQUIRES mu.
func (in *Instance) arm(after time.Duration) {
	switch {
	case in.armed || in.closed:
		return
	case in.timer == nil:
		in.timer = time.AfterFunc(after, in.silent)
	default:
		in.timer.Reset(after)
	}
	in.armed = true
}

// silent ends the records that got no line for a while.
func (in *Instance) silent() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.armed = false
	now, delay := time.Now(), in.f.cfg.Delay
	next := time.Duration(-1)
	for _, s := range in.streams {
		if !s.open {
			continue
		}
		left := delay - now.Sub(s.touched)
		if left <= 0 {
			s.finish()
		} else if next < 0 || left < next {
			next = left
		}
	}
	if next > 0 {
		in.arm(next)
	}
}
