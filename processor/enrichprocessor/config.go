package enrichprocessor

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Config bounds what one item may hold. What is beyond a bound is cut or dropped and counted, never refused: the rest of
// the item is still worth having.
type Config struct {
	// MaxAttributes is how many attributes each of a resource, scope, span, event, link, log record or data point keeps.
	// Range [1, 65536]; default 1024, eight times the limit that OpenTelemetry SDKs apply.
	MaxAttributes int `mapstructure:"max_attributes"`
	// MaxValueBytes is the size of one attribute value, counting everything inside a list or map, and of a status
	// message. Range [64, 16 MiB]; default 65536: whole stack traces and long statements fit.
	MaxValueBytes int `mapstructure:"max_value_bytes"`
	// MaxBodyBytes is the size of a log record's body. Range [64, 16 MiB]; default 262144.
	MaxBodyBytes int `mapstructure:"max_body_bytes"`
	// MaxNameBytes is the size of a span, event, scope or metric name, of an attribute key and of a trace state.
	// Range [64, 65536]; default 1024.
	MaxNameBytes int `mapstructure:"max_name_bytes"`
	// MaxEvents is how many events a span keeps, the earliest sent. Range [1, 65536]; default 1024.
	MaxEvents int `mapstructure:"max_events"`
	// MaxLinks is how many links a span keeps. Range [1, 65536]; default 1024.
	MaxLinks int `mapstructure:"max_links"`
	// MaxFuture is how far a timestamp may lie ahead of this host's clock. Range [1m, 8760h]; default 24h.
	MaxFuture time.Duration `mapstructure:"max_future"`
}

func defaultConfig() component.Config {
	return &Config{
		MaxAttributes: 1024,
		MaxValueBytes: 64 << 10,
		MaxBodyBytes:  256 << 10,
		MaxNameBytes:  1 << 10,
		MaxEvents:     1024,
		MaxLinks:      1024,
		MaxFuture:     24 * time.Hour,
	}
}

// Validate reports every field that is out of its range.
func (c *Config) Validate() error {
	var errs []error
	between := func(key string, got, low, high int) {
		if got < low || got > high {
			errs = append(errs, fmt.Errorf("%s: want %d to %d, got %d", key, low, high, got))
		}
	}
	between("max_attributes", c.MaxAttributes, 1, 65536)
	between("max_value_bytes", c.MaxValueBytes, 64, 16<<20)
	between("max_body_bytes", c.MaxBodyBytes, 64, 16<<20)
	between("max_name_bytes", c.MaxNameBytes, 64, 65536)
	between("max_events", c.MaxEvents, 1, 65536)
	between("max_links", c.MaxLinks, 1, 65536)
	if c.MaxFuture < time.Minute || c.MaxFuture > 8760*time.Hour {
		errs = append(errs, fmt.Errorf("max_future: want 1m to 8760h, got %v", c.MaxFuture))
	}
	return errors.Join(errs...)
}
