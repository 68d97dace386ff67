package storeexporter

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"google.golang.org/protobuf/encoding/protowire"

	"weft/processor/enrichprocessor"
	"weft/processor/topologyprocessor"
	"weft/semconv"
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

// changes are single things about a span, and whether the request is still read past pdata.
var changes = []struct {
	name  string
	clean bool
	make  func(rs ptrace.ResourceSpans, s ptrace.Span)
}{
	{"nothing", true, func(ptrace.ResourceSpans, ptrace.Span) {}},
	{"values of every type", true, func(_ ptrace.ResourceSpans, s ptrace.Span) { everyType(s.Attributes()) }},
	{"… of an event", true, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		e := s.Events().AppendEmpty()
		e.SetTimestamp(s.StartTimestamp())
		everyType(e.Attributes())
	}},
	{"… of a resource", true, func(rs ptrace.ResourceSpans, _ ptrace.Span) { everyType(rs.Resource().Attributes()) }},
	{"… of a scope", true, func(rs ptrace.ResourceSpans, _ ptrace.Span) {
		everyType(rs.ScopeSpans().At(0).Scope().Attributes())
		rs.ScopeSpans().At(0).Scope().SetDroppedAttributesCount(3)
		rs.Resource().SetDroppedAttributesCount(4)
	}},
	{"no resource", true, func(rs ptrace.ResourceSpans, _ ptrace.Span) { rs.Resource().Attributes().Clear() }},
	{"empty service", true, func(rs ptrace.ResourceSpans, _ ptrace.Span) { rs.Resource().Attributes().PutStr("service.name", "") }},
	{"service that is a number", false, func(rs ptrace.ResourceSpans, _ ptrace.Span) { rs.Resource().Attributes().PutInt("service.name", 1) }},
	{"schemas", true, func(rs ptrace.ResourceSpans, _ ptrace.Span) {
		rs.SetSchemaUrl("https://opentelemetry.io/schemas/1.40.0")
		rs.ScopeSpans().At(0).SetSchemaUrl("https://opentelemetry.io/schemas/1.39.0")
	}},
	{"error flag", true, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutBool("error", true) }},
	{"error flag and an OpenTracing log", true, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Attributes().PutStr("error", "true")
		e := s.Events().AppendEmpty()
		e.SetTimestamp(s.StartTimestamp())
		e.Attributes().PutStr("event", "error")
		e.Attributes().PutStr("error.kind", "Timeout")
		e.Attributes().PutStr("message", "too late")
	}},
	{"failed without a word", true, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Status().SetCode(ptrace.StatusCodeError)
		s.Attributes().PutInt("http.response.status_code", 503)
	}},
	{"ok with a message", true, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Status().SetCode(ptrace.StatusCodeOk)
		s.Status().SetMessage("fine")
	}},
	{"cold start, retry", true, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Attributes().PutBool("faas.coldstart", true)
		s.Attributes().PutInt("http.request.resend_count", 2)
	}},
	{"a function's server span", true, func(rs ptrace.ResourceSpans, s ptrace.Span) {
		rs.Resource().Attributes().PutStr("faas.name", "resize")
		s.SetKind(ptrace.SpanKindServer)
	}},
	{"links", true, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		for range 3 {
			l := s.Links().AppendEmpty()
			l.SetTraceID(s.TraceID())
			l.SetSpanID(s.SpanID())
			l.TraceState().FromRaw("a=b")
			l.SetFlags(7)
			l.SetDroppedAttributesCount(1)
			everyType(l.Attributes())
		}
	}},
	{"zero trace id", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetTraceID(pcommon.TraceID{}) }},
	{"zero span id", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetSpanID(pcommon.SpanID{}) }},
	{"its own parent", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetParentSpanID(s.SpanID()) }},
	{"end before start", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetEndTimestamp(s.StartTimestamp() - 1) }},
	{"no times", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetStartTimestamp(0); s.SetEndTimestamp(0) }},
	{"far future", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetEndTimestamp(math.MaxUint64) }},
	{"unknown kind", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetKind(6) }},
	{"negative kind", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetKind(-1) }},
	{"unknown status", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Status().SetCode(3) }},
	{"long name", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetName(strings.Repeat("n", 1025)) }},
	{"name that is no UTF-8", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.SetName("a\xff") }},
	{"trace state that is no UTF-8", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.TraceState().FromRaw("a\xff") }},
	{"status that is no UTF-8", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Status().SetMessage("a\xff") }},
	{"key that is no UTF-8", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("a\xff", "") }},
	{"long key", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr(strings.Repeat("k", 1025), "") }},
	{"value that is no UTF-8", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("a", "a\xff") }},
	{"long value", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("a", strings.Repeat("v", 65537)) }},
	{"longest value", true, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("a", strings.Repeat("v", 65536)) }},
	{"value in a list that is no UTF-8", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Attributes().PutEmptySlice("a").AppendEmpty().SetStr("a\xff")
	}},
	{"key in a map that is no UTF-8", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Attributes().PutEmptyMap("a").PutStr("a\xff", "")
	}},
	{"large list", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		list := s.Attributes().PutEmptySlice("a")
		for range 9000 {
			list.AppendEmpty()
		}
	}},
	{"deep list", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		list := s.Attributes().PutEmptySlice("a")
		for range 20 {
			list = list.AppendEmpty().SetEmptySlice()
		}
	}},
	{"old name", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("http.method", "GET") }},
	{"old name of an event", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		e := s.Events().AppendEmpty()
		e.SetTimestamp(s.StartTimestamp())
		e.Attributes().PutStr("http.method", "GET")
	}},
	{"text for a number", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("http.response.status_code", "200") }},
	{"text that is no number", true, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Attributes().PutStr("http.response.status_code", "none")
	}},
	{"double for a number", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		s.Attributes().PutDouble("http.response.status_code", 200)
	}},
	{"derived name", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr(semconv.SpanCategory, "db") }},
	{"a name of ours that is not derived", true, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutStr("weft.whatever", "db") }},
	{"system that is a number", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Attributes().PutInt("db.system.name", 7) }},
	{"event without a time", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Events().AppendEmpty() }},
	{"link to nothing", false, func(_ ptrace.ResourceSpans, s ptrace.Span) { s.Links().AppendEmpty() }},
	{"too many attributes", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		for i := range 1025 {
			s.Attributes().PutInt(fmt.Sprint("a", i), 1)
		}
	}},
	{"too many attributes of a resource", false, func(rs ptrace.ResourceSpans, _ ptrace.Span) {
		for i := range 1025 {
			rs.Resource().Attributes().PutInt(fmt.Sprint("a", i), 1)
		}
	}},
	{"too many events", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		for range 1025 {
			s.Events().AppendEmpty().SetTimestamp(s.StartTimestamp())
		}
	}},
	{"too many links", false, func(_ ptrace.ResourceSpans, s ptrace.Span) {
		for range 1025 {
			l := s.Links().AppendEmpty()
			l.SetTraceID(s.TraceID())
			l.SetSpanID(s.SpanID())
		}
	}},
}

