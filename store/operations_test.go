package store_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/semconv"
	"weft/store"
)

// redSpans are spans of three services around midnight, with durations of many orders of magnitude.
func redSpans(n int) []store.Span {
	r := rand.New(rand.NewPCG(7, 7))
	midnight := shopTime.Truncate(24 * time.Hour).Add(24 * time.Hour)
	spans := make([]store.Span, n)
	for i := range spans {
		s := &spans[i]
		service := fmt.Sprint("red-", i%3)
		*s = store.Span{
			TraceID: store.TraceID{1, 14: byte(i / 4 >> 8), 15: byte(i / 4)}, SpanID: store.SpanIDFromUint64(uint64(i + 1)), Service: service,
			Name: fmt.Sprint("op ", r.IntN(3)), Kind: store.Kind(1 + r.IntN(3)),
			StartNS:    midnight.UnixNano() + r.Int64N(int64(40*time.Minute)) - int64(20*time.Minute),
			DurationNS: int64(math.Exp(r.NormFloat64()*2 + 15)),
			Resource:   &store.Resource{Attributes: store.Attributes{{Key: "service.name", Value: store.StringValue(service)}}}, Scope: &store.Scope{},
			Attributes: store.Attributes{{Key: "shard", Value: store.IntValue(int64(i % 5))}},
		}
		s.Resource.Hash = s.Resource.ContentHash()
		if r.IntN(10) == 0 {
			s.StatusCode = store.StatusError
		}
		if s.Kind == store.KindClient {
			s.Category, s.PeerName = semconv.CategoryDB, fmt.Sprint("db-", r.IntN(2))
			statement := r.IntN(4)
			s.StatementHash = uint64(1000 + statement)
			s.Attributes = append(s.Attributes, store.Attribute{Key: "db.system.name", Value: store.StringValue("postgresql")},
				store.Attribute{Key: semconv.StatementText, Value: store.StringValue(fmt.Sprint("SELECT ? FROM t", statement))})
		}
	}
	return spans
}

// insertInTwo writes the spans as two batches, the second of them twice with the same token.
func insertInTwo(t testing.TB, s *store.Store, spans []store.Span) {
	t.Helper()
	half := len(spans) / 2
	insert(t, s, "first", spans[:half]...)
	insert(t, s, "second", spans[half:]...)
	insert(t, s, "second", spans[half:]...)
}

// truth is what a group of spans adds up to.
type truth struct {
	calls, errors uint64
	sumNS         float64
	durations     []int64
}

func (tr *truth) add(s *store.Span) {
	tr.calls++
	if s.StatusCode == store.StatusError {
		tr.errors++
	}
	tr.sumNS += float64(s.DurationNS)
	tr.durations = append(tr.durations, s.DurationNS)
}

// check compares counts exactly, and quantiles within 2 %.
func (tr *truth) check(t *testing.T, what string, calls, errors uint64, sumNS float64, latency store.Histogram) {
	t.Helper()
	if calls != tr.calls || errors != tr.errors || math.Abs(sumNS-tr.sumNS) > 1e-9*tr.sumNS || latency.Count() != int64(tr.calls) {
		t.Errorf("%s: %d calls, %d errors, %g ns, %d in the histogram; want %d, %d, %g", what, calls, errors, sumNS, latency.Count(), tr.calls, tr.errors, tr.sumNS)
	}
	slices.Sort(tr.durations)
	for _, q := range []float64{0.5, 0.9, 0.95, 0.99} {
		want := float64(tr.durations[int(math.Ceil(q*float64(len(tr.durations))))-1])
		if got := latency.Quantile(q); math.Abs(got-want) > 0.02*want {
			t.Errorf("%s: p%g is %g, want %g within 2 %%", what, 100*q, got, want)
		}
	}
}

