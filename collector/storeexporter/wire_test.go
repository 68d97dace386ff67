package storeexporter

import (
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"weft/processor/enrichprocessor"
	"weft/processor/topologyprocessor"
	"weft/store"
)

// twoWays reads requests past pdata and through it.
type twoWays struct {
	t       testing.TB
	decoder *Decoder
	enrich  processor.Traces
	tel     *componenttest.Telemetry
	passed  ptrace.Traces // by enrich
}

func newTwoWays(t testing.TB) *twoWays {
	w := &twoWays{t: t, decoder: NewDecoder(enrichprocessor.NewClean(enrichprocessor.DefaultConfig())), tel: componenttest.NewTelemetry()}
	t.Cleanup(func() { w.tel.Shutdown(context.Background()) })
	end, err := consumer.NewTraces(func(_ context.Context, td ptrace.Traces) error { w.passed = td; return nil })
	if err != nil {
		t.Fatal(err)
	}
	f := enrichprocessor.NewFactory()
	set := processortest.NewNopSettings(f.Type())
	set.TelemetrySettings = w.tel.NewTelemetrySettings()
	if w.enrich, err = f.CreateTraces(context.Background(), set, f.CreateDefaultConfig(), end); err != nil {
		t.Fatal(err)
	}
	return w
}

// same reads raw both ways; when the short one takes it, everything must be equal. It reports whether it did.
func (w *twoWays) same(raw []byte) bool {
	w.t.Helper()
	request, ok := w.decoder.Decode(slices.Clone(raw))
	if !ok {
		return false
	}
	export := ptraceotlp.NewExportRequest()
	if err := export.UnmarshalProto(raw); err != nil {
		w.t.Fatalf("pdata refuses what was taken: %v\n%x", err, raw)
	}
	w.passed = ptrace.NewTraces()
	if err := w.enrich.ConsumeTraces(context.Background(), export.Traces()); err != nil {
		w.t.Fatalf("%v\n%x", err, raw)
	}
	for _, name := range []string{"weft_ingest_repaired", "weft_ingest_refused"} {
		if _, err := w.tel.GetMetric(name + "_total"); err == nil {
			w.t.Fatalf("%s is not 0\n%x", name, raw)
		}
	}
	var want []store.Span
	var c spanConverter
	c.convert(w.passed, 0, w.passed.SpanCount(), func(s *store.Span) { want = append(want, copyOf(s)) })
	w.equal("spans", raw, want, copies(request.spans))
	w.equal("spans of the call graph", raw,
		topologyprocessor.Extract(context.Background(), nil, w.passed),
		topologyprocessor.Extract(WithRequest(context.Background(), request), nil, ptrace.NewTraces()))
	again, err := unmarshalSpans(raw, asReceived)
	if err != nil {
		w.t.Fatalf("read again: %v\n%x", err, raw)
	}
	w.equal("spans read again", raw, want, copies(again.request.spans))
	standIn := ptraceotlp.NewExportRequest()
	if err := standIn.UnmarshalProto(request.StandIn()); err != nil || standIn.Traces().SpanCount() != len(want) {
		w.t.Fatalf("stand-in of %d spans for %d: %v", standIn.Traces().SpanCount(), len(want), err)
	}
	return true
}

func (w *twoWays) equal(what string, raw []byte, want, got any) {
	w.t.Helper()
	if reflect.DeepEqual(want, got) {
		return
	}
	wants, gots := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range min(wants.Len(), gots.Len()) {
		if a, b := wants.Index(i).Interface(), gots.Index(i).Interface(); !reflect.DeepEqual(a, b) {
			w.t.Fatalf("%s: number %d: want\n%+v\ngot\n%+v\n%x", what, i, a, b, raw)
		}
	}
	w.t.Fatalf("%s: want %d, got %d\n%x", what, wants.Len(), gots.Len(), raw)
}

func copies(in []store.Span) (out []store.Span) {
	for i := range in {
		out = append(out, copyOf(&in[i]))
	}
	return out
}

// copyOf copies a span; what is empty is nil, and resource and scope are values of their own.
func copyOf(s *store.Span) store.Span {
	c := *s
	resource, scope := *s.Resource, *s.Scope
	resource.Attributes, scope.Attributes = orNil(resource.Attributes), orNil(scope.Attributes)
	c.Resource, c.Scope, c.Attributes = &resource, &scope, orNil(s.Attributes)
	c.Events, c.Links = orNil(s.Events), orNil(s.Links)
	for i := range c.Events {
		c.Events[i].Attributes = orNil(c.Events[i].Attributes)
	}
	for i := range c.Links {
		c.Links[i].Attributes = orNil(c.Links[i].Attributes)
	}
	return c
}

