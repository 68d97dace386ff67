package store

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// What the tests in package store_test, which need the engine, look at.

// SQL is the connection of the reads.
func (s *Store) SQL() driver.Conn { return s.sql }

// Named is a statement of queries/.
func (s *Store) Named(name string) string { return s.named(name) }

// QueryNames lists the statements of queries/.
func (s *Store) QueryNames() []string {
	var names []string
	for name := range s.queries {
		names = append(names, name)
	}
	return names
}

// CandidateStatement is the SQL of a search's first step over the given range.
func (s *Store) CandidateStatement(ctx context.Context, q TraceQuery, from, to int64) (string, []any, error) {
	search, err := s.newTraceSearch(ctx, q)
	if err != nil || search == nil {
		return "", nil, err
	}
	search.to = to
	st := search.candidateStatement(from, q.Limit)
	return st.sql, st.params, nil
}

// StructureStatement is the SQL that verifies the structure of a search's candidates.
func (s *Store) StructureStatement(ctx context.Context, q TraceQuery, from, to int64) (string, []any, error) {
	search, err := s.newTraceSearch(ctx, q)
	if err != nil {
		return "", nil, err
	}
	st := search.structureStatement(from, to)
	return st.sql, st.params, nil
}

// FacetsOf are Facets that look at about maxRows spans.
func (s *Store) FacetsOf(ctx context.Context, q TraceQuery, fields []string, maxRows uint64) (Facets, error) {
	return s.facets(ctx, q, fields, MaxFacetValues, maxRows)
}

