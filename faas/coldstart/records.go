package coldstart

import (
	"slices"
	"strconv"
	"strings"
)

// record is a step as the hook tells it. Times are nanoseconds of the monotonic clock.
type record struct {
	id, parent, start, end int64 // end 0: under way
	thread                 int64
	name, file, err        string
	compile                int64
}

// hello is the hook's first record: how the interpreter started, and when the hook ran.
type hello struct {
	language                               string
	start, v8, environment, boot, from, to int64
}

// line takes one record; hook.cjs describes them. What makes no sense is counted: the program may have written it.
func (r *Recorder) line(s string) {
	f := strings.Split(s, "\t")
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(f) < 3 || (r.pid != "" && r.pid != f[0]) {
		r.dropped++
		return
	}
	r.pid = f[0]
	if !r.take(f[1], f[2:]) {
		r.dropped++
	}
}

func (r *Recorder) take(kind string, f []string) bool {
	switch {
	case kind == "H" && len(f) == 7:
		n, ok := numbers(f[1:])
		if ok {
			r.hello = hello{f[0], n[0], n[1], n[2], n[3], n[4], n[5]}
		}
		return ok
	case kind == "B" && len(f) == 6:
		n, ok := numbers(f[:4])
		return ok && r.begin(&record{id: n[0], parent: n[1], start: n[2], thread: n[3], name: f[4], file: f[5]})
	case kind == "X" && len(f) == 8:
		n, ok := numbers(append(f[:5:5], f[7]))
		return ok && n[3] >= n[2] && r.begin(&record{id: n[0], parent: n[1], start: n[2], end: n[3], thread: n[4], name: f[5], file: f[6], compile: n[5]})
	case kind == "E" && len(f) >= 4:
		n, ok := numbers(f[:3])
		if !ok {
			return false
		}
		s := r.byID[n[0]]
		if s == nil || s.end != 0 || n[1] < s.start {
			return false
		}
		s.end, s.compile, s.err = n[1], n[2], f[3]
		if len(f) > 4 {
			s.file = f[4]
		}
		delete(r.byID, s.id)
		return true
	case kind == "M":
		n, ok := numbers(f[:1])
		if ok {
			r.mainEnd = n[0]
		}
		return ok
	case kind == "D":
		n, ok := numbers(f[:1])
		if ok {
			r.dropped += int(n[0])
		}
		return ok
	}
	return false
}

// begin keeps a step. When there are too many, the oldest that has ended makes room: after the start those are imports of
// invocations past. During a start it is the new one that is not kept.
func (r *Recorder) begin(s *record) bool {
	if s.start <= 0 {
		return false
	}
	if len(r.steps) >= maxSteps {
		if !r.finished {
			return false
		}
		half := len(r.steps) / 2
		kept := slices.DeleteFunc(r.steps[:half:half], func(s *record) bool { return s.end != 0 })
		r.steps = append(kept, r.steps[half:]...)
		if len(r.steps) >= maxSteps {
			return false
		}
	}
	r.steps = append(r.steps, s)
	if s.end == 0 {
		r.byID[s.id] = s
	}
	return true
}

func numbers(f []string) ([]int64, bool) {
	out := make([]int64, len(f))
	for i, s := range f {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 {
			return nil, false
		}
		out[i] = n
	}
	return out, true
}
