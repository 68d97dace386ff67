package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.yaml.in/yaml/v3"
)

// side is one of the two collectors that are compared.
type side struct {
	name     string
	database string
	table    string // of spans
	// command prepares the process and fills in where it will listen.
	command func(r *run, c *collector) (*exec.Cmd, error)
	// ready is told each line of output until it says yes.
	ready func(line string) bool
}

var sides = []side{
	{
		name: "weft", database: "weft", table: "spans", command: weftCommand, ready: weftIsReady,
	},
	{ // what topology costs is the difference
		name: "no-topology", database: "weft", table: "spans", command: plainWeftCommand, ready: weftIsReady,
	},
	{
		name: "stock", database: "stock", table: "otel_traces", command: stockCommand,
		ready: func(line string) bool { return strings.Contains(line, "Everything is ready") },
	},
}

func weftIsReady(line string) bool { return strings.HasPrefix(line, "weft is ready") }

// weftCommand runs Weft as a user would who has a ClickHouse: with everything that `weft up` runs.
func weftCommand(r *run, c *collector) (_ *exec.Cmd, err error) {
	if c.api, err = freeAddress(); err != nil {
		return nil, err
	}
	args := []string{"up", "--data", filepath.Join(r.dir, "weft"), "--http", c.api, "--clickhouse", r.dsn("weft"), "--log-level", "warn"}
	if r.opts.cpuProfile != "" {
		if r.pprof, err = freeAddress(); err != nil {
			return nil, err
		}
		args = append(args, "--pprof", r.pprof)
	}
	cmd := exec.Command(r.opts.weft, args...)
	cmd.Env = append(r.environ(), "WEFT_OTLP_GRPC="+c.target)
	for _, name := range []string{"WEFT_OTLP_HTTP", "WEFT_JAEGER_GRPC", "WEFT_JAEGER_HTTP", "WEFT_JAEGER_COMPACT", "WEFT_JAEGER_BINARY", "WEFT_SAMPLING", "WEFT_ZIPKIN"} {
		addr, err := freeAddress()
		if err != nil {
			return nil, err
		}
		cmd.Env = append(cmd.Env, name+"="+addr)
	}
	return cmd, nil
}

// plainWeftCommand takes the topology processor out of the built-in configuration.
func plainWeftCommand(r *run, c *collector) (*exec.Cmd, error) {
	cmd, err := weftCommand(r, c)
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(r.opts.root, "collector", "default.yaml"))
	if err != nil {
		return nil, err
	}
	var config struct {
		Service struct {
			Pipelines map[string]struct{ Processors []string }
		}
	}
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return nil, err
	}
	all := config.Service.Pipelines["traces"].Processors
	kept := slices.DeleteFunc(slices.Clone(all), func(p string) bool { return strings.Contains(p, "topology") })
	if len(kept) == len(all) {
		return nil, fmt.Errorf("no-topology: the traces pipeline of collector/default.yaml has no topology processor, only %v", all)
	}
	// The later of two keys wins nowhere in YAML: the list itself is replaced.
	list := func(names []string) string { return "processors: [" + strings.Join(names, ", ") + "]" }
	plain := strings.Replace(string(raw), list(all), list(kept), 1)
	if plain == string(raw) {
		return nil, fmt.Errorf("no-topology: collector/default.yaml does not say %q", list(all))
	}
	file := filepath.Join(r.dir, "no-topology.yaml")
	if err := os.WriteFile(file, []byte(plain), 0o600); err != nil {
		return nil, err
	}
	cmd.Args = append(cmd.Args, "--collector-config", file)
	return cmd, nil
}

// environ is the environment of a collector of either side.
func (r *run) environ() []string {
	env := os.Environ()
	if r.opts.gogc > 0 {
		env = append(env, fmt.Sprint("GOGC=", r.opts.gogc))
	}
	return env
}

// stockConfig batches as Weft does, where the exporter can: 50 000 spans or a second, inserts acknowledged by the table
// (not async_insert), two at a time, senders held up and not refused when the queue is full. Its queue is in memory: unlike
// Weft it acknowledges spans that a crash loses.
const stockConfig = `
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: %s
        max_recv_msg_size_mib: 64
exporters:
  clickhouse:
    endpoint: %s
    database: stock
    async_insert: false
    timeout: 60s
    sending_queue:
      enabled: true
      num_consumers: 2
      sizer: items
      queue_size: 300000
      block_on_overflow: true
      batch:
        flush_timeout: 1s
        min_size: 50000
        max_size: 50000
        sizer: items
service:
  telemetry:
    metrics:
      level: none
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [clickhouse]
`

func stockCommand(r *run, c *collector) (*exec.Cmd, error) {
	file := filepath.Join(r.dir, "stock.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, stockConfig, c.target, r.dsn("default")), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(r.opts.stock, file)
	cmd.Env = r.environ()
	return cmd, nil
}

// collector is a running side.
type collector struct {
	target string // OTLP gRPC
	api    string // HTTP; only Weft has one

	cmd   *exec.Cmd
	ended chan struct{}
	err   error // after ended

	mu  sync.Mutex
	log bytes.Buffer
}

func startCollector(ctx context.Context, s side, r *run) (*collector, error) {
	c := &collector{ended: make(chan struct{})}
	var err error
	if c.target, err = freeAddress(); err != nil {
		return nil, err
	}
	cmd, err := s.command(r, c)
	if err != nil {
		return nil, err
	}
	c.cmd = cmd
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = in, in
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	_ = in.Close()
	ready := make(chan struct{})
	go c.read(out, s.ready, ready)
	select {
	case <-ready:
		return c, nil
	case <-c.ended:
		return nil, fmt.Errorf("%s ended before it was ready: %w\n%s", s.name, c.err, c.tail())
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(2 * time.Minute):
		err = errors.New("not ready within 2 minutes")
	}
	_ = cmd.Process.Kill()
	<-c.ended
	return nil, fmt.Errorf("%s: %w\n%s", s.name, err, c.tail())
}

func (c *collector) read(out io.ReadCloser, isReady func(string) bool, ready chan<- struct{}) {
	defer out.Close()
	said := false
	for scan := bufio.NewScanner(out); scan.Scan(); {
		c.mu.Lock()
		fmt.Fprintln(&c.log, scan.Text())
		c.mu.Unlock()
		if !said && isReady(scan.Text()) {
			said = true
			close(ready)
		}
	}
	c.err = c.cmd.Wait()
	close(c.ended)
}

func (c *collector) tail() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := c.log.String()
	return text[max(0, len(text)-4000):]
}

func (c *collector) stop() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-c.ended:
		return c.err
	case <-time.After(time.Minute):
		_ = c.cmd.Process.Kill()
		<-c.ended
		return errors.New("still running a minute after SIGTERM")
	}
}

// freeAddress is a loopback address that nobody listens on, below the ports that the kernel hands to outgoing connections: those might
// take it before it is listened on.
func freeAddress() (string, error) {
	const least, ports, tries = 20_000, 10_000, 100
	var errs []error
	for range tries {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", least+rand.IntN(ports)))
		if err == nil {
			return l.Addr().String(), l.Close()
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("find a free port: %w", errs[0])
}
