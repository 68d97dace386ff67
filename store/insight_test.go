package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"weft/store"
)

// sketch is a span as the tests of analyses write it; times are milliseconds after shopTime.
type sketch struct {
	trace, id, parent   int
	service, name       string
	kind                store.Kind
	startMS, durationMS int
	failed              string // error type
	peer, version       string
	category            string
	attrs               store.Attributes
	links               []store.Link
	statement           uint64
}

func sketchTraceID(n int) store.TraceID {
	return store.TraceID{0: 0x77, 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}
}

func (k sketch) span() store.Span {
	res := &store.Resource{Attributes: store.Attributes{{Key: "service.name", Value: store.StringValue(k.service)}}}
	if k.version != "" {
		res.Attributes = append(res.Attributes, store.Attribute{Key: "service.version", Value: store.StringValue(k.version)})
	}
	res.Hash = res.ContentHash()
	s := store.Span{
		TraceID: sketchTraceID(k.trace), SpanID: store.SpanIDFromUint64(uint64(k.trace)<<16 | uint64(k.id)), Name: k.name, Kind: k.kind, Service: k.service,
		StartNS: shopTime.UnixNano() + int64(k.startMS)*1e6, DurationNS: int64(k.durationMS) * 1e6, Resource: res, Scope: &store.Scope{Name: "test"},
		PeerName: k.peer, Category: k.category, Attributes: k.attrs, Links: k.links, StatementHash: k.statement,
	}
	if k.parent != 0 {
		s.ParentSpanID = store.SpanIDFromUint64(uint64(k.trace)<<16 | uint64(k.parent))
	}
	if k.failed != "" {
		s.StatusCode, s.ErrorType, s.ErrorMessage = store.StatusError, k.failed, k.failed+" happened"
	}
	return s
}

func insertSketches(t testing.TB, s *store.Store, token string, sketches []sketch) {
	t.Helper()
	var spans []store.Span
	for _, k := range sketches {
		spans = append(spans, k.span())
	}
	insert(t, s, token, spans...)
}

func text(key, value string) store.Attribute {
	return store.Attribute{Key: key, Value: store.StringValue(value)}
}

// fillShopForDiff stores 60 traces of web, the third of them slow: those all go through version 2 of cart, whose span has the attribute retry.
func fillShopForDiff(t testing.TB, s *store.Store) {
	t.Helper()
	var all []sketch
	for n := 1; n <= 60; n++ {
		slow, version, duration := n%3 == 0, "1", 10
		cart := store.Attributes{text("user.id", fmt.Sprint("u", n)), text("shard", fmt.Sprint(n%2)),
			{Key: "bytes", Value: store.IntValue(int64(1500 + n))}, {Key: "db.rows", Value: store.DoubleValue(2.5)}}
		if slow {
			version, duration = "2", 1000
			cart = append(cart, store.Attribute{Key: "retry", Value: store.IntValue(int64(n % 6))})
		}
		all = append(all,
			sketch{trace: n, id: 1, service: "web", name: "GET /cart", kind: store.KindServer, startMS: n * 100, durationMS: duration, version: "7",
				attrs: store.Attributes{{Key: "http.response.status_code", Value: store.IntValue(200)}, text("url.path", "/cart")}},
			sketch{trace: n, id: 2, parent: 1, service: "cart", name: "get", kind: store.KindServer, startMS: n*100 + 1, durationMS: 5, version: version, attrs: cart})
	}
	insertSketches(t, s, "diff", all)
}

