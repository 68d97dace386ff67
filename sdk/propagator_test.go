package sdk

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const (
	traceHex = "5759e988bd862e3fe1be46a994272793"
	spanHex  = "53995c3f42cd8ad8"
)

func spanContextOf(t testing.TB, traceHex, spanHex string, sampled bool) trace.SpanContext {
	t.Helper()
	tid, err := trace.TraceIDFromHex(traceHex)
	if err != nil {
		t.Fatal(err)
	}
	sid, err := trace.SpanIDFromHex(spanHex)
	if err != nil {
		t.Fatal(err)
	}
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: tid, SpanID: sid, TraceFlags: trace.TraceFlags(0).WithSampled(sampled)})
}

func bagOf(t testing.TB, kv ...string) baggage.Baggage {
	t.Helper()
	var b baggage.Baggage
	for i := 0; i < len(kv); i += 2 {
		m, err := baggage.NewMemberRaw(kv[i], kv[i+1])
		if err != nil {
			t.Fatal(err)
		}
		if b, err = b.SetMember(m); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func itemsOf(b baggage.Baggage) string {
	var s []string
	for _, m := range sortedMembers(b) {
		s = append(s, m.Key()+"="+m.Value())
	}
	return strings.Join(s, "; ")
}

var carriers = map[string]func() propagation.TextMapCarrier{
	"http": func() propagation.TextMapCarrier { return propagation.HeaderCarrier(http.Header{}) },
	"map":  func() propagation.TextMapCarrier { return propagation.MapCarrier{} },
}

// TestFormatsAlone writes with one format and reads with all, so that each proves to carry the whole context by itself.
func TestFormatsAlone(t *testing.T) {
	all := propagatorOf(AllFormats())
	for _, f := range AllFormats() {
		if f == Baggage {
			continue
		}
		for name, newCarrier := range carriers {
			for _, sampled := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/sampled=%v", f, name, sampled), func(t *testing.T) {
					want := spanContextOf(t, traceHex, spanHex, sampled)
					c := newCarrier()
					propagatorOf([]Format{f}).inject(want, baggage.Baggage{}, c)
					e := all.extract(c)
					if !e.parent.Equal(want.WithRemote(true)) || e.decision != decided(sampled) || len(e.conflicts) > 0 || e.err != nil {
						t.Errorf("%v: got %+v", c, e)
					}
				})
			}
		}
	}
}

func TestInjectAllAtOnce(t *testing.T) {
	h := http.Header{}
	ts, err := trace.ParseTraceState("vendor=x")
	if err != nil {
		t.Fatal(err)
	}
	ctx := trace.ContextWithSpanContext(context.Background(), spanContextOf(t, traceHex, spanHex, true).WithTraceState(ts))
	ctx = baggage.ContextWithBaggage(ctx, bagOf(t, "user", "张 三"))
	propagatorOf(AllFormats()).Inject(ctx, propagation.HeaderCarrier(h))
	want := map[string]string{
		"Traceparent":                            "00-" + traceHex + "-" + spanHex + "-01",
		"Tracestate":                             "vendor=x",
		"Baggage":                                "user=%E5%BC%A0%20%E4%B8%89",
		"Uber-Trace-Id":                          traceHex + ":" + spanHex + ":0:1",
		"Uberctx-User":                           "%E5%BC%A0+%E4%B8%89",
		"X-Fc-Tracing-Opentracing-Span-Context":  traceHex + ":" + spanHex + ":0:1",
		"X-Fc-Tracing-Opentracing-Span-Baggages": "eyJ1c2VyIjoi5bygIOS4iSJ9",
		"X-Fc-Tracing-Opentracing-Span-Context-Baggage-User": "%E5%BC%A0+%E4%B8%89",
		"B3":              traceHex + "-" + spanHex + "-1",
		"X-B3-Traceid":    traceHex,
		"X-B3-Spanid":     spanHex,
		"X-B3-Sampled":    "1",
		"X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=" + spanHex + ";Sampled=1",
	}
	for k, v := range want {
		if got := h.Get(k); got != v {
			t.Errorf("%s: got %q, want %q", k, got, v)
		}
	}
	if len(h) != len(want) {
		t.Errorf("got headers %v", slices.Sorted(maps.Keys(h)))
	}
}

