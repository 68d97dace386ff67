package store

import "math"

// ValueType says which of OTLP's AnyValue alternatives a Value holds.
type ValueType uint8

// Value types. Arrays, key-value lists and bytes are kept as OTLP-JSON text (the AnyValue object, such as
// {"arrayValue":{"values":[{"intValue":"1"}]}}), so they survive unchanged without a column each.
const (
	TypeEmpty ValueType = iota
	TypeString
	TypeInt
	TypeDouble
	TypeBool
	TypeJSON
)

// Value is one typed attribute value. Use the constructors; the fields are not exported so that a number cannot be
// read as the wrong type.
type Value struct {
	typ ValueType
	num uint64
	str string
}

// StringValue holds s.
func StringValue(s string) Value { return Value{typ: TypeString, str: s} }

// IntValue holds i, exact over the whole int64 range.
func IntValue(i int64) Value { return Value{typ: TypeInt, num: uint64(i)} }

// DoubleValue holds f, NaN and infinities included.
func DoubleValue(f float64) Value { return Value{typ: TypeDouble, num: math.Float64bits(f)} }

// BoolValue holds b.
func BoolValue(b bool) Value {
	v := Value{typ: TypeBool}
	if b {
		v.num = 1
	}
	return v
}

// JSONValue holds an array, key-value list or bytes as the OTLP-JSON AnyValue object in text.
func JSONValue(text string) Value { return Value{typ: TypeJSON, str: text} }

// Type says which accessor applies.
func (v Value) Type() ValueType { return v.typ }

// Str is the text of a TypeString or TypeJSON value.
func (v Value) Str() string { return v.str }

// Int is the number of a TypeInt value.
func (v Value) Int() int64 { return int64(v.num) }

// Double is the number of a TypeDouble value.
func (v Value) Double() float64 { return math.Float64frombits(v.num) }

// Bool is the truth of a TypeBool value.
func (v Value) Bool() bool { return v.num != 0 }

// Attribute is one key and its typed value.
type Attribute struct {
	Key   string
	Value Value
}

// Attributes are unique by key. Reads return them sorted by key.
type Attributes []Attribute

// Get returns the value of key, if there is one.
func (a Attributes) Get(key string) (Value, bool) {
	for i := range a {
		if a[i].Key == key {
			return a[i].Value, true
		}
	}
	return Value{}, false
}
