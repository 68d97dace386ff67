package sandbox

import (
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestKillReachesWhatEscapes(t *testing.T) {
	f := func(m *Manager, kill bool, rest string, args ...string) {
		t.Helper()
		var out output
		spec := command(t, append([]string{"python3", "-c", escape + rest}, args...)...)
		spec.Stdout, spec.Stderr = &out, &out
		p := start(t, m, spec)
		escaped := out.number(t)
		if kill {
			if !alive(escaped) {
				t.Fatalf("%d is not running", escaped)
			}
			p.Kill()
		}
		ended(t, p)
		until(t, "what has escaped is gone", func() bool { return !alive(escaped) })
	}
	inEachMode(t, func(t *testing.T, m *Manager) {
		f(m, true, "time.sleep(600)")
		f(m, false, "sys.exit(0)") // its output is held open, and Done must not wait for that
		if len(m.hierarchies) > 0 {
			f(m, true, "time.sleep(600)", "clean") // only its control groups tell whose it is
			f(m, false, "sys.exit(0)", "clean")
		}
	})
}

func TestForkBomb(t *testing.T) {
	// Every generation doubles, in sessions of their own; after seven there are 255 should nothing bound them.
	const bomb = `
import os, time
print("started", flush=True)
for i in range(7):
    try:
        if os.fork() == 0:
            os.setsid()
    except OSError:
        pass
time.sleep(600)
`
	inEachMode(t, func(t *testing.T, m *Manager) {
		var out output
		spec := command(t, "python3", "-c", bomb)
		spec.Stdout, spec.Stderr, spec.Processes = &out, &out, 10
		p := start(t, m, spec)
		if p.group.with("pids") == nil {
			if exit := ended(t, p); !exit.TooManyProcesses || exit.Signal != "killed" || exit.OutOfMemory {
				t.Errorf("exit is %+v, want too many processes", exit)
			}
			return
		}
		of := func(file string) []byte { return read(p.group.with("pids").dir+"/"+file, make([]byte, statSize)) }
		until(t, "the bound is reached", func() bool { return number(of("pids.current")) == 10 })
		until(t, "a fork is refused", func() bool { return sum(of("pids.events"), "max") > 0 })
		p.Kill()
		ended(t, p)
	})
}

func TestOutOfMemory(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	inEachMode(t, func(t *testing.T, m *Manager) {
		other := shell(t, "while :; do sleep 0.05; done")
		other.Memory = 64 << 20
		neighbour := start(t, m, other)
		f := func(argv ...string) {
			t.Helper()
			var out output
			spec := command(t, argv...)
			spec.Environment = append(spec.Environment, "WEFT_TEST_PROGRAM=eat")
			spec.Memory, spec.Stdout, spec.Stderr = 64<<20, &out, &out
			exit := ended(t, start(t, m, spec))
			if !exit.OutOfMemory || exit.Code == 0 || exit.DiskFull {
				t.Errorf("%q: exit is %+v, want out of memory; it printed %q", argv, exit, out.String())
			}
			if exit.Usage.MaxMemory < 48<<20 {
				t.Errorf("%q: usage is %+v, want about the bound", argv, exit.Usage)
			}
		}
		f(self)
		f("/bin/sh", "-c", `"$1"; while :; do sleep 1; done`, "sh", self) // a child eats, its parent lives on
		// A signal of another's is none of ours.
		spec := shell(t, "kill -KILL $$")
		spec.Memory = 64 << 20
		if exit := ended(t, start(t, m, spec)); exit.OutOfMemory || exit.Signal != "killed" {
			t.Errorf("exit is %+v, want killed, not out of memory", exit)
		}
		if !alive(neighbour.PID()) {
			t.Error("the neighbour was killed")
		}
		u := neighbour.Usage()
		if u.Memory <= 0 || u.MaxMemory < u.Memory || u.MaxMemory > 64<<20 {
			t.Errorf("the neighbour's usage is %+v", u)
		}
	})
}

func TestDiskFull(t *testing.T) {
	inEachMode(t, func(t *testing.T, m *Manager) {
		f := func(argv ...string) {
			t.Helper()
			var out output
			spec := command(t, argv...)
			spec.Disk, spec.Stdout, spec.Stderr = 4<<20, &out, &out
			exit := ended(t, start(t, m, spec))
			if !exit.DiskFull || exit.OutOfMemory {
				t.Errorf("%q: exit is %+v, want disk full; it printed %q", argv, exit, out.String())
			}
		}
		f("/bin/sh", "-c", `cat /dev/zero > "$HOME/one"`)
		f("/bin/sh", "-c", `mkdir "$HOME/sub"; i=0; while [ $i -lt 100 ]; do
			head -c 1000000 /dev/zero > "$HOME/sub/$i"; i=$((i + 1)); done; sleep 600`)
		f("/bin/sh", "-c", `i=3; while [ $i -lt 10 ]; do
			eval "exec $i> \"\$HOME/$i\""; rm "$HOME/$i"; eval "head -c 1000000 /dev/zero >&$i"; i=$((i + 1)); done; sleep 600`)
		f("python3", "-c", `
import os
with open(os.environ["HOME"] + "/one", "wb", buffering=0) as f:
    while True:
        f.write(bytes(1 << 20))`) // it gets an error and ends by itself

		spec := shell(t, `head -c 1000000 /dev/zero > "$HOME/one"; exit 1`)
		spec.Disk = 4 << 20
		if exit := ended(t, start(t, m, spec)); exit.DiskFull || exit.Code != 1 {
			t.Errorf("exit is %+v, want code 1 only", exit)
		}
	})
}

func TestFolderThatMayNotBeWrittenIsRemoved(t *testing.T) {
	m := newManager(t, Config{Dir: t.TempDir()}) // its clean-up looks at the folders
	exit := ended(t, start(t, m, shell(t, `mkdir -p "$HOME/a/b"; touch "$HOME/a/b/c"; chmod 0 "$HOME/a/b" "$HOME/a" "$HOME"`)))
	if exit.Code != 0 {
		t.Errorf("exit is %+v", exit)
	}
}

// blocking is a writer that never returns before it is let go.
type blocking struct {
	calls atomic.Int64
	free  chan struct{}
}

func (b *blocking) Write(p []byte) (int, error) {
	b.calls.Add(1)
	<-b.free
	return len(p), nil
}

// counting counts what is written and in which pieces.
type counting struct{ bytes, largest atomic.Int64 }

func (c *counting) Write(p []byte) (int, error) {
	c.bytes.Add(int64(len(p)))
	c.largest.Store(max(c.largest.Load(), int64(len(p))))
	return len(p), nil
}

func TestFloodOfOutput(t *testing.T) {
	inEachMode(t, func(t *testing.T, m *Manager) {
		stuck := &blocking{free: make(chan struct{})}
		defer close(stuck.free)
		spec := command(t, "cat", "/dev/zero")
		spec.Stdout = stuck
		held := start(t, m, spec)

		counter := &counting{}
		spec = command(t, "cat", "/dev/zero")
		spec.Stdout = counter
		flood := start(t, m, spec)
		until(t, "16 MiB are handed over", func() bool { return counter.bytes.Load() > 16<<20 })
		if n := counter.largest.Load(); n > chunk {
			t.Errorf("a piece of %d bytes was handed over, want at most %d", n, chunk)
		}
		if n := stuck.calls.Load(); n != 1 {
			t.Errorf("the writer that does not return was called %d times, want once", n)
		}
		// Others run as ever, and both can be ended.
		if exit := ended(t, start(t, m, shell(t, "exit 5"))); exit.Code != 5 {
			t.Errorf("exit is %+v", exit)
		}
		flood.Kill()
		held.Kill()
		ended(t, flood)
		ended(t, held)

		// A writer that fails does not stop the process.
		spec = shell(t, "head -c 1000000 /dev/zero; exit 6")
		spec.Stdout = failing{}
		if exit := ended(t, start(t, m, spec)); exit.Code != 6 {
			t.Errorf("exit is %+v, want code 6", exit)
		}
	})
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestProcessorsBounded(t *testing.T) {
	inEachMode(t, func(t *testing.T, m *Manager) {
		spec := shell(t, "while :; do :; done")
		spec.CPU = 0.1
		p := start(t, m, spec)
		until(t, "it has taken 100 ms", func() bool { return p.Usage().CPU > 100*time.Millisecond })
		wall := time.Since(p.Started().Exec)
		if p.group.with("cpu") != nil && wall < 500*time.Millisecond { // a second, less what the first period gives away
			t.Errorf("100 ms of a tenth of a processor took %v", wall)
		}
	})
}

func TestNothingLeaks(t *testing.T) {
	inEachMode(t, func(t *testing.T, m *Manager) {
		f := func(n int) {
			for i := range n {
				spec := shell(t, "echo hello; exec sleep 600")
				if i%2 == 0 {
					spec = command(t, "/bin/true")
				}
				out := &output{}
				spec.Memory, spec.Processes, spec.Disk, spec.CPU, spec.Stdout = 64<<20, 20, 1<<20, 1, out
				p := start(t, m, spec)
				if i%2 == 1 {
					until(t, "it prints", func() bool { return out.String() == "hello\n" })
					if i%4 == 1 && p.Freeze() != nil {
						t.Fatal("freeze failed")
					}
					p.Kill()
				}
				ended(t, p)
			}
		}
		f(8) // what is made once is made
		until(t, "folders are removed", func() bool { return resources(t, m).folders == 0 })
		before := resources(t, m)
		f(200)
		var after held
		until(t, "folders are removed", func() bool { after = resources(t, m); return after.folders == 0 })
		// What has just ended may still count, which 200 leaks exceed.
		if after.fds > before.fds+5 || after.goroutines > before.goroutines+5 || after.groups > 0 || after.free != before.free {
			t.Errorf("held are %+v, before %+v", after, before)
		}
	})
}

// held is what a start could leak.
type held struct {
	fds, goroutines, groups, folders int
	free                             int64
}

func resources(t *testing.T, m *Manager) held {
	h := held{goroutines: runtime.NumGoroutine(), free: m.Limits().Memory}
	count := func(dir string, counts func(os.DirEntry) bool) int {
		n := 0
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if counts(e) {
				n++
			}
		}
		return n
	}
	any := func(os.DirEntry) bool { return true }
	h.fds = count("/proc/self/fd", any)
	h.folders = count(m.dir, any) + count(m.trash, any)
	for _, in := range m.hierarchies {
		h.groups += count(in.dir, os.DirEntry.IsDir)
	}
	return h
}

func TestConcurrentStarts(t *testing.T) {
	inEachMode(t, func(t *testing.T, m *Manager) {
		results := make(chan error)
		const n = 24
		for range n {
			out := &output{}
			spec := shell(t, "echo hello; sleep 600")
			spec.Stdout, spec.Memory = out, 16<<20
			go func() {
				p, err := m.Start(t.Context(), spec)
				if err != nil {
					results <- err
					return
				}
				for !strings.Contains(out.String(), "hello") {
					time.Sleep(time.Millisecond)
				}
				for _, step := range []func() error{p.Freeze, p.Thaw, func() error { p.Usage(); p.Kill(); return nil }} {
					if err := step(); err != nil {
						results <- err
						return
					}
				}
				<-p.Done()
				results <- nil
			}()
		}
		for range n {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
	})
}
