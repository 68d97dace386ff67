package analysis

import (
	"cmp"
	"slices"
)

// Bounds of what a Report lists; it counts everything. With names of usual length they keep an answer below a megabyte.
const (
	maxSegments  = 2000
	maxListed    = 50  // operations, statements, peers, repeated calls, cold starts, error origins, missing parents, clocks
	maxChain     = 100 // spans of one error's way up
	maxTotals    = 200 // services
	maxReasonsOf = 5   // reasons of one kind

	minShare    = 0.02 // of the critical path: what is less is no reason for anything
	minRepeated = 5    // equal calls under one parent: fewer are usual in good code
)

// List is the head of a longer list.
type List[T any] struct {
	Items []T
	Total int // how many there are
}

func firstOf[T any](all []T, most int) List[T] {
	return List[T]{Items: all[:min(len(all), most):min(len(all), most)], Total: len(all)}
}

// Report is what one trace tells. Spans are indices into Trace.Spans, -1 is none; durations are nanoseconds.
type Report struct {
	Root           int   // the span that the trace is analysed from
	StartNS, EndNS int64 // from the first span's start to the last one's end, each by its own clock
	Failed         bool  // the root failed
	ErrorSpans     int
	Services       int
	MaxDepth       int
	// Shape is equal for traces that call the same things in the same places, however often and in whichever order.
	Shape uint64

	CriticalNS int64 // duration of the root, which the path divides
	PathNS     int64 // where the path begins, by the clock that its segments go by
	Path       List[Segment]
	ByService  List[Total]
	ByCategory List[Total]
	Operations List[Operation]
	Database   Database
	Repeated   List[Repeated]
	Cold       ColdStarts
	Origins    List[Origin]
	Breaks     Breaks
	Reasons    []Reason
}

// Total is what spans of one name come to.
type Total struct {
	Name               string
	Spans              int
	SelfNS, CriticalNS int64
}

// Operation is all spans of one service, name and kind.
type Operation struct {
	Service, Name, Category    string
	Kind                       Kind
	Spans, Errors              int
	TotalNS, SelfNS, LongestNS int64
	CriticalNS                 int64
	Longest                    int // the span that took LongestNS
}

// Analyze looks at a trace from its root.
func Analyze(t *Trace) *Report { return AnalyzeFrom(t, -1) }

// AnalyzeFrom looks at a trace from any of its spans: what consumes a message has a critical path of its own. What has nothing to do
// with the critical path, such as totals and error origins, is of the whole trace all the same.
func AnalyzeFrom(t *Trace, span int) *Report {
	r := &Report{Root: -1}
	if len(t.Spans) == 0 {
		return r
	}
	v := newView(t, span)
	root := v.span(v.root)
	r.Root, r.Failed = int(v.tree.Span[v.root]), root.Failed
	r.CriticalNS = v.high[v.root] - v.low[v.root]
	r.PathNS = v.low[v.root]
	r.StartNS, r.EndNS = root.start(), root.start()+root.duration()
	for i := range t.Spans {
		s := &t.Spans[i]
		r.StartNS, r.EndNS = min(r.StartNS, s.start()), max(r.EndNS, s.start()+s.duration())
	}
	r.Path = firstOf(v.path, maxSegments)
	v.totals(r)
	r.Shape = v.shape()
	r.Database = v.databaseCost()
	r.Repeated = v.repeatedCalls()
	r.Cold = v.coldStarts()
	r.Origins = v.errorOrigins()
	r.Breaks = v.breaks()
	r.Reasons = v.reasons(r)
	return r
}

// totals adds up by service, category and operation.
func (v *view) totals(r *Report) {
	type operation struct {
		service, name uint32
		kind          Kind
	}
	operations := newTable[operation, Operation]()
	services, categories := newTable[uint32, Total](), newTable[uint32, Total]()
	for row := range int32(len(v.Spans)) {
		if v.flag(row, Duplicate) {
			continue
		}
		s := v.span(row)
		r.MaxDepth = max(r.MaxDepth, int(v.tree.Depth[row]))
		for _, add := range []struct {
			to   *Total
			name uint32
		}{{services.at(s.Service), s.Service}, {categories.at(s.Category), s.Category}} {
			add.to.Name = v.text(add.name)
			add.to.Spans++
			add.to.SelfNS += v.self[row]
			add.to.CriticalNS += v.critical[row]
		}
		o := operations.at(operation{s.Service, s.Name, s.Kind})
		duration := s.duration()
		if o.Spans == 0 {
			*o = Operation{Service: v.text(s.Service), Name: v.text(s.Name), Category: v.text(s.Category), Kind: s.Kind, LongestNS: -1}
		}
		o.Spans++
		o.TotalNS, o.SelfNS, o.CriticalNS = o.TotalNS+duration, o.SelfNS+v.self[row], o.CriticalNS+v.critical[row]
		if duration > o.LongestNS {
			o.LongestNS, o.Longest = duration, int(v.tree.Span[row])
		}
		if s.Failed {
			o.Errors++
			r.ErrorSpans++
		}
	}
	byTime := func(a, b *Total) int {
		return cmp.Or(cmp.Compare(b.CriticalNS, a.CriticalNS), cmp.Compare(b.SelfNS, a.SelfNS), cmp.Compare(a.Name, b.Name))
	}
	r.Services = len(services.values)
	r.ByService = firstOf(services.sorted(byTime), maxTotals)
	r.ByCategory = firstOf(categories.sorted(byTime), maxTotals)
	r.Operations = firstOf(operations.sorted(func(a, b *Operation) int {
		return cmp.Or(cmp.Compare(b.CriticalNS, a.CriticalNS), cmp.Compare(b.SelfNS, a.SelfNS),
			cmp.Compare(a.Service, b.Service), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	}), maxListed)
}

// table keeps a value per key, in order of first use.
type table[K comparable, V any] struct {
	index  map[K]int
	values []V
}

func newTable[K comparable, V any]() *table[K, V] { return &table[K, V]{index: make(map[K]int)} }

// at is the value of k, zero at first. It is valid until the next call.
func (t *table[K, V]) at(k K) *V {
	i, ok := t.index[k]
	if !ok {
		i = len(t.values)
		t.index[k] = i
		t.values = append(t.values, *new(V))
	}
	return &t.values[i]
}

// sorted sorts the values and returns them; the table is used up.
func (t *table[K, V]) sorted(compare func(a, b *V) int) []V {
	slices.SortStableFunc(t.values, func(a, b V) int { return compare(&a, &b) })
	return t.values
}
