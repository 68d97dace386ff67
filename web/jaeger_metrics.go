package web

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"weft/store"
)

// Defaults of Jaeger's metrics API.
const (
	jaegerMetricsLookback = time.Hour
	jaegerMetricsStep     = 5 * time.Second
	jaegerMetricsRatePer  = 10 * time.Minute
	// jaegerMinStep is how fine the figures are, whatever step is asked for.
	jaegerMinStep = time.Minute
	// maxMetricPoints bounds one series; it is Prometheus' bound, which Jaeger's own answers have.
	maxMetricPoints = 11_000
)

// jaegerMetrics is a parsed request for metrics.
type jaegerMetrics struct {
	query         store.OperationQuery // without its range
	groupByName   bool
	end           time.Time
	lookback      time.Duration
	step, ratePer time.Duration
}

// parseJaegerMetrics reads Jaeger's parameters. Error texts are Jaeger's where it has any.
func parseJaegerMetrics(q url.Values, now time.Time) (jaegerMetrics, error) {
	var out jaegerMetrics
	if err := checkText(q); err != nil {
		return out, err
	}
	fail := func(name string, err error) (jaegerMetrics, error) {
		return out, fmt.Errorf("unable to parse param '%s': %w", name, err)
	}
	services, ok := q["service"]
	if !ok {
		return fail("service", errors.New("please provide at least one service name"))
	}
	out.query.Services = services
	if s := q.Get("groupByOperation"); s != "" {
		var err error
		if out.groupByName, err = strconv.ParseBool(s); err != nil {
			return fail("groupByOperation", err)
		}
	}
	out.query.Kinds = []store.Kind{store.KindServer}
	if kinds, ok := q["spanKind"]; ok {
		out.query.Kinds = nil
		for _, name := range kinds {
			i := slices.Index(kindNames, name)
			if i < 0 {
				return fail("spanKind", fmt.Errorf("unsupported span kind: '%s'", clip(name)))
			}
			out.query.Kinds = append(out.query.Kinds, store.Kind(i))
		}
	}
	var err error
	if out.end, err = jaegerTime(q, "endTs", time.Millisecond, now); err != nil {
		return out, err
	}
	for _, d := range []struct {
		name      string
		into      *time.Duration
		byDefault time.Duration
	}{{"lookback", &out.lookback, jaegerMetricsLookback}, {"step", &out.step, jaegerMetricsStep}, {"ratePer", &out.ratePer, jaegerMetricsRatePer}} {
		*d.into = d.byDefault
		s := q.Get(d.name)
		if s == "" {
			continue
		}
		ms, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return fail(d.name, err)
		}
		if ms <= 0 || ms > int64(math.MaxInt64/4/time.Millisecond) {
			return fail(d.name, fmt.Errorf("want more than 0 milliseconds, got %s", clip(s)))
		}
		*d.into = time.Duration(ms) * time.Millisecond
	}
	if out.lookback/out.step > maxMetricPoints {
		return out, errors.New("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")
	}
	return out, nil
}

// metricFamily is Jaeger's answer: proto3 JSON of its MetricFamily, without the envelope of its other answers.
type metricFamily struct {
	Name    string         `json:"name"`
	Type    string         `json:"type"`
	Help    string         `json:"help"`
	Metrics []jaegerMetric `json:"metrics,omitempty"`
}

type jaegerMetric struct {
	Labels []jaegerLabel       `json:"labels"`
	Points []jaegerMetricPoint `json:"metricPoints"`
}

type jaegerLabel struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type jaegerMetricPoint struct {
	Gauge     jaegerGauge `json:"gaugeValue"`
	Timestamp time.Time   `json:"timestamp"`
}

type jaegerGauge struct {
	Value float64 `json:"doubleValue"`
}

// metricKind is one of the three metrics: how its value follows from what happened in a window of ratePer, and whether there is
// one without a call.
type metricKind struct {
	name, help string
	value      func(window *store.OperationTotals, ratePer time.Duration) float64
	always     bool
}

func (s *Server) jaegerLatencies(w http.ResponseWriter, r *http.Request) error {
	quantile, err := strconv.ParseFloat(r.URL.Query().Get("quantile"), 64)
	if err != nil {
		return badJaegerRequest(fmt.Errorf("unable to parse param 'quantile': %w", err))
	}
	if !(quantile >= 0 && quantile <= 1) {
		return badJaegerRequest(fmt.Errorf("unable to parse param 'quantile': want 0 to 1, got %v", quantile))
	}
	return s.jaegerMetrics(w, r, metricKind{
		name: "service_latencies", help: fmt.Sprintf("%.2fth quantile latency, grouped by service", quantile),
		value: func(t *store.OperationTotals, _ time.Duration) float64 { return t.Latency.Quantile(quantile) / 1e6 }, // milliseconds
	})
}