func TestExtractSpellings(t *testing.T) {
	full := spanContextOf(t, traceHex, spanHex, true).WithRemote(true)
	short := spanContextOf(t, "0000000000000000e1be46a994272793", spanHex, true).WithRemote(true)
	f := func(key, value string, want trace.SpanContext, wantDecision decision) {
		t.Helper()
		e := propagatorOf(AllFormats()).extract(propagation.MapCarrier{key: value})
		if !e.parent.Equal(want) || e.decision != wantDecision || e.err != nil {
			t.Errorf("%s: %s: got %+v", key, value, e)
		}
	}
	none := trace.SpanContext{}
	f("uber-trace-id", "e1be46a994272793:53995c3f42cd8ad8:0:1", short, sample)
	f("Uber-Trace-Id", "e1be46a994272793%3A53995c3f42cd8ad8%3A0%3A3", short, sample)
	f("uber-trace-id", traceHex+":"+spanHex+":0:2", full, sample) // debug
	f("uber-trace-id", "1:2:0:1", spanContextOf(t, strings.Repeat("0", 31)+"1", strings.Repeat("0", 15)+"2", true).WithRemote(true), sample)
	f("jaeger-debug-id", "look", none, sample)
	f("b3", traceHex+"-"+spanHex+"-d", full, sample)
	f("b3", traceHex+"-"+spanHex+"-1-0102030405060708", full, sample)
	f("b3", traceHex+"-"+spanHex, full, undecided)
	f("b3", "e1be46a994272793-"+spanHex+"-1", short, sample)
	f("b3", "0", none, drop)
	f("b3", "d", none, sample)
	f("x-b3-sampled", "true", none, sample)
	f("x-b3-flags", "1", none, sample)
	f("X-Amzn-Trace-Id", "Sampled=1; Parent="+spanHex+"; Self=1-1-1; Root=1-5759e988-bd862e3fe1be46a994272793", full, sample)
	f("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent="+spanHex+";Sampled=?", full, undecided)
	f("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0", none, drop)
	f("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793", none, undecided)
}

func TestExtractUnreadable(t *testing.T) {
	f := func(key, value, want string) {
		t.Helper()
		e := propagatorOf(AllFormats()).extract(propagation.MapCarrier{key: value})
		if e.parent.IsValid() || e.err == nil || e.err.Error() != want {
			t.Errorf("%s: %s: got %+v, want error %s", key, value, e, want)
		}
	}
	f("traceparent", "00-nothing", "invalid traceparent")
	f("uber-trace-id", "a:b", "invalid uber-trace-id: want 4 parts, got 2")
	f("uber-trace-id", traceHex+"0:1:0:1", "invalid uber-trace-id: trace id: want 1 to 32 hex digits, got 33")
	f("uber-trace-id", "1:0:0:1", "invalid uber-trace-id: all-zero id")
	f("uber-trace-id", "1:1:0:x", `invalid uber-trace-id: flags: strconv.ParseUint: parsing "x": invalid syntax`)
	f("uber-trace-id", "1:%zz:0:1", `invalid uber-trace-id: invalid URL escape "%zz"`)
	f("x-fc-tracing-opentracing-span-context", "::::", "invalid x-fc-tracing-opentracing-span-context: want 4 parts, got 5")
	f("b3", "x", `invalid b3: sampling state "x"`)
	f("b3", "1-2-3", `invalid b3: sampling state "3"`)
	f("b3", "1-2-1-4-5", "invalid b3: want at most 4 parts, got 5")
	f("x-b3-traceid", traceHex, "invalid x-b3 headers: span id: want 1 to 16 hex digits, got 0")
	f("X-Amzn-Trace-Id", "Root=2-1-1;Parent="+spanHex, `invalid x-amzn-trace-id: root "2-1-1": want 1-8 hex-24 hex`)
}

