package engine

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
)

func TestMemoryLimit(t *testing.T) {
	const limit = 512 << 20
	cfg := config(t, t.TempDir())
	cfg.MemoryLimit = limit
	e, err := start(t.Context(), cfg, quick)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopEngine(t, e) })
	conn, pid := connect(t, e.DSN()), e.PID()
	if got := scan[string](t, conn, "SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'"); got != strconv.Itoa(limit) {
		t.Errorf("max_server_memory_usage = %s, want %d", got, limit)
	}
	for range 3 {
		// 8 GB in one state, which cannot spill to disk.
		var rows uint64
		err := conn.QueryRow(t.Context(), "SELECT length(groupArray(number)) FROM numbers(1000000000)").Scan(&rows)
		const memoryLimitExceeded = 241
		if ex, ok := errors.AsType[*clickhouse.Exception](err); !ok || ex.Code != memoryLimitExceeded {
			t.Fatalf("got %v, want MEMORY_LIMIT_EXCEEDED", err)
		}
		scan[uint8](t, conn, "SELECT 1")
	}
	if e.PID() != pid || e.Restarts() != 0 {
		t.Errorf("the engine did not survive: %d restarts", e.Restarts())
	}
	// The library itself, its mapped pages and what the allocator keeps come on top of the limit.
	peak := peakRSS(t, pid)
	t.Logf("peak RSS %d MiB", peak>>20)
	if peak > limit+600<<20 {
		t.Errorf("peak RSS %d MiB with a limit of %d MiB", peak>>20, limit>>20)
	}
}

func TestMemoryLimitDefaultsToHalf(t *testing.T) {
	cfg := config(t, t.TempDir())
	cfg.MemoryLimit = 0
	e, err := start(t.Context(), cfg, quick)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopEngine(t, e) })
	conn := connect(t, e.DSN())
	got := scan[uint64](t, conn, "SELECT toUInt64(value) FROM system.server_settings WHERE name = 'max_server_memory_usage'")
	if total := totalMemory(t); got == 0 || got > total/2 {
		t.Errorf("max_server_memory_usage = %d, want at most half of %d", got, total)
	}
}

func TestMemoryLimitTooSmall(t *testing.T) {
	_, err := Start(t.Context(), Config{DataDir: t.TempDir(), MemoryLimit: 1 << 20})
	if want := "engine memory limit: want 0 or at least 268435456 bytes, got 1048576"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func peakRSS(t *testing.T, pid int) int64 {
	return procKB(t, fmt.Sprintf("/proc/%d/status", pid), "VmHWM:") << 10
}

func totalMemory(t *testing.T) uint64 { return uint64(procKB(t, "/proc/meminfo", "MemTotal:")) << 10 }

// procKB reads one "Name:  123 kB" line of a file in /proc.
func procKB(t *testing.T, path, name string) int64 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("%s: no %s", path, name)
	return 0
}
