package emit

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"weft/semconv"
)

// keeper is an exporter that fails as often as it is told, and keeps what it takes.
type keeper struct {
	mu       sync.Mutex
	failures int
	err      error
	spans    int
	records  int
	last     ptrace.Traces
	lastLogs plog.Logs
}

func (k *keeper) fails() error {
	if k.failures > 0 {
		k.failures--
		return k.err
	}
	return nil
}

func (k *keeper) ExportTraces(_ context.Context, td ptrace.Traces) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.fails(); err != nil {
		return err
	}
	k.spans, k.last = k.spans+td.SpanCount(), td
	return nil
}

func (k *keeper) ExportLogs(_ context.Context, ld plog.Logs) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.fails(); err != nil {
		return err
	}
	k.records, k.lastLogs = k.records+ld.LogRecordCount(), ld
	return nil
}

var from = &Resource{Attributes: []attribute.KeyValue{attribute.String("service.name", "greet")}}

func spanContext(id byte) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{id}, SpanID: trace.SpanID{id}, TraceFlags: trace.FlagsSampled})
}

// Everything that was handed over before Close is exported, as often as it takes, with all that it says.
func TestEmitter(t *testing.T) {
	k := &keeper{failures: 2, err: errors.New("not yet")}
	e := New(Config{Exporter: k, Logger: slog.New(slog.DiscardHandler)})
	start := time.Unix(1700000000, 5)
	const spans, records = 9000, 5 // more than one batch
	for range spans {
		e.Spans(from, Span{Context: spanContext(1), Parent: trace.SpanID{9}, Name: "Invocation", Kind: trace.SpanKindServer, Start: start, End: start.Add(time.Second),
			Attributes: []attribute.KeyValue{attribute.Int("n", 3), attribute.Bool("b", true), attribute.StringSlice("list", []string{"x", "y"})},
			Links:      []Link{{Context: spanContext(2), Type: "instance"}}, Failed: true, Message: "no"})
	}
	for range records {
		e.Records(from, Record{Time: start, Event: semconv.EventInvocation, Span: spanContext(1), Body: attribute.StringValue("text")})
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if k.spans != spans || k.records != records {
		t.Fatalf("got %d spans and %d records, want %d and %d", k.spans, k.records, spans, records)
	}
	rs := k.last.ResourceSpans().At(0)
	s := rs.ScopeSpans().At(0).Spans().At(0)
	if name, _ := rs.Resource().Attributes().Get("service.name"); name.Str() != "greet" || rs.SchemaUrl() != semconv.SchemaURL ||
		rs.ScopeSpans().At(0).Scope().Name() != semconv.RuntimeScope {
		t.Errorf("resource, schema or scope: got %v, %q", rs.Resource().Attributes().AsRaw(), rs.SchemaUrl())
	}
	if s.Kind() != ptrace.SpanKindServer || s.Flags() != 1 || s.StartTimestamp().AsTime() != start.UTC() || s.Status().Code() != ptrace.StatusCodeError ||
		s.ParentSpanID() != [8]byte{9} || s.Attributes().Len() != 3 {
		t.Errorf("span: kind %v, flags %d, start %v, status %v, parent %v, attributes %v", s.Kind(), s.Flags(), s.StartTimestamp().AsTime(), s.Status().Code(), s.ParentSpanID(), s.Attributes().AsRaw())
	}
	if l := s.Links().At(0); l.TraceID() != [16]byte{2} || l.Attributes().AsRaw()[semconv.LinkType] != "instance" {
		t.Errorf("link: got %v %v", l.TraceID(), l.Attributes().AsRaw())
	}
	if r := k.lastLogs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0); r.EventName() != semconv.EventInvocation || r.Body().Str() != "text" || r.TraceID() != [16]byte{1} {
		t.Errorf("record: got %q %q %v", r.EventName(), r.Body().AsString(), r.TraceID())
	}
	e.Spans(from, Span{})
	if spans, _ := e.Dropped(); spans != 1 {
		t.Errorf("after Close: %d dropped, want 1", spans)
	}
}

// What nobody takes is bounded and counted, and Close does not wait for it longer than it is told.
func TestEmitterNobodyTakes(t *testing.T) {
	k := &keeper{failures: 1 << 30, err: errors.New("away")}
	e := New(Config{Exporter: k, Logger: slog.New(slog.DiscardHandler)})
	const more = 1000
	for range queueLimit + batchLimit + more {
		e.Spans(from, Span{Context: spanContext(1)})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := e.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("close: got %v, want that its time was over", err)
	}
	if spans, _ := e.Dropped(); spans != queueLimit+batchLimit+more {
		t.Errorf("%d dropped, want all %d", spans, queueLimit+batchLimit+more)
	}
}

// A part that the receiver refuses for good is counted, and not sent again.
func TestEmitterRefused(t *testing.T) {
	k := &keeper{failures: 1, err: &RefusedError{Count: 2, Reason: "zero ids"}}
	e := New(Config{Exporter: k, Logger: slog.New(slog.DiscardHandler)})
	e.Records(from, Record{}, Record{}, Record{})
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, records := e.Dropped(); records != 2 || k.records != 0 {
		t.Errorf("dropped %d, sent again %d; want 2 and 0", records, k.records)
	}
}

type traceServer struct {
	ptraceotlp.UnimplementedGRPCServer
	got chan string
}

func (s *traceServer) Export(ctx context.Context, req ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	s.got <- md.Get("authorization")[0]
	resp := ptraceotlp.NewExportResponse()
	resp.PartialSuccess().SetRejectedSpans(int64(req.Traces().SpanCount()))
	return resp, nil
}

type logServer struct {
	plogotlp.UnimplementedGRPCServer
	got chan string
}

func (s *logServer) Export(_ context.Context, req plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	s.got <- req.Logs().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).EventName()
	return plogotlp.NewExportResponse(), nil
}

// The exporter speaks OTLP over gRPC with its token, and says what was refused.
func TestOTLP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 2)
	srv := grpc.NewServer()
	ptraceotlp.RegisterGRPCServer(srv, &traceServer{got: got})
	plogotlp.RegisterGRPCServer(srv, &logServer{got: got})
	go srv.Serve(l)
	t.Cleanup(srv.Stop)
	o, err := NewOTLP(OTLPConfig{Address: l.Addr().String(), Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	var refused *RefusedError
	if err := o.ExportTraces(t.Context(), traces([]pending[Span]{{from, Span{}}})); !errors.As(err, &refused) || refused.Count != 1 {
		t.Errorf("spans: got %v, want that one was refused", err)
	}
	if header := <-got; header != "Bearer secret" {
		t.Errorf("authorization: got %q", header)
	}
	if err := o.ExportLogs(t.Context(), logs([]pending[Record]{{from, Record{Event: "weft.invocation"}}})); err != nil {
		t.Errorf("records: %v", err)
	}
	if name := <-got; name != "weft.invocation" {
		t.Errorf("event name: got %q", name)
	}
}
