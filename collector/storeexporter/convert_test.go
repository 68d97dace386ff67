package storeexporter

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
	"weft/store"
)

// fullTraces holds one span with everything on it and one with nothing.
func fullTraces() ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.SetSchemaUrl("https://opentelemetry.io/schemas/1.44.0")
	rs.Resource().SetDroppedAttributesCount(1)
	rs.Resource().Attributes().PutStr("service.name", "checkout")
	rs.Resource().Attributes().PutInt("host.cpus", 2)
	ss := rs.ScopeSpans().AppendEmpty()
	ss.SetSchemaUrl("scope-schema")
	ss.Scope().SetName("net/http")
	ss.Scope().SetVersion("1.2")
	ss.Scope().SetDroppedAttributesCount(2)
	ss.Scope().Attributes().PutBool("short", true)
	s := ss.Spans().AppendEmpty()
	s.SetTraceID(pcommon.TraceID{1, 2})
	s.SetSpanID(pcommon.SpanID{3})
	s.SetParentSpanID(pcommon.SpanID{4})
	s.TraceState().FromRaw("a=b")
	s.SetFlags(0x301)
	s.SetName("SELECT")
	s.SetKind(ptrace.SpanKindClient)
	s.SetStartTimestamp(1000)
	s.SetEndTimestamp(1500)
	s.Status().SetCode(ptrace.StatusCodeError)
	s.Status().SetMessage("deadlock")
	s.SetDroppedAttributesCount(5)
	s.SetDroppedEventsCount(6)
	s.SetDroppedLinksCount(7)
	a := s.Attributes()
	a.PutStr("db.system.name", "mysql")
	a.PutInt("big", math.MinInt64)
	a.PutDouble("nan", math.Inf(-1))
	a.PutBool("yes", true)
	a.PutEmpty("nothing")
	a.PutEmptyBytes("raw").FromRaw([]byte{0, 255})
	a.PutEmptySlice("list").AppendEmpty().SetInt(1)
	a.PutEmptyMap("map").PutStr("k", "v\"\n\u20ac")
	a.PutStr(semconv.SpanCategory, semconv.CategoryDB)
	a.PutStr(semconv.PeerName, "orders")
	a.PutStr(semconv.ErrorType, "1213")
	a.PutStr(semconv.ErrorMessage, "deadlock found")
	a.PutInt(semconv.StatementHash, -5)
	a.PutInt(semconv.SpanMarks, semconv.MarkRetry|semconv.MarkColdStart)
	a.PutStr(semconv.StatementText, "SELECT ?")
	e := s.Events().AppendEmpty()
	e.SetName("exception")
	e.SetTimestamp(1200)
	e.SetDroppedAttributesCount(3)
	e.Attributes().PutStr("exception.type", "Deadlock")
	l := s.Links().AppendEmpty()
	l.SetTraceID(pcommon.TraceID{9})
	l.SetSpanID(pcommon.SpanID{8})
	l.TraceState().FromRaw("c=d")
	l.SetFlags(1)
	l.SetDroppedAttributesCount(4)
	l.Attributes().PutInt("n", 1)
	ss.Spans().AppendEmpty()
	return td
}

