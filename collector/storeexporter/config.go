package storeexporter

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Config of one exporter. Every bound is for each signal on its own.
type Config struct {
	// Directory holds the write-ahead queues, one folder for each signal. It must be absolute, on a local disk, and used
	// by no other process. Required.
	Directory string `mapstructure:"directory"`
	// MaxBytes is the disk budget of one signal's queue. When it is reached, clients are told UNAVAILABLE with a delay.
	// Range [1 MiB, 1 TiB]; default 4 GiB.
	MaxBytes int64 `mapstructure:"max_bytes"`
	// SegmentBytes is the size of a queue file, at most an eighth of max_bytes: space comes back one file at a time.
	// Range [64 KiB, 1 GiB]; default 64 MiB.
	SegmentBytes int64 `mapstructure:"segment_bytes"`
	// MemoryBytes is how many bytes of requests, as they came over the wire, are kept decoded for the next block
	// (about four times that in memory); beyond it they are read again from disk. Range [0, 1 GiB]; default 16 MiB.
	MemoryBytes int `mapstructure:"memory_bytes"`

	// BlockRows is the size of an insert: large ones cost the engine a third of what small ones do. A request is never
	// divided, so a block may be up to one request larger. Range [1, 1e6]; default 200000.
	BlockRows int `mapstructure:"block_rows"`
	// BlockBytes bounds the memory of one block; in_flight plus one blocks exist. Range [64 KiB, 1 GiB]; default 128 MiB.
	BlockBytes int `mapstructure:"block_bytes"`
	// FlushInterval is how long the first item of a block waits for the block to be filled, while the store keeps up; twice as
	// long when half the block is filled by then, and a tenth of it from the last request on when a sixteenth is. Range [1ms, 1m]; default 1s.
	FlushInterval time.Duration `mapstructure:"flush_interval"`
	// InFlight is the number of inserts under way at once. One keeps up with what two processors receive; more make smaller
	// blocks. Range [1, 8]; default 1.
	InFlight int `mapstructure:"in_flight"`
	// InsertTimeout bounds one attempt of an insert. Range [1s, 10m]; default 1m.
	InsertTimeout time.Duration `mapstructure:"insert_timeout"`

	// RetryInitial and RetryMax bound the pause between attempts while the store is away; it doubles each time.
	// Range [1ms, 1m], initial at most max; defaults 100ms and 5s.
	RetryInitial time.Duration `mapstructure:"retry_initial"`
	RetryMax     time.Duration `mapstructure:"retry_max"`
	// ClientDelay is the pause a refused client is asked for. Range [1s, 5m]; default 5s.
	ClientDelay time.Duration `mapstructure:"client_delay"`
	// DrainTimeout bounds how long a shutdown waits for the queue to be stored; what is left stays on disk.
	// Range [0, 10m]; default 10s.
	DrainTimeout time.Duration `mapstructure:"drain_timeout"`
	// RejectedBytes bounds the folder for items that the store refuses for good; the oldest go first.
	// Range [1 MiB, 1 TiB]; default 64 MiB.
	RejectedBytes int64 `mapstructure:"rejected_bytes"`
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
	tib = 1 << 40
)

func defaultConfig() component.Config {
	return &Config{
		MaxBytes:      4 * gib,
		SegmentBytes:  64 * mib,
		MemoryBytes:   16 * mib,
		BlockRows:     200_000,
		BlockBytes:    128 * mib,
		FlushInterval: time.Second,
		InFlight:      1,
		InsertTimeout: time.Minute,
		RetryInitial:  100 * time.Millisecond,
		RetryMax:      5 * time.Second,
		ClientDelay:   5 * time.Second,
		DrainTimeout:  10 * time.Second,
		RejectedBytes: 64 * mib,
	}
}

// Validate reports every value out of its range.
func (c *Config) Validate() error {
	var errs []error
	within := func(key string, v, from, to int64) {
		if v < from || v > to {
			errs = append(errs, fmt.Errorf("%s: want %d to %d, got %d", key, from, to, v))
		}
	}
	lasting := func(key string, v, from, to time.Duration) {
		if v < from || v > to {
			errs = append(errs, fmt.Errorf("%s: want %v to %v, got %v", key, from, to, v))
		}
	}
	if !filepath.IsAbs(c.Directory) {
		errs = append(errs, fmt.Errorf("directory: want an absolute path, got %q", c.Directory))
	}
	within("max_bytes", c.MaxBytes, mib, tib)
	within("segment_bytes", c.SegmentBytes, 64*kib, gib)
	within("memory_bytes", int64(c.MemoryBytes), 0, gib)
	within("block_rows", int64(c.BlockRows), 1, 1e6)
	within("block_bytes", int64(c.BlockBytes), 64*kib, gib)
	lasting("flush_interval", c.FlushInterval, time.Millisecond, time.Minute)
	within("in_flight", int64(c.InFlight), 1, 8)
	lasting("insert_timeout", c.InsertTimeout, time.Second, 10*time.Minute)
	lasting("retry_initial", c.RetryInitial, time.Millisecond, time.Minute)
	lasting("retry_max", c.RetryMax, c.RetryInitial, time.Minute)
	lasting("client_delay", c.ClientDelay, time.Second, 5*time.Minute)
	lasting("drain_timeout", c.DrainTimeout, 0, 10*time.Minute)
	within("rejected_bytes", c.RejectedBytes, mib, tib)
	return errors.Join(errs...)
}
