package main

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/uber/jaeger-client-go"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

type driverNamedValue = driver.NamedValue

func hasSpan(ctx context.Context) bool { return trace.SpanContextFromContext(ctx).IsValid() }

// spanCounts counts the spans that a service hands to its exporter, by trace: the truth to compare a backend with. It is a
// span processor for OpenTelemetry and a reporter for jaeger-client-go.
type spanCounts struct {
	mu      sync.Mutex
	byTrace map[string]int
}

func newSpanCounts() *spanCounts { return &spanCounts{byTrace: map[string]int{}} }

func (c *spanCounts) add(traceID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byTrace[traceID]++
}

func (c *spanCounts) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

func (c *spanCounts) OnEnd(s sdktrace.ReadOnlySpan) {
	if s.SpanContext().IsSampled() {
		c.add(s.SpanContext().TraceID().String())
	}
}

func (c *spanCounts) Shutdown(context.Context) error   { return nil }
func (c *spanCounts) ForceFlush(context.Context) error { return nil }

func (c *spanCounts) Report(s *jaeger.Span) {
	tid := s.SpanContext().TraceID()
	c.add(fmt.Sprintf("%016x%016x", tid.High, tid.Low)) // String leaves an upper half of zeros away
}

func (c *spanCounts) Close() {}

func (c *spanCounts) write(file string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	raw, err := json.Marshal(c.byTrace)
	if err != nil {
		return err
	}
	return os.WriteFile(file, raw, 0o600)
}
