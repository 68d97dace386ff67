package storeexporter

import (
	"encoding/base64"
	"math"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"weft/processor/enrichprocessor"
	"weft/store"
)

// Fields of KeyValue, AnyValue, ArrayValue and KeyValueList. Source: opentelemetry-proto common/v1.
const (
	tagKey       = 1<<3 | wireBytes
	tagValue     = 2<<3 | wireBytes
	tagString    = 1<<3 | wireBytes
	tagBool      = 2<<3 | wireVarint
	tagInt       = 3<<3 | wireVarint
	tagDouble    = 4<<3 | wireFixed64
	tagArray     = 5<<3 | wireBytes
	tagKeyValues = 6<<3 | wireBytes
	tagBytes     = 7<<3 | wireBytes
	tagElement   = 1<<3 | wireBytes
)

// keyValue takes a KeyValue apart. A value that is sent in two parts, or by a number in a table, is pdata's business.
func keyValue(s string) (key, value string, ok bool) {
	hasValue := false
	for s != "" {
		tag, _, body, rest, ok := nextField(s)
		if !ok {
			return "", "", false
		}
		s = rest
		switch {
		case tag == tagKey:
			key = body
		case tag == tagValue && !hasValue:
			value, hasValue = body, true
		default:
			return "", "", false
		}
	}
	return key, value, true
}

// attribute converts a KeyValue as value and fill do.
func (w *wireReader) attribute(s string) (a store.Attribute, ok bool) {
	key, any, ok := keyValue(s)
	if !ok {
		return a, false
	}
	a.Key = key
	a.Value, ok = w.value(any)
	return a, ok
}

// ofAttribute is v as the enrich processor looks at it. Lists, maps and bytes are of one type to it.
func ofAttribute(v store.Value) enrichprocessor.Value {
	out := enrichprocessor.Value{Num: uint64(v.Int())}
	switch v.Type() {
	case store.TypeString:
		out.Type, out.Str = pcommon.ValueTypeStr, v.Str()
	case store.TypeInt:
		out.Type = pcommon.ValueTypeInt
	case store.TypeDouble:
		out.Type = pcommon.ValueTypeDouble
	case store.TypeBool:
		out.Type = pcommon.ValueTypeBool
	case store.TypeJSON:
		out.Type = pcommon.ValueTypeMap
	}
	return out
}

// value converts an AnyValue.
func (w *wireReader) value(s string) (store.Value, bool) {
	if s == "" {
		return store.Value{}, true
	}
	tag, number, body, rest, ok := nextField(s)
	if !ok || rest != "" { // of several the last one counts: pdata's business
		return store.Value{}, false
	}
	switch tag {
	case tagString:
		return store.StringValue(body), w.enrich.Text(body)
	case tagInt:
		return store.IntValue(int64(number)), true
	case tagBool:
		return store.BoolValue(number != 0), true
	case tagDouble:
		return store.DoubleValue(math.Float64frombits(number)), true
	case tagArray, tagKeyValues, tagBytes:
		if !w.enrich.Nested(len(s)) {
			return store.Value{}, false
		}
		w.json, ok = w.appendValue(w.json[:0], s, 0)
		return store.JSONValue(string(w.json)), ok
	}
	return store.Value{}, false
}

// appendValue is appendAnyValue for an AnyValue on the wire.
func (w *wireReader) appendValue(dst []byte, s string, depth int) ([]byte, bool) {
	if s == "" {
		return append(dst, `{}`...), true
	}
	tag, number, body, rest, ok := nextField(s)
	if !ok || rest != "" || !w.enrich.NestedDepth(depth) {
		return dst, false
	}
	switch tag {
	case tagString:
		dst = append(dst, `{"stringValue":`...)
		dst, ok = appendJSONString(dst, body), w.enrich.Text(body)
	case tagInt:
		dst = append(dst, `{"intValue":"`...)
		dst = strconv.AppendInt(dst, int64(number), 10)
		dst = append(dst, '"')
	case tagBool:
		dst = append(dst, `{"boolValue":`...)
		dst = strconv.AppendBool(dst, number != 0)
	case tagDouble:
		dst = append(dst, `{"doubleValue":`...)
		dst = appendJSONDouble(dst, math.Float64frombits(number))
	case tagBytes:
		dst = append(dst, `{"bytesValue":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, []byte(body))
		dst = append(dst, '"')
	case tagArray:
		dst = append(dst, `{"arrayValue":{"values":[`...)
		dst, ok = w.appendElements(dst, body, func(dst []byte, element string) ([]byte, bool) {
			return w.appendValue(dst, element, depth+1)
		})
		dst = append(dst, `]}`...)
	case tagKeyValues:
		dst = append(dst, `{"kvlistValue":{"values":[`...)
		dst, ok = w.appendElements(dst, body, func(dst []byte, element string) ([]byte, bool) {
			key, value, ok := keyValue(element)
			if !ok || !w.enrich.Name(key) {
				return dst, false
			}
			dst = append(dst, `{"key":`...)
			dst = appendJSONString(dst, key)
			dst = append(dst, `,"value":`...)
			dst, ok = w.appendValue(dst, value, depth+1)
			return append(dst, '}'), ok
		})
		dst = append(dst, `]}`...)
	default:
		return dst, false
	}
	return append(dst, '}'), ok
}

// appendElements appends what element makes of each element of an ArrayValue or KeyValueList, with commas between.
func (w *wireReader) appendElements(dst []byte, s string, element func(dst []byte, s string) ([]byte, bool)) ([]byte, bool) {
	for first := true; s != ""; first = false {
		tag, _, body, rest, ok := nextField(s)
		if !ok || tag != tagElement {
			return dst, false
		}
		if !first {
			dst = append(dst, ',')
		}
		if dst, ok = element(dst, body); !ok {
			return dst, false
		}
		s = rest
	}
	return dst, true
}
