package coldstart

import (
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Finish returns what the program did between exec and ready, or until it failed, in order and nested: the boot of the
// interpreter or runtime, then what was loaded. It is called once. Of a program that nothing is known of there is one step: nothing was
// injected, or no hook reaches its kind.
//
// Steps shorter than a 200th of the start, 0.2 ms at least and 5 ms at most, are folded into the ones around them with all
// that is in them, so that leaves, and the stretches of a step's own code between its steps, cover nearly all that is known;
// Coverage measures it.
func (r *Recorder) Finish(exec, ready time.Time) []*Step {
	if exec.IsZero() {
		return nil // it was not started
	}
	unknown := []*Step{{Name: "main", Module: strings.Join(r.config.Command, " "), Kind: User, Start: exec, End: ready}}
	if r.trace != nil {
		r.trace.settle()
		if steps := r.trace.finish(exec, ready, r.kinds); steps != nil {
			return steps
		}
		return unknown
	}
	if r.records == nil {
		return unknown
	}
	r.records.rest()
	r.records.empty()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished = true
	if r.hello.language == "" {
		return unknown
	}
	loaded := r.tree(r.steps, ready)
	r.steps = slices.DeleteFunc(r.steps, func(s *record) bool { return s.end != 0 })
	var steps []*Step
	if r.hello.language == "node" {
		steps = r.node(exec, ready, loaded)
	} else {
		steps = r.python(exec, ready, loaded)
	}
	steps = clip(steps, exec, ready)
	limit := min(max(ready.Sub(exec)/200, tiny), 5*time.Millisecond)
	for _, s := range steps {
		tidy(s, limit)
	}
	return steps
}

// Between returns what was loaded between from and to, such as an import within a handler. It is for after Finish, at the end
// of each invocation: nothing else takes the records then.
func (r *Recorder) Between(from, to time.Time) []*Step {
	if r.records == nil {
		return nil
	}
	r.records.empty()
	r.mu.Lock()
	defer r.mu.Unlock()
	var in []*record
	for _, s := range r.steps {
		if t := r.at(s.start); !t.Before(from) && t.Before(to) {
			in = append(in, s)
		}
	}
	steps := clip(r.tree(in, to), from, to)
	for _, s := range steps {
		tidy(s, tiny)
	}
	return steps
}

// node puts the interpreter's steps before those loaded.
func (r *Recorder) node(exec, ready time.Time, loaded []*Step) []*Step {
	h := r.hello
	boot := &Step{Name: "node bootstrap", Module: "node", Kind: Core, Start: exec, End: r.at(max(h.boot, h.to))}
	last := exec
	for _, part := range []struct {
		name string
		end  int64
	}{{"node process", h.v8}, {"v8 isolate", h.environment}, {"node environment", h.from}, {"tracing hook", h.to}} {
		if part.end == 0 {
			continue
		}
		end := later(r.at(part.end), last)
		boot.Steps = append(boot.Steps, &Step{Name: part.name, Module: "node", Kind: Core, Start: last, End: end})
		last = end
	}
	if len(loaded) > 0 && loaded[0].Start.After(boot.End) {
		boot.End = loaded[0].Start // what Node does before the main module
	}
	steps := []*Step{boot}
	if r.mainEnd == 0 {
		return append(steps, loaded...)
	}
	loop := &Step{Name: "event loop", Module: "node", Kind: User, Start: r.at(r.mainEnd), End: ready}
	for _, s := range loaded {
		if s.Start.Before(loop.Start) {
			steps = append(steps, s)
		} else {
			loop.Steps = append(loop.Steps, s)
		}
	}
	return append(steps, loop)
}

// python puts the interpreter's start before what was imported, and the imports into the main module, which nothing imports.
func (r *Recorder) python(exec, ready time.Time, loaded []*Step) []*Step {
	from, to := r.at(r.hello.from), r.at(r.hello.to)
	return []*Step{
		{Name: "python bootstrap", Module: "python", Kind: Core, Start: exec, End: from},
		{Name: "tracing hook", Module: "python", Kind: Core, Start: from, End: to},
		{Name: "__main__", Module: "__main__", Kind: User, Start: to, End: ready, Steps: loaded},
	}
}

// tree makes the records into trees. What had not ended ends at end. r.mu is held.
func (r *Recorder) tree(records []*record, end time.Time) []*Step {
	steps := make(map[int64]*Step, len(records))
	for _, c := range records {
		steps[c.id] = r.step(c, end)
	}
	var roots, others []*Step
	thread := int64(-1)
	for _, c := range records {
		s := steps[c.id]
		if p := steps[c.parent]; p != nil && c.parent != c.id {
			p.Steps = append(p.Steps, s)
			continue
		}
		if thread < 0 {
			thread = c.thread
		}
		if r.hello.language == "node" || c.thread == thread {
			roots = append(roots, s)
		} else {
			others = append(others, s)
		}
	}
	// What other threads import meanwhile goes where nothing of the first thread's is in its way, else it is not shown: the time is
	// accounted for already.
	for _, s := range others {
		roots = place(roots, s)
	}
	return roots
}

func place(steps []*Step, s *Step) []*Step {
	for _, o := range steps {
		if !s.Start.Before(o.Start) && !s.End.After(o.End) {
			o.Steps = place(o.Steps, s)
			return steps
		}
		if s.Start.Before(o.End) && o.Start.Before(s.End) {
			return steps
		}
	}
	return append(steps, s)
}

func (r *Recorder) step(c *record, end time.Time) *Step {
	s := &Step{Start: r.at(c.start), End: r.at(c.end), File: c.file, Err: c.err, Compile: time.Duration(c.compile)}
	if c.end == 0 {
		s.End, s.Open = later(end, s.Start), true
	}
	if r.hello.language == "python" {
		s.Module, s.Name = c.name, "import "+c.name
		s.Kind, s.Version = r.kinds.pythonModule(c.name, c.file)
		return s
	}
	verb := "require "
	if c.thread == 1 {
		verb = "import "
	}
	s.Kind, s.Module, s.Version = r.kinds.nodeModule(c.name, c.file)
	s.Name = verb + r.path(c.name, c.file)
	return s
}

// path names what was required by the path in its package or in the function's code.
func (r *Recorder) path(name, file string) string {
	if file == "" {
		return strings.TrimPrefix(name, "node:")
	}
	if name[0] != '.' && name[0] != '/' {
		return name
	}
	const modules = "/node_modules/"
	if i := strings.LastIndex(file, modules); i >= 0 {
		return file[i+len(modules):]
	}
	if rel, err := filepath.Rel(r.config.Dir, file); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return filepath.Base(file)
}

// clip orders steps and cuts off what is before from, after to, or within the step before.
func clip(steps []*Step, from, to time.Time) []*Step {
	slices.SortStableFunc(steps, func(a, b *Step) int { return a.Start.Compare(b.Start) })
	kept := steps[:0]
	for _, s := range steps {
		s.Start, s.End = later(s.Start, from), earlier(s.End, to)
		if s.End.Before(s.Start) {
			continue
		}
		s.Steps = clip(s.Steps, s.Start, s.End)
		from = s.End
		kept = append(kept, s)
	}
	return kept
}

// tidy folds what is shorter than limit into s.
func tidy(s *Step, limit time.Duration) {
	kept := s.Steps[:0]
	for _, c := range s.Steps {
		if short(c, s, limit) {
			s.Folded += 1 + count(c)
			s.FoldedTime += c.End.Sub(c.Start)
			continue
		}
		tidy(c, limit)
		kept = append(kept, c)
	}
	s.Steps = kept
}

// short says whether c is folded into s. What failed is kept, but not the many imports that a library tries and does without.
func short(c, s *Step, limit time.Duration) bool {
	if c.End.Sub(c.Start) >= limit || c.Open {
		return false
	}
	missing := strings.HasPrefix(c.Err, "ModuleNotFoundError:") || strings.Contains(c.Err, "Cannot find module")
	if c.Err != "" && (!missing || s.Err != "") {
		return false
	}
	return !slices.ContainsFunc(c.Steps, func(in *Step) bool { return !short(in, c, limit) })
}

func count(s *Step) int {
	n := len(s.Steps)
	for _, c := range s.Steps {
		n += count(c)
	}
	return n
}
