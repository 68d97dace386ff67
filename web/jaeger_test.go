package web

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jaegertracing/jaeger-idl/model/v1"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/jaeger"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/store"
)

var update = flag.Bool("update", false, "rewrite testdata")

// golden compares JSON with testdata/name, indented so that a change can be reviewed.
func golden(t *testing.T, name, body string) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, []byte(strings.TrimSpace(body)), "", "  "); err != nil {
		t.Fatalf("%s: %v in %s", name, err, body)
	}
	got.WriteByte('\n')
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s differs; go test ./web -update rewrites it. Got\n%s", name, got.String())
	}
}

// jaegerMetricsTime asks for three points a minute apart; the fake store has calls in the first minute before.
const jaegerMetricsTime = "endTs=1700000040000&lookback=120000&step=60000&ratePer=120000"

func TestJaegerGolden(t *testing.T) {
	srv := testServer(t, &fakeStore{traces: []*store.Trace{sampleTrace()}}, nil)
	for _, c := range []struct {
		file, path string
		status     int
	}{
		{"jaeger_v1_trace.json", "/api/traces/c0ffee00c0ffee", 200},
		{"jaeger_v1_search.json", "/api/traces?service=api&limit=5", 200},
		{"jaeger_v1_missing.json", "/api/traces/1", 404},
		{"jaeger_v1_by_ids.json", "/api/traces?traceID=00000000000000000000000000000001", 200},
		{"jaeger_v1_bad_id.json", "/api/traces/xyz", 400},
		{"jaeger_v1_services.json", "/api/services", 200},
		{"jaeger_v1_operation_names.json", "/api/services/api/operations", 200},
		{"jaeger_v1_operations.json", "/api/operations?service=api", 200},
		{"jaeger_v1_operations_server.json", "/api/operations?service=api&spanKind=server", 200},
		{"jaeger_v1_operations_no_service.json", "/api/operations", 400},
		{"jaeger_v1_dependencies.json", "/api/dependencies?endTs=1700000000000&lookback=60000&service=billing", 200},
		{"jaeger_v1_latencies.json", "/api/metrics/latencies?service=api&quantile=0.95&" + jaegerMetricsTime, 200},
		{"jaeger_v1_calls.json", "/api/metrics/calls?service=api&groupByOperation=true&spanKind=server&spanKind=client&" + jaegerMetricsTime, 200},
		{"jaeger_v1_errors.json", "/api/metrics/errors?service=api&" + jaegerMetricsTime, 200},
		{"jaeger_v1_minstep.json", "/api/metrics/minstep", 200},
		{"jaeger_v1_metrics_no_service.json", "/api/metrics/calls", 400},
		{"jaeger_v1_metrics_no_quantile.json", "/api/metrics/latencies?service=api", 400},
		{"jaeger_v1_no_route.json", "/api/nothing", 404},
		{"jaeger_v3_services.json", "/api/v3/services", 200},
		{"jaeger_v3_operations.json", "/api/v3/operations?service=api", 200},
		{"jaeger_v3_trace.json", "/api/v3/traces/c0ffee00c0ffee", 200},
		{"jaeger_v3_missing.json", "/api/v3/traces/1", 404},
		{"jaeger_v3_no_time.json", "/api/v3/traces?query.serviceName=api", 400},
		{"jaeger_v3_dependencies.json", "/api/v3/dependencies?startTime=2023-11-14T00:00:00Z&endTime=2023-11-15T00:00:00Z", 200},
		{"jaeger_v3_dependencies_no_time.json", "/api/v3/dependencies?startTime=2023-11-14T00:00:00Z", 400},
		{"jaeger_v3_page.json", "/api/v3/trace-summaries?query.startTimeMin=2023-11-14T00:00:00Z&query.startTimeMax=2023-11-15T00:00:00Z&query.pagination.pageSize=1", 200},
		{"jaeger_v3_bad_page.json", "/api/v3/trace-summaries?query.startTimeMin=2023-11-14T00:00:00Z&query.startTimeMax=2023-11-15T00:00:00Z&query.pagination.pageToken=x", 400},
		{"jaeger_v3_summaries.json", "/api/v3/trace-summaries?query.startTimeMin=2023-11-14T00:00:00Z&query.startTimeMax=2023-11-15T00:00:00Z", 200},
	} {
		got := get(t, srv.URL+c.path)
		if got.status != c.status || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: got %d %s, want %d", c.path, got.status, got.header.Get("Content-Type"), c.status)
		}
		golden(t, c.file, got.body)
	}
	got := do(t, request(t, http.MethodPost, srv.URL+"/api/archive/1", ""))
	if got.status != 501 {
		t.Errorf("archive: got %d, want 501", got.status)
	}
	golden(t, "jaeger_v1_archive.json", got.body)
	got = do(t, request(t, http.MethodPost, srv.URL+"/api/transform", string(appendOTLP(nil, sampleTrace()))))
	golden(t, "jaeger_v1_trace.json", got.body)
	if pretty := get(t, srv.URL+"/api/services?prettyPrint=true").body; !strings.Contains(pretty, "\n    \"data\": [\n") {
		t.Errorf("prettyPrint: got %s", pretty)
	}
}

