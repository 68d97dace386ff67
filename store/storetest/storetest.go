// Package storetest gives tests a real ClickHouse: one embedded engine per test binary, one database per test. It never
// skips: without the engine library a test fails and says how to get it.
package storetest

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"weft/store"
	"weft/store/engine"
)

// shared is the engine of this test binary: started by the first test that wants it, stopped by Main.
var shared struct {
	once sync.Once
	eng  *engine.Engine
	dir  string
	err  error
	main atomic.Bool
	seq  atomic.Int64
}

// Main is what a package's TestMain calls, and all that it does.
//
//	func TestMain(m *testing.M) { storetest.Main(m) }
func Main(m *testing.M) {
	engine.RunIfChild()
	shared.main.Store(true)
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "storetest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Open returns a store on a fresh, migrated database of the test's own, without retention. It is closed, and the
// database dropped, when the test ends.
func Open(t testing.TB) *store.Store {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := store.Open(ctx, store.Config{DSN: DSN(t), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error("storetest: close the store:", err)
		}
	})
	return s
}

// DSN returns the DSN of a database of the test's own on the shared engine. The database does not exist yet: store.Open
// creates it; it is dropped when the test ends.
func DSN(t testing.TB) string {
	t.Helper()
	shared.once.Do(start)
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	base := shared.eng.DSN()
	dsn, err := url.Parse(base)
	if err != nil {
		t.Fatal("storetest: the engine's DSN is no URL") // not err: it would print the password
	}
	name := fmt.Sprintf("test_%d", shared.seq.Add(1))
	dsn.Path = "/" + name
	t.Cleanup(func() { drop(t, base, name) })
	return dsn.String()
}

// Engine returns the shared engine, for tests that look at it or kill its child.
func Engine(t testing.TB) *engine.Engine {
	t.Helper()
	shared.once.Do(start)
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.eng
}

func start() {
	if !shared.main.Load() {
		shared.err = fmt.Errorf("storetest: add func TestMain(m *testing.M) { storetest.Main(m) } to this package")
		return
	}
	if shared.dir, shared.err = os.MkdirTemp("", "weft-storetest-"); shared.err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	shared.eng, shared.err = engine.Start(ctx, engine.Config{
		DataDir: shared.dir, MemoryLimit: 4 << 30, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
}

func stop() error {
	if shared.eng != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := shared.eng.Stop(ctx); err != nil {
			return err
		}
	}
	if shared.dir == "" {
		return nil
	}
	return os.RemoveAll(shared.dir)
}

// drop removes a test's database. SYNC, so that a long run does not fill the disk with dropped tables.
func drop(t testing.TB, dsn, name string) {
	opts, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		t.Error("storetest: parse the engine's DSN:", err)
		return
	}
	conn, err := clickhouse.Open(opts)
	if err != nil {
		t.Error("storetest: connect:", err)
		return
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" SYNC"); err != nil {
		t.Error("storetest: drop the test's database:", err)
	}
}
