package sdk

import (
	"cmp"
	"context"
	"strings"
	"time"

	//lint:ignore SA1019 JAEGER_ENDPOINT and JAEGER_AGENT_HOST promise Jaeger's own protocols, which nothing newer writes.
	"go.opentelemetry.io/otel/exporters/jaeger"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// exporter returns nil when spans are to go nowhere.
func (e *environment) exporter(ctx context.Context) sdktrace.SpanExporter {
	const name = "OTEL_TRACES_EXPORTER"
	endpointSet := cmp.Or(env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), env("OTEL_EXPORTER_OTLP_ENDPOINT")) != ""
	jaegerSet := cmp.Or(env("JAEGER_ENDPOINT"), env("JAEGER_AGENT_HOST"), env("JAEGER_AGENT_PORT")) != ""
	switch v := strings.ToLower(env(name)); {
	case v == "none":
		return nil
	case v == "jaeger", v == "" && jaegerSet && !endpointSet:
		return e.jaegerExporter()
	case v == "otlp", v == "":
		return e.otlpExporter(ctx, endpointSet)
	default:
		e.bad(name, "want otlp, jaeger or none, got %q", v)
		return nil
	}
}

// otlpExporter leaves all that is not the default endpoint to the exporters, which read OTEL_EXPORTER_OTLP_* themselves.
func (e *environment) otlpExporter(ctx context.Context, endpointSet bool) sdktrace.SpanExporter {
	const name = "OTEL_EXPORTER_OTLP_PROTOCOL"
	var exp sdktrace.SpanExporter
	var err error
	switch v := cmp.Or(env("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), env(name), "http/protobuf"); v {
	case "http/protobuf":
		var opts []otlptracehttp.Option
		if !endpointSet {
			opts = append(opts, otlptracehttp.WithEndpoint("127.0.0.1:4318"), otlptracehttp.WithInsecure())
		}
		exp, err = otlptracehttp.New(ctx, opts...)
	case "grpc":
		var opts []otlptracegrpc.Option
		if !endpointSet {
			opts = append(opts, otlptracegrpc.WithEndpoint("127.0.0.1:4317"), otlptracegrpc.WithInsecure())
		}
		exp, err = otlptracegrpc.New(ctx, opts...)
	default:
		e.bad(name, "want grpc or http/protobuf, got %q", v)
		return nil
	}
	if err != nil {
		e.bad("OTEL_EXPORTER_OTLP_ENDPOINT", "%v", err)
		return nil
	}
	return exp
}

// jaegerExporter writes thrift over HTTP to JAEGER_ENDPOINT or else over UDP to the agent.
func (e *environment) jaegerExporter() sdktrace.SpanExporter {
	var endpoint jaeger.EndpointOption
	if url := env("JAEGER_ENDPOINT"); url != "" {
		endpoint = jaeger.WithCollectorEndpoint(jaeger.WithEndpoint(url),
			jaeger.WithUsername(env("JAEGER_USER")), jaeger.WithPassword(env("JAEGER_PASSWORD")))
	} else {
		endpoint = jaeger.WithAgentEndpoint(jaeger.WithAgentHost(cmp.Or(env("JAEGER_AGENT_HOST"), "127.0.0.1")),
			jaeger.WithAgentPort(cmp.Or(env("JAEGER_AGENT_PORT"), "6831")))
	}
	exp, err := jaeger.New(endpoint)
	if err != nil {
		e.bad("JAEGER_ENDPOINT", "%v", err)
		return nil
	}
	return exp
}

// batch translates the JAEGER_REPORTER_* variables; OTEL_BSP_* is read by the batch processor itself.
func (e *environment) batch() []sdktrace.BatchSpanProcessorOption {
	var opts []sdktrace.BatchSpanProcessorOption
	if d := e.duration("JAEGER_REPORTER_FLUSH_INTERVAL", 0); d > 0 && env("OTEL_BSP_SCHEDULE_DELAY") == "" {
		opts = append(opts, sdktrace.WithBatchTimeout(d.Round(time.Millisecond)))
	}
	if n := e.number("JAEGER_REPORTER_MAX_QUEUE_SIZE", 0, 1, 1e6); n > 0 && env("OTEL_BSP_MAX_QUEUE_SIZE") == "" {
		opts = append(opts, sdktrace.WithMaxQueueSize(int(n)))
	}
	return opts
}
