package web

import (
	"math"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"weft/semconv"
	"weft/store"
)

func TestParseJaegerMetrics(t *testing.T) {
	parse := func(query string) (jaegerMetrics, error) {
		t.Helper()
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		return parseJaegerMetrics(q, testNow)
	}
	got, err := parse("service=a&service=b&groupByOperation=true&spanKind=client&spanKind=unspecified&endTs=1700000000000&lookback=60000&step=1000&ratePer=5000")
	want := jaegerMetrics{
		query:       store.OperationQuery{Services: []string{"a", "b"}, Kinds: []store.Kind{store.KindClient, store.KindUnspecified}},
		groupByName: true, end: time.Unix(1_700_000_000, 0), lookback: time.Minute, step: time.Second, ratePer: 5 * time.Second,
	}
	if err != nil || !got.end.Equal(want.end) {
		t.Errorf("%+v, %v", got, err)
	}
	if got.end = want.end; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	got, err = parse("service=a")
	want = jaegerMetrics{
		query: store.OperationQuery{Services: []string{"a"}, Kinds: []store.Kind{store.KindServer}},
		end:   testNow, lookback: time.Hour, step: 5 * time.Second, ratePer: 10 * time.Minute,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("defaults: got %+v, %v\nwant %+v", got, err, want)
	}
	bad := func(query, want string) {
		t.Helper()
		if _, err := parse(query); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", query, err, want)
		}
	}
	bad("", "unable to parse param 'service': please provide at least one service name")
	bad("service=a&groupByOperation=maybe", `unable to parse param 'groupByOperation': strconv.ParseBool: parsing "maybe": invalid syntax`)
	bad("service=a&spanKind=foo", "unable to parse param 'spanKind': unsupported span kind: 'foo'")
	bad("service=a&endTs=x", `unable to parse param 'endTs': strconv.ParseInt: parsing "x": invalid syntax`)
	bad("service=a&lookback=1h", `unable to parse param 'lookback': strconv.ParseInt: parsing "1h": invalid syntax`)
	bad("service=a&step=0", "unable to parse param 'step': want more than 0 milliseconds, got 0")
	bad("service=a&ratePer=-5", "unable to parse param 'ratePer': want more than 0 milliseconds, got -5")
	bad("service=a&step=1", "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")
}

// A point is what happened in the whole minutes of the window before it.
func TestJaegerMetricPoints(t *testing.T) {
	end := time.Unix(1_700_000_040, 0) // a whole minute
	minute := func(before int, calls, errors uint64) store.OperationTotals {
		return store.OperationTotals{StartNS: end.Add(-time.Duration(before) * time.Minute).UnixNano(), Calls: calls, Errors: errors,
			Latency: store.Histogram{semconv.LatencyBucket(int64(calls) * 1e6): int64(calls)}}
	}
	minutes := []store.OperationTotals{minute(5, 10, 5), minute(4, 20, 0), minute(1, 40, 10)}
	ask := jaegerMetrics{end: end, lookback: 6 * time.Minute, step: time.Minute}
	values := func(kind metricKind) []float64 {
		var out []float64
		for _, p := range ask.points(minutes, 2*time.Minute, kind) {
			out = append(out, p.Gauge.Value)
		}
		return out
	}
	calls := metricKind{always: true, value: func(w *store.OperationTotals, _ time.Duration) float64 { return float64(w.Calls) }}
	if got, want := values(calls), []float64{10, 30, 20, 0, 40}; !reflect.DeepEqual(got, want) {
		t.Errorf("calls: %v, want %v", got, want)
	}
	errors := metricKind{value: func(w *store.OperationTotals, _ time.Duration) float64 { return w.ErrorRate() }}
	if got, want := values(errors), []float64{0.5, 5 / 30.0, 0, 0.25}; !reflect.DeepEqual(got, want) {
		t.Errorf("errors: %v, want %v", got, want)
	}
	median := metricKind{value: func(w *store.OperationTotals, _ time.Duration) float64 {
		return math.Round(w.Latency.Quantile(0.5) / 1e6)
	}}
	if got, want := values(median), []float64{10, 20, 20, 40}; !reflect.DeepEqual(got, want) {
		t.Errorf("median: %v, want %v", got, want)
	}
}

