package store

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"weft/semconv"
)

// Bounds of a comparison.
const (
	maxDiffSelection = 500
	maxDiffBaseline  = 1500
	// diffFrameSpans is in how many spans the traces are looked for, unless the selected ones are rare.
	diffFrameSpans = 300_000
	// maxValueCounts bounds the values that are compared: those that most traces have.
	maxValueCounts = 20_000
)

// DiffQuery asks in how many traces of a selection and of a baseline each value occurs. Limit and Cursor of the two are not used.
type DiffQuery struct {
	Selection TraceQuery
	// Baseline leaves out the traces of the selection where both look at the same time.
	Baseline TraceQuery
	// MatchingOnly looks at the spans that satisfy the filters and not at the other spans of their traces.
	MatchingOnly bool
}

// ValueSource says what a value is of.
type ValueSource uint8

// Value sources.
const (
	FromField    ValueSource = 1 + iota // one of the Field constants, or semconv.ErrorType
	FromSpan                            // a span attribute
	FromResource                        // a resource attribute
)

// ValueForm says how Value of a ValueCount is to be read.
type ValueForm uint8

// Value forms.
const (
	FormText    ValueForm = iota // the value's text, cut at 256 characters
	FormRange                    // a number between powers of two: Low <= v < High, or Low < v <= High when negative
	FormPresent                  // any value: the attribute is there
)

// ValueCount says in how many traces of either side some span has a value.
type ValueCount struct {
	Source ValueSource
	Key    string
	// Service is that of the span; AnyService counts it on all of them.
	Service            string
	AnyService         bool
	Form               ValueForm
	Value              string
	Low, High          float64
	Selected, Baseline uint64
}

// ValueCounts is the answer to a DiffQuery.
type ValueCounts struct {
	Counts []ValueCount
	// Truncated says that there were more values, which fewer traces have.
	Truncated           bool
	Selection, Baseline Sample
}

// ValueCounts counts in how many of the traces of either side each attribute, field and resource attribute has each value. A value that
// only one trace has is left out. It looks at no more than a sample, of which the answer says the size.
func (s *Store) ValueCounts(ctx context.Context, q DiffQuery) (ValueCounts, error) {
	counts, err := s.valueCounts(ctx, q)
	return counts, wrap("compare traces", err)
}

func (s *Store) valueCounts(ctx context.Context, q DiffQuery) (ValueCounts, error) {
	var out ValueCounts
	selectedFilter, err := s.spanFilter(ctx, "sample traces", q.Selection)
	if err != nil {
		return out, err
	}
	baselineFilter, err := s.spanFilter(ctx, "sample traces", q.Baseline)
	if err != nil {
		return out, err
	}
	selectedRange, err := s.newFrames(ctx, q.Selection.Range)
	if err != nil {
		return out, err
	}
	baselineRange, err := s.newFrames(ctx, q.Baseline.Range)
	if err != nil {
		return out, err
	}
	selected, selectedFrame, sample, err := s.sampleRare(ctx, selectedFilter, selectedRange, diffFrameSpans, maxDiffSelection)
	if err != nil {
		return out, err
	}
	out.Selection = sample
	// Up to the greatest hash in the sample it is known of every trace whether it is selected.
	maxHash := uint64(math.MaxUint64)
	if sample.Matched > sample.Traces {
		maxHash = selected[len(selected)-1].hash
	}
	if selectedRange.toNS <= baselineRange.fromNS || baselineRange.toNS <= selectedRange.fromNS {
		maxHash = math.MaxUint64
	}
	baselineFrame := baselineRange.of(diffFrameSpans)
	baseline, matched, err := s.sampleTraces(ctx, baselineFilter, baselineFrame, maxHash, maxDiffBaseline+len(selected))
	if err != nil {
		return out, err
	}
	baseline = without(baseline, selected)
	baseline = baseline[:min(len(baseline), maxDiffBaseline)]
	out.Baseline = baselineRange.sample(baselineFrame, baseline, matched)
	if len(selected) == 0 || len(baseline) == 0 {
		return out, nil
	}
	st := valueStatement(q, selectedFilter, baselineFilter, union(selectedFrame.widened(), baselineFrame.widened()), len(selected))
	ctx, err = withNumbered(ctx, selected, baseline)
	if err != nil {
		return out, err
	}
	out.Counts, err = collect(ctx, s, st.sql, st.params, scanValueCount)
	if out.Truncated = len(out.Counts) > maxValueCounts; out.Truncated {
		out.Counts = out.Counts[:maxValueCounts]
	}
	return out, err
}

