// Package jaegercompat lets programs that already build a jaeger-client-go tracer keep it and join Weft's traces: with its
// options, their tracer reads and writes every header format that [sdk.Propagator] knows instead of uber-trace-id alone,
// and makes the 128-bit trace ids that W3C asks for. What the tracer reports, and where to, stays the program's choice.
//
// This package is the only one that depends on jaeger-client-go, which its authors have archived; new code uses package
// sdk.
package jaegercompat

import (
	"encoding/binary"
	"io"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/config"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"weft/sdk"
)

// NewTracer is cfg.NewTracer with [ConfigOptions] in front of opts.
func NewTracer(cfg config.Configuration, opts ...config.Option) (opentracing.Tracer, io.Closer, error) {
	return cfg.NewTracer(append(ConfigOptions(), opts...)...)
}

// ConfigOptions are options for config.Configuration.NewTracer and InitGlobalTracer.
func ConfigOptions() []config.Option {
	opts := []config.Option{config.Gen128Bit(true)}
	for _, p := range propagators() {
		opts = append(opts, config.Injector(p.format, p), config.Extractor(p.format, p))
	}
	return opts
}

// TracerOptions are options for jaeger.NewTracer.
func TracerOptions() []jaeger.TracerOption {
	opts := []jaeger.TracerOption{jaeger.TracerOptions.Gen128Bit(true)}
	for _, p := range propagators() {
		opts = append(opts, jaeger.TracerOptions.Injector(p.format, p), jaeger.TracerOptions.Extractor(p.format, p))
	}
	return opts
}

func propagators() []*propagator {
	all := sdk.NewTracer(noop.NewTracerProvider(), nil)
	headers := new(jaeger.HeadersConfig).ApplyDefaults()
	metrics := *jaeger.NewNullMetrics()
	return []*propagator{
		{opentracing.HTTPHeaders, all, jaeger.NewHTTPHeaderPropagator(headers, metrics)},
		{opentracing.TextMap, all, jaeger.NewTextMapPropagator(headers, metrics)},
	}
}

// propagator serves one format. Binary is left to jaeger-client-go, whose layout sdk writes too.
type propagator struct {
	format opentracing.BuiltinFormat
	all    *sdk.Tracer
	native *jaeger.TextMapPropagator
}

// Inject writes sc in every format, with Jaeger's own headers last and as Jaeger writes them: they carry its debug flag.
func (p *propagator) Inject(sc jaeger.SpanContext, carrier any) error {
	if err := p.all.Inject(toOpenTelemetry(sc), p.format, carrier); err != nil {
		return err
	}
	return p.native.Inject(sc, carrier)
}

// Extract prefers formats in the order of sdk.AllFormats. jaeger-client-go has no links, so contexts that disagree are lost
// to it.
func (p *propagator) Extract(carrier any) (jaeger.SpanContext, error) {
	native, nativeErr := p.native.Extract(carrier)
	found, err := p.all.Extract(p.format, carrier)
	if err != nil {
		// jaeger-debug-id alone is a context to jaeger-client-go only.
		return native, nativeErr
	}
	sc, _ := sdk.SpanContextOf(found)
	items := map[string]string{}
	found.ForeachBaggageItem(func(k, v string) bool {
		items[k] = v
		return true
	})
	out := fromOpenTelemetry(sc, items)
	if nativeErr == nil && (native.TraceID() == out.TraceID() && native.SpanID() == out.SpanID() || !out.IsValid()) {
		out = native // has flags that the others lack
		for k, v := range items {
			out = out.WithBaggageItem(k, v)
		}
	}
	return out, nil
}

func toOpenTelemetry(sc jaeger.SpanContext) opentracing.SpanContext {
	var cfg trace.SpanContextConfig
	binary.BigEndian.PutUint64(cfg.TraceID[:8], sc.TraceID().High)
	binary.BigEndian.PutUint64(cfg.TraceID[8:], sc.TraceID().Low)
	binary.BigEndian.PutUint64(cfg.SpanID[:], uint64(sc.SpanID()))
	if sc.IsSampled() {
		cfg.TraceFlags = trace.FlagsSampled
	}
	var bag baggage.Baggage
	sc.ForeachBaggageItem(func(k, v string) bool {
		if m, err := baggage.NewMemberRaw(k, v); err == nil {
			bag, _ = bag.SetMember(m) // cannot fail on a member that NewMemberRaw made
		}
		return true
	})
	return sdk.NewSpanContext(trace.NewSpanContext(cfg), bag)
}

func fromOpenTelemetry(sc trace.SpanContext, items map[string]string) jaeger.SpanContext {
	tid, sid := sc.TraceID(), sc.SpanID()
	return jaeger.NewSpanContext(
		jaeger.TraceID{High: binary.BigEndian.Uint64(tid[:8]), Low: binary.BigEndian.Uint64(tid[8:])},
		jaeger.SpanID(binary.BigEndian.Uint64(sid[:])), 0, sc.IsSampled(), items)
}
