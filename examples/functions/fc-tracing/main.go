// Command fc-tracing is a Function Compute function that traces itself as the vendor's documentation shows: it takes the
// platform's span context and Jaeger endpoint from its context and reports with Jaeger's own client.
package main

import (
	"context"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/transport"
)

func handle(ctx context.Context) (map[string]string, error) {
	info, _ := fccontext.FromContext(ctx)
	parent, err := jaeger.ContextFromString(info.Tracing.OpenTracingSpanContext)
	if err != nil {
		return nil, err
	}
	reporter := jaeger.NewRemoteReporter(transport.NewHTTPTransport(info.Tracing.JaegerEndpoint))
	tracer, closer := jaeger.NewTracer("fc-tracing", jaeger.NewConstSampler(true), reporter)
	defer closer.Close() // sends what is left
	span := tracer.StartSpan("load catalogue", opentracing.ChildOf(parent))
	defer span.Finish()
	return info.Tracing.OpenTracingSpanBaggages, nil
}

func main() { fc.Start(handle) }
