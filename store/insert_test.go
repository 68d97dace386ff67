package store_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"weft/semconv"
	"weft/store"
	"weft/store/storetest"
)

// scan returns the rows of a statement as text.
func scan(t testing.TB, s *store.Store, statement string, params ...any) []string {
	t.Helper()
	rows, err := s.SQL().Query(t.Context(), statement, params...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		all = append(all, scanText(t, rows))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func scanText(t testing.TB, rows driver.Rows) string {
	t.Helper()
	var cells []any
	for _, c := range rows.ColumnTypes() {
		cells = append(cells, reflect.New(c.ScanType()).Interface())
	}
	if err := rows.Scan(cells...); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, c := range cells {
		texts = append(texts, fmt.Sprint(reflect.ValueOf(c).Elem().Interface()))
	}
	return strings.Join(texts, "\t")
}

func TestColumnsMatchSchema(t *testing.T) {
	s := open(t)
	inTable := make(map[string]string)
	for _, row := range scan(t, s, "SELECT table || '.' || name, type FROM system.columns WHERE database = currentDatabase()") {
		name, typ, _ := strings.Cut(row, "\t")
		inTable[name] = typ
	}
	written := make(map[string]bool)
	for _, c := range store.WrittenColumns() {
		name := c.Table + "." + c.Name
		written[name], written[c.Table] = true, true
		if inTable[name] != c.Type {
			t.Errorf("%s: the table has %q, the writer sends %q", name, inTable[name], c.Type)
		}
	}
	for name := range inTable {
		table, _, _ := strings.Cut(name, ".")
		if written[table] && !written[name] && name != "spans.inserted_at" && name != "edges.updated_at" {
			t.Errorf("%s: the writer does not fill it", name)
		}
	}
}

// contents counts what every table holds; sums stand for the rows of aggregating tables, which may not be merged yet.
func contents(t testing.TB, s *store.Store) map[string]string {
	t.Helper()
	got := make(map[string]string)
	for table, what := range map[string]string{
		"spans": "count()", "trace_summaries": "(sum(spans), sum(errors))", "operations": "sum(spans)", "links_reverse": "count()",
		"resources": "count()", "scopes": "count()", "attribute_keys": "count()", "attribute_values": "count()", "peers": "count()",
		"operation_minutes": "(sum(calls), sum(errors), sum(arraySum(mapValues(latency))))",
		"invocations":       "count()", "instances": "count()", "profiles": "count()", "span_starts": "count()", "function_minutes": "(sum(calls), sum(cold_starts), sum(arraySum(mapValues(latency))))",
		"logs": "count()", "metrics": "count()", "metric_names": "sum(points)",
	} {
		got[table] = scan(t, s, "SELECT toString("+what+") FROM "+table)[0]
	}
	return got
}

// everySignal is a batch of each.
func everySignal(t testing.TB) (*store.SpanBatch, *store.LogBatch, *store.MetricBatch) {
	t.Helper()
	spans, logs, metrics := store.NewSpanBatch(), store.NewLogBatch(), store.NewMetricBatch()
	trace := shopTrace(1, shopTime, true)
	trace[1].Links = []store.Link{{TraceID: store.TraceID{7}, SpanID: store.SpanID{7}}}
	for i := range trace {
		spans.Append(&trace[i])
		// A second day, so that a batch makes several parts in every table.
		later := trace[i]
		later.StartNS += 24 * int64(time.Hour)
		spans.Append(&later)
	}
	for i := range 5 {
		at := shopTime.Add(time.Duration(i) * 10 * time.Hour).UnixNano()
		logs.Append(&store.Log{TimeNS: at, TraceID: trace[0].TraceID, Body: store.StringValue("hello"), Resource: trace[0].Resource, Scope: trace[0].Scope, Service: "web"})
		for _, event := range []string{semconv.EventInvocation, semconv.EventInstance, semconv.EventProfile, semconv.EventSpanStart} {
			logs.Append(&store.Log{TimeNS: at, EventName: event, Data: []byte("profile"), Resource: trace[0].Resource, Scope: trace[0].Scope, Service: "fn", Attributes: store.Attributes{
				{Key: semconv.InvocationDuration, Value: store.IntValue(1e6)}, {Key: "faas.coldstart", Value: store.BoolValue(i == 0)}}})
		}
		metrics.Append(&store.MetricPoint{Name: "requests", Type: store.MetricSum, TimeNS: at, Value: 1, Resource: trace[0].Resource, Scope: trace[0].Scope, Service: "web"})
	}
	return spans, logs, metrics
}

func insertAll(t testing.TB, s *store.Store, token string) {
	t.Helper()
	spans, logs, metrics := everySignal(t)
	retry(t, func(ctx context.Context) error { return s.InsertSpans(ctx, spans, token) })
	retry(t, func(ctx context.Context) error { return s.InsertLogs(ctx, logs, token) })
	retry(t, func(ctx context.Context) error { return s.InsertMetrics(ctx, metrics, token) })
}

// retry repeats what a client may repeat until it succeeds.
func retry(t testing.TB, insert func(ctx context.Context) error) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		err := insert(t.Context())
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestSameTokenIsStoredOnce(t *testing.T) {
	s := open(t)
	insertAll(t, s, "batch-1")
	once := contents(t, s)
	if once["spans"] != "8" || once["trace_summaries"] != "(8,2)" || once["links_reverse"] != "2" || once["logs"] != "5" || once["invocations"] != "5" || once["instances"] != "5" || once["profiles"] != "5" || once["span_starts"] != "5" || once["function_minutes"] != "(5,1,5)" || once["metric_names"] != "5" {
		t.Fatalf("after one insert: %v", once)
	}
	insertAll(t, s, "batch-1")
	if got := contents(t, s); !reflect.DeepEqual(got, once) {
		t.Errorf("the same token again changed\n     %v\ninto %v", once, got)
	}
	insertAll(t, s, "batch-2")
	twice := contents(t, s)
	for table, want := range map[string]string{"spans": "16", "trace_summaries": "(16,4)", "operations": "16", "operation_minutes": "(16,4,16)", "links_reverse": "4", "logs": "10", "invocations": "10", "instances": "10", "profiles": "10", "span_starts": "10", "function_minutes": "(10,2,10)", "metrics": "10", "metric_names": "10"} {
		if twice[table] != want {
			t.Errorf("after another token: %s holds %s, want %s", table, twice[table], want)
		}
	}
	insertAll(t, s, "")
	insertAll(t, s, "")
	if got := contents(t, s)["spans"]; got != "32" {
		t.Errorf("equal batches without token: %s spans, want 32", got)
	}
}

// TestSameTokenAcrossEngineKill is the replay after a crash: by a new process, or by the same one that saw its insert fail.
func TestSameTokenAcrossEngineKill(t *testing.T) {
	dsn := storetest.DSN(t)
	s := openDSN(t, dsn, store.Retention{})
	insertAll(t, s, "batch-1")
	once := contents(t, s)

	eng := storetest.Engine(t)
	if err := syscall.Kill(eng.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	insertAll(t, s, "batch-1") // fails until the engine is back
	if got := contents(t, s); !reflect.DeepEqual(got, once) {
		t.Errorf("replay by the same process changed\n     %v\ninto %v", once, got)
	}
	again := openDSN(t, dsn, store.Retention{})
	insertAll(t, again, "batch-1")
	if got := contents(t, again); !reflect.DeepEqual(got, once) {
		t.Errorf("replay by a new process changed\n     %v\ninto %v", once, got)
	}
	insertAll(t, again, "batch-2")
	if got := contents(t, again)["spans"]; got != "16" {
		t.Errorf("a new batch after the crash: %s spans, want 16", got)
	}
}

func TestBatchOfManyDays(t *testing.T) {
	s := open(t)
	b := store.NewSpanBatch()
	const days = 400
	for i := range days {
		for _, span := range shopTrace(i, shopTime.Add(-time.Duration(i)*24*time.Hour), false)[:1] {
			b.Append(&span)
		}
	}
	if err := s.InsertSpans(t.Context(), b, "import"); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, s); got["spans"] != "400" || got["trace_summaries"] != "(400,0)" || got["operations"] != "400" {
		t.Errorf("stored: %v", got)
	}
	if found := search(t, s, store.TraceQuery{Limit: 1000}); len(found) != days || !slices.IsSorted(found) {
		t.Errorf("search found %d traces in order %v", len(found), found)
	}
	last := shopTrace(days-1, shopTime.Add(-(days-1)*24*time.Hour), false)
	trace, err := s.Trace(t.Context(), last[0].TraceID)
	if err != nil {
		t.Fatal(err)
	}
	compareSpans(t, trace.Spans, last[:1])
}

func TestEmptyBatchesAreNoInserts(t *testing.T) {
	s := open(t)
	spans, logs, metrics := store.NewSpanBatch(), store.NewLogBatch(), store.NewMetricBatch()
	if err := s.InsertSpans(t.Context(), spans, "a"); err != nil {
		t.Error(err)
	}
	if err := s.InsertLogs(t.Context(), logs, "a"); err != nil {
		t.Error(err)
	}
	if err := s.InsertMetrics(t.Context(), metrics, "a"); err != nil {
		t.Error(err)
	}
}
