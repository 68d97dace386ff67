package store_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"

	"weft/semconv"
	"weft/store"
)

// TestReadsUseTheirIndexes runs EXPLAIN indexes = 1 over every read and compares which indexes leave out how much with
// testdata/explain.txt. The data is one part a table and day, so that the numbers of granules are the same everywhere. After a
// change of schema or queries: go test ./store -run Indexes -update, and read the diff.
func TestReadsUseTheirIndexes(t *testing.T) {
	s := open(t)
	ids := fillForExplain(t, s)
	for _, table := range scan(t, s, "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'") {
		if err := s.SQL().Exec(t.Context(), "OPTIMIZE TABLE "+table+" FINAL"); err != nil {
			t.Fatal(err)
		}
	}
	from, to := shopTime.UnixNano(), shopTime.Add(2*time.Second).UnixNano()
	params := map[string]any{
		"trace_ids": []string{string(ids[3][:]), string(ids[4][:])}, "id": ids[3].String(), "span": uint64(7), "span_id": uint64(7),
		"services": []string{genService(3), genService(10)}, "service": genService(3), "from": from, "to": to,
		"hashes": []uint64{1, 2}, "from_day": uint16(20574), "to_day": uint16(20574),
		"prefix": "ten", "limit": 100, "keys": []string{"tenant.id"}, "database": "x", "snapshot": from / 1e6,
		"min_duration": int64(0), "max_duration": int64(0), "errors_only": false,
		"severity": uint8(0), "contains": "", "cursor_time": to, "cursor_hash": uint64(1 << 63), "skip": 0, "name": "latency",
		"passes": uint32(1), "pass": uint32(0), "span_ids": []uint64{}, "buckets": []int64{explainEdges.Add(2 * time.Hour).Unix()}, "inserted": int64(0), "share": uint64(1), "shares": uint64(2),
		"step": int64(60e9), "coarse": false, "read_1h": uint8(1), "since": explainEdges.Add(2 * time.Hour).UnixMilli(),
		"from_hour": from / 3600e9, "to_hour": to / 3600e9, "group": uint8(3), "kinds": []uint16{2}, "operation": "",
		"around": from, "by_time": true,
		"function": "fn-3", "functions": []string{"fn-3", "fn-4"}, "outcomes": []string{}, "versions": []string{}, "cold": uint8(2), "worst": uint8(1), "state": "",
	}
	got := make(map[string]string)
	for _, name := range s.QueryNames() {
		statement := s.Named(name)
		params := params
		if strings.Contains(statement, "FROM edges") {
			params = maps.Clone(params)
			// From 1:54:50 to 4:05:10.
			for name, at := range map[string]int64{"from": -310, "from_5m": -300, "from_1h": 0, "to_1h": 2 * 3600, "to_5m": 2*3600 + 300, "to": 2*3600 + 310} {
				params[name] = explainEdges.Add(2*time.Hour).Unix() + at
			}
		}
		got["query "+name] = explain(t, s, statement, arguments(statement, params), ids)
	}
	withText := maps.Clone(params)
	withText["contains"], withText["id"] = "%line 77%", ""
	got["query search_logs for a text"] = explain(t, s, s.Named("search_logs"), arguments(s.Named("search_logs"), withText), ids)
	str := store.StringValue
	eq := func(field string, v store.Value) store.Predicate { return store.Predicate{Field: field, Value: v} }
	everyService := maps.Clone(params)
	everyService["services"], everyService["service"], everyService["kinds"] = []string{}, "", []uint16{}
	for _, name := range []string{"operation_totals", "statement_totals"} {
		got["query "+name+" of every service"] = explain(t, s, s.Named(name), arguments(s.Named(name), everyService), ids)
	}
	heat, heatArgs, err := s.HeatmapStatement(t.Context(), store.TraceQuery{ErrorsOnly: true, Where: store.And{
		eq(store.FieldService, str(genService(3))), eq("order.id", str("no such order"))}}, from, to, 1e9)
	if err != nil {
		t.Fatal(err)
	}
	got["heat map of a needle in failed traces"] = explain(t, s, heat, heatArgs, ids)
	for name, q := range map[string]store.TraceQuery{
		"everything":       {},
		"service":          {Where: store.Predicate{Field: store.FieldService, Value: store.StringValue(genService(3))}},
		"operation":        {Where: store.Predicate{Field: store.FieldName, Value: store.StringValue("nobody does this")}},
		"needle":           {Where: store.Predicate{Field: "order.id", Value: store.StringValue("no such order")}},
		"needle number":    {Where: store.Predicate{Field: "rpc.message.id", Value: store.IntValue(-77)}},
		"needle as text":   {Where: store.Predicate{Field: "rpc.message.id", Value: store.StringValue("-77")}},
		"promoted text":    {Where: store.Predicate{Field: "url.path", Value: store.StringValue("/nowhere")}},
		"long spans":       {Where: store.Predicate{Field: store.FieldDuration, Op: store.OpGreater, Value: store.IntValue(1e12)}},
		"resource":         {Where: store.Predicate{Field: "container.id", Value: store.StringValue("none")}},
		"errors of traces": {ErrorsOnly: true},
		"error":            {Where: eq(store.FieldError, store.BoolValue(true))},
		"event":            {Where: eq(store.FieldEvent, str("cache miss"))},
		"retries":          {Where: eq(store.FieldRetry, store.BoolValue(true))},
		"in":               {Where: store.Predicate{Field: "order.id", Op: store.OpIn, Values: []store.Value{str("no such order"), str("nor this")}}},
		"in names":         {Where: store.Predicate{Field: store.FieldName, Op: store.OpIn, Values: []store.Value{str("nobody"), str("nothing")}}},
		"in numbers":       {Where: store.Predicate{Field: "rpc.message.id", Op: store.OpIn, Values: []store.Value{store.IntValue(-77), store.IntValue(-78)}}},
		"regex":            {Where: store.Predicate{Field: "order.id", Op: store.OpMatches, Value: str("^0000")}},
		"regex of none":    {Where: store.Predicate{Field: "rare.key", Op: store.OpMatches, Value: str("^0000")}},
		"exists":           {Where: store.Predicate{Field: "rare.key", Op: store.OpExists}},
		"greater":          {Where: store.Predicate{Field: "rare.number", Op: store.OpGreater, Value: store.IntValue(5)}},
		"flag":             {Where: eq("rare.flag", store.BoolValue(true))},
		"not equal":        {Where: store.Predicate{Field: "rare.key", Op: store.OpNotEqual, Value: str("x")}},
		"not":              {Where: store.Not{Of: eq("order.id", str("no such order"))}},
		"not in":           {Where: store.Not{Of: store.Or{eq(store.FieldService, str(genService(3))), eq(store.FieldName, str("x"))}}},
		"promoted code":    {Where: store.Predicate{Field: "http.response.status_code", Op: store.OpGreaterEqual, Value: store.IntValue(900)}},
		"span scope":       {Where: store.Predicate{Field: "order.id", Scope: store.ScopeSpan, Value: str("no such order")}},
		"resource scope":   {Where: store.Predicate{Field: "container.id", Scope: store.ScopeResource, Value: str("none")}},
		"or in one index":  {Where: store.Or{eq("order.id", str("no such order")), eq("order.id", str("nor this")), eq("tenant.id", str("no tenant"))}},
		"or of indexes":    {Where: store.Or{eq("order.id", str("no such order")), eq(store.FieldName, str("nobody does this")), eq("url.path", str("/nowhere"))}},
		"or of service":    {Where: store.Or{eq(store.FieldService, str(genService(3))), eq(store.FieldName, str("nobody does this"))}},
		"or of services":   {Where: store.Or{eq(store.FieldService, str(genService(3))), eq(store.FieldService, str(genService(4)))}},
		"or of resources":  {Where: store.Or{eq("container.id", str("none")), eq("order.id", str("no such order"))}},
		"or beside and": {Where: store.And{eq(store.FieldService, str(genService(3))),
			store.Or{eq("order.id", str("no such order")), store.And{eq(store.FieldName, str("nobody does this")), eq(store.FieldError, store.BoolValue(true))}}}},
		"structure": {Structure: &store.Structure{A: eq(store.FieldName, str("nobody does this")), B: eq("order.id", str("no such order"))}},
	} {
		q.Limit = 20
		sql, args, err := s.CandidateStatement(t.Context(), q, from, to)
		if err != nil || sql == "" {
			t.Fatal(name, err)
		}
		got["search "+name] = explain(t, s, sql, args, ids)
	}
	for name, q := range map[string]store.TraceQuery{
		"service":             {Where: eq(store.FieldService, str(genService(3)))},
		"needle":              {Where: eq("order.id", str("no such order"))},
		"errors of a service": {Where: eq(store.FieldService, str(genService(3))), ErrorsOnly: true},
	} {
		statements, args, err := s.SelectionStatements(t.Context(), q, "host.name")
		if err != nil {
			t.Fatal(name, err)
		}
		for what, sql := range statements {
			got[what+" of "+name] = explain(t, s, sql, args, ids)
		}
	}
	sql, args, err := s.StructureStatement(t.Context(), store.TraceQuery{
		Limit: 1, Structure: &store.Structure{A: eq(store.FieldService, str(genService(3))), B: eq(store.FieldError, store.BoolValue(true))},
	}, from, to)
	if err != nil {
		t.Fatal(err)
	}
	got["structure of some traces"] = explain(t, s, sql, args, ids)
	statements, analysisArgs, err := s.AnalysisStatements(t.Context(), store.TraceQuery{Where: eq(store.FieldService, str(genService(3)))}, from, to)
	if err != nil {
		t.Fatal(err)
	}
	for what, sql := range statements {
		got["analysis: "+what] = explain(t, s, sql, analysisArgs[what], ids)
	}
	below := store.TraceQuery{Structure: &store.Structure{B: eq(store.FieldService, str(genService(3)))}}
	if statements, analysisArgs, err = s.AnalysisStatements(t.Context(), below, from, to); err != nil {
		t.Fatal(err)
	}
	got["analysis: sample of a structure"] = explain(t, s, statements["sample"], analysisArgs["sample"], ids)
	if heat, heatArgs, err = s.HeatmapStatement(t.Context(), below, from, to, 1e9); err != nil {
		t.Fatal(err)
	}
	got["heat map of a structure"] = explain(t, s, heat, heatArgs, ids)
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(got)) {
		fmt.Fprintf(&text, "%s\n%s\n", name, got[name])
	}
	const golden = "testdata/explain.txt"
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(golden, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("indexes are used differently; got\n%s\nwant\n%s", text.String(), want)
	}
}

