package collector

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"

	"weft/collector/storeexporter"
)

// Intake is where a program that runs in the same process hands spans and log records over, without a socket. It is one of the
// collector's receivers, in every pipeline that ends in the store.
type Intake struct {
	mu     sync.RWMutex // protects what follows
	traces consumer.Traces
	logs   consumer.Logs
}

// errNoIntake says that the collector is starting or stopping. Whoever gets it may try again.
var errNoIntake = errors.New("the collector takes nothing at the moment")

// ExportTraces passes td on. It returns once td is in the exporter's queue on disk.
func (i *Intake) ExportTraces(ctx context.Context, td ptrace.Traces) error {
	i.mu.RLock()
	next := i.traces
	i.mu.RUnlock()
	if next == nil {
		return errNoIntake
	}
	return next.ConsumeTraces(ctx, td)
}

// ExportLogs passes ld on, like ExportTraces.
func (i *Intake) ExportLogs(ctx context.Context, ld plog.Logs) error {
	i.mu.RLock()
	next := i.logs
	i.mu.RUnlock()
	if next == nil {
		return errNoIntake
	}
	return next.ConsumeLogs(ctx, ld)
}

var intakeType = component.MustNewType("weft_runtime")

// newIntakeFactory makes the receiver that connects i while the collector runs.
func newIntakeFactory(i *Intake) receiver.Factory {
	return receiver.NewFactory(intakeType, func() component.Config { return &struct{}{} },
		receiver.WithTraces(func(_ context.Context, _ receiver.Settings, _ component.Config, next consumer.Traces) (receiver.Traces, error) {
			return intakeReceiver{i, func() { i.traces = next }, func() { i.traces = nil }}, nil
		}, component.StabilityLevelStable),
		receiver.WithLogs(func(_ context.Context, _ receiver.Settings, _ component.Config, next consumer.Logs) (receiver.Logs, error) {
			return intakeReceiver{i, func() { i.logs = next }, func() { i.logs = nil }}, nil
		}, component.StabilityLevelStable))
}

type intakeReceiver struct {
	intake              *Intake
	connect, disconnect func()
}

// Start implements component.Component.
func (r intakeReceiver) Start(context.Context, component.Host) error {
	r.intake.mu.Lock()
	defer r.intake.mu.Unlock()
	r.connect()
	return nil
}

// Shutdown implements component.Component.
func (r intakeReceiver) Shutdown(context.Context) error {
	r.intake.mu.Lock()
	defer r.intake.mu.Unlock()
	r.disconnect()
	return nil
}

// addIntake puts the receiver into a configuration's pipelines of spans and log records that end in the store.
func addIntake(conf *confmap.Conf, put map[string]any) {
	pipelines, _ := conf.Get("service::pipelines").(map[string]any)
	for id := range pipelines {
		if kind := kindOf(id); kind != signalTraces && kind != signalLogs {
			continue
		}
		at := path("service", "pipelines", id)
		exporters, _ := conf.Get(path(at, "exporters")).([]any)
		if !slices.ContainsFunc(exporters, func(e any) bool { s, _ := e.(string); return kindOf(s) == storeexporter.Type.String() }) {
			continue
		}
		receivers, _ := conf.Get(path(at, "receivers")).([]any)
		put[path(at, "receivers")] = append(slices.Clone(receivers), intakeType.String())
		put[path("receivers", intakeType.String())] = nil
	}
}
