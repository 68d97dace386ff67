package storeexporter

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.uber.org/zap/zaptest"

	"weft/processor/enrichprocessor"
	"weft/store"
	"weft/store/storetest"
)

// crashChildEnv, when set, makes this test binary a process that ingests until it is killed.
const crashChildEnv = "WEFT_CRASH_CHILD"

type crashSettings struct {
	DSN, Dir string
	First    uint64 // span ids count up from here
}

const (
	crashConns = 4
	crashSpans = 23 // in a request
)

// crashConfig makes many small blocks, so that a kill meets every step of their way.
func crashConfig(dir string) *Config {
	cfg := defaultConfig().(*Config)
	cfg.Directory = dir
	cfg.BlockRows, cfg.FlushInterval, cfg.SegmentBytes, cfg.InFlight = 400, 5*time.Millisecond, 64*kib, 2
	return cfg
}

// crashChild ingests as fast as it can and writes the first span id of every acknowledged request to stdout.
func crashChild() int {
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, "crash child:", err)
		return 1
	}
	var set crashSettings
	if err := json.Unmarshal([]byte(os.Getenv(crashChildEnv)), &set); err != nil {
		return fail(err)
	}
	ctx := context.Background()
	st, err := store.Open(ctx, store.Config{DSN: set.DSN})
	if err != nil {
		return fail(err)
	}
	exp, err := NewFactory(st, nil).CreateTraces(ctx, exportertest.NewNopSettings(Type), crashConfig(set.Dir))
	if err != nil {
		return fail(err)
	}
	if err := exp.Start(ctx, componenttest.NewNopHost()); err != nil {
		return fail(err)
	}
	var mu sync.Mutex
	var next atomic.Uint64
	next.Store(set.First)
	var wg sync.WaitGroup
	for range crashConns {
		wg.Go(func() {
			for {
				first := next.Add(crashSpans) - crashSpans
				ctx, td, err := ctx, crashRequest(first), error(nil)
				if first/crashSpans%2 == 0 {
					if ctx, td, err = pastPdata(ctx, td); err != nil {
						fmt.Fprintln(os.Stderr, "crash child:", err)
						return
					}
				}
				if err := exp.ConsumeTraces(ctx, td); err != nil {
					fmt.Fprintln(os.Stderr, "crash child:", err)
					return
				}
				mu.Lock()
				_, err = os.Stdout.Write(binary.BigEndian.AppendUint64(nil, first))
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return 1 // it should have been killed
}

// pastPdata is a clean request as a receiver hands it on that has not made pdata of it.
func pastPdata(ctx context.Context, td ptrace.Traces) (context.Context, ptrace.Traces, error) {
	raw, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		return ctx, td, err
	}
	r, ok := NewDecoder(enrichprocessor.NewClean(enrichprocessor.DefaultConfig())).Decode(raw)
	if !ok {
		return ctx, td, errors.New("the request is not clean")
	}
	standIn := ptraceotlp.NewExportRequest()
	err = standIn.UnmarshalProto(r.StandIn())
	return WithRequest(ctx, r), standIn.Traces(), err
}

// crashRequest spreads its spans over two days, and so over two parts of the table.
func crashRequest(first uint64) ptrace.Traces {
	td := request(first, crashSpans)
	now := time.Now()
	for i, s := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		start := now.Add(-time.Duration(i%2) * 24 * time.Hour)
		s.SetStartTimestamp(ptraceTime(start))
		s.SetEndTimestamp(ptraceTime(start.Add(time.Millisecond)))
	}
	return td
}

// SIGKILL during ingest into a real store, again and again: every acknowledged span is there afterwards, none twice. Half of the requests
// are queued as they came.
func TestCrash(t *testing.T) {
	const rounds = 12
	dsn, dir := storetest.DSN(t), t.TempDir()
	ctx := context.Background()
	st, err := store.Open(ctx, store.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	acked := map[uint64]bool{}
	for round := range rounds {
		for _, first := range killedChild(t, crashSettings{DSN: dsn, Dir: dir, First: 1 + uint64(round)*1_000_000}) {
			for i := range uint64(crashSpans) {
				acked[first+i] = true
			}
		}
	}

	cfg := crashConfig(dir)
	cfg.BlockRows = 20_000 // the blocks that were formed keep their size; the rest goes faster
	set := exportertest.NewNopSettings(Type)
	set.Logger = zaptest.NewLogger(t)
	exp, err := NewFactory(st, nil).CreateTraces(ctx, set, cfg)
	if err != nil {
		t.Fatal(err)
	}
	drain(t, exp.(tracesExporter))

	rows := spanCounts(t, dsn)
	missing, twice := 0, 0
	for id := range acked {
		if rows[id] == 0 {
			missing++
		}
	}
	for _, n := range rows {
		if n > 1 {
			twice++
		}
	}
	t.Logf("%d kills, %d spans acknowledged, %d stored", rounds, len(acked), len(rows))
	if missing != 0 || twice != 0 || len(acked) == 0 {
		t.Errorf("of %d acknowledged spans %d are missing; %d spans are there twice", len(acked), missing, twice)
	}
	// Requests that were written when the process died but not answered are the only others.
	if extra := len(rows) - len(acked); extra > rounds*crashConns*crashSpans {
		t.Errorf("%d spans stored that nobody was told of", extra)
	}
}

// drain runs an exporter until its queue is empty. It may take its time, but not stand still.
func drain(t *testing.T, exp tracesExporter) {
	t.Helper()
	if err := exp.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	_, before := exp.queue.stats()
	for before > 0 {
		eventually(t, fmt.Sprintf("fewer than %d requests in the queue", before), func() bool {
			_, records := exp.queue.stats()
			return records < before
		})
		_, before = exp.queue.stats()
	}
	if err := exp.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

// killedChild runs a child, kills it after a random number of requests, and returns the acknowledged ones.
func killedChild(t *testing.T, set crashSettings) (firsts []uint64) {
	t.Helper()
	env, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashChildEnv+"="+string(env))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killAfter := 20 + rand.IntN(400)
	in := bufio.NewReader(out)
	var id [8]byte
	for {
		if _, err := io.ReadFull(in, id[:]); err != nil {
			break // at the end of what it had written when it died
		}
		firsts = append(firsts, binary.BigEndian.Uint64(id[:]))
		if len(firsts) == killAfter {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = cmd.Wait()
	if len(firsts) < killAfter {
		t.Fatalf("the child ended by itself after %d requests: %v", len(firsts), err)
	}
	return firsts
}

// spanCounts returns how often each span id is stored.
func spanCounts(t *testing.T, dsn string) map[uint64]uint64 {
	t.Helper()
	opts, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	rows, err := conn.Query(context.Background(), "SELECT span_id, count() FROM spans GROUP BY span_id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	counts := map[uint64]uint64{}
	for rows.Next() {
		var id, n uint64
		if err := rows.Scan(&id, &n); err != nil {
			t.Fatal(err)
		}
		counts[id] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return counts
}
