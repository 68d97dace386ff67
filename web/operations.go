package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"time"

	"weft/store"
)

const (
	// defaultLookback is how far back the tables and charts look when they are not told.
	defaultLookback = time.Hour
	// maxOffset bounds paging by offset; no table has as many rows.
	maxOffset = 1_000_000
	// defaultApdexThreshold is the threshold that Apdex starts from where nobody has set one.
	defaultApdexThreshold = 500 * time.Millisecond
	// wantedSteps is about how many points a series has when no step is asked for.
	wantedSteps = 120
	// maxSeriesSteps bounds the points of a series.
	maxSeriesSteps = 1000
)

// latencies are the quantiles of a table's row or a chart's point, in nanoseconds.
type latencies struct {
	P50NS float64 `json:"p50Ns"`
	P90NS float64 `json:"p90Ns"`
	P95NS float64 `json:"p95Ns"`
	P99NS float64 `json:"p99Ns"`
}

func newLatencies(h store.Histogram) latencies {
	return latencies{h.Quantile(0.5), h.Quantile(0.9), h.Quantile(0.95), h.Quantile(0.99)}
}

// red is calls, errors and durations.
type red struct {
	Calls     uint64  `json:"calls"`
	Rate      float64 `json:"rate"`
	Errors    uint64  `json:"errors"`
	ErrorRate float64 `json:"errorRate"`
	latencies
	MeanNS float64 `json:"meanNs"`
	Apdex  float64 `json:"apdex"`
}

func newRED(t *store.OperationTotals, over, threshold time.Duration) red {
	return red{
		Calls: t.Calls, Rate: float64(t.Calls) / over.Seconds(), Errors: t.Errors, ErrorRate: t.ErrorRate(),
		latencies: newLatencies(t.Latency), MeanNS: t.MeanNS(), Apdex: t.Apdex(threshold),
	}
}

type operationStats struct {
	Service string `json:"service"`
	Name    string `json:"name,omitempty"`
	Kind    string `json:"kind,omitempty"`
	red
	TimeNS    float64 `json:"timeNs"`
	TimeShare float64 `json:"timeShare"`
}

type operationStatsPage struct {
	FromNS           instantNS        `json:"fromNs"`
	ToNS             instantNS        `json:"toNs"`
	ApdexThresholdNS int64            `json:"apdexThresholdNs"`
	Total            int              `json:"total"`
	Operations       []operationStats `json:"operations"`
}

// operationOrders are the columns that the table of operations can be sorted by, each with its natural direction first.
var operationOrders = map[string]func(a, b *operationStats) int{
	"time":      func(a, b *operationStats) int { return cmp.Compare(b.TimeNS, a.TimeNS) },
	"calls":     func(a, b *operationStats) int { return cmp.Compare(b.Calls, a.Calls) },
	"errors":    func(a, b *operationStats) int { return cmp.Compare(b.Errors, a.Errors) },
	"errorRate": func(a, b *operationStats) int { return cmp.Compare(b.ErrorRate, a.ErrorRate) },
	"p50":       func(a, b *operationStats) int { return cmp.Compare(b.P50NS, a.P50NS) },
	"p90":       func(a, b *operationStats) int { return cmp.Compare(b.P90NS, a.P90NS) },
	"p95":       func(a, b *operationStats) int { return cmp.Compare(b.P95NS, a.P95NS) },
	"p99":       func(a, b *operationStats) int { return cmp.Compare(b.P99NS, a.P99NS) },
	"mean":      func(a, b *operationStats) int { return cmp.Compare(b.MeanNS, a.MeanNS) },
	"apdex":     func(a, b *operationStats) int { return cmp.Compare(a.Apdex, b.Apdex) },
	"name":      func(a, b *operationStats) int { return 0 }, // the store's order
}

// tablePage are the parameters of a sorted table.
type tablePage struct {
	sort          string
	reverse       bool
	limit, offset int
}

// tablePage reads them; byDefault is one of sorts.
func (p *params) tablePage(sorts []string, byDefault string) tablePage {
	slices.Sort(sorts)
	t := tablePage{sort: p.oneOf("sort", sorts), reverse: p.boolean("reverse"), limit: p.number("limit", 1, 1000, 100), offset: p.number("offset", 0, maxOffset, 0)}
	if t.sort == "" {
		t.sort = byDefault
	}
	return t
}

// cut sorts rows, which are in order already where compare finds them equal, and returns those on the page.
func cut[T any](t tablePage, rows []T, compare func(a, b *T) int) []T {
	slices.SortStableFunc(rows, func(a, b T) int { return compare(&a, &b) })
	if t.reverse {
		slices.Reverse(rows)
	}
	from := min(t.offset, len(rows))
	return rows[from:min(from+t.limit, len(rows))]
}

// closed is r with both ends: the hour up to now when they are not given.
func (p *params) closed(r store.TimeRange, now time.Time) store.TimeRange {
	if r.To.IsZero() {
		r.To = now
	}
	if r.From.IsZero() {
		r.From = r.To.Add(-defaultLookback)
	}
	if r.To.Before(r.From) && p.values.Get("to") == "" { // else timeRange has said so
		p.fail("from", p.values.Get("from"), "not after to", errors.New("starts after the end"))
	}
	return r
}

// operationQuery reads the parameters that choose operations.
func (p *params) operationQuery(now time.Time) store.OperationQuery {
	q := store.OperationQuery{Range: p.closed(p.timeRange(now), now), Operation: p.text("operation", maxText)}
	if service := p.text("service", maxText); service != "" {
		q.Services = []string{service}
	}
	if kind := p.oneOf("kind", kindNames); kind != "" {
		q.Kinds = []store.Kind{store.Kind(slices.Index(kindNames, kind))}
	}
	return q
}

