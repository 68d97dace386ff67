package web

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"weft/store"
)

// textCount is a value of text form; of all services when service is empty.
func textCount(source store.ValueSource, service, key, value string, selected, baseline uint64) store.ValueCount {
	return store.ValueCount{Source: source, Key: key, Service: service, AnyService: service == "", Form: store.FormText, Value: value, Selected: selected, Baseline: baseline}
}

func TestDiff(t *testing.T) {
	f := &fakeStore{}
	srv := testServer(t, f, nil)
	f.counts = store.ValueCounts{
		Selection: store.Sample{FromNS: 1, ToNS: 9, TimeShare: 1, Matched: 100, Traces: 100}, Baseline: store.Sample{FromNS: 1, ToNS: 9, TimeShare: 0.5, Matched: 300, Traces: 200},
		Counts: []store.ValueCount{
			textCount(store.FromResource, "", "service.version", "2", 95, 20),
			textCount(store.FromResource, "cart", "service.version", "2", 95, 4),
			{Source: store.FromResource, Key: "service.version", Service: "cart", Form: store.FormPresent, Selected: 95, Baseline: 4},
			textCount(store.FromField, "web", store.FieldStatus, "error", 100, 0), // asked for
			textCount(store.FromField, "cart", store.FieldStatus, "error", 90, 0),
			{Source: store.FromField, Key: store.FieldDuration, Service: "cart", Form: store.FormRange, Value: "29", Low: 1 << 29, High: 1 << 30, Selected: 60, Baseline: 3},
			{Source: store.FromSpan, Key: "retry", AnyService: true, Form: store.FormPresent, Selected: 50, Baseline: 0},
			textCount(store.FromSpan, "", "shard", "1", 50, 100),
			textCount(store.FromSpan, "", "rare", "x", 2, 0),
		}}
	got := decode[diffAnswer](t, get(t, srv.URL+"/api/v1/diff?service=web&status=error&from=5&limit=4").body)
	name := func(d valueDifference) string {
		service := "*"
		if d.Service != nil {
			service = *d.Service
		}
		value := d.Form
		if d.Value != nil {
			value = *d.Value
		} else if d.Low != nil {
			value = fmt.Sprint(*d.Low, "-", *d.High)
		}
		return strings.Join([]string{d.Source, service, d.Key, value}, " ")
	}
	var names []string
	for _, d := range got.Differences {
		names = append(names, name(d))
	}
	want := []string{"resource cart service.version 2", "field cart @status error", "field cart @duration 5.36870912e+08-1.073741824e+09", "span * retry present"}
	if !reflect.DeepEqual(names, want) || got.Significant != 4 || got.Compared != 9 {
		t.Errorf("got %q, %d of %d; want %q", names, got.Significant, got.Compared, want)
	}
	if d := got.Differences[0]; d.Coverage != 0.95 || d.BaselineShare != 0.02 || *d.Lift != 47.5 || d.Selected != 95 || d.Baseline != 4 || d.AdjustedP > 1e-40 || d.P > d.AdjustedP {
		t.Errorf("got %+v", d)
	}
	if d := got.Differences[1]; d.Lift != nil {
		t.Errorf("lift without any in the baseline: got %g", *d.Lift)
	}

	// What becomes of the parameters.
	where := func(q store.TraceQuery) string {
		var parts []string
		add := func(e store.Expr) {
			if p, ok := e.(store.Predicate); ok {
				parts = append(parts, fmt.Sprint(p.Field, p.Op, p.Value.Str()))
			}
		}
		add(q.Where)
		if all, ok := q.Where.(store.And); ok {
			for _, e := range all {
				add(e)
			}
		}
		return strings.Join(parts, " ")
	}
	asks := func(query, selection, baseline string) {
		t.Helper()
		if got := get(t, srv.URL+"/api/v1/diff?"+query); got.status != 200 {
			t.Fatalf("%s: %d %s", query, got.status, got.body)
		}
		if got := where(f.diff.Selection); got != selection {
			t.Errorf("%s: selection %q, want %q", query, got, selection)
		}
		if got := where(f.diff.Baseline); got != baseline {
			t.Errorf("%s: baseline %q, want %q", query, got, baseline)
		}
	}
	asks("service=web&operation=a&kind=server&status=error&attr=x%3D1&from=5&to=9", "@service0web @name0a @kind0server @status0error x01", "@service0web @name0a @kind0server")
	if f.diff.Baseline.Range != f.diff.Selection.Range || f.diff.Selection.Range.From.UnixNano() != 5 || f.diff.MatchingOnly {
		t.Errorf("ranges: got %+v", f.diff)
	}
	asks("service=web&operation=a", "@service0web @name0a", "")
	asks("service=web&errors=true", "@service0web", "@service0web")
	asks("minTraceDuration=1s", "", "")
	asks("service=web&structure="+url.QueryEscape(`{"a":{"field":"shard","op":"exists"},"op":">","b":{"field":"retry","op":"exists"}}`), "@service0web", "@service0web")
	if s := f.diff.Selection.Structure; s == nil || s.Relation != store.RelChild || f.diff.Baseline.Structure != nil {
		t.Errorf("structure: got %+v and %+v", s, f.diff.Baseline.Structure)
	}
	asks("service=web&status=error&baseline=rest&spans=matching", "@service0web @status0error", "")
	if !f.diff.MatchingOnly {
		t.Error("spans=matching had no effect")
	}
	asks("service=web&baseline.service=api&baseline.minTraceDuration=2s&from=5", "@service0web", "@service0api")
	if f.diff.Baseline.MinTraceDuration != 2*time.Second || f.diff.Baseline.Range.From.UnixNano() != 5 {
		t.Errorf("baseline: got %+v", f.diff.Baseline)
	}
	asks("service=web&from=5&to=9&baseline.from=1&baseline.to=5", "@service0web", "")
	if f.diff.Baseline.Range.To.UnixNano() != 5 {
		t.Errorf("baseline: got %+v", f.diff.Baseline)
	}

	bad := func(query, want string) {
		t.Helper()
		got := get(t, srv.URL+"/api/v1/diff?"+query)
		p := decode[problem](t, got.body)
		if got.status != 400 || p.Error() != want {
			t.Errorf("%s: got %d %q, want %q", query, got.status, p.Error(), want)
		}
	}
	bad("baseline=rest&baseline.service=a", "baseline: two baselines")
	bad("baseline=none", "baseline: want one of these")
	bad("spans=some", "spans: want one of these")
	bad("cursor=x", "cursor: no such parameter here")
	bad("limit=0&baseline.kind=x&baseline.servce=a", "limit: want a whole number in this range; baseline.kind: want one of these; baseline.servce: no such parameter here")
	bad("baseline.to=5&baseline.from=7", "baseline.to: ends before it starts")
}

