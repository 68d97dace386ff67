package store_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"weft/store"
)

// TestFacetsOfManySpans has more spans than may be looked at: the sample says its share, and its counts stand in this ratio to
// what is stored, for the load is even.
func TestFacetsOfManySpans(t *testing.T) {
	s := open(t)
	b := store.NewSpanBatch()
	const n = 100_000
	res := &store.Resource{}
	res.Hash = res.ContentHash()
	for i := range n {
		sp := store.Span{TraceID: store.TraceID{1, 15: byte(i), 14: byte(i >> 8), 13: byte(i >> 16)}, SpanID: store.SpanIDFromUint64(uint64(i + 1)), Service: "even", Name: "tick",
			StartNS: shopTime.UnixNano() + int64(i)*int64(time.Millisecond), DurationNS: 1, Resource: res, Scope: &store.Scope{}, StatusCode: store.StatusCode(2 * (i % 2))}
		b.Append(&sp)
	}
	if err := s.InsertSpans(t.Context(), b, ""); err != nil {
		t.Fatal(err)
	}
	fields := []string{store.FieldName, store.FieldError}
	whole, err := s.FacetsOf(t.Context(), store.TraceQuery{}, fields, n)
	if err != nil || whole.Share != 1 || whole.Spans != n || whole.Fields[0].Values[0] != (store.FacetValue{Value: "tick", Spans: n, Errors: n / 2}) {
		t.Errorf("whole: got %+v, %v", whole, err)
	}
	sample, err := s.FacetsOf(t.Context(), store.TraceQuery{}, fields, n/4)
	if err != nil || math.Abs(sample.Share-0.25) > 0.01 || math.Abs(float64(sample.Spans)/n-sample.Share) > 0.01 {
		t.Errorf("sample: got %+v, %v, want a quarter", sample, err)
	}
	if v := sample.Fields[0].Values[0]; v.Spans != sample.Spans || math.Abs(float64(v.Errors)/float64(v.Spans)-0.5) > 0.01 {
		t.Errorf("sample: got %+v", v)
	}
	none, err := s.FacetsOf(t.Context(), store.TraceQuery{Where: store.Predicate{Field: store.FieldService, Value: store.StringValue("nobody")}}, fields, 1)
	if err != nil || none.Spans != 0 {
		t.Errorf("nothing: got %+v, %v", none, err)
	}
}

func TestFacetsAndCountsThatCannotBeAsked(t *testing.T) {
	s := open(t)
	many := make([]string, 21)
	for _, c := range []struct {
		fields []string
		limit  int
		want   string
	}{
		{nil, 1, "want 1 to 20 fields, got 0"},
		{many, 1, "want 1 to 20 fields, got 21"},
		{[]string{store.FieldDuration}, 1, `"@duration": want @service, @name, @kind, @status, @error, @category, @peer, @cold_start, @retry, @dead_letter or an attribute key`},
		{[]string{""}, 1, `"": want @service, @name, @kind, @status, @error, @category, @peer, @cold_start, @retry, @dead_letter or an attribute key`},
		{[]string{"k"}, 0, "limit: want 1 to 100, got 0"},
	} {
		_, err := s.Facets(t.Context(), store.TraceQuery{}, c.fields, c.limit)
		if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.Invalid || err.Error() != "read facets: invalid: "+c.want {
			t.Errorf("%v: got %v, want %s", c.fields, err, c.want)
		}
	}
	if _, err := s.CountTraces(t.Context(), store.TraceQuery{Where: store.Predicate{Field: "@nope"}}); err == nil || err.Error() != "search traces: invalid: @nope: no such field" {
		t.Errorf("count: %v", err)
	}
	// Nothing is stored.
	if c, err := s.CountTraces(t.Context(), store.TraceQuery{}); err != nil || c != (store.TraceCount{}) {
		t.Errorf("count of nothing: %+v, %v", c, err)
	}
	if f, err := s.Facets(t.Context(), store.TraceQuery{}, []string{"k"}, 5); err != nil || f.Spans != 0 || f.Share != 1 || len(f.Fields) != 1 || f.Fields[0].Values != nil {
		t.Errorf("facets of nothing: %+v, %v", f, err)
	}
}

// TestCountsStopAtTheirBound stores more traces than are counted.
func TestCountsStopAtTheirBound(t *testing.T) {
	s := open(t)
	b := store.NewSpanBatch()
	const n = 150_000
	res := &store.Resource{}
	res.Hash = res.ContentHash()
	for i := range n {
		sp := store.Span{TraceID: store.TraceID{1, 15: byte(i), 14: byte(i >> 8), 13: byte(i >> 16)}, SpanID: store.SpanIDFromUint64(uint64(i + 1)), Service: "many", Name: "tick",
			StartNS: shopTime.UnixNano() + int64(i)*1e6, DurationNS: 1, Resource: res, Scope: &store.Scope{}}
		b.Append(&sp)
	}
	if err := s.InsertSpans(t.Context(), b, ""); err != nil {
		t.Fatal(err)
	}
	c, err := s.CountTraces(t.Context(), store.TraceQuery{})
	if err != nil || !c.AtLeast || c.Traces <= 100_000 || c.Traces > n || c.Spans < c.Traces {
		t.Errorf("all: got %+v, %v", c, err)
	}
	c, err = s.CountTraces(t.Context(), store.TraceQuery{MaxTraceDuration: time.Second})
	if err != nil || c != (store.TraceCount{Spans: 20_000, Traces: 20_000, AtLeast: true}) {
		t.Errorf("with a condition on traces: got %+v, %v", c, err)
	}
	c, err = s.CountTraces(t.Context(), store.TraceQuery{Range: store.TimeRange{To: shopTime.Add(50 * time.Second)}})
	if err != nil || c != (store.TraceCount{Spans: 50_000, Traces: 50_000}) {
		t.Errorf("a part: got %+v, %v", c, err)
	}
	if _, err := s.Facets(t.Context(), store.TraceQuery{MaxTraceDuration: time.Second}, []string{store.FieldName}, 1); err == nil ||
		err.Error() != "read facets: invalid: more than 20000 traces have a matching span: narrow the time range or the conditions" {
		t.Errorf("facets: got %v", err)
	}
	same := store.Predicate{Field: store.FieldService, Value: store.StringValue("many")}
	all := store.TraceQuery{Limit: 1, Structure: &store.Structure{A: same, B: same}, Range: store.TimeRange{From: shopTime, To: shopTime.Add(time.Hour)}}
	_, searchErr := s.SearchTraces(t.Context(), all)
	_, heatErr := s.Heatmap(t.Context(), store.HeatmapQuery{Traces: all, Step: time.Minute})
	_, diffErr := s.ValueCounts(t.Context(), store.DiffQuery{Baseline: all})
	_, originsErr := s.ErrorOrigins(t.Context(), all)
	for what, err := range map[string]error{"search": searchErr, "heat map": heatErr, "differences": diffErr, "error origins": originsErr} {
		if err == nil || err.Error() != "search traces: invalid: structure: more than 20000 traces have a span for each of its sides: narrow the time range or the conditions" {
			t.Errorf("structure, %s: got %v", what, err)
		}
	}
}
