package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
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

// sending is a load: which spans go to which collector. It is the same spans each time, however fast they are taken, unless its
// time is up.
type sending struct {
	target      string
	connections int
	spans       int64
	load        []*template
	seed        uint64
	// timeNS is when the spans of a request begin, by the request's number.
	timeNS func(i int) int64
	// oneTrace gives all requests the same new ids: together they are one trace.
	oneTrace bool
	// perSecond is how many spans are sent in a second; 0 is as many as are taken.
	perSecond int64
	// progress, when set, is told the number of acknowledged spans every few seconds.
	progress func(spans int64)
}

// now is the timeNS of spans that have just ended.
func now(int) int64 { return time.Now().UnixNano() }

// before is how many spans the requests before the i-th have.
func (s *sending) before(i int) int64 {
	var round, rest int64
	for at, t := range s.load {
		round += int64(t.spans)
		if at < i%len(s.load) {
			rest += int64(t.spans)
		}
	}
	return int64(i/len(s.load))*round + rest
}

// requests is how many of them it takes.
func (s *sending) requests() int {
	return sort.Search(int(min(s.spans, math.MaxInt32)), func(i int) bool { return s.before(i) >= s.spans })
}

// request makes the i-th request, in the memory of wire.
func (s *sending) request(i int, wire []byte) []byte {
	t := s.load[i%len(s.load)]
	wire = slices.Grow(wire[:0], len(t.wire))[:len(t.wire)]
	stream := uint64(i)
	if s.oneTrace {
		stream = 0
	}
	t.renew(wire, rand.New(rand.NewPCG(s.seed, stream)), s.timeNS(i))
	return wire
}

// send puts the load on its target: as many connections as told, one request in flight on each, until all is acknowledged or
// ctx is done. A refused request is sent again after a short pause.
func (s *sending) send(ctx context.Context) (loaded, error) {
	var (
		out       loaded
		mu        sync.Mutex
		latencies []time.Duration
		failure   error
		wg        sync.WaitGroup
		next      atomic.Int64
		acked     atomic.Int64
		stop      atomic.Bool
	)
	requests := int64(s.requests())
	started := time.Now()
	defer s.report(&acked)()
	for range s.connections {
		conn, err := grpc.NewClient(s.target, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return out, err
		}
		wg.Go(func() {
			defer conn.Close()
			var wire []byte
			var sent, requestsSent, retries int64
			var took []time.Duration
			for ctx.Err() == nil && !stop.Load() {
				i := next.Add(1) - 1
				if i >= requests {
					break
				}
				if s.perSecond > 0 {
					due := time.Duration(float64(s.before(int(i))) / float64(s.perSecond) * float64(time.Second))
					select {
					case <-ctx.Done():
						continue
					case <-time.After(time.Until(started.Add(due))):
					}
				}
				wire = s.request(int(i), wire)
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
				spans := int64(s.load[int(i)%len(s.load)].spans)
				sent += spans
				acked.Add(spans)
				requestsSent++
			}
			mu.Lock()
			defer mu.Unlock()
			out.Spans += sent
			out.Requests += requestsSent
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

// report tells of progress until what it returns is called.
func (s *sending) report(acked *atomic.Int64) (stop func()) {
	if s.progress == nil {
		return func() {}
	}
	ended := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				s.progress(acked.Load())
			}
		}
	})
	return func() {
		close(ended)
		wg.Wait()
	}
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
