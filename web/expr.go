package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"weft/store"
)

// maxExprBytes bounds one where or structure parameter.
const maxExprBytes = 16 << 10

const (
	exprBound      = `{"and":[…]}, {"or":[…]}, {"not":…} or {"field":…,"op":…,"value":…}`
	structureBound = `{"a":…,"op":">>","b":…}`
)

var exprOps = map[string]store.Op{
	"=": store.OpEqual, "!=": store.OpNotEqual, ">": store.OpGreater, ">=": store.OpGreaterEqual, "<": store.OpLess, "<=": store.OpLessEqual,
	"exists": store.OpExists, "not-exists": store.OpNotExists, "in": store.OpIn, "=~": store.OpMatches, "!~": store.OpNotMatches,
}

var exprOpNames = []string{"=", "!=", ">", ">=", "<", "<=", "exists", "not-exists", "in", "=~", "!~"}

var exprScopes = map[string]store.AttributeScope{"": store.ScopeAny, "span": store.ScopeSpan, "resource": store.ScopeResource}

var relations = map[string]store.Relation{
	">>": store.RelDescendant, ">": store.RelChild, "~": store.RelSibling, "<<": store.RelAncestor, "<": store.RelParent,
}

// pathError is a problem at one place of a JSON parameter.
type pathError struct {
	path string // such as .and[2].not.value; empty at the top
	err  error
}

func (e *pathError) Error() string {
	if e.path == "" {
		return e.err.Error()
	}
	return "at " + clip(e.path) + ": " + e.err.Error()
}

// exprReader reads a predicate tree.
type exprReader struct {
	nodes int
	// conjunct says that only And stands above: where a condition on the whole trace may be.
	conjunct bool
}

// parseExpr reads the where parameter; its grammar is in openapi.yaml at Condition. It is to be joined with so many other conditions.
func parseExpr(text string, others int) (store.Expr, error) {
	r, depth := exprReader{conjunct: true}, 1
	if others > 0 {
		r.nodes, depth = others+1, 2
	}
	return r.expr([]byte(text), "", depth)
}

// parseStructure reads the structure parameter; its grammar is in openapi.yaml at Structure.
func parseStructure(text string) (*store.Structure, error) {
	members, err := jsonObject([]byte(text), "")
	if err != nil {
		return nil, err
	}
	out := new(store.Structure)
	var r exprReader
	for _, name := range slices.Sorted(maps.Keys(members)) {
		raw := members[name]
		switch path := "." + name; name {
		case "a":
			out.A, err = r.expr(raw, path, 1)
		case "b":
			out.B, err = r.expr(raw, path, 1)
		case "op":
			var op string
			if op, err = jsonText(raw, path); err == nil {
				rel, ok := relations[op]
				if !ok {
					return nil, &pathError{path, errors.New("want one of >> > ~ << <")}
				}
				out.Relation = rel
			}
		default:
			return nil, &pathError{path, errors.New("no such member; want a, op and b")}
		}
		if err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"a", "op", "b"} {
		if members[name] == nil {
			return nil, &pathError{"", fmt.Errorf("%s is missing", name)}
		}
	}
	return out, nil
}

func (r *exprReader) expr(raw []byte, path string, depth int) (store.Expr, error) {
	fail := func(format string, args ...any) (store.Expr, error) {
		return nil, &pathError{path, fmt.Errorf(format, args...)}
	}
	if r.nodes++; r.nodes > store.MaxExprNodes {
		return fail("want at most %d conditions", store.MaxExprNodes)
	}
	if depth > store.MaxExprDepth {
		return fail("want conditions nested at most %d deep", store.MaxExprDepth)
	}
	members, err := jsonObject(raw, path)
	if err != nil {
		return nil, err
	}
	if members["field"] != nil {
		return r.predicate(members, path)
	}
	if len(members) != 1 {
		return fail("want one of and, or, not; or field, op and value")
	}
	conjunct := r.conjunct
	defer func() { r.conjunct = conjunct }()
	for name, raw := range members {
		switch name {
		case "and":
			list, err := r.list(raw, path+".and", depth)
			return store.And(list), err
		case "or":
			r.conjunct = false
			list, err := r.list(raw, path+".or", depth)
			return store.Or(list), err
		case "not":
			r.conjunct = false
			of, err := r.expr(raw, path+".not", depth+1)
			return store.Not{Of: of}, err
		}
	}
	return fail("want one of and, or, not; or field, op and value")
}