func TestOperationTotals(t *testing.T) {
	s := open(t)
	spans := redSpans(3000)
	insertInTwo(t, s, spans)
	midnight := shopTime.Truncate(24 * time.Hour).Add(24 * time.Hour)
	whole := store.TimeRange{From: midnight.Add(-time.Hour), To: midnight.Add(time.Hour)}

	ask := func(q store.OperationQuery, in func(*store.Span) bool, key func(*store.Span) string) {
		t.Helper()
		want := make(map[string]*truth)
		for i := range spans {
			if sp := &spans[i]; in(sp) && sp.StartNS >= q.Range.From.UnixNano() && sp.StartNS < q.Range.To.UnixNano() {
				k := key(sp)
				if want[k] == nil {
					want[k] = new(truth)
				}
				want[k].add(sp)
			}
		}
		got, _, err := s.OperationTotals(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) || len(got) == 0 {
			t.Errorf("%+v: %d groups, want %d", q, len(got), len(want))
		}
		for _, g := range got {
			k := fmt.Sprint(g.Service, "/", g.Name, "/", g.Kind, "/", g.StartNS)
			if want[k] == nil {
				t.Errorf("%+v: unexpected group %s", q, k)
				continue
			}
			want[k].check(t, k, g.Calls, g.Errors, g.DurationNS, g.Latency)
			if g.ErrorLatency.Count() != int64(g.Errors) {
				t.Errorf("%s: %d errors in the histogram, want %d", k, g.ErrorLatency.Count(), g.Errors)
			}
		}
	}
	all := func(*store.Span) bool { return true }
	start := whole.From.UnixNano()
	ask(store.OperationQuery{Range: whole}, all, func(*store.Span) string { return fmt.Sprint("//0/", start) })
	ask(store.OperationQuery{Range: whole, Group: store.GroupService}, all, func(s *store.Span) string { return fmt.Sprint(s.Service, "//0/", start) })
	ask(store.OperationQuery{Range: whole, Group: store.GroupName}, all, func(s *store.Span) string { return fmt.Sprint(s.Service, "/", s.Name, "/0/", start) })
	ask(store.OperationQuery{Range: whole, Group: store.GroupKind}, all,
		func(s *store.Span) string { return fmt.Sprint(s.Service, "/", s.Name, "/", s.Kind, "/", start) })
	ask(store.OperationQuery{Range: whole, Services: []string{"red-1", "red-2"}, Operation: "op 2", Kinds: []store.Kind{store.KindServer}, Group: store.GroupService},
		func(s *store.Span) bool {
			return s.Service != "red-0" && s.Name == "op 2" && s.Kind == store.KindServer
		}, func(s *store.Span) string { return fmt.Sprint(s.Service, "//0/", start) })
	ask(store.OperationQuery{Range: store.TimeRange{From: midnight.Add(-7 * time.Minute), To: midnight.Add(11 * time.Minute)}, Step: 2 * time.Minute}, all,
		func(s *store.Span) string {
			from := midnight.Add(-7 * time.Minute).UnixNano()
			step := int64(2 * time.Minute)
			return fmt.Sprint("//0/", from+(s.StartNS-from)/step*step)
		})

	// The range is widened to whole minutes.
	_, r, err := s.OperationTotals(t.Context(), store.OperationQuery{Range: store.TimeRange{From: midnight.Add(-1), To: midnight.Add(1)}})
	if want := (store.TimeRange{From: midnight.Add(-time.Minute), To: midnight.Add(time.Minute)}); err != nil || r != want {
		t.Errorf("range: %v, %v; want %v", r, err, want)
	}
	// The catalogue follows.
	operations, err := s.Operations(t.Context(), "red-0")
	if err != nil || len(operations) != 9 {
		t.Errorf("operations: %v, %v", operations, err)
	}
	if got := scan(t, s, "SELECT toString(sum(spans)), toString(sum(errors)) FROM operations")[0]; got != fmt.Sprintf("3000\t%d", countErrors(spans)) {
		t.Errorf("catalogue counts %s", got)
	}

	bad := func(q store.OperationQuery, want string) {
		t.Helper()
		if _, _, err := s.OperationTotals(t.Context(), q); err == nil || err.Error() != "read operation totals: invalid: "+want {
			t.Errorf("%+v: got %v, want %s", q, err, want)
		}
	}
	bad(store.OperationQuery{}, "want a time range with both ends")
	bad(store.OperationQuery{Range: whole, Step: time.Second}, "step: want whole minutes, got 1s")
	bad(store.OperationQuery{Range: store.TimeRange{From: midnight, To: midnight.Add(48 * time.Hour)}, Step: time.Minute}, "step: want at least a 2000th of the time range, got 1m0s")
	bad(store.OperationQuery{Range: store.TimeRange{From: midnight, To: midnight.Add(-time.Hour)}}, "the time range ends before it starts")
}