func (s *Server) jaegerCalls(w http.ResponseWriter, r *http.Request) error {
	return s.jaegerMetrics(w, r, metricKind{
		name: "service_call_rate", help: "calls/sec, grouped by service", always: true,
		value: func(t *store.OperationTotals, ratePer time.Duration) float64 {
			return float64(t.Calls) / ratePer.Seconds()
		},
	})
}

// jaegerErrors is a share of the calls: 0, not absent, where calls did not fail.
func (s *Server) jaegerErrors(w http.ResponseWriter, r *http.Request) error {
	return s.jaegerMetrics(w, r, metricKind{
		name: "service_error_rate", help: "error rate, computed as a fraction of errors/sec over calls/sec, grouped by service",
		value: func(t *store.OperationTotals, _ time.Duration) float64 { return t.ErrorRate() },
	})
}

func (s *Server) jaegerMinStep(w http.ResponseWriter, r *http.Request) error {
	return answerJaeger(w, r, jaegerAnswer{Data: jaegerMinStep.Milliseconds()})
}

func (s *Server) jaegerMetrics(w http.ResponseWriter, r *http.Request, kind metricKind) error {
	ask, err := parseJaegerMetrics(r.URL.Query(), s.now())
	if err != nil {
		return badJaegerRequest(err)
	}
	out := metricFamily{Name: kind.name, Type: "GAUGE", Help: kind.help}
	q := ask.query
	q.Group, q.Step = store.GroupService, time.Minute
	if ask.groupByName {
		q.Group = store.GroupName
		out.Name, out.Help = strings.Replace(out.Name, "service", "service_operation", 1), out.Help+" & operation"
	}
	window := (ask.ratePer + time.Minute - 1).Truncate(time.Minute)
	q.Range = store.TimeRange{From: ask.end.Add(-ask.lookback - window).Truncate(time.Minute), To: ask.end.Truncate(time.Minute)}
	totals, _, err := s.store.OperationTotals(r.Context(), q)
	if err != nil {
		return err
	}
	for len(totals) > 0 {
		n := 1
		for n < len(totals) && totals[n].Service == totals[0].Service && totals[n].Name == totals[0].Name {
			n++
		}
		m := jaegerMetric{Labels: []jaegerLabel{{"service_name", totals[0].Service}}, Points: ask.points(totals[:n], window, kind)}
		if ask.groupByName {
			m.Labels = append([]jaegerLabel{{"operation", totals[0].Name}}, m.Labels...)
		}
		if len(m.Points) > 0 {
			out.Metrics = append(out.Metrics, m)
		}
		totals = totals[n:]
	}
	return writeJSON(w, out)
}

// points evaluates one series, minutes in order of time, at every step of the lookback. The value at an instant is that of the whole minutes of the
// window before it.
func (ask jaegerMetrics) points(minutes []store.OperationTotals, window time.Duration, kind metricKind) []jaegerMetricPoint {
	var out []jaegerMetricPoint
	in := store.OperationTotals{Latency: store.Histogram{}} // what is in the window
	var first, next int                                     // minutes[first:next] are
	var value float64
	for at, fresh := ask.end.Add(-ask.lookback), true; !at.After(ask.end); at = at.Add(ask.step) {
		to := at.Truncate(time.Minute).UnixNano()
		for ; next < len(minutes) && minutes[next].StartNS < to; next++ {
			in.Calls, in.Errors, fresh = in.Calls+minutes[next].Calls, in.Errors+minutes[next].Errors, true
			in.Latency.Add(minutes[next].Latency)
		}
		for ; first < next && minutes[first].StartNS < to-int64(window); first++ {
			in.Calls, in.Errors, fresh = in.Calls-minutes[first].Calls, in.Errors-minutes[first].Errors, true
			for bucket, n := range minutes[first].Latency {
				in.Latency[bucket] -= n
			}
		}
		if in.Calls == 0 && !(kind.always && next > 0) {
			continue
		}
		if fresh { // most steps are within a minute
			value, fresh = kind.value(&in, window), false
		}
		out = append(out, jaegerMetricPoint{jaegerGauge{value}, at.UTC()})
	}
	return out
}
