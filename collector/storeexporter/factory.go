package storeexporter

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
)

// Type is the component type, as it stands in the collector's configuration.
var Type = component.MustNewType("weft_store")

// NewFactory returns the factory of the weft_store exporter, which stores into ins. Backlog, which may be nil, is told about its spans.
func NewFactory(ins Inserter, backlog *Backlog) exporter.Factory {
	return exporter.NewFactory(Type, defaultConfig,
		exporter.WithTraces(func(_ context.Context, set exporter.Settings, cfg component.Config) (exporter.Traces, error) {
			p, err := newPipeline(cfg.(*Config), set.TelemetrySettings, traces, ins)
			if err != nil {
				return nil, err
			}
			p.backlog = backlog
			return tracesExporter{p}, nil
		}, component.StabilityLevelAlpha),
		exporter.WithLogs(func(_ context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
			p, err := newPipeline(cfg.(*Config), set.TelemetrySettings, logs, ins)
			return logsExporter{p}, err
		}, component.StabilityLevelAlpha),
		exporter.WithMetrics(func(_ context.Context, set exporter.Settings, cfg component.Config) (exporter.Metrics, error) {
			p, err := newPipeline(cfg.(*Config), set.TelemetrySettings, metrics, ins)
			return metricsExporter{p}, err
		}, component.StabilityLevelAlpha))
}
