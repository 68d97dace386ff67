package store_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"weft/store"
)

// shopTrace is a request through three services: web calls cart over HTTP, cart asks a database; n makes it distinct.
func shopTrace(n int, at time.Time, failed bool) []store.Span {
	id := store.TraceID{15: byte(n), 14: byte(n >> 8), 13: byte(n >> 16), 0: 0x5e}
	base := at.UnixNano()
	span := func(i int, parent uint64, service, name string, kind store.Kind, start, duration time.Duration, attrs ...store.Attribute) store.Span {
		res := &store.Resource{Attributes: store.Attributes{
			{Key: "deployment.environment.name", Value: store.StringValue("prod")},
			{Key: "host.cpus", Value: store.IntValue(8)},
			{Key: "service.name", Value: store.StringValue(service)},
		}}
		res.Hash = res.ContentHash()
		return store.Span{
			TraceID: id, SpanID: store.SpanIDFromUint64(uint64(n)<<8 | uint64(i)), ParentSpanID: store.SpanIDFromUint64(parent),
			Name: name, Kind: kind, StartNS: base + int64(start), DurationNS: int64(duration), Service: service, Resource: res, Scope: &store.Scope{Name: "test"},
			Attributes: attrs,
		}
	}
	parent := func(i int) uint64 { return uint64(n)<<8 | uint64(i) }
	spans := []store.Span{
		span(1, 0, "web", "GET /cart", store.KindServer, 0, 100*time.Millisecond,
			store.Attribute{Key: "http.request.method", Value: store.StringValue("GET")},
			store.Attribute{Key: "http.response.status_code", Value: store.IntValue(200)},
			store.Attribute{Key: "order.id", Value: store.StringValue(fmt.Sprintf("order-%d", n))},
			store.Attribute{Key: "order.items", Value: store.IntValue(int64(n % 7))},
			store.Attribute{Key: "order.total", Value: store.DoubleValue(float64(n) / 4)},
			store.Attribute{Key: "vip", Value: store.BoolValue(n%2 == 0)}),
		span(2, parent(1), "web", "call cart", store.KindClient, 5*time.Millisecond, 80*time.Millisecond),
		span(3, parent(2), "cart", "get cart", store.KindServer, 10*time.Millisecond, 70*time.Millisecond,
			store.Attribute{Key: "host.cpus", Value: store.IntValue(2)}),
		span(4, parent(3), "cart", "SELECT carts", store.KindClient, 20*time.Millisecond, 30*time.Millisecond,
			store.Attribute{Key: "db.system.name", Value: store.StringValue("sqlite")},
			store.Attribute{Key: "db.query.text", Value: store.StringValue("SELECT * FROM carts")}),
	}
	spans[1].PeerName, spans[3].PeerName = "cart", "carts.db"
	if failed {
		spans[2].StatusCode, spans[2].ErrorType = store.StatusError, "Timeout"
	}
	return spans
}

var shopTime = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// fillShop stores n traces, a second apart; every tenth fails, and every 25th takes a minute.
func fillShop(t testing.TB, s *store.Store, n int) {
	t.Helper()
	var spans []store.Span
	for i := range n {
		trace := shopTrace(i, shopTime.Add(time.Duration(i)*time.Second), i%10 == 3)
		if i%25 == 4 {
			trace[0].DurationNS = int64(time.Minute)
		}
		spans = append(spans, trace...)
	}
	rand.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
	insert(t, s, "", spans...)
}

func TestOrphans(t *testing.T) {
	s := open(t)
	whole, broken, lost := shopTrace(1, shopTime, false), shopTrace(2, shopTime, false), shopTrace(3, shopTime.Add(time.Hour), false)
	insert(t, s, "", whole...)
	insert(t, s, "", append(broken[:1:1], broken[2:]...)...) // the caller of the third span is missing
	insert(t, s, "", lost[1], lost[3])
	got, err := s.Orphans(t.Context(), []store.TraceID{whole[0].TraceID, broken[0].TraceID, lost[0].TraceID, {1: 1}})
	want := map[store.TraceID]uint64{broken[0].TraceID: 1, lost[0].TraceID: 2}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := s.Orphans(t.Context(), make([]store.TraceID, 1001)); err == nil || err.Error() != "count orphans: invalid: want at most 1000 ids, got 1001" {
		t.Errorf("too many: got %v", err)
	}
}

