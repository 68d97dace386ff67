package store

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"weft/semconv"
)

// instanceInitSpan is what the runtime calls the start of an instance; the function's name follows.
const instanceInitSpan = "Instance Init"

// ColdStartQuery asks what the cold starts of a function are made of.
type ColdStartQuery struct {
	Range    TimeRange
	Function string
	// Versions is any when empty.
	Versions []string
	// Traces bounds the sample that is read whole. Range [1, 200].
	Traces int
	// Worst is how many of the longest are listed. Range [0, 100].
	Worst int
}

// ColdStarts is what a sample of cold starts is made of.
type ColdStarts struct {
	// Sampled is how many cold starts were read: those among the chosen invocations whose trace is stored with the init of the instance.
	Sampled int
	Phases  []ColdStartPart
	Modules []ColdStartModule
	Worst   []Invocation
}

// ColdStartPart is a span below the init of an instance, or the init itself, in all starts of the sample; several in one start are added up.
type ColdStartPart struct {
	Name string
	// Depth is 0 for the init, 1 for its children, 2 for theirs.
	Depth int
	// Starts is in how many starts it was.
	Starts int
	// Durations are nanoseconds over these starts.
	MeanNS, P50NS, P95NS, MaxNS float64
}

// ColdStartModule is a package, module or import in all starts of the sample.
type ColdStartModule struct {
	Name, Version, Kind string // Kind is core, dep or user
	// Starts is in how many starts it was loaded.
	Starts int
	// SelfNS is its own time, TotalNS that of all it loads besides; both are means over the whole sample, so that the former add up.
	SelfNS, TotalNS float64
	// MaxSelfNS is the greatest own time.
	MaxSelfNS float64
	// AllocBytes is a mean over the starts that know it.
	AllocBytes float64
}

// ColdStarts reads a sample of the function's cold starts and the longest of all.
func (s *Store) ColdStarts(ctx context.Context, q ColdStartQuery) (*ColdStarts, error) {
	const op = "read cold starts"
	from, to, err := q.Range.bounds()
	if err == nil {
		err = checkLimit(q.Traces, 200)
	}
	if err == nil && (q.Worst < 0 || q.Worst > 100) {
		err = errors.New("worst: want 0 to 100")
	}
	if err == nil && q.Function == "" {
		err = errors.New("function: want one")
	}
	if err != nil {
		return nil, invalid(op, err)
	}
	read := func(worst, limit int) ([]Invocation, error) {
		list, _, err := s.readInvocations(ctx, "cold_invocations", stringParam("function", q.Function), intParam("from", from), intParam("to", to),
			stringsParam("versions", q.Versions), intParam("worst", int64(worst)), intParam("limit", int64(limit)))
		return list, wrap(op, err)
	}
	sample, err := read(0, q.Traces)
	if err != nil {
		return nil, err
	}
	out := &ColdStarts{}
	if q.Worst > 0 {
		if out.Worst, err = read(1, q.Worst); err != nil {
			return nil, err
		}
	}
	var ids []TraceID
	for _, i := range sample {
		if !i.TraceID.IsZero() && !slices.Contains(ids, i.TraceID) {
			ids = append(ids, i.TraceID)
		}
	}
	traces, err := s.Traces(ctx, ids)
	if err != nil {
		return nil, err
	}
	sum := newColdStartSums()
	for _, t := range traces {
		sum.add(t, q.Function)
	}
	out.Sampled, out.Phases, out.Modules = sum.starts, sum.parts(), sum.loaded()
	return out, nil
}

// coldStartSums adds up what cold starts are made of.
type coldStartSums struct {
	starts  int
	phases  map[phaseKey]*phaseSums
	modules map[string]*moduleSums
}

type phaseKey struct {
	name  string
	depth int
}

type phaseSums struct {
	startNS   float64 // sum of how far into the init it begins
	durations []float64
}

type moduleSums struct {
	ColdStartModule
	allocated int
}

func newColdStartSums() *coldStartSums {
	return &coldStartSums{phases: make(map[phaseKey]*phaseSums), modules: make(map[string]*moduleSums)}
}

// add takes every init of an instance of the function in the trace.
func (c *coldStartSums) add(t *Trace, function string) {
	children := make(map[SpanID][]*Span)
	for i := range t.Spans {
		sp := &t.Spans[i]
		children[sp.ParentSpanID] = append(children[sp.ParentSpanID], sp)
	}
	seen := make(map[SpanID]bool) // parents may be a circle
	for i := range t.Spans {
		sp := &t.Spans[i]
		if sp.Service != function || !strings.HasPrefix(sp.Name, instanceInitSpan) || seen[sp.SpanID] {
			continue
		}
		c.starts++
		start := coldStart{sums: c, init: sp, children: children, seen: seen, phases: make(map[phaseKey]float64), inStart: make(map[string]bool)}
		start.walk(sp, 0)
		for key, ns := range start.phases {
			c.phases[key].durations = append(c.phases[key].durations, ns)
		}
	}
}

