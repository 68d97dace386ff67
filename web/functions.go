package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"weft/semconv"
	"weft/store"
)

// functionRuns is what a number of invocations add up to.
type functionRuns struct {
	Invocations uint64  `json:"invocations"`
	Errors      uint64  `json:"errors"`
	ErrorRate   float64 `json:"errorRate"`
	Timeouts    uint64  `json:"timeouts"`
	Throttles   uint64  `json:"throttles"`
	ColdStarts  uint64  `json:"coldStarts"`
	ColdShare   float64 `json:"coldShare"`
	latencies
	MeanNS float64 `json:"meanNs"`
}

// runsSum adds invocations up; the zero runsSum is none.
type runsSum struct {
	all                         store.FunctionTotals
	errors, timeouts, throttles uint64
}

func (s *runsSum) add(t *store.FunctionTotals) {
	s.all.Add(t)
	if t.Failed() {
		s.errors += t.Calls
	}
	switch t.Outcome {
	case semconv.OutcomeTimeout:
		s.timeouts += t.Calls
	case semconv.OutcomeThrottled:
		s.throttles += t.Calls
	}
}

func (s *runsSum) runs() functionRuns {
	r := functionRuns{Invocations: s.all.Calls, Errors: s.errors, Timeouts: s.timeouts, Throttles: s.throttles, ColdStarts: s.all.ColdStarts,
		latencies: newLatencies(s.all.Latency), ErrorRate: share(int64(s.errors), int64(s.all.Calls)), ColdShare: share(int64(s.all.ColdStarts), int64(s.all.Calls))}
	if n := s.all.Latency.Count(); n > 0 {
		r.MeanNS = s.all.DurationNS / float64(n)
	}
	return r
}

// functionInits is how new instances fared.
type functionInits struct {
	Ready  uint64  `json:"ready"`
	Failed uint64  `json:"failed"`
	P50NS  float64 `json:"p50Ns"`
	P95NS  float64 `json:"p95Ns"`
	P99NS  float64 `json:"p99Ns"`
}

func newInits(i store.FunctionInits) functionInits {
	return functionInits{i.Ready, i.Failed, i.P50NS, i.P95NS, i.P99NS}
}

// functionResources are what a function had and used.
type functionResources struct {
	Contract         string  `json:"contract"`
	MemoryLimitBytes int64   `json:"memoryLimitBytes"`
	MaxMemoryBytes   int64   `json:"maxMemoryBytes"`
	CPUNS            float64 `json:"cpuNs"`
	GiBSeconds       float64 `json:"gibSeconds"`
}

func newResources(r store.FunctionResources) functionResources {
	return functionResources{r.Contract, r.MemoryLimit, r.MaxMemory, r.CPUNS, r.ByteNS / (1 << 30) / 1e9}
}

type functionStats struct {
	Name     string   `json:"name"`
	Versions []string `json:"versions"`
	functionRuns
	Rate       float64           `json:"rate"`
	Inits      functionInits     `json:"inits"`
	Resources  functionResources `json:"resources"`
	LastSeenNS instantNS         `json:"lastSeenNs"`
}

type functionPage struct {
	FromNS    instantNS       `json:"fromNs"`
	ToNS      instantNS       `json:"toNs"`
	Total     int             `json:"total"`
	Functions []functionStats `json:"functions"`
}

// functionOrders are the columns that the table of functions can be sorted by, each with its natural direction first.
var functionOrders = map[string]func(a, b *functionStats) int{
	"invocations": func(a, b *functionStats) int { return cmp.Compare(b.Invocations, a.Invocations) },
	"errors":      func(a, b *functionStats) int { return cmp.Compare(b.Errors, a.Errors) },
	"errorRate":   func(a, b *functionStats) int { return cmp.Compare(b.ErrorRate, a.ErrorRate) },
	"timeouts":    func(a, b *functionStats) int { return cmp.Compare(b.Timeouts, a.Timeouts) },
	"throttles":   func(a, b *functionStats) int { return cmp.Compare(b.Throttles, a.Throttles) },
	"coldStarts":  func(a, b *functionStats) int { return cmp.Compare(b.ColdStarts, a.ColdStarts) },
	"init":        func(a, b *functionStats) int { return cmp.Compare(b.Inits.P50NS, a.Inits.P50NS) },
	"p50":         func(a, b *functionStats) int { return cmp.Compare(b.P50NS, a.P50NS) },
	"p95":         func(a, b *functionStats) int { return cmp.Compare(b.P95NS, a.P95NS) },
	"p99":         func(a, b *functionStats) int { return cmp.Compare(b.P99NS, a.P99NS) },
	"memory": func(a, b *functionStats) int {
		return cmp.Compare(b.Resources.MaxMemoryBytes, a.Resources.MaxMemoryBytes)
	},
	"cost":     func(a, b *functionStats) int { return cmp.Compare(b.Resources.GiBSeconds, a.Resources.GiBSeconds) },
	"lastSeen": func(a, b *functionStats) int { return cmp.Compare(b.LastSeenNS, a.LastSeenNS) },
	"name":     func(a, b *functionStats) int { return 0 }, // the store's order
}

