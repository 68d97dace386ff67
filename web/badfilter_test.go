package web

import (
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// badFilters are mistakes in the filter of a search, with the reason that is told for each parameter.
func badFilters() []badFilter {
	const leaf, pattern = `{"field":"k","op":"exists"}`, `{"field":"k","op":"=~","value":"("}`
	const badPattern = "k: want a regular expression in RE2 syntax: error parsing regexp: missing closing ): `(`"
	const ofTrace = "@trace.duration is about the whole trace, so it can be joined by and only"
	nots := func(n int) (e, path string) {
		return strings.Repeat(`{"not":`, n) + leaf + strings.Repeat("}", n), strings.Repeat(".not", n)
	}
	deep, deepPath := nots(16)
	almost, almostPath := nots(15)
	many := `{"or":[` + strings.Repeat(leaf+",", 197) + leaf + `]}`
	is := func(name, value, reason string, others ...string) badFilter {
		values := url.Values{name: {value}}
		for i := 0; i < len(others); i += 2 {
			values.Add(others[i], others[i+1])
		}
		return badFilter{values, map[string]string{name: reason}}
	}
	return []badFilter{
		is("where", `{"and":[`, `want valid JSON after "and"`),
		is("where", `[`+leaf+`]`, "want a JSON object"),
		is("where", `{"field":"k"}`, "at .op: want one of = != > >= < <= exists not-exists in =~ !~"),
		is("where", `{"or":[`+leaf+`,{"field":"k","op":"=","value":null}]}`, "at .or[1].value: want a text, a number, true or false"),
		is("where", `{"not":`+pattern+`}`, "at .not: "+badPattern),
		is("where", `{"field":"@nope","op":"=","value":1}`, "@nope: no such field"),
		is("where", `{"field":"@kind","op":"=","value":"x"}`, `@kind: want one of unspecified, internal, server, client, producer, consumer, got "x"`),
		is("where", `{"field":"@retry","op":"=","value":"x"}`, "@retry: want = or != and true or false"),
		is("where", `{"field":"@event","op":">","value":"x"}`, "@event: can be compared with = != in =~ !~ exists and not-exists only"),
		is("where", `{"field":"@name","op":"=","value":"x","scope":"span"}`, "@name: is no attribute, so it is in neither scope"),
		is("where", `{"field":"@duration","op":">","value":"soon"}`, `at .value: want a number and a unit at "soon"`),
		is("where", `{"not":{"field":"@trace.duration","op":">","value":1}}`, "at .not: "+ofTrace),
		is("where", leaf+"x", "want nothing after the object"),
		is("where", "{\"\xff\":1}", "want UTF-8 text"),
		is("where", deep, "at "+deepPath+": want conditions nested at most 16 deep"),
		is("where", almost, "at "+almostPath+": want conditions nested at most 16 deep", "service", "a"),
		is("where", many, "at .or[196]: want at most 200 conditions", "attr", "a", "attr", "b"),
		is("where", strings.Repeat(" ", maxExprBytes)+leaf, "too long"),
		is("where", leaf, "given more than once", "where", leaf),
		is("structure", "1", "want a JSON object"),
		is("structure", `{"a":`+leaf+`,"op":">>"}`, "b is missing"),
		is("structure", `{"a":`+leaf+`,"op":">>>","b":`+leaf+`}`, "at .op: want one of >> > ~ << <"),
		is("structure", `{"a":`+pattern+`,"op":">","b":`+leaf+`}`, "at .a: "+badPattern),
		is("structure", `{"a":`+leaf+`,"op":">","b":{"field":"@trace.duration","op":">","value":1}}`, "at .b: "+ofTrace),
		is("attr", "k>abc", "want a number after this operator"),
		is("attr", "", "want a key"),
		is("attr", "@nope=1", "want @service, @name, @kind, @status, @error, @duration, @category, @peer, @event, @cold_start, @retry or @dead_letter"),
		is("attr", "k=\xff", "want UTF-8 text"),
		{url.Values{"attr": slices.Repeat([]string{"a"}, 21)}, map[string]string{"attr": "too many"}},
		is("kind", "fast", "want one of these"),
		is("status", "bad", "want one of these"),
		is("errors", "maybe", "want true or false"),
		is("minDuration", "-5", `want a number and a unit at "-5"`),
		is("maxDuration", "0s", "nothing can be this short"),
		is("maxDuration", "1s", "nothing can be this short", "minDuration", "2s"),
		is("maxTraceDuration", "x", `want a number and a unit at "x"`, "minTraceDuration", "2s"),
		is("from", "yesterday", "none of the three forms of an instant"),
		is("to", "now+soon", `want a number and a unit at "soon"`),
		is("to", "now-1h", "ends before it starts", "from", "now"),
		is("service", "\xff", "want UTF-8 text"),
		is("service", strings.Repeat("x", maxText+1), "too long"),
		is("operation", "a", "given more than once", "operation", "b"),
		is("servce", "a", "no such parameter here"),
		{url.Values{"errors": {"x"}, "kind": {"y"}}, map[string]string{"errors": "want true or false", "kind": "want one of these"}},
	}
}

type badFilter struct {
	values  url.Values
	reasons map[string]string
}

// refuses checks the answer to a mistake: it names the parameters, the reasons and the values, and the store was asked nothing.
func (b badFilter) refuses(t *testing.T, f *fakeStore, prefix string, req *http.Request) {
	t.Helper()
	*f = fakeStore{}
	got := do(t, req)
	what := req.Method + " " + clip(req.URL.RequestURI())
	if got.status != 400 {
		t.Errorf("%s: got %d %s", what, got.status, got.body)
		return
	}
	reasons := make(map[string]string)
	for _, e := range decode[problem](t, got.body).Errors {
		name := strings.TrimPrefix(e.Field, prefix)
		if reasons[name] == "" { // a text that is not UTF-8 may be malformed besides
			reasons[name] = e.Detail
		}
		if value := strings.Join(b.values[name], ","); e.Value != clip(value) && e.Value != clip(b.values.Get(name)) && e.Detail != "too many" {
			t.Errorf("%s: %s has the value %q, want %q", what, e.Field, e.Value, value)
		}
	}
	if !reflect.DeepEqual(reasons, b.reasons) {
		t.Errorf("%s: got %v, want %v", what, reasons, b.reasons)
	}
	if !reflect.DeepEqual(*f, fakeStore{}) {
		t.Errorf("%s: the store was asked", what)
	}
}

// TestBadFilters makes the same mistakes at every endpoint that takes the filter of a search.
func TestBadFilters(t *testing.T) {
	f := &fakeStore{}
	srv := testServer(t, f, nil)
	for _, b := range badFilters() {
		for _, path := range []string{"/traces", "/traces/count", "/facets", "/heatmap", "/histogram", "/diff", "/errors/origins", "/topology"} {
			b.refuses(t, f, "", request(t, "GET", srv.URL+"/api/v1"+path+"?"+b.values.Encode(), ""))
		}
		baseline, body, valid := url.Values{}, map[string]any{}, true
		for name, values := range b.values {
			baseline["baseline."+name] = values
			body[name] = values
			if len(values) == 1 {
				body[name] = values[0]
			}
			valid = valid && !slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) })
		}
		b.refuses(t, f, "baseline.", request(t, "GET", srv.URL+"/api/v1/diff?"+baseline.Encode(), ""))
		if valid {
			text, err := marshalJSON(body)
			if err != nil {
				t.Fatal(err)
			}
			b.refuses(t, f, "", request(t, "POST", srv.URL+"/api/v1/traces/search", string(text), "Content-Type: application/json"))
		}
	}
	// What begins after now has no end that it could begin before.
	for _, path := range []string{"/heatmap", "/histogram", "/topology", "/topology/matrix", "/topology/diff", "/operations/stats", "/statements"} {
		b := badFilter{url.Values{"from": {"now+1h"}}, map[string]string{"from": "starts after the end"}}
		b.refuses(t, f, "", request(t, "GET", srv.URL+"/api/v1"+path+"?from=now%2B1h", ""))
	}
	for _, query := range []string{"service=%zz", "a;b"} {
		got := get(t, srv.URL+"/api/v1/traces?"+query)
		if p := decode[problem](t, got.body); got.status != 400 || p.Errors[0].Field != "query" || p.Errors[0].Detail != "malformed query string" {
			t.Errorf("%s: got %d %s", query, got.status, got.body)
		}
	}
}

// TestBadCriticalPaths: the endpoint takes a service, an operation and a range, and says so of everything else.
func TestBadCriticalPaths(t *testing.T) {
	f := &fakeStore{}
	srv := testServer(t, f, nil)
	own := []string{"service", "operation", "from", "to"}
	for _, b := range badFilters() {
		values := maps.Clone(b.values)
		reasons := make(map[string]string)
		for name := range values {
			if !slices.Contains(own, name) {
				reasons[name] = "no such parameter here"
			}
		}
		for name, reason := range b.reasons {
			if slices.Contains(own, name) || reason == "want UTF-8 text" {
				reasons[name] = reason
			}
		}
		for _, name := range []string{"service", "operation"} {
			if values[name] == nil {
				values[name] = []string{"a"}
			}
		}
		badFilter{values, reasons}.refuses(t, f, "", request(t, "GET", srv.URL+"/api/v1/critical-path?"+values.Encode(), ""))
	}
}
