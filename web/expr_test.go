package web

import (
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"weft/store"
)

func TestParseExpr(t *testing.T) {
	str, num := store.StringValue, store.IntValue
	for in, want := range map[string]store.Expr{
		`{"field":"k","op":"=","value":"v"}`:                                       store.Predicate{Field: "k", Value: str("v")},
		` { "field" : "k", "op":"!=","value":5 } `:                                 store.Predicate{Field: "k", Op: store.OpNotEqual, Value: num(5)},
		`{"field":"k","op":">","value":-1.5e3}`:                                    store.Predicate{Field: "k", Op: store.OpGreater, Value: store.DoubleValue(-1500)},
		`{"field":"k","op":"=","value":true,"scope":"resource"}`:                   store.Predicate{Field: "k", Scope: store.ScopeResource, Value: store.BoolValue(true)},
		`{"field":"k","op":"exists","scope":"span"}`:                               store.Predicate{Field: "k", Scope: store.ScopeSpan, Op: store.OpExists},
		`{"field":"k","op":"in","value":["a",1]}`:                                  store.Predicate{Field: "k", Op: store.OpIn, Values: []store.Value{str("a"), num(1)}},
		`{"field":"k","op":"!~","value":"^a\\d"}`:                                  store.Predicate{Field: "k", Op: store.OpNotMatches, Value: str(`^a\d`)},
		`{"field":"@duration","op":"<=","value":"1.5s"}`:                           store.Predicate{Field: "@duration", Op: store.OpLessEqual, Value: num(1_500_000_000)},
		`{"and":[{"field":"@trace.duration","op":">","value":7}]}`:                 store.And{store.Predicate{Field: "@trace.duration", Op: store.OpGreater, Value: num(7)}},
		`{"or":[{"field":"a","op":"exists"},{"not":{"field":"b","op":"exists"}}]}`: store.Or{store.Predicate{Field: "a", Op: store.OpExists}, store.Not{Of: store.Predicate{Field: "b", Op: store.OpExists}}},
	} {
		if got, err := parseExpr(in, 0); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, %v, want %#v", in, got, err, want)
		}
	}
	leaf := `{"field":"k","op":"exists"}`
	for in, want := range map[string]string{
		``:                                            "want a JSON object",
		`[]`:                                          "want a JSON object",
		`{}`:                                          "want one of and, or, not; or field, op and value",
		`{"xor":[]}`:                                  "want one of and, or, not; or field, op and value",
		`{"and":[]}`:                                  "at .and: want a list of at least one condition",
		`{"and":{}}`:                                  "at .and: want a list of at least one condition",
		`{"and":[` + leaf + `,5]}`:                    "at .and[1]: want a JSON object",
		`{"or":[{"not":{"and":[null]}}]}`:             "at .or[0].not.and[0]: want a JSON object",
		`{"not":` + leaf + `,"or":[]}`:                "want one of and, or, not; or field, op and value",
		`{"not":` + leaf + `} x`:                      "want nothing after the object",
		`{"not":` + leaf:                              "want the object to be closed",
		`{"field":"k","field":"l"}`:                   `"field" is given twice`,
		`{"field":"k","op":"like"}`:                   "at .op: want one of = != > >= < <= exists not-exists in =~ !~",
		`{"field":5,"op":"="}`:                        "at .field: want a text",
		`{"field":"","op":"exists"}`:                  "a condition without a field",
		`{"field":"k","op":"=","values":1}`:           "at .values: no such member; want field, op, value and scope",
		`{"field":"k","op":"="}`:                      "at .value: want a text, a number, true or false",
		`{"field":"k","op":"=","value":[]}`:           "at .value: want a text, a number, true or false",
		`{"field":"k","op":"=","value":1e999}`:        "at .value: want a number that fits 64 bits",
		`{"field":"k","op":"exists","value":1}`:       "at .value: want no value after this operator",
		`{"field":"k","op":"in","value":"a"}`:         "at .value: want a list of values",
		`{"field":"k","op":"in","value":["a",null]}`:  "at .value[1]: want a text, a number, true or false",
		`{"field":"k","op":"in","value":[]}`:          "k: want 1 to 100 values to compare with, got 0",
		`{"not":{"field":"k","op":"=~","value":"("}}`: "at .not: k: want a regular expression in RE2 syntax: error parsing regexp: missing closing ): `(`",
		`{"field":"k","op":"=","value":"v","scope":"event"}`:           "at .scope: want span or resource",
		`{"field":"@duration","op":">","value":"soon"}`:                `at .value: want a number and a unit at "soon"`,
		`{"field":"@kind","op":"=","value":"fast"}`:                    `@kind: want one of unspecified, internal, server, client, producer, consumer, got "fast"`,
		`{"or":[{"field":"@trace.duration","op":">","value":7}]}`:      "at .or[0]: @trace.duration is about the whole trace, so it can be joined by and only",
		`{"field":"` + strings.Repeat("k", 1025) + `","op":"exists"}`:  "at .field: want at most 1024 bytes",
		"{\"field\":\"\xff\",\"op\":\"exists\"}":                       "want UTF-8 text",
		strings.Repeat(`{"not":`, 16) + leaf + strings.Repeat("}", 16): "at " + strings.Repeat(".not", 16) + ": want conditions nested at most 16 deep",
		`{"or":[` + strings.Repeat(leaf+",", 199) + leaf + `]}`:        "at .or[199]: want at most 200 conditions",
	} {
		if got, err := parseExpr(in, 0); err == nil || err.Error() != want {
			t.Errorf("%s: got %#v, %v, want %s", in, got, err, want)
		}
	}
}

