package samplingextension

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
)

// NewFactory returns the factory of the weft_sampling extension.
func NewFactory() extension.Factory {
	return extension.NewFactory(component.MustNewType("weft_sampling"), defaultConfig, create, component.StabilityLevelBeta)
}

func create(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	return newExtension(*cfg.(*Config), set.TelemetrySettings), nil
}