// The conversion that Jaeger itself uses must come to the same tags, references, logs and times.
func TestJaegerModelEqualsTranslator(t *testing.T) {
	tr := sampleTrace()
	// The translator still renames this one key to its name of before 2023; Weft keeps keys as they were stored.
	tr.Spans[0].Attributes = append(tr.Spans[0].Attributes[:4:4], tr.Spans[0].Attributes[5:]...)
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(appendOTLP(nil, tr))
	if err != nil {
		t.Fatal(err)
	}
	ours := newJaegerTrace(tr)
	byID := map[string]jaegerSpan{}
	for _, sp := range ours.Spans {
		byID[sp.SpanID] = sp
	}
	count := 0
	for _, batch := range jaeger.ProtoFromTraces(td) {
		for _, theirs := range batch.Spans {
			count++
			got := byID[theirs.SpanID.String()]
			want := jaegerSpan{
				TraceID: theirs.TraceID.String(), SpanID: theirs.SpanID.String(), Flags: uint32(theirs.Flags),
				OperationName: theirs.OperationName, References: []jaegerReference{},
				StartTime: int64(model.TimeAsEpochMicroseconds(theirs.StartTime)),
				Duration:  int64(model.DurationAsMicroseconds(theirs.Duration)),
				Tags:      translatedTags(theirs.Tags), Logs: []jaegerLog{}, ProcessID: got.ProcessID,
			}
			for _, r := range theirs.References {
				want.References = append(want.References, jaegerReference{r.RefType.String(), r.TraceID.String(), r.SpanID.String()})
			}
			for _, l := range theirs.Logs {
				want.Logs = append(want.Logs, jaegerLog{int64(model.TimeAsEpochMicroseconds(l.Timestamp)), translatedTags(l.Fields)})
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("span %s:\n got %+v\nwant %+v", got.SpanID, got, want)
			}
			process := ours.Processes[got.ProcessID]
			if process.ServiceName != batch.Process.ServiceName || !reflect.DeepEqual(process.Tags, translatedTags(batch.Process.Tags)) {
				t.Errorf("process: got %+v, want %+v", process, batch.Process)
			}
		}
	}
	if count != len(tr.Spans) {
		t.Errorf("compared %d spans, want %d", count, len(tr.Spans))
	}
}

