package collector

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/otelcol"

	"weft/auth"
)

//go:embed default.yaml
var defaultYAML string

// Settings is what Run needs from the program that hosts it.
type Settings struct {
	// ConfigFile is the path of a collector configuration that replaces the embedded one; empty for the embedded one.
	ConfigFile string
	// Store is where the weft_store exporter and the topology processor insert.
	Store Store
	// QueueDir is the folder of the exporter's disk queue. It is made when it is missing.
	QueueDir string
	// Tokens authenticates clients on every HTTP and gRPC port; nil lets everyone in. UDP knows no authentication.
	Tokens *auth.Tokens
	// Reads answers what is read at the Zipkin port; it authenticates for itself. Nil answers 501.
	Reads http.Handler
	// Intake takes what a program in this process hands over; nil when there is none.
	Intake *Intake
	// Registerer receives the collector's metrics for as long as Run runs.
	Registerer prometheus.Registerer
	// Logger receives the collector's log.
	Logger *slog.Logger
	// Version is what the collector says it is.
	Version string
	// Ready is called once, when all receivers listen. It may be nil.
	Ready func()

	// pdataOnly is for tests that put another exporter in the store's place.
	pdataOnly bool
}

// Check reads the configuration that Run would use and refuses what can be refused without starting anything: a file that
// cannot be read, and ports beyond loopback while nobody has to sign in.
func Check(ctx context.Context, set Settings) error {
	r, err := confmap.NewResolver(resolver(set))
	if err != nil {
		return explain(err, set.ConfigFile)
	}
	if _, err := r.Resolve(ctx); err != nil {
		return errors.Join(explain(err, set.ConfigFile), r.Shutdown(ctx))
	}
	return r.Shutdown(ctx)
}

// Run hosts a collector until ctx is done, then drains it: receivers stop first, what they took is handed to the exporter,
// and the exporter flushes. It returns nil after an orderly end. Errors at start, such as a port in use or a mistake in
// the configuration, are one line that names the place and what to do.
func Run(ctx context.Context, set Settings) error {
	return run(ctx, set, factories)
}

func run(ctx context.Context, set Settings, factories func(Settings, *host) (otelcol.Factories, error)) error {
	if set.QueueDir != "" {
		queue, err := filepath.Abs(set.QueueDir)
		if err != nil {
			return fmt.Errorf("collector: queue folder %q: %w", set.QueueDir, err)
		}
		set.QueueDir = queue
	}
	h := &host{ready: set.Ready}
	col, err := otelcol.NewCollector(otelcol.CollectorSettings{
		Factories: func() (otelcol.Factories, error) { return factories(set, h) },
		BuildInfo: component.BuildInfo{Command: "weft", Description: "Weft collector", Version: set.Version},
		ConfigProviderSettings: otelcol.ConfigProviderSettings{
			ResolverSettings: resolver(set),
		},
		// The host program owns signals, and the gRPC library's logger is one per process.
		DisableGracefulShutdown: true,
		SkipSettingGRPCLogger:   true,
	})
	if err != nil {
		return explain(err, set.ConfigFile)
	}
	if err := col.Run(ctx); err != nil {
		return explain(err, set.ConfigFile)
	}
	if ctx.Err() != nil {
		return nil
	}
	if err := h.fatalError(); err != nil {
		return explain(err, set.ConfigFile)
	}
	return errors.New("collector: stopped by itself; its log says why")
}

func resolver(set Settings) confmap.ResolverSettings {
	uri := "yaml:" + defaultYAML
	if set.ConfigFile != "" {
		uri = "file:" + set.ConfigFile
	}
	converters := []confmap.ConverterFactory{
		confmap.NewConverterFactory(func(confmap.ConverterSettings) confmap.Converter {
			return overlay{queueDir: set.QueueDir, intake: set.Intake != nil, pdataOnly: set.pdataOnly}
		}),
	}
	if set.Tokens == nil {
		converters = append(converters, confmap.NewConverterFactory(func(confmap.ConverterSettings) confmap.Converter {
			return loopbackOnly{}
		}))
	}
	return confmap.ResolverSettings{
		URIs:               []string{uri},
		DefaultScheme:      "env",
		ProviderFactories:  []confmap.ProviderFactory{envprovider.NewFactory(), fileprovider.NewFactory(), yamlprovider.NewFactory()},
		ConverterFactories: converters,
	}
}
