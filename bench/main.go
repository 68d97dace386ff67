// Command bench sends the same load to Weft and to a stock OpenTelemetry Collector with contrib's ClickHouse exporter, on
// the same embedded ClickHouse, turn by turn, and compares what a span costs. `bench query` compares what questions cost, `bench
// fresh` measures how soon a hop is on the map, `bench faas` what the invoke runtime costs; `bench seed` fills a running Weft with
// traces to look at. See README.md for what is measured and how to read it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"weft/store/engine"
)

type options struct {
	spans       int64
	warmup      int64
	limit       time.Duration
	runs        int
	connections int
	seed        uint64
	sides       []side
	gogc        int
	cpuProfile  string
	keep        bool

	root, out, data, weft, stock string
}

func main() {
	engine.RunIfChild()
	// What is measured ends with the thread that started it: this one, which starts everything, stays.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	command, args := bench, os.Args[1:]
	if len(args) > 0 {
		if c, ok := map[string]func(context.Context, []string) error{"query": queryBench, "fresh": freshBench, "faas": faasBench, "seed": seedStore, sinkCommand: runSink}[args[0]]; ok {
			command, args = c, args[1:]
		}
	}
	err := command(ctx, args)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string) (*options, error) {
	o := &options{}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	o.flags(fs)
	only := "weft,stock"
	fs.Int64Var(&o.spans, "spans", 3_000_000, "spans per run")
	fs.Int64Var(&o.warmup, "warmup", 40_000, "spans sent before the measurement")
	fs.DurationVar(&o.limit, "limit", time.Minute, "a run's load ends after this long, however many spans it has sent")
	fs.IntVar(&o.runs, "runs", 3, "runs of each side")
	fs.StringVar(&only, "only", only, "the `sides` to run, of weft, no-topology and stock; the README shows the first and the last only of all runs that have these two")
	fs.StringVar(&o.cpuProfile, "cpuprofile", "", "save a CPU profile of weft's last run in this `file`")
	if err := parseAll(fs, args); err != nil {
		return nil, err
	}
	if o.spans < 1 || o.runs < 1 || o.connections < 1 {
		return nil, errors.New("-spans, -runs and -connections: want at least 1")
	}
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(sides, func(s side) bool { return s.name == name })
		if i < 0 || slices.ContainsFunc(o.sides, func(s side) bool { return s.name == name }) {
			return nil, fmt.Errorf("-only: want some of weft, no-topology and stock, got %q", only)
		}
		o.sides = append(o.sides, sides[i])
	}
	return o, nil
}

// flags are those of every command.
func (o *options) flags(fs *flag.FlagSet) {
	fs.IntVar(&o.connections, "connections", 4, "connections, with one request in flight on each")
	fs.Uint64Var(&o.seed, "seed", 1, "of the generator")
	fs.IntVar(&o.gogc, "gogc", 300, "GOGC of the collectors, the same on both sides; 300 is what Weft sets itself. 0 leaves it to each")
	fs.BoolVar(&o.keep, "save", true, "keep the results in bench/results and update bench/README.md")
	fs.StringVar(&o.weft, "weft", "", "weft binary (default bin/weft)")
}

func parseAll(fs *flag.FlagSet, args []string) error {
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	return nil
}

func bench(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if err := o.locate(ctx); err != nil {
		return err
	}
	load, about, err := makeLoad(o.seed)
	if err != nil {
		return err
	}
	fmt.Println(about)
	rep := newReport(ctx, o, about)
	for i := range o.runs {
		for _, s := range o.sides {
			res, err := measure(ctx, o, s, load, o.seed+uint64(i)*1000)
			if err != nil {
				return fmt.Errorf("run %d of %s: %w", i+1, s.name, err)
			}
			fmt.Printf("%d/%d %s\n", i+1, o.runs, res)
			rep.Runs = append(rep.Runs, res)
		}
	}
	fmt.Print("\n", rep.table())
	if !o.keep {
		return nil
	}
	return rep.save(filepath.Join(o.root, "bench"))
}

// locate finds the project's root, the binaries and the folder for what is left over.
func (o *options) locate(ctx context.Context) error {
	if err := o.locateRoot(ctx); err != nil {
		return err
	}
	o.data = filepath.Join(o.root, "data")
	if o.weft == "" {
		o.weft = filepath.Join(o.root, "bin", "weft")
	}
	if _, err := os.Stat(o.weft); err != nil {
		return fmt.Errorf("%s is missing: run `make build`", o.weft)
	}
	o.stock = filepath.Join(o.out, "stock")
	if !slices.ContainsFunc(o.sides, func(s side) bool { return s.name == "stock" }) {
		return nil
	}
	build := exec.CommandContext(ctx, "go", "build", "-C", filepath.Join(o.root, "bench", "stock"), "-o", o.stock, ".")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the stock collector: %w", err)
	}
	return nil
}

// locateRoot finds the project's root, and makes the folder for what is left over.
func (o *options) locateRoot(ctx context.Context) error {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	o.root = filepath.Dir(string(mod))
	if _, err := os.Stat(filepath.Join(o.root, "bench", "stock", "go.mod")); err != nil {
		return errors.New("run it in the project's folder: go run ./bench")
	}
	o.out = filepath.Join(o.root, "bench", "out")
	return os.MkdirAll(o.out, 0o750)
}

// loadFacts says what the load is like.
type loadFacts struct {
	Seed               uint64  `json:"seed"`
	Requests           int     `json:"distinct_requests"`
	SpansPerRequest    float64 `json:"spans_per_request"`
	SpansPerTrace      float64 `json:"spans_per_trace"`
	BytesPerSpan       float64 `json:"wire_bytes_per_span"`
	Attributes         float64 `json:"attributes_per_span"`
	ResourceAttributes int     `json:"resource_attributes"`
	ErrorShare         float64 `json:"error_share"`
	Names              int     `json:"service_and_name_pairs"`
}

func (f loadFacts) String() string {
	return fmt.Sprintf("load: %.0f spans a request, %.1f spans a trace, %.0f bytes a span, %.1f span and %d resource attributes, %.1f %% errors, %d pairs of service and name",
		f.SpansPerRequest, f.SpansPerTrace, f.BytesPerSpan, f.Attributes, f.ResourceAttributes, f.ErrorShare*100, f.Names)
}

func makeLoad(seed uint64) ([]*template, loadFacts, error) {
	g := newGenerator(seed)
	about := loadFacts{Seed: seed, Requests: templates}
	var out []*template
	var spans, bytes, attributes, errorSpans int
	traces, names := map[string]bool{}, map[string]bool{}
	for range templates {
		td := g.request()
		for _, rs := range td.ResourceSpans().All() {
			about.ResourceAttributes = rs.Resource().Attributes().Len()
			service, _ := rs.Resource().Attributes().Get("service.name")
			for _, s := range rs.ScopeSpans().At(0).Spans().All() {
				attributes += s.Attributes().Len()
				errorSpans += s.Events().Len()
				traces[s.TraceID().String()] = true
				names[service.Str()+"/"+s.Name()] = true
			}
		}
		t, err := newTemplate(td)
		if err != nil {
			return nil, about, fmt.Errorf("make load: %w", err)
		}
		spans += t.spans
		bytes += len(t.wire)
		out = append(out, t)
	}
	n := float64(spans)
	about.SpansPerRequest, about.SpansPerTrace = n/templates, n/float64(len(traces))
	about.BytesPerSpan, about.Attributes, about.ErrorShare = float64(bytes)/n, float64(attributes)/n, float64(errorSpans)/n
	about.Names = len(names)
	return out, about, nil
}
