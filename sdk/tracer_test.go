package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"weft/sdk"
)

// recorded returns a tracer and what it has exported so far, in the order of ends.
func recorded(t *testing.T) (*sdk.SDK, func() tracetest.SpanStubs) {
	t.Helper()
	exp := tracetest.NewInMemoryExporter()
	s, err := sdk.New(t.Context(), sdk.WithExporter(exp), sdk.WithServiceName("test"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s, func() tracetest.SpanStubs {
		t.Helper()
		if err := s.ForceFlush(t.Context()); err != nil {
			t.Fatal(err)
		}
		return exp.GetSpans()
	}
}

func attrsOf(kvs []attribute.KeyValue) string {
	var s []string
	for _, kv := range kvs {
		s = append(s, fmt.Sprintf("%s=%s(%s)", kv.Key, kv.Value.Type(), kv.Value.String()))
	}
	return strings.Join(s, " ")
}

func TestReferences(t *testing.T) {
	s, spans := recorded(t)
	a, b := s.Tracer.StartSpan("a"), s.Tracer.StartSpan("b")
	a.SetBaggageItem("k", "a")
	b.SetBaggageItem("k", "b").SetBaggageItem("l", "b")
	f := func(want string, wantBaggage string, refs ...opentracing.StartSpanOption) {
		t.Helper()
		sp := s.Tracer.StartSpan("x", refs...)
		sp.Finish()
		all := spans()
		got := all[len(all)-1]
		name := map[trace.SpanID]string{{}: "none"}
		for n, p := range map[string]opentracing.Span{"a": a, "b": b} {
			sc, _ := sdk.SpanContextOf(p.Context())
			name[sc.SpanID()] = n
		}
		desc := "parent=" + name[got.Parent.SpanID()]
		for _, l := range got.Links {
			desc += " " + l.Attributes[0].Value.AsString() + "=" + name[l.SpanContext.SpanID()]
		}
		if desc != want {
			t.Errorf("got %s, want %s", desc, want)
		}
		if got := sp.BaggageItem("k") + sp.BaggageItem("l"); got != wantBaggage {
			t.Errorf("%s: got baggage %q, want %q", want, got, wantBaggage)
		}
	}
	child, follows := opentracing.ChildOf, opentracing.FollowsFrom
	f("parent=none", "")
	f("parent=a", "a", child(a.Context()))
	f("parent=a follows_from=a", "a", follows(a.Context()))
	f("parent=b follows_from=a", "bb", follows(a.Context()), child(b.Context()))
	f("parent=a child_of=b", "ab", child(a.Context()), child(b.Context()))
	f("parent=a follows_from=a follows_from=b", "ab", follows(a.Context()), follows(b.Context()))
	f("parent=none", "", child(opentracing.NoopTracer{}.StartSpan("foreign").Context()))
	f("parent=none", "", child(nil))
}

func TestTags(t *testing.T) {
	s, spans := recorded(t)
	f := func(want string, kind string, tags ...opentracing.Tag) {
		t.Helper()
		for _, late := range []bool{false, true} {
			var opts []opentracing.StartSpanOption
			for _, tag := range tags {
				if !late || tag.Key == "span.kind" {
					opts = append(opts, tag)
				}
			}
			sp := s.Tracer.StartSpan("x", opts...)
			for _, tag := range tags {
				if late && tag.Key != "span.kind" {
					tag.Set(sp)
				}
			}
			sp.Finish()
			all := spans()
			got := all[len(all)-1]
			desc := attrsOf(got.Attributes)
			if got.Status.Code != codes.Unset {
				desc = strings.TrimSpace(got.Status.Code.String() + ":" + got.Status.Description + " " + desc)
			}
			if desc != want || got.SpanKind.String() != kind {
				t.Errorf("late=%v %v:\ngot  %s %s\nwant %s %s", late, tags, got.SpanKind, desc, kind, want)
			}
		}
	}
	tag := func(k string, v any) opentracing.Tag { return opentracing.Tag{Key: k, Value: v} }
	f("s=STRING(x)", "internal", tag("s", "x"))
	f("b=BOOL(true)", "internal", tag("b", true))
	f("i=INT64(-3)", "internal", tag("i", int8(-3)))
	f("u=INT64(4)", "internal", tag("u", uint64(4)))
	f("u=STRING(18446744073709551615)", "internal", tag("u", uint64(math.MaxUint64)))
	f("f=FLOAT64(0.5)", "internal", tag("f", float32(0.5)))
	f(`l=STRINGSLICE(["a","b"])`, "internal", tag("l", []string{"a", "b"}))
	f("d=STRING(1s)", "internal", tag("d", time.Second))
	f("n=STRING(<nil>)", "internal", tag("n", nil))
	f("Error:", "internal", tag("error", true))
	f("Error:", "internal", tag("error", "true"))
	f("", "internal", tag("error", false))
	f("Error:card refused", "internal", tag("error", errors.New("card refused")))
	f("Error:card refused", "internal", tag("error", "card refused"))
	f("", "client", tag("span.kind", ext.SpanKindRPCClientEnum))
	f("", "consumer", tag("span.kind", "consumer"))
	f("span.kind=STRING(odd)", "internal", tag("span.kind", "odd"))
	f("server.address=STRING(db1)", "client", ext.SpanKindRPCClient, tag("peer.hostname", "db1"))
	f("client.address=STRING(phone)", "server", ext.SpanKindRPCServer, tag("peer.hostname", "phone"))
	f("network.peer.address=STRING(10.0.0.1)", "client", ext.SpanKindRPCClient, tag("peer.address", "10.0.0.1:80"))
	f("network.peer.address=STRING(127.0.0.1)", "internal", tag("peer.ipv4", uint32(0x7f000001)))
	f("network.peer.port=INT64(80)", "internal", tag("peer.port", uint16(80)))
	f("peer.service=STRING(cart)", "internal", tag("peer.service", "cart"))
	f("http.response.status_code=INT64(404)", "internal", tag("http.status_code", "404"))
	f("db.query.text=STRING(SELECT 1)", "internal", tag("db.statement", "SELECT 1"))
	f("db.system.name=STRING(redis)", "internal", tag("db.type", "Redis"))
	f("messaging.destination.name=STRING(orders)", "producer", ext.SpanKindProducer, tag("message_bus.destination", "orders"))
}

// TestLateTags sets after the start what OpenTelemetry wants before it.
func TestLateTags(t *testing.T) {
	s, spans := recorded(t)
	sp := s.Tracer.StartSpan("late")
	ext.SpanKindRPCServer.Set(sp)
	sp.SetTag("error", true).SetTag("error", false)
	sp.SetOperationName("renamed")
	sp.Finish()
	dropped := s.Tracer.StartSpan("dropped")
	ext.SamplingPriority.Set(dropped, 0)
	child := s.Tracer.StartSpan("child of dropped", opentracing.ChildOf(dropped.Context()))
	child.Finish()
	dropped.Finish()
	got := spans()
	if len(got) != 1 || got[0].Name != "renamed" || got[0].SpanKind != trace.SpanKindServer || got[0].Status.Code != codes.Ok || len(got[0].Attributes) != 0 {
		t.Errorf("got %+v", got)
	}
	h := opentracing.TextMapCarrier{}
	if err := s.Tracer.Inject(dropped.Context(), opentracing.TextMap, h); err != nil || !strings.HasSuffix(h["traceparent"], "-00") {
		t.Errorf("got %v, %v", h, err)
	}
}

func TestLogs(t *testing.T) {
	s, spans := recorded(t)
	sp := s.Tracer.StartSpan("x")
	at := time.Date(2024, 1, 2, 3, 4, 5, 6, time.UTC)
	sp.LogFields(log.String("event", "frozen"), log.Int("year", 1999), log.Bool("cold", true), log.Uint64("u", 7), log.Noop())
	sp.LogKV("place", "lab", "t", 1.5)
	sp.LogKV("odd")
	ext.LogError(sp, errors.New("boom"), log.String("stack", "main.go:1"))
	sp.LogFields(log.Event("error"), log.String("message", "bad"), log.String("error.kind", "IO"), log.Object("error.object", errors.New("eof")))
	sp.LogFields(log.Lazy(func(e log.Encoder) { e.EmitInt32("lazy", 1) }))
	sp.FinishWithOptions(opentracing.FinishOptions{
		FinishTime:  at.Add(time.Hour),
		LogRecords:  []opentracing.LogRecord{{Timestamp: at, Fields: []log.Field{log.Event("recorded")}}},
		BulkLogData: []opentracing.LogData{{Timestamp: at, Event: "bulk", Payload: 3}},
	})
	got := spans()[0]
	var lines []string
	for _, e := range got.Events {
		lines = append(lines, e.Name+" "+attrsOf(e.Attributes))
	}
	want := []string{
		"frozen event=STRING(frozen) year=INT64(1999) cold=BOOL(true) u=INT64(7)",
		"log place=STRING(lab) t=FLOAT64(1.5)",
		"log error.object=STRING(non-even keyValues len: 1) function=STRING(LogKV)",
		"exception exception.message=STRING(boom) exception.stacktrace=STRING(main.go:1) exception.type=STRING(*errors.errorString)",
		"exception exception.message=STRING(bad) exception.type=STRING(IO) error.object=STRING(eof)",
		"log lazy=INT64(1)",
		"recorded event=STRING(recorded)",
		"bulk event=STRING(bulk) payload=INT64(3)",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if !got.Events[6].Time.Equal(at) || !got.Events[7].Time.Equal(at) || !got.EndTime.Equal(at.Add(time.Hour)) {
		t.Errorf("times: got %v, %v, end %v", got.Events[6].Time, got.Events[7].Time, got.EndTime)
	}
	if got.Status.Code != codes.Error {
		t.Errorf("ext.LogError: got status %v", got.Status)
	}
}

// TestBothAPIs nests spans of the two APIs in turn through a context.
func TestBothAPIs(t *testing.T) {
	s, spans := recorded(t)
	previous := opentracing.GlobalTracer()
	opentracing.SetGlobalTracer(s.Tracer)
	t.Cleanup(func() { opentracing.SetGlobalTracer(previous) })

	sp, ctx := opentracing.StartSpanFromContext(t.Context(), "1")
	ctx, in := s.TracerProvider.Tracer("other").Start(ctx, "2")
	sp3, ctx := opentracing.StartSpanFromContext(sdk.ContextWithOpenTracing(ctx), "3")
	_, in4 := s.TracerProvider.Tracer("other").Start(ctx, "4")
	in4.End()
	sp3.Finish()
	in.End()
	sp.Finish()

	got := spans() // 4, 3, 2, 1
	for i := range 3 {
		if got[i].Parent.SpanID() != got[i+1].SpanContext.SpanID() {
			t.Errorf("%s is no child of %s", got[i].Name, got[i+1].Name)
		}
		if got[i].Parent.IsRemote() {
			t.Errorf("the parent of %s counts as remote", got[i].Name)
		}
	}
	if ctx := t.Context(); sdk.ContextWithOpenTracing(ctx) != ctx {
		t.Error("a context without a span was changed")
	}
}

func TestExtractConflictsBecomeLinks(t *testing.T) {
	s, spans := recorded(t)
	sc, err := s.Tracer.Extract(opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier{
		"Uber-Trace-Id": {"1:2:0:1"}, "B3": {"3-4-1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	sp := s.Tracer.StartSpan("server", opentracing.ChildOf(sc))
	s.Tracer.StartSpan("inner", opentracing.ChildOf(sp.Context())).Finish()
	sp.Finish()
	got := spans()
	if len(got[0].Links) != 0 {
		t.Errorf("inner: got links %v", got[0].Links)
	}
	if len(got[1].Links) != 1 || got[1].Links[0].SpanContext.SpanID().String() != "0000000000000004" {
		t.Errorf("server: got links %v", got[1].Links)
	}
}

func TestCarrierErrors(t *testing.T) {
	s, _ := recorded(t)
	f := func(format opentracing.BuiltinFormat, carrier any, want error) {
		t.Helper()
		if sc, err := s.Tracer.Extract(format, carrier); err != want || sc != nil {
			t.Errorf("%v: got %v, %v, want %v", carrier, sc, err, want)
		}
	}
	f(opentracing.TextMap, opentracing.TextMapCarrier{"other": "x"}, opentracing.ErrSpanContextNotFound)
	f(opentracing.TextMap, opentracing.TextMapCarrier{"uber-trace-id": "x"}, opentracing.ErrSpanContextCorrupted)
	f(opentracing.Binary, strings.NewReader(""), opentracing.ErrSpanContextNotFound)
	f(opentracing.Binary, strings.NewReader("short"), opentracing.ErrSpanContextCorrupted)
	f(opentracing.Binary, bytes.NewReader(make([]byte, 37)), opentracing.ErrSpanContextCorrupted)
	head := append(bytes.Repeat([]byte{1}, 33), 0, 0, 0)
	f(opentracing.Binary, bytes.NewReader(append(head, 181)), opentracing.ErrSpanContextCorrupted)
	f(opentracing.Binary, bytes.NewReader(append(append(head, 1), 0, 0, 16, 1)), opentracing.ErrSpanContextCorrupted)

	broken := errors.New("broken")
	if _, err := s.Tracer.Extract(opentracing.TextMap, brokenReader{broken}); err != broken {
		t.Errorf("got %v", err)
	}
	if err := s.Tracer.Inject(s.Tracer.StartSpan("x").Context(), opentracing.Binary, brokenWriter{broken}); err != broken {
		t.Errorf("got %v", err)
	}
}

type brokenReader struct{ err error }

func (b brokenReader) ForeachKey(func(k, v string) error) error { return b.err }

type brokenWriter struct{ err error }

func (b brokenWriter) Write([]byte) (int, error) { return 0, b.err }

// TestUnsampled checks that the OpenTracing face of a span nobody records does not panic and still propagates.
func TestUnsampled(t *testing.T) {
	tp := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	tr := sdk.NewTracer(tp, nil)
	sp := tr.StartSpan("x", ext.SpanKindRPCClient)
	sp.SetTag("error", true).SetBaggageItem("k", "v").LogKV("event", "e")
	h := opentracing.TextMapCarrier{}
	if err := tr.Inject(sp.Context(), opentracing.TextMap, h); err != nil {
		t.Fatal(err)
	}
	sp.Finish()
	if !strings.HasSuffix(h["traceparent"], "-00") || h["baggage"] != "k=v" {
		t.Errorf("got %v", h)
	}
}
