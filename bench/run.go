package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	_ "github.com/ClickHouse/clickhouse-go/v2" // the driver "clickhouse"

	"weft/store/engine"
)

// run is one measurement of one side, on an engine with empty tables.
type run struct {
	opts   *options
	dir    string
	pprof  string
	engine *engine.Engine
	db     *sql.DB
}

// result is what one run measured. CPU time is of the collector and of the engine, without the load generator.
type result struct {
	Side string `json:"side"`
	Load loaded `json:"load"`
	// Countable is from the first request until every acknowledged span can be counted.
	Countable time.Duration `json:"countable_ns"`
	// CollectorCPU and EngineCPU are from the first request until every span is countable; Settled adds the merges.
	CollectorCPU  time.Duration `json:"collector_cpu_ns"`
	EngineCPU     time.Duration `json:"engine_cpu_ns"`
	SettledCPU    time.Duration `json:"settled_cpu_ns"`
	CollectorPeak int64         `json:"collector_peak_bytes"`
	EnginePeak    int64         `json:"engine_peak_bytes"`
	// CollectorResident is its resident memory in bytes, once a second during the load.
	CollectorResident []int64 `json:"collector_resident_bytes"`
	// StoredSpans and DiskBytes include the warm-up; bytes are of all the side's tables after merges.
	StoredSpans int64 `json:"stored_spans"`
	DiskBytes   int64 `json:"disk_bytes"`
	// TableBytes is what DiskBytes consists of.
	TableBytes map[string]int64 `json:"table_bytes"`
}

func (r result) perSecond() float64   { return float64(r.Load.Spans) / r.Countable.Seconds() }
func (r result) cpuPerM() float64     { return r.million((r.CollectorCPU + r.EngineCPU).Seconds()) }
func (r result) settledPerM() float64 { return r.million(r.SettledCPU.Seconds()) }
func (r result) spansPerCPU() float64 {
	return float64(r.Load.Spans) / r.SettledCPU.Seconds()
}

// growth is by how many bytes the collector's memory was more in the last quarter of the load than in the second; each
// quarter's highest. It needs a load of some minutes to say something.
func (r result) growth() float64 {
	quarter := len(r.CollectorResident) / 4
	if quarter == 0 {
		return 0
	}
	return float64(slices.Max(r.CollectorResident[3*quarter:]) - slices.Max(r.CollectorResident[quarter:2*quarter]))
}

func (r result) bytesPerSpan() float64     { return float64(r.DiskBytes) / float64(r.StoredSpans) }
func (r result) million(x float64) float64 { return x / float64(r.Load.Spans) * 1e6 }

// newRun starts an engine in dir.
func newRun(ctx context.Context, opts *options, dir string) (*run, error) {
	r := &run{opts: opts, dir: dir}
	library, err := engine.FindLibrary(opts.data)
	if err != nil {
		return nil, err
	}
	if r.engine, err = engine.Start(ctx, engine.Config{Library: library, DataDir: dir}); err != nil {
		return nil, err
	}
	if r.db, err = sql.Open("clickhouse", r.dsn("default")); err != nil {
		return nil, errors.Join(err, r.engine.Stop(context.WithoutCancel(ctx)))
	}
	return r, nil
}

func (r *run) close(ctx context.Context) error {
	return errors.Join(r.db.Close(), r.engine.Stop(context.WithoutCancel(ctx)))
}

// measure runs one side from nothing to merged tables.
func measure(ctx context.Context, opts *options, s side, load []*template, seed uint64) (res result, err error) {
	dir, err := os.MkdirTemp(opts.out, s.name+"-")
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r, err := newRun(ctx, opts, dir)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, r.close(ctx)) }()
	c, err := startCollector(ctx, s, r)
	if err != nil {
		return res, err
	}
	defer func() {
		if stopErr := c.stop(); stopErr != nil && err == nil {
			err = fmt.Errorf("stop %s: %w\n%s", s.name, stopErr, c.tail())
		}
	}()
	return r.load(ctx, s, c, load, seed)
}

