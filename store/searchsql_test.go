package store

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestSearchSQL compares what search composes with testdata/search/*.sql. A file starts with the query in comments:
//
//	-- where order.id = "a"
//	-- key order.id span string
//	-- errors
func TestSearchSQL(t *testing.T) {
	files, err := filepath.Glob("testdata/search/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sql"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			head, q, sides, cursor := parseGolden(t, string(text))
			got := head + render(q, sides, cursor)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(text) {
				t.Errorf("got\n%s\nwant\n%s", got, text)
			}
		})
	}
}

func render(q TraceQuery, sides attributeSides, cursor *traceCursor) string {
	where, params, err := conditions(q.Where, sides)
	if err != nil {
		return "-- error: " + err.Error() + "\n"
	}
	if where == never {
		return "-- nothing can match\n"
	}
	search := &traceSearch{q: q, to: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC).UnixNano(), where: where, params: params, cursor: cursor}
	st := search.candidateStatement(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano(), 20)
	var b strings.Builder
	b.WriteString(st.sql + "\n")
	for _, p := range st.params {
		p := p.(driver.NamedValue)
		fmt.Fprintf(&b, "-- param %s = %q\n", p.Name, p.Value)
	}
	return b.String()
}

// parseGolden reads the query out of the first lines, up to an empty one.
func parseGolden(t *testing.T, text string) (head string, q TraceQuery, sides attributeSides, cursor *traceCursor) {
	t.Helper()
	sides = make(attributeSides)
	ops := map[string]Op{"=": OpEqual, "!=": OpNotEqual, ">": OpGreater, ">=": OpGreaterEqual, "<": OpLess, "<=": OpLessEqual, "exists": OpExists, "!exists": OpNotExists}
	types := map[string]ValueType{"string": TypeString, "int": TypeInt, "double": TypeDouble, "bool": TypeBool, "json": TypeJSON, "empty": TypeEmpty}
	for line := range strings.Lines(text) {
		head += line
		line = strings.TrimSpace(line)
		if line == "" {
			return head, q, sides, cursor
		}
		scanner := bufio.NewScanner(strings.NewReader(strings.TrimPrefix(line, "-- ")))
		scanner.Split(bufio.ScanWords)
		var words []string
		for scanner.Scan() {
			words = append(words, scanner.Text())
		}
		switch words[0] {
		case "where":
			p := Predicate{Field: words[1], Op: ops[words[2]]}
			if len(words) > 3 {
				p.Value = goldenValue(strings.Join(words[3:], " "))
			}
			q.Where = AllOf[Expr](q.Where, p)
		case "key":
			side := uint8(sideSpan)
			if words[2] == "resource" {
				side = sideResource
			}
			sides.add(words[1], side, uint8(types[words[3]]))
		case "errors":
			q.ErrorsOnly = true
		case "min":
			d, err := time.ParseDuration(words[1])
			if err != nil {
				t.Fatal(err)
			}
			q.MinTraceDuration = d
		case "cursor":
			cursor = &traceCursor{snapshotMS: 1_767_225_600_000}
		default:
			t.Fatalf("%q: want where, key, errors, min or cursor", line)
		}
	}
	t.Fatal("no empty line after the query")
	return
}

func goldenValue(s string) Value {
	if text, err := strconv.Unquote(s); err == nil {
		return StringValue(text)
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return IntValue(i)
	}
	if b, err := strconv.ParseBool(s); err == nil {
		return BoolValue(b)
	}
	f, _ := strconv.ParseFloat(s, 64)
	return DoubleValue(f)
}

// FuzzConditions checks that nothing a user gives gets into the SQL other than as a parameter.
func FuzzConditions(f *testing.F) {
	f.Add("order.id", uint8(OpEqual), uint8(TypeString), "x' OR 1=1 --", int64(1))
	f.Add("@duration", uint8(OpGreater), uint8(TypeString), "250ms", int64(0))
	f.Add("http.method", uint8(OpNotEqual), uint8(TypeInt), "", int64(-1))
	f.Fuzz(func(t *testing.T, field string, op, typ uint8, text string, n int64) {
		p := Predicate{Field: field, Op: Op(op % 9), Value: Value{typ: ValueType(typ % 6), num: uint64(n), str: text}}
		sides := make(attributeSides)
		for _, name := range synonyms(field) {
			for typ := TypeEmpty; typ <= TypeJSON; typ++ {
				sides.add(name, sideSpan, uint8(typ))
				sides.add(name, sideResource, uint8(typ))
			}
		}
		sql, params, err := conditions(p, sides)
		if err != nil || sql == "" || sql == never {
			return
		}
		for _, part := range []string{field, text} {
			if len(part) > 3 && strings.ContainsAny(part, "'\"\\;-") && strings.Contains(sql, part) {
				t.Errorf("%q stands in the SQL: %s", part, sql)
			}
		}
		for _, p := range params {
			if !strings.Contains(sql, "{"+p.(driver.NamedValue).Name+":") {
				t.Errorf("parameter %v is not used in %s", p, sql)
			}
		}
		if strings.Count(sql, "(") != strings.Count(sql, ")") {
			t.Errorf("unbalanced: %s", sql)
		}
	})
}