var usedParam = regexp.MustCompile(`\{(\w+):`)

// arguments picks the parameters that the statement uses.
func arguments(statement string, params map[string]any) []any {
	var args []any
	seen := make(map[string]bool)
	for _, m := range usedParam.FindAllStringSubmatch(statement, -1) {
		if !seen[m[1]] {
			args = append(args, clickhouse.Named(m[1], params[m[1]]))
			seen[m[1]] = true
		}
	}
	return args
}

// explainEdges is when the edges begin: the edges of six hours, on one day.
var explainEdges = shopTime.Truncate(24 * time.Hour)

func fillForExplain(t testing.TB, s *store.Store) (ids []store.TraceID) {
	t.Helper()
	g := newLoadGenerator(1, shopTime)
	b := store.NewSpanBatch()
	for b.Rows() < 50_000 {
		id, _ := g.trace(b.Append)
		ids = append(ids, id)
		if len(ids) == 100 {
			rare := store.Span{TraceID: id, SpanID: store.SpanIDFromUint64(1), StartNS: g.atNS, Service: genService(3), Resource: g.resources[3*genInstances], Scope: g.scopes[3],
				Attributes: store.Attributes{{Key: "rare.flag", Value: store.BoolValue(true)}, {Key: "rare.key", Value: store.StringValue("0")}, {Key: "rare.number", Value: store.IntValue(7)}}}
			b.Append(&rare)
		}
	}
	if err := s.InsertSpans(t.Context(), b, ""); err != nil {
		t.Fatal(err)
	}
	logs, metrics := store.NewLogBatch(), store.NewMetricBatch()
	for i := range 20_000 {
		at := shopTime.UnixNano() + int64(i)*1e6
		logs.Append(&store.Log{TimeNS: at, TraceID: ids[i%len(ids)], Service: genService(i % genServices), Body: store.StringValue(fmt.Sprint("line ", i)), SeverityNumber: 9})
		metrics.Append(&store.MetricPoint{TimeNS: at, Name: fmt.Sprint("metric-", i%50), Service: genService(i % genServices), Type: store.MetricGauge, Value: 1})
	}
	fillFunctions(logs, ids)
	if err := s.InsertLogs(t.Context(), logs, ""); err != nil {
		t.Fatal(err)
	}
	if err := s.InsertMetrics(t.Context(), metrics, ""); err != nil {
		t.Fatal(err)
	}
	var edges []store.Edge
	for at := explainEdges.Unix(); at < explainEdges.Add(6*time.Hour).Unix(); at += 10 {
		for i := range 30 {
			edges = append(edges, store.Edge{BucketUnix: at, Type: store.EdgeCall, Source: genService(i), Target: genService(i + 1), Calls: 1, DurationNS: 1e6,
				Latency: store.Histogram{semconv.LatencyBucket(1e6): 1}})
		}
	}
	if err := s.InsertEdges(t.Context(), edges, ""); err != nil {
		t.Fatal(err)
	}
	return ids
}