// withNumbered sends the traces along as the temporary table candidates, numbered from 0, the selected ones first.
func withNumbered(ctx context.Context, selected, baseline []hashedTrace) (context.Context, error) {
	table, err := ext.NewTable("candidates", ext.Column("trace_id", "FixedString(16)"), ext.Column("n", "UInt32"))
	if err != nil {
		return nil, err
	}
	n := uint32(0)
	for _, side := range [][]hashedTrace{selected, baseline} {
		for _, t := range side {
			if err := table.Append(string(t.id[:]), n); err != nil {
				return nil, err
			}
			n++
		}
	}
	return clickhouse.Context(ctx, clickhouse.WithExternalTable(table)), nil
}

// valueStatement reads the spans of the candidates by time, then by trace id.
func valueStatement(q DiffQuery, selected, baseline spanFilter, fr frame, numSelected int) statement {
	where, params := fr.condition()
	hull := fr.hull()
	if q.MatchingOnly {
		selected, baseline = selected.renamed("s"), baseline.renamed("b")
		where += "\n  AND if(n < {selected:UInt32}, " + cmp.Or(selected.where, always) + ", " + cmp.Or(baseline.where, always) + ")"
		params = slices.Concat(params, selected.params, baseline.params)
	}
	params = append(params, param("selected", strconv.Itoa(numSelected)), param("limit", strconv.Itoa(maxValueCounts+1)),
		param("from_day", fmt.Sprint(dayOf(hull.fromNS))), param("to_day", fmt.Sprint(dayOf(hull.toNS))))
	return statement{strings.NewReplacer(
		"CANDIDATE_SPANS", "spans INNER JOIN candidates USING (trace_id)\nPREWHERE trace_id IN (SELECT trace_id FROM candidates)\nWHERE "+where,
		"SPAN_VALUES", "arrayConcat(\n"+fieldValues+",\n"+promotedValues()+",\n"+typedValues(FromSpan)+")",
		"SPAN_KEYS", spanKeys(),
		"RESOURCE_VALUES", "arrayConcat(\n"+typedValues(FromResource)+")",
	).Replace(valueTemplate), params}
}

// valueTemplate counts traces with a bitmap of their numbers for every value. A value is a tuple (source, form, service, key, text), of
// which the hash is grouped by: the tuples are long. Attributes of a resource are counted per resource first.
const valueTemplate = `SELECT source, form, key, service, any_service, value,
    bitmapCardinality(bitmapSubsetInRange(traces, toUInt32(0), {selected:UInt32})) AS selected, toUInt64(total - selected) AS baseline FROM
(
SELECT any(v.1) AS source, any(v.2) AS form, any(v.3) AS service, toUInt8(source = 2) AS any_service, any(v.4) AS key, any(v.5) AS value,
    groupBitmapState(n) AS traces, bitmapCardinality(traces) AS total
FROM (SELECT n, arrayJoin(SPAN_VALUES) AS v
FROM CANDIDATE_SPANS)
GROUP BY cityHash64(v)
HAVING total > 1
UNION ALL
SELECT toUInt8(2) AS source, toUInt8(2) AS form, '' AS service, toUInt8(1) AS any_service, toString(k) AS key, '' AS value,
    groupBitmapState(n) AS traces, bitmapCardinality(traces) AS total
FROM (SELECT n, arrayJoin(SPAN_KEYS) AS k
FROM CANDIDATE_SPANS)
GROUP BY k
HAVING total > 1
UNION ALL
SELECT toUInt8(3) AS source, if(grouping(v.5) = 1, toUInt8(2), v.2) AS form, service_name AS service,
    toUInt8(grouping(service_name)) AS any_service, v.4 AS key, v.5 AS value, groupBitmapMergeState(part) AS traces, bitmapCardinality(traces) AS total
FROM
(
    SELECT service_name, part, arrayJoin(RESOURCE_VALUES) AS v FROM
    (
        SELECT toString(service_name) AS service_name, resource_hash, groupBitmapState(n) AS part
        FROM CANDIDATE_SPANS
        GROUP BY service_name, resource_hash
    ) AS used
    INNER JOIN
    (
        SELECT hash, attrs_string, attrs_int, attrs_double, attrs_bool, attrs_json FROM resources
        WHERE day >= toDate({from_day:UInt16}) AND day <= toDate({to_day:UInt16})
          AND hash IN (SELECT resource_hash FROM CANDIDATE_SPANS)
        LIMIT 1 BY hash
    ) AS known ON used.resource_hash = known.hash
)
WHERE v.4 != 'service.name'
GROUP BY GROUPING SETS ((v.4, v.2, v.5, service_name), (v.4, v.2, v.5), (v.4, service_name), (v.4))
HAVING total > 1
)
ORDER BY total DESC, form, source, key, any_service, service, value
LIMIT {limit:UInt32}`

