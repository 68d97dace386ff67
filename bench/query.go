package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// queryOptions are those of `bench query`.
type queryOptions struct {
	options
	base  int64
	sizes []int64
	calls int
	fresh bool
	kept  bool
	only  string
}

// The base of the data, which comes through the collectors, is spread over baseSpread. It ends some time before that, so that the
// spans of its last traces begin in it too.
const (
	baseSpread = time.Hour
	baseRest   = time.Minute
	// bigTrace is the number of spans of the one large trace.
	bigTrace = 20_000
)

func parseQuery(args []string) (*queryOptions, error) {
	o := &queryOptions{options: options{sides: []side{sideNamed("weft"), sideNamed("stock")}}}
	fs := flag.NewFlagSet("bench query", flag.ContinueOnError)
	o.flags(fs)
	sizes := "3000000,10000000,30000000"
	fs.Int64Var(&o.base, "base", 3_000_000, "spans that go through the collectors; the rest is made of them inside the engine")
	fs.StringVar(&sizes, "sizes", sizes, "numbers of spans to measure at; each is rounded to a multiple of -base")
	fs.IntVar(&o.calls, "calls", 50, "measured calls of each query on each side")
	fs.BoolVar(&o.fresh, "fresh", false, "start over, even when bench/out/query has data of an earlier run with the same flags")
	fs.BoolVar(&o.kept, "keep", false, "leave the data in bench/out/query for the next run")
	fs.StringVar(&o.only, "query", "", "measure only queries whose name contains this")
	if err := parseAll(fs, args); err != nil {
		return nil, err
	}
	if o.base < 2*bigTrace || o.calls < 1 || o.connections < 1 {
		return nil, fmt.Errorf("-base: want at least %d; -calls and -connections at least 1", 2*bigTrace)
	}
	for text := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < o.base {
			return nil, fmt.Errorf("-sizes: want numbers of at least -base (%d), got %q", o.base, text)
		}
		o.sizes = append(o.sizes, n)
	}
	slices.Sort(o.sizes)
	return o, nil
}

// dataState is what stands in the data folder: enough to go on after an interruption.
type dataState struct {
	Seed   uint64 `json:"seed"`
	Base   int64  `json:"base_spans"`
	Commit string `json:"weft"`
	// StartNS is when the base begins. Spans is how many it came to, BigTrace among them.
	StartNS int64 `json:"start_ns"`
	Spans   int64 `json:"spans"`
	// Loaded are sides whose base is in; Copies are how many copies of it each side has.
	Loaded []string       `json:"loaded"`
	Copies map[string]int `json:"copies"`
	// Busy says what was under way: data that it names half can only be thrown away.
	Busy string `json:"busy"`
}

func (d *dataState) save(dir string) error {
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "state.json"), raw, 0o600)
}

// openData finds what an earlier run left, or makes an empty folder.
func (o *queryOptions) openData(version string) (dir string, state *dataState, err error) {
	dir = filepath.Join(o.out, "query")
	state = &dataState{}
	raw, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if err == nil {
		err = json.Unmarshal(raw, state)
	}
	usable := err == nil && state.Seed == o.seed && state.Base == o.base && state.Commit == version && state.Busy == ""
	if usable && !o.fresh {
		fmt.Printf("going on with the data of %s: %s spans and %v copies\n", time.Unix(0, state.StartNS).UTC().Format(time.DateTime), thousands(float64(state.Spans)), state.Copies)
		return dir, state, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", nil, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", nil, err
	}
	start := time.Now().Add(-baseSpread).Truncate(time.Minute)
	return dir, &dataState{Seed: o.seed, Base: o.base, Commit: version, StartNS: start.UnixNano(), Copies: map[string]int{}}, nil
}

func queryBench(ctx context.Context, args []string) (err error) {
	o, err := parseQuery(args)
	if err != nil {
		return err
	}
	if err := o.locate(ctx); err != nil {
		return err
	}
	load, about, err := makeLoad(o.seed)
	if err != nil {
		return err
	}
	rep := &queryReport{environment: newEnvironment(ctx, &o.options), GOGC: o.gogc, Base: o.base, Calls: o.calls, Load: about}
	dir, state, err := o.openData(rep.Commit + " " + rep.Versions["weft"])
	if err != nil {
		return err
	}
	r, err := newRun(ctx, &o.options, dir)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, r.close(ctx))
		if err == nil && !o.kept {
			err = os.RemoveAll(dir)
		}
	}()
	q := &querying{run: r, opts: o, state: state, base: state.base(load, o.connections)}
	if q.big, err = state.big(o.seed); err != nil {
		return err
	}
	for _, s := range o.sides {
		if err := q.loadBase(ctx, s); err != nil {
			return fmt.Errorf("load %s: %w", s.name, err)
		}
	}
	for _, size := range o.sizes {
		copies := int(size/o.base) - 1
		for _, s := range o.sides {
			if err := q.multiply(ctx, s, copies); err != nil {
				return fmt.Errorf("multiply %s: %w", s.name, err)
			}
		}
		sized, err := q.measure(ctx, copies)
		if err != nil {
			return err
		}
		rep.Sizes = append(rep.Sizes, sized)
		fmt.Print("\n", sized.table(), "\n")
	}
	fmt.Print("\n", rep.growth())
	if !o.keep {
		return nil
	}
	return rep.save(filepath.Join(o.root, "bench"), o.only == "")
}

