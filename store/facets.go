package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Bounds of Facets.
const (
	MaxFacetFields = 20
	MaxFacetValues = 100
	// maxFacetRows is how many spans one call looks at; of more, it looks at facetSlices evenly spread slices of the time range.
	maxFacetRows = 2_000_000
	facetSlices  = 16
)

// Facets says which values some fields have on the spans that a TraceQuery is about: those that TraceCount counts.
type Facets struct {
	Fields []Facet
	// Spans that were looked at and matched.
	Spans uint64
	// Share of the time range that was looked at, in (0, 1]; less than 1 is a sample, and every count is of the sample.
	Share float64
}

// Facet is one field's most frequent values.
type Facet struct {
	Field  string
	Values []FacetValue // most spans first
	// Spans that have the field, and how many values they have.
	Spans, Distinct uint64
}

// FacetValue is a value, as text, with the spans that have it.
type FacetValue struct {
	Value         string
	Spans, Errors uint64
}

// facetEnums are intrinsic fields whose column holds the number of a word.
var facetEnums = map[string]struct {
	column string
	names  []string
}{
	FieldKind: {"kind", kindNames}, FieldStatus: {"status_code", statusNames}, FieldError: {"toUInt8(status_code = 2)", boolNames},
	FieldColdStart: {markedSQL[FieldColdStart], boolNames}, FieldRetry: {markedSQL[FieldRetry], boolNames}, FieldDeadLetter: {markedSQL[FieldDeadLetter], boolNames},
}

var boolNames = []string{"false", "true"}

// Facets counts the values of the fields, at most limit of each; a field is an intrinsic or an attribute key.
func (s *Store) Facets(ctx context.Context, q TraceQuery, fields []string, limit int) (Facets, error) {
	facets, err := s.facets(ctx, q, fields, limit, maxFacetRows)
	return facets, wrap("read facets", err)
}

func (s *Store) facets(ctx context.Context, q TraceQuery, fields []string, limit int, maxRows uint64) (Facets, error) {
	if err := checkFacets(fields, limit); err != nil {
		return Facets{}, invalid("read facets", err)
	}
	out := Facets{Share: 1, Fields: make([]Facet, len(fields))}
	for i, field := range fields {
		out.Fields[i].Field = field
	}
	search, err := s.newSelection(ctx, q)
	if err != nil || search == nil {
		return out, err
	}
	if search.looksAtTraces() {
		ids, all, err := search.selectTraces(ctx)
		if err != nil {
			return Facets{}, err
		}
		if !all {
			return Facets{}, invalid("read facets", fmt.Errorf("more than %d traces have a matching span: narrow the time range or the conditions", maxSelectedTraces))
		}
		if ctx, err = withCandidates(ctx, ids); err != nil || len(ids) == 0 {
			return out, err
		}
	}
	sample, share, err := search.facetSample(ctx, maxRows)
	if err != nil {
		return Facets{}, err
	}
	out.Share = share
	total := search.selected("count() AS spans, toUInt64(0) AS traces")
	total.sql += sample
	count, err := search.countSpans(ctx, total)
	if err != nil || count.Spans == 0 {
		return out, err
	}
	out.Spans = count.Spans
	for i := range out.Fields {
		if err := search.facet(ctx, &out.Fields[i], sample, limit); err != nil {
			return Facets{}, err
		}
	}
	return out, nil
}

func checkFacets(fields []string, limit int) error {
	if len(fields) < 1 || len(fields) > MaxFacetFields {
		return fmt.Errorf("want 1 to %d fields, got %d", MaxFacetFields, len(fields))
	}
	for _, field := range fields {
		if err := CheckFacetField(field); err != nil {
			return err
		}
	}
	return checkLimit(limit, MaxFacetValues)
}

// CheckFacetField says why a field can have no facet.
func CheckFacetField(field string) error {
	_, isColumn := textColumns[field]
	_, isEnum := facetEnums[field]
	if field == "" || strings.HasPrefix(field, "@") && !isColumn && !isEnum {
		return fmt.Errorf("%q: want @service, @name, @kind, @status, @error, @category, @peer, @cold_start, @retry, @dead_letter or an attribute key", field)
	}
	return nil
}

