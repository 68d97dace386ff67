package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"weft/store/engine"
)

const (
	startTimeout = 90 * time.Second // a cold page cache reads 600 MB of engine
	stopTimeout  = 60 * time.Second
)

// weftBin is the absolute path of the weft under test; root the project's folder.
var weftBin, root string

func TestMain(m *testing.M) {
	engine.RunIfChild()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if root, err = filepath.Abs(".."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	weftBin = filepath.Join(root, "bin", "weft")
	if named := os.Getenv("WEFT_BIN"); named != "" {
		if weftBin, err = filepath.Abs(named); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if _, err := os.Stat(weftBin); err != nil {
		fmt.Fprintf(os.Stderr, "e2e: %s is missing: run `make build`\n", weftBin)
		return 1
	}
	// Instances have data folders of their own, so they are told where the engine is.
	library, err := engine.FindLibrary(filepath.Join(root, "data"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	if err := os.Setenv(engine.LibraryEnv, library); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer stopShared()
	return m.Run()
}

// ports are the receivers' addresses, by the environment variable that sets each.
var tcpPorts = []string{"WEFT_OTLP_GRPC", "WEFT_OTLP_HTTP", "WEFT_JAEGER_GRPC", "WEFT_JAEGER_HTTP", "WEFT_SAMPLING", "WEFT_ZIPKIN", "WEFT_FAAS"}
var udpPorts = []string{"WEFT_JAEGER_COMPACT", "WEFT_JAEGER_BINARY"}

// instance is one installation of Weft: a data folder and a set of ports that stay the same over restarts.
type instance struct {
	role  string            // the subcommand; empty is up
	dir   string            // --data
	addr  map[string]string // by environment variable, and "http"
	args  []string          // further flags
	env   []string          // further environment
	token string            // sent with every call of the API
	proc  *process          // nil when it does not run
}

// newInstance picks free ports and an empty data folder. Nothing runs yet.
func newInstance(t testing.TB, dir string, args ...string) *instance {
	t.Helper()
	in := &instance{dir: dir, addr: map[string]string{}, args: args}
	var open []io.Closer
	for _, name := range append([]string{"http"}, tcpPorts...) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, l)
		in.addr[name] = l.Addr().String()
	}
	for _, name := range udpPorts {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
		in.addr[name] = c.LocalAddr().String()
	}
	for _, c := range open {
		_ = c.Close()
	}
	return in
}

// newRunning starts a fresh instance that ends with the test.
func newRunning(t testing.TB, args ...string) *instance {
	t.Helper()
	in := newInstance(t, t.TempDir(), args...)
	in.start(t)
	t.Cleanup(func() { in.cleanup(t) })
	return in
}

func (in *instance) command() *exec.Cmd {
	args := []string{"up", "--data", in.dir, "--http", in.addr["http"]}
	switch in.role {
	case "web": // keeps nothing
		args = []string{"web", "--http", in.addr["http"]}
	case "collector", "faas":
		args[0] = in.role
	}
	cmd := exec.Command(weftBin, append(args, in.args...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "WEFT_LOG_LEVEL=warn")
	for name, addr := range in.addr {
		if name != "http" {
			cmd.Env = append(cmd.Env, name+"="+addr)
		}
	}
	cmd.Env = append(cmd.Env, in.env...)
	return cmd
}

// start returns when the readiness line is printed.
func (in *instance) start(t testing.TB) {
	t.Helper()
	p, err := startProcess(in.command())
	if err != nil {
		t.Fatal(err)
	}
	in.proc = p
	line, err := p.awaitLine("weft is ready", startTimeout)
	if err != nil {
		p.kill()
		in.proc = nil
		t.Fatalf("weft %s: %v\n%s", in.role, err, p.tail())
	}
	host, port, _ := net.SplitHostPort(in.addr["http"])
	if host == "0.0.0.0" {
		host = "" // any name of the machine will do
	}
	ui := regexp.MustCompile(`(ui|http)=http://\S*` + regexp.QuoteMeta(host) + `\S*:` + port + `\b`)
	if !ui.MatchString(line) {
		t.Errorf("readiness line %q does not say %v", line, ui)
	}
}

// stop sends SIGTERM and wants a clean end.
func (in *instance) stop(t testing.TB) {
	t.Helper()
	p := in.proc
	in.proc = nil
	if p == nil {
		return
	}
	if err := p.terminate(stopTimeout); err != nil {
		t.Errorf("stopping weft: %v\n%s", err, p.tail())
	}
}

// crash ends weft with SIGKILL.
func (in *instance) crash() {
	in.proc.kill()
	in.proc = nil
}

func (in *instance) cleanup(t testing.TB) {
	if t.Failed() && in.proc != nil {
		t.Logf("weft's last words:\n%s", in.proc.tail())
	}
	in.stop(t)
}

func (in *instance) pid() int { return in.proc.cmd.Process.Pid }

// process is a child with its output kept.
type process struct {
	cmd   *exec.Cmd
	lines chan string // standard output
	ended chan struct{}
	err   error // after ended

	mu  sync.Mutex
	log bytes.Buffer // both outputs
}

func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, lines: make(chan string, 1000), ended: make(chan struct{})}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = p
	if err := startBound(cmd); err != nil {
		return nil, err
	}
	go func() {
		scan := bufio.NewScanner(out)
		for scan.Scan() {
			fmt.Fprintln(p, scan.Text())
			select {
			case p.lines <- scan.Text():
			default: // nobody waits for lines any more
			}
		}
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// starts runs on one thread that lives as long as the test run.
var starts = func() chan<- func() {
	calls := make(chan func())
	go func() {
		runtime.LockOSThread()
		for call := range calls {
			call()
		}
	}()
	return calls
}()

// startBound starts a process that ends with the test run, also when that panics on its time limit. The kernel binds it to
// the thread that started it, and threads of ordinary goroutines come and go.
func startBound(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	done := make(chan error)
	starts <- func() { done <- cmd.Start() }
	return <-done
}

// Write makes process the sink of its own standard error.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// tail is the end of the output, for messages.
func (p *process) tail() string {
	out := p.output()
	if len(out) > 6000 {
		out = "…" + out[len(out)-6000:]
	}
	return out
}

func (p *process) awaitLine(text string, timeout time.Duration) (string, error) {
	deadline := time.After(timeout)
	for {
		select {
		case line := <-p.lines:
			if strings.Contains(line, text) {
				return line, nil
			}
		case <-p.ended:
			select {
			case line := <-p.lines:
				if strings.Contains(line, text) {
					return line, nil
				}
			default:
			}
			return "", fmt.Errorf("ended without printing %q: %v", text, p.err)
		case <-deadline:
			return "", fmt.Errorf("did not print %q within %v", text, timeout)
		}
	}
}

// terminate sends SIGTERM and returns an error unless the process ends with code 0 in time.
func (p *process) terminate(timeout time.Duration) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
		return p.err
	case <-time.After(timeout):
		p.kill()
		return fmt.Errorf("still running %v after SIGTERM", timeout)
	}
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// The instances that tests share which only send and read, under service names of their own, and those that run functions: a function may
// tell something at any time, and others count what arrives.
var (
	sharedMu  sync.Mutex
	sharedAll = map[string]*instance{}
	sharedDir []string
)

// sharedInstance keeps data of any age, because the official Zipkin example is from 2019.
func sharedInstance(t testing.TB) *instance { return shared(t, "senders") }

// functionsInstance is shared by the tests of functions.
func functionsInstance(t testing.TB) *instance { return shared(t, "functions") }

func shared(t testing.TB, name string) *instance {
	t.Helper()
	sharedMu.Lock()
	defer sharedMu.Unlock()
	in := sharedAll[name]
	if in == nil {
		dir, err := os.MkdirTemp("", "weft-e2e-")
		if err != nil {
			t.Fatal(err)
		}
		sharedDir = append(sharedDir, dir)
		in = newInstance(t, dir, "--retention-traces", "0")
		in.start(t)
		sharedAll[name] = in
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("weft's last words:\n%s", in.proc.tail())
		}
	})
	return in
}

func stopShared() {
	for name, in := range sharedAll {
		if err := in.proc.terminate(stopTimeout); err != nil {
			fmt.Fprintf(os.Stderr, "stopping the weft that %s shared: %v\n", name, err)
		}
	}
	for _, dir := range sharedDir {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, "removing the shared data:", err)
		}
	}
}
