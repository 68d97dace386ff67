package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"weft/store/engine"
)

var errNotYet = errors.New("the load has not come up to speed")

// outage is how long ClickHouse stays away.
func outage() time.Duration {
	if os.Getenv("WEFT_E2E_LONG") != "" {
		return 2 * time.Minute
	}
	return 20 * time.Second
}

// newLoaded is newRunning for a test that watches memory under load. What stands in memory by design, blocks and requests that wait for
// the store and spans that wait for their callers, is at its bound within seconds, and garbage is collected early.
func newLoaded(t *testing.T, args ...string) *instance {
	t.Helper()
	config, err := os.ReadFile(filepath.Join(root, "collector", "default.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const exporter = "  weft_store:\n"
	if strings.Count(string(config), exporter) != 1 {
		t.Fatalf("collector/default.yaml has no line %q", exporter)
	}
	file := filepath.Join(t.TempDir(), "collector.yaml")
	bounded := strings.Replace(string(config), exporter, exporter+"    block_rows: 20000\n    memory_bytes: 1048576\n", 1)
	if err := os.WriteFile(file, []byte(bounded), 0o600); err != nil {
		t.Fatal(err)
	}
	in := newInstance(t, t.TempDir(), append(args, "--collector-config", file)...)
	in.env = append(in.env, "WEFT_TOPOLOGY_WINDOW=1s", "GOGC=50")
	in.start(t)
	t.Cleanup(func() { in.cleanup(t) })
	return in
}

// Memory is flat when the second half of the time that ClickHouse is away needs about what the first half does. A megabyte of spans
// arrives each second and is four times that in memory, so keeping those of the second half would show.
const (
	flatWithin = 32 << 20
	mostMemory = 256 << 20
)

// TestEngineHangs stops the engine's process, as a stuck disk or a debugger would: connections stay open, answers stop.
func TestEngineHangs(t *testing.T) {
	in := newLoaded(t)
	testOutage(t, in, func(ctx context.Context) {
		pid := in.mustEngine(t)
		signal(t, pid, syscall.SIGSTOP)
		<-ctx.Done()
		// Weft may have replaced an engine that does not answer.
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Error(err)
		}
	})
}

// TestEngineCrashesAgainAndAgain kills the engine each time it has come back and answers.
func TestEngineCrashesAgainAndAgain(t *testing.T) {
	in := newLoaded(t)
	killed := 0
	testOutage(t, in, func(ctx context.Context) {
		for ctx.Err() == nil {
			// Only an engine that answers: one that never does is given up, and Weft with it.
			if status, _, err := in.fetch("/readyz"); err == nil && status == http.StatusOK {
				signal(t, in.mustEngine(t), syscall.SIGKILL)
				killed++
			}
			select {
			case <-ctx.Done():
			case <-time.After(300 * time.Millisecond):
			}
		}
	})
	if killed < 2 {
		t.Errorf("the engine was killed %d times: it was not restarted", killed)
	}
	restarts, err := in.metric("weft_engine_restarts_total")
	if err != nil {
		t.Fatal(err)
	}
	if restarts < 1 {
		t.Errorf("weft_engine_restarts_total is %v after %d kills", restarts, killed)
	}
}

// TestExternalClickHouseAway runs Weft against a ClickHouse it does not manage, and takes that away.
func TestExternalClickHouseAway(t *testing.T) {
	library, err := engine.FindLibrary(filepath.Join(root, "data"))
	if err != nil {
		t.Fatal(err)
	}
	server, err := engine.Start(t.Context(), engine.Config{Library: library, DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	in := newLoaded(t, "--clickhouse", server.DSN())
	if _, err := in.engine(); err == nil {
		t.Error("weft runs an engine of its own beside --clickhouse")
	}
	testOutage(t, in, func(ctx context.Context) {
		signal(t, server.PID(), syscall.SIGSTOP)
		<-ctx.Done()
		signal(t, server.PID(), syscall.SIGCONT)
	})
}

// testOutage loads Weft steadily, takes ClickHouse away for a while, and wants everything to be taken all the time, memory
// to stay flat, and all of it to be countable soon after ClickHouse is back.
func testOutage(t *testing.T, in *instance, takeAway func(context.Context)) {
	t.Helper()
	const (
		interval = 40 * time.Millisecond // 10 000 spans a second on four connections
		around   = 5 * time.Second       // of load before and after
	)
	l := &load{target: in.addr["WEFT_OTLP_GRPC"], interval: interval}
	ctx, stopLoad := context.WithCancel(t.Context())
	defer stopLoad()
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.run(ctx, t)
	}()
	time.Sleep(around)

	awayCtx, back := context.WithTimeout(ctx, outage())
	defer back()
	ackedBefore, _, _ := l.counts()
	pid := in.pid()
	samples := watch(awayCtx, func() int64 { return residentBytes(t, pid) })
	takeAway(awayCtx)
	memory := <-samples
	ackedAway, _, _ := l.counts()
	first, second := slices.Max(memory[:len(memory)/2]), slices.Max(memory[len(memory)/2:])
	t.Logf("away for %v: %d spans acknowledged meanwhile; memory %d MiB before, at most %d MiB in the first half and %d MiB in the second",
		outage(), (ackedAway-ackedBefore)*spansPerRequest, memory[0]>>20, first>>20, second>>20)
	if second > first+flatWithin || second > mostMemory {
		t.Errorf("memory grew from %d to %d MiB while ClickHouse was away", first>>20, second>>20)
	}
	// At least half of the steady rate must have been taken: acknowledging does not wait for ClickHouse.
	if want := int(outage()/interval) * loadConnections / 2; ackedAway-ackedBefore < want {
		t.Errorf("%d requests were acknowledged while ClickHouse was away, want at least %d", ackedAway-ackedBefore, want)
	}

	time.Sleep(around)
	stopLoad()
	<-done
	l.noRefusals(t)
	l.check(t, in, time.Minute)
}

// watch collects what read returns until ctx is done, four times a second.
func watch(ctx context.Context, read func() int64) <-chan []int64 {
	out := make(chan []int64, 1)
	go func() {
		samples := []int64{read()}
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				out <- samples
				return
			case <-tick.C:
				samples = append(samples, read())
			}
		}
	}()
	return out
}

func signal(t testing.TB, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatalf("signal %v to %d: %v", s, pid, err)
	}
}

// engine is the process id of Weft's engine child: the one that has the library mapped.
func (in *instance) engine() (int, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", in.pid()))
	if err != nil {
		return 0, err
	}
	for _, task := range tasks {
		children, err := os.ReadFile(task)
		if err != nil {
			continue // a thread that ended
		}
		for _, field := range strings.Fields(string(children)) {
			maps, err := os.ReadFile("/proc/" + field + "/maps")
			if err == nil && strings.Contains(string(maps), "libchdb") {
				return strconv.Atoi(field)
			}
		}
	}
	return 0, errNoEngine
}

func (in *instance) mustEngine(t testing.TB) int {
	t.Helper()
	pid, err := in.engine()
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// residentBytes is the resident memory of one process, without its children.
func residentBytes(t testing.TB, pid int) int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Error(err)
		return 0
	}
	fields := strings.Fields(string(raw))
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		t.Error(err)
	}
	return pages * int64(os.Getpagesize())
}
