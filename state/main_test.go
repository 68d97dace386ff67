package state

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"
)

// childEnv makes the test binary one of the programs that the tests start, kill and start again.
const childEnv = "WEFT_STATE_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		go func() {
			io.Copy(io.Discard, os.Stdin) // until the test is gone
			os.Exit(1)
		}()
	}
	switch os.Getenv(childEnv) {
	case "writer":
		writeUntilKilled(os.Args[1], os.Args[2])
	case "upload":
		uploadUntilKilled(os.Args[1])
	case "server":
		serve(os.Args[1], os.Args[2])
	default:
		goleak.VerifyTestMain(m)
	}
	os.Exit(1)
}

// child runs this binary as one of the programs above. It is killed with the test.
func child(t *testing.T, what string, args ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), childEnv+"="+what)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

// serve is a NATS server as an operator runs it: a process of its own with a port.
func serve(dir, addr string) {
	host, portText, err := net.SplitHostPort(addr)
	must(err)
	port, err := net.LookupPort("tcp", portText)
	must(err)
	if port == 0 {
		port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&server.Options{
		Host: host, Port: port, JetStream: true, StoreDir: dir, SyncAlways: true, NoLog: true, NoSigs: true,
		Users: []*server.User{{Username: "weft", Password: "secret"}},
	})
	must(err)
	s.Start()
	for !s.ReadyForConnections(time.Second) {
	}
	fmt.Println(s.Addr())
	select {}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// startServer returns the server's process and address.
func startServer(t *testing.T, dir, addr string) (*exec.Cmd, string) {
	t.Helper()
	cmd, out := child(t, "server", dir, addr)
	if !out.Scan() {
		t.Fatal("the server did not start")
	}
	return cmd, strings.TrimSpace(out.Text())
}

func openEmbedded(t *testing.T, dir string) *State {
	t.Helper()
	return openState(t, Config{Dir: dir})
}

func openState(t *testing.T, config Config) *State {
	t.Helper()
	config.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	s, err := Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// inBoth runs a test on the server in this process and on one in a process of its own.
func inBoth(t *testing.T, test func(t *testing.T, s *State)) {
	t.Run("embedded", func(t *testing.T) { test(t, openEmbedded(t, t.TempDir())) })
	t.Run("external", func(t *testing.T) {
		_, addr := startServer(t, t.TempDir(), "127.0.0.1:0")
		test(t, openState(t, Config{URL: "nats://weft:secret@" + addr}))
	})
}

// eventually waits for a condition with a bound that no healthy machine reaches.
func eventually(t *testing.T, what string, f func(ctx context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !f(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within a minute", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