// querying is a run of `bench query`.
type querying struct {
	*run
	opts  *queryOptions
	state *dataState
	base  *sending
	big   *sending
}

// base is the load of ordinary traces, evenly over baseSpread.
func (d *dataState) base(load []*template, connections int) *sending {
	s := &sending{connections: connections, spans: d.Base - bigTrace, load: load, seed: d.Seed}
	step := int64(baseSpread-baseRest) / int64(max(s.requests(), 1))
	s.timeNS = func(i int) int64 { return d.StartNS + int64(i)*step }
	return s
}

// big is the one large trace, in the middle of the base.
func (d *dataState) big(seed uint64) (*sending, error) {
	s := &sending{connections: 1, spans: bigTrace, seed: d.Seed + 1, oneTrace: true}
	for _, td := range newGenerator(seed + 1).oneTrace(bigTrace) {
		t, err := newTemplate(td)
		if err != nil {
			return nil, fmt.Errorf("make the large trace: %w", err)
		}
		s.load = append(s.load, t)
	}
	s.timeNS = func(int) int64 { return d.StartNS + int64(baseSpread/2) }
	return s, nil
}

// loadBase sends the base through a side's collector.
func (q *querying) loadBase(ctx context.Context, s side) (err error) {
	if slices.Contains(q.state.Loaded, s.name) {
		return nil
	}
	q.state.Busy = "load " + s.name
	if err := q.state.save(q.dir); err != nil {
		return err
	}
	c, err := startCollector(ctx, s, q.run)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	began := time.Now()
	var total int64
	for _, part := range []*sending{q.big, q.base} {
		part.target = c.target
		part.progress = func(spans int64) {
			fmt.Printf("  %s: %s of %s spans acknowledged\n", s.name, thousands(float64(spans)), thousands(float64(part.spans)))
		}
		sent, err := part.send(ctx)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("%w\n%s", err, c.tail())
		}
		total += sent.Spans
	}
	if err := q.awaitCount(ctx, s, total); err != nil {
		return fmt.Errorf("%w\n%s", err, c.tail())
	}
	if stored, err := q.number(ctx, "SELECT count() FROM "+s.database+"."+s.table); err != nil || stored != total {
		return fmt.Errorf("%d spans are stored, %d were acknowledged (%w)", stored, total, err)
	}
	if q.state.Spans != 0 && q.state.Spans != total {
		return fmt.Errorf("%s has %d spans, the other side %d", s.name, total, q.state.Spans)
	}
	if s.database == "weft" {
		if err := q.awaitEdges(ctx); err != nil {
			return err
		}
	}
	fmt.Printf("%s: %s spans loaded in %.0f s\n", s.name, thousands(float64(total)), time.Since(began).Seconds())
	q.state.Spans, q.state.Busy = total, ""
	q.state.Loaded = append(q.state.Loaded, s.name)
	return q.state.save(q.dir)
}

// awaitEdges waits until the call graph no longer changes: what comes after the last span is reconciled later.
func (q *querying) awaitEdges(ctx context.Context) error {
	if has, err := q.number(ctx, "SELECT count() FROM system.tables WHERE database = 'weft' AND name = 'edges'"); err != nil || has == 0 {
		return err
	}
	const quiet, most = 20 * time.Second, 3 * time.Minute
	began, since, last := time.Now(), time.Now(), int64(-1)
	for time.Since(since) < quiet && time.Since(began) < most {
		calls, err := q.number(ctx, "SELECT toUInt64(greatest(0, sum(calls))) FROM weft.edges")
		if err != nil {
			return err
		}
		if calls != last {
			last, since = calls, time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	fmt.Printf("  weft: %d calls on edges, unchanged for %.0f s\n", last, time.Since(since).Seconds())
	return nil
}

func sideNamed(name string) side {
	return sides[slices.IndexFunc(sides, func(s side) bool { return s.name == name })]
}
