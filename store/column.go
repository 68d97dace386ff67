package store

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// column is what both directions of the native protocol need. ch-go's own LowCardinality, Map and Array build Go maps and
// slices per row; the ones here are filled and read in place, a third of the cost (BenchmarkSpanBatchAppend).
type column interface {
	proto.ColInput
	proto.ColResult
}

// namedColumn pairs a table's column with its data.
type namedColumn struct {
	name string
	data column
}

// lcVersion is the serialization version of LowCardinality in the native protocol, and lcUpdateAll its flags: additional
// keys follow, and they replace the dictionary. Source: ClickHouse src/DataTypes/Serializations/SerializationLowCardinality.cpp.
const (
	lcVersion   = 1
	lcUpdateAll = 1<<9 | 1<<10
	lcKeyMask   = 0xff
)

// lcColumn is LowCardinality(String). The dictionary is built while rows are appended, one map look-up a row and none when
// a value repeats the one before.
type lcColumn struct {
	dict  proto.ColStr
	index map[string]uint32
	keys  []uint32

	last    string // a value of the dictionary
	lastKey uint32

	values []string // the dictionary after DecodeColumn
}

func newLC() *lcColumn { return &lcColumn{index: make(map[string]uint32)} }

// Append adds a row; s is copied.
func (c *lcColumn) Append(s string) {
	if len(c.keys) == 0 || s != c.last {
		c.lastKey = c.key(s)
	}
	c.keys = append(c.keys, c.lastKey)
}

// key is the dictionary's index of s, which it adds when it is new.
func (c *lcColumn) key(s string) uint32 {
	k, ok := c.index[s]
	if !ok {
		k = uint32(c.dict.Rows())
		s = strings.Clone(s)
		c.dict.Append(s)
		c.index[s] = k
	}
	c.last, c.lastKey = s, k
	return k
}

// open appends a row with the empty string, which set may replace.
func (c *lcColumn) open() {
	if len(c.keys) == 0 && c.dict.Rows() == 0 {
		c.key("") // key 0
	}
	c.keys = append(c.keys, 0)
}

// set gives the last row, made by open, its value; it reports false when the row has one already.
func (c *lcColumn) set(s string) bool {
	row := len(c.keys) - 1
	if c.keys[row] != 0 {
		return false
	}
	if s != c.last {
		c.lastKey = c.key(s)
	}
	c.keys[row] = c.lastKey
	return true
}

func (c *lcColumn) Type() proto.ColumnType { return "LowCardinality(String)" }
func (c *lcColumn) Rows() int              { return len(c.keys) }

// Row is the i-th value after DecodeColumn.
func (c *lcColumn) Row(i int) string { return c.values[c.keys[i]] }

func (c *lcColumn) Reset() {
	c.dict.Reset()
	clear(c.index)
	c.keys = c.keys[:0]
	c.last, c.lastKey = "", 0
	c.values = c.values[:0]
}

func (c *lcColumn) EncodeState(b *proto.Buffer) { b.PutInt64(lcVersion) }

func (c *lcColumn) EncodeColumn(b *proto.Buffer) {
	if len(c.keys) == 0 {
		return
	}
	n := c.dict.Rows()
	width := proto.KeyUInt32
	switch {
	case n <= math.MaxUint8+1:
		width = proto.KeyUInt8
	case n <= math.MaxUint16+1:
		width = proto.KeyUInt16
	}
	b.PutInt64(lcUpdateAll | int64(width))
	b.PutInt64(int64(n))
	c.dict.EncodeColumn(b)
	b.PutInt64(int64(len(c.keys)))
	switch width {
	case proto.KeyUInt8:
		for _, k := range c.keys {
			b.Buf = append(b.Buf, byte(k))
		}
	case proto.KeyUInt16:
		for _, k := range c.keys {
			b.Buf = append(b.Buf, byte(k), byte(k>>8))
		}
	default:
		for _, k := range c.keys {
			b.Buf = append(b.Buf, byte(k), byte(k>>8), byte(k>>16), byte(k>>24))
		}
	}
}

