package sdk

import (
	"context"
	"errors"

	"github.com/opentracing/opentracing-go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Start sets tracing up from the environment (see the README for the variables) and makes it the global one of both APIs:
// otel.GetTracerProvider, otel.GetTextMapPropagator and opentracing.GlobalTracer. Spans go by OTLP over HTTP to
// 127.0.0.1:4318 unless told otherwise. The returned function sends what is still held and stops everything; call it once,
// with a context that bounds the wait.
//
// It fails when a variable has a value that cannot be used, naming it; an endpoint that does not answer is no error.
func Start(ctx context.Context, opts ...Option) (shutdown func(context.Context) error, err error) {
	s, err := New(ctx, opts...)
	if err != nil {
		return nil, err
	}
	otel.SetTracerProvider(s.TracerProvider)
	otel.SetTextMapPropagator(s.Propagator)
	opentracing.SetGlobalTracer(s.Tracer)
	return s.Shutdown, nil
}

// SDK is one tracing set-up. Nothing in it is global.
type SDK struct {
	TracerProvider trace.TracerProvider
	Tracer         *Tracer
	Propagator     propagation.TextMapPropagator

	provider *sdktrace.TracerProvider // nil when tracing is disabled
	remote   *remoteSampler           // nil without remote sampling
}

// New is [Start] without touching the globals.
func New(ctx context.Context, opts ...Option) (*SDK, error) {
	var c config
	for _, opt := range opts {
		opt(&c)
	}
	env := new(environment)

	formats := c.formats
	if formats == nil {
		formats = env.formats()
	}
	res, service := env.resource(ctx, c.service, c.attributes)
	if env.disabled() {
		if err := env.err(); err != nil {
			return nil, err
		}
		return newSDK(noop.NewTracerProvider(), formats), nil
	}

	s := new(SDK)
	sampler := c.sampler
	if sampler == nil {
		sampler, s.remote = env.sampler(service)
	}
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(res), sdktrace.WithSampler(sampler)}
	exporter := c.exporter
	if exporter == nil {
		exporter = env.exporter(ctx)
	}
	if exporter != nil {
		batch := sdktrace.NewBatchSpanProcessor(exporter, env.batch()...)
		options = append(options, sdktrace.WithSpanProcessor(NewProcessor(batch)))
	}
	for _, p := range c.processors {
		options = append(options, sdktrace.WithSpanProcessor(p))
	}
	provider := sdktrace.NewTracerProvider(options...)
	if err := env.err(); err != nil {
		if s.remote != nil {
			s.remote.stop()
		}
		return nil, errors.Join(err, provider.Shutdown(ctx))
	}
	remote := s.remote
	s = newSDK(provider, formats)
	s.provider, s.remote = provider, remote
	return s, nil
}

func newSDK(tp trace.TracerProvider, formats []Format) *SDK {
	p := propagatorOf(formats)
	return &SDK{TracerProvider: tp, Tracer: NewTracer(tp, p), Propagator: p}
}

// ForceFlush sends the ended spans that are still held. Functions call it at the end of an invocation, before the platform
// may freeze them.
func (s *SDK) ForceFlush(ctx context.Context) error {
	if s.provider == nil {
		return nil
	}
	return s.provider.ForceFlush(ctx)
}

// Shutdown sends what is still held and stops. Calling it again does nothing.
func (s *SDK) Shutdown(ctx context.Context) error {
	if s.remote != nil {
		s.remote.stop()
	}
	if s.provider == nil {
		return nil
	}
	return s.provider.Shutdown(ctx)
}

// An Option overrides what the environment says.
type Option func(*config)

type config struct {
	service    string
	attributes []attribute.KeyValue
	exporter   sdktrace.SpanExporter
	processors []sdktrace.SpanProcessor
	sampler    sdktrace.Sampler
	formats    []Format
}

// WithServiceName sets service.name.
func WithServiceName(name string) Option { return func(c *config) { c.service = name } }

// WithAttributes adds attributes of the resource, that is, of the program as a whole.
func WithAttributes(attrs ...attribute.KeyValue) Option {
	return func(c *config) { c.attributes = append(c.attributes, attrs...) }
}

// WithExporter sends spans to e instead of where the environment points.
func WithExporter(e sdktrace.SpanExporter) Option { return func(c *config) { c.exporter = e } }

// WithSpanProcessor shows every span to p too, besides what exports them. Wrap p in [NewProcessor] for it to see spans as the
// exporter does.
func WithSpanProcessor(p sdktrace.SpanProcessor) Option {
	return func(c *config) { c.processors = append(c.processors, p) }
}

// WithSampler decides by root which new traces are kept; traces that come in keep the decision they have.
func WithSampler(root sdktrace.Sampler) Option {
	return func(c *config) { c.sampler = NewSampler(root) }
}

// WithPropagator limits the headers that are written and understood to these formats. None means no propagation.
func WithPropagator(formats ...Format) Option {
	return func(c *config) { c.formats = append([]Format{}, formats...) }
}
