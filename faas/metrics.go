package faas

import (
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"weft/semconv"
)

// metrics are what /metrics says of functions: by the names of OpenTelemetry's conventions for functions, and by those that Function Compute's
// monitoring uses, so that dashboards made for either go on working.
type metrics struct {
	invocations, errors, coldStarts, timeouts, throttles *prometheus.CounterVec
	invokeDuration, initDuration, cpu, memory            *prometheus.HistogramVec
	lostSpans, lostRecords                               prometheus.CounterFunc
}

var durationBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600}

// Labels of the conventions' metrics. Versions and names are as many as were deployed.
var functionLabels = []string{"faas_name", "faas_version"}

func newMetrics(rt *Runtime) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append(slices.Clone(functionLabels), labels...))
	}
	histogram := func(name, help string, buckets []float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, functionLabels)
	}
	lost := func(what string, n func() int64) prometheus.CounterFunc {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "weft_faas_telemetry_lost_total",
			Help:        "Spans and log records of the invoke runtime that nobody took.",
			ConstLabels: prometheus.Labels{"what": what}}, func() float64 { return float64(n()) })
	}
	return &metrics{
		invocations: counter("faas_invocations_total", "Invocations that were run.", "weft_outcome"),
		errors:      counter("faas_errors_total", "Invocations that failed."),
		coldStarts:  counter("faas_coldstarts_total", "Invocations that waited for a new instance."),
		timeouts:    counter("faas_timeouts_total", "Invocations that were ended at their timeout."),
		throttles:   counter("weft_faas_throttles_total", "Requests that were refused because too many were under way."),

		invokeDuration: histogram("faas_invoke_duration_seconds", "Time of the function's part of an invocation.", durationBuckets),
		initDuration:   histogram("faas_init_duration_seconds", "Time from the decision to start an instance until it was ready.", durationBuckets),
		cpu:            histogram("faas_cpu_usage_seconds", "Processor time of the instance during an invocation.", durationBuckets),
		memory:         histogram("faas_mem_usage_bytes", "Greatest memory of the instance up to the end of an invocation.", prometheus.ExponentialBuckets(1<<20, 2, 16)),

		lostSpans:   lost("spans", func() int64 { n, _ := rt.emitter.Dropped(); return n }),
		lostRecords: lost("records", func() int64 { _, n := rt.emitter.Dropped(); return n }),
	}
}

func (m *metrics) register(r prometheus.Registerer, rt *Runtime) error {
	dropped := prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "weft_faas_log_lines_dropped_total",
		Help: "Lines that functions printed beyond what one may log."}, func() float64 {
		var n uint64
		for _, t := range rt.targets() {
			if t.logs != nil {
				n += t.logs.Dropped()
			}
		}
		return float64(n + rt.retiredDrops.Load())
	})
	for _, c := range []prometheus.Collector{dropped, m.invocations, m.errors, m.coldStarts, m.timeouts, m.throttles, m.invokeDuration, m.initDuration, m.cpu, m.memory,
		m.lostSpans, m.lostRecords, (*computeMetrics)(rt)} {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}

// functionMetrics are one version's, looked up once.
type functionMetrics struct {
	all                  *metrics
	labels               prometheus.Labels
	invoke, cpu, memory  prometheus.Observer
	errors, cold, timely prometheus.Counter

	mu sync.Mutex // protects recent and the sums
	// recent are the newest durations, for quantiles.
	recent            [512]recentRun
	runs              uint64
	failed, throttled uint64
	maxMemory         int64
	slow              time.Duration // the 99th percentile of recent, as of a few runs ago; 0 before there are enough
}

// From leastRuns runs on there is a 99th percentile; it is worked out every quantileEvery runs.
const (
	leastRuns     = 64
	quantileEvery = 16
)

// slowest is the duration above which a run is slow; 0 when that is not known.
func (f *functionMetrics) slowest() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.slow
}

// percentile works slow out. f.mu is held.
func (f *functionMetrics) percentile() {
	n := int(min(f.runs, uint64(len(f.recent))))
	durations := make([]time.Duration, n)
	for i := range durations {
		durations[i] = f.recent[i].duration
	}
	slices.Sort(durations)
	f.slow = durations[(n*99-1)/100]
}

type recentRun struct {
	at                time.Time
	duration, latency time.Duration
}

func (m *metrics) of(name, version string) *functionMetrics {
	l := prometheus.Labels{"faas_name": name, "faas_version": version}
	return &functionMetrics{all: m, labels: l, invoke: m.invokeDuration.With(l), cpu: m.cpu.With(l), memory: m.memory.With(l),
		errors: m.errors.With(l), cold: m.coldStarts.With(l), timely: m.timeouts.With(l)}
}