// fillFunctions adds invocations, instances, profiles and span starts of 40 functions over 5 hours.
func fillFunctions(logs *store.LogBatch, ids []store.TraceID) {
	for i := range 20_000 {
		l := store.Log{TimeNS: shopTime.UnixNano() + int64(i)*9e8, TraceID: ids[i%len(ids)], SpanID: store.SpanIDFromUint64(uint64(i % 9)), Service: fmt.Sprint("fn-", i%40), Data: []byte{1},
			Attributes: store.Attributes{intAttr(semconv.InvocationDuration, 1e6), textAttr(semconv.InvocationOutcome, "success"), boolAttr("faas.coldstart", i%100 == 3)}}
		for _, l.EventName = range []string{semconv.EventInvocation, semconv.EventInstance, semconv.EventProfile, semconv.EventSpanStart} {
			logs.Append(&l)
		}
	}
}

var (
	explainTable = regexp.MustCompile(`ReadFromMergeTree \(\w+\.(\w+)\)|(ReadFrom\w+ \([^)]*\))`)
	explainIndex = regexp.MustCompile(`^(Min-Max|MinMax|Partition|PrimaryKey|Skip)$`)
	explainCount = regexp.MustCompile(`^(Parts|Granules): (\d+/\d+)$`)
	explainName  = regexp.MustCompile(`^Name: (\w+)$`)
)