func countErrors(spans []store.Span) (n int) {
	for i := range spans {
		if spans[i].StatusCode == store.StatusError {
			n++
		}
	}
	return n
}

func TestApdexAndPercentile(t *testing.T) {
	h, failed := store.Histogram{}, store.Histogram{}
	for ms := range int64(100) { // 0 to 99 ms
		h[semconv.LatencyBucket(ms*1e6)]++
	}
	failed[semconv.LatencyBucket(5e6)] = 1
	totals := store.OperationTotals{Calls: 100, Errors: 1, Latency: h, ErrorLatency: failed}
	// 20 of 21 are satisfied, those above 20 to 80 ms tolerated.
	if got := totals.Apdex(20 * time.Millisecond); math.Abs(got-(20+30)/100.0) > 0.02 {
		t.Errorf("Apdex: %g, want 0.50", got)
	}
	if got := (&store.OperationTotals{}).Apdex(time.Second); got != 0 {
		t.Errorf("Apdex of nothing: %g", got)
	}
	for ms, want := range map[int64]float64{0: 0, 10: 10, 50: 50, 99: 99, 1000: 100} {
		if got := h.Percentile(ms * 1e6); math.Abs(got-want) > 1.6 {
			t.Errorf("percentile of %d ms: %g, want %g", ms, got, want)
		}
	}
	if got := (store.Histogram{}).Percentile(5); got != 0 {
		t.Errorf("percentile among nothing: %g", got)
	}
}

func TestStatementTotals(t *testing.T) {
	s := open(t)
	spans := redSpans(2000)
	insertInTwo(t, s, spans)
	midnight := shopTime.Truncate(24 * time.Hour).Add(24 * time.Hour)
	r := store.TimeRange{From: midnight.Add(-15 * time.Minute), To: midnight.Add(15 * time.Minute)}
	for _, service := range []string{"", "red-1"} {
		want := make(map[uint64]*truth)
		newest := make(map[uint64]*store.Span)
		for i := range spans {
			sp := &spans[i]
			if sp.StatementHash == 0 || sp.StartNS < r.From.UnixNano() || sp.StartNS >= r.To.UnixNano() || (service != "" && sp.Service != service) {
				continue
			}
			if want[sp.StatementHash] == nil {
				want[sp.StatementHash] = new(truth)
			}
			want[sp.StatementHash].add(sp)
			if n := newest[sp.StatementHash]; n == nil || sp.StartNS > n.StartNS {
				newest[sp.StatementHash] = sp
			}
		}
		got, err := s.StatementTotals(t.Context(), r, service)
		if err != nil || len(got) != 4 || len(want) != 4 {
			t.Fatalf("%d statements, want %d: %v", len(got), len(want), err)
		}
		var hashes []uint64
		for i, g := range got {
			want[g.Hash].check(t, fmt.Sprint(g.Hash), g.Calls, g.Errors, g.DurationNS, g.Latency)
			if i > 0 && g.DurationNS > got[i-1].DurationNS {
				t.Error("not the dearest first")
			}
			if n := newest[g.Hash]; g.NewestTrace != n.TraceID || g.NewestNS != n.StartNS {
				t.Errorf("newest of %d: %v at %d, want %v at %d", g.Hash, g.NewestTrace, g.NewestNS, n.TraceID, n.StartNS)
			}
			if g.System != "postgresql" || !reflect.DeepEqual(g.Peers, []string{"db-0", "db-1"}) {
				t.Errorf("system %q, peers %v", g.System, g.Peers)
			}
			if services := []string{"red-0", "red-1", "red-2"}; service == "" && !reflect.DeepEqual(g.Services, services) {
				t.Errorf("services %v, want %v", g.Services, services)
			}
			hashes = append(hashes, g.Hash)
		}
		texts, err := s.StatementTexts(t.Context(), r, hashes)
		if err != nil || len(texts) != 4 || texts[1002] != "SELECT ? FROM t2" {
			t.Errorf("texts %v, %v", texts, err)
		}
	}
}

