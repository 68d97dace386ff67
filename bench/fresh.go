package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// freshReport is one file in results: how long after its acknowledgement a hop was on the map.
type freshReport struct {
	environment
	PerSecond int64   `json:"load_spans_per_second"`
	SamplesNS []int64 `json:"samples_ns"` // in order of the hops
	P50NS     int64   `json:"p50_ns"`
	P99NS     int64   `json:"p99_ns"`
	MaxNS     int64   `json:"max_ns"`
}

const (
	hopEvery = 100 * time.Millisecond
	// hopWithin is when a hop is given up.
	hopWithin = time.Minute
)

// freshBench sends hops between services that nobody else is, beside a steady load, and watches the topology for them. A hop's two spans come in two
// requests; its time counts from when both are acknowledged.
func freshBench(ctx context.Context, args []string) (err error) {
	o := &options{sides: []side{sideNamed("weft")}}
	fs := flag.NewFlagSet("bench fresh", flag.ContinueOnError)
	o.flags(fs)
	hops := fs.Int("hops", 300, "hops to watch, ten a second")
	perSecond := fs.Int64("load", 10_000, "spans a second of other traces meanwhile; 0 for none")
	if err := parseAll(fs, args); err != nil {
		return err
	}
	if *hops < 1 || *perSecond < 0 {
		return errors.New("-hops: want at least 1; -load: at least 0")
	}
	if err := o.locate(ctx); err != nil {
		return err
	}
	load, _, err := makeLoad(o.seed)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.out, "fresh-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r, err := newRun(ctx, o, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close(ctx)) }()
	c, err := startCollector(ctx, o.sides[0], r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.stop()) }()

	loadCtx, stopLoad := context.WithCancel(ctx)
	var others sync.WaitGroup
	defer others.Wait()
	defer stopLoad()
	if *perSecond > 0 {
		s := sending{target: c.target, connections: o.connections, spans: 1 << 40, load: load, seed: o.seed, timeNS: now, perSecond: *perSecond}
		others.Go(func() {
			if _, err := s.send(loadCtx); err != nil && loadCtx.Err() == nil {
				fmt.Fprintln(os.Stderr, "load:", err)
			}
		})
	}
	rep := &freshReport{environment: newEnvironment(ctx, o), PerSecond: *perSecond}
	if rep.SamplesNS, err = watchHops(ctx, c, *hops); err != nil {
		return fmt.Errorf("%w\n%s", err, c.tail())
	}
	sorted := slices.Sorted(slices.Values(rep.SamplesNS))
	rep.P50NS, rep.P99NS, rep.MaxNS = sorted[len(sorted)/2], sorted[len(sorted)*99/100], sorted[len(sorted)-1]
	fmt.Printf("%d hops beside %d spans a second: on the map after %v at p50, %v at p99, %v at most\n", *hops, *perSecond,
		time.Duration(rep.P50NS).Round(time.Millisecond), time.Duration(rep.P99NS).Round(time.Millisecond), time.Duration(rep.MaxNS).Round(time.Millisecond))
	if !o.keep {
		return nil
	}
	return saveResults(filepath.Join(o.root, "bench"), rep.fileName("fresh-"), rep)
}

// watchHops sends hops and asks for the topology until it shows all of them.
func watchHops(ctx context.Context, c *collector, hops int) ([]int64, error) {
	conn, err := grpc.NewClient(c.target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var (
		mu    sync.Mutex
		acked = make([]time.Time, hops)
		sent  sync.WaitGroup
		fault error
	)
	defer sent.Wait()
	began := time.Now()
	sent.Go(func() {
		for i := range hops {
			time.Sleep(time.Until(began.Add(time.Duration(i) * hopEvery)))
			err := sendHop(ctx, ptraceotlp.NewGRPCClient(conn), i)
			mu.Lock()
			if fault = err; fault == nil {
				acked[i] = time.Now()
			}
			mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	took := make([]int64, hops)
	for seen := 0; seen < hops; {
		asked := url.Values{"from": {fmt.Sprint(began.Add(-time.Minute).UnixNano())}, "to": {fmt.Sprint(time.Now().Add(time.Minute).UnixNano())}}
		_, body, err := timed(ctx, get("http://"+c.api+"/api/v1/topology?"+asked.Encode()))
		if err != nil {
			return nil, err
		}
		at := time.Now()
		mu.Lock()
		for i := range hops {
			if acked[i].IsZero() || took[i] != 0 {
				continue
			}
			// The callee is known from the edge alone: it has one span, which calls nobody.
			if bytes.Contains(body, []byte(`"`+hopService("callee", i)+`"`)) {
				took[i] = max(1, at.Sub(acked[i]).Nanoseconds())
				seen++
			} else if at.Sub(acked[i]) > hopWithin {
				err = fmt.Errorf("hop %d is not on the map after %v", i, hopWithin)
			}
		}
		err = errors.Join(err, fault)
		mu.Unlock()
		if err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return took, nil
}

func hopService(what string, i int) string { return fmt.Sprintf("fresh-%s-%03d", what, i) }

// sendHop sends a call from one service to another, each half on its own, the callee's first.
func sendHop(ctx context.Context, client ptraceotlp.GRPCClient, i int) error {
	var trace pcommon.TraceID
	var caller, callee pcommon.SpanID
	binary.BigEndian.PutUint64(trace[:8], rand.Uint64()|1)
	binary.BigEndian.PutUint64(trace[8:], rand.Uint64())
	binary.BigEndian.PutUint64(caller[:], rand.Uint64()|1)
	binary.BigEndian.PutUint64(callee[:], rand.Uint64()|1)
	end := time.Now()
	for _, half := range []struct {
		service    string
		kind       ptrace.SpanKind
		id, parent pcommon.SpanID
		lasts      time.Duration
	}{
		{hopService("callee", i), ptrace.SpanKindServer, callee, caller, 10 * time.Millisecond},
		{hopService("caller", i), ptrace.SpanKindClient, caller, pcommon.SpanID{}, 12 * time.Millisecond},
	} {
		td := ptrace.NewTraces()
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", half.service)
		s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		s.SetTraceID(trace)
		s.SetSpanID(half.id)
		s.SetParentSpanID(half.parent)
		s.SetName("hop")
		s.SetKind(half.kind)
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(end.Add(-half.lasts)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(end))
		if _, err := client.Export(ctx, ptraceotlp.NewExportRequestFromTraces(td)); err != nil {
			return fmt.Errorf("send a hop: %w", err)
		}
	}
	return nil
}