func TestBrokenContextRange(t *testing.T) {
	f := &fakeStore{}
	srv := testServer(t, f, nil)
	ask := func(query string) (from, to time.Duration) {
		t.Helper()
		now := time.Now()
		if got := get(t, srv.URL+"/api/v1/broken-context?"+query); got.status != 200 {
			t.Fatalf("%s: %d %s", query, got.status, got.body)
		}
		return now.Sub(f.broken.From).Round(time.Minute), now.Sub(f.broken.To).Round(time.Minute)
	}
	is := func(query string, wantFrom, wantTo time.Duration) {
		t.Helper()
		if from, to := ask(query); from != wantFrom || to != wantTo {
			t.Errorf("%s: looks from %v to %v ago, want %v to %v", query, from, to, wantFrom, wantTo)
		}
	}
	is("", 65*time.Minute, 5*time.Minute)
	is("from=now-1d", 24*time.Hour, 5*time.Minute)
	is("from=now-1d&to=now-2h", 24*time.Hour, 2*time.Hour)
	is("to=now&grace=10m", 70*time.Minute, 10*time.Minute)
	is("from=now-1m&grace=10m", 10*time.Minute, 10*time.Minute)
	if got := get(t, srv.URL+"/api/v1/broken-context?grace=soon"); got.status != 400 || !strings.Contains(got.body, "want a number and a unit") {
		t.Errorf("grace: got %d %s", got.status, got.body)
	}
}

// flowOf is a trace of one request: web calls cart, which asks a database so many times; times are milliseconds.
func flowOf(n byte, startMS, durationMS int64, queries int, failed bool) *store.Trace {
	id := store.TraceID{0: 0xf1, 15: n}
	span := func(i, parent uint64, service, name, category string, kind store.Kind, start, duration int64) store.Span {
		s := store.Span{TraceID: id, SpanID: store.SpanIDFromUint64(i), Service: service, Name: name, Category: category, Kind: kind,
			StartNS: (startMS + start) * 1e6, DurationNS: duration * 1e6, Resource: &store.Resource{}, Scope: &store.Scope{}}
		if parent != 0 {
			s.ParentSpanID = store.SpanIDFromUint64(parent)
		}
		return s
	}
	t := &store.Trace{ID: id, Spans: []store.Span{
		span(1, 0, "web", "GET /cart", "server", store.KindServer, 0, durationMS),
		span(2, 1, "web", "call cart", "client", store.KindClient, 10, durationMS-20),
		span(3, 2, "cart", "get", "server", store.KindServer, 20, durationMS-40),
	}}
	for i := range queries {
		q := span(uint64(10+i), 3, "cart", "SELECT", "db", store.KindClient, 20+int64(i)*2, 2)
		q.StatementHash, q.PeerName = 0xfeed, "shop@db"
		t.Spans = append(t.Spans, q)
	}
	if failed {
		t.Spans[2].StatusCode = store.StatusError
	}
	return t
}