func (p *params) apdexThreshold() time.Duration {
	d, given := p.duration("apdexThreshold")
	if !given {
		return defaultApdexThreshold
	}
	if d <= 0 || d > 24*time.Hour {
		p.fail("apdexThreshold", p.values.Get("apdexThreshold"), "more than 0 and at most 24h", errors.New("want a duration in this range"))
	}
	return d
}

func (s *Server) getOperationStats(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	q, threshold, sorts := p.operationQuery(s.now()), p.apdexThreshold(), []string{}
	for name := range operationOrders {
		sorts = append(sorts, name)
	}
	table := p.tablePage(sorts, "time")
	q.Group = store.GroupKind
	if p.oneOf("groupBy", []string{"operation", "service"}) == "service" {
		q.Group = store.GroupService
	}
	if err := p.err(); err != nil {
		return err
	}
	totals, span, err := s.store.OperationTotals(r.Context(), q)
	if err != nil {
		return err
	}
	rows := make([]operationStats, len(totals))
	var all float64
	for i := range totals {
		t := &totals[i]
		rows[i] = operationStats{Service: t.Service, Name: t.Name, red: newRED(t, span.To.Sub(span.From), threshold), TimeNS: t.DurationNS}
		if q.Group == store.GroupKind {
			rows[i].Kind = kindName(t.Kind)
		}
		all += t.DurationNS
	}
	for i := range rows {
		if all > 0 {
			rows[i].TimeShare = rows[i].TimeNS / all
		}
	}
	return writeJSON(w, operationStatsPage{
		FromNS: instantNS(span.From.UnixNano()), ToNS: instantNS(span.To.UnixNano()), ApdexThresholdNS: int64(threshold), Total: len(rows),
		Operations: cut(table, rows, operationOrders[table.sort]),
	})
}

type seriesPoint struct {
	StartNS instantNS `json:"startNs"`
	red
}

type operationSeries struct {
	FromNS           instantNS     `json:"fromNs"`
	ToNS             instantNS     `json:"toNs"`
	StepNS           int64         `json:"stepNs"`
	ApdexThresholdNS int64         `json:"apdexThresholdNs"`
	Points           []seriesPoint `json:"points"`
}

// niceSteps are the steps of a chart that people can read.
var niceSteps = []time.Duration{
	time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
	30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour,
}

// step reads the parameter step, or chooses one of at least shortest for the range. The range is widened to whole steps.
func (p *params) step(r store.TimeRange, shortest time.Duration) (store.TimeRange, time.Duration) {
	step, given := p.duration("step")
	if !given {
		step = niceSteps[len(niceSteps)-1]
		for _, nice := range niceSteps {
			if nice >= shortest && r.To.Sub(r.From) <= wantedSteps*nice {
				step = nice
				break
			}
		}
	}
	if step < shortest || step%shortest != 0 {
		p.fail("step", p.values.Get("step"), "a multiple of "+shortest.String(), errors.New("want whole steps"))
		return r, shortest
	}
	from := r.From.Add(-mod(r.From, step))
	to := r.To.Add(-mod(r.To, step))
	if to.Before(r.To) || to.Equal(from) {
		to = to.Add(step)
	}
	if to.Sub(from)/step > maxSeriesSteps {
		p.fail("step", p.values.Get("step"), "at least a 1000th of the time range", errors.New("too many steps"))
	}
	return store.TimeRange{From: from, To: to}, step
}

// mod is how far t is into a step that starts at a multiple of the step since 1970.
func mod(t time.Time, step time.Duration) time.Duration {
	m := time.Duration(t.UnixNano()) % step
	if m < 0 {
		m += step
	}
	return m
}

func (s *Server) getOperationSeries(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	q, threshold := p.operationQuery(s.now()), p.apdexThreshold()
	q.Range, q.Step = p.step(q.Range, time.Minute)
	if err := p.err(); err != nil {
		return err
	}
	totals, _, err := s.store.OperationTotals(r.Context(), q)
	if err != nil {
		return err
	}
	out := operationSeries{
		FromNS: instantNS(q.Range.From.UnixNano()), ToNS: instantNS(q.Range.To.UnixNano()), StepNS: int64(q.Step), ApdexThresholdNS: int64(threshold),
	}
	for at := q.Range.From; at.Before(q.Range.To); at = at.Add(q.Step) {
		t := &store.OperationTotals{StartNS: at.UnixNano()}
		if len(totals) > 0 && totals[0].StartNS == t.StartNS {
			t, totals = &totals[0], totals[1:]
		}
		out.Points = append(out.Points, seriesPoint{instantNS(t.StartNS), newRED(t, q.Step, threshold)})
	}
	return writeJSON(w, out)
}

type percentile struct {
	FromNS     instantNS `json:"fromNs"`
	ToNS       instantNS `json:"toNs"`
	Calls      uint64    `json:"calls"`
	Percentile *float64  `json:"percentile"`
	latencies
}

func (s *Server) getPercentile(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	q := p.operationQuery(s.now())
	duration, _ := p.duration("duration")
	for _, name := range []string{"service", "operation", "duration"} {
		if p.values.Get(name) == "" {
			p.fail(name, "", "required", errors.New("missing"))
		}
	}
	if err := p.err(); err != nil {
		return err
	}
	totals, span, err := s.store.OperationTotals(r.Context(), q)
	if err != nil {
		return err
	}
	out := percentile{FromNS: instantNS(span.From.UnixNano()), ToNS: instantNS(span.To.UnixNano())}
	if len(totals) > 0 {
		t := &totals[0]
		rank := t.Latency.Percentile(int64(duration))
		out.Calls, out.Percentile, out.latencies = t.Calls, &rank, newLatencies(t.Latency)
	}
	return writeJSON(w, out)
}
