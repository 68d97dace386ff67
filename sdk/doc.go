// Package sdk is what user code imports to be traced by Weft: an OpenTracing tracer on top of the OpenTelemetry SDK, a
// propagator that understands the trace headers in common use, and one call that sets both up from the environment.
//
//	shutdown, err := sdk.Start(ctx)
//	if err != nil {
//		return err
//	}
//	defer shutdown(context.Background())
//
// After Start, code that uses OpenTelemetry (otel.Tracer) and code that uses OpenTracing (opentracing.GlobalTracer) write
// into the same traces, in either nesting. Code that already builds a jaeger-client-go tracer keeps it and adds the
// options of package jaegercompat.
package sdk