func translatedTags(list []model.KeyValue) []jaegerTag {
	out := []jaegerTag{}
	for _, kv := range list {
		tag := jaegerTag{Key: kv.Key, Type: strings.ToLower(kv.VType.String()), Value: kv.Value()}
		switch {
		case kv.VType == model.BinaryType:
			tag.Value = kv.AsString()
			var text string
			raw, _ := json.Marshal(kv.VBinary)
			json.Unmarshal(raw, &text)
			tag.Value = text
		case kv.VType == model.Int64Type && (kv.VInt64 > maxSafeInteger || kv.VInt64 < -maxSafeInteger):
			tag.Value = kv.AsString()
		}
		out = append(out, tag)
	}
	return out
}

func TestParseJaegerSearch(t *testing.T) {
	parse := func(query string) (jaegerSearch, error) {
		t.Helper()
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		return parseJaegerSearch(q, testNow)
	}
	str := store.StringValue
	got, err := parse(`service=api&operation=GET+/&start=1700000000000000&end=1700000001000000&limit=20&minDuration=1.2s&maxDuration=3s` +
		`&tag=a:b:c&tags={"error":"true","span.kind":"server","http.response.status_code":"500"}&lookback=1h&raw=true`)
	want := store.TraceQuery{
		Range: store.TimeRange{From: time.Unix(1_700_000_000, 0), To: time.Unix(1_700_000_001, 1000)},
		Where: store.AllOf([]store.Predicate{
			{Field: store.FieldService, Value: str("api")},
			{Field: store.FieldName, Value: str("GET /")},
			{Field: store.FieldDuration, Op: store.OpGreaterEqual, Value: store.IntValue(1_200_000_000)},
			{Field: store.FieldDuration, Op: store.OpLessEqual, Value: store.IntValue(3_000_000_000)},
			{Field: "a", Value: str("b:c")},
			{Field: store.FieldStatus, Value: str("error")},
			{Field: "http.response.status_code", Value: str("500")},
			{Field: store.FieldKind, Value: str("server")},
		}...),
		Limit: 20,
	}
	if err != nil || !reflect.DeepEqual(got.query, want) {
		t.Errorf("got %+v, %v\nwant %+v", got.query, err, want)
	}
	got, err = parse("")
	if err != nil || got.query.Limit != 100 || !got.query.Range.From.Equal(testNow.Add(-48*time.Hour)) {
		t.Errorf("defaults: got %+v, %v", got.query, err)
	}
	if got, err = parse("limit=100000"); err != nil || got.query.Limit != 1000 {
		t.Errorf("limit: got %d, %v, want 1000", got.query.Limit, err)
	}
	if got, err = parse("tags=" + url.QueryEscape(`{"error":"false"}`)); err != nil || got.query.Where.(store.Predicate).Op != store.OpNotEqual {
		t.Errorf("error=false: got %+v, %v", got.query.Where, err)
	}
	bad := func(query, want string) {
		t.Helper()
		if _, err := parse(query); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", query, err, want)
		}
	}
	bad("start=x", `unable to parse param 'start': strconv.ParseInt: parsing "x": invalid syntax`)
	bad("start=9223372036854775807", "unable to parse param 'start': outside the years 1678 to 2261")
	bad("start=2&end=1", "invalid parameter: start time must be before end time")
	bad("limit=0", "invalid parameter: limit must be greater than 0")
	bad("limit=x", `strconv.ParseInt: parsing "x": invalid syntax`)
	bad("minDuration=5", `unable to parse param 'minDuration': time: missing unit in duration "5"`)
	bad("minDuration=5s&maxDuration=1s", "'maxDuration' should be greater than 'minDuration'")
	bad("tag=novalue", "malformed 'tag' parameter, expecting key:value, received: novalue")
	bad("tags=[]", "malformed 'tags' parameter, cannot unmarshal JSON: json: cannot unmarshal array into Go value of type map[string]string")
	bad("tag=@name:x", `malformed 'tags' parameter: want a tag's name, got "@name"`)
	bad("traceID=xyz", "cannot parse traceID param: want hex digits: encoding/hex: invalid byte: U+0078 'x'")
}

