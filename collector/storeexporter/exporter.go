package storeexporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"weft/semconv"
)

// pipeline is the exporter of one signal: queue, filler, workers. Start and Shutdown are the component's.
type pipeline[T any] struct {
	cfg *Config
	sig signal[T]
	ins Inserter
	log *zap.Logger
	tel *telemetry
	fs  files

	mu      sync.RWMutex // protects running
	running bool
	// consuming counts the requests under way; it only grows while running.
	consuming sync.WaitGroup

	// Set by Start, in this order, and undone by Shutdown in the reverse.
	lock         io.Closer
	ledger       *ledger
	queue        *queue[T]
	aside        *rejected
	registration metric.Registration
	delivery     *delivery[T]

	backlog *Backlog // nil when nobody asks
}

func newPipeline[T any](cfg *Config, set component.TelemetrySettings, sig signal[T], ins Inserter) (*pipeline[T], error) {
	tel, err := newTelemetry(set.MeterProvider, sig.name)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	return &pipeline[T]{cfg: cfg, sig: sig, ins: ins, log: set.Logger, tel: tel, fs: osFiles}, nil
}

type (
	tracesExporter  struct{ *pipeline[spans] }
	logsExporter    struct{ *pipeline[plog.Logs] }
	metricsExporter struct{ *pipeline[pmetric.Metrics] }
)

func (e tracesExporter) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	if r := requestOf(ctx); r != nil {
		return e.consume(ctx, spans{request: r}) // td only stands in for it
	}
	return e.consume(ctx, spans{td: td})
}

func (e logsExporter) ConsumeLogs(ctx context.Context, ld plog.Logs) error { return e.consume(ctx, ld) }

func (e metricsExporter) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	return e.consume(ctx, md)
}

// Capabilities says that the data is only read.
func (p *pipeline[T]) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// Start opens the queue and goes on with what an earlier process left in it.
func (p *pipeline[T]) Start(context.Context, component.Host) (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	dir := filepath.Join(p.cfg.Directory, p.sig.name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("queue directory: %w", err)
	}
	if p.lock, err = lockDir(dir); err != nil {
		return err
	}
	p.aside = &rejected{dir: filepath.Join(dir, "rejected"), maxBytes: p.cfg.RejectedBytes, used: -1}
	if err := p.openQueue(dir); err != nil {
		return errors.Join(fmt.Errorf("open queue %s: %w", dir, err), p.close())
	}
	if p.registration, err = p.tel.watch(p.queue.stats); err != nil {
		return errors.Join(fmt.Errorf("register metrics: %w", err), p.close())
	}
	p.delivery = startDelivery(p)
	p.running = true
	if p.backlog != nil {
		p.backlog.watch(p, p.waited)
	}
	return nil
}

// openQueue opens ledger and queue and makes them agree.
func (p *pipeline[T]) openQueue(dir string) (err error) {
	if p.ledger, err = openLedger(dir, p.fs); err != nil {
		return err
	}
	var torn []region
	if p.queue, torn, err = openQueue[T](p.cfg, dir, p.fs); err != nil {
		return err
	}
	for _, d := range torn {
		p.tel.torn.Add(context.Background(), 1, p.tel.signal)
		p.log.Warn("the queue ends in an unfinished write, which is cut off", zap.Int64("bytes", d.to-d.from))
	}
	if len(torn) > 0 {
		p.setAside(torn[0])
	}
	if err := p.queue.cutTail(torn); err != nil {
		return err
	}
	if p.ledger.damaged > 0 {
		p.log.Error("the block ledger has unreadable entries; a block may be stored twice",
			zap.Int("entries", p.ledger.damaged))
	}
	if p.ledger.fresh && len(p.queue.segments) > 0 {
		p.log.Error("the block ledger is missing; what was stored shortly before the last stop may be stored twice")
		if err := p.ledger.startAt(p.queue.segments[0].first); err != nil {
			return err
		}
	}
	p.queue.startAt(p.ledger.next())
	p.queue.release(p.ledger.low())
	return nil
}

// setAside keeps the torn end of the newest segment for whoever wants to look at it.
func (p *pipeline[T]) setAside(d region) {
	path := p.queue.segments[len(p.queue.segments)-1].path
	f, err := p.fs.open(path, os.O_RDONLY)
	if err == nil {
		err = errors.Join(p.aside.putRegion(path, f, d), f.Close())
	}
	if err != nil {
		p.log.Warn("set aside an unfinished write", zap.Error(err))
	}
}

// Shutdown refuses new requests, stores what is queued within ctx and drain_timeout, and leaves the rest on disk.
func (p *pipeline[T]) Shutdown(ctx context.Context) error {
	p.mu.Lock()
	running := p.running
	p.running = false
	p.mu.Unlock()
	if !running {
		return nil
	}
	if p.backlog != nil {
		defer p.backlog.forget(p)
	}
	p.consuming.Wait()
	ctx, cancel := context.WithTimeout(ctx, p.cfg.DrainTimeout)
	defer cancel()
	p.delivery.stop(ctx)
	if _, records := p.queue.stats(); records > 0 {
		p.log.Info("requests stay in the queue until the next start", zap.Uint64("requests", records))
	}
	return p.close()
}

// close undoes what Start did before the delivery; parts that were not reached are nil.
func (p *pipeline[T]) close() error {
	var errs []error
	if p.registration != nil {
		errs = append(errs, p.registration.Unregister())
	}
	if p.queue != nil {
		p.queue.close()
	}
	if p.ledger != nil {
		errs = append(errs, p.ledger.close())
	}
	return errors.Join(append(errs, p.lock.Close())...)
}

// consume answers when data is durable in the queue. A refusal carries a gRPC status, which the receivers pass on.
func (p *pipeline[T]) consume(ctx context.Context, data T) error {
	items := p.sig.items(data)
	if items == 0 {
		return nil
	}
	p.mu.RLock()
	if !p.running {
		p.mu.RUnlock()
		p.tel.refuse(semconv.ReasonShuttingDown, items)
		return p.unavailable(errQueueClosed)
	}
	p.consuming.Add(1)
	p.mu.RUnlock()
	defer p.consuming.Done()

	body, form, err := p.sig.marshal(data)
	if err != nil {
		p.tel.refuse(semconv.ReasonMalformed, items)
		return consumererror.NewPermanent(fmt.Errorf("marshal %s: %w", p.sig.name, err))
	}
	p.sig.keep(data)
	kept, err := p.queue.append(ctx, items, form, body, data)
	if !kept {
		p.sig.drop(data)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return err
	case errors.Is(err, errTooLarge):
		p.tel.refuse(semconv.ReasonQueueFull, items)
		// ResourceExhausted without RetryInfo: OTLP clients give the request up, for it can never fit.
		return consumererror.NewPermanent(status.Error(codes.ResourceExhausted, err.Error()))
	case errors.Is(err, errQueueFull):
		p.tel.refuse(semconv.ReasonQueueFull, items)
	default:
		p.tel.refuse(semconv.ReasonQueueUnwritable, items)
	}
	return p.unavailable(err)
}

// unavailable is gRPC's UNAVAILABLE with RetryInfo; over HTTP the receiver makes it 503 with Retry-After.
func (p *pipeline[T]) unavailable(err error) error {
	st, detailErr := status.New(codes.Unavailable, err.Error()).WithDetails(
		&errdetails.RetryInfo{RetryDelay: durationpb.New(p.cfg.ClientDelay.Round(time.Second))})
	if detailErr != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	return st.Err()
}
