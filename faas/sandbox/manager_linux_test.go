package sandbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCapacity(t *testing.T) {
	m := newManager(t, Config{Dir: t.TempDir(), Memory: 256 << 20})
	spec := shell(t, "sleep 600")
	spec.Memory = 192 << 20
	p := start(t, m, spec)
	if free := m.Limits().Memory; free != 64<<20 {
		t.Errorf("%d bytes can be promised, want %d", free, 64<<20)
	}
	spec = shell(t, "exit")
	spec.Memory = 65 << 20
	_, err := m.Start(context.Background(), spec)
	var capacity *CapacityError
	if !errors.As(err, &capacity) || *capacity != (CapacityError{Asked: 65 << 20, Free: 64 << 20, Total: 256 << 20}) {
		t.Fatalf("%v, want a capacity error", err)
	}
	if want := "memory of 68157440 bytes cannot be promised: 67108864 of 268435456 are free"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	p.Kill()
	ended(t, p)
	ended(t, start(t, m, spec))

	whole := newManager(t, Config{Dir: t.TempDir()}).Limits().Memory
	if total := machineMemory(); whole <= 0 || whole != total-total/8 {
		t.Errorf("%d bytes can be promised of %d, want seven eighths", whole, total)
	}
}

func TestLimits(t *testing.T) {
	f := func(without kinds) Limits {
		t.Helper()
		m := newManager(t, Config{Dir: t.TempDir(), without: without})
		l := m.Limits()
		for _, h := range m.hierarchies {
			for _, c := range h.controllers {
				if c != "cpuacct" && !slices.Contains(l.Controllers, c) {
					t.Errorf("limits are %+v, want %s of %s", l, c, h.dir)
				}
			}
		}
		return l
	}
	all, none := f(0), f(v1|v2)
	if none.Groups != "" || len(none.Controllers) > 0 || none.Memory != all.Memory {
		t.Errorf("limits without control groups are %+v, with them %+v", none, all)
	}
	if l := f(v2); l.Groups == "v2" {
		t.Errorf("limits without v2 are %+v", l)
	}
}

func TestFolderIsLocked(t *testing.T) {
	dir := t.TempDir()
	m := newManager(t, Config{Dir: dir})
	if _, err := New(Config{Dir: dir}); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("a second manager: %v, want %v", err, ErrInUse)
	}
	p := start(t, m, shell(t, "sleep 600"))
	keeper := m.keeper.pid()
	for range 2 {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if exit := ended(t, p); exit.Signal != "killed" {
		t.Errorf("exit is %+v, want killed", exit)
	}
	if alive(keeper) {
		t.Error("the keeper is left")
	}
	if _, err := m.Start(context.Background(), shell(t, "exit")); !errors.Is(err, ErrClosed) {
		t.Errorf("start after close: %v, want %v", err, ErrClosed)
	}
	newManager(t, Config{Dir: dir})
}

func TestFolderOfOthers(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine")
	if err := os.Mkdir(mine, 0o755); err != nil {
		t.Fatal(err)
	}
	newManager(t, Config{Dir: dir})
	if _, err := os.Stat(mine); err != nil {
		t.Errorf("what is not the manager's: %v", err)
	}
	if _, err := New(Config{Dir: "/proc/no/such"}); err == nil || !strings.Contains(err.Error(), "sandbox folder") {
		t.Errorf("a folder that cannot be made: %v", err)
	}
	if _, err := New(Config{Dir: t.TempDir(), Memory: -1}); err == nil || !strings.Contains(err.Error(), "-1 bytes") {
		t.Errorf("negative memory: %v", err)
	}
}