// coldStart is one of them.
type coldStart struct {
	sums     *coldStartSums
	init     *Span
	children map[SpanID][]*Span
	seen     map[SpanID]bool
	phases   map[phaseKey]float64
	inStart  map[string]bool // modules
}

// walk counts a span and what is below it.
func (s *coldStart) walk(sp *Span, depth int) {
	if s.seen[sp.SpanID] {
		return
	}
	s.seen[sp.SpanID] = true
	if module := textAttribute(sp, semconv.ModuleName); module != "" {
		s.module(sp, module)
	} else if depth <= 2 {
		key := phaseKey{sp.Name, depth}
		if depth == 0 {
			key.name = instanceInitSpan
		}
		p := s.sums.phases[key]
		if p == nil {
			p = &phaseSums{}
			s.sums.phases[key] = p
		}
		if _, again := s.phases[key]; !again {
			p.startNS += float64(sp.StartNS - s.init.StartNS)
		}
		s.phases[key] += float64(sp.DurationNS)
	}
	for _, child := range s.children[sp.SpanID] {
		s.walk(child, depth+1)
	}
}

func (s *coldStart) module(sp *Span, name string) {
	key := name + "\x00" + textAttribute(sp, semconv.ModuleVersion)
	m := s.sums.modules[key]
	if m == nil {
		m = &moduleSums{ColdStartModule: ColdStartModule{Name: name, Version: textAttribute(sp, semconv.ModuleVersion), Kind: textAttribute(sp, semconv.ModuleKind)}}
		s.sums.modules[key] = m
	}
	if !s.inStart[key] {
		s.inStart[key] = true
		m.Starts++
	}
	self := float64(sp.DurationNS)
	if v, ok := sp.Attributes.Get(semconv.ModuleSelf); ok && v.Type() == TypeInt {
		self = float64(v.Int())
	} else {
		for _, child := range s.children[sp.SpanID] {
			self -= float64(child.DurationNS)
		}
		self = max(self, 0)
	}
	m.SelfNS += self
	m.TotalNS += float64(sp.DurationNS)
	m.MaxSelfNS = max(m.MaxSelfNS, self)
	if v, ok := sp.Attributes.Get(semconv.ModuleAlloc); ok && v.Type() == TypeInt {
		m.AllocBytes += float64(v.Int())
		m.allocated++
	}
}

func textAttribute(sp *Span, key string) string {
	v, _ := sp.Attributes.Get(key)
	if v.Type() != TypeString {
		return ""
	}
	return v.Str()
}

// parts are the phases, in the order in which they begin.
func (c *coldStartSums) parts() []ColdStartPart {
	var parts []ColdStartPart
	begins := make(map[phaseKey]float64)
	for key, p := range c.phases {
		slices.Sort(p.durations)
		n := len(p.durations)
		begins[key] = p.startNS / float64(n)
		part := ColdStartPart{Name: key.name, Depth: key.depth, Starts: n, MaxNS: p.durations[n-1], P50NS: nearestRank(p.durations, 0.5), P95NS: nearestRank(p.durations, 0.95)}
		for _, d := range p.durations {
			part.MeanNS += d / float64(n)
		}
		parts = append(parts, part)
	}
	begin := func(p ColdStartPart) float64 { return begins[phaseKey{p.Name, p.Depth}] }
	slices.SortFunc(parts, func(a, b ColdStartPart) int {
		return cmp.Or(cmp.Compare(begin(a), begin(b)), cmp.Compare(a.Depth, b.Depth), cmp.Compare(a.Name, b.Name))
	})
	return parts
}

// nearestRank is a quantile of sorted values.
func nearestRank(sorted []float64, q float64) float64 {
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// maxModules bounds the modules that are listed; a large Node program loads thousands.
const maxModules = 500

// loaded are the modules, the one that costs most first.
func (c *coldStartSums) loaded() []ColdStartModule {
	var list []ColdStartModule
	for _, m := range c.modules {
		m.SelfNS /= float64(c.starts)
		m.TotalNS /= float64(c.starts)
		if m.allocated > 0 {
			m.AllocBytes /= float64(m.allocated)
		}
		list = append(list, m.ColdStartModule)
	}
	slices.SortFunc(list, func(a, b ColdStartModule) int {
		return cmp.Or(cmp.Compare(b.SelfNS, a.SelfNS), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	return list[:min(len(list), maxModules)]
}