func TestParseV3Search(t *testing.T) {
	parse := func(query string) (store.TraceQuery, error) {
		t.Helper()
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		return parseV3Search(v3Params{q})
	}
	const canonical = `query.serviceName=api&query.operationName=op&query.startTimeMin=2023-11-14T22:13:20.5Z&query.startTimeMax=2023-11-14T22:13:21Z` +
		`&query.durationMin=10ms&query.durationMax=1s&query.searchDepth=7&query.rawTraces=true&query.attributes={"k":"v"}`
	got, err := parse(canonical)
	want := store.TraceQuery{
		Range: store.TimeRange{From: time.Unix(1_700_000_000, 500_000_000).UTC(), To: time.Unix(1_700_000_001, 1).UTC()},
		Where: store.AllOf([]store.Predicate{
			{Field: store.FieldService, Value: store.StringValue("api")},
			{Field: store.FieldName, Value: store.StringValue("op")},
			{Field: store.FieldDuration, Op: store.OpGreaterEqual, Value: store.IntValue(10_000_000)},
			{Field: store.FieldDuration, Op: store.OpLessEqual, Value: store.IntValue(1_000_000_000)},
			{Field: "k", Value: store.StringValue("v")},
		}...),
		Limit: 7,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	deprecated := strings.NewReplacer("serviceName", "service_name", "operationName", "operation_name", "startTimeMin", "start_time_min",
		"startTimeMax", "start_time_max", "durationMin", "duration_min", "durationMax", "duration_max", "searchDepth", "num_traces",
		"rawTraces", "raw_traces").Replace(canonical)
	if got, err := parse(deprecated); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("deprecated names: got %+v, %v\nwant %+v", got, err, want)
	}
	const times = "query.startTimeMin=2023-11-14T22:13:20Z&query.startTimeMax=2023-11-14T22:13:21Z&"
	bad := func(query, want string) {
		t.Helper()
		if _, err := parse(query); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", query, err, want)
		}
	}
	bad("", "query.startTimeMin and query.startTimeMax are required")
	bad("query.start_time_min=x", `malformed parameter query.start_time_min: parsing time "x" as "2006-01-02T15:04:05.999999999Z07:00": cannot parse "x" as "2006"`)
	bad(times+"query.searchDepth=-1", `malformed parameter query.searchDepth: strconv.ParseUint: parsing "-1": invalid syntax`)
	bad(times+"query.durationMin=x", `malformed parameter query.durationMin: time: invalid duration "x"`)
	bad(times+"query.rawTraces=maybe", `malformed parameter query.rawTraces: strconv.ParseBool: parsing "maybe": invalid syntax`)
	bad(times+"query.attributes={", "malformed parameter query.attributes: unexpected end of JSON input")
	bad(times+"query.filter={}", "malformed parameter query.filter: structured filters are not supported; use query.attributes, or where of /api/v1/traces")
	bad(times+"query.filter.op=eq", "malformed parameter query.filter.op: structured filters are not supported; use query.attributes, or where of /api/v1/traces")
}

func FuzzParseJaegerSearch(f *testing.F) {
	f.Add(`service=a&tag=k:v&tags={"a":"b"}&start=1&end=2&limit=3&minDuration=1s&traceID=ab`)
	f.Add("end=9223372036854&lookback=99999999999999&endTs=-1")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		if s, err := parseJaegerSearch(q, testNow); err == nil {
			if s.query.Limit < 1 || s.query.Limit > 1000 || s.query.Range.To.Before(s.query.Range.From) {
				t.Errorf("%q: %+v", query, s.query)
			}
		}
		if r, err := parseJaegerDependencies(q, testNow); err == nil && r.To.Before(r.From) {
			t.Errorf("%q: %+v", query, r)
		}
		if q, err := parseV3Search(v3Params{q}); err == nil && (q.Limit < 1 || q.Limit > 1000) {
			t.Errorf("%q: %+v", query, q)
		}
	})
}
