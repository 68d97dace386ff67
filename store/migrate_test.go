package store_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"weft/store"
	"weft/store/storetest"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestMigrations(t *testing.T) {
	dsn := storetest.DSN(t)
	conn, err := store.OpenSQL(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	run := func(files fstest.MapFS, want ...string) error {
		t.Helper()
		got, err := store.Migrate(t.Context(), conn, files)
		if !slices.Equal(got, want) {
			t.Errorf("applied %v, want %v", got, want)
		}
		return err
	}
	first := file("-- a; comment;\nCREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = MergeTree ORDER BY x;\nCREATE TABLE IF NOT EXISTS b (x UInt8) ENGINE = MergeTree ORDER BY x;\n")
	files := fstest.MapFS{"migrations/0001_first.sql": first}
	if err := run(files, "0001_first"); err != nil {
		t.Fatal(err)
	}
	if err := run(files); err != nil {
		t.Fatal("again:", err)
	}

	// A migration that fails half-way is not recorded, and completes once its cause is gone.
	broken := "CREATE TABLE IF NOT EXISTS c (x UInt8) ENGINE = MergeTree ORDER BY x;\nCREATE TABLE IF NOT EXISTS d (x UInt8) ENGINE = NoSuchEngine;\n"
	files["migrations/0002_second.sql"] = file(broken)
	if err := run(files); err == nil || !strings.Contains(err.Error(), "migration 0002_second, statement 2") {
		t.Fatalf("broken migration: %v", err)
	}
	files["migrations/0002_second.sql"] = file(strings.Replace(broken, "NoSuchEngine", "MergeTree ORDER BY x", 1))
	if err := run(files, "0002_second"); err != nil {
		t.Fatal("resumed:", err)
	}
	var tables uint64
	if err := conn.QueryRow(t.Context(), "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name IN ('a', 'b', 'c', 'd')").Scan(&tables); err != nil || tables != 4 {
		t.Errorf("%d of 4 tables, %v", tables, err)
	}

	isInvalid := func(err error, want string) {
		t.Helper()
		if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an Error of kind Invalid with %q", err, want)
		}
	}
	changed := fstest.MapFS{"migrations/0001_first.sql": file("CREATE TABLE IF NOT EXISTS z (x UInt8) ENGINE = MergeTree ORDER BY x"), "migrations/0002_second.sql": files["migrations/0002_second.sql"]}
	isInvalid(run(changed), "migration 0001_first was applied with checksum")
	isInvalid(run(fstest.MapFS{"migrations/0001_first.sql": first}), "written by a newer one")
	if err := run(fstest.MapFS{"migrations/0002_gap.sql": first}); err == nil || err.Error() != "migration 0002_gap.sql: want number 0001 and a name" {
		t.Errorf("gap: %v", err)
	}
}

// TestMigrationsCanBeRepeated guards what resuming relies on.
func TestMigrationsCanBeRepeated(t *testing.T) {
	repeatable := regexp.MustCompile(`(?s)^(CREATE (TABLE|MATERIALIZED VIEW) IF NOT EXISTS|ALTER TABLE \S+ (ADD|DROP|CLEAR) (COLUMN|INDEX|PROJECTION) IF (NOT )?EXISTS|ALTER TABLE \S+ MODIFY|ALTER TABLE \S+ UPDATE .+\sWHERE empty\(\w+\)|DROP (TABLE|VIEW) IF EXISTS) `)
	conn, err := store.OpenSQL(t.Context(), storetest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := store.Migrate(t.Context(), conn, store.MigrationsBefore(t, 1)); err != nil { // makes the database
		t.Fatal(err)
	}
	for _, migration := range store.MigrationStatements(t) {
		for _, m := range slices.Concat(migration, migration) {
			if !repeatable.MatchString(m) {
				t.Errorf("cannot be run twice: %.80s", m)
			}
			if err := conn.Exec(t.Context(), m); err != nil {
				t.Errorf("run twice: %.80s: %v", m, err)
			}
		}
	}
}

func TestRetention(t *testing.T) {
	dsn := storetest.DSN(t)
	day := 24 * time.Hour
	ttls := func(r store.Retention) map[string]string {
		s := openDSN(t, dsn, r)
		got := make(map[string]string)
		for _, row := range scan(t, s, `SELECT name, extract(engine_full, 'TTL .* \+ toIntervalDay\\((\\d+)\\)') FROM system.tables WHERE database = currentDatabase()
			AND engine LIKE '%MergeTree' AND name != 'schema_migrations'`) {
			name, days, _ := strings.Cut(row, "\t")
			got[name] = days
		}
		return got
	}
	check := func(r store.Retention, traces, logs, metrics, shared string) {
		t.Helper()
		got := ttls(r)
		for table, want := range map[string]string{
			"spans": traces, "trace_summaries": traces, "links_reverse": traces, "operations": traces, "edges": traces, "edges_5m": traces, "edges_1h": traces, "attribute_keys": traces, "operation_minutes": traces, "statement_minutes": traces, "statements": traces, "attribute_values": traces, "peers": traces,
			"invocations": traces, "function_minutes": traces, "instances": traces, "profiles": traces, "span_starts": traces,
			"logs": logs, "metrics": metrics, "metric_names": metrics, "resources": shared, "scopes": shared,
		} {
			if got[table] != want {
				t.Errorf("%+v: %s has a TTL of %q days, want %q", r, table, got[table], want)
			}
			delete(got, table)
		}
		if len(got) > 0 {
			t.Errorf("tables without retention: %v", got)
		}
	}
	check(store.Retention{}, "", "", "", "")
	check(store.Retention{Traces: 14 * day, Logs: 7 * day, Metrics: time.Hour}, "15", "8", "2", "15")
	check(store.Retention{Traces: 14 * day, Logs: 7 * day, Metrics: time.Hour}, "15", "8", "2", "15")
	check(store.Retention{Traces: 3 * day, Logs: 7 * day}, "4", "8", "", "")
	check(store.Retention{}, "", "", "", "")

	_, err := store.Open(t.Context(), store.Config{DSN: dsn, Retention: store.Retention{Logs: -1}})
	if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.Invalid {
		t.Errorf("negative retention: %v", err)
	}
}

// TestRetentionDropsWholeDays shows that old days go and young ones stay, when the retention is shortened as well.
func TestRetentionDropsWholeDays(t *testing.T) {
	dsn := storetest.DSN(t)
	s := openDSN(t, dsn, store.Retention{})
	now := time.Now().UTC()
	insert(t, s, "", shopTrace(1, now.Add(-time.Hour), false)...)
	insert(t, s, "", shopTrace(2, now.Add(-100*24*time.Hour), false)...)
	short := openDSN(t, dsn, store.Retention{Traces: 48 * time.Hour, Logs: 48 * time.Hour, Metrics: 48 * time.Hour})
	deadline := time.Now().Add(time.Minute)
	for _, table := range []string{"spans", "trace_summaries", "operations", "resources", "attribute_keys"} {
		// A merge drops the day in the background, within hours; OPTIMIZE asks for it now.
		for {
			if err := short.SQL().Exec(t.Context(), "OPTIMIZE TABLE "+table+" FINAL"); err != nil {
				t.Fatal(err)
			}
			if days := scan(t, short, "SELECT uniqExact(partition) FROM system.parts WHERE database = currentDatabase() AND active AND rows > 0 AND table = '"+table+"'"); days[0] == "1" {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s still has the old day", table)
			}
		}
	}
	if found := search(t, short, store.TraceQuery{Limit: 10}); len(found) != 1 || found[0] != 1 {
		t.Errorf("found %v, want the young trace", found)
	}
}
