package collector

import (
	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/zipkinreceiver"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/memorylimiterprocessor"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"

	"weft/collector/jaegerudp"
	"weft/collector/samplingextension"
	"weft/collector/storeexporter"
	"weft/processor/enrichprocessor"
	"weft/processor/topologyprocessor"
)

// factories lists every component of this distribution. The host extension reports to h.
func factories(set Settings, h *host) (otelcol.Factories, error) {
	f := otelcol.Factories{Telemetry: newTelemetryFactory(set.Registerer, set.Logger)}
	backlog := &storeexporter.Backlog{}
	var err error
	intake := set.Intake
	if intake == nil {
		intake = new(Intake) // named in a file, it receives nothing
	}
	if f.Receivers, err = otelcol.MakeFactoryMap[receiver.Factory](
		counted(otlpreceiver.NewFactory()),
		counted(jaegerudp.NewFactory()),
		counted(fromZipkin(zipkinreceiver.NewFactory())),
		counted(newIntakeFactory(intake)),
	); err != nil {
		return f, err
	}
	if f.Processors, err = otelcol.MakeFactoryMap[processor.Factory](
		memorylimiterprocessor.NewFactory(),
		enrichprocessor.NewFactory(),
		topologyprocessor.NewFactory(edgeSink{set.Store, backlog}),
	); err != nil {
		return f, err
	}
	if f.Exporters, err = otelcol.MakeFactoryMap[exporter.Factory](
		storeexporter.NewFactory(set.Store, backlog),
	); err != nil {
		return f, err
	}
	f.Extensions, err = otelcol.MakeFactoryMap[extension.Factory](
		newHostFactory(h),
		newIngestFactory(),
		newTokensFactory(set.Tokens),
		newZipkinFactory(set.Reads),
		samplingextension.NewFactory(),
	)
	return f, err
}