func TestCriticalPath(t *testing.T) {
	f := &fakeStore{traces: []*store.Trace{flowOf(1, 0, 100, 1, false), flowOf(2, 0, 100, 10, false)}}
	srv := testServer(t, f, nil)
	got := decode[endpointPath](t, get(t, srv.URL+"/api/v1/critical-path?service=cart&operation=get&from=5").body)
	if got.Traces != 2 || got.TotalNS != 120e6 || got.MeanNS != 60e6 || got.SelfNS != 98e6 || got.WaitingNS != 22e6 || got.PartsTotal != 2 {
		t.Errorf("got %+v", got)
	}
	want := []pathPart{
		{"cart", "get", "server", 2, 1, 98e6, 98e6, 0, 98.0 / 120, 49e6, 58e6},
		{"cart", "SELECT", "db", 2, 1, 22e6, 0, 22e6, 22.0 / 120, 11e6, 20e6},
	}
	if !reflect.DeepEqual(got.Parts, want) {
		t.Errorf("parts: got %+v", got.Parts)
	}
	statement := pathStatement{"000000000000feed", "SELECT 1", "cart", "SELECT", "shop@db", 2, 11, 0, 5.5, 22e6, 22e6, 22.0 / 120, 2e6}
	if !reflect.DeepEqual(got.Database, pathDatabase{11, 22e6, 22.0 / 120, []pathStatement{statement}}) {
		t.Errorf("database: got %+v", got.Database)
	}
	again := pathRepeated{"cart", "get", "cart", "SELECT", "db", "shop@db", "000000000000feed", "SELECT 1", 1, 10, 10, 18e6}
	if !reflect.DeepEqual(got.Repeated, []pathRepeated{again}) {
		t.Errorf("repeated: got %+v", got.Repeated)
	}
	if f.query.Range.From.UnixNano() != 5 || len(f.query.Where.(store.And)) != 2 {
		t.Errorf("query: got %+v", f.query)
	}
	none := decode[endpointPath](t, get(t, srv.URL+"/api/v1/critical-path?service=cart&operation=nothing").body)
	if none.Traces != 0 || len(none.Parts) != 0 {
		t.Errorf("nothing: got %+v", none)
	}
	p := decode[problem](t, get(t, srv.URL+"/api/v1/critical-path?traces=0").body)
	if p.Error() != "operation: want one; service: want one; traces: want a whole number in this range" {
		t.Errorf("bad parameters: got %q", p.Error())
	}
}

func TestTwin(t *testing.T) {
	f := &fakeStore{traces: []*store.Trace{
		flowOf(1, 50, 5000, 3, true),
		flowOf(2, 0, 100, 0, false),  // other shape
		flowOf(3, 0, 101, 8, false),  // the twin
		flowOf(4, 50, 150, 3, false), // further from the median, which is 1 ms
		flowOf(5, 50, 90, 3, true),   // not healthy
	}}
	srv := testServer(t, f, nil)
	url := srv.URL + "/api/v1/traces/" + f.traces[0].ID.String() + "/twin"
	got := decode[twinAnswer](t, get(t, url).body)
	if got.Service != "web" || got.Operation != "GET /cart" || got.DurationNS != 5000e6 || got.Verified != 4 || got.MedianNS != 1e6 {
		t.Errorf("got %+v", got)
	}
	if want := (twin{f.traces[2].ID.String(), 0, 101e6, 11, true, 1}); got.Twin == nil || *got.Twin != want {
		t.Errorf("twin: got %+v, want %+v", got.Twin, want)
	}
	f.traces = f.traces[:2]
	if got := decode[twinAnswer](t, get(t, url).body); got.Twin == nil || got.Twin.SameShape || got.Twin.Similarity != 0.75 {
		t.Errorf("other shape: got %+v", got.Twin)
	}
	f.traces = f.traces[:1]
	if got := decode[twinAnswer](t, get(t, url).body); got.Twin != nil {
		t.Errorf("nobody: got %+v", got.Twin)
	}
	if got := get(t, srv.URL+"/api/v1/traces/abc/twin"); got.status != 404 {
		t.Errorf("not stored: got %d", got.status)
	}
}
