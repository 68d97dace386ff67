package web

import (
	"fmt"
	"strings"
	"testing"

	"weft/store"
)

// shopRequest is 100 ms of a shop: a cold function, six equal queries one after the other, a failed call; shift moves the last one.
func shopRequest(id byte, queryNS int64) *store.Trace {
	const t0, ms = 1_700_000_000_000_000_000, 1_000_000
	tr := &store.Trace{ID: store.TraceID{15: id}}
	add := func(id, parent uint64, service, name string, kind store.Kind, start, duration int64, change func(*store.Span)) {
		sp := store.Span{TraceID: tr.ID, SpanID: store.SpanIDFromUint64(id), ParentSpanID: store.SpanIDFromUint64(parent), Service: service, Name: name, Kind: kind,
			StartNS: t0 + start, DurationNS: duration, Resource: &store.Resource{}, Scope: &store.Scope{}}
		if change != nil {
			change(&sp)
		}
		tr.Spans = append(tr.Spans, sp)
	}
	failed := func(sp *store.Span) { sp.StatusCode, sp.ErrorType = store.StatusError, "Timeout" }
	add(1, 0, "web", "GET /", store.KindServer, 0, 40*ms+6*queryNS, failed)
	add(2, 1, "web", "ColdStart", store.KindInternal, 0, 20*ms, nil)
	for i := range int64(6) {
		add(uint64(10+i), 1, "web", "SELECT", store.KindClient, 20*ms+i*queryNS, queryNS, func(sp *store.Span) {
			sp.Category, sp.PeerName, sp.StatementHash = "db", "orders", 0xfeed
		})
	}
	add(20, 1, "web", "call", store.KindClient, 25*ms+6*queryNS, 10*ms, failed)
	return tr
}

func TestAnalysisAnswer(t *testing.T) {
	srv := testServer(t, &fakeStore{traces: []*store.Trace{shopRequest(1, 10e6), shopRequest(2, 15e6)}}, nil)
	base := srv.URL + "/api/v1"
	a := decode[traceAnalysis](t, get(t, base+"/traces/1/analysis").body)
	if a.TraceID != "00000000000000000000000000000001" || a.StartNS != 1_700_000_000_000_000_000 || a.DurationNS != 100e6 || a.Spans != 9 || !a.Failed || a.ErrorSpans != 2 {
		t.Errorf("head: got %+v", a)
	}
	var path []string
	for _, s := range a.Path.Segments.Items {
		path = append(path, fmt.Sprintf("%s %d+%d", s.Name, s.OffsetNS/1e6, s.DurationNS/1e6))
	}
	if got, want := strings.Join(path, ", "), "ColdStart 0+20, SELECT 20+10, SELECT 30+10, SELECT 40+10, SELECT 50+10, SELECT 60+10, SELECT 70+10, GET / 80+5, call 85+10, GET / 95+5"; got != want {
		t.Errorf("path: got %s, want %s", got, want)
	}
	var reasons []string
	for _, r := range a.Reasons {
		reasons = append(reasons, fmt.Sprintf("%s %s %.2f", r.Kind, r.SpanID, r.Share))
	}
	want := "[error 0000000000000014 0.00 database 000000000000000a 0.60 repeated_calls 000000000000000a 0.50 cold_start 0000000000000002 0.20 own_time 0000000000000001 0.10 remote_call 0000000000000014 0.10]"
	if fmt.Sprint(reasons) != want {
		t.Errorf("reasons: got %v, want %s", reasons, want)
	}
	if s := a.Database.Statements.Items; len(s) != 1 || s[0].Hash != "000000000000feed" || s[0].Calls != 6 || a.Database.CriticalNS != 60e6 {
		t.Errorf("database: got %+v", a.Database)
	}
	if o := a.Origins.Items; len(o) != 1 || o[0].Name != "call" || !o[0].ReachedRoot || len(o[0].Chain.Items) != 2 || o[0].SwallowedBy != nil {
		t.Errorf("origins: got %+v", o)
	}
	if c := a.Cold; c.Count != 1 || c.CriticalNS != 20e6 || c.Starts.Items[0].Invocation.Name != "GET /" {
		t.Errorf("cold starts: got %+v", c)
	}
	if one := decode[traceAnalysis](t, get(t, base+"/traces/1/analysis?span=14").body); one.Root.Name != "call" || one.Path.DurationNS != 10e6 || len(one.Path.Segments.Items) != 1 {
		t.Errorf("from a span: got %+v", one.Path)
	}

	c := decode[comparison](t, get(t, base+"/compare?a=1&b=2").body)
	first := c.Entries.Items[0]
	if c.ExcessNS != 30e6 || !c.SameShape || c.Both != 4 || first.Name != "SELECT" || first.ExcessCriticalNS != 30e6 || first.A.Spans != 6 || first.B.TotalNS != 90e6 {
		t.Errorf("comparison: got %+v", c)
	}
	half := decode[comparison](t, get(t, base+"/compare?a=2&b=1").body)
	if half.ExcessNS != -30e6 || half.A.TraceID != "00000000000000000000000000000002" {
		t.Errorf("the other way round: got %+v", half)
	}
}

