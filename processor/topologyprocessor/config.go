package topologyprocessor

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Config of the topology processor. Bounds protect memory: what is beyond one is counted in weft_topology_bounded_total and
// made up for by reconciliation.
type Config struct {
	// Window is how long a span is remembered at least, to be paired with a parent, child or link that comes later. What
	// comes later still is found by reconciliation. Range [1s, 1h]; default 1m.
	Window time.Duration `mapstructure:"window"`
	// MaxSpans is how many spans are remembered (about 80 bytes each). Range [1000, 1e8]; default 400000.
	MaxSpans int `mapstructure:"max_spans"`
	// MaxEdges is how many different edges may be counted between two writes, over all open buckets (about 300 bytes each).
	// Range [100, 1e7]; default 100000.
	MaxEdges int `mapstructure:"max_edges"`
	// MaxNames is how many names of services, hosts and destinations are kept. Beyond it all state is cleared.
	// Range [1000, 1e8]; default 200000.
	MaxNames int `mapstructure:"max_names"`
	// FlushInterval is how often counted edges are written; with more than 2000 of them, every third time. Range [100ms, 1m]; default 1s.
	FlushInterval time.Duration `mapstructure:"flush_interval"`
	// ExternalAfter is how long a call may be unanswered by a server's span before it counts as one to an external host. When
	// the server's span comes later, this is taken back. Range [0, window]; default 1s.
	ExternalAfter time.Duration `mapstructure:"external_after"`
	// ReconcileInterval is how often marked buckets are compared with the stored spans; 0 switches it off. Range [1s, 1h]; default 10s.
	ReconcileInterval time.Duration `mapstructure:"reconcile_interval"`
	// ReconcileBuckets is how many buckets of ten seconds are compared each time. Range [1, 1000]; default 60.
	ReconcileBuckets int `mapstructure:"reconcile_buckets"`
}

// Bounds that nobody needs to set.
const (
	maxLateTraces   = 20_000
	maxDirtyBuckets = 100_000
)

func defaultConfig() component.Config {
	return &Config{
		Window:            time.Minute,
		MaxSpans:          400_000,
		MaxEdges:          100_000,
		MaxNames:          200_000,
		FlushInterval:     time.Second,
		ExternalAfter:     time.Second,
		ReconcileInterval: 10 * time.Second,
		ReconcileBuckets:  60,
	}
}

// Validate reports every value out of its range.
func (c *Config) Validate() error {
	var errs []error
	within := func(key string, v, from, to int) {
		if v < from || v > to {
			errs = append(errs, fmt.Errorf("%s: want %d to %d, got %d", key, from, to, v))
		}
	}
	lasting := func(key string, v, from, to time.Duration) {
		if v < from || v > to {
			errs = append(errs, fmt.Errorf("%s: want %v to %v, got %v", key, from, to, v))
		}
	}
	lasting("window", c.Window, time.Second, time.Hour)
	within("max_spans", c.MaxSpans, 1000, 1e8)
	within("max_edges", c.MaxEdges, 100, 1e7)
	within("max_names", c.MaxNames, 1000, 1e8)
	lasting("flush_interval", c.FlushInterval, 100*time.Millisecond, time.Minute)
	lasting("external_after", c.ExternalAfter, 0, c.Window)
	if c.ReconcileInterval != 0 {
		lasting("reconcile_interval", c.ReconcileInterval, time.Second, time.Hour)
	}
	within("reconcile_buckets", c.ReconcileBuckets, 1, 1000)
	return errors.Join(errs...)
}

func (c *Config) limits() limits {
	return limits{
		window: c.Window, externalAfter: c.ExternalAfter, maxSpans: c.MaxSpans, maxEdges: c.MaxEdges, maxNames: c.MaxNames,
		maxLateTraces: maxLateTraces, maxDirtyBuckets: maxDirtyBuckets,
	}
}