func TestConvertSpan(t *testing.T) {
	var got []store.Span
	var c spanConverter
	c.convert(fullTraces(), 0, 1, func(s *store.Span) { got = append(got, *s) })
	res := &store.Resource{
		SchemaURL: "https://opentelemetry.io/schemas/1.44.0", DroppedAttributes: 1,
		Attributes: store.Attributes{
			{Key: "host.cpus", Value: store.IntValue(2)}, {Key: "service.name", Value: store.StringValue("checkout")},
		},
	}
	res.Hash = resourceHash(res)
	want := store.Span{
		TraceID: store.TraceID{1, 2}, SpanID: store.SpanID{3}, ParentSpanID: store.SpanID{4}, TraceState: "a=b", Flags: 0x301,
		Name: "SELECT", Kind: store.KindClient, StartNS: 1000, DurationNS: 500, StatusCode: store.StatusError, StatusMessage: "deadlock",
		Resource: res,
		Scope: &store.Scope{
			Name: "net/http", Version: "1.2", SchemaURL: "scope-schema", DroppedAttributes: 2,
			Attributes: store.Attributes{{Key: "short", Value: store.BoolValue(true)}},
		},
		Attributes: store.Attributes{
			{Key: "db.system.name", Value: store.StringValue("mysql")},
			{Key: "big", Value: store.IntValue(math.MinInt64)},
			{Key: "nan", Value: store.DoubleValue(math.Inf(-1))},
			{Key: "yes", Value: store.BoolValue(true)},
			{Key: "nothing", Value: store.Value{}},
			{Key: "raw", Value: store.JSONValue(`{"bytesValue":"AP8="}`)},
			{Key: "list", Value: store.JSONValue(`{"arrayValue":{"values":[{"intValue":"1"}]}}`)},
			{Key: "map", Value: store.JSONValue(`{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v\"\u000a€"}}]}}`)},
			{Key: semconv.StatementText, Value: store.StringValue("SELECT ?")},
		},
		Events: []store.Event{{TimeNS: 1200, Name: "exception", DroppedAttributes: 3, Attributes: store.Attributes{{Key: "exception.type", Value: store.StringValue("Deadlock")}}}},
		Links: []store.Link{{
			TraceID: store.TraceID{9}, SpanID: store.SpanID{8}, TraceState: "c=d", Flags: 1, DroppedAttributes: 4,
			Attributes: store.Attributes{{Key: "n", Value: store.IntValue(1)}},
		}},
		DroppedAttributes: 5, DroppedEvents: 6, DroppedLinks: 7,
		Service: "checkout", Category: "db", PeerName: "orders", ErrorType: "1213", ErrorMessage: "deadlock found", StatementHash: 1<<64 - 5,
		Marks: semconv.MarkRetry | semconv.MarkColdStart,
	}
	if len(got) != 1 || !reflect.DeepEqual(got[0], want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	// The next span inherits nothing from the one before but the resource.
	got = got[:0]
	c.convert(fullTraces(), 0, 2, func(s *store.Span) { got = append(got, *s) })
	bare := got[1]
	if len(bare.Attributes)+len(bare.Events)+len(bare.Links) != 0 {
		t.Errorf("a bare span got attributes, events or links: %+v", bare)
	}
	bare.Attributes, bare.Events, bare.Links = nil, nil, nil
	if want := (store.Span{Resource: bare.Resource, Scope: bare.Scope, Service: "checkout"}); !reflect.DeepEqual(bare, want) {
		t.Errorf("got %+v", bare)
	}
}

// A client's own weft.* attribute of another type is no derived field and stays what it is.
func TestConvertForeignDerivedAttribute(t *testing.T) {
	td := request(1, 1)
	a := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes()
	a.Clear()
	a.PutInt(semconv.SpanCategory, 7)
	a.PutStr(semconv.StatementHash, "x")
	a.PutStr("weft.other", "y")
	a.PutInt(semconv.SpanMarks, 256)
	var c spanConverter
	c.convert(td, 0, 1, func(s *store.Span) {
		want := store.Attributes{
			{Key: semconv.SpanCategory, Value: store.IntValue(7)}, {Key: semconv.StatementHash, Value: store.StringValue("x")},
			{Key: "weft.other", Value: store.StringValue("y")}, {Key: semconv.SpanMarks, Value: store.IntValue(256)},
		}
		if !reflect.DeepEqual(s.Attributes, want) || s.Category != "" || s.StatementHash != 0 || s.Marks != 0 {
			t.Errorf("got %+v", s)
		}
	})
}

// Every range of items yields exactly those items, whatever blocks they stand in.
func TestConvertRanges(t *testing.T) {
	td := ptrace.NewTraces()
	id := uint64(1)
	for _, sizes := range [][]int{{2, 0, 3}, {}, {1}, {4}} {
		rs := td.ResourceSpans().AppendEmpty()
		for _, n := range sizes {
			part := request(id, n)
			part.ResourceSpans().At(0).ScopeSpans().At(0).CopyTo(rs.ScopeSpans().AppendEmpty())
			id += uint64(n)
		}
	}
	n := td.SpanCount()
	for lo := range n {
		for hi := lo; hi <= n; hi++ {
			var c spanConverter
			next := uint64(lo + 1)
			c.convert(td, lo, hi, func(s *store.Span) {
				if s.SpanID.Uint64() != next {
					t.Fatalf("[%d, %d): want span %d, got %d", lo, hi, next, s.SpanID.Uint64())
				}
				next++
			})
			if next != uint64(hi+1) && lo < hi {
				t.Fatalf("[%d, %d): ended before %d", lo, hi, next)
			}
			excerpt := ptrace.NewTraces()
			td.CopyTo(excerpt)
			text, err := traces.excerpt(spans{td: excerpt}, lo, hi)
			if err != nil || strings.Count(string(text), `"spanId"`) != hi-lo {
				t.Fatalf("excerpt [%d, %d): %s %v", lo, hi, text, err)
			}
		}
	}
}

func TestDuplicateKeys(t *testing.T) {
	for _, n := range []int{3, 40} {
		var a store.Attributes
		for i := range n {
			a = append(a, store.Attribute{Key: fmt.Sprint(i), Value: store.IntValue(int64(i))})
		}
		got := unique(append(a, store.Attribute{Key: "1", Value: store.StringValue("later")}))
		if len(got) != n {
			t.Errorf("%d keys: %d left", n, len(got))
		}
		if v, _ := got.Get("1"); v.Type() != store.TypeInt {
			t.Errorf("the later one won: %v", v)
		}
	}
}

func TestResourceHash(t *testing.T) {
	hash := func(f func(pcommon.Map)) uint64 {
		r := pcommon.NewResource()
		f(r.Attributes())
		return newResource(r, "s").Hash
	}
	a := hash(func(m pcommon.Map) { m.PutStr("a", "b"); m.PutInt("n", 1) })
	if b := hash(func(m pcommon.Map) { m.PutInt("n", 1); m.PutStr("a", "b") }); a != b {
		t.Error("depends on the order")
	}
	different := map[uint64]string{}
	for name, f := range map[string]func(pcommon.Map){
		"none":   func(pcommon.Map) {},
		"ab":     func(m pcommon.Map) { m.PutStr("a", "b") },
		"a,b":    func(m pcommon.Map) { m.PutStr("a", ""); m.PutStr("b", "") },
		"int":    func(m pcommon.Map) { m.PutInt("a", 1) },
		"bool":   func(m pcommon.Map) { m.PutBool("a", true) },
		"text":   func(m pcommon.Map) { m.PutStr("a", "1") },
		"double": func(m pcommon.Map) { m.PutDouble("a", 1) },
		"empty":  func(m pcommon.Map) { m.PutEmpty("a") },
	} {
		h := hash(f)
		if other, dup := different[h]; dup {
			t.Errorf("%s and %s have the same hash", name, other)
		}
		different[h] = name
	}
	// Stored hashes must mean the same for ever.
	if want := uint64(0xeefd69730a187763); a != want {
		t.Errorf("want %#x, got %#x", want, a)
	}
}

// What becomes JSON text can be read back as the value it was.
func TestJSONValueRoundTrip(t *testing.T) {
	v := pcommon.NewValueMap()
	m := v.Map()
	m.PutStr("text", "tab\t \"quoted\" \\ \x01 ünïcode \U0001F600")
	m.PutInt("int", math.MaxInt64)
	m.PutDouble("tiny", math.SmallestNonzeroFloat64)
	m.PutDouble("third", 1.0/3)
	m.PutDouble("inf", math.Inf(1))
	m.PutBool("no", false)
	m.PutEmpty("empty")
	m.PutEmptyBytes("bytes").FromRaw([]byte("\x00\xff\x10"))
	deep := m.PutEmptySlice("deep")
	for range 5 {
		deep.AppendEmpty().SetStr("x")
		deep = deep.AppendEmpty().SetEmptySlice()
	}
	text := value(v).Str()
	back, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs([]byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":` + text + `}]}]}]}`))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if got := back.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body(); !got.Equal(v) {
		t.Errorf("got %v\nwant %v", got.AsRaw(), v.AsRaw())
	}
	if s := string(appendJSONString(nil, "a\xffb")); s != "\"a\uFFFDb\"" {
		t.Errorf("invalid UTF-8 became %s", s)
	}
	// Nesting without end is cut, not followed.
	v = pcommon.NewValueSlice()
	in := v.Slice()
	for range 10_000 {
		in = in.AppendEmpty().SetEmptySlice()
	}
	if n := strings.Count(value(v).Str(), "arrayValue"); n != maxDepth {
		t.Errorf("%d levels", n)
	}
}

func TestConvertLog(t *testing.T) {
	ld := plog.NewLogs()
	sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	r := sl.LogRecords().AppendEmpty()
	r.SetObservedTimestamp(2000)
	r.SetTraceID(pcommon.TraceID{1})
	r.SetSpanID(pcommon.SpanID{2})
	r.SetFlags(1)
	r.SetSeverityNumber(plog.SeverityNumberError)
	r.SetSeverityText("ERROR")
	r.SetEventName("weft.invocation")
	r.SetDroppedAttributesCount(3)
	r.Body().SetStr("boom")
	r.Attributes().PutStr("k", "v")
	sl.LogRecords().AppendEmpty().SetTimestamp(math.MaxUint64)
	var got []store.Log
	var c logConverter
	c.convert(ld, 0, 2, func(l *store.Log) {
		d := *l
		d.Attributes = append(store.Attributes{}, d.Attributes...)
		got = append(got, d)
	})
	want := store.Log{
		TimeNS: 2000, ObservedNS: 2000, TraceID: store.TraceID{1}, SpanID: store.SpanID{2}, Flags: 1,
		SeverityNumber: 17, SeverityText: "ERROR", EventName: "weft.invocation", Body: store.StringValue("boom"),
		Resource: got[0].Resource, Scope: got[0].Scope, Service: semconv.UnknownService,
		Attributes: store.Attributes{{Key: "k", Value: store.StringValue("v")}}, DroppedAttributes: 3,
	}
	if !reflect.DeepEqual(got[0], want) {
		t.Errorf("got  %+v\nwant %+v", got[0], want)
	}
	want = store.Log{TimeNS: math.MaxInt64, Resource: got[1].Resource, Scope: got[1].Scope, Service: semconv.UnknownService, Attributes: store.Attributes{}}
	if !reflect.DeepEqual(got[1], want) {
		t.Errorf("got  %+v\nwant %+v", got[1], want)
	}
}

func TestConvertMetrics(t *testing.T) {
	md := pmetric.NewMetrics()
	ms := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	add := func(name string) pmetric.Metric {
		m := ms.AppendEmpty()
		m.SetName(name)
		m.SetUnit("By")
		m.SetDescription("about " + name)
		return m
	}
	g := add("gauge").SetEmptyGauge().DataPoints()
	g.AppendEmpty().SetDoubleValue(1.5)
	g.AppendEmpty().SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
	sum := add("sum").SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	p := sum.DataPoints().AppendEmpty()
	p.SetIntValue(-7)
	p.SetStartTimestamp(1)
	p.SetTimestamp(2)
	p.Attributes().PutStr("k", "v")
	hist := add("hist").SetEmptyHistogram()
	hist.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	hp := hist.DataPoints().AppendEmpty()
	hp.SetCount(3)
	hp.SetSum(6)
	hp.SetMin(1)
	hp.SetMax(3)
	hp.ExplicitBounds().FromRaw([]float64{1, 2})
	hp.BucketCounts().FromRaw([]uint64{1, 1, 1})
	ep := add("exp").SetEmptyExponentialHistogram().DataPoints().AppendEmpty()
	ep.SetCount(4)
	ep.SetScale(-2)
	ep.SetZeroCount(1)
	ep.Positive().SetOffset(3)
	ep.Positive().BucketCounts().FromRaw([]uint64{2})
	ep.Negative().SetOffset(-3)
	ep.Negative().BucketCounts().FromRaw([]uint64{1})
	sp := add("summary").SetEmptySummary().DataPoints().AppendEmpty()
	sp.SetCount(9)
	sp.SetSum(10)
	q := sp.QuantileValues().AppendEmpty()
	q.SetQuantile(.99)
	q.SetValue(8)
	add("empty")

	var got []store.MetricPoint
	var c metricConverter
	c.convert(md, 0, md.DataPointCount(), func(p *store.MetricPoint) {
		d := *p
		// The receiver copies.
		d.Attributes = append(store.Attributes(nil), d.Attributes...)
		d.Bounds, d.Buckets = append([]float64(nil), d.Bounds...), append([]uint64(nil), d.Buckets...)
		d.PositiveCounts, d.NegativeCounts = append([]uint64(nil), d.PositiveCounts...), append([]uint64(nil), d.NegativeCounts...)
		d.Quantiles, d.QuantileValues = append([]float64(nil), d.Quantiles...), append([]float64(nil), d.QuantileValues...)
		got = append(got, d)
	})
	if len(got) != md.DataPointCount() || len(got) != 6 {
		t.Fatalf("%d points", len(got))
	}
	want := []store.MetricPoint{
		{Name: "gauge", Type: store.MetricGauge, Value: 1.5},
		{Name: "gauge", Type: store.MetricGauge, Flags: 1},
		{
			Name: "sum", Type: store.MetricSum, Monotonic: true, Temporality: 2, StartNS: 1, TimeNS: 2, Value: -7, IsInt: true,
			Attributes: store.Attributes{{Key: "k", Value: store.StringValue("v")}},
		},
		{Name: "hist", Type: store.MetricHistogram, Temporality: 1, Count: 3, Sum: 6, Min: 1, Max: 3, HasMinMax: true, Bounds: []float64{1, 2}, Buckets: []uint64{1, 1, 1}},
		{
			Name: "exp", Type: store.MetricExponentialHistogram, Count: 4, Scale: -2, ZeroCount: 1,
			PositiveOffset: 3, NegativeOffset: -3, PositiveCounts: []uint64{2}, NegativeCounts: []uint64{1},
		},
		{Name: "summary", Type: store.MetricSummary, Count: 9, Sum: 10, Quantiles: []float64{.99}, QuantileValues: []float64{8}},
	}
	for i := range want {
		want[i].Unit, want[i].Description, want[i].Service = "By", "about "+want[i].Name, semconv.UnknownService
		want[i].Resource, want[i].Scope = got[i].Resource, got[i].Scope
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("got  %+v\nwant %+v", got[i], want[i])
		}
	}
	n := 0
	c.convert(md, 2, 4, func(p *store.MetricPoint) {
		if p.Name != want[2+n].Name {
			t.Errorf("point %d is of %s", 2+n, p.Name)
		}
		n++
	})
	if n != 2 {
		t.Errorf("%d points of [2, 4)", n)
	}
	text, err := metrics.excerpt(md, 3, 4)
	if err != nil || !strings.Contains(string(text), `"hist"`) || strings.Contains(string(text), `"exp"`) {
		t.Errorf("excerpt: %s %v", text, err)
	}
}

// TestConvertRuntimeRecords has the data of a profile, which is raw, and no other record's bytes.
func TestConvertRuntimeRecords(t *testing.T) {
	ld := plog.NewLogs()
	records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	add := func(event string, fill func(pcommon.Value)) {
		r := records.AppendEmpty()
		r.SetEventName(event)
		fill(r.Body())
	}
	raw := func(b pcommon.Value) { b.SetEmptyBytes().FromRaw([]byte{0x1f, 0xff, 0}) }
	add(semconv.EventProfile, raw)
	add("another", raw)
	add(semconv.EventProfile, func(b pcommon.Value) { b.SetStr("no bytes") })
	add(semconv.EventProfile, func(pcommon.Value) {})
	var got []string
	var c logConverter
	c.convert(ld, 0, 4, func(l *store.Log) { got = append(got, fmt.Sprintf("%s %x %s", l.EventName, l.Data, l.Body.Str())) })
	want := []string{"weft.profile 1fff00 ", `another  {"bytesValue":"H/8A"}`, "weft.profile  no bytes", "weft.profile  "}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
