package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

const exportMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// rawCodec sends requests that are bytes already.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = data
	return nil
}

// loaded is what one load came to.
type loaded struct {
	Spans    int64         `json:"spans"`
	Requests int64         `json:"requests"`
	Retries  int64         `json:"retries"`
	Took     time.Duration `json:"took_ns"`
	// Latencies of the answers.
	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
	Max time.Duration `json:"max_ns"`
}

// send puts load on target: as many connections as told, one request in flight on each, until the number of spans is
// acknowledged or ctx is done. A refused request is sent again after a short pause.
func send(ctx context.Context, target string, connections int, spans int64, load []*template, seed uint64) (loaded, error) {
	var (
		out       loaded
		mu        sync.Mutex
		latencies []time.Duration
		failure   error
		wg        sync.WaitGroup
		given     atomic.Int64 // spans whose sending has begun
		stop      atomic.Bool
	)
	started := time.Now()
	for c := range connections {
		conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return out, err
		}
		wg.Go(func() {
			defer conn.Close()
			random := rand.New(rand.NewPCG(seed, uint64(c)))
			var wire []byte
			var sent, requests, retries int64
			var took []time.Duration
			for i := c; ctx.Err() == nil && !stop.Load(); i += connections {
				t := load[i%len(load)]
				if given.Add(int64(t.spans)) > spans+int64(t.spans) {
					break
				}
				wire = slices.Grow(wire[:0], len(t.wire))[:len(t.wire)]
				t.renew(wire, random, time.Now().UnixNano())
				again, latency, err := export(ctx, conn, wire)
				retries += again
				if err != nil {
					if ctx.Err() == nil {
						mu.Lock()
						failure = err
						mu.Unlock()
						stop.Store(true)
					}
					break
				}
				took = append(took, latency)
				sent += int64(t.spans)
				requests++
			}
			mu.Lock()
			defer mu.Unlock()
			out.Spans += sent
			out.Requests += requests
			out.Retries += retries
			latencies = append(latencies, took...)
		})
	}
	wg.Wait()
	out.Took = time.Since(started)
	if failure != nil {
		return out, fmt.Errorf("send load: %w", failure)
	}
	if len(latencies) == 0 {
		return out, fmt.Errorf("send load: nothing was acknowledged")
	}
	slices.Sort(latencies)
	out.P50, out.P99 = latencies[len(latencies)/2], latencies[len(latencies)*99/100]
	out.Max = latencies[len(latencies)-1]
	return out, nil
}

// export sends one request until it is acknowledged. It is not interrupted by ctx once the request is out: an answer that
// is not waited for would make the count of spans uncertain.
func export(ctx context.Context, conn *grpc.ClientConn, wire []byte) (retries int64, took time.Duration, err error) {
	for {
		var answer []byte
		began := time.Now()
		callCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		err = conn.Invoke(callCtx, exportMethod, &wire, &answer, grpc.ForceCodec(rawCodec{}), grpc.WaitForReady(true))
		cancel()
		took = time.Since(began)
		code := status.Code(err)
		if code != codes.Unavailable && code != codes.ResourceExhausted || ctx.Err() != nil {
			return retries, took, err
		}
		retries++
		time.Sleep(50 * time.Millisecond)
	}
}
