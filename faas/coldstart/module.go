package coldstart

import "time"

// Step is something that happened while a program started: the init of a package, an import, the boot of an interpreter.
type Step struct {
	// Name is the span's: "init net/http", "import flask", "require express", "main.main", "python bootstrap".
	Name       string
	Start, End time.Time
	// Module and Version name the package, module or import as its language does; File is where it was read from.
	Module, Version, File string
	// Kind is core, dep or user.
	Kind Kind
	// Compile is the part of it that was compiling, where the language tells.
	Compile time.Duration
	// AllocBytes is what it allocated, where the language tells.
	AllocBytes int64
	// Folded is how many steps within it were too short to be kept, and FoldedTime how long they took together. It is part of
	// Self. Those below 0.2 ms that the hooks do not tell are not counted.
	Folded     int
	FoldedTime time.Duration
	// Open says that it had not ended when the program was ready, or gone.
	Open bool
	// Err is why it failed, empty when it did not.
	Err string
	// Steps are those within it, in order; they do not overlap.
	Steps []*Step
}

// Kind is whose code a step runs.
type Kind string

// Kinds.
const (
	Core Kind = "core" // the language's own
	Dep  Kind = "dep"  // a dependency
	User Kind = "user" // the function's
)

// Self is the step's time less that of the steps within it.
func (s *Step) Self() time.Duration {
	d := s.End.Sub(s.Start)
	for _, c := range s.Steps {
		d -= c.End.Sub(c.Start)
	}
	return d
}

// stretch is the least time of a step's own code, between the steps within it, that is worth a span.
const stretch = 100 * time.Microsecond

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
