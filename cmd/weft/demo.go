package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// demoProgram stands beside the weft binary; `make build` puts it there.
const demoProgram = "shop"

// startDemo runs the demo shop as a child process, which runs its services as children of its own. It ends with weft, also
// when weft is killed.
func (p *process) startDemo(token string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("--demo: %w", err)
	}
	program := filepath.Join(filepath.Dir(self), demoProgram)
	if _, err := os.Stat(program); err != nil {
		return fmt.Errorf("--demo: %s is missing: run `make build`, which makes it", program)
	}
	cmd := exec.Command(program,
		"--otlp-grpc", receiverAddress("WEFT_OTLP_GRPC"),
		"--otlp-http", receiverAddress("WEFT_OTLP_HTTP"),
		"--jaeger-agent", receiverAddress("WEFT_JAEGER_COMPACT"),
		"--rate", strconv.FormatFloat(p.cfg.demoRate, 'f', -1, 64))
	cmd.Env = os.Environ()
	if token != "" {
		// Not an argument: those can be read by every user of the machine.
		cmd.Env = append(cmd.Env, "SHOP_TOKEN="+token)
	}
	out, err := cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("--demo: %w", err)
	}
	cmd.SysProcAttr = childAttributes()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("--demo: %w", err)
	}
	ended := make(chan error, 1)
	stopping := make(chan struct{})
	go func() {
		p.relay(out)
		err := cmd.Wait()
		select {
		case <-stopping:
		default:
			// The platform outlives its demo: people may be looking at the traces it left.
			p.log.Error("the demo shop ended", "part", "demo", "err", err)
		}
		ended <- err
	}()
	p.onStop("demo", func(ctx context.Context) error {
		close(stopping)
		if err := cmd.Process.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
			return nil
		}
		select {
		case <-ended:
			return nil
		case <-ctx.Done():
			return cmd.Process.Kill()
		}
	})
	return nil
}

// relay puts the demo's own words into the log, line by line.
func (p *process) relay(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		p.log.Info(lines.Text(), "part", "demo")
	}
}
