package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	readyWithin  = 20 * time.Second
	restartAfter = time.Second
)

// supervisor runs each service as a process of its own, starts those that end by themselves again, and ends them all. Its
// methods that start processes belong to the main goroutine, see main.
type supervisor struct {
	opts     options
	stderr   io.Writer
	children map[string]*child
	exits    chan exited // as many places as children: no process waits to report its end
}

// child is one service. Its socket outlives its process.
type child struct {
	name     string
	url      string
	listener *os.File
	command  func() *exec.Cmd
	cmd      *exec.Cmd // nil while no process runs
}

type exited struct {
	*child
	err error
}

func newSupervisor(o options, stderr io.Writer) (*supervisor, error) {
	s := &supervisor{opts: o, stderr: stderr, children: map[string]*child{}}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(builders))
	nodePath, nodeDir, err := findNode(o)
	if err != nil {
		fmt.Fprintf(stderr, "shop: %s is left out, the rest runs: %v\n", recommend, err)
	} else {
		names = append(names, recommend)
	}
	s.exits = make(chan exited, len(names))
	for _, name := range names {
		addr := "127.0.0.1:0"
		if name == frontend {
			addr = o.listen
		}
		lis, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", name, err), s.closeListeners())
		}
		f, err := lis.(*net.TCPListener).File()
		if err != nil {
			return nil, errors.Join(err, lis.Close(), s.closeListeners())
		}
		s.children[name] = &child{name: name, url: "http://" + lis.Addr().String(), listener: f}
		if err := lis.Close(); err != nil { // f keeps the socket
			return nil, errors.Join(err, s.closeListeners())
		}
	}
	peers := map[string]string{}
	for name, c := range s.children {
		peers[name] = c.url
	}
	for name, c := range s.children {
		own, err := serviceEnvironment(o, settings{Name: name, Peers: peers, Report: o.once > 0})
		if err != nil {
			return nil, err
		}
		env := childEnviron()
		for name, value := range own {
			env = append(env, name+"="+value)
		}
		c.command = func() *exec.Cmd {
			cmd := exec.Command(self)
			if name == recommend {
				cmd = exec.Command(nodePath, nodeArguments...)
				cmd.Dir = nodeDir
			}
			cmd.Env = env
			cmd.Stderr = os.Stderr
			cmd.ExtraFiles = []*os.File{c.listener} // becomes listenerFD
			cmd.SysProcAttr = childAttributes()
			return cmd
		}
	}
	return s, nil
}

// nodeArguments start the Node service in its folder.
var nodeArguments = []string{"--require", "./tracing.js", "server.js"}

func findNode(o options) (path, dir string, err error) {
	if dir, err = findNodeDir(o.nodeDir); err != nil {
		return "", "", err
	}
	if path, err = exec.LookPath(o.node); err != nil {
		return "", "", fmt.Errorf("install Node 20 or later, or name it with --node: %w", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", "", err
	}
	return path, dir, nil
}

// serviceEnvironment is what makes this program the service that set names, and what is said to every one of them.
func serviceEnvironment(o options, set settings) (map[string]string, error) {
	set.OTLPGRPC, set.OTLPHTTP, set.JaegerAgent, set.DataDir, set.Faults = o.otlpGRPC, o.otlpHTTP, o.jaegerAgent, o.dataDir, o.faults
	raw, err := json.Marshal(set)
	if err != nil {
		return nil, err
	}
	env := sdkEnvironment(o, set.Name)
	env[serviceEnv], env["SHOP_TOKEN"] = string(raw), o.token
	return env, nil
}

// childEnviron is the environment without tracing settings meant for something else.
func childEnviron() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return strings.HasPrefix(kv, "OTEL_") || strings.HasPrefix(kv, "JAEGER_") || strings.HasPrefix(kv, "SHOP_")
	})
}

func (s *supervisor) url(name string) string { return s.children[name].url }

// start runs all services and returns when all answer.
func (s *supervisor) start(ctx context.Context) error {
	names := slices.Sorted(maps.Keys(s.children))
	for _, name := range names {
		if err := s.spawn(s.children[name]); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for _, name := range names {
		if err := s.ready(ctx, s.children[name]); err != nil {
			return err
		}
	}
	return nil
}

func (s *supervisor) spawn(c *child) error {
	cmd := c.command()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	c.cmd = cmd
	go func() { s.exits <- exited{c, cmd.Wait()} }()
	return nil
}

// ready asks until the service answers. A process that ends before that is an error: it would end again.
func (s *supervisor) ready(ctx context.Context, c *child) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, time.Second)
		_, err := call(attempt, http.DefaultClient, http.MethodGet, c.url+"/healthz", nil, nil)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", c.name, err)
		case e := <-s.exits:
			e.cmd = nil
			return fmt.Errorf("%s ended while starting: %v", e.name, e.err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// supervise starts services that end again until work is done; it returns what work returns.
func (s *supervisor) supervise(work <-chan error) error {
	restart := make(chan *child, len(s.children))
	for {
		select {
		case err := <-work:
			return err
		case e := <-s.exits:
			e.cmd = nil
			fmt.Fprintf(s.stderr, "shop: %s ended (%v), starting it again\n", e.name, e.err)
			time.AfterFunc(restartAfter, func() { restart <- e.child })
		case c := <-restart:
			if err := s.spawn(c); err != nil {
				return err
			}
		}
	}
}

// stop ends all services: politely, so that they send the telemetry they hold, then by force.
func (s *supervisor) stop() error {
	running := 0
	for _, c := range s.children {
		if c.cmd != nil {
			running++
			_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may just have ended
		}
	}
	var errs []error
	late := time.After(drainTime + 2*time.Second)
	for ; running > 0; running-- {
		select {
		case e := <-s.exits:
			e.cmd = nil
			if e.err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", e.name, e.err))
			}
			continue
		case <-late:
		}
		for _, c := range s.children {
			if c.cmd != nil {
				errs = append(errs, fmt.Errorf("%s did not end within %v", c.name, drainTime), c.cmd.Process.Kill())
			}
		}
		late = nil
		e := <-s.exits
		e.cmd = nil
	}
	return errors.Join(append(errs, s.closeListeners())...)
}

func (s *supervisor) closeListeners() error {
	var errs []error
	for _, c := range s.children {
		errs = append(errs, c.listener.Close())
	}
	return errors.Join(errs...)
}