func (r *run) load(ctx context.Context, s side, c *collector, load []*template, seed uint64) (res result, err error) {
	res.Side = s.name
	sending := sending{target: c.target, connections: r.opts.connections, load: load, timeNS: now, seed: seed, spans: r.opts.warmup}
	warm, err := sending.send(ctx)
	if err != nil {
		return res, err
	}
	if err := r.awaitCount(ctx, s, warm.Spans); err != nil {
		return res, fmt.Errorf("warm-up: %w\n%s", err, c.tail())
	}
	collectorPID, enginePID := c.cmd.Process.Pid, r.engine.PID()
	both := func() (time.Duration, error) {
		t, err := cpuTimes(collectorPID, enginePID)
		if err != nil {
			return 0, err
		}
		return t[0] + t[1], nil
	}
	if _, err := r.settle(ctx, s, both); err != nil {
		return res, err
	}
	before, err := cpuTimes(collectorPID, enginePID)
	if err != nil {
		return res, err
	}
	profiled := r.profile(ctx)
	began := time.Now()
	loadCtx, cancel := context.WithTimeout(ctx, r.opts.limit)
	resident := watchMemory(loadCtx, collectorPID)
	sending.seed, sending.spans = seed+1, r.opts.spans
	res.Load, err = sending.send(loadCtx)
	cancel()
	res.CollectorResident = <-resident
	if err != nil {
		return res, fmt.Errorf("%w\n%s", err, c.tail())
	}
	if err := r.awaitCount(ctx, s, warm.Spans+res.Load.Spans); err != nil {
		return res, fmt.Errorf("%w\n%s", err, c.tail())
	}
	res.Countable = time.Since(began)
	after, err := cpuTimes(collectorPID, enginePID)
	if err != nil {
		return res, err
	}
	res.CollectorCPU, res.EngineCPU = after[0]-before[0], after[1]-before[1]
	if err := <-profiled; err != nil {
		return res, fmt.Errorf("profile: %w", err)
	}
	settled, err := r.settle(ctx, s, both)
	if err != nil {
		return res, err
	}
	res.SettledCPU = settled - before[0] - before[1]
	if res.CollectorPeak, err = peakMemory(collectorPID); err != nil {
		return res, err
	}
	if res.EnginePeak, err = peakMemory(enginePID); err != nil {
		return res, err
	}
	if res.StoredSpans, err = r.number(ctx, "SELECT count() FROM "+s.database+"."+s.table); err != nil {
		return res, err
	}
	if want := warm.Spans + res.Load.Spans; res.StoredSpans != want {
		return res, fmt.Errorf("%s stored %d spans, %d were acknowledged", s.name, res.StoredSpans, want)
	}
	res.TableBytes, err = r.tableBytes(ctx, s.database)
	res.DiskBytes = total(res.TableBytes)
	return res, err
}

// tableBytes is what each table of a database takes up, with its indexes.
func (r *run) tableBytes(ctx context.Context, database string) (_ map[string]int64, err error) {
	rows, err := r.db.QueryContext(ctx, "SELECT table, toInt64(sum(bytes_on_disk)) FROM system.parts WHERE active AND database = '"+database+"' GROUP BY table")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	bytes := make(map[string]int64)
	for rows.Next() {
		var table string
		var n int64
		if err := rows.Scan(&table, &n); err != nil {
			return nil, err
		}
		bytes[table] = n
	}
	return bytes, rows.Err()
}

func total(tables map[string]int64) (n int64) {
	for _, b := range tables {
		n += b
	}
	return n
}

func cpuTimes(pids ...int) (out []time.Duration, err error) {
	for _, pid := range pids {
		t, err := cpuTime(pid)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// dsn is the engine's, with another database.
func (r *run) dsn(database string) string {
	u, err := url.Parse(r.engine.DSN())
	if err != nil {
		panic(err) // the engine's own DSN
	}
	u.Path = "/" + database
	return u.String()
}

func (r *run) number(ctx context.Context, query string) (int64, error) {
	var n uint64
	err := r.db.QueryRowContext(ctx, query).Scan(&n)
	return int64(n), err
}

// awaitCount waits until at least want spans are countable.
func (r *run) awaitCount(ctx context.Context, s side, want int64) error {
	deadline := time.Now().Add(5 * time.Minute)
	for {
		got, err := r.number(ctx, "SELECT count() FROM "+s.database+"."+s.table)
		if err == nil && got >= want {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d spans are countable after 5 minutes (%w)", got, want, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// settle waits until no merge has run for a while, and returns what mark does at the end of the last one: the quiet time
// after it belongs to nobody.
func (r *run) settle(ctx context.Context, s side, mark func() (time.Duration, error)) (time.Duration, error) {
	const quiet = 5 * time.Second
	since := time.Now()
	marked, err := mark()
	if err != nil {
		return 0, err
	}
	for time.Since(since) < quiet {
		merges, err := r.number(ctx, "SELECT count() FROM system.merges WHERE database = '"+s.database+"'")
		if err != nil {
			return 0, err
		}
		if merges > 0 {
			since = time.Now()
			if marked, err = mark(); err != nil {
				return 0, err
			}
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return marked, nil
}

// profile takes a CPU profile of Weft during the load, when one is asked for.
func (r *run) profile(ctx context.Context) <-chan error {
	done := make(chan error, 1)
	if r.pprof == "" {
		done <- nil
		return done
	}
	go func() { done <- r.saveProfile(ctx) }()
	return done
}

func (r *run) saveProfile(ctx context.Context) error {
	const seconds = 10
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", r.pprof, seconds), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	f, err := os.Create(r.opts.cpuProfile)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, resp.Body)
	return errors.Join(err, f.Close())
}