func everyType(a pcommon.Map) {
	a.PutStr("text", "a \"quoted\"\n text\x00 é")
	a.PutEmpty("empty")
	a.PutInt("int", math.MinInt64)
	a.PutDouble("double", math.Inf(-1))
	a.PutDouble("nan", math.NaN())
	a.PutBool("yes", true)
	a.PutBool("no", false)
	a.PutEmptyBytes("bytes").FromRaw([]byte{0, 1, 255})
	a.PutEmptyBytes("no bytes")
	list := a.PutEmptySlice("list")
	list.AppendEmpty()
	list.AppendEmpty().SetStr("é\x01")
	list.AppendEmpty().SetInt(-1)
	list.AppendEmpty().SetDouble(math.NaN())
	list.AppendEmpty().SetBool(true)
	inner := list.AppendEmpty().SetEmptyMap()
	inner.PutStr("key", "value")
	inner.PutEmpty("nothing")
	inner.PutEmptyMap("nobody")
	inner.PutEmptySlice("none")
	inner.PutEmptyBytes("raw").FromRaw([]byte{1})
	a.PutEmptyMap("map").PutInt("n", 5)
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

// messages are the fields of each message that are messages themselves.
var messages = map[string]map[protowire.Number]string{
	"request":        {1: "resource spans"},
	"resource spans": {1: "resource", 2: "scope spans"},
	"resource":       {1: "attribute"}, "scope spans": {1: "scope", 2: "span"}, "scope": {3: "attribute"},
	"span":  {9: "attribute", 11: "event", 13: "link", 15: "status"},
	"event": {3: "attribute"}, "link": {4: "attribute"}, "status": {},
	"attribute": {2: "value"}, "value": {5: "list", 6: "map"}, "list": {1: "value"}, "map": {1: "attribute"},
}

// wireField is a field as it stands in a message.
type wireField struct {
	number protowire.Number
	kind   protowire.Type
	value  []byte // without the length, when it has one
}

// rewrite takes a message apart, lets change have its fields, from the innermost message on, and puts it together again.
func rewrite(r *rand.Rand, raw []byte, message string, change func(r *rand.Rand, message string, fields []wireField) []wireField) []byte {
	var fields []wireField
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		raw = raw[n:]
		size := protowire.ConsumeFieldValue(number, kind, raw)
		f := wireField{number, kind, raw[:size]}
		raw = raw[size:]
		if kind == protowire.BytesType {
			f.value, _ = protowire.ConsumeBytes(f.value)
			if inner, ok := messages[message][number]; ok {
				f.value = rewrite(r, f.value, inner, change)
			}
		}
		fields = append(fields, f)
	}
	var out []byte
	for _, f := range change(r, message, fields) {
		out = protowire.AppendTag(out, f.number, f.kind)
		if f.kind == protowire.BytesType {
			out = protowire.AppendBytes(out, f.value)
		} else {
			out = append(out, f.value...)
		}
	}
	return out
}

