package store_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"weft/store"
	"weft/store/storetest"
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

	stored := scan(t, s, `SELECT hex(trace_id), toString(day), min(start_ns), max(end_ns), max(last_start_ns), sum(spans), sum(errors)
		FROM trace_summaries GROUP BY trace_id, day ORDER BY trace_id, day`)
	if len(stored) != 105 {
		t.Errorf("%d rows, want 100 traces of the generator and 5 of trace days", len(stored))
	}
	same(t, stored, scan(t, s, `WITH toUnixTimestamp64Nano(start_time) AS ns
		SELECT hex(trace_id), toString(toDate32(start_time)) AS day, min(ns), max(ns + duration_ns), max(ns), count(), countIf(status_code = 2)
		FROM spans GROUP BY trace_id, day ORDER BY trace_id, day`))
	same(t, summaries(t, s), scan(t, s, summedUp))
}

// summedUp is what summaries returns, from the spans.
const summedUp = `SELECT arrayStringConcat([hex(trace_id), toString(min(lo)), toString(max(hi)), toString(max(last)), toString(sum(n)), toString(sum(failed)),
		toString(min(root)), arrayStringConcat(arraySort(groupArray(concat(service, '=', toString(n), '/', toString(failed)))), ',')], ' ')
	FROM (
		WITH toUnixTimestamp64Nano(start_time) AS ns
		SELECT trace_id, toString(service_name) AS service, min(ns) AS lo, max(ns + duration_ns) AS hi, max(ns) AS last, count() AS n,
			countIf(status_code = 2) AS failed, min((toUInt8(parent_span_id != 0), intDiv(ns, 4), toString(service_name), toString(name))) AS root
		FROM spans GROUP BY trace_id, service_name
	) GROUP BY trace_id ORDER BY trace_id`

// summaries are those of all traces, as searches read them, a line each.
func summaries(t testing.TB, s *store.Store) []string {
	t.Helper()
	var ids []store.TraceID
	for _, id := range scan(t, s, "SELECT DISTINCT hex(trace_id) FROM trace_summaries ORDER BY trace_id") {
		raw, err := hex.DecodeString(id)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, store.TraceID(raw))
	}
	lines, err := s.SummaryLines(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func same(t testing.TB, got, want []string) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("row %d\n%s\nwant:\n%s", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
}

// TestTraceEntriesOfBefore migrates a database whose summaries had columns of their own for what entries hold.
func TestTraceEntriesOfBefore(t *testing.T) {
	dsn := storetest.DSN(t)
	conn, err := store.OpenSQL(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := store.Migrate(t.Context(), conn, store.MigrationsBefore(t, 14)); err != nil {
		t.Fatal(err)
	}
	for _, values := range []string{
		"unhex('01000000000000000000000000000000'), '2026-11-20', 1000000001, 1000000900, 1000000500, 3, 2, (0, 250000100 - 4611686018427387904, 'web', 'GET /'), map('web', 2, 'db', 1), map('db', 1, 'web', 1)",
		"unhex('01000000000000000000000000000000'), '2026-11-20', 999999999, 1000000800, 1000000500, 1, 0, (1, 249999999, 'cart', ''), map('cart', 1), map()",
		"unhex('02000000000000000000000000000000'), '2026-11-20', -5, 7, -5, 1, 0, (1, -1, 'clock', 'never set'), map('clock', 1), map()",
	} {
		if err := conn.Exec(t.Context(), `INSERT INTO trace_summaries (trace_id, day, start_ns, end_ns, last_start_ns, spans, errors, root, service_spans, service_errors)
			SELECT `+values); err != nil {
			t.Fatal(err)
		}
	}
	s := openDSN(t, dsn, store.Retention{})
	same(t, summaries(t, s), []string{
		"01000000000000000000000000000000 999999999 1000000900 1000000500 4 2 (0,250000100,'web','GET /') cart=1/0,db=1/1,web=2/1",
		"02000000000000000000000000000000 -5 7 -5 1 0 (1,-1,'clock','never set') clock=1/0",
	})
}

// TestTraceEntryCutOff reads entries that end too early.
func TestTraceEntryCutOff(t *testing.T) {
	s := open(t)
	for _, entry := range []string{"", "short", strings.Repeat("\x00", 33), strings.Repeat("\x00", 33) + "\x05\x00\x00\x00web", strings.Repeat("\x00", 41) + "\x01\x00\x00\x00a\x01\x00"} {
		id := store.TraceID{9}
		if err := s.SQL().Exec(t.Context(), "INSERT INTO trace_summaries (trace_id, day, entries) SELECT unhex('"+id.String()+"'), today(), [unhex('"+hex.EncodeToString([]byte(entry))+"')]"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.SummaryLines(t.Context(), []store.TraceID{id}); err == nil || !strings.Contains(err.Error(), "an entry of trace_summaries is cut off") {
			t.Errorf("%q: %v", entry, err)
		}
		if err := s.SQL().Exec(t.Context(), "TRUNCATE TABLE trace_summaries"); err != nil {
			t.Fatal(err)
		}
	}
}
