package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// workers are the clients of a closed loop.
const workers = 8

// path is one way to a handler.
type path struct {
	name string
	// call runs it once and returns the answer.
	call func(context.Context) ([]byte, error)
	// alone says that latency is measured one call at a time: a sleeping sender would cost more than what is measured.
	alone bool
}

// once returns how long one call took beyond the handler.
func (p path) once(ctx context.Context) (int64, error) {
	began := time.Now()
	body, err := p.call(ctx)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	var answer struct {
		HandlerNS *int64 `json:"handler_ns"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.HandlerNS == nil {
		return 0, fmt.Errorf("unexpected answer %q", body)
	}
	return took.Nanoseconds() - *answer.HandlerNS, nil
}

// latency is what calls took beyond the handler, in nanoseconds.
type latency struct {
	Calls  int   `json:"calls"`
	Failed int   `json:"failed,omitempty"`
	P50    int64 `json:"p50_ns"`
	P90    int64 `json:"p90_ns"`
	P99    int64 `json:"p99_ns"`
	Max    int64 `json:"max_ns"`
	// Late is how much later than planned calls were sent, p99.
	Late int64 `json:"sent_late_p99_ns,omitempty"`
}

func latencyOf(took []int64, failed int) latency {
	slices.Sort(took)
	at := func(share float64) int64 { return took[int(share*float64(len(took)-1))] }
	return latency{Calls: len(took), Failed: failed, P50: at(0.5), P90: at(0.9), P99: at(0.99), Max: at(1)}
}

// openLoop sends at a rate, whether or not earlier calls are answered.
func openLoop(ctx context.Context, p path, perSecond int, window time.Duration) (latency, error) {
	n := int(window.Seconds() * float64(perSecond))
	took, late, faults := make([]int64, n), make([]int64, n), make([]error, n)
	var sent sync.WaitGroup
	began := time.Now()
	for i := range n {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
		time.Sleep(time.Until(due))
		late[i] = time.Since(due).Nanoseconds()
		sent.Go(func() { took[i], faults[i] = p.once(ctx) })
	}
	sent.Wait()
	var good []int64
	for i, err := range faults {
		if err == nil {
			good = append(good, took[i])
		}
	}
	if len(good) == 0 {
		return latency{}, errors.Join(ctx.Err(), faults[0])
	}
	l := latencyOf(good, n-len(good))
	l.Late = latencyOf(late, 0).P99
	return l, ctx.Err()
}

// oneAtATime calls again and again.
func oneAtATime(ctx context.Context, p path, window time.Duration) (latency, error) {
	var took []int64
	for end := time.Now().Add(window); time.Now().Before(end); {
		ns, err := p.once(ctx)
		if err != nil {
			return latency{}, err
		}
		took = append(took, ns)
	}
	return latencyOf(took, 0), ctx.Err()
}

// throughput is what a closed loop got through.
type throughput struct {
	Calls  int64 `json:"calls"`
	TookNS int64 `json:"took_ns"`
}

func (t throughput) PerSecond() float64 { return float64(t.Calls) / (float64(t.TookNS) / 1e9) }

// closedLoop has n clients call again as soon as they are answered. The first failure ends it.
func closedLoop(ctx context.Context, p path, n int, window time.Duration) (throughput, error) {
	var calls atomic.Int64
	var working sync.WaitGroup
	faults := make([]error, n)
	began := time.Now()
	for i := range n {
		working.Go(func() {
			for time.Since(began) < window && faults[i] == nil {
				_, faults[i] = p.once(ctx)
				calls.Add(1)
			}
		})
	}
	working.Wait()
	return throughput{calls.Load(), time.Since(began).Nanoseconds()}, errors.Join(faults...)
}
