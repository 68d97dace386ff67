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
//	-- or {
//	-- where order.id in "a" "b"
//	-- where resource.host.cpus =~ "^[24]$"
//	-- }
//
// Lines outside of a block are joined by and; "structure >> {" has two of them.
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
	search := &traceSearch{q: q, from: time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC).UnixNano(), to: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC).UnixNano(), cursor: cursor}
	if err := search.compose(sides); err != nil {
		return "-- error: " + err.(*Error).Err.Error() + "\n"
	}
	if search.where == never {
		return "-- nothing can match\n"
	}
	low := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	text := renderStatement(search.candidateStatement(low, 20))
	if search.structure != nil {
		text += "\n" + renderStatement(search.structureStatement(low, search.to))
	}
	return text
}

func renderStatement(st statement) string {
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
	ops := map[string]Op{"=": OpEqual, "!=": OpNotEqual, ">": OpGreater, ">=": OpGreaterEqual, "<": OpLess, "<=": OpLessEqual, "exists": OpExists, "!exists": OpNotExists, "in": OpIn, "=~": OpMatches, "!~": OpNotMatches}
	relations := map[string]Relation{">>": RelDescendant, ">": RelChild, "~": RelSibling, "<<": RelAncestor, "<": RelParent}
	stack := []*goldenBlock{{}}
	types := map[string]ValueType{"string": TypeString, "int": TypeInt, "double": TypeDouble, "bool": TypeBool, "json": TypeJSON, "empty": TypeEmpty}
	for line := range strings.Lines(text) {
		head += line
		line = strings.TrimSpace(line)
		if line == "" {
			q.Where = AllOf(stack[0].parts...)
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
			for prefix, scope := range map[string]AttributeScope{"span.": ScopeSpan, "resource.": ScopeResource} {
				if key, ok := strings.CutPrefix(p.Field, prefix); ok {
					p.Field, p.Scope = key, scope
				}
			}
			switch {
			case p.Op == OpIn:
				for _, word := range words[3:] {
					p.Values = append(p.Values, goldenValue(word))
				}
			case len(words) > 3:
				p.Value = goldenValue(strings.Join(words[3:], " "))
			}
			top := stack[len(stack)-1]
			top.parts = append(top.parts, p)
		case "and", "or", "not", "structure":
			stack = append(stack, &goldenBlock{kind: words[0], relation: relations[words[1]]})
		case "}":
			block, below := stack[len(stack)-1], stack[len(stack)-2]
			stack = stack[:len(stack)-1]
			switch block.kind {
			case "and":
				below.parts = append(below.parts, And(block.parts))
			case "or":
				below.parts = append(below.parts, Or(block.parts))
			case "not":
				below.parts = append(below.parts, Not{block.parts[0]})
			case "structure":
				q.Structure = &Structure{A: block.parts[0], B: block.parts[1], Relation: block.relation}
			}
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
			t.Fatalf("%q: want where, key, errors, min, cursor, and, or, not, structure or }", line)
		}
	}
	t.Fatal("no empty line after the query")
	return
}

// goldenBlock is a block of a golden file's query that is not closed yet.
type goldenBlock struct {
	kind     string
	relation Relation
	parts    []Expr
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
