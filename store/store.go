package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Config says where the telemetry is stored and for how long.
type Config struct {
	// DSN is clickhouse://user:password@host1:9000,host2:9000/database?secure=true: the embedded engine's or any server's,
	// 25.8 or later. The database is created when it does not exist; without a name, and for "default", it is "weft".
	DSN string
	// Retention is how long each signal is kept.
	Retention Retention
	// Logger receives the migrations applied; nil is slog.Default.
	Logger *slog.Logger
}

// Store reads and writes telemetry in ClickHouse. It is safe for concurrent use. Every error it returns is an *Error.
type Store struct {
	database string
	sql      driver.Conn // reads that are no hot path
	inserts  *pool
	reads    *pool // of its own, so that reads never hold up an insert
	queries  map[string]string

	sent struct {
		resources, scopes sentSet[originKey]
		keys              sentSet[sampleKey]
		values, peers     sentSet[sampleValue]
		statements        sentSet[statementText]
	}
	budget, peerBudget valueBudget
	// graphSpans is maxGraphSpans; tests lower it.
	graphSpans uint64
	// sumEdges is maxSumEdges; tests lower it.
	sumEdges int
	names    nameGuard
	// functionNames are functions and their versions.
	functionNames nameGuard
	// What names did not admit.
	otherOperations, otherStatements atomic.Uint64
	origins                          originCache
	spanDays                         spanDaysCache
	keySides                         keySidesCache
	edgeSums                         edgeCache
	// completeHours is since when edges_1h has all edges, in Unix seconds.
	completeHours int64
}

// Open connects, creates the database, applies the migrations it lacks and the retention. It does not wait for a server that
// is not there yet.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	const op = "open store"
	if err := cfg.Retention.validate(); err != nil {
		return nil, invalid(op, err)
	}
	t, err := parseDSN(cfg.DSN)
	if err != nil {
		return nil, invalid(op, err)
	}
	logger := cfg.Logger
	if logger == nil {
		logger = slog.Default()
	}
	migrations, err := loadMigrations(migrationFiles)
	if err != nil {
		return nil, wrap(op, err)
	}
	queries, err := loadQueries()
	if err != nil {
		return nil, wrap(op, err)
	}
	if err := createDatabase(ctx, t); err != nil {
		return nil, wrap(op, err)
	}
	conn, err := clickhouse.Open(t.sql(t.database))
	if err != nil {
		return nil, wrap(op, err)
	}
	s := &Store{database: t.database, sql: conn, inserts: newPool(t), reads: newPool(t), queries: queries, graphSpans: maxGraphSpans, sumEdges: maxSumEdges}
	applied, err := migrate(ctx, conn, migrations)
	if len(applied) > 0 {
		logger.Info("database migrated", "database", t.database, "migrations", applied)
	}
	if err == nil {
		s.completeHours, err = completeHours(ctx, conn)
	}
	if err == nil {
		err = applyRetention(ctx, conn, t.database, cfg.Retention)
	}
	if err != nil {
		_ = s.Close()
		return nil, wrap(op, err)
	}
	return s, nil
}

func createDatabase(ctx context.Context, t target) error {
	conn, err := clickhouse.Open(t.sql(""))
	if err != nil {
		return err
	}
	defer conn.Close()
	// The name has been checked: a database cannot be a server-side parameter of CREATE in every supported version.
	return conn.Exec(ctx, fmt.Sprintf("CREATE DATABASE IF NOT EXISTS `%s`", t.database))
}

// Close ends all connections. Inserts and reads under way fail.
func (s *Store) Close() error {
	s.inserts.close()
	s.reads.close()
	return wrap("close store", s.sql.Close())
}

// Ping asks the engine for an answer.
func (s *Store) Ping(ctx context.Context) error { return wrap("ping", s.sql.Ping(ctx)) }

// InsertLogs writes the batch, the records that have tables of their own to these; the same token twice stores it once. The batch is left as it is.
func (s *Store) InsertLogs(ctx context.Context, b *LogBatch, token string) error {
	const op = "insert logs"
	if b.Rows() == 0 {
		return nil
	}
	if err := s.insertOrigins(ctx, b.origins, token, "logs"); err != nil {
		return wrap(op, err)
	}
	blocks := b.events.blocks(token, &s.functionNames)
	if len(b.cols.spanID) > 0 {
		blocks = append([]tableBlock{{"logs", token, b.cols.named}}, blocks...)
	}
	for i, t := range blocks {
		err := wrap(op, s.insertBlock(ctx, t.table, t.columns, t.token))
		if e, ok := errors.AsType[*Error](err); ok && e.Kind == Invalid && i > 0 {
			return &Error{Op: op, Kind: Internal, Err: e} // a caller may divide what is invalid, but a part of it is stored
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// InsertMetrics writes the batch; the same token twice stores it once. The batch is left as it is.
func (s *Store) InsertMetrics(ctx context.Context, b *MetricBatch, token string) error {
	const op = "insert metrics"
	if b.Rows() == 0 {
		return nil
	}
	if err := s.insertOrigins(ctx, b.origins, token, "metrics"); err != nil {
		return wrap(op, err)
	}
	return wrap(op, s.insertBlock(ctx, "metrics", b.cols.named, token))
}
