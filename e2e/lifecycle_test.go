package e2e

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// runToEnd runs a command that is expected to end by itself.
func runToEnd(t *testing.T, cmd *exec.Cmd) (code int, stderr string) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = nil, &out
	if err := startBound(cmd); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(startTimeout, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// wantRefused runs weft up and wants exit code 1 and one last line with every given text; what was logged before it is
// not looked at.
func wantRefused(t *testing.T, in *instance, texts ...string) {
	t.Helper()
	code, stderr := runToEnd(t, in.command())
	lines := strings.Split(strings.TrimRight(stderr, "\n"), "\n")
	last := lines[len(lines)-1]
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if !strings.HasPrefix(last, "weft: ") {
		t.Errorf("the last line is %q, want one that starts with \"weft: \"", last)
	}
	for _, text := range texts {
		if !strings.Contains(last, text) {
			t.Errorf("the last line is %q, want it to say %q", last, text)
		}
	}
	said := 0
	for _, line := range lines {
		if strings.HasPrefix(line, "weft: ") {
			said++
		}
	}
	if said != 1 {
		t.Errorf("%d lines say what is wrong, want 1:\n%s", said, stderr)
	}
	if t.Failed() {
		t.Logf("standard error:\n%s", stderr)
	}
}

func TestBadFlag(t *testing.T) {
	wantRefused(t, newInstance(t, t.TempDir(), "--no-such-flag"), "no-such-flag")
	wantRefused(t, newInstance(t, t.TempDir(), "--log-format", "xml"), "--log-format", "xml")
}

func TestEngineMissing(t *testing.T) {
	in := newInstance(t, t.TempDir())
	in.env = []string{"WEFT_ENGINE_LIB="}
	wantRefused(t, in, "make engine")
	in.env = []string{"WEFT_ENGINE_LIB=" + in.dir + "/none.so"}
	wantRefused(t, in, "none.so")
}

func TestPortInUse(t *testing.T) {
	for _, name := range []string{"http", "WEFT_OTLP_GRPC", "WEFT_OTLP_HTTP", "WEFT_JAEGER_HTTP", "WEFT_SAMPLING", "WEFT_ZIPKIN"} {
		t.Run(name, func(t *testing.T) {
			in := newInstance(t, t.TempDir())
			l, err := net.Listen("tcp", in.addr[name])
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			wantRefused(t, in, in.addr[name], "in use")
		})
	}
	for _, name := range udpPorts {
		t.Run(name, func(t *testing.T) {
			in := newInstance(t, t.TempDir())
			c, err := net.ListenPacket("udp", in.addr[name])
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			wantRefused(t, in, in.addr[name], "in use")
		})
	}
}

func TestSecondServerOnOneDataFolder(t *testing.T) {
	in := newRunning(t)
	second := newInstance(t, in.dir)
	wantRefused(t, second, in.dir)
	if err := in.get("/api/v1/services", new(any)); err != nil {
		t.Errorf("the first server suffered: %v", err)
	}
}

func TestOpenToTheNetworkWithoutTokens(t *testing.T) {
	for _, name := range append([]string{"http"}, append(tcpPorts, udpPorts...)...) {
		t.Run(name, func(t *testing.T) {
			in := newInstance(t, t.TempDir())
			_, port, err := net.SplitHostPort(in.addr[name])
			if err != nil {
				t.Fatal(err)
			}
			in.addr[name] = "0.0.0.0:" + port
			wantRefused(t, in, "0.0.0.0:"+port, "--tokens")
		})
	}
}

// TestTerminateDrains wants SIGTERM under load to end with code 0, with everything acknowledged still there afterwards.
func TestTerminateDrains(t *testing.T) {
	in := newInstance(t, t.TempDir())
	t.Cleanup(func() { in.cleanup(t) })
	in.start(t)
	wantStatus(t, in, "/readyz", http.StatusOK)
	wantStatus(t, in, "/healthz", http.StatusOK)
	l := &load{target: in.addr["WEFT_OTLP_GRPC"]}
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.run(t.Context(), t)
	}()
	await(t, 30*time.Second, func() error {
		if acked, _, _ := l.counts(); acked < 50 {
			return errNotYet
		}
		return nil
	})
	in.stop(t) // wants exit code 0
	<-done     // every connection ended with the server
	in.start(t)
	l.check(t, in, time.Minute)
}

func wantStatus(t *testing.T, in *instance, path string, want int) {
	t.Helper()
	status, body, err := in.fetch(path)
	if err != nil {
		t.Fatal(err)
	}
	if status != want {
		t.Errorf("GET %s: %d %.200s, want %d", path, status, body, want)
	}
}

// TestParentKilledEngineGone wants no engine to survive its parent.
func TestParentKilledEngineGone(t *testing.T) {
	in := newInstance(t, t.TempDir())
	t.Cleanup(func() { in.cleanup(t) })
	in.start(t)
	pid := in.mustEngine(t)
	in.crash()
	await(t, 10*time.Second, func() error {
		if _, err := os.Stat("/proc/" + itoa(pid) + "/maps"); err == nil && !isZombie(pid) {
			return errors.New("the engine is still there")
		}
		return nil
	})
}

func itoa(pid int) string { return strconv.Itoa(pid) }

// isZombie reports whether a process has ended but has not been reaped by whoever inherited it.
func isZombie(pid int) bool {
	stat, err := os.ReadFile("/proc/" + itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "Z")
}
