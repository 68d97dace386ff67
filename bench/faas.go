package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"weft/faas"
	"weft/faas/emit"
)

// faasParts are what `bench faas` can measure.
var faasParts = []string{"warm", "tracing", "cold", "coverage", "hooks"}

// faasOptions are those of `bench faas`.
type faasOptions struct {
	options
	parts    []string
	contract string
	perSec   int
	window   time.Duration
	starts   int
}

func parseFaas(args []string) (*faasOptions, error) {
	o := &faasOptions{}
	fs := flag.NewFlagSet("bench faas", flag.ContinueOnError)
	only := strings.Join(faasParts, ",")
	fs.StringVar(&only, "only", only, "the `parts` to measure; the README shows runs of all of them")
	fs.StringVar(&o.contract, "contract", "", "the warm part measures only what has this in its name")
	fs.IntVar(&o.runs, "runs", 3, "runs of each part")
	fs.IntVar(&o.perSec, "rate", 500, "requests a second of the open loop")
	fs.DurationVar(&o.window, "window", 2*time.Second, "how long one load lasts")
	fs.IntVar(&o.starts, "starts", 8, "cold starts of each function in one run, and as many without hooks")
	fs.BoolVar(&o.keep, "save", true, "keep the results in bench/results and update bench/README.md")
	fs.StringVar(&o.cpuProfile, "cpuprofile", "", "save a CPU profile of gateway, runtime and client while the warm and the tracing part run in this `file`")
	if err := parseAll(fs, args); err != nil {
		return nil, err
	}
	if o.runs < 1 || o.perSec < 1 || o.starts < 1 || o.window < 100*time.Millisecond {
		return nil, errors.New("-runs, -rate and -starts: want at least 1; -window at least 100ms")
	}
	for part := range strings.SplitSeq(only, ",") {
		if !slices.Contains(faasParts, part) {
			return nil, fmt.Errorf("-only: want some of %s, got %q", strings.Join(faasParts, ", "), only)
		}
		o.parts = append(o.parts, part)
	}
	return o, nil
}

func (o *faasOptions) does(parts ...string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return slices.Contains(o.parts, p) })
}

// faasBench measures what the invoke runtime adds to functions, warm and cold. See README.md for how.
func faasBench(ctx context.Context, args []string) error {
	o, err := parseFaas(args)
	if err != nil {
		return err
	}
	// The main thread is locked, and a goroutine on a locked thread is slow to wake.
	done := make(chan error, 1)
	go func() { done <- o.run(ctx) }()
	return <-done
}

func (o *faasOptions) run(ctx context.Context) (err error) {
	if err := o.locateRoot(ctx); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.out, "faas-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	p, err := buildPrograms(ctx, o.root, filepath.Join(dir, "programs"))
	if err != nil {
		return err
	}
	rep := &faasReport{environment: newFaasEnvironment(ctx, &o.options), PerSecond: o.perSec, WindowNS: o.window.Nanoseconds(), Starts: o.starts}
	if o.does("warm", "tracing") {
		if err := o.warm(ctx, p, filepath.Join(dir, "warm"), rep); err != nil {
			return err
		}
	}
	if o.does("cold", "coverage", "hooks") {
		if err := o.cold(ctx, p, filepath.Join(dir, "cold"), rep); err != nil {
			return err
		}
	}
	fmt.Print("\n", rep.table())
	if !o.keep {
		return nil
	}
	return rep.save(filepath.Join(o.root, "bench"), len(o.parts) == len(faasParts) && o.contract == "")
}

// warm measures programs that run already. Spans leave over gRPC, to a sink in a process of its own.
func (o *faasOptions) warm(ctx context.Context, p *programs, dir string, rep *faasReport) (err error) {
	s, err := startSink(ctx)
	if err != nil {
		return err
	}
	defer func() {
		sunk, stopErr := s.stop()
		rep.Sink, err = sunk, errors.Join(err, stopErr)
	}()
	exporter, err := emit.NewOTLP(emit.OTLPConfig{Address: s.address})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, exporter.Close()) }()
	h, err := newHost(p, dir, exporter)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if o.cpuProfile != "" {
		f, err := os.Create(o.cpuProfile)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if o.does("warm") {
		if err := o.overheads(ctx, h, rep); err != nil {
			return err
		}
	}
	if o.does("tracing") {
		if err := o.tracing(ctx, h, dir, exporter, rep); err != nil {
			return err
		}
	}
	rep.Lost, err = h.lost()
	return err
}