func TestBadAggregateParameters(t *testing.T) {
	srv := testServer(t, &fakeStore{}, nil)
	bad := func(path, want string) {
		t.Helper()
		got := get(t, srv.URL+"/api/v1"+path)
		if got.status != 400 || !strings.Contains(got.body, want) {
			t.Errorf("%s: got %d %s, want 400 with %s", path, got.status, got.body, want)
		}
	}
	bad("/operations/stats?sort=nothing", `"field":"sort","value":"nothing","bound":"apdex, calls, errorRate, errors, mean, name, p50, p90, p95, p99, time"`)
	bad("/operations/stats?apdexThreshold=0", `"field":"apdexThreshold","value":"0","bound":"more than 0 and at most 24h"`)
	bad("/operations/stats?groupBy=kind", `"field":"groupBy","value":"kind","bound":"operation, service"`)
	bad("/operations/stats?from=now%2B1h", `"field":"from","value":"now+1h","bound":"not after to"`)
	bad("/operations/stats?operatoin=x", `"field":"operatoin"`)
	bad("/operations/series?step=90s", `"field":"step","value":"90s","bound":"a multiple of 1m0s"`)
	bad("/operations/series?step=0", `"field":"step","value":"0","bound":"a multiple of 1m0s"`)
	bad("/operations/series?from=now-10d&step=1m", `"field":"step","value":"1m","bound":"at least a 1000th of the time range"`)
	bad("/percentile?service=a&operation=b", `"field":"duration","value":"","bound":"required"`)
	bad("/percentile?service=a&operation=b&duration=x", `"field":"duration","value":"x"`)
	bad("/statements?sort=apdex", `"field":"sort","value":"apdex","bound":"calls, callsPerTrace, errors, mean, name, p50, p95, p99, time"`)
	bad("/statements?hash=7", `"field":"hash","value":"7","bound":"16 hex digits"`)
	bad("/heatmap?resolution=3", `"field":"resolution","value":"3","bound":"1, 2, 4, 8, 16, 32"`)
	bad("/heatmap?attr=x%3E", `"field":"attr","value":"x>"`)
	bad("/heatmap?limit=5", `"field":"limit"`)
	bad("/histogram?from=now-1h&step=1ms", `"field":"step","value":"1ms","bound":"at least a 1000th of the time range"`)
	bad("/histogram?kind=x", `"field":"kind","value":"x"`)
}

func TestStepsOfARange(t *testing.T) {
	check := func(query string, from, to time.Time, step time.Duration) {
		t.Helper()
		p := newParams(request(t, "GET", "/?"+query, ""))
		r, got := p.step(p.closed(p.timeRange(testNow), testNow), time.Second)
		if !r.From.Equal(from) || !r.To.Equal(to) || got != step || len(p.errs) > 0 {
			t.Errorf("%s: %v to %v by %v, %v; want %v to %v by %v", query, r.From, r.To, got, p.errs, from, to, step)
		}
	}
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	check("from=2024-05-01T10:00:07.5Z&to=2024-05-01T10:09:59Z&step=1m", at("2024-05-01T10:00:00Z"), at("2024-05-01T10:10:00Z"), time.Minute)
	check("from=2024-05-01T10:00:00Z&to=2024-05-01T11:00:00Z", at("2024-05-01T10:00:00Z"), at("2024-05-01T11:00:00Z"), 30*time.Second)
	check("from=2024-05-01T10:00:00Z&to=2024-05-01T10:00:00Z&step=1h", at("2024-05-01T10:00:00Z"), at("2024-05-01T11:00:00Z"), time.Hour)
	check("from=1969-12-31T23:59:30Z&to=1969-12-31T23:59:40Z&step=1m", at("1969-12-31T23:59:00Z"), at("1970-01-01T00:00:00Z"), time.Minute)
}