func TestValueCounts(t *testing.T) {
	s := open(t)
	fillShopForDiff(t, s)
	web := store.TraceQuery{Where: store.Predicate{Field: store.FieldService, Value: store.StringValue("web")}}
	slow := store.TraceQuery{Where: store.And{web.Where, store.Predicate{Field: store.FieldDuration, Op: store.OpGreaterEqual, Value: store.IntValue(1e9)}}}
	got, err := s.ValueCounts(t.Context(), store.DiffQuery{Selection: slow, Baseline: web})
	if err != nil {
		t.Fatal(err)
	}
	type key struct {
		source  store.ValueSource
		form    store.ValueForm
		service string
		key     string
		value   string
	}
	counts := make(map[key][2]uint64)
	for _, c := range got.Counts {
		counts[key{c.Source, c.Form, c.Service, c.Key, c.Value}] = [2]uint64{c.Selected, c.Baseline}
		if c.AnyService != (c.Service == "") {
			t.Errorf("any service: %+v", c)
		}
		if c.Key == "user.id" && c.Form == store.FormText {
			t.Errorf("a value that one trace has: %+v", c)
		}
		if c.Key == "bytes" && c.Form == store.FormRange && (c.Low != 1024 || c.High != 2048) {
			t.Errorf("range: %+v", c)
		}
	}
	for k, want := range map[key][2]uint64{
		{store.FromResource, store.FormText, "cart", "service.version", "2"}:     {20, 0},
		{store.FromResource, store.FormText, "", "service.version", "2"}:         {20, 0},
		{store.FromResource, store.FormText, "cart", "service.version", "1"}:     {0, 40},
		{store.FromResource, store.FormText, "", "service.version", "7"}:         {20, 40},
		{store.FromResource, store.FormPresent, "cart", "service.version", ""}:   {20, 40},
		{store.FromSpan, store.FormPresent, "", "retry", ""}:                     {20, 0},
		{store.FromSpan, store.FormText, "", "retry", "0"}:                       {10, 0},
		{store.FromSpan, store.FormText, "", "retry", "3"}:                       {10, 0},
		{store.FromSpan, store.FormPresent, "", "user.id", ""}:                   {20, 40},
		{store.FromSpan, store.FormText, "", "shard", "0"}:                       {10, 20},
		{store.FromSpan, store.FormRange, "", "bytes", "10"}:                     {20, 40},
		{store.FromSpan, store.FormRange, "", "db.rows", "1"}:                    {20, 40},
		{store.FromSpan, store.FormText, "", "http.response.status_code", "200"}: {20, 40},
		{store.FromSpan, store.FormPresent, "", "http.response.status_code", ""}: {20, 40},
		{store.FromField, store.FormText, "web", store.FieldName, "GET /cart"}:   {20, 40},
		{store.FromField, store.FormText, "web", store.FieldKind, "server"}:      {20, 40},
		{store.FromField, store.FormText, "cart", store.FieldStatus, "unset"}:    {20, 40},
		{store.FromField, store.FormText, "cart", store.FieldService, "cart"}:    {20, 40},
		{store.FromField, store.FormRange, "web", store.FieldDuration, "29"}:     {20, 0},
		{store.FromField, store.FormRange, "web", store.FieldDuration, "23"}:     {0, 40},
	} {
		if have, ok := counts[k]; have != want {
			t.Errorf("%+v: got %v (%v), want %v", k, have, ok, want)
		}
	}
	wantSample := store.Sample{FromNS: got.Selection.FromNS, ToNS: got.Selection.ToNS, TimeShare: 1, Matched: 20, Traces: 20}
	if got.Selection != wantSample || got.Truncated {
		t.Errorf("selection: got %+v, truncated %v", got.Selection, got.Truncated)
	}
	if got.Baseline.Matched != 60 || got.Baseline.Traces != 40 {
		t.Errorf("baseline: got %+v, want 60 traces matched and 40 looked at", got.Baseline)
	}

	// Only the spans that satisfy the filters.
	got, err = s.ValueCounts(t.Context(), store.DiffQuery{Selection: slow, Baseline: web, MatchingOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range got.Counts {
		if c.Service == "cart" || c.Key == "shard" {
			t.Errorf("of another span: %+v", c)
		}
	}
	if len(got.Counts) == 0 {
		t.Error("no counts of matching spans")
	}

	// Another range as the baseline, a condition on a resource, and conditions on whole traces.
	half := shopTime.Add(3050 * time.Millisecond)
	version := store.Predicate{Field: "service.version", Value: store.StringValue("2")}
	got, err = s.ValueCounts(t.Context(), store.DiffQuery{
		Selection: store.TraceQuery{Where: version, Range: store.TimeRange{From: half}, MinTraceDuration: time.Second},
		Baseline:  store.TraceQuery{Range: store.TimeRange{To: half}}, MatchingOnly: true})
	if err != nil || got.Selection.Matched != 10 || got.Baseline.Matched != 30 || got.Baseline.Traces != 30 || len(got.Counts) == 0 {
		t.Errorf("ranges: got %+v, %+v, %d counts, %v", got.Selection, got.Baseline, len(got.Counts), err)
	}

	for name, q := range map[string]store.TraceQuery{
		"nothing can match": {Where: store.Predicate{Field: "no.such.key", Value: store.StringValue("x")}},
		"nothing stored":    {Range: store.TimeRange{To: shopTime.Add(-time.Hour)}},
	} {
		if got, err := s.ValueCounts(t.Context(), store.DiffQuery{Selection: q}); err != nil || len(got.Counts) != 0 || got.Selection.Traces != 0 {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	bad := store.TraceQuery{Where: store.Predicate{Field: "@nonsense"}}
	if _, err := s.ValueCounts(t.Context(), store.DiffQuery{Baseline: bad}); err == nil || err.Error() != "sample traces: invalid: @nonsense: no such field" {
		t.Errorf("bad field: got %v", err)
	}
}

func TestErrorOrigins(t *testing.T) {
	s := open(t)
	var all []sketch
	add := func(k sketch) { all = append(all, k) }
	for n := 1; n <= 10; n++ {
		at, version := n*1000, "1"
		if n > 4 {
			version = "2"
		}
		// web -> cart -> pay; pay's statement fails, and the error reaches the root. In the even traces a cache fails too, which cart swallows.
		add(sketch{trace: n, id: 1, service: "web", name: "GET /", kind: store.KindServer, startMS: at, durationMS: 50, failed: "500"})
		add(sketch{trace: n, id: 2, parent: 1, service: "cart", name: "get", kind: store.KindServer, startMS: at + 1, durationMS: 40, failed: "Unavailable"})
		add(sketch{trace: n, id: 3, parent: 2, service: "pay", name: "charge", kind: store.KindServer, startMS: at + 2, durationMS: 30, failed: "SQLError", version: version})
		add(sketch{trace: n, id: 4, parent: 3, service: "pay", name: "INSERT", kind: store.KindClient, startMS: at + 3, durationMS: 20, failed: "Deadlock", version: version,
			peer: fmt.Sprint("shop@db", n%2), statement: 99, category: "db", attrs: store.Attributes{text("db.query.text", "INSERT INTO orders")}})
		if n%2 == 0 {
			add(sketch{trace: n, id: 6, parent: 2, service: "cart", name: "lookup", startMS: at + 1, durationMS: 1})
			add(sketch{trace: n, id: 5, parent: 6, service: "cart", name: "GET key", kind: store.KindClient, startMS: at + 1, durationMS: 1, failed: "Timeout", peer: "cache"})
		}
	}
	// Fails long before the range; its parent is not stored. Not of service web.
	add(sketch{trace: 20, id: 4, parent: 3, service: "pay", name: "INSERT", kind: store.KindClient, startMS: -3_600_000, durationMS: 20, failed: "Deadlock", peer: "shop@db1", statement: 99})
	// A ring, a self-parent, and one that is well.
	add(sketch{trace: 21, id: 1, parent: 2, service: "ring", name: "a", startMS: 5, durationMS: 1, failed: "X"})
	add(sketch{trace: 21, id: 2, parent: 1, service: "ring", name: "b", startMS: 6, durationMS: 1, failed: "X"})
	add(sketch{trace: 22, id: 1, parent: 1, service: "self", name: "a", startMS: 5, durationMS: 1, failed: "X"})
	add(sketch{trace: 23, id: 1, service: "web", name: "GET /", kind: store.KindServer, startMS: 50, durationMS: 1})
	insertSketches(t, s, "errors", all)

	q := store.TraceQuery{Where: store.Predicate{Field: store.FieldService, Value: store.StringValue("web")},
		Range: store.TimeRange{From: shopTime}, Limit: 10}
	got, err := s.ErrorOrigins(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if got.Sample.Matched != 10 || got.Sample.Traces != 10 || got.ErrorSpans != 45 || got.Truncated || len(got.Origins) != 2 {
		t.Fatalf("got %+v", got)
	}
	base := shopTime.UnixNano()
	ref := func(trace, id int) store.SpanRef {
		return store.SpanRef{TraceID: sketchTraceID(trace), SpanID: store.SpanIDFromUint64(uint64(trace)<<16 | uint64(id))}
	}
	want := []store.ErrorOrigin{
		{Service: "pay", Operation: "INSERT", ErrorType: "Deadlock", Peer: "shop@db0", Statement: "INSERT INTO orders", StatementHash: 99, Message: "Deadlock happened",
			Traces: 10, Main: 10, Reached: 10, FirstNS: base - 3600*1e9, LastNS: base + 10_003*1e6,
			Versions: []store.NameCount{{Name: "2", Traces: 6}, {Name: "1", Traces: 4}}, PassedOnBy: []store.NameCount{{Name: "cart", Traces: 10}, {Name: "web", Traces: 10}},
			Examples: []store.SpanRef{ref(10, 4), ref(9, 4), ref(8, 4), ref(7, 4), ref(6, 4)}},
		{Service: "cart", Operation: "GET key", ErrorType: "Timeout", Peer: "cache", Message: "Timeout happened",
			Traces: 5, FirstNS: base + 2001*1e6, LastNS: base + 10_001*1e6, Versions: []store.NameCount{{Name: "", Traces: 5}},
			SwallowedBy: []store.NameCount{{Name: "cart", Traces: 5}}, Examples: []store.SpanRef{ref(10, 5), ref(8, 5), ref(6, 5), ref(4, 5), ref(2, 5)}},
	}
	if !reflect.DeepEqual(got.Origins, want) {
		t.Errorf("got  %+v\nwant %+v", got.Origins, want)
	}
	if got.LookedBackToNS > base-3600*1e9 {
		t.Errorf("looked back to %d", got.LookedBackToNS)
	}

	// Without a filter: all failing traces. The parent of the early one is not stored.
	got, err = s.ErrorOrigins(t.Context(), store.TraceQuery{Limit: 10})
	if err != nil || got.Sample.Matched != 13 || len(got.Origins) != 4 {
		t.Fatalf("all: got %+v, %v", got, err)
	}
	if o := got.Origins[0]; o.Traces != 11 || !reflect.DeepEqual(o.SwallowedBy, []store.NameCount{{Name: "", Traces: 1}}) {
		t.Errorf("all: got %+v", o)
	}
	for _, o := range got.Origins[1:3] {
		if o.Service == "ring" && (o.Operation != "b" || o.Main != 1) || o.Service == "self" && o.Reached != 1 {
			t.Errorf("parents in a ring: got %+v", o)
		}
	}
	q.Limit = 0
	if _, err := s.ErrorOrigins(t.Context(), q); err == nil || err.Error() != "find error origins: invalid: limit: want 1 to 1000, got 0" {
		t.Errorf("limit: got %v", err)
	}
}

func TestBrokenContext(t *testing.T) {
	s := open(t)
	var all []sketch
	add := func(k sketch) { all = append(all, k) }
	for n := 1; n <= 20; n++ {
		at, version := n*1000, "1"
		if n > 15 {
			version = "2"
		}
		add(sketch{trace: n, id: 1, service: "web", name: "GET /", kind: store.KindServer, startMS: at, durationMS: 50})
		add(sketch{trace: n, id: 2, parent: 1, service: "web", name: "call cart", kind: store.KindClient, startMS: at + 1, durationMS: 40, peer: "cart", category: "client", version: version})
		entry := sketch{trace: n, id: 3, parent: 2, service: "cart", name: "get", kind: store.KindServer, startMS: at + 5, durationMS: 30, version: "9"}
		if n > 15 {
			entry.trace, entry.parent = 100+n, 0 // version 2 of web does not send its context
		}
		add(entry)
		add(sketch{trace: n, id: 5, parent: 1, service: "web", name: "SELECT", kind: store.KindClient, startMS: at + 1, durationMS: 4, peer: "cart", category: "db"})
		// A message that is linked, which is as good as a parent; in three traces it is not.
		add(sketch{trace: n, id: 6, parent: 1, service: "web", name: "send", kind: store.KindProducer, startMS: at + 42, durationMS: 1, peer: "orders", category: "messaging"})
		consumer := sketch{trace: 200 + n, id: 1, service: "billing", name: "consume", kind: store.KindConsumer, startMS: at + 500, durationMS: 10,
			attrs: store.Attributes{text("messaging.destination.name", "orders")}}
		if n > 3 {
			consumer.links = []store.Link{{TraceID: sketchTraceID(n), SpanID: store.SpanIDFromUint64(uint64(n)<<16 | 6)}}
		}
		add(consumer)
	}
	// Orphans: the caller's span is lost; and one of which the caller is there, but the child names a span in between.
	add(sketch{trace: 50, id: 3, parent: 9, service: "cart", name: "get", kind: store.KindServer, startMS: 3000, durationMS: 30, version: "9"})
	add(sketch{trace: 51, id: 1, service: "web", name: "call cart", kind: store.KindClient, startMS: 4100, durationMS: 30, peer: "cart", category: "client", version: "1"})
	add(sketch{trace: 51, id: 3, parent: 9, service: "cart", name: "get", kind: store.KindServer, startMS: 4110, durationMS: 10, version: "9"})
	insertSketches(t, s, "broken", all)

	got, err := s.BrokenContext(t.Context(), store.TimeRange{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	base := shopTime.UnixNano()
	ms := func(n int) int64 { return base + int64(n)*1e6 }
	ref := func(trace, id int) store.SpanRef {
		return store.SpanRef{TraceID: sketchTraceID(trace), SpanID: store.SpanIDFromUint64(uint64(trace)<<16 | uint64(id))}
	}
	want := []store.BrokenHop{
		{Cause: store.NewTrace, From: "web", Via: "cart", To: "cart", Broken: 5, Calls: 21, FirstNS: ms(16_005), LastNS: ms(20_005),
			FromVersions: []store.BrokenVersion{{Version: "2", Broken: 5, Calls: 5, FirstNS: ms(16_005)}, {Version: "1", Calls: 16}},
			ToVersions:   []store.BrokenVersion{{Version: "9", Broken: 5, Calls: 22, FirstNS: ms(16_005)}},
			Examples:     []store.BrokenExample{{Callee: ref(116, 3), Caller: ref(16, 2)}, {Callee: ref(117, 3), Caller: ref(17, 2)}, {Callee: ref(118, 3), Caller: ref(18, 2)}}},
		{Cause: store.NewTrace, From: "web", Via: "orders", To: "billing", Broken: 3, Calls: 20, FirstNS: ms(1500), LastNS: ms(3500),
			FromVersions: []store.BrokenVersion{{Broken: 3, Calls: 20, FirstNS: ms(1500)}},
			ToVersions:   []store.BrokenVersion{{Broken: 3, Calls: 20, FirstNS: ms(1500)}},
			Examples:     []store.BrokenExample{{Callee: ref(201, 1), Caller: ref(1, 6)}, {Callee: ref(202, 1), Caller: ref(2, 6)}, {Callee: ref(203, 1), Caller: ref(3, 6)}}},
		{Cause: store.LostParent, To: "cart", Broken: 1, Calls: 17, FirstNS: ms(3000), LastNS: ms(3000),
			ToVersions: []store.BrokenVersion{{Version: "9", Broken: 1, Calls: 17, FirstNS: ms(3000)}}, Examples: []store.BrokenExample{{Callee: ref(50, 3)}}},
		{Cause: store.LostParent, From: "web", Via: "cart", To: "cart", Broken: 1, Calls: 21, FirstNS: ms(4110), LastNS: ms(4110),
			FromVersions: []store.BrokenVersion{{Version: "1", Broken: 1, Calls: 16, FirstNS: ms(4110)}, {Version: "2", Calls: 5}},
			ToVersions:   []store.BrokenVersion{{Version: "9", Broken: 1, Calls: 17, FirstNS: ms(4110)}},
			Examples:     []store.BrokenExample{{Callee: ref(51, 3), Caller: ref(51, 1)}}},
	}
	if !reflect.DeepEqual(got.Hops, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got.Hops, want)
	}
	if got.TimeShare != 1 || got.Truncated || got.FromNS != ms(1000) {
		t.Errorf("got %+v", got)
	}
	if got, err := s.BrokenContext(t.Context(), store.TimeRange{To: shopTime}, 10); err != nil || len(got.Hops) != 0 {
		t.Errorf("nothing stored: got %+v, %v", got, err)
	}
	if _, err := s.BrokenContext(t.Context(), store.TimeRange{}, 1001); err == nil || err.Error() != "find broken context: invalid: limit: want 1 to 1000, got 1001" {
		t.Errorf("limit: got %v", err)
	}
}

func TestSkeletons(t *testing.T) {
	s := open(t)
	fillShopForDiff(t, s)
	far := sketch{trace: 900, id: 1, service: "web", name: "GET /far", kind: store.KindServer, startMS: 86_400_000, durationMS: 5,
		links: []store.Link{{TraceID: sketchTraceID(1), SpanID: store.SpanIDFromUint64(7)}}}
	insertSketches(t, s, "far", []sketch{far})
	ids := []store.TraceID{sketchTraceID(900), sketchTraceID(2), sketchTraceID(999), sketchTraceID(60), sketchTraceID(2)}
	got, err := s.Skeletons(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].ID != ids[0] || got[1].ID != ids[1] || got[2].ID != ids[3] {
		t.Fatalf("got %d skeletons", len(got))
	}
	for _, k := range got {
		want, err := s.Skeleton(t.Context(), k.ID)
		if err != nil {
			t.Fatal(err)
		}
		texts := func(k *store.Skeleton) []string {
			var all []string
			for _, sp := range k.Spans {
				all = append(all, k.Strings[sp.Service]+k.Strings[sp.Name], fmt.Sprint(sp.SpanID, sp.ParentSpanID, sp.StartNS, sp.DurationNS, sp.Kind, sp.StatusCode))
			}
			slices.Sort(all)
			return all
		}
		if !reflect.DeepEqual(texts(k), texts(want)) || !reflect.DeepEqual(k.Links, want.Links) {
			t.Errorf("%v: got %v %v, want %v %v", k.ID, texts(k), k.Links, texts(want), want.Links)
		}
	}
	web := store.TraceQuery{Where: store.Predicate{Field: store.FieldService, Value: store.StringValue("web")}}
	some, sample, err := s.SampleSkeletons(t.Context(), web, 10)
	if err != nil || len(some) != 10 || sample.Matched != 61 || sample.Traces != 10 {
		t.Errorf("sample: got %d, %+v, %v", len(some), sample, err)
	}
	again, _, err := s.SampleSkeletons(t.Context(), web, 10)
	if err != nil || !reflect.DeepEqual(again[0].ID, some[0].ID) {
		t.Errorf("the same question got another answer: %v", err)
	}
	if _, err := s.Skeletons(t.Context(), make([]store.TraceID, 1001)); err == nil || err.Error() != "read skeletons: invalid: want at most 1000 ids, got 1001" {
		t.Errorf("too many: got %v", err)
	}
}

func TestTwinCandidates(t *testing.T) {
	s := open(t)
	fillShopForDiff(t, s) // 40 of 10 ms, 20 of a second
	failed := sketch{trace: 70, id: 1, service: "web", name: "GET /cart", kind: store.KindServer, startMS: 2900, durationMS: 10, failed: "500"}
	early := sketch{trace: 71, id: 1, service: "web", name: "GET /cart", kind: store.KindServer, startMS: -25 * 3_600_000, durationMS: 10}
	insertSketches(t, s, "more", []sketch{failed, early})
	got, err := s.TwinCandidates(t.Context(), sketchTraceID(30), "web", "GET /cart", shopTime.UnixNano()+3000*1e6)
	if err != nil || got.Roots != 59 || got.MedianNS != 10e6 || len(got.Twins) != 40 {
		t.Fatalf("got %+v, %v", got, err)
	}
	for _, twin := range got.Twins {
		if twin.DurationNS != 10e6 || twin.TraceID == sketchTraceID(70) || twin.TraceID == sketchTraceID(71) {
			t.Errorf("got %+v", twin)
		}
	}
	if got, err := s.TwinCandidates(t.Context(), sketchTraceID(30), "web", "no such", 0); err != nil || len(got.Twins) != 0 || got.Roots != 0 {
		t.Errorf("nothing alike: got %+v, %v", got, err)
	}
}

// A sample holds the traces with a matching span in the slices, and no other; a smaller one holds those with the least hashes.
func TestSampleInSlices(t *testing.T) {
	s := open(t)
	fillShopForDiff(t, s)
	q := store.TraceQuery{Where: store.Predicate{Field: store.FieldService, Value: store.StringValue("web")}}
	ids, windows, matched, err := s.SampleIn(t.Context(), q, 40, 1000)
	if err != nil || len(windows) != 16 {
		t.Fatalf("got %v, %v", windows, err)
	}
	want := make(map[store.TraceID]bool)
	for n := 1; n <= 60; n++ {
		start := shopTime.UnixNano() + int64(n)*100e6
		for _, w := range windows {
			if start >= w[0] && start < w[1] {
				want[sketchTraceID(n)] = true
			}
		}
	}
	if len(want) < 10 || len(want) > 30 || len(ids) != len(want) || int(matched) != len(want) {
		t.Errorf("got %d of %d traces, want %d", len(ids), matched, len(want))
	}
	for _, id := range ids {
		if !want[id] {
			t.Errorf("%v has no span in the slices", id)
		}
	}
	few, _, matched, err := s.SampleIn(t.Context(), q, 40, 5)
	if err != nil || !slices.Equal(few, ids[:5]) || int(matched) != len(want) {
		t.Errorf("smaller: got %v of %d, want %v, %v", few, matched, ids[:5], err)
	}
}

// With more selected traces than a sample holds, no selected one gets into the baseline, in whichever order the hashes fall.
func TestValueCountsOfASample(t *testing.T) {
	s := open(t)
	var all []sketch
	for n := 1; n <= 1400; n++ {
		side := "odd"
		if n%2 == 0 {
			side = "even"
		}
		all = append(all, sketch{trace: n, id: 1, service: "web", name: "GET /", kind: store.KindServer, startMS: n, durationMS: 1, attrs: store.Attributes{text("side", side)}})
	}
	insertSketches(t, s, "many", all)
	odd := store.TraceQuery{Where: store.Predicate{Field: "side", Value: store.StringValue("odd")}}
	got, err := s.ValueCounts(t.Context(), store.DiffQuery{Selection: odd})
	if err != nil {
		t.Fatal(err)
	}
	if got.Selection.Matched != 700 || got.Selection.Traces != 500 || got.Baseline.Matched != 1400 || got.Baseline.Traces < 400 || got.Baseline.Traces > 600 {
		t.Errorf("got %+v and %+v", got.Selection, got.Baseline)
	}
	for _, c := range got.Counts {
		if c.Key == "side" && c.Value == "odd" && (c.Selected != 500 || c.Baseline != 0) || c.Value == "even" && (c.Selected != 0 || c.Baseline != got.Baseline.Traces) {
			t.Errorf("got %+v", c)
		}
	}
}
