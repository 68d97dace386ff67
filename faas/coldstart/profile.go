package coldstart

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/pprof/profile"

	"weft/faas/contract"
)

// ErrNoProfile says that the program is not sampled: nothing was injected, or its language has no sampler, as a Go program of
// its own.
var ErrNoProfile = errors.New("the program is not sampled")

// interval is the samplers'.
const interval = 10 * time.Millisecond

const maxStacks = 20000

// Profile returns the samples that the program took between from and to, each with labels, such as trace_id and span_id. Node
// samples what runs on the main thread, after the first 200 ms of the process, and keeps 30 s; Python all threads that do not wait for
// work, at any time at which the process uses the processor, and keeps 3000 samples.
//
// Nil: there are none. It asks the program, so the program must run. ctx bounds the answer: a Node main thread that sits in a system call does not
// answer, nor does a Python program while C code holds the interpreter's lock.
func (r *Recorder) Profile(ctx context.Context, from, to time.Time, labels map[string]string) (*profile.Profile, error) {
	if r.asks == nil {
		return nil, ErrNoProfile
	}
	lines, err := r.asks.ask(ctx, "P", r.ns(from), r.ns(to))
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, nil
	}
	return fold(lines, from, to, labels), nil
}

func (r *Recorder) ns(t time.Time) int64 { return r.baseNS + t.Sub(r.base).Nanoseconds() }

// LastStack returns what the program is at, innermost frame first: Node's main thread, or the Python thread that does not wait for
// work; nil when it cannot say. Node answers while it runs JavaScript, even in a loop without end; when it has nothing to run
// there are no frames. The bounds of Profile apply; ask it before the program is killed, with a short ctx.
func (r *Recorder) LastStack(ctx context.Context) []contract.Frame {
	if r.asks == nil {
		return nil
	}
	lines, err := r.asks.ask(ctx, "L", 0, 0)
	if err != nil || len(lines) == 0 {
		return nil
	}
	_, stack := cut(lines[0])
	frames := make([]contract.Frame, len(stack))
	for i, f := range stack {
		frames[len(stack)-1-i] = f
	}
	return frames
}

// cut takes a line of a sampler apart: count and stack, outermost frame first.
func cut(line string) (int64, []contract.Frame) {
	count, stack, _ := strings.Cut(line, " ")
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil || n <= 0 || stack == "" {
		return 0, nil
	}
	var frames []contract.Frame
	for f := range strings.SplitSeq(stack, "\x1f") {
		part := strings.Split(f, "\x1e")
		if len(part) != 3 {
			return 0, nil
		}
		line, err := strconv.Atoi(part[2])
		if err != nil {
			return 0, nil
		}
		frames = append(frames, contract.Frame{Function: part[0], File: part[1], Line: line})
	}
	return n, frames
}

func fold(lines []string, from, to time.Time, labels map[string]string) *profile.Profile {
	p := &profile.Profile{
		SampleType:    []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		PeriodType:    &profile.ValueType{Type: "cpu", Unit: "nanoseconds"},
		Period:        interval.Nanoseconds(),
		TimeNanos:     from.UnixNano(),
		DurationNanos: to.Sub(from).Nanoseconds(),
	}
	label := map[string][]string{}
	for k, v := range labels {
		label[k] = []string{v}
	}
	functions := map[contract.Frame]*profile.Function{}
	locations := map[contract.Frame]*profile.Location{}
	for _, line := range lines {
		n, stack := cut(line)
		if n == 0 {
			continue
		}
		s := &profile.Sample{Value: []int64{n, n * interval.Nanoseconds()}, Label: label}
		for i := len(stack) - 1; i >= 0; i-- {
			f := stack[i]
			loc := locations[f]
			if loc == nil {
				key := contract.Frame{Function: f.Function, File: f.File}
				fn := functions[key]
				if fn == nil {
					fn = &profile.Function{ID: uint64(len(functions) + 1), Name: f.Function, SystemName: f.Function, Filename: f.File}
					functions[key] = fn
					p.Function = append(p.Function, fn)
				}
				loc = &profile.Location{ID: uint64(len(locations) + 1), Line: []profile.Line{{Function: fn, Line: int64(f.Line)}}}
				locations[f] = loc
				p.Location = append(p.Location, loc)
			}
			s.Location = append(s.Location, loc)
		}
		p.Sample = append(p.Sample, s)
	}
	return p
}

// asker sends requests, lines of id, what, from and to, and hands the answers to those who wait: "R id n" and n lines.
type asker struct {
	conn net.Conn
	in   lines
	done chan struct{} // closed when the program has closed its end, or close was called

	mu      sync.Mutex
	next    int
	waiting map[int]chan []string
	id      int // of the answer being read
	missing int // its lines yet to come
	lines   []string
}

func newAsker(ours *os.File) (*asker, error) {
	conn, err := net.FileConn(ours)
	if err = errors.Join(err, ours.Close()); err != nil { // FileConn has a copy
		return nil, fmt.Errorf("socket for the start-up hook: %w", err)
	}
	a := &asker{conn: conn, waiting: map[int]chan []string{}, done: make(chan struct{})}
	a.in.line = a.line
	go func() {
		defer close(a.done)
		buf := make([]byte, 32<<10)
		for {
			n, err := conn.Read(buf)
			a.in.add(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	return a, nil
}

func (a *asker) ask(ctx context.Context, what string, from, to int64) ([]string, error) {
	answer := make(chan []string, 1)
	a.mu.Lock()
	a.next++
	id := a.next
	a.waiting[id] = answer
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		delete(a.waiting, id)
		a.mu.Unlock()
	}()
	// It is a few bytes: it waits only when the program has not read hundreds of requests.
	if deadline, ok := ctx.Deadline(); ok {
		if err := a.conn.SetWriteDeadline(deadline); err != nil {
			return nil, fmt.Errorf("ask the program for a profile: %w", err)
		}
	}
	if _, err := fmt.Fprintf(a.conn, "%d %s %d %d\n", id, what, max(from, 0), max(to, 0)); err != nil {
		return nil, fmt.Errorf("ask the program for a profile: %w", err)
	}
	select {
	case lines := <-answer:
		return lines, nil
	case <-a.done:
		return nil, fmt.Errorf("ask the program for a profile: %w", net.ErrClosed)
	case <-ctx.Done():
		return nil, fmt.Errorf("ask the program for a profile: %w", ctx.Err())
	}
}

func (a *asker) line(s string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.missing == 0 {
		f := strings.Fields(s)
		if len(f) != 3 || f[0] != "R" {
			return
		}
		id, err1 := strconv.Atoi(f[1])
		n, err2 := strconv.Atoi(f[2])
		if err1 != nil || err2 != nil || n < 0 || n > maxStacks {
			return
		}
		a.id, a.missing, a.lines = id, n, nil
	} else {
		a.lines = append(a.lines, s)
		a.missing--
	}
	if answer := a.waiting[a.id]; a.missing == 0 && answer != nil {
		answer <- a.lines
		delete(a.waiting, a.id)
	}
}

func (a *asker) close() error {
	err := a.conn.Close()
	<-a.done
	return err
}
