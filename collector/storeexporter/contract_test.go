package storeexporter

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	otelpipeline "go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/receiver"

	"weft/store"
)

// contractReceiver is where the contract suite's exporter delivers to: the suite's own consumer stands for the store.
type contractReceiver struct {
	component.StartFunc
	component.ShutdownFunc
	traces  consumer.Traces
	logs    consumer.Logs
	metrics consumer.Metrics

	changed chan struct{}
}

// contractBlock passes whole requests on.
type contractBlock[T any] struct {
	to      *contractReceiver
	consume func(T) error
	data    []T
}

func (b *contractBlock[T]) add(data T, _, _ int) { b.data = append(b.data, data) }
func (b *contractBlock[T]) rows() int            { return len(b.data) }
func (b *contractBlock[T]) bytes() int           { return 0 }
func (b *contractBlock[T]) reset()               { b.data = nil }
func (b *contractBlock[T]) insert(context.Context, string) error {
	for len(b.data) > 0 {
		err := b.consume(b.data[0])
		if err != nil && !consumererror.IsPermanent(err) {
			return &store.Error{Op: "insert", Kind: store.Unavailable, Err: err}
		}
		b.to.changed <- struct{}{}
		if err != nil {
			return &store.Error{Op: "insert", Kind: store.Invalid, Err: err}
		}
		b.data = b.data[1:]
	}
	return nil
}

// contractPipeline waits after each request until it is settled, for the suite looks as soon as the last one is accepted.
func contractPipeline[T any](r *contractReceiver, set exporter.Settings, cfg component.Config, sig signal[T], consume func(T) error) (*pipeline[T], func(context.Context, T) error, error) {
	sig.newBlock = func(Inserter) block[T] { return &contractBlock[T]{to: r, consume: consume} }
	p, err := newPipeline(cfg.(*Config), set.TelemetrySettings, sig, nil)
	return p, func(ctx context.Context, data T) error {
		if err := p.consume(ctx, data); err != nil {
			return err
		}
		select {
		case <-r.changed:
			return nil
		case <-time.After(30 * time.Second):
			return errors.New("the request was never settled")
		}
	}, err
}

type contractExporter[T any] struct {
	*pipeline[T]
	wait func(context.Context, T) error
}

type (
	contractTraces struct {
		contractExporter[spans]
	}
	contractLogs    struct{ contractExporter[plog.Logs] }
	contractMetrics struct {
		contractExporter[pmetric.Metrics]
	}
)

func (e contractTraces) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	return e.wait(ctx, spans{td: td})
}
func (e contractLogs) ConsumeLogs(ctx context.Context, ld plog.Logs) error { return e.wait(ctx, ld) }
func (e contractMetrics) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	return e.wait(ctx, md)
}

func TestConsumeContract(t *testing.T) {
	for _, sig := range []otelpipeline.Signal{otelpipeline.SignalTraces, otelpipeline.SignalLogs, otelpipeline.SignalMetrics} {
		t.Run(sig.String(), func(t *testing.T) {
			r := &contractReceiver{changed: make(chan struct{}, 1)}
			cfg := testConfig(t)
			cfg.BlockRows = 1
			exportertest.CheckConsumeContract(exportertest.CheckConsumeContractParams{
				T: t, NumberOfTestElements: 20, Signal: sig, ExporterConfig: cfg, ReceiverConfig: &struct{}{},
				ExporterFactory: exporter.NewFactory(Type, defaultConfig,
					exporter.WithTraces(func(_ context.Context, set exporter.Settings, cfg component.Config) (exporter.Traces, error) {
						p, wait, err := contractPipeline(r, set, cfg, traces, func(s spans) error { return r.traces.ConsumeTraces(context.Background(), s.td) })
						return contractTraces{contractExporter[spans]{p, wait}}, err
					}, component.StabilityLevelAlpha),
					exporter.WithLogs(func(_ context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
						p, wait, err := contractPipeline(r, set, cfg, logs, func(ld plog.Logs) error { return r.logs.ConsumeLogs(context.Background(), ld) })
						return contractLogs{contractExporter[plog.Logs]{p, wait}}, err
					}, component.StabilityLevelAlpha),
					exporter.WithMetrics(func(_ context.Context, set exporter.Settings, cfg component.Config) (exporter.Metrics, error) {
						p, wait, err := contractPipeline(r, set, cfg, metrics, func(md pmetric.Metrics) error { return r.metrics.ConsumeMetrics(context.Background(), md) })
						return contractMetrics{contractExporter[pmetric.Metrics]{p, wait}}, err
					}, component.StabilityLevelAlpha)),
				ReceiverFactory: receiver.NewFactory(component.MustNewType("contract"), func() component.Config { return &struct{}{} },
					receiver.WithTraces(func(_ context.Context, _ receiver.Settings, _ component.Config, c consumer.Traces) (receiver.Traces, error) {
						r.traces = c
						return r, nil
					}, component.StabilityLevelAlpha),
					receiver.WithLogs(func(_ context.Context, _ receiver.Settings, _ component.Config, c consumer.Logs) (receiver.Logs, error) {
						r.logs = c
						return r, nil
					}, component.StabilityLevelAlpha),
					receiver.WithMetrics(func(_ context.Context, _ receiver.Settings, _ component.Config, c consumer.Metrics) (receiver.Metrics, error) {
						r.metrics = c
						return r, nil
					}, component.StabilityLevelAlpha)),
			})
		})
	}
}

func TestLifecycleOfEverySignal(t *testing.T) {
	f := NewFactory(nil, nil)
	cfg := testConfig(t)
	ctx := context.Background()
	set := exportertest.NewNopSettings(Type)
	tr, err := f.CreateTraces(ctx, set, cfg)
	if err != nil {
		t.Fatal(err)
	}
	lg, err := f.CreateLogs(ctx, set, cfg)
	if err != nil {
		t.Fatal(err)
	}
	mt, err := f.CreateMetrics(ctx, set, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if tr.Capabilities().MutatesData {
		t.Error("want data only read")
	}
	for _, c := range []component.Component{tr, lg, mt} {
		if err := c.Shutdown(ctx); err != nil { // before Start
			t.Error(err)
		}
		if err := c.Start(ctx, componenttest.NewNopHost()); err != nil {
			t.Error(err)
		}
	}
	for _, c := range []component.Component{tr, lg, mt, tr} {
		if err := c.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	}
}
