package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	maxStrategyBytes = 1 << 20
	// maxStrategyOperations bounds memory; jaeger-client's default.
	maxStrategyOperations = 2000
)

// remoteSampler follows the strategy that a Jaeger sampling endpoint gives for its service, asked for again and again.
// Until the first answer, and while answers fail, it keeps the strategy it has.
type remoteSampler struct {
	url     string
	client  *http.Client
	current atomic.Pointer[strategy]
	cancel  context.CancelFunc
	done    chan struct{}
}

func newRemoteSampler(endpoint, service string, every time.Duration, initial sdktrace.Sampler) (*remoteSampler, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("sampling endpoint %q: want a URL", endpoint)
	}
	q := u.Query()
	q.Set("service", service)
	u.RawQuery = q.Encode()
	ctx, cancel := context.WithCancel(context.Background())
	s := &remoteSampler{
		url:    u.String(),
		client: &http.Client{Timeout: 5 * time.Second},
		cancel: cancel,
		done:   make(chan struct{}),
	}
	s.current.Store(&strategy{def: initial})
	go s.poll(ctx, every)
	return s, nil
}

func (s *remoteSampler) poll(ctx context.Context, every time.Duration) {
	defer close(s.done)
	defer s.client.CloseIdleConnections()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := s.update(ctx); err != nil && ctx.Err() == nil {
			otel.Handle(fmt.Errorf("ask for the sampling strategy: %w", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *remoteSampler) update(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxStrategyBytes+1))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", s.url, resp.Status)
	}
	next, err := parseStrategy(body)
	if err != nil {
		return err
	}
	s.current.Store(next)
	return nil
}

// stop ends the polling and waits for it.
func (s *remoteSampler) stop() {
	s.cancel()
	<-s.done
}

func (s *remoteSampler) Description() string { return "JaegerRemote" }

func (s *remoteSampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return s.current.Load().ShouldSample(p)
}

type strategy struct {
	def         sdktrace.Sampler
	byOperation map[string]sdktrace.Sampler
}

func (s *strategy) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if op, ok := s.byOperation[p.Name]; ok {
		return op.ShouldSample(p)
	}
	return s.def.ShouldSample(p)
}

// parseStrategy reads the JSON of Jaeger's GET /sampling. Fields decide, not strategyType, which servers write both as a
// name and as a number. https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/sampling.proto
func parseStrategy(body []byte) (*strategy, error) {
	if len(body) > maxStrategyBytes {
		return nil, fmt.Errorf("sampling strategy is larger than %d bytes", maxStrategyBytes)
	}
	type probabilistic struct {
		Rate float64 `json:"samplingRate"`
	}
	var in struct {
		Probabilistic *probabilistic `json:"probabilisticSampling"`
		RateLimiting  *struct {
			PerSecond float64 `json:"maxTracesPerSecond"`
		} `json:"rateLimitingSampling"`
		Operations *struct {
			Default      float64 `json:"defaultSamplingProbability"`
			LowerBound   float64 `json:"defaultLowerBoundTracesPerSecond"`
			PerOperation []struct {
				Operation     string        `json:"operation"`
				Probabilistic probabilistic `json:"probabilisticSampling"`
			} `json:"perOperationStrategies"`
		} `json:"operationSampling"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("sampling strategy: %w", err)
	}
	out := new(strategy)
	switch {
	case in.Operations != nil:
		ops := in.Operations
		out.def = newGuaranteed(ops.Default, ops.LowerBound)
		out.byOperation = make(map[string]sdktrace.Sampler)
		for _, op := range ops.PerOperation[:min(len(ops.PerOperation), maxStrategyOperations)] {
			out.byOperation[op.Operation] = newGuaranteed(op.Probabilistic.Rate, ops.LowerBound)
		}
	case in.RateLimiting != nil:
		out.def = newRateLimited(in.RateLimiting.PerSecond)
	case in.Probabilistic != nil:
		out.def = sdktrace.TraceIDRatioBased(in.Probabilistic.Rate)
	default:
		return nil, fmt.Errorf("sampling strategy names no sampling")
	}
	return out, nil
}

// guaranteed samples by probability and lets lowerBound traces a second through besides, so that rare operations show.
type guaranteed struct {
	sdktrace.Sampler
	lowerBound *rateLimited
}

func newGuaranteed(rate, lowerBound float64) sdktrace.Sampler {
	return guaranteed{sdktrace.TraceIDRatioBased(rate), newRateLimited(lowerBound)}
}

func (g guaranteed) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	r := g.Sampler.ShouldSample(p)
	if r.Decision == sdktrace.RecordAndSample {
		g.lowerBound.take()
		return r
	}
	if g.lowerBound.take() {
		return result(sample, trace.SpanContextFromContext(p.ParentContext))
	}
	return r
}
