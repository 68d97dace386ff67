package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

//go:embed queries/*.sql
var queryFiles embed.FS

// readLimits bound the cost of every read. What would cost more fails: with Invalid when it would read too much, with Overloaded
// when it took too long or too much memory.
var readLimits = clickhouse.Settings{
	"max_execution_time":    20,             // seconds
	"max_memory_usage":      int64(2) << 30, // bytes
	"max_rows_to_read":      int64(2e9),
	"max_bytes_to_read":     int64(64) << 30,
	"max_result_rows":       int64(2e6),
	"result_overflow_mode":  "throw",
	"read_overflow_mode":    "throw",
	"timeout_overflow_mode": "throw",
}

// loadQueries reads the named statements: the file's name without .sql is the name.
func loadQueries() (map[string]string, error) {
	files, err := fs.Glob(queryFiles, "queries/*.sql")
	if err != nil {
		return nil, err
	}
	queries := make(map[string]string, len(files))
	for _, file := range files {
		text, err := queryFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		queries[strings.TrimSuffix(path.Base(file), ".sql")] = string(text)
	}
	return queries, nil
}

func (s *Store) named(name string) string {
	text, ok := s.queries[name]
	if !ok {
		panic("store: no query " + name) // a typing error: TestQueriesExplain runs every one
	}
	return text
}

// collect runs a statement and scans each of its rows into a T.
func collect[T any](ctx context.Context, s *Store, statement string, params []any, scan func(rows driver.Rows, row *T) error) ([]T, error) {
	all, err := collectOnce(ctx, s, statement, params, scan)
	if err != nil && isNetwork(err) && ctx.Err() == nil {
		// The connection was idle while the engine restarted.
		all, err = collectOnce(ctx, s, statement, params, scan)
	}
	return all, err
}

func collectOnce[T any](ctx context.Context, s *Store, statement string, params []any, scan func(rows driver.Rows, row *T) error) (all []T, err error) {
	rows, err := s.sql.Query(clickhouse.Context(ctx, clickhouse.WithSettings(readLimits)), statement, params...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var row T
		if err := scan(rows, &row); err != nil {
			return nil, fmt.Errorf("scan: %w", err)
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// param is a server-side parameter.
func param(name string, value any) driver.NamedValue { return clickhouse.Named(name, value) }
