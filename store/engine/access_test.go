package engine

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// intrude tries once to read data over TCP or HTTP. It returns "" when it was refused or nobody listened.
type intrude func(ctx context.Context, e *Engine) string

func overTCP(name, password, query string) intrude {
	return func(ctx context.Context, e *Engine) string {
		opts, err := clickhouse.ParseDSN(e.DSN())
		if err != nil {
			return err.Error()
		}
		opts.Auth = clickhouse.Auth{Username: name, Password: password}
		conn, err := clickhouse.Open(opts)
		if err != nil {
			return err.Error()
		}
		defer conn.Close()
		rows, err := conn.Query(ctx, query)
		if err != nil {
			return ""
		}
		defer rows.Close()
		if rows.Next() {
			return "TCP as " + name + ": " + query
		}
		return ""
	}
}

func overHTTP(name, password, query string) intrude {
	return func(ctx context.Context, e *Engine) string {
		address := asUser(e, name, password)
		if name == "" {
			address = "http://" + e.HTTPAddr() + "/"
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(query))
		if err != nil {
			return err.Error()
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return ""
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body) // a torn answer is judged by its status
		if resp.StatusCode == http.StatusOK {
			return "HTTP as " + name + ": " + query + ": " + string(body)
		}
		return ""
	}
}

func intrusions() []intrude {
	const query = "SELECT secret FROM shop.secrets"
	return []intrude{
		overTCP("default", "", query), overTCP("default", "", "SELECT 1"), overTCP(user, "", query),
		overTCP(user, "wrong", query), overTCP("nobody", "", query),
		overHTTP("", "", query), overHTTP("default", "", query), overHTTP("default", "", "SELECT 1"),
		overHTTP("default", "", "SYSTEM START LISTEN HTTP"), overHTTP(user, "", query), overHTTP(user, "wrong", query),
	}
}

func TestNobodyElseGetsIn(t *testing.T) {
	e := startEngine(t, t.TempDir())
	conn := connect(t, e.DSN())
	run(t, conn, "CREATE DATABASE shop")
	run(t, conn, "CREATE TABLE shop.secrets (secret String) ENGINE = MergeTree ORDER BY secret")
	run(t, conn, "INSERT INTO shop.secrets VALUES ('hunter2')")
	if got := overTCP(user, e.password, "SELECT secret FROM shop.secrets")(t.Context(), e); got == "" {
		t.Fatal("the right password gets nothing: this test could not fail")
	}
	if got := overHTTP(user, e.password, "SELECT secret FROM shop.secrets")(t.Context(), e); got == "" {
		t.Fatal("the right password gets nothing: this test could not fail")
	}
	for range 30 {
		for _, try := range intrusions() {
			if got := try(t.Context(), e); got != "" {
				t.Fatal("got in:", got)
			}
		}
	}

	// The boot session must hold the one seat before anybody can knock: knock without pause while children come and go.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var knocks atomic.Int64
	var all sync.WaitGroup
	for _, try := range intrusions() {
		all.Go(func() {
			for ctx.Err() == nil {
				knocks.Add(1)
				if got := try(ctx, e); got != "" {
					t.Error("got in:", got)
					return
				}
			}
		})
	}
	// Nor may knocking end the engine: its non-interactive mode aborts on the first refused hello.
	eventually(t, "many knocks", time.Minute, func() bool { return knocks.Load() > 3000 })
	if e.Restarts() != 0 {
		t.Errorf("%d restarts: refused clients ended the engine", e.Restarts())
	}
	for want := 1; want <= 3; want++ {
		if err := syscall.Kill(e.PID(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "a new child answers", 30*time.Second, func() bool { return e.Restarts() == want })
		before := knocks.Load()
		eventually(t, "knocks after the restart", 30*time.Second, func() bool { return knocks.Load() > before+200 })
	}
	cancel()
	all.Wait()
	t.Log("refused:", knocks.Load())
}
