package store

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one file of migrations/: NNNN_name.sql. Files are append-only: once released they never change, which their
// checksum enforces. Every statement can be run again (IF NOT EXISTS), so that a migration that was cut short is simply
// repeated: ClickHouse has no transaction around DDL.
type migration struct {
	version    uint32
	name       string
	checksum   string
	statements []string
}

const createMigrations = `CREATE TABLE IF NOT EXISTS schema_migrations
(
    version    UInt32,
    name       String,
    checksum   String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY version`

// loadMigrations reads every file of files, in order, and checks that the numbers have no gap.
func loadMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var all []migration
	for i, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		base := strings.TrimSuffix(path.Base(name), ".sql")
		number, _, ok := strings.Cut(base, "_")
		version, err := strconv.ParseUint(number, 10, 32)
		if !ok || err != nil || len(number) != 4 || int(version) != i+1 {
			return nil, fmt.Errorf("migration %s: want number %04d and a name", path.Base(name), i+1)
		}
		sum := sha256.Sum256(text)
		all = append(all, migration{uint32(version), base, hex.EncodeToString(sum[:]), splitStatements(string(text))})
	}
	return all, nil
}

// splitStatements cuts at lines that end in a semicolon; whole-line comments are dropped.
func splitStatements(text string) []string {
	var statements []string
	var open strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "--") {
			continue
		}
		if end, ok := strings.CutSuffix(strings.TrimRight(line, " \r\n"), ";"); ok {
			open.WriteString(end)
			statements = append(statements, strings.TrimSpace(open.String()))
			open.Reset()
			continue
		}
		open.WriteString(line)
	}
	if rest := strings.TrimSpace(open.String()); rest != "" {
		statements = append(statements, rest)
	}
	return statements
}

// migrate applies what the database lacks and reports the names of what it applied. A file that has changed since it was applied
// and a database newer than this program are errors.
func migrate(ctx context.Context, conn driver.Conn, all []migration) (applied []string, err error) {
	if err := conn.Exec(ctx, createMigrations); err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, "SELECT version, name, checksum FROM schema_migrations ORDER BY version")
	if err != nil {
		return nil, err
	}
	done := make(map[uint32]bool)
	for rows.Next() {
		var version uint32
		var name, checksum string
		if err := rows.Scan(&version, &name, &checksum); err != nil {
			return nil, err
		}
		if err := checkApplied(all, version, name, checksum); err != nil {
			return nil, invalid("migrate", err)
		}
		done[version] = true
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, m := range all {
		if done[m.version] {
			continue
		}
		for i, statement := range m.statements {
			if err := conn.Exec(ctx, statement); err != nil {
				return applied, fmt.Errorf("migration %s, statement %d: %w", m.name, i+1, err)
			}
		}
		err := conn.Exec(ctx, "INSERT INTO schema_migrations (version, name, checksum) VALUES ({version:UInt32}, {name:String}, {checksum:String})",
			clickhouse.Named("version", m.version), clickhouse.Named("name", m.name), clickhouse.Named("checksum", m.checksum))
		if err != nil {
			return applied, fmt.Errorf("record migration %s: %w", m.name, err)
		}
		applied = append(applied, m.name)
	}
	return applied, nil
}

func checkApplied(all []migration, version uint32, name, checksum string) error {
	if version == 0 || int(version) > len(all) {
		return fmt.Errorf("the database has migration %s, which this version of weft does not know: it was written by a newer one", name)
	}
	if m := all[version-1]; m.name != name || m.checksum != checksum {
		return fmt.Errorf("migration %s was applied with checksum %.12s, but %s of this weft has %.12s: applied migrations must not change",
			name, checksum, m.name, m.checksum)
	}
	return nil
}