func (c *lcColumn) WriteColumn(w *proto.Writer) { w.ChainBuffer(c.EncodeColumn) }

func (c *lcColumn) DecodeState(r *proto.Reader) error {
	v, err := r.Int64()
	if err == nil && v != lcVersion {
		err = fmt.Errorf("LowCardinality serialization: want version %d, got %d", lcVersion, v)
	}
	return err
}

func (c *lcColumn) DecodeColumn(r *proto.Reader, rows int) error {
	c.keys, c.values = c.keys[:0], c.values[:0]
	c.dict.Reset()
	if rows == 0 {
		return nil
	}
	meta, err := r.Int64()
	if err != nil {
		return err
	}
	if meta&(1<<9) == 0 {
		return errors.New("LowCardinality block without keys")
	}
	n, err := r.Int64()
	if err != nil {
		return err
	}
	if n < 0 || n > math.MaxInt32 {
		return fmt.Errorf("LowCardinality dictionary of %d entries", n)
	}
	if err := c.dict.DecodeColumn(r, int(n)); err != nil {
		return err
	}
	for i := range int(n) {
		c.values = append(c.values, c.dict.Row(i))
	}
	if got, err := r.Int64(); err != nil || got != int64(rows) {
		return fmt.Errorf("LowCardinality keys: want %d, got %d: %w", rows, got, err)
	}
	if c.keys, err = decodeKeys(r, c.keys, proto.CardinalityKey(meta&lcKeyMask), rows); err != nil {
		return err
	}
	for _, k := range c.keys {
		if int(k) >= len(c.values) {
			return fmt.Errorf("LowCardinality key %d outside a dictionary of %d", k, len(c.values))
		}
	}
	return nil
}

