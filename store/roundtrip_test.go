package store_test

import (
	"bytes"
	"cmp"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"weft/store"
)

// TestSpansComeBackAsWritten is the promise of the span model: field by field, bit by bit.
func TestSpansComeBackAsWritten(t *testing.T) {
	s := open(t)
	r := randomSpan{rand.New(rand.NewPCG(1, 2)), time.Date(2026, 3, 4, 23, 59, 0, 0, time.UTC).UnixNano()}
	written := make(map[store.TraceID][]store.Span)
	b := store.NewSpanBatch()
	for range 60 {
		id := r.traceID()
		for range 1 + r.IntN(40) {
			span := r.span(id)
			b.Append(&span)
			written[id] = append(written[id], span)
		}
		if b.Rows() > 400 {
			if err := s.InsertSpans(t.Context(), b, ""); err != nil {
				t.Fatal(err)
			}
			b.Reset()
		}
	}
	if err := s.InsertSpans(t.Context(), b, ""); err != nil {
		t.Fatal(err)
	}
	var ids []store.TraceID
	for id, want := range written {
		ids = append(ids, id)
		got, err := s.Trace(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		compareSpans(t, got.Spans, want)
	}
	all, err := s.Traces(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(ids) {
		t.Fatalf("Traces returned %d of %d", len(all), len(ids))
	}
	for i, got := range all {
		if got.ID != ids[i] {
			t.Fatalf("trace %d: got %s, want %s", i, got.ID, ids[i])
		}
		compareSpans(t, got.Spans, written[got.ID])
	}
}

func compareSpans(t *testing.T, got, want []store.Span) {
	t.Helper()
	want = slices.Clone(want)
	for i := range want {
		want[i].Attributes = sorted(slices.Clone(want[i].Attributes))
	}
	slices.SortFunc(want, func(a, b store.Span) int {
		return cmp.Or(cmp.Compare(a.StartNS, b.StartNS), bytes.Compare(a.SpanID[:], b.SpanID[:]))
	})
	if len(got) != len(want) {
		t.Fatalf("got %d spans, want %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("span %d:\n got %+v\n     %+v %+v\nwant %+v\n     %+v %+v", i, got[i], got[i].Resource, got[i].Scope, want[i], want[i].Resource, want[i].Scope)
		}
	}
}

func TestUnknownTraceIsNotFound(t *testing.T) {
	s := open(t)
	_, err := s.Trace(t.Context(), store.TraceID{1})
	if e, ok := errors.AsType[*store.Error](err); !ok || e.Kind != store.NotFound {
		t.Fatalf("got %v, want an Error of kind NotFound", err)
	}
}

// TestOddValuesAreFound sends what breaks a careless quoting through every kind of parameter.
func TestOddValuesAreFound(t *testing.T) {
	s := open(t)
	var spans []store.Span
	for i, odd := range oddStrings {
		span := shopTrace(i, shopTime.Add(time.Duration(i)*time.Second), false)[0]
		span.Service, span.Name = "service "+odd, "name "+odd
		span.Attributes = store.Attributes{{Key: "odd", Value: store.StringValue(odd)}, {Key: "key " + odd, Value: store.IntValue(int64(i))}}
		spans = append(spans, span)
	}
	insert(t, s, "", spans...)
	for i, odd := range oddStrings {
		finds := func(p store.Predicate) {
			t.Helper()
			if got := search(t, s, store.TraceQuery{Limit: 100, Where: p}); len(got) != 1 || got[0] != i {
				t.Errorf("%+v: found %v, want %d", p, got, i)
			}
		}
		finds(store.Predicate{Field: "odd", Value: store.StringValue(odd)})
		finds(store.Predicate{Field: "key " + odd, Value: store.IntValue(int64(i))})
		finds(store.Predicate{Field: "key " + odd, Op: store.OpExists})
		finds(store.Predicate{Field: store.FieldService, Value: store.StringValue("service " + odd)})
		trace, err := s.Trace(t.Context(), spans[i].TraceID)
		if err != nil {
			t.Fatal(err)
		}
		compareSpans(t, trace.Spans, spans[i:i+1])
		if ops, err := s.Operations(t.Context(), "service "+odd); err != nil || len(ops) != 1 || ops[0].Name != "name "+odd {
			t.Errorf("operations of %q: %v, %v", odd, ops, err)
		}
		if odd == "" {
			continue // no use in a menu
		}
		if values, err := s.AttributeValues(t.Context(), "odd", odd, 10); err != nil || !slices.Contains(values, odd) {
			t.Errorf("values that start with %q: %q, %v", odd, values, err)
		}
	}
}
