package function

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// decoder fills a struct from YAML by its manifest tags. The YAML library's own decoder stops at the first unknown field of
// each mapping's type, names Go types, and reads neither sizes nor the line of a field that breaks a rule later.
type decoder struct {
	problems []Problem
	// lines has the line of each field that the manifest has, failed those whose value could not be read.
	lines  map[string]int
	failed map[string]bool
}

func newDecoder() *decoder {
	return &decoder{lines: map[string]int{}, failed: map[string]bool{}}
}

// has says whether the manifest names the field.
func (d *decoder) has(field string) bool { return d.lines[field] > 0 }

// line of a field, or of what it belongs to; 0 when neither is there.
func (d *decoder) line(field string) int {
	for {
		if n := d.lines[field]; n > 0 {
			return n
		}
		i := strings.LastIndexByte(field, '.')
		if i < 0 {
			return 0
		}
		field = field[:i]
	}
}

func (d *decoder) report(n *yaml.Node, field, format string, args ...any) {
	d.problems = append(d.problems, Problem{Line: n.Line, Field: field, Text: fmt.Sprintf(format, args...)})
}

// bad reports a field that keeps its default because its value cannot be read.
func (d *decoder) bad(n *yaml.Node, field, format string, args ...any) {
	d.failed[field] = true
	d.report(n, field, format, args...)
}

// fieldsOf returns the settable fields of a struct by their manifest name, and the options after it.
func fieldsOf(v reflect.Value) (names []string, values map[string]reflect.Value, options map[string]string) {
	values, options = map[string]reflect.Value{}, map[string]string{}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			inner, innerValues, innerOptions := fieldsOf(v.Field(i))
			for _, name := range inner {
				names = append(names, name)
				values[name], options[name] = innerValues[name], innerOptions[name]
			}
			continue
		}
		name, option, _ := strings.Cut(field.Tag.Get("manifest"), ",")
		if name != "" && name != "-" {
			names = append(names, name)
			values[name], options[name] = v.Field(i), option
		}
	}
	return names, values, options
}

// mapping fills the struct that target points to.
func (d *decoder) mapping(n *yaml.Node, path string, target any) {
	if n = resolve(n); n.Kind != yaml.MappingNode {
		d.bad(n, path, "want fields, got %s", describe(n))
		return
	}
	names, values, options := fieldsOf(reflect.ValueOf(target).Elem())
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		field := join(path, key.Value)
		switch v, known := values[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			d.bad(key, path, "want a name before each colon, got %s", describe(key))
		case !known:
			d.report(key, field, "no such field%s", suggestion(key.Value, names))
		case d.has(field):
			d.report(key, field, "is there already, at line %d", d.lines[field])
		default:
			d.lines[field] = key.Line
			d.value(value, field, v, options[key.Value])
		}
	}
}

func (d *decoder) value(n *yaml.Node, field string, v reflect.Value, option string) {
	n = resolve(n)
	if v.Kind() == reflect.Struct {
		if hook, is := v.Addr().Interface().(*Hook); is {
			hook.Enabled = true
		}
		d.mapping(n, field, v.Addr().Interface())
		return
	}
	switch v.Interface().(type) {
	case []string:
		d.list(n, field, v)
		return
	case map[string]string:
		d.variables(n, field, v)
		return
	}
	if err := scalar(n, v, option); err != nil {
		d.bad(n, field, "%s", err)
	}
}

// scalar reads one value.
func scalar(n *yaml.Node, v reflect.Value, option string) error {
	text, isScalar := n.Value, n.Kind == yaml.ScalarNode && n.Tag != "!!null"
	if !isScalar {
		text = describe(n)
	}
	want := func(what string) error {
		if isScalar {
			return fmt.Errorf("want %s, got %q", what, text)
		}
		return fmt.Errorf("want %s, got %s", what, text)
	}
	switch v.Interface().(type) {
	case time.Duration:
		if option != "" && isScalar && text == option {
			v.SetInt(-1)
			return nil
		}
		d, err := parseDuration(text)
		if !isScalar || err != nil {
			return want("a duration such as 500ms, 30s or 24h")
		}
		v.SetInt(int64(d))
		return nil
	case int64:
		size, err := ParseSize(text)
		if !isScalar || err != nil {
			return want("a size such as 256MiB or 2GiB")
		}
		v.SetInt(size)
		return nil
	}
	switch v.Kind() {
	case reflect.Int:
		i, err := strconv.ParseInt(text, 10, 32)
		if !isScalar || err != nil {
			return want("a whole number")
		}
		v.SetInt(i)
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if !isScalar || err != nil || math.IsNaN(f) {
			return want("a number")
		}
		v.SetFloat(f)
	case reflect.Bool:
		if !isScalar || text != "true" && text != "false" {
			return want("true or false")
		}
		v.SetBool(text == "true")
	case reflect.String:
		if !isScalar || n.Tag != "!!str" {
			return want("text")
		}
		v.SetString(text)
	default:
		return fmt.Errorf("cannot be read from a manifest: %s", v.Type())
	}
	return nil
}

func (d *decoder) list(n *yaml.Node, field string, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.bad(n, field, "want a list such as [node, server.js], got %s", describe(n))
		return
	}
	list := make([]string, 0, len(n.Content))
	for _, item := range n.Content {
		if item = resolve(item); item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			d.bad(item, field, "want text in the list, got %s", describe(item))
			return
		}
		list = append(list, item.Value) // a port is written as a number
	}
	v.Set(reflect.ValueOf(list))
}

// variables reads the environment. Numbers and booleans are taken as they are written.
func (d *decoder) variables(n *yaml.Node, field string, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.bad(n, field, "want NAME: value, got %s", describe(n))
		return
	}
	variables := make(map[string]string, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], resolve(n.Content[i+1])
		name := join(field, key.Value)
		switch {
		case key.Kind != yaml.ScalarNode:
			d.bad(key, field, "want a name before each colon, got %s", describe(key))
		case d.has(name):
			d.report(key, name, "is there already, at line %d", d.lines[name])
		case value.Kind != yaml.ScalarNode || value.Tag == "!!null":
			d.bad(key, name, `want text, "" for none, got %s`, describe(value))
		default:
			d.lines[name] = key.Line
			variables[key.Value] = value.Value
		}
	}
	v.Set(reflect.ValueOf(variables))
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "fields"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		return "nothing"
	}
	return strconv.Quote(n.Value)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
