package samplingextension

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
)

// Config of the weft_sampling extension.
type Config struct {
	// ServerConfig is the HTTP server's; the default endpoint is 127.0.0.1:5778.
	ServerConfig confighttp.ServerConfig `mapstructure:",squash"`
	// File holds the strategies, in YAML or JSON and in the shape that Jaeger's own strategies files have. Without one,
	// every trace of every service is sampled.
	File string `mapstructure:"file"`
	// ReloadInterval is how often File is looked at. Range [10ms, 1h]; default 1s.
	ReloadInterval time.Duration `mapstructure:"reload_interval"`
	// DebugCredits is what /credits grants per operation and request: how many debug traces a client may force before it
	// asks again. Range [0, 1e6]; default 10.
	DebugCredits float64 `mapstructure:"debug_credits"`
}

func defaultConfig() component.Config {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr = confignet.AddrConfig{Endpoint: "127.0.0.1:5778", Transport: confignet.TransportTypeTCP}
	return &Config{ServerConfig: server, ReloadInterval: time.Second, DebugCredits: 10}
}

// Validate reports every field that is out of its range.
func (c *Config) Validate() error {
	var errs []error
	if c.ReloadInterval < 10*time.Millisecond || c.ReloadInterval > time.Hour {
		errs = append(errs, fmt.Errorf("reload_interval: want 10ms to 1h, got %v", c.ReloadInterval))
	}
	if !(c.DebugCredits >= 0 && c.DebugCredits <= 1e6) {
		errs = append(errs, fmt.Errorf("debug_credits: want 0 to 1000000, got %v", c.DebugCredits))
	}
	return errors.Join(errs...)
}