// SelectionStatements are the SQL that counts what q selects, and that counts the values of a field on it.
func (s *Store) SelectionStatements(ctx context.Context, q TraceQuery, field string) (map[string]string, []any, error) {
	search, err := s.newSelection(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	count := search.countStatement()
	if search.looksAtTraces() {
		count = search.countSelectedStatement()
	}
	facet, _, err := search.facetStatement(ctx, field, "", 10)
	return map[string]string{"count": count.sql, "facet": facet.sql}, append(count.params, facet.params...), err
}

// InsertSpansWithoutCounts is an InsertSpans that is cut off before the roll-ups.
func (s *Store) InsertSpansWithoutCounts(ctx context.Context, b *SpanBatch, token string) error {
	return s.insertBlock(ctx, "spans", b.cols.named, token)
}

// HoursOf are the bounds of the hours that a read of spans looks at.
func HoursOf(from, to int64) (fromHour, toHour uint32) { return hoursOf(from, to) }

// HeatmapStatement is the SQL of a heat map over the given range.
func (s *Store) HeatmapStatement(ctx context.Context, q TraceQuery, from, to, step int64) (string, []any, error) {
	filter, err := s.spanFilter(ctx, "read heatmap", q)
	st := heatmapStatement(filter, from, to, step)
	return st.sql, st.params, err
}

// TableColumn is a column as the writer sends it.
type TableColumn struct{ Table, Name, Type string }

// WrittenColumns lists every column of every table that is written directly.
func WrittenColumns() []TableColumn {
	var all []TableColumn
	add := func(table string, columns []namedColumn) {
		for _, c := range columns {
			all = append(all, TableColumn{table, c.name, string(c.data.Type())})
		}
	}
	add("spans", newSpanColumns().named)
	add("logs", newLogColumns().named)
	add("metrics", newMetricColumns().named)
	for _, t := range newEventBatch().tables() {
		add(t.table, t.columns)
	}
	add("function_minutes", newFunctionMinuteColumns().named)
	add("resources", newResourceColumns().named)
	add("scopes", newScopeColumns().named)
	add("edges", newEdgeColumns().named)
	add("attribute_keys", sampleKeyColumns(nil))
	add("attribute_values", sampleValueColumns(nil, "key", "value"))
	add("peers", sampleValueColumns(nil, "service_name", "peer_name"))
	add("operation_minutes", newOperationMinuteColumns().named)
	add("statement_minutes", newStatementMinuteColumns().named)
	add("statements", statementColumns(new(dayColumn), new(proto.ColUInt64), new(textColumn)))
	return all
}

// Migrate applies the migrations of files to the database of conn.
func Migrate(ctx context.Context, conn driver.Conn, files fs.FS) ([]string, error) {
	all, err := loadMigrations(files)
	if err != nil {
		return nil, err
	}
	return migrate(ctx, conn, all)
}

// OpenSQL creates the database of dsn and connects to it.
func OpenSQL(ctx context.Context, dsn string) (driver.Conn, error) {
	t, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	if err := createDatabase(ctx, t); err != nil {
		return nil, err
	}
	return clickhouse.Open(t.sql(t.database))
}

// MigrationStatements lists the statements of every migration.
func MigrationStatements(t interface{ Fatal(...any) }) [][]string {
	all, err := loadMigrations(migrationFiles)
	if err != nil {
		t.Fatal(err)
	}
	var statements [][]string
	for _, m := range all {
		statements = append(statements, m.statements)
	}
	return statements
}

// SummaryLines are the summaries of traces, a line each.
func (s *Store) SummaryLines(ctx context.Context, ids []TraceID) ([]string, error) {
	details, _, err := s.readDetails(ctx, ids)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, id := range ids {
		d := details[id]
		if d == nil {
			continue
		}
		var services []string
		for _, c := range d.Services {
			services = append(services, fmt.Sprintf("%s=%d/%d", c.Name, c.Spans, c.Errors))
		}
		lines = append(lines, fmt.Sprintf("%X %d %d %d %d %d (%d,%d,'%s','%s') %s", id[:], d.StartNS, d.endNS, d.lastNS, d.Spans, d.Errors,
			d.root.child, d.root.rank, d.RootService, d.RootName, strings.Join(services, ",")))
	}
	return lines, nil
}

// TraceEntry is a packed entry of a trace with one service.
func TraceEntry(startNS, endNS, lastNS int64, spans uint32) []byte {
	services := newLC()
	services.Append("web")
	return appendTraceEntry(nil, &summaryRow{startNS: startNS, endNS: endNS, lastStartNS: lastNS, services: []serviceCount{{spans: spans}}}, services, services)
}

// MigrationsBefore are the migrations of before version.
func MigrationsBefore(t interface{ Fatal(...any) }, version int) fs.FS {
	files := fstest.MapFS{}
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names[:version-1] {
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	return files
}

// CompleteHours is since when edges_1h has all edges.
func (s *Store) CompleteHours() time.Time { return time.Unix(s.completeHours, 0) }

// EdgesByEngine are the edges of a window, and their totals by type, as they are read when there are too many of them.
func (s *Store) EdgesByEngine(ctx context.Context, r TimeRange) (most, totals *Topology, err error) {
	w, err := s.window(r)
	if err != nil {
		return nil, nil, err
	}
	edges, err := s.edges(ctx, "edges_window", w.nativeParams(intParam("limit", 1000)))
	if err != nil {
		return nil, nil, err
	}
	sums, err := s.edges(ctx, "edges_total", w.nativeParams())
	return &Topology{Edges: topologyEdges(edges)}, &Topology{Edges: topologyEdges(sums)}, err
}

// LimitGraph makes reconciliation read at most so many spans in one pass.
func (s *Store) LimitGraph(spans uint64) { s.graphSpans = spans }

// LimitSumEdges bounds the edges that a reconciliation compares at once.
func (s *Store) LimitSumEdges(n int) { s.sumEdges = n }

// Collect runs a statement as the reads do, and drops its rows.
func (s *Store) Collect(ctx context.Context, statement string) error {
	_, err := collect(ctx, s, statement, nil, func(driver.Rows, *struct{}) error { return nil })
	return err
}

// Classify is the kind that err would have.
func Classify(err error) ErrorKind { return classify(err) }

// AnalysisStatements is the SQL of the analyses of many traces, over a range cut into slices.
func (s *Store) AnalysisStatements(ctx context.Context, q TraceQuery, from, to int64) (map[string]string, map[string][]any, error) {
	f, err := s.spanFilter(ctx, "sample traces", q)
	if err != nil {
		return nil, nil, err
	}
	fr := frames{fromNS: from, toNS: to, spans: 1000}.of(250)
	all := map[string]statement{
		"sample":                   sampleStatement(f, fr, 1<<63, 10),
		"values":                   valueStatement(DiffQuery{}, f, f, fr, 2),
		"values of matching spans": valueStatement(DiffQuery{MatchingOnly: true}, f, f, fr, 2),
		"error spans":              errorSpansStatement(fr),
		"services":                 servicesStatement(fr),
		"orphans":                  orphansStatement(fr),
		"roots":                    rootsStatement(fr),
		"unanswered":               unansweredStatement(fr),
		"entries":                  entriesStatement(fr),
		"calls":                    callsStatement(fr, []string{"service-03"}),
	}
	sql, params := make(map[string]string), make(map[string][]any)
	for name, st := range all {
		sql[name], params[name] = st.sql, st.params
	}
	return sql, params, nil
}

// SampleIn samples in a frame of about so many spans, and returns the frame's windows with the ids.
func (s *Store) SampleIn(ctx context.Context, q TraceQuery, spans, limit int) (ids []TraceID, windows [][2]int64, matched uint64, err error) {
	f, err := s.spanFilter(ctx, "sample traces", q)
	if err != nil {
		return nil, nil, 0, err
	}
	all, err := s.newFrames(ctx, q.Range)
	if err != nil {
		return nil, nil, 0, err
	}
	fr := all.of(spans)
	traces, matched, err := s.sampleTraces(ctx, f, fr, 1<<64-1, limit)
	for _, w := range fr.windows {
		windows = append(windows, [2]int64{w.fromNS, w.toNS})
	}
	return idsOf(traces), windows, matched, err
}

// FreezeSpanDays keeps a search to the days of spans that it knows.
func (s *Store) FreezeSpanDays() {
	s.spanDays.mu.Lock()
	defer s.spanDays.mu.Unlock()
	s.spanDays.read = time.Now().Add(time.Hour)
}

// KeptEdges tells states of the cache of edges apart: 0 when it is empty.
func (s *Store) KeptEdges() (sum int64) {
	for _, k := range s.edgeSums.kept {
		sum += k.read.UnixNano() // another one when it is read again
	}
	return sum
}
