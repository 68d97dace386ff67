package store_test

import (
	"reflect"
	"testing"
	"time"

	"weft/store"
)

// TestTraceSummariesAgreeWithSpans has the engine sum up the stored spans itself.
func TestTraceSummariesAgreeWithSpans(t *testing.T) {
	s := open(t)
	g := newLoadGenerator(3, shopTime)
	b := store.NewSpanBatch()
	var late []store.Span // every fifth span comes in another batch
	n := 0
	for range 100 {
		g.trace(func(span *store.Span) {
			if n++; n%5 == 0 {
				cut := *span
				cut.Attributes, cut.Events, cut.Links = nil, nil, nil // the generator's own memory
				late = append(late, cut)
				return
			}
			b.Append(span)
		})
	}
	odd := func(trace byte, change func(*store.Span)) {
		span := shopTrace(0, shopTime, false)[2]
		span.TraceID = store.TraceID{trace}
		change(&span)
		b.Append(&span)
	}
	// Trace 1 has no root and an error, and crosses midnight; 2 has two roots, the later one first; 3 has two spans of equal rank.
	odd(1, func(s *store.Span) { s.StatusCode = store.StatusError })
	odd(1, func(s *store.Span) { s.StartNS += 24 * int64(time.Hour); s.Service = "web" })
	odd(2, func(s *store.Span) { s.ParentSpanID = store.SpanID{}; s.StartNS += 50; s.Name = "second" })
	odd(2, func(s *store.Span) { s.ParentSpanID = store.SpanID{}; s.Name = "first" })
	odd(2, func(s *store.Span) { s.StartNS -= 1000; s.DurationNS = 0 })
	odd(3, func(s *store.Span) {})
	odd(3, func(s *store.Span) {})
	// The clock of a device that was never set.
	odd(4, func(s *store.Span) { s.StartNS = -5 })
	if err := s.InsertSpans(t.Context(), b, "early"); err != nil {
		t.Fatal(err)
	}
	// A batch that is used again holds nothing of its first use.
	b.Reset()
	for i := range late {
		b.Append(&late[i])
	}
	if err := s.InsertSpans(t.Context(), b, "late"); err != nil {
		t.Fatal(err)
	}

	stored := scan(t, s, `SELECT hex(trace_id), toString(day), min(start_ns), max(end_ns), max(last_start_ns), sum(spans), sum(errors), toString(min(root)),
		toString(arraySort(arrayZip(tupleElement(sumMap(mapKeys(service_spans), mapValues(service_spans)) AS m, 1), tupleElement(m, 2)))),
		toString(arraySort(arrayZip(tupleElement(sumMap(mapKeys(service_errors), mapValues(service_errors)) AS e, 1), tupleElement(e, 2))))
		FROM trace_summaries GROUP BY trace_id, day ORDER BY trace_id, day`)
	counted := scan(t, s, `WITH toUnixTimestamp64Nano(start_time) AS ns, intDiv(ns, 4) - if(parent_span_id = 0, 4611686018427387904, 0) AS rank
		SELECT hex(trace_id), toString(toDate32(start_time)) AS day, min(ns), max(ns + duration_ns), max(ns), count(), countIf(status_code = 2),
		toString(min((toUInt8(parent_span_id != 0), rank, toString(service_name), toString(name)))),
		toString(arraySort(arrayZip(tupleElement(sumMap([toString(service_name)], [1::UInt64]) AS m, 1), tupleElement(m, 2)))),
		toString(arraySort(arrayZip(tupleElement(sumMapIf([toString(service_name)], [1::UInt64], status_code = 2) AS e, 1), tupleElement(e, 2))))
		FROM spans GROUP BY trace_id, day ORDER BY trace_id, day`)
	if len(stored) != 105 {
		t.Errorf("%d rows, want 100 traces of the generator and 5 of trace days", len(stored))
	}
	if !reflect.DeepEqual(stored, counted) {
		for i := range min(len(stored), len(counted)) {
			if stored[i] != counted[i] {
				t.Fatalf("row %d\n%s\nof the spans:\n%s", i, stored[i], counted[i])
			}
		}
		t.Errorf("%d rows, the spans have %d", len(stored), len(counted))
	}
}
