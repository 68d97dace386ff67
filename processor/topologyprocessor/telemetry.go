package topologyprocessor

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"weft/semconv"
)

// telemetry is the processor's own metrics. metadata.yaml describes them.
type telemetry struct {
	meter                                                                    metric.Meter
	spans, duplicates, unpaired, late, bounded, edges, failures, corrections metric.Int64Counter
	open, dirty                                                              metric.Int64ObservableGauge
}

func newTelemetry(mp metric.MeterProvider) (*telemetry, error) {
	m := mp.Meter("weft/processor/topologyprocessor")
	t := &telemetry{meter: m}
	var errs []error
	counter := func(to *metric.Int64Counter, name, description string) {
		var err error
		*to, err = m.Int64Counter(name, metric.WithDescription(description))
		errs = append(errs, err)
	}
	counter(&t.spans, semconv.MetricTopologySpans, "Spans looked at.")
	counter(&t.duplicates, semconv.MetricTopologyDuplicates, "Spans seen before, which count nowhere.")
	counter(&t.unpaired, semconv.MetricTopologyUnpaired, "Parents and link targets that did not come within the window.")
	counter(&t.late, semconv.MetricTopologyLate, "Spans that started before the window; their buckets are reconciled.")
	counter(&t.bounded, semconv.MetricTopologyDropped, "What a bound kept out of the live edges, by reason.")
	counter(&t.edges, semconv.MetricTopologyEdges, "Edge rows written.")
	counter(&t.failures, semconv.MetricTopologyFailures, "Failed attempts to write or to reconcile edges, by operation.")
	counter(&t.corrections, semconv.MetricTopologyCorrections, "Edge rows that reconciliation corrected.")
	var err error
	t.open, err = m.Int64ObservableGauge(semconv.MetricTopologyOpen, metric.WithDescription("Spans in memory."))
	errs = append(errs, err)
	t.dirty, err = m.Int64ObservableGauge(semconv.MetricTopologyDirty, metric.WithDescription("Buckets that wait for reconciliation."))
	return t, errors.Join(append(errs, err)...)
}

// watch shows the gauges until the registration is undone.
func (t *telemetry) watch(sizes func() (open, dirty int)) (metric.Registration, error) {
	return t.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		open, dirty := sizes()
		o.ObserveInt64(t.open, int64(open))
		o.ObserveInt64(t.dirty, int64(dirty))
		return nil
	}, t.open, t.dirty)
}

func (t *telemetry) report(s stats) {
	ctx := context.Background()
	t.spans.Add(ctx, s.spans)
	t.duplicates.Add(ctx, s.duplicates)
	t.unpaired.Add(ctx, s.unpaired)
	t.late.Add(ctx, s.late)
	for reason, n := range map[string]int64{
		semconv.BoundSpans: s.evicted, semconv.BoundEdges: s.edgesOver, semconv.BoundNames: s.resets, semconv.BoundTraces: s.tracesOver,
	} {
		if n > 0 {
			t.bounded.Add(ctx, n, metric.WithAttributes(attribute.String("reason", reason)))
		}
	}
}

func (t *telemetry) failed(operation string) {
	t.failures.Add(context.Background(), 1, metric.WithAttributes(attribute.String("operation", operation)))
}
