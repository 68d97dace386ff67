package coldstart

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// hookSteps makes a tree of what a hook has told. What came before the hook is the interpreter's start, what came behind the last module
// the function's own code.
func (r *Recorder) hookSteps(exec, ready time.Time) []*Step {
	name := "python bootstrap"
	if r.lang == node {
		name = "node bootstrap"
	}
	var boot, modules []record
	for _, rec := range r.records {
		start, end := rec.times()
		switch {
		case end.Before(exec) || start.After(ready):
		case rec.Kind == "step":
			boot = append(boot, rec)
		case rec.Kind == "module":
			modules = append(modules, rec)
		}
	}
	bootstrap := &Step{Name: name, Module: strings.Fields(name)[0], Start: exec, End: exec, Kind: Core}
	for _, rec := range boot {
		start, end := rec.times()
		start, end = later(start, bootstrap.End), earlier(end, ready)
		if !end.After(start) {
			continue
		}
		if start.After(bootstrap.End) {
			bootstrap.Steps = append(bootstrap.Steps, &Step{Name: "load " + bootstrap.Module, Module: bootstrap.Module, Start: bootstrap.End, End: start, Kind: Core})
		}
		bootstrap.Steps = append(bootstrap.Steps, &Step{Name: rec.Name, Module: bootstrap.Module, Start: start, End: end, Kind: Core})
		bootstrap.End = end
	}
	if len(boot) == 0 {
		bootstrap.End = ready // the hook was not loaded
	}
	steps := []*Step{bootstrap}
	at := bootstrap.End
	for _, s := range r.tree(modules) {
		if s.End.Before(at) || s.Start.After(ready) {
			continue
		}
		s.Start, s.End = later(s.Start, at), earlier(s.End, ready)
		if s.Start.Sub(at) > 0 {
			steps = append(steps, r.own(at, s.Start, len(steps) == 1))
		}
		steps = append(steps, s)
		at = s.End
	}
	if ready.Sub(at) > 0 {
		steps = append(steps, r.own(at, ready, len(steps) == 1))
	}
	return steps
}

// own is a stretch in which the interpreter ran code and loaded nothing: of its start before the first module, of the function behind it.
func (r *Recorder) own(from, to time.Time, first bool) *Step {
	if first {
		return &Step{Name: "start main", Module: "main", Start: from, End: to, Kind: Core}
	}
	return &Step{Name: "run main", Module: "main", Start: from, End: to, Kind: User}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// tree nests modules by their times: a hook tells of one thread, so they either contain one another or do not meet.
func (r *Recorder) tree(list []record) (roots []*Step) {
	type loaded struct {
		*Step
		order int
	}
	all := make([]loaded, len(list))
	for i := range list {
		all[i] = loaded{r.module(&list[i]), i}
	}
	slices.SortStableFunc(all, func(a, b loaded) int {
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		if c := b.End.Compare(a.End); c != 0 {
			return c
		}
		return b.order - a.order // the outer one is told last
	})
	var open []*Step
	for _, s := range all {
		for len(open) > 0 && !open[len(open)-1].End.After(s.Start) {
			open = open[:len(open)-1]
		}
		if n := len(open); n == 0 {
			roots = append(roots, s.Step)
		} else {
			s.End = earlier(s.End, open[n-1].End)
			open[n-1].Steps = append(open[n-1].Steps, s.Step)
		}
		open = append(open, s.Step)
	}
	for _, s := range roots {
		fold(s)
	}
	return roots
}

// leastModule is the shortest time of a module that is worth a step of its own.
const leastModule = 300 * time.Microsecond

// fold drops what is too short within s; it stays part of s's own time.
func fold(s *Step) {
	s.Steps = slices.DeleteFunc(s.Steps, func(c *Step) bool { return c.End.Sub(c.Start) < leastModule && c.Err == "" })
	for _, c := range s.Steps {
		fold(c)
	}
}

func (r *Recorder) module(rec *record) *Step {
	s := &Step{Module: rec.Name, File: rec.File, Compile: time.Duration(rec.Compile), Err: rec.Err}
	s.Start, s.End = rec.times()
	if r.lang == python {
		s.Name = "import " + rec.Name
		s.Kind = r.pythonKind(rec.File)
		return s
	}
	s.Name = "require " + rec.Name
	s.Kind, s.Version = r.nodeKind(rec.File)
	if s.Kind == Dep && (strings.HasPrefix(rec.Name, ".") || filepath.IsAbs(rec.Name)) {
		s.Module = packageName(rec.File) + "/" + filepath.Base(rec.File)
	}
	return s
}

// nodeKind tells a dependency by the folder that npm puts it into, and reads its version.
func (r *Recorder) nodeKind(file string) (Kind, string) {
	const modules = "/node_modules/"
	i := strings.LastIndex(file, modules)
	if i < 0 {
		if r.cfg.Hooks.Holds(file) {
			return Core, ""
		}
		return User, ""
	}
	return Dep, packageVersion(filepath.Join(file[:i+len(modules)], packageName(file)))
}

// packageName is the package of a file below node_modules.
func packageName(file string) string {
	_, rest, ok := cutLast(file, "/node_modules/")
	if !ok {
		return ""
	}
	parts := strings.SplitN(rest, "/", 3)
	if strings.HasPrefix(rest, "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func packageVersion(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return ""
	}
	var p struct{ Version string }
	_ = json.Unmarshal(text, &p) // without one there is no version to tell
	return p.Version
}

// pythonKind tells the standard library by where it lies, and dependencies by the folder that they are installed into.
func (r *Recorder) pythonKind(file string) Kind {
	switch {
	case file == "" || file == "built-in" || file == "frozen":
		return Core
	case strings.Contains(file, "/site-packages/") || strings.Contains(file, "/dist-packages/"):
		return Dep
	case strings.HasPrefix(file, r.cfg.Dir+"/"):
		return User
	case strings.Contains(file, "/lib/python") || strings.Contains(file, "/lib64/python") || r.cfg.Hooks.Holds(file):
		return Core
	}
	return User
}
