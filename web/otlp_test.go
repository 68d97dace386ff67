package web

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/store"
)

// The reference decoder of OTLP JSON must read back exactly what the store holds.
func TestOTLPJSONReadsBack(t *testing.T) {
	tr := sampleTrace()
	tr.Spans[0].Attributes = append(tr.Spans[0].Attributes, store.Attribute{Key: "broken", Value: store.JSONValue("{")},
		store.Attribute{Key: "inf", Value: store.DoubleValue(math.Inf(-1))})
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(appendOTLP(nil, tr))
	if err != nil {
		t.Fatal(err)
	}
	if td.SpanCount() != 3 || td.ResourceSpans().Len() != 2 {
		t.Fatalf("got %d spans of %d resources, want 3 of 2", td.SpanCount(), td.ResourceSpans().Len())
	}
	front := td.ResourceSpans().At(0)
	if got := front.ScopeSpans().At(0).Spans().Len(); got != 2 {
		t.Errorf("spans of the first resource: got %d, want 2 in one scope", got)
	}
	if got := front.SchemaUrl(); got != tr.Spans[0].Resource.SchemaURL {
		t.Errorf("schema URL: got %q", got)
	}
	if got := front.ScopeSpans().At(0).Scope(); got.Name() != "lib" || got.Version() != "1.2" {
		t.Errorf("scope: got %q %q", got.Name(), got.Version())
	}
	got := []ptrace.Span{front.ScopeSpans().At(0).Spans().At(0), front.ScopeSpans().At(0).Spans().At(1),
		td.ResourceSpans().At(1).ScopeSpans().At(0).Spans().At(0)}
	for i, g := range got {
		compareSpan(t, g, &tr.Spans[i])
	}
}

func compareSpan(t *testing.T, got ptrace.Span, want *store.Span) {
	t.Helper()
	check := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	check("trace id", store.TraceID(got.TraceID()), want.TraceID)
	check("span id", store.SpanID(got.SpanID()), want.SpanID)
	check("parent", store.SpanID(got.ParentSpanID()), want.ParentSpanID)
	check("trace state", got.TraceState().AsRaw(), want.TraceState)
	check("flags", got.Flags(), want.Flags)
	check("name", got.Name(), want.Name)
	check("kind", int(got.Kind()), int(want.Kind))
	check("start", int64(got.StartTimestamp()), want.StartNS)
	check("end", int64(got.EndTimestamp()), want.EndNS())
	check("status", int(got.Status().Code()), int(want.StatusCode))
	check("message", got.Status().Message(), want.StatusMessage)
	check("dropped attributes", got.DroppedAttributesCount(), want.DroppedAttributes)
	check("dropped events", got.DroppedEventsCount(), want.DroppedEvents)
	check("dropped links", got.DroppedLinksCount(), want.DroppedLinks)
	compareAttributes(t, got.Attributes(), want.Attributes)
	check("events", got.Events().Len(), len(want.Events))
	for i, e := range want.Events {
		g := got.Events().At(i)
		check("event", []any{int64(g.Timestamp()), g.Name(), g.DroppedAttributesCount()}, []any{e.TimeNS, e.Name, e.DroppedAttributes})
		compareAttributes(t, g.Attributes(), e.Attributes)
	}
	check("links", got.Links().Len(), len(want.Links))
	for i, l := range want.Links {
		g := got.Links().At(i)
		check("link", []any{store.TraceID(g.TraceID()), store.SpanID(g.SpanID()), g.TraceState().AsRaw(), g.Flags()},
			[]any{l.TraceID, l.SpanID, l.TraceState, l.Flags})
		compareAttributes(t, g.Attributes(), l.Attributes)
	}
}

func compareAttributes(t *testing.T, got pcommon.Map, want store.Attributes) {
	t.Helper()
	if got.Len() != len(want) {
		t.Errorf("attributes: got %d, want %d", got.Len(), len(want))
	}
	for _, a := range want {
		g, ok := got.Get(a.Key)
		if !ok {
			t.Errorf("attribute %s is missing", a.Key)
			continue
		}
		var want any
		switch v := a.Value; v.Type() {
		case store.TypeString:
			want = v.Str()
		case store.TypeInt:
			want = v.Int()
		case store.TypeDouble:
			want = v.Double()
		case store.TypeBool:
			want = v.Bool()
		case store.TypeJSON:
			switch a.Key {
			case "arr":
				want = []any{"a", int64(2)}
			case "bin":
				want = []byte{0xde, 0xad, 0xbe, 0xef}
			case "broken":
				want = "{"
			}
		}
		if !reflect.DeepEqual(g.AsRaw(), want) {
			t.Errorf("attribute %s: got %#v, want %#v", a.Key, g.AsRaw(), want)
		}
	}
}

// Our own reader of OTLP JSON and our writer agree, so a document that was downloaded can be dropped on the page again.
func TestReadOTLPReadsWhatIsWritten(t *testing.T) {
	want := sampleTrace()
	first := appendOTLP(nil, want)
	traces, err := readOTLP(first)
	if err != nil {
		t.Fatal(err)
	}
	if len(traces) != 1 || traces[0].ID != want.ID || len(traces[0].Spans) != 3 {
		t.Fatalf("got %+v", traces)
	}
	a, _ := json.Marshal(newJaegerTrace(want))
	b, _ := json.Marshal(newJaegerTrace(traces[0]))
	if string(a) != string(b) {
		t.Errorf("got  %s\nwant %s", b, a)
	}
}

func TestReadOTLPRefuses(t *testing.T) {
	bad := func(in, want string) {
		t.Helper()
		if _, err := readOTLP([]byte(in)); err == nil || err.Error() != want {
			t.Errorf("readOTLP(%s): got %v, want %s", in, err, want)
		}
	}
	span := func(members string) string {
		return `{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"n",` + members + `}]}]}]}`
	}
	bad(`[`, "want OTLP JSON: unexpected end of JSON input")
	bad(span(`"traceId":"xyz"`), `span "n": traceId: want hex digits: encoding/hex: invalid byte: U+0078 'x'`)
	bad(span(`"traceId":"1","spanId":"00"`), `span "n": spanId: an all-zero id is invalid`)
	bad(span(`"traceId":"1","spanId":"2","startTimeUnixNano":"soon"`), `want OTLP JSON: want a 64-bit integer, got "soon"`)
	bad(span(`"traceId":"1","spanId":"2","links":[{"traceId":"1"}]`), `span "n": link spanId: want 1 to 16 hex digits, got 0`)
}

func FuzzReadOTLP(f *testing.F) {
	f.Add(appendOTLP(nil, sampleTrace()))
	f.Add([]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"1","spanId":"2","attributes":[{"key":"a","value":{"kvlistValue":{"values":[{"key":"k","value":{"doubleValue":"NaN"}}]}}}]}]}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		traces, err := readOTLP(body)
		if err != nil {
			return
		}
		for _, tr := range traces {
			if out := appendOTLP(nil, tr); !json.Valid(out) {
				t.Errorf("%s becomes %s", body, out)
			}
			if _, err := json.Marshal(newJaegerTrace(tr)); err != nil {
				t.Errorf("%s: %v", body, err)
			}
			newCompactTrace(tr)
		}
	})
}

func BenchmarkAppendOTLP(b *testing.B) {
	t := wideTrace(10_000)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = appendOTLP(dst[:0], t)
	}
	b.SetBytes(int64(len(dst)))
	b.ReportMetric(float64(10_000*b.N)/b.Elapsed().Seconds(), "spans/s")
}
