package store_test

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"weft/store"
)

func someLogs(n int) []store.Log {
	res := &store.Resource{Attributes: store.Attributes{{Key: "service.name", Value: store.StringValue("web")}}}
	res.Hash = res.ContentHash()
	scope := &store.Scope{Name: "logger", Version: "1"}
	var logs []store.Log
	for i := range n {
		l := store.Log{
			TimeNS: shopTime.Add(time.Duration(i/3) * time.Second).UnixNano(), ObservedNS: shopTime.UnixNano() + int64(i), // three share a time
			TraceID: store.TraceID{1, byte(i % 5)}, SpanID: store.SpanID{2, byte(i)}, Flags: 1,
			SeverityNumber: uint8(1 + i%24), SeverityText: "INFO", EventName: "evt",
			Body: store.StringValue(fmt.Sprintf("Request %d from Zürich took 100%% of it", i)), Resource: res, Scope: scope, Service: "web",
			Attributes: store.Attributes{{Key: "a", Value: store.IntValue(math.MinInt64)}, {Key: "b", Value: store.StringValue("")}}, DroppedAttributes: 3,
		}
		if i%2 == 1 {
			l.Service = "cart"
		}
		logs = append(logs, l)
	}
	logs[0].Body = store.JSONValue(`{"kvlistValue":{"values":[]}}`)
	logs[1].Body = store.IntValue(math.MaxInt64)
	logs[2].Body = store.Value{}
	return logs
}