// explain keeps of an EXPLAIN what says which indexes were used: per table, "index granules left/before".
func explain(t testing.TB, s *store.Store, statement string, args []any, ids []store.TraceID) string {
	t.Helper()
	columns := []func(*ext.Table) error{ext.Column("trace_id", "FixedString(16)")}
	if strings.Contains(statement, "JOIN candidates") {
		columns = append(columns, ext.Column("n", "UInt32"))
	}
	candidates, err := ext.NewTable("candidates", columns...)
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range ids[:3] {
		if err := candidates.Append([]any{string(id[:]), uint32(i)}[:len(columns)]...); err != nil {
			t.Fatal(err)
		}
	}
	parents, err := ext.NewTable("parents", ext.Column("span_id", "UInt64"))
	if err != nil {
		t.Fatal(err)
	}
	names, err := ext.NewTable("names", ext.Column("name", "String"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(parents.Append(uint64(7)), names.Append(genService(3))); err != nil {
		t.Fatal(err)
	}
	ctx := clickhouse.Context(t.Context(), clickhouse.WithExternalTable(candidates, parents, names), clickhouse.WithSettings(clickhouse.Settings{"explain_query_plan_default": "legacy"}))
	rows, err := s.SQL().Query(ctx, "EXPLAIN indexes = 1 "+statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	var lines []string
	index := ""
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		line = strings.TrimLeft(line, " │├└─")
		switch {
		case explainTable.MatchString(line):
			m := explainTable.FindStringSubmatch(line)
			lines, index = append(lines, "  "+m[1]+m[2]), ""
		case explainIndex.MatchString(line):
			index = line
		case explainName.MatchString(line):
			index = explainName.FindStringSubmatch(line)[1]
		case explainCount.MatchString(line) && index != "":
			if m := explainCount.FindStringSubmatch(line); m[1] == "Granules" {
				lines, index = append(lines, "    "+index+" "+m[2]), ""
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n") + "\n"
}
