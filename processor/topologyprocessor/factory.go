package topologyprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"
)

// Type is the component type, as it stands in the collector's configuration.
var Type = component.MustNewType("topology")

// NewFactory returns the factory of the topology processor, which writes edges to sink.
func NewFactory(sink Sink) processor.Factory {
	return processor.NewFactory(Type, defaultConfig,
		processor.WithTraces(func(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Traces) (processor.Traces, error) {
			return newTopology(*cfg.(*Config), set.TelemetrySettings, next, sink)
		}, component.StabilityLevelAlpha))
}