func TestLogs(t *testing.T) {
	s := open(t)
	const n = 100
	logs := someLogs(n)
	b := store.NewLogBatch()
	for i := range logs {
		b.Append(&logs[i])
	}
	if err := s.InsertLogs(t.Context(), b, "logs"); err != nil {
		t.Fatal(err)
	}
	count := func(q store.LogQuery, want int) {
		t.Helper()
		for _, limit := range []int{7, 1000} {
			q.Limit, q.Cursor = limit, ""
			seen := make(map[int64]bool)
			last := int64(math.MaxInt64)
			for {
				page, err := s.SearchLogs(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range page.Logs {
					if seen[l.ObservedNS] || l.TimeNS > last {
						t.Fatalf("%+v: record %d again or out of order", q, l.ObservedNS-shopTime.UnixNano())
					}
					seen[l.ObservedNS], last = true, l.TimeNS
					if want := logs[l.ObservedNS-shopTime.UnixNano()]; !reflect.DeepEqual(l, want) {
						t.Fatalf("got  %+v\nwant %+v", l, want)
					}
				}
				if q.Cursor = page.NextCursor; q.Cursor == "" {
					break
				}
			}
			if len(seen) != want {
				t.Errorf("%+v: %d records, want %d", q, len(seen), want)
			}
		}
	}
	count(store.LogQuery{}, n)
	count(store.LogQuery{Service: "cart"}, n/2)
	count(store.LogQuery{MinSeverity: 20}, 20)
	count(store.LogQuery{TraceID: store.TraceID{1, 2}}, n/5)
	count(store.LogQuery{Contains: "request 4"}, 11)
	count(store.LogQuery{Contains: "zÜRICH TOOK"}, n-3)
	count(store.LogQuery{Contains: "100% of"}, n-3)
	count(store.LogQuery{Contains: "_"}, 0)
	count(store.LogQuery{Range: store.TimeRange{From: shopTime.Add(time.Second), To: shopTime.Add(2 * time.Second)}}, 3)

	whole := store.TimeRange{From: shopTime, To: shopTime.Add(time.Hour)}
	for _, q := range []store.LogQuery{{}, {Service: "cart"}, {MinSeverity: 20}, {TraceID: store.TraceID{1, 2}}, {Contains: "zÜRICH TOOK"}} {
		q.Range = whole
		const step = 10 * time.Second
		var want []store.LogCount
		at := make(map[int64]*store.LogCount)
		q.Limit = 1000
		page, err := s.SearchLogs(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range page.Logs {
			l := &page.Logs[len(page.Logs)-1-i]
			start := shopTime.Add(time.Duration(l.TimeNS-shopTime.UnixNano()) / step * step).UnixNano()
			if at[start] == nil {
				at[start] = &store.LogCount{StartNS: start}
			}
			at[start].Records[min((l.SeverityNumber+3)/4, 6)]++
		}
		for _, start := range slices.Sorted(maps.Keys(at)) {
			want = append(want, *at[start])
		}
		if got, err := s.CountLogs(t.Context(), q, step); err != nil || len(want) == 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: got  %v, %v\nwant %v", q, got, err, want)
		}
	}
	if _, err := s.CountLogs(t.Context(), store.LogQuery{Range: whole}, time.Second); err == nil {
		t.Error("3600 steps: want an error")
	}

	got, err := s.TraceLogs(t.Context(), store.TraceID{1, 3})
	if err != nil || len(got) != n/5 || got[0].TimeNS > got[n/5-1].TimeNS {
		t.Errorf("logs of a trace without spans: %d, %v", len(got), err)
	}
	stats, err := s.Stats(t.Context())
	if err != nil || stats[1].Rows != n || !stats[1].Oldest.Equal(shopTime) {
		t.Errorf("stats: %+v, %v", stats, err)
	}
}

// TestEqualLogsArePagedExactly has records that nothing tells apart.
func TestEqualLogsArePagedExactly(t *testing.T) {
	s := open(t)
	b := store.NewLogBatch()
	for range 25 {
		b.Append(&store.Log{TimeNS: shopTime.UnixNano(), Body: store.StringValue("same"), Service: "web"})
	}
	if err := s.InsertLogs(t.Context(), b, ""); err != nil {
		t.Fatal(err)
	}
	seen, q := 0, store.LogQuery{Limit: 4}
	for {
		page, err := s.SearchLogs(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		seen += len(page.Logs)
		if q.Cursor = page.NextCursor; q.Cursor == "" {
			break
		}
	}
	if seen != 25 {
		t.Errorf("paged through %d of 25 equal records", seen)
	}
}

func TestMetrics(t *testing.T) {
	s := open(t)
	res := &store.Resource{Attributes: store.Attributes{{Key: "service.name", Value: store.StringValue("web")}}}
	res.Hash = res.ContentHash()
	base := store.MetricPoint{Resource: res, Scope: &store.Scope{Name: "meter"}, Service: "web", Unit: "ms", Description: "d", StartNS: shopTime.UnixNano(), Temporality: 2, Flags: 1}
	point := func(i int, change func(p *store.MetricPoint)) store.MetricPoint {
		p := base
		p.TimeNS = shopTime.Add(time.Duration(i) * time.Second).UnixNano()
		p.Attributes = store.Attributes{{Key: "route", Value: store.StringValue("/")}, {Key: "shard", Value: store.IntValue(int64(i))}}
		change(&p)
		return p
	}
	want := []store.MetricPoint{
		point(0, func(p *store.MetricPoint) { p.Type, p.Value = store.MetricGauge, -1.5 }),
		point(1, func(p *store.MetricPoint) {
			p.Type, p.Value, p.IsInt, p.Monotonic = store.MetricSum, 1<<53, true, true
		}),
		point(2, func(p *store.MetricPoint) {
			p.Type, p.Count, p.Sum, p.Min, p.Max, p.HasMinMax = store.MetricHistogram, 6, 9.5, 0.1, math.Inf(1), true
			p.Bounds, p.Buckets = []float64{1, 2}, []uint64{1, 2, 3}
		}),
		point(3, func(p *store.MetricPoint) {
			p.Type, p.Count, p.Scale, p.ZeroCount = store.MetricExponentialHistogram, 6, -3, 1
			p.PositiveOffset, p.NegativeOffset, p.PositiveCounts, p.NegativeCounts = -4, 5, []uint64{1, 0, 2}, []uint64{2}
		}),
		point(4, func(p *store.MetricPoint) {
			p.Type, p.Quantiles, p.QuantileValues = store.MetricSummary, []float64{0.5, 0.99}, []float64{1, 7}
		}),
	}
	b := store.NewMetricBatch()
	for i := range want {
		want[i].Name = "latency"
		b.Append(&want[i])
	}
	other := want[0]
	other.Name, other.Service = "other", "cart"
	b.Append(&other)
	if err := s.InsertMetrics(t.Context(), b, "m"); err != nil {
		t.Fatal(err)
	}
	got, err := s.MetricPoints(t.Context(), store.MetricQuery{Name: "latency", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d points, want %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("got  %+v\nwant %+v", got[i], want[i])
		}
	}
	names, err := s.MetricNames(t.Context())
	if err != nil || len(names) != 6 || names[5] != (store.MetricName{Name: "other", Unit: "ms", Type: store.MetricGauge, Service: "cart"}) {
		t.Errorf("names: %+v, %v", names, err)
	}
	if points, err := s.MetricPoints(t.Context(), store.MetricQuery{Name: "latency", Service: "cart", Limit: 1}); err != nil || len(points) != 0 {
		t.Errorf("another service's points: %v, %v", points, err)
	}
}
