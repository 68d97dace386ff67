package collector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	otelmetric "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.uber.org/zap"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/service/telemetry"
)

// telemetryConfig accepts the service.telemetry section of files written for other collectors and ignores it: logs and
// metrics of this collector go where the rest of the process sends its own.
type telemetryConfig struct {
	Ignored map[string]any `mapstructure:",remain"`
}

// newTelemetryFactory makes the collector's own metrics end in reg and its logs in logger. Nothing listens on a port.
func newTelemetryFactory(reg prometheus.Registerer, logger *slog.Logger) telemetry.Factory {
	return telemetry.NewFactory(func() component.Config { return &telemetryConfig{} },
		telemetry.WithCreateLogger(func(_ context.Context, _ telemetry.LoggerSettings, cfg component.Config) (*zap.Logger, component.ShutdownFunc, error) {
			z := newZapLogger(logger)
			if len(cfg.(*telemetryConfig).Ignored) > 0 {
				z.Warn("service.telemetry is ignored: logs and metrics go where those of weft go")
			}
			return z, nil, nil
		}),
		telemetry.WithCreateMeterProvider(func(context.Context, telemetry.MeterSettings, component.Config) (telemetry.MeterProvider, error) {
			return newMeterProvider(reg)
		}))
}

// meterProvider is the SDK's, and takes its collectors out of the registry on shutdown so that a reload can register
// them anew.
type meterProvider struct {
	*metric.MeterProvider
	reg *leavingRegisterer
}

func newMeterProvider(reg prometheus.Registerer) (*meterProvider, error) {
	leaving := &leavingRegisterer{Registerer: reg}
	exporter, err := otelprom.New(otelprom.WithRegisterer(leaving), otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("export metrics: %w", err)
	}
	return &meterProvider{
		MeterProvider: metric.NewMeterProvider(metric.WithReader(exporter), metric.WithView(quietViews()...)),
		reg:           leaving,
	}, nil
}

// Meter makes instruments that components of all kinds and signals share. The collector tells them apart by attributes of
// the scope, which Prometheus' exposition leaves out: two series of the same name and labels would spoil every scrape.
func (p *meterProvider) Meter(name string, opts ...otelmetric.MeterOption) otelmetric.Meter {
	cfg := otelmetric.NewMeterConfig(opts...)
	return p.MeterProvider.Meter(name, otelmetric.WithInstrumentationVersion(cfg.InstrumentationVersion()), otelmetric.WithSchemaURL(cfg.SchemaURL()))
}

// quietViews drops what nobody reads and what would multiply with every client: sizes and counts per peer address.
func quietViews() []metric.View {
	var views []metric.View
	for _, name := range []string{"http.server.request.body.size", "http.server.response.body.size", "rpc.server.request.size",
		"rpc.server.response.size", "rpc.server.requests_per_rpc", "rpc.server.responses_per_rpc"} {
		views = append(views, metric.NewView(metric.Instrument{Name: name}, metric.Stream{Aggregation: metric.AggregationDrop{}}))
	}
	return views
}

func (p *meterProvider) Shutdown(ctx context.Context) error {
	err := p.MeterProvider.Shutdown(ctx)
	p.reg.leave()
	if errors.Is(err, metric.ErrReaderShutdown) {
		return nil
	}
	return err
}

// leavingRegisterer registers collectors so that they can be silenced: the exporter's describes nothing beforehand, and a
// registry cannot unregister such a one. mu guards registered.
type leavingRegisterer struct {
	prometheus.Registerer
	mu         sync.Mutex
	registered []*silenceable
}

func (r *leavingRegisterer) Register(c prometheus.Collector) error {
	s := &silenceable{inner: c}
	if err := r.Registerer.Register(s); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.registered = append(r.registered, s)
	return nil
}

func (r *leavingRegisterer) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.registered {
		s.silence()
	}
	r.registered = nil
}

// silenceable is a collector that can be told to collect nothing any more. mu guards inner.
type silenceable struct {
	mu    sync.Mutex
	inner prometheus.Collector
}

func (s *silenceable) silence() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inner = nil
}

// Describe describes nothing, which tells the registry that the metrics are not known beforehand.
func (s *silenceable) Describe(chan<- *prometheus.Desc) {}

// Collect passes on what the inner collector has.
func (s *silenceable) Collect(ch chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inner != nil {
		s.inner.Collect(ch)
	}
}
