package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"weft/store"
)

var (
	kindNames   = []string{"unspecified", "internal", "server", "client", "producer", "consumer"}
	statusNames = []string{"unset", "ok", "error"}
)

// kindName is the kind's word; a number OTLP does not define is "unspecified".
func kindName(k store.Kind) string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[0]
}

func statusName(c store.StatusCode) string {
	if int(c) < len(statusNames) {
		return statusNames[c]
	}
	return statusNames[0]
}

const conditionBound = "key=value, key!=value, key>1, key>=1, key<1, key<=1, key, or !key"

// conditionOps are tried in this order: the longer ones first.
var conditionOps = []struct {
	text string
	op   store.Op
}{
	{"!=", store.OpNotEqual}, {">=", store.OpGreaterEqual}, {"<=", store.OpLessEqual},
	{"=", store.OpEqual}, {">", store.OpGreater}, {"<", store.OpLess},
}

// parseCondition reads one attr parameter; its grammar is in openapi.yaml at searchTraces.
func parseCondition(s string) (store.Predicate, error) {
	if !utf8.ValidString(s) {
		return store.Predicate{}, errNotUTF8
	}
	rest := strings.TrimSpace(s)
	negated := false
	if after, ok := strings.CutPrefix(rest, "!"); ok {
		negated, rest = true, strings.TrimSpace(after)
	}
	key, rest, err := conditionKey(rest)
	if err != nil {
		return store.Predicate{}, err
	}
	rest = strings.TrimSpace(rest)
	if rest == "" {
		op := store.OpExists
		if negated {
			op = store.OpNotExists
		}
		if strings.HasPrefix(key, "@") && key != store.FieldEvent {
			return store.Predicate{}, fmt.Errorf("%s is always there; compare it with a value", clip(key))
		}
		return store.Predicate{Field: key, Op: op}, nil
	}
	if negated {
		return store.Predicate{}, errors.New("want only a key after the leading !; write key!=value")
	}
	for _, o := range conditionOps {
		if text, ok := strings.CutPrefix(rest, o.text); ok {
			return conditionValue(key, o.op, strings.TrimSpace(text))
		}
	}
	return store.Predicate{}, errors.New("want an operator after the key")
}

// conditionKey splits the key, quoted or up to the first operator, from what follows.
func conditionKey(s string) (key, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		key, rest, err = quoted(s)
	} else {
		end := strings.IndexAny(s, "=!<>")
		if end < 0 {
			end = len(s)
		}
		key, rest = strings.TrimSpace(s[:end]), s[end:]
	}
	if err == nil && key == "" {
		err = errors.New("want a key")
	}
	return key, rest, err
}

// quoted reads a JSON string at the start of s.
func quoted(s string) (text, rest string, err error) {
	dec := json.NewDecoder(strings.NewReader(s))
	if err := dec.Decode(&text); err != nil {
		return "", "", errors.New("want a closed double-quoted string with JSON escapes")
	}
	return text, s[dec.InputOffset():], nil
}

func conditionValue(key string, op store.Op, text string) (store.Predicate, error) {
	isQuoted := strings.HasPrefix(text, `"`)
	if isQuoted {
		value, rest, err := quoted(text)
		if err != nil {
			return store.Predicate{}, err
		}
		if strings.TrimSpace(rest) != "" {
			return store.Predicate{}, errors.New("want nothing after the closing quote")
		}
		text = value
	} else if text == "" {
		return store.Predicate{}, errors.New(`want a value; the empty one is written ""`)
	}
	p := store.Predicate{Field: key, Op: op}
	if strings.HasPrefix(key, "@") {
		return intrinsic(p, text)
	}
	switch op {
	case store.OpEqual, store.OpNotEqual:
		p.Value = store.StringValue(text) // matches numbers and bools by their text form
		return p, nil
	}
	if isQuoted {
		return store.Predicate{}, errors.New("want a number without quotes after this operator")
	}
	var err error
	p.Value, err = number(text)
	return p, err
}

// intrinsic checks a comparison with one of the fields that are no attributes.
func intrinsic(p store.Predicate, text string) (store.Predicate, error) {
	equality := p.Op == store.OpEqual || p.Op == store.OpNotEqual
	switch p.Field {
	case store.FieldDuration:
		d, err := parseDuration(text)
		p.Value = store.IntValue(int64(d))
		return p, err
	case store.FieldKind:
		if !slices.Contains(kindNames, text) {
			return p, fmt.Errorf("want one of %s", strings.Join(kindNames, ", "))
		}
	case store.FieldStatus:
		if !slices.Contains(statusNames, text) {
			return p, fmt.Errorf("want one of %s", strings.Join(statusNames, ", "))
		}
	case store.FieldError, store.FieldColdStart, store.FieldRetry, store.FieldDeadLetter:
		if text != "true" && text != "false" {
			return p, errors.New("want true or false")
		}
	case store.FieldService, store.FieldName, store.FieldCategory, store.FieldPeer, store.FieldEvent:
	default:
		return p, errors.New("want @service, @name, @kind, @status, @error, @duration, @category, @peer, @event, @cold_start, @retry or @dead_letter")
	}
	if !equality {
		return p, fmt.Errorf("%s takes = and != only", p.Field)
	}
	p.Value = store.StringValue(text)
	return p, nil
}

func number(text string) (store.Value, error) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return store.IntValue(i), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return store.Value{}, errors.New("want a number after this operator")
	}
	return store.DoubleValue(f), nil
}