func TestParseStructure(t *testing.T) {
	a, b := `{"field":"a","op":"exists"}`, `{"field":"b","op":"exists"}`
	for op, want := range map[string]store.Relation{">>": store.RelDescendant, ">": store.RelChild, "~": store.RelSibling, "<<": store.RelAncestor, "<": store.RelParent} {
		got, err := parseStructure(`{"a":` + a + `,"op":"` + op + `","b":` + b + `}`)
		if err != nil || !reflect.DeepEqual(*got, store.Structure{A: store.Predicate{Field: "a", Op: store.OpExists}, B: store.Predicate{Field: "b", Op: store.OpExists}, Relation: want}) {
			t.Errorf("%s: got %+v, %v", op, got, err)
		}
	}
	for in, want := range map[string]string{
		`5`:                         "want a JSON object",
		`{"a":` + a + `,"op":">>"}`: "b is missing",
		`{"a":` + a + `,"op":">>>","b":` + b + `}`:                                    "at .op: want one of >> > ~ << <",
		`{"a":` + a + `,"op":">","b":{"or":[{}]}}`:                                    "at .b.or[0]: want one of and, or, not; or field, op and value",
		`{"a":` + a + `,"op":">","c":1}`:                                              "at .c: no such member; want a, op and b",
		`{"a":{"field":"@trace.duration","op":">","value":1},"op":">","b":` + b + `}`: "at .a: @trace.duration is about the whole trace, so it can be joined by and only",
	} {
		if got, err := parseStructure(in); err == nil || err.Error() != want {
			t.Errorf("%s: got %+v, %v, want %s", in, got, err, want)
		}
	}
}

// TestTreeParameters asks the same by address and by body.
func TestTreeParameters(t *testing.T) {
	f := &fakeStore{}
	srv := testServer(t, f, nil)
	where, structure := `{"or":[{"field":"a","op":"exists"},{"field":"n","op":">","value":5}]}`, `{"a":{"field":"a","op":"exists"},"op":">","b":{"field":"b","op":"exists"}}`
	want := store.TraceQuery{
		Limit: 3, ErrorsOnly: true,
		Where: store.And{
			store.Predicate{Field: store.FieldService, Value: store.StringValue("api")}, store.Predicate{Field: "x", Value: store.StringValue("1")},
			store.Or{store.Predicate{Field: "a", Op: store.OpExists}, store.Predicate{Field: "n", Op: store.OpGreater, Value: store.IntValue(5)}},
		},
		Structure: &store.Structure{A: store.Predicate{Field: "a", Op: store.OpExists}, B: store.Predicate{Field: "b", Op: store.OpExists}, Relation: store.RelChild},
	}
	query := "?service=api&errors=true&attr=x%3D1&where=" + url.QueryEscape(where) + "&structure=" + url.QueryEscape(structure)
	got := get(t, srv.URL+"/api/v1/traces"+query+"&limit=3")
	if got.status != 200 || !reflect.DeepEqual(f.query, want) {
		t.Errorf("by address: got %d %s, %+v", got.status, got.body, f.query)
	}
	f.query = store.TraceQuery{}
	body := `{"service":"api","errors":true,"limit":3,"attr":["x=1"],"where":` + where + `,"structure":` + structure + `}`
	got = do(t, request(t, "POST", srv.URL+"/api/v1/traces/search", body, "Content-Type: application/json"))
	if got.status != 200 || !reflect.DeepEqual(f.query, want) {
		t.Errorf("by body: got %d %s, %+v", got.status, got.body, f.query)
	}
	// Counts and facets read the same filter, without a page.
	got, want.Limit = get(t, srv.URL+"/api/v1/traces/count"+query), 0
	if got.status != 200 || got.body != `{"spans":7,"traces":3,"atLeast":true}`+"\n" || !reflect.DeepEqual(f.query, want) {
		t.Errorf("count: got %d %s, %+v", got.status, got.body, f.query)
	}
	got, want.Limit = get(t, srv.URL+"/api/v1/facets"+query+"&field=@name"), 10
	if got.status != 200 || got.body != `{"fields":[{"field":"@name","spans":3,"distinct":2,"values":[{"value":"a","spans":2,"errors":1},{"value":"b","spans":1,"errors":0}]}],"spans":4,"share":0.5,"sampled":true}`+"\n" ||
		!reflect.DeepEqual(f.query, want) {
		t.Errorf("facets: got %d %s, %+v", got.status, got.body, f.query)
	}
}

