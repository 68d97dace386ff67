package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"weft/semconv"
	"weft/store"
)

// Spans of which only the start is known stand in the trace, in both formats and alone, and say what became of them.
func TestUnfinishedSpans(t *testing.T) {
	id := store.TraceID{7}
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	at := func(d time.Duration) int64 { return now.Add(d).UnixNano() }
	text := func(k, v string) store.Attribute { return store.Attribute{Key: k, Value: store.StringValue(v)} }
	resource := &store.Resource{Attributes: store.Attributes{text("service.name", "shop"), text("faas.name", "fn")}}
	start := func(n byte, parent byte, name, request string, began, deadline time.Duration) store.SpanStart {
		s := store.SpanStart{
			FunctionEvent: store.FunctionEvent{TimeNS: at(began), TraceID: id, SpanID: store.SpanID{n}, Function: "fn", Attributes: store.Attributes{
				text("faas.invocation_id", request), {Key: semconv.SpanDeadline, Value: store.IntValue(at(deadline))}}},
			Name: name, Resource: resource, Scope: &store.Scope{Name: semconv.RuntimeScope},
		}
		if parent > 0 {
			s.ParentSpanID = store.SpanID{parent}
		}
		return s
	}
	f := &fakeStore{
		traces: []*store.Trace{{ID: id, Spans: []store.Span{
			{TraceID: id, SpanID: store.SpanID{1}, Name: "caller", Service: "web", StartNS: at(-time.Hour), DurationNS: 5e9, Resource: resource, Scope: &store.Scope{}},
			{TraceID: id, SpanID: store.SpanID{9}, ParentSpanID: store.SpanID{3}, Name: "own", Service: "shop", StartNS: at(-30 * time.Second), DurationNS: 1e9, Resource: resource, Scope: &store.Scope{}},
		}}},
		starts: []store.SpanStart{
			start(1, 0, "caller", "r-0", -time.Hour, 0), // it has ended
			start(2, 1, "fn", "r-1", -time.Minute, time.Minute),
			start(3, 2, "Invocation", "r-1", -50*time.Second, time.Minute),
			start(3, 2, "Invocation", "r-1", -50*time.Second, time.Minute),
			start(4, 1, "killed", "r-2", -40*time.Second, -10*time.Second),
			start(5, 1, "lost", "r-3", -40*time.Minute, -39*time.Minute),
			start(6, 1, "told", "r-4", -20*time.Second, time.Minute),
		},
		ended: []store.Invocation{
			{FunctionEvent: store.FunctionEvent{TimeNS: at(-41 * time.Second)}, RequestID: "r-2", Outcome: semconv.OutcomeTimeout, ErrorType: "Sandbox.Timedout", ErrorMessage: "too slow", TotalNS: 11e9},
			{FunctionEvent: store.FunctionEvent{TimeNS: at(-20 * time.Second)}, RequestID: "r-4", Outcome: semconv.OutcomeSuccess, TotalNS: 2e9},
		},
	}
	s, err := New(Config{Store: f, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	s.now = func() time.Time { return now }
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	ask := func(path string, into any) int {
		t.Helper()
		r := get(t, srv.URL+path)
		if into != nil && r.status == http.StatusOK {
			if err := json.Unmarshal([]byte(r.body), into); err != nil {
				t.Fatal(err)
			}
		}
		return r.status
	}
	var c compactTrace
	if code := ask("/api/v1/traces/"+id.String()+"?format=compact", &c); code != http.StatusOK {
		t.Fatal(code)
	}
	want := map[string]struct {
		flags    int32
		duration time.Duration
		parent   string
		status   int32
	}{
		"caller": {0, 5 * time.Second, "", 0}, "own": {0, time.Second, "Invocation", 0},
		"fn": {compactRunning, time.Minute, "caller", 0}, "Invocation": {compactRunning, 50 * time.Second, "fn", 0},
		"killed": {compactLost | compactKilled, 10 * time.Second, "caller", 2},
		"lost":   {compactLost, 39*time.Minute + 40*time.Second, "caller", 0}, // until the last that is known: the start of told
		"told":   {compactLost, 2 * time.Second, "caller", 0},
	}
	if len(c.Spans.ID) != len(want) {
		t.Errorf("got %d rows, want %d", len(c.Spans.ID), len(want))
	}
	for row := range c.Spans.ID {
		name, parent := c.Names[c.Spans.Name[row]], ""
		if p := c.Spans.Parent[row]; p >= 0 {
			parent = c.Names[c.Spans.Name[p]]
		}
		w := want[name]
		if c.Spans.Flags[row] != w.flags || c.Spans.Duration[row] != int64(w.duration) || parent != w.parent || c.Spans.Status[row] != w.status {
			t.Errorf("%s: flags %d, %s, below %q, status %d; want %+v", name, c.Spans.Flags[row], time.Duration(c.Spans.Duration[row]), parent, c.Spans.Status[row], w)
		}
	}
	for span, state := range map[byte]string{2: semconv.SpanRunning, 4: semconv.SpanKilled, 5: semconv.SpanLost} {
		var d spanDetail
		if code := ask("/api/v1/traces/"+id.String()+"/spans/"+store.SpanID{span}.String(), &d); code != http.StatusOK {
			t.Fatalf("span %d: status %d", span, code)
		}
		got := map[string]string{}
		for _, a := range d.Attributes {
			got[a.Key] = a.Value
		}
		if got[semconv.SpanState] != state || d.Service != "shop" || span == 4 && (got[semconv.KilledBy] != "timeout" || d.Error.Type != "Sandbox.Timedout") {
			t.Errorf("span %d: %+v, want %s", span, d, state)
		}
	}
	if code := ask("/api/v1/traces/"+id.String()+"/spans/00000000000000ff", nil); code != http.StatusNotFound {
		t.Errorf("a span that nobody has told of: status %d", code)
	}
	if body := get(t, srv.URL+"/api/v1/traces/"+id.String()).body; strings.Count(body, semconv.SpanState) != 5 {
		t.Errorf("OTLP: %s", body)
	}
	// Nothing but the starts is stored.
	f.traces = nil
	if code := ask("/api/v1/traces/"+id.String()+"?format=compact", &c); code != http.StatusOK || len(c.Spans.ID) != 6 {
		t.Errorf("without stored spans: status %d, %d rows", code, len(c.Spans.ID))
	}
	f.starts = nil
	if code := ask("/api/v1/traces/"+id.String(), nil); code != http.StatusNotFound {
		t.Errorf("a trace that nobody has told of: status %d", code)
	}
}
