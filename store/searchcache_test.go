package store_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"weft/store"
	"weft/store/storetest"
)

// twoStores are two processes on one database.
func twoStores(t *testing.T) (reader, writer *store.Store) {
	dsn := storetest.DSN(t)
	return openDSN(t, dsn, store.Retention{}), openDSN(t, dsn, store.Retention{})
}

// TestSearchWithStaleDays searches while the days that it guesses from are those before another process wrote: newer and older spans than
// were known, spans on days of which nothing was known, and so many on a known day that the guessed window is far too wide.
func TestSearchWithStaleDays(t *testing.T) {
	s, other := twoStores(t)
	if got := search(t, s, store.TraceQuery{Limit: 5}); got != nil {
		t.Fatal("an empty store has traces", got)
	}
	s.FreezeSpanDays()
	at := func(i int, from time.Duration) []store.Span {
		return shopTrace(i, shopTime.Add(from).Add(time.Duration(i)*time.Second), false)
	}
	check := func(q store.TraceQuery, want ...int) {
		t.Helper()
		for _, q.Limit = range []int{3, 1000} {
			if got := search(t, s, q); !slices.Equal(got, want) {
				t.Errorf("limit %d: got %v, want %v", q.Limit, got, want)
			}
		}
	}
	insert(t, other, "", at(1, 0)...)
	check(store.TraceQuery{}, 1) // though no day was known

	fresh := openDSN(t, storetest.DSN(t), store.Retention{})
	insert(t, fresh, "", at(1, 0)...)
	search(t, fresh, store.TraceQuery{Limit: 5})
	fresh.FreezeSpanDays()
	s = fresh // knows the day of trace 1, to which the rest is added
	insert(t, s, "", at(2, 0)...)
	insert(t, s, "", at(3, 0)...)
	check(store.TraceQuery{}, 3, 2, 1)
	insert(t, s, "", at(4, 72*time.Hour)...)
	check(store.TraceQuery{}, 4, 3, 2, 1)
	insert(t, s, "", at(5, -72*time.Hour)...)
	insert(t, s, "", at(6, -time.Minute)...)
	check(store.TraceQuery{}, 4, 3, 2, 1, 6, 5)
	web := store.Predicate{Field: store.FieldService, Value: store.StringValue("web")}
	check(store.TraceQuery{Where: web}, 4, 3, 2, 1, 6, 5)
	check(store.TraceQuery{Where: web, Range: store.TimeRange{From: shopTime.Add(24 * time.Hour)}}, 4)
	check(store.TraceQuery{Where: web, Range: store.TimeRange{To: shopTime.Add(-24 * time.Hour)}}, 5)
	check(store.TraceQuery{Range: store.TimeRange{From: shopTime.Add(24 * time.Hour), To: shopTime.Add(25 * time.Hour)}})
	var many []int
	for i := 100; i < 300; i++ {
		insert(t, s, "", at(i, 0)...)
		many = append([]int{i}, many...)
	}
	check(store.TraceQuery{}, slices.Concat([]int{4}, many, []int{3, 2, 1, 6, 5})...)
}

// TestSearchAfterKeyIsMetElsewhere searches for a key when another process has just written it with another type, on resources, or at all.
func TestSearchAfterKeyIsMetElsewhere(t *testing.T) {
	s, other := twoStores(t)
	q := store.TraceQuery{Limit: 10, Where: store.Predicate{Field: "shard", Value: store.StringValue("7")}}
	var want []int
	for i, put := range []func(sp *store.Span){
		func(sp *store.Span) {
			sp.Attributes = store.Attributes{{Key: "shard", Value: store.StringValue("7")}}
		},
		func(sp *store.Span) {
			sp.Attributes = store.Attributes{{Key: "shard", Value: store.IntValue(7)}}
		},
		func(sp *store.Span) {
			res := *sp.Resource
			res.Attributes = append(slices.Clone(res.Attributes), store.Attribute{Key: "shard", Value: store.StringValue("7")})
			res.Hash = 0
			sp.Resource = &res
		},
	} {
		for range 2 { // the second time from what is known
			if got := search(t, s, q); !slices.Equal(got, want) {
				t.Fatalf("before %d: got %v, want %v", i, got, want)
			}
		}
		trace := shopTrace(i, shopTime.Add(time.Duration(i)*time.Minute), false)
		put(&trace[1])
		insert(t, other, "", trace...)
		want = append([]int{i}, want...)
		if got := search(t, s, q); !slices.Equal(got, want) {
			t.Fatalf("after %d: got %v, want %v", i, got, want)
		}
	}
	// A condition that could not hold nor fail where the key was unknown.
	q.Where = store.Predicate{Field: "shard", Op: store.OpNotExists}
	if got := search(t, s, q); len(got) != 3 { // other spans of each trace have none
		t.Errorf("got %v", got)
	}
}

// TestSummariesAreAddedUp has a trace over two days and several inserts: its summary and its range are those of the whole.
func TestSummariesAreAddedUp(t *testing.T) {
	s := open(t)
	midnight := time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC)
	trace := shopTrace(9, midnight.Add(-15*time.Millisecond), true) // the fourth span starts on the next day
	for i := range trace {
		insert(t, s, "", trace[len(trace)-1-i])
	}
	insert(t, s, "", shopTrace(10, midnight, false)...)
	page, err := s.SearchTraces(t.Context(), store.TraceQuery{Limit: 10})
	if err != nil || len(page.Traces) != 2 {
		t.Fatalf("got %+v, %v", page, err)
	}
	want := store.TraceSummary{
		TraceID: trace[0].TraceID, RootService: "web", RootName: "GET /cart", HasRoot: true, StartNS: trace[0].StartNS, DurationNS: trace[0].DurationNS,
		Spans: 4, Errors: 1, Services: []store.ServiceCount{{Name: "cart", Spans: 2, Errors: 1}, {Name: "web", Spans: 2}},
	}
	if got := page.Traces[1]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	whole, err := s.Traces(t.Context(), []store.TraceID{want.TraceID, {1: 1}, want.TraceID})
	if err != nil || len(whole) != 1 || len(whole[0].Spans) != 4 {
		t.Errorf("got %+v, %v", whole, err)
	}
}

// TestSearchForFewTracesAmongMany has so many candidates that the engine is asked which of them satisfy the conditions on whole traces.
func TestSearchForFewTracesAmongMany(t *testing.T) {
	s := open(t)
	const n = 1600
	fillShop(t, s, n) // every 25th takes a minute, every tenth fails
	web := store.Predicate{Field: store.FieldService, Value: store.StringValue("web")}
	check := func(q store.TraceQuery, ok func(i int) bool) {
		t.Helper()
		q.Where, q.Limit = web, 1000
		if got, want := search(t, s, q), matching(n, ok); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	check(store.TraceQuery{MinTraceDuration: time.Minute}, func(i int) bool { return i%25 == 4 })
	check(store.TraceQuery{MaxTraceDuration: time.Second, ErrorsOnly: true}, func(i int) bool { return i%10 == 3 && i%25 != 4 })
	check(store.TraceQuery{MinTraceDuration: time.Hour}, func(int) bool { return false })
}