// facetSample is a condition that leaves as many spans as may be looked at, "" when that is all of them.
func (t *traceSearch) facetSample(ctx context.Context, maxRows uint64) (condition string, share float64, err error) {
	st := t.selected("status_code") // not count(), which would be answered without reading
	var rows uint64
	_, err = collect(ctx, t.s, "EXPLAIN ESTIMATE "+st.sql, st.params, func(r driver.Rows, _ *struct{}) error {
		var database, table string
		var parts, n, marks uint64
		err := r.Scan(&database, &table, &parts, &n, &marks)
		if table == "spans" {
			rows += n
		}
		return err
	})
	if err != nil || rows <= maxRows {
		return "", 1, err
	}
	step := (t.to - t.from) / facetSlices
	width := int64(float64(step) * float64(maxRows) / float64(rows))
	if step == 0 || width == 0 {
		return "", 1, nil // more than maxRows in facetSlices nanoseconds: cannot be cut
	}
	arms := make([]string, facetSlices)
	for i := range arms {
		low := t.from + int64(i)*step
		arms[i] = fmt.Sprintf("start_time >= fromUnixTimestamp64Nano(%d, 'UTC') AND start_time < fromUnixTimestamp64Nano(%d, 'UTC')", low, low+width)
	}
	return "\n  AND (" + strings.Join(arms, "\n    OR ") + ")", float64(width) / float64(step), nil
}

// facet fills f.
func (t *traceSearch) facet(ctx context.Context, f *Facet, sample string, limit int) error {
	st, names, err := t.facetStatement(ctx, f.Field, sample, limit)
	if err != nil || st.sql == "" {
		return err
	}
	f.Values, err = collect(ctx, t.s, st.sql, st.params, func(rows driver.Rows, v *FacetValue) error {
		err := rows.Scan(&v.Value, &v.Spans, &v.Errors, &f.Spans, &f.Distinct)
		if i, convErr := strconv.Atoi(v.Value); names != nil && convErr == nil && i < len(names) {
			v.Value = names[i]
		}
		return err
	})
	return err
}

// facetStatement counts the values of a field; there is no statement when no span has it. Names are the words of a numbered field.
func (t *traceSearch) facetStatement(ctx context.Context, field, sample string, limit int) (statement, []string, error) {
	b := newPredicateBuilder(nil)
	b.params = slices.Clone(t.params) // so that the names of its own follow
	value, has, resource := "", always, ""
	enum := facetEnums[field]
	if column, ok := textColumns[field]; ok {
		value, has = "toString("+column+")", column+" != ''"
	} else if enum.column != "" {
		value = "toString(" + enum.column + ")"
	} else {
		sides, err := t.s.attributeSides(ctx, Predicate{Field: field})
		if err != nil {
			return statement{}, nil, err
		}
		b.sides = sides
		value, has, resource = b.facetValue(field)
		if has == never && resource == "" {
			return statement{}, nil, nil
		}
	}
	own := t.selected(value + " AS own_value, toUInt8(" + has + ") AS own, if(own, 0, resource_hash) AS origin, count() AS own_spans, countIf(status_code = 2) AS own_errors")
	sql := "SELECT if(own, own_value, resource_value) AS value, sum(own_spans) AS spans, sum(own_errors) AS errors, sum(spans) OVER () AS all_spans, count() OVER () AS all_values\nFROM (\n" +
		own.sql + sample + "\nGROUP BY own_value, own, origin\n) AS of_spans\nLEFT JOIN (\n" + resource + "\n) AS of_resources ON origin = hash\nWHERE own OR found\n"
	if resource == "" {
		own = t.selected(value + " AS value, count() AS spans, countIf(status_code = 2) AS errors, sum(spans) OVER () AS all_spans, count() OVER () AS all_values")
		sql = own.sql + sample + "\n  AND " + has + "\n"
	}
	sql += "GROUP BY value\nORDER BY spans DESC, value\nLIMIT {limit:UInt32}"
	search := *t
	search.params = b.params
	params := append(search.parameters(t.from, t.from, t.to-1, sql), param("limit", strconv.Itoa(limit)))
	return statement{sql, params}, enum.names, nil
}

// facetValue is an attribute's value on the span as text, the condition that it is there, and a statement with its values on
// resources, "" when it is on none.
func (b *predicateBuilder) facetValue(field string) (value, has, resource string) {
	names := synonyms(field)
	value, has = b.textOf(side{func(name string) uint8 { return b.sides[name].span }, true}, names)
	resourceValue, resourceHas := b.textOf(side{func(name string) uint8 { return b.sides[name].resource }, false}, names)
	if resourceHas != never {
		resource = "SELECT hash, any(" + resourceValue + ") AS resource_value, toUInt8(1) AS found FROM resources WHERE day >= toDate({from_day:UInt16}) AND day <= toDate({to_day:UInt16}) AND " +
			resourceHas + " GROUP BY hash"
	}
	return value, has, resource
}

// textOf is the value of the first of the names that is present, as text, and the condition that one is.
func (b *predicateBuilder) textOf(s side, names []string) (value, has string) {
	var arms []string
	for _, p := range b.places(s, names) {
		arms = append(arms, p.present, "toString("+p.value+")")
	}
	if len(arms) == 0 {
		return "''", never
	}
	return "multiIf(" + strings.Join(arms, ", ") + ", '')", or(b.has(s, names))
}