// OpenTracing's FOLLOWS_FROM arrives as a parent and a link to it: nobody waited for such a span.
func TestAnalysisOfWhatFollows(t *testing.T) {
	tr := shopRequest(1, 10e6)
	call := &tr.Spans[8]
	call.Links = []store.Link{{TraceID: store.TraceID{5}, SpanID: call.ParentSpanID}, {TraceID: tr.ID, SpanID: call.SpanID}}
	srv := testServer(t, &fakeStore{traces: []*store.Trace{tr}}, nil)
	critical := func() int64 {
		var sum int64
		for _, s := range decode[traceAnalysis](t, get(t, srv.URL+"/api/v1/traces/1/analysis").body).Path.Segments.Items {
			if s.Name == "call" {
				sum += s.DurationNS
			}
		}
		return sum
	}
	if got := critical(); got != 10e6 {
		t.Errorf("with links to others: got %d ns of the call in the path, want 10 ms", got)
	}
	call.Links = append(call.Links, store.Link{TraceID: tr.ID, SpanID: call.ParentSpanID})
	if got := critical(); got != 0 {
		t.Errorf("with a link to its parent: got %d ns of the call in the path, want none", got)
	}
}

// A list is cut off and says so; the sums are of everything.
func TestAnalysisIsBounded(t *testing.T) {
	big := shopRequest(3, 1000)
	for i := range 30_000 {
		sp := big.Spans[0]
		sp.SpanID, sp.ParentSpanID = store.SpanIDFromUint64(uint64(100+i)), store.SpanIDFromUint64(1)
		sp.Name, sp.StartNS, sp.DurationNS = fmt.Sprint("step ", i), sp.StartNS+int64(i)*1000, 900
		big.Spans = append(big.Spans, sp)
	}
	srv := testServer(t, &fakeStore{traces: []*store.Trace{big, shopRequest(1, 1000)}}, nil)
	got := get(t, srv.URL+"/api/v1/traces/3/analysis")
	a := decode[traceAnalysis](t, got.body)
	if a.Spans != 30_009 || len(a.Operations.Items) != 50 || a.Operations.Truncated != 30_004-50 || a.Origins.Truncated != 30_001-50 || len(a.Path.Segments.Items) != 2000 ||
		a.Path.Segments.Truncated == 0 || len(got.body) > 1<<20 {
		t.Errorf("got %d operations and %d more, %d segments and %d more, %d bytes", len(a.Operations.Items), a.Operations.Truncated, len(a.Path.Segments.Items),
			a.Path.Segments.Truncated, len(got.body))
	}
	got = get(t, srv.URL+"/api/v1/compare?a=1&b=3")
	if c := decode[comparison](t, got.body); len(c.Entries.Items) != 500 || c.Entries.Truncated != 30_004-500 || c.OnlyB != 30_000 || len(got.body) > 1<<20 {
		t.Errorf("compare: %d and %d more, %d bytes", len(c.Entries.Items), c.Entries.Truncated, len(got.body))
	}
}

func TestAnalysisRefusals(t *testing.T) {
	srv := testServer(t, &fakeStore{traces: []*store.Trace{shopRequest(1, 1000)}}, nil)
	refused := func(path string, status int, want string) {
		t.Helper()
		got := get(t, srv.URL+"/api/v1"+path)
		if got.status != status || !strings.Contains(got.body, want) {
			t.Errorf("%s: got %d %s, want %d with %s", path, got.status, got.body, status, want)
		}
	}
	refused("/compare", 400, `"errors":[{"field":"a","value":"","bound":"1 to 32 hex digits","detail":"want 1 to 32 hex digits, got 0"},`+
		`{"field":"b","value":"","bound":"1 to 32 hex digits","detail":"want 1 to 32 hex digits, got 0"}]`)
	refused("/compare?a=1&b=xyz", 400, `"field":"b","value":"xyz"`)
	refused("/compare?a=1&a=1&b=1", 400, `"field":"a","value":"1,1","bound":"once"`)
	refused("/compare?a=1&b=9", 404, "trace 00000000000000000000000000000009 is not stored")
	refused("/traces/9/analysis", 404, "is not stored")
	refused("/traces/1/analysis?span=99", 404, `"detail":"span 0000000000000099 of trace 00000000000000000000000000000001 is not stored"`)
	refused("/traces/1/analysis?span=0", 400, `"field":"span","value":"0","bound":"1 to 16 hex digits","detail":"an all-zero id is invalid"`)
	refused("/traces/1/analysis?spam=1", 400, `"field":"spam","value":"1","bound":"span","detail":"no such parameter here"`)
	refused("/traces/9/skeleton", 404, "is not stored")
	refused("/traces/q/skeleton", 400, `"field":"traceId"`)
	refused("/traces/1/skeleton?format=json", 400, `"no such parameter here"`)
}
