package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// How a table gets its part of a copy of the base. Tables that a materialized view fills are left to it.
const (
	perCopy = "copy" // the base's rows again, with other ids and earlier times
	perDay  = "day"  // the base's rows again for the days before: catalogues
	never   = "never"
)

// tableRules says it for each table that holds rows and is no view's target. A table that is missing here stops the run: its
// rows would be compared at the wrong size.
var tableRules = map[string]map[string]string{
	"stock": {"otel_traces": perCopy},
	"weft": {
		"spans": perCopy, "edges": perCopy, "trace_summaries": perCopy, "links_reverse": perCopy,
		"operation_minutes": perCopy, "statement_minutes": perCopy,
		"resources": perDay, "scopes": perDay, "attribute_keys": perDay, "attribute_values": perDay, "statements": perDay, "peers": perDay,
		"schema_migrations": never,
	},
}

// summaryValues are the columns of trace_summaries whose values a copy changes and whose type does not say so: instants in
// nanoseconds, the day of a start, and packed entries, which begin with an instant.
var summaryValues = map[string]string{
	"day":           "toDate32(fromUnixTimestamp64Nano(`start_ns` - {shift} * 1000000000, 'UTC'))",
	"start_ns":      "`start_ns` - {shift} * 1000000000",
	"end_ns":        "`end_ns` - {shift} * 1000000000",
	"last_start_ns": "`last_start_ns` - {shift} * 1000000000",
	"entries":       "arrayMap(x -> concat(reinterpretAsFixedString(reinterpretAsInt64(substring(x, 1, 8)) - {shift} * 1000000000), substring(x, 9)), `entries`)",
}

// sliceSeconds is how much of the base one INSERT SELECT copies, a multiple of an edge's bucket.
const sliceSeconds = 300

// multiply makes copies of the base until there are so many, each baseSpread earlier than the one before.
func (q *querying) multiply(ctx context.Context, s side, copies int) error {
	if q.state.Copies[s.name] >= copies {
		return nil
	}
	tables, err := q.tables(ctx, s)
	if err != nil {
		return err
	}
	began := time.Now()
	q.state.Busy = "multiply " + s.name
	if err := q.state.save(q.dir); err != nil {
		return err
	}
	for k := q.state.Copies[s.name] + 1; k <= copies; k++ {
		for _, t := range tables {
			if err := q.copyTable(ctx, t, k); err != nil {
				return fmt.Errorf("copy %d of %s: %w", k, t.name, err)
			}
		}
		fmt.Printf("  %s: copy %d of %d after %.0f s\n", s.name, k, copies, time.Since(began).Seconds())
	}
	stored, err := q.number(ctx, "SELECT count() FROM "+s.database+"."+s.table)
	if err != nil {
		return err
	}
	if stored != q.state.Spans*int64(copies+1) {
		return fmt.Errorf("%d spans are stored, want %d times %d", stored, copies+1, q.state.Spans)
	}
	q.state.Copies[s.name], q.state.Busy = copies, ""
	return q.state.save(q.dir)
}

// table is one that is copied: the columns and what the copy's values are.
type table struct {
	database, name, rule string
	// time is the expression that the base is cut by; for perDay it is the day.
	time            string
	columns, values []string
}