const (
	// magnitude is the exponent of the power of two at or below v, with the sign of v.
	magnitude = "concat(if(v < 0, '-', ''), toString(toInt32(floor(log2(abs(v))))))"
	isExact   = "isNaN(v) OR isInfinite(v) OR abs(v) < 1000 AND v = round(v)"
)

// fieldValues are those of the fields that every span has.
var fieldValues = fmt.Sprintf(`arrayFilter(x -> x.5 != '', [(1, 0, service_name, '%s', service_name), (1, 0, service_name, '%s', toString(name)), (1, 0, service_name, '%s', toString(kind)),
(1, 0, service_name, '%s', toString(status_code)), (1, 0, service_name, '%s', toString(category)), (1, 0, service_name, '%s', toString(peer_name)), (1, 0, service_name, '%s', toString(error_type)),
(1, 1, service_name, '%s', toString(toInt32(floor(log2(greatest(duration_ns, 1))))))])`,
	FieldService, FieldName, FieldKind, FieldStatus, FieldCategory, FieldPeer, semconv.ErrorType, FieldDuration)

// clipped is a text cut at 256 characters.
func clipped(expr string) string {
	return "if(length(" + expr + ") > 256, substringUTF8(" + expr + ", 1, 256), " + expr + ")"
}

func promotedValues() string {
	var values []string
	for _, p := range promoted {
		text := "toString(" + p.name + ")"
		switch p.kind {
		case promotedText:
			text = clipped(p.name)
		case promotedPort:
			text = "if(" + p.name + " = 0, '', " + text + ")"
		}
		values = append(values, fmt.Sprintf("(%d, 0, '', '%s', %s)", FromSpan, p.key, text))
	}
	return "arrayFilter(x -> x.5 != '', [" + strings.Join(values, ", ") + "])"
}

func spanKeys() string {
	var keys []string
	for _, p := range promoted {
		keys = append(keys, fmt.Sprintf("if(%s != %s, '%s', '')", p.name, p.kind.absent(), p.key))
	}
	return "arrayConcat(arrayFilter(x -> x != '', [" + strings.Join(keys, ", ") + "]),\n    mapKeys(attrs_string), mapKeys(attrs_int), mapKeys(attrs_double), mapKeys(attrs_bool), mapKeys(attrs_json))"
}

// typedValues are the attributes in the five maps.
func typedValues(source ValueSource) string {
	one := func(column, form, value string) string {
		return fmt.Sprintf("arrayMap((k, v) -> (%d, %s, '', toString(k), %s), mapKeys(%s), mapValues(%s))", source, form, value, column, column)
	}
	number := "if(" + isExact + ", toString(v), " + magnitude + ")"
	form := "toUInt8(NOT (" + isExact + "))"
	return strings.Join([]string{
		one("attrs_string", "0", clipped("v")), one("attrs_int", "toUInt8(abs(v) >= 1000)", "if(abs(v) < 1000, toString(v), "+magnitude+")"), one("attrs_double", form, number),
		one("attrs_bool", "0", "toString(v)"), one("attrs_json", "0", clipped("v")),
	}, ",\n")
}

func scanValueCount(rows driver.Rows, c *ValueCount) error {
	var source, form, anyService uint8
	if err := rows.Scan(&source, &form, &c.Key, &c.Service, &anyService, &c.Value, &c.Selected, &c.Baseline); err != nil {
		return err
	}
	c.Source, c.Form, c.AnyService = ValueSource(source), ValueForm(form), anyService == 1
	switch {
	case c.Form == FormRange:
		exponent, err := strconv.Atoi(strings.TrimPrefix(c.Value, "-"))
		c.Low, c.High = math.Ldexp(1, exponent), math.Ldexp(1, exponent+1)
		if c.Value[0] == '-' {
			c.Low, c.High = -c.High, -c.Low
		}
		return err
	case c.Key == FieldKind && c.Source == FromField:
		c.Value = enumName(kindNames, c.Value)
	case c.Key == FieldStatus && c.Source == FromField:
		c.Value = enumName(statusNames, c.Value)
	}
	return nil
}

// enumName is the name of a number in text form.
func enumName(names []string, number string) string {
	if i, err := strconv.Atoi(number); err == nil && i < len(names) {
		return names[i]
	}
	return names[0]
}