func sortFields(_ *rand.Rand, _ string, fields []wireField) []wireField {
	slices.SortStableFunc(fields, func(a, b wireField) int { return int(a.number - b.number) })
	return fields
}

var someTexts = []string{"", "a", "\xff", "service.name", "db.system.name", "messaging.system", "http.method", "http.response.status_code", "error", "true", "200",
	semconv.SpanCategory, "exception", "faas.name", "faas.coldstart", "12345678", "1234567812345678", "\x00\x00\x00\x00\x00\x00\x00\x00", "\x0a\x00", "\x08\x01"}

// damage does one of many things to some message's fields: most leave protobuf that is sound and unusual.
func damage(r *rand.Rand, message string, fields []wireField) []wireField {
	if r.IntN(400) > 0 {
		return fields
	}
	if len(fields) == 0 || r.IntN(8) == 0 {
		number := protowire.Number(pick(r, 1, 2, 3, 4, 7, 8, 16, 17, 50, 1000))
		switch r.IntN(4) {
		case 0:
			return append(fields, wireField{number, protowire.VarintType, protowire.AppendVarint(nil, pick[uint64](r, 0, 1, 5, math.MaxUint64, r.Uint64()))})
		case 1:
			return append(fields, wireField{number, protowire.Fixed32Type, make([]byte, 4)})
		case 2:
			return append(fields, wireField{number, protowire.Fixed64Type, binary.LittleEndian.AppendUint64(nil, r.Uint64())})
		default:
			return append(fields, wireField{number, protowire.BytesType, []byte(pick(r, someTexts...))})
		}
	}
	i := r.IntN(len(fields))
	f := &fields[i]
	switch r.IntN(7) {
	case 0:
		return slices.Delete(fields, i, i+1)
	case 1:
		return append(fields, *f)
	case 2:
		r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	case 3:
		fields = append(fields, fields[r.IntN(len(fields))])
	case 4:
		switch f.kind {
		case protowire.VarintType:
			f.value = protowire.AppendVarint(nil, pick[uint64](r, 0, 1, 6, 1<<32, 1<<32+1, math.MaxUint64))
		case protowire.Fixed64Type:
			f.value = binary.LittleEndian.AppendUint64(nil, pick(r, 0, 1, uint64(r.Int64()), math.MaxUint64))
		case protowire.BytesType:
			f.value = []byte(pick(r, someTexts...))
		}
	case 5: // a number that takes more bytes than it needs
		if f.kind == protowire.VarintType {
			f.value = append(slices.Clone(f.value), 0)
			f.value[len(f.value)-2] |= 0x80
		}
	case 6:
		f.number = protowire.Number(1 + r.IntN(18))
	}
	return fields
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
