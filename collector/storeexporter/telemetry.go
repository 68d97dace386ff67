package storeexporter

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"weft/semconv"
)

// telemetry is the exporter's own metrics, for one signal. metadata.yaml describes them.
type telemetry struct {
	stored, refused, damaged, torn metric.Int64Counter
	blockItems                     metric.Int64Histogram
	insertDuration                 metric.Float64Histogram
	queueBytes, queueRecords       metric.Int64ObservableGauge
	queueAge                       metric.Float64ObservableGauge
	meter                          metric.Meter

	signal  metric.MeasurementOption
	outcome map[string]metric.MeasurementOption
	reason  map[string]metric.MeasurementOption

	// oldestNS is when the oldest record that is not stored was appended, Unix nanoseconds; 0 when there is none.
	oldestNS atomic.Int64
}

func newTelemetry(mp metric.MeterProvider, signal string) (*telemetry, error) {
	m := mp.Meter("weft/collector/storeexporter")
	name := attribute.String("signal", signal)
	t := &telemetry{
		meter:   m,
		signal:  metric.WithAttributeSet(attribute.NewSet(name)),
		outcome: map[string]metric.MeasurementOption{},
		reason:  map[string]metric.MeasurementOption{},
	}
	for _, o := range []string{semconv.OutcomeStored, semconv.OutcomeRetry, semconv.OutcomeRefused} {
		t.outcome[o] = metric.WithAttributeSet(attribute.NewSet(name, attribute.String("outcome", o)))
	}
	for _, r := range []string{
		semconv.ReasonQueueFull, semconv.ReasonQueueUnwritable, semconv.ReasonShuttingDown,
		semconv.ReasonRejectedByStore, semconv.ReasonMalformed,
	} {
		t.reason[r] = metric.WithAttributeSet(attribute.NewSet(name, attribute.String("reason", r)))
	}
	var errs [9]error
	t.stored, errs[0] = m.Int64Counter(semconv.MetricStored, metric.WithDescription("Items stored."))
	t.refused, errs[1] = m.Int64Counter(semconv.MetricRefused, metric.WithDescription("Items refused, by reason."))
	t.damaged, errs[2] = m.Int64Counter(semconv.MetricQueueDamaged,
		metric.WithDescription("Acknowledged requests that could not be read back from disk."))
	t.torn, errs[3] = m.Int64Counter(semconv.MetricQueueTorn, metric.WithDescription("Unfinished writes cut off at start."))
	t.blockItems, errs[4] = m.Int64Histogram(semconv.MetricBlockItems, metric.WithDescription("Items in an inserted block."),
		metric.WithExplicitBucketBoundaries(1, 10, 100, 1000, 5000, 10_000, 25_000, 50_000, 75_000, 100_000, 150_000, 250_000))
	t.insertDuration, errs[5] = m.Float64Histogram(semconv.MetricInsertDuration, metric.WithUnit("s"),
		metric.WithDescription("Time of one insert attempt."),
		metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60))
	t.queueBytes, errs[6] = m.Int64ObservableGauge(semconv.MetricQueueBytes, metric.WithUnit("By"),
		metric.WithDescription("Disk space the queue takes up."))
	t.queueRecords, errs[7] = m.Int64ObservableGauge(semconv.MetricQueueRecords,
		metric.WithDescription("Acknowledged requests that are not stored yet."))
	t.queueAge, errs[8] = m.Float64ObservableGauge(semconv.MetricQueueAge, metric.WithUnit("s"),
		metric.WithDescription("How long the oldest of them has waited."))
	return t, errors.Join(errs[:]...)
}

// watch shows the queue's gauges until the registration is undone.
func (t *telemetry) watch(stats func() (bytes int64, records uint64)) (metric.Registration, error) {
	return t.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		bytes, records := stats()
		o.ObserveInt64(t.queueBytes, bytes, t.signal)
		o.ObserveInt64(t.queueRecords, int64(records), t.signal)
		age := 0.0
		if at := t.oldestNS.Load(); at != 0 {
			age = max(0, time.Since(time.Unix(0, at)).Seconds())
		}
		o.ObserveFloat64(t.queueAge, age, t.signal)
		return nil
	}, t.queueBytes, t.queueRecords, t.queueAge)
}

func (t *telemetry) refuse(reason string, items int) {
	t.refused.Add(context.Background(), int64(items), t.reason[reason])
}

func (t *telemetry) inserted(outcome string, took time.Duration) {
	t.insertDuration.Record(context.Background(), took.Seconds(), t.outcome[outcome])
}
