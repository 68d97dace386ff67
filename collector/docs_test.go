package collector

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/component"

	"weft/collector/samplingextension"
	"weft/processor/enrichprocessor"
)

// table returns the rows of the table in docs/collector.md whose header's first cell is head; cells without backquotes.
func table(t *testing.T, head ...string) [][]string {
	t.Helper()
	raw, err := os.ReadFile("../docs/collector.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	inside := false
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			inside = false
			continue
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(strings.ReplaceAll(cell, "`", "")))
		}
		switch {
		case len(cells) >= len(head) && slices.Equal(cells[:len(head)], head):
			inside = true
		case inside && !strings.HasPrefix(cells[0], "---"):
			rows = append(rows, cells)
		}
	}
	if len(rows) == 0 {
		t.Fatalf("docs/collector.md has no table that begins with %v", head)
	}
	return rows
}

// Every variable of default.yaml stands in the guide with its default, and no other does.
func TestDocumentedVariables(t *testing.T) {
	want := make(map[string]string)
	for _, m := range envDefault.FindAllStringSubmatch(defaultYAML, -1) {
		want[m[1]] = m[2]
	}
	got := make(map[string]string)
	for _, row := range append(table(t, "address", "set with"), table(t, "default", "set with")...) {
		got[row[1]] = row[0]
	}
	if !maps.Equal(got, want) {
		t.Errorf("docs/collector.md has %v\ndefault.yaml has %v", got, want)
	}
}

func TestAddressVariablesAreAll(t *testing.T) {
	want := make(map[string]bool)
	for _, row := range table(t, "address", "set with") {
		want[row[1]] = strings.HasSuffix(row[2], "UDP")
	}
	if !maps.Equal(addressVariables, want) {
		t.Errorf("the tests know %v, the guide %v", addressVariables, want)
	}
}

func TestDocumentedBounds(t *testing.T) {
	want := make(map[string]string)
	cfg := reflect.ValueOf(enrichprocessor.NewFactory().CreateDefaultConfig()).Elem()
	for i := range cfg.NumField() {
		want[cfg.Type().Field(i).Tag.Get("mapstructure")] = fmt.Sprint(cfg.Field(i).Interface())
	}
	got := make(map[string]string)
	for _, row := range table(t, "key", "default", "range") {
		got[row[0]] = row[1]
	}
	if !maps.Equal(got, want) {
		t.Errorf("docs/collector.md has %v\nthe processor has %v", got, want)
	}
}

func TestDocumentedReasons(t *testing.T) {
	want := make(map[string]bool)
	files, err := filepath.Glob("../semconv/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || !strings.HasPrefix(spec.Names[0].Name, "Reason") || len(spec.Values) == 0 {
				return true
			}
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			want[value] = true
			return true
		})
	}
	got := make(map[string]bool)
	for _, row := range table(t, "reason", "what it means") {
		got[row[0]] = true
	}
	if !maps.Equal(got, want) {
		t.Errorf("docs/collector.md has %v\nsemconv has %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

func TestDocumentedComponents(t *testing.T) {
	f, err := factories(Settings{}, &host{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"receivers": list(f.Receivers), "processors": list(f.Processors), "exporters": list(f.Exporters), "extensions": list(f.Extensions)}
	got := make(map[string]string)
	for _, row := range table(t, "kind", "components") {
		got[row[0]] = row[1]
	}
	if !maps.Equal(got, want) {
		t.Errorf("docs/collector.md has %v\nthe distribution has %v", got, want)
	}
}

func list[F any](factories map[component.Type]F) string {
	var names []string
	for typ := range factories {
		names = append(names, typ.String())
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// The example in the guide is a strategies file that is understood.
func TestDocumentedStrategies(t *testing.T) {
	raw, err := os.ReadFile("../docs/collector.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/collector.md has no example")
	}
	if err := samplingextension.Check([]byte(example)); err != nil {
		t.Error(err)
	}
}
