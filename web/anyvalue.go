package web

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"weft/store"
)

// anyValue is OTLP's AnyValue in OTLP JSON. At most one field is set; none is the empty value.
type anyValue struct {
	String *string     `json:"stringValue,omitempty"`
	Bool   *bool       `json:"boolValue,omitempty"`
	Int    *jsonInt    `json:"intValue,omitempty"`
	Double *jsonDouble `json:"doubleValue,omitempty"`
	Array  *struct {
		Values []anyValue `json:"values"`
	} `json:"arrayValue,omitempty"`
	List *struct {
		Values []keyValue `json:"values"`
	} `json:"kvlistValue,omitempty"`
	Bytes *string `json:"bytesValue,omitempty"` // base64
}

type keyValue struct {
	Key   string   `json:"key"`
	Value anyValue `json:"value"`
}

// jsonInt is a 64-bit integer as a number or, as proto3 JSON prefers, a string.
type jsonInt int64

// UnmarshalJSON accepts both forms.
func (i *jsonInt) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	if err != nil {
		return fmt.Errorf("want a 64-bit integer, got %s", clip(string(b)))
	}
	*i = jsonInt(n)
	return nil
}

// jsonDouble is a number, or one of the strings that proto3 JSON has for what JSON numbers cannot say.
type jsonDouble float64

// UnmarshalJSON accepts all forms.
func (f *jsonDouble) UnmarshalJSON(b []byte) error {
	switch s := strings.Trim(string(b), `"`); s {
	case "NaN":
		*f = jsonDouble(math.NaN())
	case "Infinity":
		*f = jsonDouble(math.Inf(1))
	case "-Infinity":
		*f = jsonDouble(math.Inf(-1))
	default:
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return fmt.Errorf("want a number, got %s", clip(string(b)))
		}
		*f = jsonDouble(n)
	}
	return nil
}

// appendPlain appends v as ordinary JSON: {"kvlistValue":{…}} becomes an object, bytes a base64 string.
func (v anyValue) appendPlain(dst []byte) []byte {
	switch {
	case v.String != nil:
		return appendString(dst, *v.String)
	case v.Bool != nil:
		return strconv.AppendBool(dst, *v.Bool)
	case v.Int != nil:
		return strconv.AppendInt(dst, int64(*v.Int), 10)
	case v.Double != nil:
		return appendDouble(dst, float64(*v.Double))
	case v.Bytes != nil:
		return appendString(dst, *v.Bytes)
	case v.Array != nil:
		dst = append(dst, '[')
		for i, e := range v.Array.Values {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = e.appendPlain(dst)
		}
		return append(dst, ']')
	case v.List != nil:
		dst = append(dst, '{')
		for i, kv := range v.List.Values {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, kv.Key), ':')
			dst = kv.Value.appendPlain(dst)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// structured renders a stored OTLP-JSON value: "bytes" and base64, or "json" and plain JSON. Text that is no AnyValue,
// which the writer never stores, is shown as it is.
func structured(text string) (typ, plain string) {
	var v anyValue
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return "string", text
	}
	if v.Bytes != nil {
		return "bytes", *v.Bytes
	}
	return "json", string(v.appendPlain(nil))
}

// valueText is the Value of openapi.yaml.
func valueText(v store.Value) (typ, text string) {
	switch v.Type() {
	case store.TypeString:
		return "string", v.Str()
	case store.TypeInt:
		return "int", strconv.FormatInt(v.Int(), 10)
	case store.TypeDouble:
		return "double", doubleText(v.Double())
	case store.TypeBool:
		return "bool", strconv.FormatBool(v.Bool())
	case store.TypeJSON:
		return structured(v.Str())
	}
	return "empty", ""
}