func orNil[S ~[]E, E any](s S) S {
	if len(s) == 0 {
		return nil
	}
	return slices.Clone(s)
}

func marshal(t testing.TB, td ptrace.Traces) []byte {
	t.Helper()
	raw, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// What ordinary clients send is read past pdata, whatever the order of its fields, and gives the same.
func TestWireTakesCleanRequests(t *testing.T) {
	w := newTwoWays(t)
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		raw := marshal(t, shopRequest(r, 1+r.IntN(60)))
		if !w.same(raw) {
			t.Fatalf("not taken: %x", raw)
		}
		if sorted := rewrite(r, raw, "request", sortFields); !w.same(sorted) {
			t.Fatalf("not taken with its fields in order: %x", sorted)
		}
	}
}

func TestWireLeavesTheRestToPdata(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			td := shopRequest(r, 3)
			rs := td.ResourceSpans().At(0)
			c.make(rs, rs.ScopeSpans().At(0).Spans().At(0))
			if got := newTwoWays(t).same(marshal(t, td)); got != c.clean {
				t.Errorf("read past pdata: %v, want %v", got, c.clean)
			}
		})
	}
	for name, raw := range map[string][]byte{"nothing": {}, "no spans": marshal(t, ptrace.NewTraces()), "half": marshal(t, shopRequest(r, 2))[:99]} {
		if newTwoWays(t).same(raw) {
			t.Errorf("%s: read past pdata", name)
		}
	}
}

// Whatever is sent, what is read past pdata is what pdata and enrich make of it.
func TestWireAgreesOnDamagedRequests(t *testing.T) {
	w := newTwoWays(t)
	r := rand.New(rand.NewPCG(5, 6))
	taken, changed := 0, 0
	for range 4000 {
		raw := marshal(t, shopRequest(r, 1+r.IntN(8)))
		damaged := rewrite(r, raw, "request", damage)
		if r.IntN(10) == 0 {
			damaged = damaged[:r.IntN(len(damaged)+1)]
		}
		if r.IntN(10) == 0 && len(damaged) > 0 {
			damaged[r.IntN(len(damaged))] ^= byte(1 << r.IntN(8))
		}
		if slices.Equal(raw, damaged) {
			continue
		}
		changed++
		if w.same(damaged) {
			taken++
		}
	}
	t.Logf("%d requests changed, %d of them read past pdata", changed, taken)
	if taken < changed/20 || taken > changed*19/20 {
		t.Errorf("of %d changed requests %d were read past pdata: both sides should be looked at", changed, taken)
	}
}

func FuzzWire(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		raw := marshal(f, shopRequest(r, 2))
		f.Add(raw)
		f.Add(rewrite(r, raw, "request", sortFields))
	}
	for _, c := range changes {
		td := shopRequest(r, 1)
		c.make(td.ResourceSpans().At(0), td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0))
		if raw := marshal(f, td); len(raw) < 4096 {
			f.Add(raw)
		}
	}
	w := newTwoWays(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		w.t = t // one at a time in a process
		w.same(raw)
	})
}

// A request that was taken is stored from the queue's record as it came, in this process or the next, and can be set aside.
func TestRecordAsReceived(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	raw := marshal(t, shopRequest(r, 5))
	request, ok := NewDecoder(enrichprocessor.NewClean(enrichprocessor.DefaultConfig())).Decode(raw)
	if !ok {
		t.Fatal("not taken")
	}
	body, form, err := traces.marshal(spans{request: request})
	if err != nil || form != asReceived || !slices.Equal(body, raw) {
		t.Fatalf("record of form %d, %v, equal %v", form, err, slices.Equal(body, raw))
	}
	text, err := traces.excerpt(spans{request: request}, 1, 3)
	if err != nil || strings.Count(string(text), `"spanId"`) < 2 {
		t.Errorf("excerpt: %s %v", text, err)
	}
	for _, form := range []recordForm{asReceived, 9} {
		if _, err := logs.unmarshal(nil, form); err == nil {
			t.Errorf("log records of form %d were read", form)
		}
	}
	if _, err := unmarshalSpans([]byte{1, 2, 3}, asReceived); err == nil {
		t.Error("a record that is no request was read")
	}
}