func TestOperationStatsPage(t *testing.T) {
	f := &fakeStore{totals: []store.OperationTotals{
		{Service: "a", Name: "one", Kind: store.KindServer, Calls: 60, Errors: 6, DurationNS: 3e9, Latency: store.Histogram{semconv.LatencyBucket(5e7): 60}, ErrorLatency: store.Histogram{semconv.LatencyBucket(5e7): 6}},
		{Service: "a", Name: "two", Kind: store.KindClient, Calls: 120, DurationNS: 9e9, Latency: store.Histogram{semconv.LatencyBucket(7e8): 120}},
		{Service: "b", Name: "three", Calls: 1, DurationNS: 0, Latency: store.Histogram{0: 1}},
	}}
	srv := testServer(t, f, nil)
	names := func(query string) (names []string) {
		t.Helper()
		page := decode[operationStatsPage](t, get(t, srv.URL+"/api/v1/operations/stats?from=0&to=60000000000&"+query).body)
		if page.Total != 3 {
			t.Errorf("%s: total %d, want 3", query, page.Total)
		}
		for _, o := range page.Operations {
			names = append(names, o.Name)
		}
		return names
	}
	check := func(query string, want ...string) {
		t.Helper()
		if got := names(query); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	check("", "two", "one", "three")
	check("sort=errors", "one", "two", "three")
	check("sort=p99&reverse=true", "three", "one", "two")
	check("sort=name", "one", "two", "three")
	check("sort=apdex", "two", "one", "three")
	check("sort=calls&limit=1&offset=1", "one")
	check("offset=1000")
	one := decode[operationStatsPage](t, get(t, srv.URL+"/api/v1/operations/stats?from=0&to=60000000000&sort=name&limit=1").body).Operations[0]
	if one.Rate != 1 || one.ErrorRate != 0.1 || one.MeanNS != 5e7 || one.Apdex != 0.9 || one.TimeShare != 0.25 || one.Kind != "server" || math.Abs(one.P95NS-5e7) > 1e6 {
		t.Errorf("got %+v", one)
	}
	page := decode[statementPage](t, get(t, srv.URL+"/api/v1/statements?sort=calls").body)
	if len(page.Statements) != 2 || page.Statements[0].Statement != "SELECT ?" || page.Statements[0].CallsPerTrace != 3 || page.Statements[0].TimeShare != 0.75 ||
		page.Statements[1].Statement != "(other)" {
		t.Errorf("statements: %+v", page)
	}
	page = decode[statementPage](t, get(t, srv.URL+"/api/v1/statements?hash=0000000000000007").body)
	if page.Total != 1 || len(page.Statements) != 1 || page.Statements[0].Calls != 6 || page.Statements[0].TimeShare != 0.75 {
		t.Errorf("one statement: %+v", page)
	}
	heat := decode[heatmap](t, get(t, srv.URL+"/api/v1/heatmap?from=0&to=60000000000&step=10s&resolution=1").body)
	if want := []heatCell{{0, 0, 5, 0}, {0, 3, 1, 1}}; heat.Steps != 6 || len(heat.Buckets) != 4 || !reflect.DeepEqual(heat.Cells, want) || heat.Buckets[1].FromNS != 2*heat.Buckets[0].FromNS {
		t.Errorf("heat map: %+v", heat)
	}
	hist := decode[histogram](t, get(t, srv.URL+"/api/v1/histogram?from=0&to=60000000000&step=10s").body)
	if hist.Spans != 6 || hist.Errors != 1 || len(hist.Points) != 6 || hist.Points[0].Spans != 6 || hist.Points[1].Spans != 0 || len(hist.Buckets) != 2 {
		t.Errorf("histogram: %+v", hist)
	}
}
