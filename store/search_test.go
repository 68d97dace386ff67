package store_test

import (
	"errors"
	"testing"
	"time"

	"weft/store"
)

// search returns the numbers of the shop traces that q finds, over pages of the given size.
func search(t *testing.T, s *store.Store, q store.TraceQuery) []int {
	t.Helper()
	var found []int
	for {
		page, err := s.SearchTraces(t.Context(), q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		if len(page.Traces) > q.Limit {
			t.Fatalf("%d traces on a page of %d", len(page.Traces), q.Limit)
		}
		for _, tr := range page.Traces {
			found = append(found, int(tr.TraceID[15])|int(tr.TraceID[14])<<8|int(tr.TraceID[13])<<16)
		}
		if page.NextCursor == "" {
			return found
		}
		q.Cursor = page.NextCursor
	}
}

// matching lists the shop traces below n for which ok holds, newest first.
func matching(n int, ok func(i int) bool) []int {
	var want []int
	for i := n - 1; i >= 0; i-- {
		if ok(i) {
			want = append(want, i)
		}
	}
	return want
}

func TestSearch(t *testing.T) {
	s := open(t)
	const n = 300
	fillShop(t, s, n)
	check := func(q store.TraceQuery, ok func(i int) bool) {
		t.Helper()
		want := matching(n, ok)
		for _, limit := range []int{70, 1000} {
			q.Limit = limit
			got := search(t, s, q)
			if len(got) != len(want) {
				t.Errorf("%+v: got %d traces, want %d: %v", q.Where, len(got), len(want), got)
				continue
			}
			for i := range want {
				if got[i] != want[i] {
					t.Errorf("%+v: place %d: got %d, want %d", q.Where, i, got[i], want[i])
					break
				}
			}
		}
	}
	where := func(field string, op store.Op, v store.Value, ok func(i int) bool) {
		t.Helper()
		check(store.TraceQuery{Where: store.Predicate{Field: field, Op: op, Value: v}}, ok)
	}
	str, num, dbl := store.StringValue, store.IntValue, store.DoubleValue
	all := func(int) bool { return true }
	none := func(int) bool { return false }

	check(store.TraceQuery{}, all)
	check(store.TraceQuery{ErrorsOnly: true}, func(i int) bool { return i%10 == 3 })
	check(store.TraceQuery{MinTraceDuration: time.Second}, func(i int) bool { return i%25 == 4 })
	check(store.TraceQuery{MaxTraceDuration: time.Second}, func(i int) bool { return i%25 != 4 })
	check(store.TraceQuery{Range: store.TimeRange{From: shopTime.Add(10 * time.Second), To: shopTime.Add(20 * time.Second)}},
		func(i int) bool { return i >= 10 && i < 20 })

	where(store.FieldService, store.OpEqual, str("cart"), all)
	where(store.FieldService, store.OpEqual, str("nobody"), none)
	where("service.name", store.OpEqual, str("cart"), all)
	where(store.FieldName, store.OpEqual, str("GET /cart"), all)
	where(store.FieldKind, store.OpEqual, str("consumer"), none)
	where(store.FieldStatus, store.OpEqual, str("error"), func(i int) bool { return i%10 == 3 })
	where(store.FieldDuration, store.OpGreaterEqual, num(int64(time.Minute)), func(i int) bool { return i%25 == 4 })
	where(store.FieldDuration, store.OpGreater, str("1m"), none)

	where("order.id", store.OpEqual, str("order-17"), func(i int) bool { return i == 17 })
	where("order.id", store.OpNotEqual, str("order-17"), func(i int) bool { return i != 17 })
	where("order.id", store.OpExists, store.Value{}, all)
	where("order.id", store.OpNotExists, store.Value{}, all) // the other spans have none
	where("nothing.like.it", store.OpExists, store.Value{}, none)
	where("nothing.like.it", store.OpNotExists, store.Value{}, all)
	where("order.items", store.OpEqual, num(3), func(i int) bool { return i%7 == 3 })
	where("order.items", store.OpEqual, num(0), func(i int) bool { return i%7 == 0 })
	where("order.items", store.OpEqual, str("3"), func(i int) bool { return i%7 == 3 })
	where("order.items", store.OpNotEqual, num(3), func(i int) bool { return i%7 != 3 })
	where("order.items", store.OpGreater, num(4), func(i int) bool { return i%7 > 4 })
	where("order.items", store.OpLessEqual, num(1), func(i int) bool { return i%7 <= 1 })
	where("order.items", store.OpGreater, dbl(4.5), func(i int) bool { return i%7 > 4 })
	where("order.total", store.OpLess, num(10), func(i int) bool { return i < 40 })
	where("order.total", store.OpEqual, str("2.5"), func(i int) bool { return i == 10 })
	where("vip", store.OpEqual, store.BoolValue(false), func(i int) bool { return i%2 == 1 })
	where("vip", store.OpEqual, str("true"), func(i int) bool { return i%2 == 0 })

	where("http.request.method", store.OpEqual, str("GET"), all)
	where("http.request.method", store.OpNotEqual, str("GET"), none)
	where("http.method", store.OpEqual, str("GET"), all)
	where("http.status_code", store.OpGreaterEqual, num(500), none)
	where("http.status_code", store.OpEqual, str("200"), all)
	where("db.statement", store.OpExists, store.Value{}, all)

	// A resource attribute counts where the span has none of that name.
	where("deployment.environment.name", store.OpEqual, str("prod"), all)
	where("deployment.environment", store.OpEqual, str("prod"), all)
	where("deployment.environment.name", store.OpEqual, str("test"), none)
	check(store.TraceQuery{Where: store.AllOf([]store.Predicate{
		{Field: store.FieldName, Op: store.OpEqual, Value: str("get cart")}, {Field: "host.cpus", Op: store.OpEqual, Value: num(2)},
	}...)}, all)
	check(store.TraceQuery{Where: store.AllOf([]store.Predicate{
		{Field: store.FieldName, Op: store.OpEqual, Value: str("get cart")}, {Field: "host.cpus", Op: store.OpEqual, Value: num(8)},
	}...)}, none)
	check(store.TraceQuery{Where: store.AllOf([]store.Predicate{
		{Field: store.FieldName, Op: store.OpEqual, Value: str("call cart")}, {Field: "host.cpus", Op: store.OpEqual, Value: num(8)},
	}...)}, all)
	// All conditions must hold on one span.
	check(store.TraceQuery{Where: store.AllOf([]store.Predicate{
		{Field: "order.id", Op: store.OpExists}, {Field: "db.system.name", Op: store.OpExists},
	}...)}, none)

	// Summaries.
	page, err := s.SearchTraces(t.Context(), store.TraceQuery{Where: store.Predicate{Field: "order.id", Op: store.OpEqual, Value: str("order-13")}, Limit: 1})
	if err != nil || len(page.Traces) != 1 {
		t.Fatal(page, err)
	}
	got := page.Traces[0]
	if got.RootService != "web" || got.RootName != "GET /cart" || !got.HasRoot || got.Spans != 4 || got.Errors != 1 ||
		got.StartNS != shopTime.Add(13*time.Second).UnixNano() || got.DurationNS != int64(100*time.Millisecond) ||
		len(got.Services) != 2 || got.Services[0] != (store.ServiceCount{Name: "cart", Spans: 2, Errors: 1}) {
		t.Errorf("summary: %+v", got)
	}

	// What cannot be asked.
	bad := func(q store.TraceQuery, want string) {
		t.Helper()
		_, err := s.SearchTraces(t.Context(), q)
		if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.Invalid || err.Error() != "search traces: invalid: "+want {
			t.Errorf("%+v: got %v, want %s", q, err, want)
		}
	}
	bad(store.TraceQuery{}, "limit: want 1 to 1000, got 0")
	bad(store.TraceQuery{Limit: 1, Cursor: "x"}, "cursor: not one that this server gave out for this query")
	bad(store.TraceQuery{Limit: 1, Where: store.Predicate{Field: "@nope"}}, "@nope: no such field")
	bad(store.TraceQuery{Limit: 1, Where: store.Predicate{Field: store.FieldKind, Value: str("x")}},
		`@kind: want one of unspecified, internal, server, client, producer, consumer, got "x"`)
	bad(store.TraceQuery{Limit: 1, Range: store.TimeRange{From: shopTime, To: shopTime.Add(-1)}}, "the time range ends before it starts")
}
