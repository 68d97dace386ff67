package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain makes the test binary the programs that tests start: WEFT_TEST_PROGRAM names one.
func TestMain(m *testing.M) {
	switch program := os.Getenv("WEFT_TEST_PROGRAM"); program {
	case "":
		os.Exit(m.Run())
	case "eat":
		eat()
	case "host":
		runHost()
	default:
		fmt.Fprintln(os.Stderr, "no program", program)
		os.Exit(2)
	}
}

// eat takes memory and writes to it until it is stopped.
func eat() {
	var all [][]byte
	for {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 1024 {
			b[i] = 1
		}
		all = append(all, b)
		if len(all) == 2<<10 { // a bound that does not work must not take the machine
			fmt.Println("ate 2 GiB")
			os.Exit(0)
		}
	}
}

// patience is how long a test waits for what should happen soon.
const patience = 60 * time.Second

// modes are the ways in which bounds are kept: with every control group that there is, with those of v1 only, with none.
var modes = []struct {
	name    string
	without kinds
}{{"groups", 0}, {"v1", v2}, {"watched", v1 | v2}}

// inEachMode runs f with a manager of its own in each mode and checks that nothing of it is left.
func inEachMode(t *testing.T, f func(t *testing.T, m *Manager)) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			m := newManager(t, Config{Dir: t.TempDir(), without: mode.without})
			f(t, m)
		})
	}
}

func newManager(t testing.TB, config Config) *Manager {
	t.Helper()
	m, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if left := killMarked(m.token); left > 0 {
			t.Errorf("%d processes are left", left)
		}
		for _, h := range m.hierarchies {
			if _, err := os.Stat(h.dir); err == nil {
				t.Errorf("control group %s is left", h.dir)
			}
		}
		for _, dir := range []string{m.dir, m.trash} {
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("%s holds %v, %v; want nothing", dir, left, err)
			}
		}
	})
	return m
}

var ids struct {
	sync.Mutex
	n int
}

// shell is the spec of a shell script.
func shell(t testing.TB, script string, args ...string) Spec {
	return command(t, append([]string{"/bin/sh", "-c", script, "sh"}, args...)...)
}

func command(t testing.TB, argv ...string) Spec {
	ids.Lock()
	defer ids.Unlock()
	ids.n++
	return Spec{ID: "test-" + strconv.Itoa(ids.n), Command: argv, Dir: t.TempDir(), Environment: []string{"PATH=" + os.Getenv("PATH")}}
}

func start(t testing.TB, m *Manager, spec Spec) *Process {
	t.Helper()
	p, err := m.Start(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ended(t testing.TB, p *Process) Exit {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(patience):
		t.Fatalf("process %d has not ended", p.PID())
	}
	return p.Exit()
}

// until waits for a condition.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// output is a writer that tests can read at any time.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// number waits for the first whole line of a process's output, which is a number.
func (o *output) number(t testing.TB) int {
	t.Helper()
	until(t, "a line is printed", func() bool { return strings.Contains(o.String(), "\n") })
	line, _ := bufio.NewReader(strings.NewReader(o.String())).ReadString('\n')
	n, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// alive reports whether a process runs or is stopped; not when it has ended.
func alive(pid int) bool {
	_, ok := readEntry(pid)
	return ok
}

// escape is a Python program that leaves its process group, session and parent. It prints the pid of what has got away,
// which sleeps for ten minutes and holds the output, without environment when there is an argument. The first process waits for that, and does what follows.
const escape = `
import os, sys, time
r, w = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        print(os.getpid(), flush=True)
        os.write(w, b"x")
        if len(sys.argv) > 1:
            os.execve("/bin/sleep", ["sleep", "600"], {})
        time.sleep(600)
    os._exit(0)
os.wait()
os.read(r, 1)
`

func (k *keeper) pid() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cmd.Process.Pid
}