// tables are those of a side that a copy has to write.
func (q *querying) tables(ctx context.Context, s side) ([]table, error) {
	rows, err := q.db.QueryContext(ctx, `SELECT name, ifNull(total_rows, 0) FROM system.tables
		WHERE database = ? AND engine LIKE '%MergeTree' AND NOT arrayExists(q -> position(q, concat(' TO ', database, '.', name, ' ')) > 0,
			(SELECT groupArray(create_table_query) FROM system.tables WHERE database = ? AND engine = 'MaterializedView'))
		ORDER BY name`, s.database, s.database)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []table
	for rows.Next() {
		var name string
		var count uint64
		if err := rows.Scan(&name, &count); err != nil {
			return nil, err
		}
		rule, known := tableRules[s.database][name]
		if !known && count > 0 {
			return nil, fmt.Errorf("table %s.%s has %d rows and no rule in multiply.go", s.database, name, count)
		}
		if count > 0 && rule != never {
			out = append(out, table{database: s.database, name: name, rule: rule})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i := range out {
		if err := q.columns(ctx, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// columns finds out what the values of a copy are. {shift} stands for the seconds it is earlier, {byte} for two hex digits that
// each byte of an id is changed by.
func (q *querying) columns(ctx context.Context, t *table) error {
	rows, err := q.db.QueryContext(ctx, `SELECT name, type FROM system.columns WHERE database = ? AND table = ? AND default_kind NOT IN ('ALIAS', 'MATERIALIZED')
		ORDER BY position`, t.database, t.name)
	if err != nil {
		return err
	}
	defer rows.Close()
	if t.name == "trace_summaries" {
		t.time = "fromUnixTimestamp64Nano(`start_ns`, 'UTC')"
	}
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return err
		}
		if name == "updated_at" { // when a row was written: reads ask what is new by it
			continue
		}
		value, isTime := copiedValue(name, kind)
		if own := summaryValues[name]; own != "" && t.name == "trace_summaries" {
			value = own
		}
		if isTime && t.time == "" {
			t.time = "`" + name + "`"
		}
		t.columns, t.values = append(t.columns, "`"+name+"`"), append(t.values, value)
	}
	if t.time == "" {
		return fmt.Errorf("%s has no time", t.name)
	}
	return rows.Err()
}

// copiedValue is a column's value in a copy, from its type and, for ids, its name.
func copiedValue(name, kind string) (value string, isTime bool) {
	column := "`" + name + "`"
	const (
		mask16 = "toFixedString(unhex(repeat('{byte}', 16)), 16)"
		mask8  = "toFixedString(unhex(repeat('{byte}', 8)), 8)"
	)
	// each applies an expression on x to a value or to each element of an array.
	each := func(expression string) string {
		if strings.HasPrefix(kind, "Array(") {
			return "arrayMap(x -> " + expression + ", " + column + ")"
		}
		return strings.ReplaceAll(expression, "(x", "("+column)
	}
	if inner, ok := strings.CutPrefix(kind, "SimpleAggregateFunction("); ok {
		_, kind, _ = strings.Cut(strings.TrimSuffix(inner, ")"), ", ")
	}
	element := kind
	if inner, ok := strings.CutPrefix(kind, "Array("); ok {
		element = strings.TrimSuffix(inner, ")")
	}
	lower := strings.ToLower(name)
	switch {
	case strings.HasPrefix(element, "DateTime"):
		return each("subtractSeconds(x, {shift})"), element == kind
	case kind == "Date" || kind == "Date32":
		return each("subtractDays(x, {shift})"), true
	case strings.HasPrefix(element, "FixedString(16)"):
		return each("bitXor(x, " + mask16 + ")"), false
	case element == "UInt64" && strings.HasSuffix(lower, "span_id"):
		return each("if((x) = 0, 0, bitXor(x, reinterpretAsUInt64(unhex(repeat('{byte}', 8)))))"), false
	case element == "String" && strings.HasSuffix(lower, "traceid"): // the stock schema has ids as hex digits
		return each("if(empty(x), '', lower(hex(bitXor(toFixedString(unhex(x), 16), " + mask16 + "))))"), false
	case element == "String" && strings.HasSuffix(lower, "spanid"):
		return each("if(empty(x), '', lower(hex(bitXor(toFixedString(unhex(x), 8), " + mask8 + "))))"), false
	}
	return column, false
}

// copyTable writes a table's part of the k-th copy. Blocks are as large as those that Weft's collector sends.
func (q *querying) copyTable(ctx context.Context, t table, k int) error {
	const settings = " SETTINGS max_block_size = 65409, min_insert_block_size_rows = 200000, min_insert_block_size_bytes = 0, insert_deduplicate = 0, max_partitions_per_insert_block = 0, max_insert_threads = 1, throw_on_max_partitions_per_insert_block = 0"
	insert := fmt.Sprintf("INSERT INTO %s.%s (%s) SELECT %s FROM %s.%s WHERE ", t.database, t.name, strings.Join(t.columns, ", "), strings.Join(t.values, ", "), t.database, t.name)
	start := time.Unix(0, q.state.StartNS).UTC()
	run := func(where string, shift int) error {
		statement := strings.NewReplacer("{shift}", fmt.Sprint(shift), "{byte}", fmt.Sprintf("%02x", idMask(k))).Replace(insert + where + settings)
		_, err := q.db.ExecContext(ctx, statement)
		return err
	}
	if t.rule == perDay {
		// Only where the copy reaches another day than the copies before it.
		reach := func(k int) int {
			return int(start.Truncate(24*time.Hour).Sub(start.Add(-time.Duration(k)*baseSpread).Truncate(24*time.Hour)) / (24 * time.Hour))
		}
		if days := reach(k); days > reach(k-1) {
			return run(fmt.Sprintf("%s >= toDate('%s')", t.time, start.Format(time.DateOnly)), days)
		}
		return nil
	}
	slices := int(baseSpread/time.Second) / sliceSeconds
	for i := range slices {
		from := start.Unix() + int64(i*sliceSeconds)
		to := from + sliceSeconds
		if i == 0 {
			from -= int64(baseRest/time.Second) / 2 // a few spans begin before their trace; the copy before ends earlier still
		}
		// Not toDateTime: of "DateTime64 < DateTime" ClickHouse concludes for the index that it ends a second earlier.
		where := fmt.Sprintf("%s >= toDateTime64(%d, 9, 'UTC')", t.time, from-from%10)
		if i < slices-1 {
			where += fmt.Sprintf(" AND %s < toDateTime64(%d, 9, 'UTC')", t.time, to-to%10)
		}
		if err := run(where, k*int(baseSpread/time.Second)); err != nil {
			return err
		}
	}
	return nil
}

// idMask is what every byte of an id of the k-th copy is changed by.
func idMask(k int) byte { return byte(k) }

// copied is a trace's id in the k-th copy.
func copied(id []byte, k int) []byte {
	out := slices.Clone(id)
	for i := range out {
		out[i] ^= idMask(k)
	}
	return out
}