func (r *exprReader) list(raw []byte, path string, depth int) ([]store.Expr, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil || len(items) == 0 {
		return nil, &pathError{path, errors.New("want a list of at least one condition")}
	}
	list := make([]store.Expr, len(items))
	for i, item := range items {
		var err error
		if list[i], err = r.expr(item, path+"["+strconv.Itoa(i)+"]", depth+1); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (r *exprReader) predicate(members map[string]json.RawMessage, path string) (store.Expr, error) {
	var p store.Predicate
	var op, scope string
	var err error
	for _, m := range []struct {
		name string
		into *string
	}{{"field", &p.Field}, {"op", &op}, {"scope", &scope}} {
		if raw := members[m.name]; raw != nil {
			if *m.into, err = jsonText(raw, path+"."+m.name); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains([]string{"field", "op", "scope", "value"}, name) {
			return nil, &pathError{path + "." + name, errors.New("no such member; want field, op, value and scope")}
		}
	}
	var ok bool
	if p.Op, ok = exprOps[op]; !ok {
		return nil, &pathError{path + ".op", errors.New("want one of " + strings.Join(exprOpNames, " "))}
	}
	if p.Scope, ok = exprScopes[scope]; !ok {
		return nil, &pathError{path + ".scope", errors.New("want span or resource")}
	}
	if p.Field == store.FieldTraceDuration && !r.conjunct {
		return nil, &pathError{path, errors.New(store.FieldTraceDuration + " is about the whole trace, so it can be joined by and only")}
	}
	if err := readValues(&p, members["value"], path+".value"); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, &pathError{path, err}
	}
	return p, nil
}

func readValues(p *store.Predicate, raw json.RawMessage, path string) (err error) {
	switch p.Op {
	case store.OpExists, store.OpNotExists:
		if raw != nil {
			return &pathError{path, errors.New("want no value after this operator")}
		}
		return nil
	case store.OpIn:
		var items []json.RawMessage
		if raw == nil || json.Unmarshal(raw, &items) != nil {
			return &pathError{path, errors.New("want a list of values")}
		}
		p.Values = make([]store.Value, len(items))
		for i, item := range items {
			if p.Values[i], err = jsonValue(p.Field, item, path+"["+strconv.Itoa(i)+"]"); err != nil {
				return err
			}
		}
		return nil
	}
	p.Value, err = jsonValue(p.Field, raw, path)
	return err
}

// jsonValue is a scalar; for a duration field also a text such as 1.5s.
func jsonValue(field string, raw json.RawMessage, path string) (store.Value, error) {
	fail := func(err error) (store.Value, error) { return store.Value{}, &pathError{path, err} }
	isDuration := field == store.FieldDuration || field == store.FieldTraceDuration
	switch text := string(raw); {
	case strings.HasPrefix(text, `"`):
		s, err := jsonText(raw, path)
		if err != nil || !isDuration {
			return store.StringValue(s), err
		}
		d, err := parseDuration(s)
		if err != nil {
			return fail(err)
		}
		return store.IntValue(int64(d)), nil
	case text == "true", text == "false":
		return store.BoolValue(text == "true"), nil
	case text != "" && strings.ContainsRune("-0123456789", rune(text[0])):
		v, err := number(text)
		if err != nil {
			return fail(errors.New("want a number that fits 64 bits"))
		}
		return v, nil
	}
	return fail(errors.New("want a text, a number, true or false"))
}

// jsonText reads a JSON string.
func jsonText(raw json.RawMessage, path string) (string, error) {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return "", &pathError{path, errors.New("want a text")}
	}
	if len(*s) > maxText {
		return "", &pathError{path, fmt.Errorf("want at most %d bytes", maxText)}
	}
	return *s, nil
}

// jsonObject reads one JSON object, and nothing else, with each of its members once.
func jsonObject(raw []byte, path string) (map[string]json.RawMessage, error) {
	fail := func(format string, args ...any) (map[string]json.RawMessage, error) {
		return nil, &pathError{path, fmt.Errorf(format, args...)}
	}
	if !utf8.Valid(raw) {
		return nil, &pathError{path, errNotUTF8}
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return fail("want a JSON object")
	}
	members := make(map[string]json.RawMessage)
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return fail("want a JSON object")
		}
		if members[name] != nil {
			return fail("%q is given twice", clip(name))
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return fail("want valid JSON after %q", clip(name))
		}
		members[name] = value
	}
	if _, err := dec.Token(); err != nil {
		return fail("want the object to be closed")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fail("want nothing after the object")
	}
	return members, nil
}