// TestPreference checks the order of formats, that an unreadable header does not hide a readable one, and which contexts
// count as disagreeing.
func TestPreference(t *testing.T) {
	other := "0af7651916cd43dd8448eb211c80319c"
	c := propagation.MapCarrier{
		"traceparent":   "00-" + traceHex + "-" + spanHex + "-01",
		"uber-trace-id": "e1be46a994272793:" + spanHex + ":0:1",                                       // the same, cut to 64 bits
		"b3":            other + "-b7ad6b7169203331-1",                                                // another trace
		"x-b3-traceid":  other,                                                                        // hidden by b3
		"x-b3-spanid":   "b7ad6b7169203331",                                                           //
		fcSpanContext:   other + ":b7ad6b7169203331:0:1",                                              // the same as b3: one link is enough
		amznTraceID:     "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=00f067aa0ba902b7;Sampled=1", // another span
	}
	var got []string
	ctx := propagatorOf(AllFormats()).Extract(context.Background(), c)
	for _, sc := range append([]trace.SpanContext{trace.SpanContextFromContext(ctx)}, Conflicts(ctx)...) {
		got = append(got, sc.TraceID().String()[:4]+":"+sc.SpanID().String()[:4])
	}
	if want := "5759:5399 0af7:b7ad 5759:00f0"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	c["traceparent"] = "broken"
	ctx = propagatorOf(AllFormats()).Extract(context.Background(), c)
	if got := trace.SpanContextFromContext(ctx).TraceID().String(); got != "0000000000000000e1be46a994272793" {
		t.Errorf("with a broken traceparent: got %s", got)
	}
	if Conflicts(context.Background()) != nil {
		t.Error("conflicts from nowhere")
	}
}

// TestBaggageSurvives sends baggage through each format that carries any, alone and with all the others.
func TestBaggageSurvives(t *testing.T) {
	all := propagatorOf(AllFormats())
	f := func(formats []Format, in baggage.Baggage, want string) {
		t.Helper()
		for name, newCarrier := range carriers {
			c := newCarrier()
			propagatorOf(formats).inject(trace.SpanContext{}, in, c)
			if got := itemsOf(all.extract(c).bag); got != want {
				t.Errorf("%v over %s: got %q, want %q", formats, name, got, want)
			}
		}
	}
	odd := bagOf(t, "tenant", "7", "user", "张三, 50% = a+b; c", "empty", "")
	const oddWant = "empty=; tenant=7; user=张三, 50% = a+b; c"
	f([]Format{Baggage}, odd, oddWant)
	f([]Format{Jaeger}, odd, oddWant)
	f([]Format{FC}, odd, oddWant)
	f(AllFormats(), odd, oddWant)

	// A key that is no header name, and one with capitals: each travels wherever its format lets it, once.
	keys := bagOf(t, "购物 车", "3", "userName", "x")
	f([]Format{FC}, keys, "userName=x; 购物 车=3")
	f(AllFormats(), keys, "userName=x; 购物 车=3")
	f([]Format{Jaeger}, keys, "username=x")
}

func TestBaggageOfOthers(t *testing.T) {
	f := func(h propagation.MapCarrier, want string) {
		t.Helper()
		if got := itemsOf(propagatorOf(AllFormats()).extract(h).bag); got != want {
			t.Errorf("%v: got %q, want %q", h, got, want)
		}
	}
	f(propagation.MapCarrier{"jaeger-baggage": "a=1, b = 2,c"}, "a=1; b= 2")
	f(propagation.MapCarrier{"Uberctx-A": "1%zz"}, "a=1%zz") // never was escaped
	f(propagation.MapCarrier{fcBaggagePrefix + "k": "v"}, "k=v")
	f(propagation.MapCarrier{fcBaggages: "eyJhIjoiMSJ9"}, "a=1")
	f(propagation.MapCarrier{fcBaggages: "e30"}, "")        // {}, without padding
	f(propagation.MapCarrier{fcBaggages: "bm8gSlNPTg"}, "") // no JSON
	f(propagation.MapCarrier{fcBaggages: "!"}, "")
	f(propagation.MapCarrier{"baggage": "k=w3c", "uberctx-k": "uber", "uberctx-u": "1"}, "k=w3c; u=1")

	many := propagation.MapCarrier{}
	for i := range 200 {
		many[fmt.Sprintf("uberctx-%03d", i)] = "v"
	}
	if b := propagatorOf(AllFormats()).extract(many).bag; b.Len() != maxBaggageItems || b.Member("000").Value() != "v" {
		t.Errorf("200 items: got %d", b.Len())
	}
	big := propagation.MapCarrier{"uberctx-big": strings.Repeat("x", maxBaggageBytes), "uberctx-small": "v"}
	f(big, "small=v")
}

func TestNewPropagator(t *testing.T) {
	if _, err := NewPropagator("zipkin"); err == nil || !strings.Contains(err.Error(), `"zipkin"`) {
		t.Errorf("got %v", err)
	}
	p, err := NewPropagator(B3, TraceContext)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(p.Fields()); got != "[traceparent tracestate b3]" {
		t.Errorf("got fields %s", got)
	}
}
