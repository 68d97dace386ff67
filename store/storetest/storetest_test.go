package storetest_test

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"weft/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func TestEveryTestHasItsOwnDatabase(t *testing.T) {
	first, second := storetest.DSN(t), storetest.DSN(t)
	if first == second {
		t.Fatal("two calls got the same database")
	}
	opts, err := clickhouse.ParseDSN(storetest.Engine(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var name string
	t.Run("creates", func(t *testing.T) {
		opts, err := clickhouse.ParseDSN(storetest.DSN(t))
		if err != nil {
			t.Fatal(err)
		}
		name = opts.Auth.Database
		if err := conn.Exec(context.Background(), "CREATE DATABASE "+name); err != nil {
			t.Fatal(err)
		}
	})
	var left uint64
	if err := conn.QueryRow(context.Background(), "SELECT count() FROM system.databases WHERE name = $1", name).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left != 0 {
		t.Errorf("database %s outlived its test", name)
	}
}

func TestOpenIsReady(t *testing.T) {
	s := storetest.Open(t)
	if err := s.Ping(context.Background()); err != nil {
		t.Fatal(err)
	}
	services, err := s.Services(context.Background())
	if err != nil || len(services) != 0 {
		t.Errorf("got %v, %v, want no services in a fresh database", services, err)
	}
}
