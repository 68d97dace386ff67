// Command shop is Weft's demo: a small web shop whose services are processes of their own, written against the tracing
// libraries that people really have, with a traffic driver built in. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

func main() {
	// Children die with the thread that started them (see childAttributes), so the main goroutine starts them and keeps its
	// thread for good.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if raw, ok := os.LookupEnv(serviceEnv); ok {
		os.Exit(exit(runService(ctx, raw), "shop service"))
	}
	os.Exit(exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr), "shop"))
}

func exit(err error, who string) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 0
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", who, err)
	return 1
}

// options are the command line.
type options struct {
	// mode is empty for the whole shop, or functions, or traffic.
	mode                            string
	gateway                         string // base URL of a function gateway, without a slash at the end
	otlpGRPC, otlpHTTP, jaegerAgent string
	token                           string // bearer token for OTLP; empty sends none
	listen                          string // of the frontend
	rate                            float64
	once                            int // checkouts to send before exiting; 0 runs until stopped
	dataDir                         string
	node, nodeDir                   string
	faults                          faults
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("shop", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.otlpGRPC, "otlp-grpc", "127.0.0.1:4317", "`address` that takes OTLP over gRPC")
	fs.StringVar(&o.otlpHTTP, "otlp-http", "127.0.0.1:4318", "`address` that takes OTLP over HTTP")
	fs.StringVar(&o.jaegerAgent, "jaeger-agent", "127.0.0.1:6831", "`address` that takes Jaeger's compact thrift over UDP")
	fs.StringVar(&o.token, "token", os.Getenv("SHOP_TOKEN"), "bearer `token` for OTLP; $SHOP_TOKEN keeps it out of the process list")
	fs.StringVar(&o.gateway, "gateway", "", "`URL` of the function gateway, for functions and traffic")
	fs.StringVar(&o.listen, "listen", "127.0.0.1:0", "`address` of the frontend; port 0 takes a free one")
	fs.Float64Var(&o.rate, "rate", 2, "checkouts a second, with twice as many visits that only look around; 0 sends nothing")
	fs.IntVar(&o.once, "once", 0, "send exactly `N` checkouts, print what was traced as JSON, and exit")
	fs.StringVar(&o.dataDir, "data", "", "`folder` of the databases, kept afterwards (default a temporary one)")
	fs.StringVar(&o.node, "node", "node", "the Node `program`")
	fs.StringVar(&o.nodeDir, "node-dir", "", "`folder` of the Node service (default examples/shop/node, looked for below the working folder and the program's parent)")
	fs.Float64Var(&o.faults.PaymentErrors, "payment-errors", 0.02, "share of payments that fail; 0 with --once unless given")
	fs.IntVar(&o.faults.SlowQueryMS, "slow-query-ms", 0, "time the catalog's list query takes besides, in milliseconds")
	fs.BoolVar(&o.faults.NPlusOne, "n-plus-one", false, "let the catalog read ratings one query per product")
	fs.Float64Var(&o.faults.ConsumerErrors, "consumer-errors", 0, "share of deliveries that shipping fails and gets again")
	fs.IntVar(&o.faults.RecommendSlowMS, "recommend-slow-ms", 0, "time recommendations take besides, in milliseconds")
	fs.Usage = func() {
		fmt.Fprint(stderr, usage)
		fs.PrintDefaults()
	}
	if len(args) > 0 && (args[0] == "functions" || args[0] == "traffic") {
		o.mode, args = args[0], args[1:]
	}
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	o.gateway = strings.TrimRight(o.gateway, "/")
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	var errs []error
	for name, addr := range map[string]string{"otlp-grpc": o.otlpGRPC, "otlp-http": o.otlpHTTP, "jaeger-agent": o.jaegerAgent, "listen": o.listen} {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			errs = append(errs, fmt.Errorf("--%s: want host:port, got %q", name, addr))
		}
	}
	if math.IsNaN(o.rate) || o.rate < 0 || o.rate > maxRate {
		errs = append(errs, fmt.Errorf("--rate: want 0 to %d, got %v", maxRate, o.rate))
	}
	if o.once < 0 || o.once > maxOnce {
		errs = append(errs, fmt.Errorf("--once: want 1 to %d, got %d", maxOnce, o.once))
	}
	errs = append(errs, o.faults.validate())
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if o.once > 0 && !given["payment-errors"] {
		o.faults.PaymentErrors = 0 // what is counted should not depend on chance
	}
	return o, errors.Join(errs...)
}

const usage = `usage: shop [flags]             run the whole shop
       shop functions [flags]   print what has to be deployed for its services to run as functions behind --gateway
       shop traffic [flags]     send visitors to these

`

const (
	maxRate = 1000
	maxOnce = 100_000
)

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	switch o.mode {
	case "functions":
		return printFunctions(o, stdout, stderr)
	case "traffic":
		return visit(ctx, o)
	}
	if o.dataDir == "" {
		dir, err := os.MkdirTemp("", "shop-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.dataDir = dir
	} else if err := os.MkdirAll(o.dataDir, 0o700); err != nil {
		return err
	}
	// What went wrong in an earlier run does not go wrong in this one.
	if err := os.Remove(faultsFile(o.dataDir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	sup, err := newSupervisor(o, stderr)
	if err != nil {
		return err
	}
	if err := sup.start(ctx); err != nil {
		return errors.Join(err, sup.stop())
	}
	fmt.Fprintf(stderr, "shop is ready  frontend=%s  faults: curl %s/faults\n", sup.url(frontend), sup.url(frontend))
	var got []checkout
	work := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		if o.once > 0 {
			var err error
			got, err = checkOutTimes(ctx, sup, o.once)
			work <- err
			return
		}
		drive(ctx, http.DefaultTransport, sup.url(frontend), o.rate)
		work <- nil
	}()
	err = errors.Join(sup.supervise(work), sup.stop())
	if err != nil || o.once == 0 {
		return err
	}
	// Only now has every service sent, and counted, all its spans.
	return summarize(stdout, o.dataDir, got, slices.Sorted(maps.Keys(sup.children)))
}

// findNodeDir returns the folder of the Node service with its packages installed, or an error that says what to do.
func findNodeDir(given string) (string, error) {
	candidates := []string{given}
	if given == "" {
		candidates = []string{filepath.Join("examples", "shop", "node")}
		if self, err := os.Executable(); err == nil {
			candidates = append(candidates, filepath.Join(filepath.Dir(self), "..", "examples", "shop", "node"))
		}
	}
	for _, dir := range candidates {
		if _, err := os.Stat(filepath.Join(dir, "server.js")); err != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "node_modules", "@opentelemetry", "sdk-node")); err != nil {
			return "", fmt.Errorf("its packages are not installed: run `npm ci` in %s", dir)
		}
		return dir, nil
	}
	return "", fmt.Errorf("no server.js in %v: use --node-dir", candidates)
}
