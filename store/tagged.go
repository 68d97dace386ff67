package store

import (
	"math"
	"strconv"
	"strings"
)

// Events and links keep their attributes in one Map(String, String) each: they are few, and five maps inside an array would
// be ten more files per part. A string attribute stands under its plain key, so SQL reads
// events.attributes[1]['exception.type']; any other type, and a key that itself holds a zero byte, stands under the
// key, a zero byte and the type's letter. Doubles are the 16 hex digits of their bits, which keeps NaN payloads and -0.
const (
	tagString = 's'
	tagInt    = 'i'
	tagDouble = 'd'
	tagBool   = 'b'
	tagJSON   = 'j'
	tagEmpty  = 'e'
)

type taggedMap = mapColumn[*textColumn]

func addTagged(m *taggedMap, attrs Attributes) {
	var buf [32]byte
	for i := range attrs {
		key, v := attrs[i].Key, attrs[i].Value
		switch v.typ {
		case TypeString:
			if strings.IndexByte(key, 0) >= 0 {
				key += "\x00s"
			}
			m.keys.Append(key)
			m.values.Append(v.str)
		case TypeInt:
			m.keys.Append(key + "\x00i")
			m.values.AppendBytes(strconv.AppendInt(buf[:0], v.Int(), 10))
		case TypeDouble:
			m.keys.Append(key + "\x00d")
			m.values.AppendBytes(strconv.AppendUint(buf[:0], v.num, 16))
		case TypeBool:
			m.keys.Append(key + "\x00b")
			m.values.AppendBytes(strconv.AppendBool(buf[:0], v.Bool()))
		case TypeJSON:
			m.keys.Append(key + "\x00j")
			m.values.Append(v.str)
		default:
			m.keys.Append(key + "\x00e")
			m.values.Append("")
		}
	}
	m.end()
}

// taggedRow is the inverse of addTagged, sorted by key.
func taggedRow(m *taggedMap, i int) Attributes {
	j, end := m.span(i)
	if j == end {
		return nil
	}
	attrs := make(Attributes, 0, end-j)
	for ; j < end; j++ {
		attrs = append(attrs, untag(m.keys.Row(j), m.values.Row(j)))
	}
	sortByKey(attrs)
	return attrs
}

func untag(key, text string) Attribute {
	n := len(key) - 2
	if n < 0 || key[n] != 0 {
		return Attribute{key, StringValue(text)}
	}
	tag, key := key[n+1], key[:n]
	switch tag {
	case tagInt:
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return Attribute{key, IntValue(i)}
		}
	case tagDouble:
		if bits, err := strconv.ParseUint(text, 16, 64); err == nil {
			return Attribute{key, DoubleValue(math.Float64frombits(bits))}
		}
	case tagBool:
		return Attribute{key, BoolValue(text == "true")}
	case tagJSON:
		return Attribute{key, JSONValue(text)}
	case tagEmpty:
		return Attribute{key, Value{}}
	}
	return Attribute{key, StringValue(text)} // tagString
}

// valueText is v as text, parseValue its inverse given the type.
func valueText(v Value) string {
	switch v.typ {
	case TypeInt:
		return strconv.FormatInt(v.Int(), 10)
	case TypeDouble:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64)
	case TypeBool:
		return strconv.FormatBool(v.Bool())
	}
	return v.str
}

func parseValue(t ValueType, text string) Value {
	switch t {
	case TypeString:
		return StringValue(text)
	case TypeInt:
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return IntValue(i)
		}
	case TypeDouble:
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return DoubleValue(f)
		}
	case TypeBool:
		return BoolValue(text == "true")
	case TypeJSON:
		return JSONValue(text)
	case TypeEmpty:
		return Value{}
	}
	return StringValue(text)
}