func TestParseHierarchies(t *testing.T) {
	f := func(mounts, own string, want ...hierarchy) {
		t.Helper()
		var got []hierarchy
		for _, h := range parseHierarchies(mounts, own) {
			got = append(got, *h)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	}
	all := []string{"cpu", "cpuacct", "freezer", "memory", "pids"}
	f("29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
		"0::/system.slice/weft.service\n",
		hierarchy{v2: true, controllers: all, own: "/sys/fs/cgroup/system.slice/weft.service"})
	f("29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
		"0::/system.slice/weft.service/"+hostLeaf+"\n", // moved there by an earlier manager of this host
		hierarchy{v2: true, controllers: all, own: "/sys/fs/cgroup/system.slice/weft.service"})
	f("31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"+
		"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"+
		"33 31 0:30 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n"+
		"34 31 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"+
		"35 31 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
		"4:memory:/user\n3:blkio:/\n2:cpu,cpuacct:/slice\n1:name=systemd:/\n0::/scope\n",
		hierarchy{v2: true, controllers: all, own: "/sys/fs/cgroup/unified/scope"},
		hierarchy{controllers: []string{"cpu", "cpuacct"}, own: "/sys/fs/cgroup/cpu,cpuacct/slice"},
		hierarchy{controllers: []string{"memory"}, own: "/sys/fs/cgroup/memory/user"})
	// In a container whose mount begins at its own group.
	f("34 31 0:31 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup ro,memory\n", "4:memory:/docker/abc/sub\n",
		hierarchy{controllers: []string{"memory"}, own: "/sys/fs/cgroup/memory/sub"})
	f("34 31 0:31 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup ro,memory\n", "4:memory:/\n",
		hierarchy{controllers: []string{"memory"}, own: "/sys/fs/cgroup/memory"})
	f("no mounts\n", "")
}

// The kernel's side of v2 is a folder of files here, where v1 has the controllers.
func TestBoundsOfV2(t *testing.T) {
	dir := t.TempDir()
	files := []string{"memory.max", "memory.oom.group", "memory.swap.max", "cpu.max", "pids.max"}
	for _, file := range files {
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p := part{hierarchy: &hierarchy{v2: true, controllers: []string{"cpu", "memory", "pids"}}, dir: dir}
	now, late := p.bounds(&Spec{Memory: 64 << 20, CPU: 1.5, Processes: 20})
	if len(late) > 0 {
		t.Errorf("%v are set after the fork, want none", late)
	}
	for _, s := range now {
		if err := s.apply(); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"67108864", "1", "0", "150000 100000", "20"} {
		if got, err := os.ReadFile(filepath.Join(dir, files[i])); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v; want %q", files[i], got, err, want)
		}
	}
}

func TestKeeperIsStartedAgain(t *testing.T) {
	m := newManager(t, Config{Dir: t.TempDir()})
	first := m.keeper.pid()
	proc, err := os.FindProcess(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := proc.Kill(); err != nil {
		t.Fatal(err)
	}
	until(t, "another keeper runs", func() bool { return m.keeper.pid() != first && alive(m.keeper.pid()) })
}

func BenchmarkStart(b *testing.B) {
	for _, mode := range modes {
		b.Run("mode="+mode.name, func(b *testing.B) {
			m := newManager(b, Config{Dir: b.TempDir(), without: mode.without})
			spec := command(b, "/bin/true")
			spec.Memory, spec.Processes, spec.Disk, spec.CPU = 64<<20, 20, 1<<20, 1
			var fork time.Duration
			for b.Loop() {
				p := start(b, m, spec)
				b.StopTimer()
				s := p.Started()
				fork += s.Exec.Sub(s.Fork)
				ended(b, p)
				b.StartTimer()
			}
			b.ReportMetric(float64(fork.Microseconds())/float64(b.N), "µs-fork/op")
		})
	}
}

func BenchmarkUsage(b *testing.B) {
	for _, mode := range modes {
		b.Run("mode="+mode.name, func(b *testing.B) {
			m := newManager(b, Config{Dir: b.TempDir(), without: mode.without})
			p := start(b, m, shell(b, "sleep 600"))
			for b.Loop() {
				p.Usage()
			}
		})
	}
}

// What the invoke runtime reads for every invocation.
func BenchmarkSpent(b *testing.B) {
	for _, mode := range modes {
		b.Run("mode="+mode.name, func(b *testing.B) {
			m := newManager(b, Config{Dir: b.TempDir(), without: mode.without})
			p := start(b, m, shell(b, "sleep 600"))
			for b.Loop() {
				p.CPU()
				p.Spent()
			}
		})
	}
}

// Spent is Usage without Memory.
func TestSpent(t *testing.T) {
	for _, mode := range modes {
		t.Run("mode="+mode.name, func(t *testing.T) {
			m := newManager(t, Config{Dir: t.TempDir(), without: mode.without})
			p := start(t, m, shell(t, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo busy; sleep 600"))
			deadline := time.Now().Add(30 * time.Second)
			for p.CPU() < time.Millisecond || p.Spent().MaxMemory == 0 {
				if time.Now().After(deadline) {
					t.Fatalf("after 30s: %v, %+v", p.CPU(), p.Spent())
				}
				time.Sleep(5 * time.Millisecond)
			}
			least, spent, most := p.Usage(), p.Spent(), p.Usage()
			if spent.CPU < least.CPU || spent.CPU > most.CPU || spent.MaxMemory < least.MaxMemory || spent.MaxMemory > most.MaxMemory {
				t.Errorf("got %+v, want it between %+v and %+v", spent, least, most)
			}
		})
	}
}