func TestBadTreeParameters(t *testing.T) {
	srv := testServer(t, &fakeStore{}, nil)
	check := func(got reply, want fieldError) {
		t.Helper()
		if a := decode[problem](t, got.body); got.status != 400 || len(a.Errors) != 1 || a.Errors[0] != want {
			t.Errorf("got %d %s, want %+v", got.status, got.body, want)
		}
	}
	bad := `{"and":[{"field":"k","op":"like","value":1}]}`
	check(get(t, srv.URL+"/api/v1/traces?where="+url.QueryEscape(bad)),
		fieldError{Field: "where", Value: bad, Bound: exprBound, Detail: "at .and[0].op: want one of = != > >= < <= exists not-exists in =~ !~"})
	check(get(t, srv.URL+"/api/v1/facets?structure=1"), fieldError{Field: "structure", Value: "1", Bound: structureBound, Detail: "want a JSON object"})
	check(get(t, srv.URL+"/api/v1/facets?field=@duration"), fieldError{Field: "field", Value: "@duration", Bound: "an intrinsic or an attribute key",
		Detail: `"@duration": want @service, @name, @kind, @status, @error, @category, @peer, @cold_start, @retry, @dead_letter or an attribute key`})
	check(get(t, srv.URL+"/api/v1/traces/count?limit=5"), fieldError{Field: "limit", Value: "5",
		Bound: "from, to, errors, service, operation, kind, status, minDuration, maxDuration, minTraceDuration, maxTraceDuration, attr, where, structure", Detail: "no such parameter here"})
	post := func(body string) reply {
		t.Helper()
		return do(t, request(t, "POST", srv.URL+"/api/v1/traces/search", body, "Content-Type: application/json"))
	}
	bodyBound := "a JSON object of the parameters, at most 64 KiB"
	check(post(`[1]`), fieldError{Field: "body", Bound: bodyBound, Detail: "want a JSON object"})
	check(post(`{"service":"`+strings.Repeat("x", maxParamsBody)+`"}`), fieldError{Field: "body", Bound: bodyBound, Detail: "cannot be read, or too long"})
	check(post(`{"limit":0}`), fieldError{Field: "limit", Value: "0", Bound: "1 to 1000", Detail: "want a whole number in this range"})
	check(post(`{"attr":[5]}`), fieldError{Field: "attr", Value: "[5]", Bound: "a text, a number, true, false, a list of texts or an object", Detail: "want none of null and other lists"})
	check(post(`{"where":`+bad+`}`), fieldError{Field: "where", Value: bad, Bound: exprBound, Detail: "at .and[0].op: want one of = != > >= < <= exists not-exists in =~ !~"})
}

func FuzzParseExpr(f *testing.F) {
	for _, s := range []string{
		`{"and":[{"field":"a","op":"=","value":1},{"not":{"field":"b","op":"=~","value":"^x"}}]}`, `{"or":[]}`, `{"field":"@duration","op":">","value":"1s"}`,
		`{"field":"k","op":"in","value":["a",1,true,1e400]}`, `{"a":{"field":"k","op":"exists"},"op":"~","b":{}}`, `{"field":"@trace.duration","op":"=","value":5}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := parseExpr(s, 0)
		if err == nil {
			checkAccepted(t, e)
			if !json.Valid([]byte(s)) {
				t.Errorf("%q is no JSON", s)
			}
		}
		if st, err := parseStructure(s); err == nil {
			checkAccepted(t, st.A)
			checkAccepted(t, st.B)
		}
	})
}

// checkAccepted checks that the store would not refuse what the parser took.
func checkAccepted(t *testing.T, e store.Expr) {
	switch e := e.(type) {
	case store.And:
		for _, part := range e {
			checkAccepted(t, part)
		}
	case store.Or:
		for _, part := range e {
			checkAccepted(t, part)
		}
	case store.Not:
		checkAccepted(t, e.Of)
	case store.Predicate:
		if err := e.Validate(); err != nil {
			t.Errorf("%+v: %v", e, err)
		}
	default:
		t.Errorf("a condition is missing: %#v", e)
	}
}