// In one insert and one minute, traces and calls per trace are exact.
func TestCallsPerTrace(t *testing.T) {
	s := open(t)
	base := redSpans(1)[0]
	base.StatementHash, base.StartNS = 7, shopTime.UnixNano()
	var spans []store.Span
	for trace, calls := range []int{1, 5, 2} {
		for i := range calls {
			sp := base
			sp.TraceID, sp.SpanID = store.TraceID{9, 15: byte(trace + 1)}, store.SpanIDFromUint64(uint64(10*trace+i+1))
			spans = append(spans, sp)
		}
	}
	insert(t, s, "", spans...)
	got, err := s.StatementTotals(t.Context(), store.TimeRange{From: shopTime, To: shopTime.Add(time.Minute)}, "")
	if err != nil || len(got) != 1 || got[0].Calls != 8 || got[0].Traces != 3 || got[0].MostCalls != 5 {
		t.Errorf("%+v, %v; want 8 calls in 3 traces, at most 5 in one", got, err)
	}
}

func TestHeatmap(t *testing.T) {
	s := open(t)
	spans := redSpans(2000)
	insertInTwo(t, s, spans)
	midnight := shopTime.Truncate(24 * time.Hour).Add(24 * time.Hour)
	whole := store.TimeRange{From: midnight.Add(-20 * time.Minute), To: midnight.Add(20 * time.Minute)}
	failedTrace := make(map[store.TraceID]bool)
	for i := range spans {
		if spans[i].StatusCode == store.StatusError {
			failedTrace[spans[i].TraceID] = true
		}
	}
	equal := func(field, value string) store.Predicate {
		return store.Predicate{Field: field, Value: store.StringValue(value)}
	}
	check := func(what string, q store.HeatmapQuery, in func(*store.Span) bool) {
		t.Helper()
		type cell struct{ spans, errors int64 }
		want := make(map[[2]int64]cell)
		from, step := q.Traces.Range.From.UnixNano(), int64(q.Step)
		for i := range spans {
			if sp := &spans[i]; in(sp) && sp.StartNS >= from && sp.StartNS < q.Traces.Range.To.UnixNano() {
				k := [2]int64{from + (sp.StartNS-from)/step*step, int64(semconv.LatencyBucket(sp.DurationNS))}
				c := want[k]
				c.spans++
				if sp.StatusCode == store.StatusError {
					c.errors++
				}
				want[k] = c
			}
		}
		columns, err := s.Heatmap(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		got := make(map[[2]int64]cell)
		for _, c := range columns {
			for bucket, n := range c.Spans {
				got[[2]int64{c.StartNS, int64(bucket)}] = cell{n, c.Errors[bucket]}
			}
		}
		if len(want) == 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d cells, want %d, or they differ", what, len(got), len(want))
		}
	}
	all := func(*store.Span) bool { return true }
	one := func(s *store.Span) bool {
		return s.Service == "red-1" && s.Name == "op 1" && s.Kind == store.KindServer
	}
	where := store.AllOf(equal(store.FieldService, "red-1"), equal(store.FieldName, "op 1"), equal(store.FieldKind, "server"))
	check("roll-up", store.HeatmapQuery{Traces: store.TraceQuery{Range: whole}, Step: 5 * time.Minute}, all)
	check("roll-up of one operation", store.HeatmapQuery{Traces: store.TraceQuery{Range: whole, Where: where}, Step: time.Minute}, one)
	check("spans", store.HeatmapQuery{Traces: store.TraceQuery{Range: whole}, Step: 90 * time.Second}, all)
	check("spans of one operation", store.HeatmapQuery{Traces: store.TraceQuery{Range: whole, Where: where}, Step: 70 * time.Second}, one)
	check("attribute", store.HeatmapQuery{Traces: store.TraceQuery{Range: whole, Where: store.Predicate{Field: "shard", Value: store.IntValue(3)}}, Step: time.Minute},
		func(s *store.Span) bool { v, _ := s.Attributes.Get("shard"); return v.Int() == 3 })
	check("failed traces", store.HeatmapQuery{Traces: store.TraceQuery{Range: whole, ErrorsOnly: true}, Step: time.Minute},
		func(s *store.Span) bool { return failedTrace[s.TraceID] })
	if got, err := s.Heatmap(t.Context(), store.HeatmapQuery{Traces: store.TraceQuery{Range: whole, Where: equal("no.such", "x")}, Step: time.Minute}); err != nil || len(got) != 0 {
		t.Errorf("nothing: %v, %v", got, err)
	}
	bad := func(q store.HeatmapQuery, want string) {
		t.Helper()
		if _, err := s.Heatmap(t.Context(), q); err == nil || err.Error() != "read heatmap: invalid: "+want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	bad(store.HeatmapQuery{Step: time.Minute}, "want a time range with both ends")
	bad(store.HeatmapQuery{Traces: store.TraceQuery{Range: whole}}, "step: want more than 0, got 0s")
	bad(store.HeatmapQuery{Traces: store.TraceQuery{Range: whole}, Step: time.Second}, "step: want at least a 2000th of the time range, got 1s")
	bad(store.HeatmapQuery{Traces: store.TraceQuery{Range: whole, Where: store.Predicate{Field: "@nope"}}, Step: time.Minute}, "@nope: no such field")
	bad(store.HeatmapQuery{Traces: store.TraceQuery{Range: whole, MinTraceDuration: -1}, Step: time.Minute}, "trace duration: want 0 or more")
}

// A million distinct names must not become a million rows.
func TestDistinctNamesAreBounded(t *testing.T) {
	s := open(t)
	base := redSpans(1)[0]
	b := store.NewSpanBatch()
	const n = 30_000
	for i := range n {
		sp := base
		sp.StartNS, sp.SpanID = shopTime.UnixNano(), store.SpanIDFromUint64(uint64(i+1))
		sp.StatementHash = uint64(i + 1)
		switch {
		case i%2 == 0:
			sp.Service, sp.Name = "noisy", fmt.Sprint("GET /user/", i)
		default:
			sp.Service, sp.Name = fmt.Sprint("service of job ", i), "run"
		}
		b.Append(&sp)
	}
	if err := s.InsertSpans(t.Context(), b, ""); err != nil {
		t.Fatal(err)
	}
	r := store.TimeRange{From: shopTime, To: shopTime.Add(time.Minute)}
	totals, _, err := s.OperationTotals(t.Context(), store.OperationQuery{Range: r, Group: store.GroupKind})
	if err != nil {
		t.Fatal(err)
	}
	var calls uint64
	other := make(map[string]uint64)
	for _, total := range totals {
		calls += total.Calls
		if total.Name == "(other)" {
			other[total.Service] = total.Calls
		}
	}
	want := map[string]uint64{"noisy": n/2 - 1000, "(other)": n/2 - 4999}
	if calls != n || len(totals) != 1000+1+4999+1 || !reflect.DeepEqual(other, want) {
		t.Errorf("%d calls in %d operations, others %v; want %d in 6001, %v", calls, len(totals), other, n, want)
	}
	statements, err := s.StatementTotals(t.Context(), r, "")
	calls = 0
	for _, st := range statements {
		calls += st.Calls
	}
	if err != nil || calls != n || len(statements) != 20_001 {
		t.Errorf("%d calls in %d statements, %v; want %d in 20001", calls, len(statements), err, n)
	}
	if names := scan(t, s, "SELECT toString(uniqExact(name)) FROM spans")[0]; names != fmt.Sprint(n/2+1) {
		t.Errorf("spans keep %s names, want %d", names, n/2+1)
	}
}

// The order of the roll-ups serves one service over a day and all services over an hour.
func TestRollupsAreReadByTheirKey(t *testing.T) {
	s := open(t)
	base := redSpans(1)[0]
	b := store.NewSpanBatch()
	for minute := 0; minute < 24*60; minute += 10 {
		for service := range 20 {
			for name := range 20 {
				sp := base
				sp.StartNS, sp.Service, sp.Name = shopTime.Truncate(24*time.Hour).Add(time.Duration(minute)*time.Minute).UnixNano(), fmt.Sprint("service ", service), fmt.Sprint("op ", name)
				sp.StatementHash = uint64(name + 1)
				b.Append(&sp)
			}
		}
	}
	if err := s.InsertSpans(t.Context(), b, ""); err != nil {
		t.Fatal(err)
	}
	day, hour := shopTime.Truncate(24*time.Hour).UnixNano(), shopTime.Truncate(time.Hour).UnixNano()
	check := func(query, what string, params map[string]any, table, granules string) {
		t.Helper()
		params["from_hour"], params["to_hour"] = params["from"].(int64)/nsPerHour, (params["to"].(int64)-1)/nsPerHour
		params["step"], params["group"], params["kinds"], params["operation"] = int64(nsPerHour), uint8(3), []uint16{}, ""
		got := explain(t, s, s.Named(query), arguments(s.Named(query), params), []store.TraceID{{1}, {2}, {3}})
		all := granules[strings.Index(granules, "/")+1:]
		want := fmt.Sprintf("  %s\n    Min-Max %s/%s\n    Partition %s/%s\n    PrimaryKey %s\n", table, all, all, all, all, granules)
		if got != want {
			t.Errorf("%s for %s: got\n%swant\n%s", query, what, got, want)
		}
	}
	one, all := []string{"service 7"}, []string{}
	check("operation_totals", "a service and a day", map[string]any{"from": day, "to": day + 24*nsPerHour, "services": one}, "operation_minutes", "32/56")
	check("operation_totals", "all services and an hour", map[string]any{"from": hour, "to": hour + nsPerHour, "services": all}, "operation_minutes", "3/56")
	check("operation_totals", "a service and an hour", map[string]any{"from": hour, "to": hour + nsPerHour, "services": one}, "operation_minutes", "1/56")
	check("statement_totals", "a service and an hour", map[string]any{"from": hour, "to": hour + nsPerHour, "service": "service 7"}, "statement_minutes", "1/56")
	check("statement_totals", "all services and an hour", map[string]any{"from": hour, "to": hour + nsPerHour, "service": ""}, "statement_minutes", "3/56")
	check("statement_texts", "two statements", map[string]any{"from": hour, "to": hour, "hashes": []uint64{1, 2}}, "statements", "1/1")
}

const nsPerHour = int64(time.Hour)

// A block that was cut off after its spans is counted when it is sent again, once.
func TestCutOffBlockIsCountedOnce(t *testing.T) {
	s := open(t)
	b := store.NewSpanBatch()
	for _, sp := range redSpans(50) {
		b.Append(&sp)
	}
	if err := s.InsertSpansWithoutCounts(t.Context(), b, "block"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.InsertSpans(t.Context(), b, "block"); err != nil {
			t.Fatal(err)
		}
		for table, what := range map[string]string{"spans": "count()", "operation_minutes": "sum(calls)", "operations": "sum(spans)"} {
			if got := scan(t, s, "SELECT toString("+what+") FROM "+table)[0]; got != "50" {
				t.Errorf("%s counts %s spans, want 50", table, got)
			}
		}
	}
}

func TestHoursOf(t *testing.T) {
	const hour = int64(time.Hour)
	for _, c := range []struct {
		from, to         int64
		fromHour, toHour uint32
	}{
		{0, 1, 0, 0},
		{hour, 2 * hour, 3600, 3600},
		{hour - 1, 2*hour + 1, 0, 7200},
		{-1, hour, 0, math.MaxUint32},
		{0, math.MaxInt64, 0, math.MaxUint32},
	} {
		if from, to := store.HoursOf(c.from, c.to); from != c.fromHour || to != c.toHour {
			t.Errorf("%d to %d: hours %d to %d, want %d to %d", c.from, c.to, from, to, c.fromHour, c.toHour)
		}
	}
}

// Spans of years that a DateTime does not hold are counted as well.
func TestCountsOfOddYears(t *testing.T) {
	s := open(t)
	var spans []store.Span
	for i, year := range []int{1901, 1969, 1970, 2107, 2260} {
		sp := redSpans(1)[0]
		sp.SpanID, sp.StartNS = store.SpanIDFromUint64(uint64(i+1)), time.Date(year, 12, 31, 23, 59, 59, 999, time.UTC).UnixNano()
		spans = append(spans, sp)
	}
	insert(t, s, "", spans...)
	for i := range spans {
		at := time.Unix(0, spans[i].StartNS).UTC()
		r := store.TimeRange{From: at.Add(-time.Second), To: at.Add(time.Nanosecond)}
		totals, _, err := s.OperationTotals(t.Context(), store.OperationQuery{Range: r})
		if err != nil || len(totals) != 1 || totals[0].Calls != 1 {
			t.Errorf("%v: %+v, %v; want one call", at, totals, err)
		}
		heat, err := s.Heatmap(t.Context(), store.HeatmapQuery{Traces: store.TraceQuery{Range: r}, Step: time.Millisecond})
		if err != nil || len(heat) != 1 {
			t.Errorf("%v: heat map %+v, %v; want one span", at, heat, err)
		}
	}
}
