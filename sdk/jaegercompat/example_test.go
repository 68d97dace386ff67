package jaegercompat_test

import (
	"fmt"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/config"

	"weft/sdk/jaegercompat"
)

// A program that configures jaeger-client-go changes one line: cfg.NewTracer() becomes jaegercompat.NewTracer(cfg).
func ExampleNewTracer() {
	cfg := config.Configuration{
		ServiceName: "recommend",
		Sampler:     &config.SamplerConfig{Type: jaeger.SamplerTypeConst, Param: 1},
		Reporter:    &config.ReporterConfig{LocalAgentHostPort: "127.0.0.1:6831"},
	}
	tracer, closer, err := jaegercompat.NewTracer(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer closer.Close()

	// The caller knows W3C only.
	caller, err := tracer.Extract(opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier{
		"Traceparent": {"00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(caller.(jaeger.SpanContext).TraceID())
	// Output: 5759e988bd862e3fe1be46a994272793
}
