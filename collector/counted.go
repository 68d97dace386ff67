package collector

import (
	"context"
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"

	"weft/collector/storeexporter"
	"weft/semconv"
)

// Values of the label signal.
const (
	signalTraces  = "traces"
	signalLogs    = "logs"
	signalMetrics = "metrics"
)

// counted wraps a receiver's factory so that everything the receiver understood is counted as it passes on.
func counted(f receiver.Factory) receiver.Factory {
	var opts []receiver.FactoryOption
	if level := f.TracesStability(); level != component.StabilityLevelUndefined {
		opts = append(opts, receiver.WithTraces(func(ctx context.Context, set receiver.Settings, cfg component.Config, next consumer.Traces) (receiver.Traces, error) {
			c, err := newArrivals(set, signalTraces)
			if err != nil {
				return nil, err
			}
			counting, err := consumer.NewTraces(func(ctx context.Context, td ptrace.Traces) error {
				n := td.SpanCount() // before next, which may take items out
				return c.done(ctx, n, next.ConsumeTraces(c.begin(ctx, n), td))
			}, consumer.WithCapabilities(next.Capabilities()))
			if err != nil {
				return nil, err
			}
			return f.CreateTraces(ctx, set, cfg, counting)
		}, level))
	}
	if level := f.LogsStability(); level != component.StabilityLevelUndefined {
		opts = append(opts, receiver.WithLogs(func(ctx context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
			c, err := newArrivals(set, signalLogs)
			if err != nil {
				return nil, err
			}
			counting, err := consumer.NewLogs(func(ctx context.Context, ld plog.Logs) error {
				n := ld.LogRecordCount()
				return c.done(ctx, n, next.ConsumeLogs(c.begin(ctx, n), ld))
			}, consumer.WithCapabilities(next.Capabilities()))
			if err != nil {
				return nil, err
			}
			return f.CreateLogs(ctx, set, cfg, counting)
		}, level))
	}
	if level := f.MetricsStability(); level != component.StabilityLevelUndefined {
		opts = append(opts, receiver.WithMetrics(func(ctx context.Context, set receiver.Settings, cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
			c, err := newArrivals(set, signalMetrics)
			if err != nil {
				return nil, err
			}
			counting, err := consumer.NewMetrics(func(ctx context.Context, md pmetric.Metrics) error {
				n := md.DataPointCount()
				return c.done(ctx, n, next.ConsumeMetrics(c.begin(ctx, n), md))
			}, consumer.WithCapabilities(next.Capabilities()))
			if err != nil {
				return nil, err
			}
			return f.CreateMetrics(ctx, set, cfg, counting)
		}, level))
	}
	return receiver.NewFactory(f.Type(), f.CreateDefaultConfig, opts...)
}

// arrivals counts the items of one signal at one receiver.
type arrivals struct {
	received, refused, wire    metric.Int64Counter
	receivedAttrs, memoryAttrs metric.MeasurementOption
}

func newArrivals(set receiver.Settings, signal string) (*arrivals, error) {
	received, err := set.MeterProvider.Meter(meterName).Int64Counter(semconv.MetricReceived,
		metric.WithDescription("Items that receivers understood and passed on. A client's retry counts again."))
	if err != nil {
		return nil, fmt.Errorf("make counter: %w", err)
	}
	refused, err := refusedCounter(set.MeterProvider)
	if err != nil {
		return nil, err
	}
	wire, err := set.MeterProvider.Meter(meterName).Int64Counter(semconv.MetricWire,
		metric.WithDescription("Spans that need no repair and are read straight into the store's form."))
	if err != nil {
		return nil, fmt.Errorf("make counter: %w", err)
	}
	id, sig := attribute.String("receiver", set.ID.String()), attribute.String("signal", signal)
	return &arrivals{
		received:      received,
		refused:       refused,
		wire:          wire,
		receivedAttrs: metric.WithAttributeSet(attribute.NewSet(id, sig)),
		memoryAttrs:   metric.WithAttributeSet(attribute.NewSet(id, sig, attribute.String("reason", semconv.ReasonMemoryLimit))),
	}, nil
}

func (a *arrivals) begin(ctx context.Context, items int) context.Context {
	if req, ok := ctx.Value(requestKey{}).(*request); ok {
		req.consumed.Store(true)
		if req.wire != nil {
			ctx = storeexporter.WithRequest(ctx, req.wire)
			a.wire.Add(ctx, int64(items), a.receivedAttrs)
		}
	}
	a.received.Add(ctx, int64(items), a.receivedAttrs)
	return ctx
}

// memoryRefusal is the text of the memory limiter's error, which it does not export; TestMemoryLimit notices a change.
const memoryRefusal = "data refused due to high memory usage"

// done counts what the memory limiter turned away. Every other refusal is counted by the component that refuses.
func (a *arrivals) done(ctx context.Context, items int, err error) error {
	if req, ok := ctx.Value(requestKey{}).(*request); ok && err != nil && !consumererror.IsPermanent(err) {
		req.retry.Store(true)
	}
	if err != nil && strings.Contains(err.Error(), memoryRefusal) {
		a.refused.Add(ctx, int64(items), a.memoryAttrs)
	}
	return err
}