// observe takes in a finished run.
func (f *functionMetrics) observe(r *run) {
	outcome := r.outcomeName()
	f.all.invocations.WithLabelValues(f.labels["faas_name"], f.labels["faas_version"], outcome).Inc()
	d := r.duration()
	f.invoke.Observe(d.Seconds())
	failed := r.errorType() != "" && !r.canceled
	if failed {
		f.errors.Inc()
	}
	if r.grant.cold != nil {
		f.cold.Inc()
	}
	if outcome == semconv.OutcomeTimeout {
		f.timely.Inc()
	}
	if r.grant.in != nil {
		f.cpu.Observe((r.after.CPU - r.before).Seconds())
		f.memory.Observe(float64(r.after.MaxMemory))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recent[f.runs%uint64(len(f.recent))] = recentRun{r.answered, d, r.answered.Sub(r.arrived)}
	f.runs++
	if f.runs >= leastRuns && f.runs%quantileEvery == 0 {
		f.percentile()
	}
	if failed {
		f.failed++
	}
	f.maxMemory = max(f.maxMemory, r.after.MaxMemory)
}

func (f *functionMetrics) refused(outcome string) {
	if outcome == semconv.OutcomeThrottled {
		f.all.throttles.With(f.labels).Inc()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if outcome == semconv.OutcomeThrottled {
		f.throttled++
	}
}

// durations are those of the newest runs since, in order. f.mu is held.
func (f *functionMetrics) durations(since time.Time) []time.Duration {
	n := min(f.runs, uint64(len(f.recent)))
	all := make([]time.Duration, 0, n)
	for _, r := range f.recent[:n] {
		if r.at.After(since) {
			all = append(all, r.duration)
		}
	}
	slices.Sort(all)
	return all
}

// quantile of sorted durations; 0 when there are none.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// computeMetrics are a Runtime's metrics by Function Compute's names: those of its monitoring, with their units (milliseconds, MB) and its
// window of a minute. Source: the metrics table of Function Compute's monitoring.
type computeMetrics Runtime

var computeNames = map[string]*prometheus.Desc{}

func computeDesc(name, help string) *prometheus.Desc {
	d := prometheus.NewDesc(name, help, []string{"functionName", "qualifier"}, nil)
	computeNames[name] = d
	return d
}

var (
	fcTotal       = computeDesc("FunctionTotalInvocations", "Invocations.")
	fcErrors      = computeDesc("FunctionFunctionErrors", "Invocations that the function failed.")
	fcThrottles   = computeDesc("FunctionConcurrencyThrottles", "Requests refused because of a limit of concurrency.")
	fcAvg         = computeDesc("FunctionAvgDuration", "Mean time of the function's part over the last minute, milliseconds.")
	fcP90         = computeDesc("FunctionP90Duration", "90th percentile of it, milliseconds.")
	fcP99         = computeDesc("FunctionP99Duration", "99th percentile of it, milliseconds.")
	fcMax         = computeDesc("FunctionMaxDuration", "Greatest of it, milliseconds.")
	fcMemory      = computeDesc("FunctionMaxMemoryUsage", "Greatest memory of an instance, MB.")
	fcOnDemand    = computeDesc("FunctionOndemandActiveInstance", "Instances that were started for requests.")
	fcProvisioned = computeDesc("FunctionProvisionedCurrentInstance", "Instances that are kept ready.")
)

// Describe implements prometheus.Collector.
func (c *computeMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range computeNames {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *computeMetrics) Collect(to chan<- prometheus.Metric) {
	for _, t := range (*Runtime)(c).targets() {
		f := t.metrics
		gauge := func(d *prometheus.Desc, v float64) {
			to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, t.fn.Name, t.fn.Version)
		}
		count := func(d *prometheus.Desc, v uint64) {
			to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), t.fn.Name, t.fn.Version)
		}
		f.mu.Lock()
		durations := f.durations(time.Now().Add(-time.Minute))
		runs, failed, throttled, memory := f.runs, f.failed, f.throttled, f.maxMemory
		f.mu.Unlock()
		count(fcTotal, runs)
		count(fcErrors, failed)
		count(fcThrottles, throttled)
		if n := len(durations); n > 0 {
			var sum time.Duration
			for _, d := range durations {
				sum += d
			}
			gauge(fcAvg, milliseconds(sum/time.Duration(n)))
			gauge(fcP90, milliseconds(quantile(durations, 0.90)))
			gauge(fcP99, milliseconds(quantile(durations, 0.99)))
			gauge(fcMax, milliseconds(durations[n-1]))
		}
		gauge(fcMemory, float64(memory)/(1<<20))
		if t.pool != nil {
			onDemand, provisioned := t.pool.count()
			gauge(fcOnDemand, float64(onDemand))
			gauge(fcProvisioned, float64(provisioned))
		}
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