func TestCatalogue(t *testing.T) {
	s := open(t)
	fillShop(t, s, 10)
	services, err := s.Services(t.Context())
	if err != nil || !reflect.DeepEqual(services, []string{"cart", "web"}) {
		t.Errorf("services: %v, %v", services, err)
	}
	operations, err := s.Operations(t.Context(), "cart")
	want := []store.Operation{{Service: "cart", Name: "SELECT carts", Kind: store.KindClient}, {Service: "cart", Name: "get cart", Kind: store.KindServer}}
	if err != nil || !reflect.DeepEqual(operations, want) {
		t.Errorf("operations of cart: %v, %v", operations, err)
	}
	if all, err := s.Operations(t.Context(), ""); err != nil || len(all) != 4 {
		t.Errorf("all operations: %v, %v", all, err)
	}
	if peers, err := s.RemoteServices(t.Context(), "cart"); err != nil || !reflect.DeepEqual(peers, []string{"carts.db"}) {
		t.Errorf("remote services of cart: %v, %v", peers, err)
	}
	keys, err := s.AttributeKeys(t.Context(), "ho", 10)
	wantKeys := []store.AttributeKey{{Key: "host.cpus", Type: store.TypeInt, Scope: "span"}, {Key: "host.cpus", Type: store.TypeInt, Scope: "resource"}}
	if err != nil || !reflect.DeepEqual(keys, wantKeys) {
		t.Errorf("keys: %v, %v", keys, err)
	}
	values := func(key, prefix string, want ...string) {
		t.Helper()
		got, err := s.AttributeValues(t.Context(), key, prefix, 3)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("values of %s: %v, %v", key, got, err)
		}
	}
	values("order.id", "order-", "order-0", "order-1", "order-2")
	values("http.request.method", "", "GET")
	values("http.method", "", "GET")
	values("service.name", "", "cart", "web")
	values("host.cpus", "", "2", "8")
	values("vip", "", "false", "true")
	values("http.response.status_code", "", "200")
}

func TestStatsAndDependencies(t *testing.T) {
	s := open(t)
	empty, err := s.Stats(t.Context())
	if err != nil || len(empty) != 3 || empty[0].Rows != 0 || !empty[0].Oldest.IsZero() {
		t.Fatalf("stats of nothing: %+v, %v", empty, err)
	}
	fillShop(t, s, 100)
	stats, err := s.Stats(t.Context())
	if err != nil || stats[0].Rows != 400 || stats[0].Bytes == 0 || !stats[0].Oldest.Equal(shopTime) ||
		!stats[0].Newest.Equal(shopTime.Add(99*time.Second+20*time.Millisecond)) {
		t.Errorf("stats: %+v, %v", stats, err)
	}
	if deps, err := s.Dependencies(t.Context(), store.TimeRange{}); err != nil || len(deps) != 0 {
		t.Errorf("dependencies before there are edges: %+v, %v", deps, err)
	}
	var buckets []time.Time
	for i := range 10 {
		buckets = append(buckets, shopTime.Add(time.Duration(i)*10*time.Second))
	}
	if _, err := s.ReconcileEdges(t.Context(), buckets); err != nil {
		t.Fatal(err)
	}
	deps, err := s.Dependencies(t.Context(), store.TimeRange{From: shopTime, To: shopTime.Add(time.Minute)})
	want := []store.Dependency{{Parent: "web", Child: "cart", Calls: 60, Errors: 6}}
	if err != nil || !reflect.DeepEqual(deps, want) {
		t.Errorf("dependencies: %+v, %v", deps, err)
	}
}

func TestSpanDetail(t *testing.T) {
	s := open(t)
	fillShop(t, s, 3)
	target := shopTrace(1, shopTime.Add(time.Second), false)
	linking := shopTrace(200, shopTime.Add(time.Hour), false)
	linking[0].Links = []store.Link{{TraceID: target[2].TraceID, SpanID: target[2].SpanID}, {TraceID: store.TraceID{9}, SpanID: store.SpanID{9}}}
	insert(t, s, "links", linking...)
	logs := store.NewLogBatch()
	for i := range 3 {
		logs.Append(&store.Log{
			TimeNS: target[2].StartNS + int64(i), TraceID: target[2].TraceID, SpanID: target[2].SpanID, SeverityNumber: 9, SeverityText: "INFO",
			Body: store.StringValue(fmt.Sprint("line ", i)), Resource: target[2].Resource, Scope: target[2].Scope, Service: "cart",
		})
	}
	if err := s.InsertLogs(t.Context(), logs, "logs"); err != nil {
		t.Fatal(err)
	}
	d, err := s.SpanDetail(t.Context(), target[2].TraceID, target[2].SpanID)
	if err != nil {
		t.Fatal(err)
	}
	compareSpans(t, []store.Span{d.Span}, target[2:3])
	if len(d.Logs) != 3 || d.Logs[0].Body.Str() != "line 0" || d.Logs[2].Resource.Hash != target[2].Resource.Hash {
		t.Errorf("logs: %+v", d.Logs)
	}
	want := []store.LinkedBy{{TraceID: linking[0].TraceID, SpanID: linking[0].SpanID, StartNS: linking[0].StartNS, Service: "web", Name: "GET /cart", Linked: target[2].SpanID}}
	if !reflect.DeepEqual(d.LinkedFrom, want) {
		t.Errorf("linked from: %+v, want %+v", d.LinkedFrom, want)
	}
	if got, err := s.TraceLinkedFrom(t.Context(), target[2].TraceID, 10); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("links to the trace: %+v, %v, want %+v", got, err, want)
	}
	if n, err := s.TraceSize(t.Context(), target[2].TraceID); err != nil || n != uint64(len(target)) {
		t.Errorf("size: got %d, %v, want %d", n, err, len(target))
	}
}
