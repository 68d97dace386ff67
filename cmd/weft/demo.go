package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"weft/faas"
	"weft/faas/function"
)

// demoProgram stands beside the weft binary; `make build` puts it there.
const demoProgram = "shop"

// demo is the demo shop: its services are functions, and its visitors a child process.
type demo struct {
	*process
	functions *faas.Runtime
	program   string
	token     string    // of scopes ingest and invoke; empty when nobody wants one
	dir       string    // of the services' databases
	words     io.Writer // what the program says on standard error
	deployed  []string  // names
	owner     string    // of its functions
}

// demoOwner marks the functions of the demo that keeps its data in a folder; a NATS may hold those of several.
func demoOwner(data string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	if absolute, err := filepath.Abs(data); err == nil {
		data = absolute
	}
	return "demo of " + host + ":" + data
}

// ofDemo finds the functions that an earlier demo of that folder has left behind because weft was killed. They are of no use to a weft
// without a demo, and to one with a demo they come anew.
func ofDemo(data string) func(*function.Function) bool {
	owner := demoOwner(data)
	return func(fn *function.Function) bool { return fn.Owner == owner }
}

// startDemo deploys the demo shop and sends visitors to it, while weft is ready already. All of it ends with weft, also when weft
// is killed.
func (p *process) startDemo(functions *faas.Runtime, token string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("--demo: %w", err)
	}
	data, err := p.cfg.dataDir()
	if err != nil {
		return err
	}
	d := &demo{process: p, owner: demoOwner(data), functions: functions, program: filepath.Join(filepath.Dir(self), demoProgram), token: token, dir: filepath.Join(data, "demo")}
	if _, err := os.Stat(d.program); err != nil {
		return fmt.Errorf("--demo: %s is missing: run `make build`, which makes it", d.program)
	}
	// What an earlier shop has sold is of no interest.
	if err := errors.Join(os.RemoveAll(d.dir), os.Mkdir(d.dir, 0o700)); err != nil {
		return fmt.Errorf("--demo: %w", err)
	}
	out, words := io.Pipe()
	d.words = words
	go p.relay(out)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer words.Close()
		// The kernel ends the child with the thread that has started it, so that thread has to last.
		runtime.LockOSThread()
		if err := d.run(ctx); ctx.Err() == nil {
			// The platform outlives its demo: people may be looking at the traces it left.
			p.log.Error("the demo shop ended", "part", "demo", "err", err)
		}
	}()
	p.onStop("demo", func(ctx context.Context) error {
		cancel()
		<-ended
		return d.remove(ctx)
	})
	return nil
}

func (d *demo) run(ctx context.Context) error {
	if err := d.deploy(ctx); err != nil {
		return err
	}
	return d.command(ctx, "traffic", "--rate", strconv.FormatFloat(d.cfg.demoRate, 'f', -1, 64)).Run()
}

// command is a call of the shop's program that ends with ctx.
func (d *demo) command(ctx context.Context, mode string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, d.program, append([]string{mode, "--gateway", "http://" + reachable(d.cfg.faas)}, args...)...)
	cmd.Env = os.Environ()
	if d.token != "" {
		// Not an argument: those can be read by every user of the machine.
		cmd.Env = append(cmd.Env, "SHOP_TOKEN="+d.token)
	}
	cmd.SysProcAttr = childAttributes()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Stderr = d.words
	return cmd
}

// reachable is an address to connect to for one that is listened on.
func reachable(addr string) string {
	host, port, _ := net.SplitHostPort(addr) // validated
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// deploy makes functions of the services that the program tells of. Most of them are one program, which is packed and stored once.
func (d *demo) deploy(ctx context.Context) error {
	told, err := d.command(ctx, "functions", "--data", d.dir,
		"--otlp-grpc", receiverAddress("WEFT_OTLP_GRPC"),
		"--otlp-http", receiverAddress("WEFT_OTLP_HTTP"),
		"--jaeger-agent", receiverAddress("WEFT_JAEGER_COMPACT")).Output()
	if err != nil {
		return fmt.Errorf("ask for its functions: %w", err)
	}
	packages := map[string]*function.Function{} // by path
	for line := range bytes.Lines(told) {
		var one struct {
			Dir      string
			Manifest json.RawMessage
		}
		if err := json.Unmarshal(line, &one); err != nil {
			return fmt.Errorf("its functions: %w", err)
		}
		m, err := function.Parse("demo", one.Manifest) // JSON is YAML
		if err != nil {
			return err
		}
		path := filepath.Join(one.Dir, m.Code)
		var code io.Reader
		if same := packages[path]; same != nil {
			m.CodeDigest, m.CodeBytes = same.CodeDigest, same.CodeBytes
		} else {
			var zip bytes.Buffer
			if err := m.Pack(&zip, one.Dir); err != nil {
				return err
			}
			code = &zip
		}
		m.Owner = d.owner
		d.deployed = append(d.deployed, m.Name)
		if packages[path], err = d.functions.Deploy(ctx, m.Function, code); err != nil {
			return fmt.Errorf("deploy %s: %w", m.Name, err)
		}
	}
	d.log.Info("the demo shop is open", "part", "demo", "functions", len(d.deployed))
	return nil
}

// remove takes the functions away, those that call before those that are called, so that none is kept running by a weft that
// was not asked for a demo.
func (d *demo) remove(ctx context.Context) error {
	var errs []error
	for _, name := range slices.Backward(d.deployed) {
		if err := d.functions.Remove(ctx, name); err != nil && !errors.Is(err, faas.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// relay puts the demo's own words into the log, line by line.
func (p *process) relay(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		p.log.Info(lines.Text(), "part", "demo")
	}
}