func (s *Server) listFunctions(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	now := s.now()
	span := p.closed(p.timeRange(now), now)
	var sorts []string
	for name := range functionOrders {
		sorts = append(sorts, name)
	}
	table := p.tablePage(sorts, "invocations")
	if err := p.err(); err != nil {
		return err
	}
	totals, span, err := s.store.FunctionTotals(r.Context(), span, "", 0)
	if err != nil {
		return err
	}
	inits, err := s.store.FunctionInits(r.Context(), span, "")
	if err != nil {
		return err
	}
	resources, err := s.store.FunctionResources(r.Context(), span, "")
	if err != nil {
		return err
	}
	rows := newFunctionStats(totals, inits, resources, span)
	return writeJSON(w, functionPage{FromNS: instantNS(span.From.UnixNano()), ToNS: instantNS(span.To.UnixNano()), Total: len(rows),
		Functions: cut(table, rows, functionOrders[table.sort])})
}

// newFunctionStats makes a row for each function of totals, which are sorted by function and then by version. One that has inits only, because
// none of its requests came to an end or because it is provisioned, has a row too.
func newFunctionStats(totals []store.FunctionTotals, inits []store.FunctionInits, resources []store.FunctionResources, span store.TimeRange) []functionStats {
	sums, rows := make(map[string]*runsSum), make(map[string]*functionStats)
	row := func(name string) *functionStats {
		if rows[name] == nil {
			rows[name], sums[name] = &functionStats{Name: name, Versions: []string{}}, &runsSum{}
		}
		return rows[name]
	}
	for i := range totals {
		t := &totals[i]
		f := row(t.Function)
		sums[t.Function].add(t)
		if !slices.Contains(f.Versions, t.Version) {
			f.Versions = append(f.Versions, t.Version)
		}
	}
	for _, i := range inits {
		row(i.Function).Inits = newInits(i)
	}
	for _, u := range resources {
		row(u.Function).Resources = newResources(u)
	}
	out := make([]functionStats, 0, len(rows))
	for name, f := range rows {
		sum := sums[name]
		f.functionRuns, f.LastSeenNS, f.Rate = sum.runs(), instantNS(sum.all.LastNS), float64(sum.all.Calls)/span.To.Sub(span.From).Seconds()
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b functionStats) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

type outcomeCount struct {
	Outcome     string `json:"outcome"`
	Invocations uint64 `json:"invocations"`
}

type versionRuns struct {
	Version string `json:"version"`
	functionRuns
	LastSeenNS instantNS `json:"lastSeenNs"`
}

type functionPoint struct {
	StartNS instantNS `json:"startNs"`
	functionRuns
	Outcomes []outcomeCount `json:"outcomes"`
	Versions []versionCount `json:"versions"`
}

type versionCount struct {
	Version     string `json:"version"`
	Invocations uint64 `json:"invocations"`
	Errors      uint64 `json:"errors"`
}

type functionDetail struct {
	Name   string    `json:"name"`
	FromNS instantNS `json:"fromNs"`
	ToNS   instantNS `json:"toNs"`
	StepNS int64     `json:"stepNs"`
	functionRuns
	QueueNS    float64           `json:"queueNs"`
	Inits      functionInits     `json:"inits"`
	Resources  functionResources `json:"resources"`
	LastSeenNS instantNS         `json:"lastSeenNs"`
	Outcomes   []outcomeCount    `json:"outcomes"`
	Versions   []versionRuns     `json:"versions"`
	Points     []functionPoint   `json:"points"`
}

// function is the function that the path names.
func (p *params) function() string { return p.pathText("name", "not a function's name") }

func (s *Server) getFunction(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	now := s.now()
	name := p.function()
	span, step := p.step(p.closed(p.timeRange(now), now), time.Minute)
	versions := p.list("version")
	if err := p.err(); err != nil {
		return err
	}
	totals, _, err := s.store.FunctionTotals(r.Context(), span, name, step)
	if err != nil {
		return err
	}
	inits, err := s.store.FunctionInits(r.Context(), span, name)
	if err != nil {
		return err
	}
	out := newFunctionDetail(ofVersions(totals, versions), span, step)
	out.Name = name
	for _, i := range inits {
		out.Inits = newInits(i)
	}
	resources, err := s.store.FunctionResources(r.Context(), span, name)
	if err != nil {
		return err
	}
	for _, u := range resources {
		out.Resources = newResources(u)
	}
	return writeJSON(w, out)
}

// ofVersions are the totals of some versions, of all when there are none.
func ofVersions(totals []store.FunctionTotals, versions []string) []store.FunctionTotals {
	if len(versions) == 0 {
		return totals
	}
	return slices.DeleteFunc(totals, func(t store.FunctionTotals) bool { return !slices.Contains(versions, t.Version) })
}

func newFunctionDetail(totals []store.FunctionTotals, span store.TimeRange, step time.Duration) *functionDetail {
	out := &functionDetail{FromNS: instantNS(span.From.UnixNano()), ToNS: instantNS(span.To.UnixNano()), StepNS: int64(step),
		Outcomes: []outcomeCount{}, Versions: []versionRuns{}, Points: []functionPoint{}}
	byStep := make(map[int64][]*store.FunctionTotals)
	byVersion := make(map[string]*runsSum)
	var all runsSum
	for i := range totals {
		t := &totals[i]
		all.add(t)
		out.Outcomes = countOutcome(out.Outcomes, t)
		byStep[t.StartNS] = append(byStep[t.StartNS], t)
		if byVersion[t.Version] == nil {
			byVersion[t.Version] = &runsSum{}
		}
		byVersion[t.Version].add(t)
	}
	out.functionRuns, out.LastSeenNS, out.QueueNS = all.runs(), instantNS(all.all.LastNS), all.all.QueueNS
	for version, sum := range byVersion {
		out.Versions = append(out.Versions, versionRuns{version, sum.runs(), instantNS(sum.all.LastNS)})
	}
	slices.SortFunc(out.Versions, func(a, b versionRuns) int {
		return cmp.Or(cmp.Compare(b.Invocations, a.Invocations), cmp.Compare(a.Version, b.Version))
	})
	for at := span.From; at.Before(span.To); at = at.Add(step) {
		point := functionPoint{StartNS: instantNS(at.UnixNano()), Outcomes: []outcomeCount{}, Versions: []versionCount{}}
		var sum runsSum
		for _, t := range byStep[at.UnixNano()] {
			sum.add(t)
			point.Outcomes = countOutcome(point.Outcomes, t)
			point.Versions = countVersion(point.Versions, t)
		}
		point.functionRuns = sum.runs()
		out.Points = append(out.Points, point)
	}
	return out
}

// countOutcome counts t in a list that is sorted by outcome.
func countOutcome(list []outcomeCount, t *store.FunctionTotals) []outcomeCount {
	i, ok := slices.BinarySearchFunc(list, t.Outcome, func(c outcomeCount, o string) int { return cmp.Compare(c.Outcome, o) })
	if !ok {
		list = slices.Insert(list, i, outcomeCount{Outcome: t.Outcome})
	}
	list[i].Invocations += t.Calls
	return list
}

// countVersion counts t in a list that is sorted by version.
func countVersion(list []versionCount, t *store.FunctionTotals) []versionCount {
	i, ok := slices.BinarySearchFunc(list, t.Version, func(c versionCount, v string) int { return cmp.Compare(c.Version, v) })
	if !ok {
		list = slices.Insert(list, i, versionCount{Version: t.Version})
	}
	list[i].Invocations += t.Calls
	if t.Failed() {
		list[i].Errors += t.Calls
	}
	return list
}
