package topologyprocessor

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
)

// Sink is where edges go, and what knows the stored spans.
type Sink interface {
	// AddEdges stores one block; the same token twice stores it once.
	AddEdges(ctx context.Context, edges []Edge, token string) error
	// Reconcile makes the edges of these buckets what the stored spans say, and returns how many edges changed.
	Reconcile(ctx context.Context, buckets []time.Time) (int, error)
	// BucketsSince returns the buckets, newest first and at most limit, of the spans stored since an instant.
	BucketsSince(ctx context.Context, stored time.Time, limit int) ([]time.Time, error)
	// BucketsOfTraces returns the buckets, at most limit, in which these traces have spans.
	BucketsOfTraces(ctx context.Context, ids [][16]byte, limit int) ([]time.Time, error)
	// LastEdges is when edges were stored last; zero when there are none.
	LastEdges(ctx context.Context) (time.Time, error)
	// Behind is how long the oldest span that was accepted has waited to be stored; 0 when none does.
	Behind() time.Duration
}

// topology is the processor. It never changes or holds back data.
type topology struct {
	cfg  Config
	next consumer.Traces
	sink Sink
	log  *zap.Logger
	tel  *telemetry
	now  func() time.Time
	raw  sync.Pool // of *[]RawSpan

	mu    sync.Mutex // protects graph
	graph *graph

	// work is what was accepted and not counted yet: one goroutine counts, so that the graph stays in one processor's cache and nobody
	// who waits for an answer waits for it.
	work chan *[]RawSpan
	// stopped is closed when nobody counts any more.
	stopped chan struct{}

	// Set by Start.
	registration metric.Registration
	stop         []func() // of the goroutines, in this order
}

// maxWork bounds the requests that wait to be counted; beyond it clients wait.
const maxWork = 64

func newTopology(cfg Config, set component.TelemetrySettings, next consumer.Traces, sink Sink) (*topology, error) {
	tel, err := newTelemetry(set.MeterProvider)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	t := &topology{cfg: cfg, next: next, sink: sink, log: set.Logger, tel: tel, now: time.Now,
		work: make(chan *[]RawSpan, maxWork), stopped: make(chan struct{})}
	t.graph = newGraph(cfg.limits(), t.now())
	return t, nil
}

// Capabilities says that the data is only read.
func (t *topology) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// Start begins to write edges.
func (t *topology) Start(context.Context, component.Host) (err error) {
	t.registration, err = t.tel.watch(func() (open, dirty int) {
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.graph.open(), len(t.graph.dirty.buckets)
	})
	if err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	w := &writer{topology: t, id: rand.Text(), started: t.now()}
	t.stop = []func(){start(t.count), start(w.run)}
	return nil
}

// start runs f in a goroutine and returns what ends it and waits for it.
func start(f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// count takes in what was accepted, until ctx is done and nothing is left.
func (t *topology) count(ctx context.Context) {
	defer close(t.stopped)
	for {
		select {
		case raw := <-t.work:
			t.observe(raw)
			continue
		case <-ctx.Done():
		}
		select {
		case raw := <-t.work:
			t.observe(raw)
		default:
			return
		}
	}
}

// ConsumeTraces passes td on and counts it when it was accepted.
func (t *topology) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	raw, _ := t.raw.Get().(*[]RawSpan)
	if raw == nil {
		raw = new([]RawSpan)
	}
	*raw = Extract(ctx, (*raw)[:0], td)
	if err := t.next.ConsumeTraces(ctx, td); err != nil {
		t.free(raw)
		return err
	}
	select {
	case t.work <- raw:
	case <-t.stopped:
		t.free(raw) // reconciled after the next start
	}
	return nil
}

func (t *topology) observe(raw *[]RawSpan) {
	now := t.now()
	t.mu.Lock()
	for i := range *raw {
		t.graph.tick(now)
		s := t.graph.span(&(*raw)[i])
		t.graph.observe(&s)
	}
	t.mu.Unlock()
	t.free(raw)
}

func (t *topology) free(raw *[]RawSpan) {
	clear(*raw)
	t.raw.Put(raw)
}

// shutdownTimeout bounds the last write.
const shutdownTimeout = 5 * time.Second

// Shutdown writes what was counted. What cannot be written any more is found by reconciliation after the next start.
func (t *topology) Shutdown(context.Context) error {
	if t.stop == nil {
		return nil
	}
	for _, stop := range t.stop {
		stop()
	}
	t.stop = nil
	return t.registration.Unregister()
}
