package function

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"time"
)

// docs/functions.md has a row for each field of the manifest, with its default, and no other.
func TestReferenceIsComplete(t *testing.T) {
	text, err := os.ReadFile("../../docs/functions.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented [][2]string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| (?:`([^`]*)`|–) \\|").FindAllStringSubmatch(string(text), -1) {
		documented = append(documented, [2]string{row[1], row[2]})
	}
	m := Manifest{Function: Default(Lambda), Code: "."}
	m.Server = Default(HTTP).Server
	m.Initializer.Timeout, m.PreFreeze.Timeout, m.PreStop.Timeout = defaultInitializer, defaultLifecycle, defaultLifecycle
	fields := referenceOf("", reflect.ValueOf(&m).Elem())
	for _, f := range fields {
		if !slices.Contains(documented, f) {
			t.Errorf("docs/functions.md has no row | `%s` | `%s` |", f[0], f[1])
		}
	}
	for _, d := range documented {
		if !slices.Contains(fields, d) {
			t.Errorf("docs/functions.md has a row | `%s` | `%s` |; there is no such field or default", d[0], d[1])
		}
	}
	if len(documented) != len(fields) {
		t.Errorf("%d rows, %d fields", len(documented), len(fields))
	}
}

// ofTheirOwn are the groups of fields whose presence says something, and that therefore have a row.
var ofTheirOwn = []string{"initializer", "pre_freeze", "pre_stop", "server"}

func referenceOf(path string, v reflect.Value) (fields [][2]string) {
	names, values, _ := fieldsOf(v)
	for _, name := range names {
		field, value := join(path, name), values[name]
		if value.Kind() == reflect.Struct {
			if slices.Contains(ofTheirOwn, field) {
				fields = append(fields, [2]string{field, ""})
			}
			fields = append(fields, referenceOf(field, value)...)
			continue
		}
		text := fmt.Sprint(value.Interface())
		switch n := value.Interface().(type) {
		case time.Duration:
			text = formatDuration(n)
		case int64:
			text = formatSize(n)
		case float64:
			if n == 0 {
				text = ""
			}
		case []string, map[string]string:
			text = ""
		}
		fields = append(fields, [2]string{field, text})
	}
	return fields
}

// The examples of the reference are manifests without a mistake.
func TestExamplesOfTheReference(t *testing.T) {
	text, err := os.ReadFile("../../docs/functions.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(examples) < 4 {
		t.Fatalf("%d examples were found", len(examples))
	}
	for _, e := range examples {
		parse(t, e[1])
	}
}
