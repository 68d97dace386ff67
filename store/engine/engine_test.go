package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// parentEnv makes the test binary a parent to be killed: it starts an engine on the folder in the variable, prints what
// the test wants to know, and waits.
const parentEnv = "WEFT_ENGINE_TEST_PARENT"

func TestMain(m *testing.M) {
	RunIfChild()
	if dir := os.Getenv(parentEnv); dir != "" {
		e, err := Start(context.Background(), Config{DataDir: dir, MemoryLimit: 1 << 30})
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("ready", e.PID(), e.DSN())
		<-e.Done()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// quick is for tests that watch restarts.
var quick = tuning{
	firstPause: 10 * time.Millisecond, longestWait: 50 * time.Millisecond, stableAfter: time.Second,
	readyIn: time.Minute, attempts: 3, firstAttempts: 2,
}

func config(t *testing.T, dir string) Config {
	return Config{DataDir: dir, MemoryLimit: 1 << 30, Logger: slog.New(slog.NewTextHandler(testWriter{t}, nil))}
}

// testWriter shows the engine's own log lines with the test that failed.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", strings.TrimSpace(string(p)))
	return len(p), nil
}

func startEngine(t *testing.T, dir string) *Engine {
	t.Helper()
	e, err := start(t.Context(), config(t, dir), quick)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopEngine(t, e) })
	return e
}

func stopEngine(t *testing.T, e *Engine) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := e.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func connect(t *testing.T, dsn string) driver.Conn {
	t.Helper()
	opts, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

func run(t *testing.T, conn driver.Conn, statement string) {
	t.Helper()
	if err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func scan[T any](t *testing.T, conn driver.Conn, query string, args ...any) (v T) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// eventually waits for a condition that another process makes true.
func eventually(t *testing.T, what string, within time.Duration, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(within); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

func TestNativeRoundTrip(t *testing.T) {
	dir := t.TempDir()
	e := startEngine(t, dir)
	conn := connect(t, e.DSN())
	run(t, conn, "CREATE DATABASE shop")
	run(t, conn, `CREATE TABLE shop.spans (id FixedString(16), at DateTime64(9), name LowCardinality(String),
		tags Map(LowCardinality(String), String), sizes Array(UInt32)) ENGINE = MergeTree ORDER BY (name, at)`)
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO shop.spans")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 123456789, time.UTC)
	for i := range 1000 {
		tags := map[string]string{"n": fmt.Sprint(i), "text": "äöü 链路"}
		if err := batch.Append(fmt.Sprintf("%016d", i), at, "checkout", tags, []uint32{uint32(i), 1 << 31}); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	var (
		gotAt time.Time
		name  string
		tags  map[string]string
		sizes []uint32
	)
	row := conn.QueryRow(t.Context(), "SELECT at, name, tags, sizes FROM shop.spans WHERE id = $1", fmt.Sprintf("%016d", 42))
	if err := row.Scan(&gotAt, &name, &tags, &sizes); err != nil {
		t.Fatal(err)
	}
	if !gotAt.Equal(at) || name != "checkout" || tags["n"] != "42" || tags["text"] != "äöü 链路" || sizes[0] != 42 || sizes[1] != 1<<31 {
		t.Errorf("got %v %q %v %v", gotAt, name, tags, sizes)
	}
	if zone := scan[string](t, conn, "SELECT timezone()"); zone != "UTC" {
		t.Errorf("time zone %q, want UTC", zone)
	}

	first := e.DSN()
	stopEngine(t, e)
	select {
	case <-e.Done():
	default:
		t.Error("Done is open after Stop")
	}
	if e.Err() != nil || e.PID() != 0 {
		t.Errorf("after Stop: Err %v, PID %d", e.Err(), e.PID())
	}
	again := startEngine(t, dir)
	if again.DSN() == first {
		t.Error("the password of the last run was used again")
	}
	if n := scan[uint64](t, connect(t, again.DSN()), "SELECT count() FROM shop.spans"); n != 1000 {
		t.Errorf("%d rows after a stop and a start, want 1000", n)
	}
}

func TestNothingGrowsUnasked(t *testing.T) {
	e := startEngine(t, t.TempDir())
	conn := connect(t, e.DSN())
	for range 50 {
		scan[uint8](t, conn, "SELECT 1")
	}
	if n := scan[uint64](t, conn, "SELECT count() FROM system.tables WHERE database = 'system' AND engine LIKE '%MergeTree'"); n != 0 {
		t.Errorf("%d system tables store rows, want none: no log tables", n)
	}
	// A statement the engine does not understand lands in its log, whole: 60 MB of them must not.
	junk := strings.Repeat("junk ", 40_000)
	for range 300 {
		resp, err := http.Post(asUser(e, user, e.password), "text/plain", strings.NewReader(junk))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			t.Fatal("junk was understood")
		}
	}
	logs, err := filepath.Glob(e.files.log + "*")
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, path := range logs {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // rotated away between the two calls
		}
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	t.Logf("log files: %d, %d bytes", len(logs), total)
	if len(logs) < 2 || total > 32<<20 {
		t.Errorf("%d log files with %d bytes, want rotation and at most 32 MiB", len(logs), total)
	}
}

// asUser is the address of the HTTP interface with credentials in the query, the way a browser would send them.
func asUser(e *Engine, name, password string) string {
	return "http://" + e.HTTPAddr() + "/?" + url.Values{"user": {name}, "password": {password}}.Encode()
}

func TestConfigFilesArePrivate(t *testing.T) {
	dir := t.TempDir()
	e := startEngine(t, dir)
	for path, want := range map[string]fs.FileMode{e.files.root: 0o700, e.files.config: 0o600, e.files.users: 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: mode %o, want %o", path, got, want)
		}
	}
	// Not in a file, not on the command line, not in the environment of the child.
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the engine's own temporary file
		}
		if strings.Contains(string(text), e.password) {
			t.Errorf("%s holds the password", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestStopEndsRunningQueries(t *testing.T) {
	e := startEngine(t, t.TempDir())
	conn := connect(t, e.DSN())
	failed := make(chan error, 1)
	go func() {
		failed <- conn.Exec(context.Background(), "SELECT sleepEachRow(1) FROM numbers(100) SETTINGS max_block_size = 1 FORMAT Null")
	}()
	watcher := connect(t, e.DSN())
	eventually(t, "the long query runs", 10*time.Second, func() bool {
		return scan[uint64](t, watcher, "SELECT count() FROM system.processes WHERE query LIKE '%numbers(100)%' AND user = 'weft'") >= 2
	})
	began := time.Now()
	stopEngine(t, e)
	t.Log("stopped in", time.Since(began))
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("Stop took %v", took)
	}
	if err := <-failed; err == nil {
		t.Error("a query of 100 s ended well")
	}
	stopEngine(t, e) // again: the same end
}

func TestStartEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	_, err := start(ctx, config(t, dir), quick)
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "\n") {
		t.Fatalf("got %v, want one line with context.Canceled", err)
	}
	startEngine(t, dir) // the folder is free again
}

func readLine(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	line, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}