func decodeKeys(r *proto.Reader, keys []uint32, width proto.CardinalityKey, rows int) ([]uint32, error) {
	if width > proto.KeyUInt32 {
		return nil, fmt.Errorf("LowCardinality keys of width %d", width)
	}
	size := 1 << width
	raw, err := r.ReadRaw(rows * size)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(raw); i += size {
		var k uint32
		for j := range size {
			k |= uint32(raw[i+j]) << (8 * j)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// textColumn is String; reading makes one Go string of the whole block and hands out parts of it.
type textColumn struct {
	proto.ColStr
	text string
}

func (c *textColumn) Reset() {
	c.ColStr.Reset()
	c.text = ""
}

func (c *textColumn) DecodeColumn(r *proto.Reader, rows int) error {
	c.ColStr.Reset()
	if err := c.ColStr.DecodeColumn(r, rows); err != nil {
		return err
	}
	c.text = string(c.Buf)
	return nil
}

// Row is the i-th value after DecodeColumn.
func (c *textColumn) Row(i int) string { return c.text[c.Pos[i].Start:c.Pos[i].End] }

// mapColumn is Map(LowCardinality(String), V).
type mapColumn[V column] struct {
	offsets proto.ColUInt64
	keys    *lcColumn
	values  V
}

func newMap[V column](values V) *mapColumn[V] { return &mapColumn[V]{keys: newLC(), values: values} }

// end closes the row: the pairs appended since the last end are its content.
func (c *mapColumn[V]) end() { c.offsets = append(c.offsets, uint64(len(c.keys.keys))) }

// span is the range of pairs of row i.
func (c *mapColumn[V]) span(i int) (from, to int) { return bounds(c.offsets, i) }

func (c *mapColumn[V]) Type() proto.ColumnType {
	return proto.ColumnType("Map(LowCardinality(String), " + string(c.values.Type()) + ")")
}
func (c *mapColumn[V]) Rows() int { return len(c.offsets) }

func (c *mapColumn[V]) Reset() {
	c.offsets.Reset()
	c.keys.Reset()
	c.values.Reset()
}

func (c *mapColumn[V]) EncodeState(b *proto.Buffer) { c.keys.EncodeState(b) }

func (c *mapColumn[V]) EncodeColumn(b *proto.Buffer) {
	c.offsets.EncodeColumn(b)
	c.keys.EncodeColumn(b)
	c.values.EncodeColumn(b)
}

func (c *mapColumn[V]) WriteColumn(w *proto.Writer) {
	c.offsets.WriteColumn(w)
	c.keys.WriteColumn(w)
	c.values.WriteColumn(w)
}

func (c *mapColumn[V]) DecodeState(r *proto.Reader) error { return c.keys.DecodeState(r) }

func (c *mapColumn[V]) DecodeColumn(r *proto.Reader, rows int) error {
	n, err := decodeOffsets(r, &c.offsets, rows)
	if err != nil {
		return err
	}
	c.values.Reset()
	if err := c.keys.DecodeColumn(r, n); err != nil {
		return err
	}
	return c.values.DecodeColumn(r, n)
}

// arrayColumn is Array(V).
type arrayColumn[V column] struct {
	offsets proto.ColUInt64
	elems   V
}

func newArray[V column](elems V) *arrayColumn[V] { return &arrayColumn[V]{elems: elems} }

// end closes the row: the elements appended since the last end are its content.
func (c *arrayColumn[V]) end() { c.offsets = append(c.offsets, uint64(c.elems.Rows())) }

// span is the range of elements of row i.
func (c *arrayColumn[V]) span(i int) (from, to int) { return bounds(c.offsets, i) }

func (c *arrayColumn[V]) Type() proto.ColumnType {
	return proto.ColumnType("Array(" + string(c.elems.Type()) + ")")
}
func (c *arrayColumn[V]) Rows() int { return len(c.offsets) }

func (c *arrayColumn[V]) Reset() {
	c.offsets.Reset()
	c.elems.Reset()
}

func (c *arrayColumn[V]) EncodeState(b *proto.Buffer) {
	if s, ok := any(c.elems).(proto.StateEncoder); ok {
		s.EncodeState(b)
	}
}

func (c *arrayColumn[V]) EncodeColumn(b *proto.Buffer) {
	c.offsets.EncodeColumn(b)
	c.elems.EncodeColumn(b)
}

func (c *arrayColumn[V]) WriteColumn(w *proto.Writer) {
	c.offsets.WriteColumn(w)
	c.elems.WriteColumn(w)
}

func (c *arrayColumn[V]) DecodeState(r *proto.Reader) error {
	if s, ok := any(c.elems).(proto.StateDecoder); ok {
		return s.DecodeState(r)
	}
	return nil
}

func (c *arrayColumn[V]) DecodeColumn(r *proto.Reader, rows int) error {
	n, err := decodeOffsets(r, &c.offsets, rows)
	if err != nil {
		return err
	}
	c.elems.Reset()
	return c.elems.DecodeColumn(r, n)
}

func bounds(offsets proto.ColUInt64, i int) (from, to int) {
	if i > 0 {
		from = int(offsets[i-1])
	}
	return from, int(offsets[i])
}

// decodeOffsets reads the offsets of rows rows and returns the number of elements they enclose.
func decodeOffsets(r *proto.Reader, offsets *proto.ColUInt64, rows int) (int, error) {
	offsets.Reset()
	if rows == 0 {
		return 0, nil
	}
	if err := offsets.DecodeColumn(r, rows); err != nil {
		return 0, err
	}
	var before uint64
	for _, o := range *offsets {
		if o < before || o > math.MaxInt32 {
			return 0, fmt.Errorf("array offset %d after %d", o, before)
		}
		before = o
	}
	return int(before), nil
}

// timeColumn is DateTime64(9, 'UTC') as Unix nanoseconds: the same 64 bits.
type timeColumn struct{ proto.ColInt64 }

func (timeColumn) Type() proto.ColumnType { return "DateTime64(9, 'UTC')" }
