package storeexporter

import (
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"weft/store"
)

// maxDepth bounds the nesting of arrays and maps; what is deeper becomes an empty value. pdata itself has no bound.
const maxDepth = 128

// value converts any attribute value or log body.
func value(v pcommon.Value) store.Value {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return store.StringValue(v.Str())
	case pcommon.ValueTypeInt:
		return store.IntValue(v.Int())
	case pcommon.ValueTypeDouble:
		return store.DoubleValue(v.Double())
	case pcommon.ValueTypeBool:
		return store.BoolValue(v.Bool())
	case pcommon.ValueTypeEmpty:
		return store.Value{}
	default:
		return store.JSONValue(string(appendAnyValue(nil, v, 0)))
	}
}

// appendAttributes appends m to dst, which must be empty. Of a key that is sent twice the first counts, as in pdata.
func appendAttributes(dst store.Attributes, m pcommon.Map) store.Attributes {
	for k, v := range m.All() {
		dst = append(dst, store.Attribute{Key: k, Value: value(v)})
	}
	return unique(dst)
}

// unique removes later attributes of the same key, in place.
func unique(a store.Attributes) store.Attributes {
	if len(a) > 32 {
		seen := make(map[string]struct{}, len(a))
		return slices.DeleteFunc(a, func(x store.Attribute) bool {
			_, dup := seen[x.Key]
			seen[x.Key] = struct{}{}
			return dup
		})
	}
	n := 0
next:
	for i := range a {
		for j := range n {
			if a[j].Key == a[i].Key {
				continue next
			}
		}
		a[n] = a[i]
		n++
	}
	return a[:n]
}

// appendAnyValue appends v as an OTLP-JSON AnyValue object.
func appendAnyValue(dst []byte, v pcommon.Value, depth int) []byte {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		dst = append(dst, `{"stringValue":`...)
		dst = appendJSONString(dst, v.Str())
	case pcommon.ValueTypeInt:
		dst = append(dst, `{"intValue":"`...)
		dst = strconv.AppendInt(dst, v.Int(), 10)
		dst = append(dst, '"')
	case pcommon.ValueTypeDouble:
		dst = append(dst, `{"doubleValue":`...)
		dst = appendJSONDouble(dst, v.Double())
	case pcommon.ValueTypeBool:
		dst = append(dst, `{"boolValue":`...)
		dst = strconv.AppendBool(dst, v.Bool())
	case pcommon.ValueTypeBytes:
		dst = append(dst, `{"bytesValue":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, v.Bytes().AsRaw())
		dst = append(dst, '"')
	case pcommon.ValueTypeSlice:
		if depth >= maxDepth {
			return append(dst, `{}`...)
		}
		dst = append(dst, `{"arrayValue":{"values":[`...)
		for i, e := range v.Slice().All() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendAnyValue(dst, e, depth+1)
		}
		dst = append(dst, `]}`...)
	case pcommon.ValueTypeMap:
		if depth >= maxDepth {
			return append(dst, `{}`...)
		}
		dst = append(dst, `{"kvlistValue":{"values":[`...)
		first := true
		for k, e := range v.Map().All() {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(dst, `{"key":`...)
			dst = appendJSONString(dst, k)
			dst = append(dst, `,"value":`...)
			dst = appendAnyValue(dst, e, depth+1)
			dst = append(dst, '}')
		}
		dst = append(dst, `]}`...)
	default:
		return append(dst, `{}`...)
	}
	return append(dst, '}')
}

// appendJSONDouble writes what protobuf's JSON mapping does for numbers that JSON lacks.
func appendJSONDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}

// appendJSONString quotes s; invalid UTF-8 becomes U+FFFD.
func appendJSONString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	dst = append(dst, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		if c >= 0x20 {
			dst = append(dst, '\\', c)
		} else {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// newResource converts a resource.
func newResource(r pcommon.Resource, schemaURL string) *store.Resource {
	res := &store.Resource{
		SchemaURL:         schemaURL,
		Attributes:        appendAttributes(make(store.Attributes, 0, r.Attributes().Len()), r.Attributes()),
		DroppedAttributes: r.DroppedAttributesCount(),
	}
	sealResource(res)
	return res
}

// sealResource sorts the attributes by key, so that the hash does not depend on the order they were sent in, and sets it.
func sealResource(r *store.Resource) {
	slices.SortFunc(r.Attributes, func(a, b store.Attribute) int { return strings.Compare(a.Key, b.Key) })
	r.Hash = resourceHash(r)
}

// resourceHash is the xxhash64 of the resource's content in a form where no two contents look the same. It is stored,
// so the form must never change.
func resourceHash(r *store.Resource) uint64 {
	var d xxhash.Digest
	d.Reset()
	var buf [10]byte
	number := func(n uint64) {
		for i := range 8 {
			buf[i] = byte(n >> (8 * i))
		}
		d.Write(buf[:8])
	}
	text := func(s string) {
		number(uint64(len(s)))
		d.WriteString(s)
	}
	text(r.SchemaURL)
	number(uint64(r.DroppedAttributes))
	for _, a := range r.Attributes {
		text(a.Key)
		number(uint64(a.Value.Type()))
		switch a.Value.Type() {
		case store.TypeString, store.TypeJSON:
			text(a.Value.Str())
		default:
			number(uint64(a.Value.Int())) // the bits of a double or bool as well
		}
	}
	return d.Sum64()
}

// newScope converts an instrumentation scope.
func newScope(s pcommon.InstrumentationScope, schemaURL string) *store.Scope {
	return &store.Scope{
		Name: s.Name(), Version: s.Version(), SchemaURL: schemaURL,
		Attributes:        appendAttributes(nil, s.Attributes()),
		DroppedAttributes: s.DroppedAttributesCount(),
	}
}

// unixNS is a pdata time as signed nanoseconds; times after 2262 become the last representable one.
func unixNS(t pcommon.Timestamp) int64 { return int64(min(uint64(t), math.MaxInt64)) }