// overheads measures each contract beside a reverse proxy to the same handler, turn by turn.
func (o *faasOptions) overheads(ctx context.Context, h *host, rep *faasReport) error {
	paths, stop, err := h.paths(ctx)
	if err != nil {
		return err
	}
	defer stop()
	paths = slices.DeleteFunc(paths, func(p path) bool { return !strings.Contains(p.name, o.contract) })
	for i := range o.runs {
		for _, p := range paths {
			w := warmRun{Name: p.name}
			if _, err := closedLoop(ctx, p, workers, 300*time.Millisecond); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			if p.alone {
				w.Latency, err = oneAtATime(ctx, p, o.window)
			} else {
				w.Latency, err = openLoop(ctx, p, o.perSec, o.window)
			}
			if err == nil {
				w.Throughput, err = closedLoop(ctx, p, workers, o.window)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			fmt.Printf("%d/%d %s\n", i+1, o.runs, w)
			rep.Warm = append(rep.Warm, w)
		}
	}
	return nil
}

// tracing measures throughput with every trace kept, with none, and without an exporter, turn by turn.
func (o *faasOptions) tracing(ctx context.Context, h *host, dir string, exporter emit.Exporter, rep *faasReport) (err error) {
	mute, err := newHost(h.programs, dir+"-mute", nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, mute.close()) }()
	var paths []path
	for _, kind := range []struct {
		mode   string
		host   *host
		sample float64
	}{{"traced", h, 1}, {"not sampled", h, 0}, {"no exporter", mute, 1}} {
		name := fmt.Sprintf("traced-%g", kind.sample)
		if err := kind.host.deploy(ctx, goManifest(name, kind.sample), kind.host.programs.lambda); err != nil {
			return err
		}
		own := name + "-in-process"
		if err := kind.host.rt.Register(own, handled, faas.Options{Sample: &kind.sample}); err != nil {
			return err
		}
		paths = append(paths, kind.host.lambdaPath("Go, Lambda contract: "+kind.mode, name), kind.host.ownPath("in process: "+kind.mode, own))
	}
	for i := range o.runs {
		for _, p := range paths {
			if _, err := closedLoop(ctx, p, workers, 300*time.Millisecond); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			got, err := closedLoop(ctx, p, workers, 2*o.window)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			fmt.Printf("%d/%d %s: %.0f requests/s\n", i+1, o.runs, p.name, got.PerSecond())
			rep.Tracing = append(rep.Tracing, warmRun{Name: p.name, Throughput: got})
		}
	}
	return nil
}

// cold measures starts, with hooks and without them turn by turn.
func (o *faasOptions) cold(ctx context.Context, p *programs, dir string, rep *faasReport) (err error) {
	watch := newWatcher()
	h, err := newHost(p, dir, watch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	functions, err := h.coldFunctions(ctx, o.does("coverage", "hooks"))
	if err != nil {
		return err
	}
	for i := range o.runs {
		for n := range o.starts {
			for _, f := range functions {
				got, err := h.coldStart(ctx, watch, f)
				if err != nil {
					return fmt.Errorf("cold start of %s: %w", f.name, err)
				}
				got.Run = i
				rep.Cold = append(rep.Cold, got)
			}
			if o.does("cold") {
				took, err := bareStart(ctx, p.lambda)
				if err != nil {
					return fmt.Errorf("bare start: %w", err)
				}
				rep.Bare = append(rep.Bare, took.Nanoseconds())
			}
			fmt.Printf("%d/%d cold starts %d/%d\n", i+1, o.runs, n+1, o.starts)
		}
	}
	return nil
}

// handled is the function of this process: it says how long it took, as the programs do.
func handled(_ context.Context, event []byte) ([]byte, error) {
	began := time.Now()
	return fmt.Appendf(nil, `{"handler_ns":%d,"event":%s}`, time.Since(began).Nanoseconds(), event), nil
}
