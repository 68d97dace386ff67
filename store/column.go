package store

import (
	"encoding/binary"
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
// a value is among the recent ones.
type lcColumn struct {
	dict  proto.ColStr
	index map[string]uint32
	keys  keyColumn

	// recent are values that were looked up, each at its place by recentPlace.
	recent  [16]lcEntry
	lastKey uint32 // of the value given last

	values []string // the dictionary
}

// lcEntry is a value of the dictionary and its key; the zero lcEntry is none.
type lcEntry struct {
	value string
	key   uint32
	known bool
}

// recentPlace spreads values that are alike: methods, schemes, hosts and names differ in their lengths or at their ends.
func recentPlace(s string) int {
	if s == "" {
		return 0
	}
	return (len(s) + int(s[len(s)-1])) % len(lcColumn{}.recent)
}

func newLC() *lcColumn { return &lcColumn{index: make(map[string]uint32)} }

// Append adds a row; s is copied.
func (c *lcColumn) Append(s string) {
	c.keys.append(c.key(s))
}

// key is the dictionary's index of s, which it adds when it is new.
func (c *lcColumn) key(s string) uint32 {
	r := &c.recent[recentPlace(s)]
	if !r.known || r.value != s {
		*r = c.lookUp(s)
	}
	c.lastKey = r.key
	return r.key
}

func (c *lcColumn) lookUp(s string) lcEntry {
	k, ok := c.index[s]
	if !ok {
		k = uint32(c.dict.Rows())
		s = strings.Clone(s)
		c.dict.Append(s)
		c.values = append(c.values, s)
		c.index[s] = k
	}
	return lcEntry{c.values[k], k, true}
}

// open appends a row with the empty string, which set may replace.
func (c *lcColumn) open() {
	if c.dict.Rows() == 0 {
		c.key("") // key 0
	}
	c.keys.append(0)
}

// set gives the last row, made by open, its value; it reports false when the row has one already.
func (c *lcColumn) set(s string) bool {
	if c.keys.last() != 0 {
		return false
	}
	c.keys.replaceLast(c.key(s))
	return true
}

func (c *lcColumn) Type() proto.ColumnType { return "LowCardinality(String)" }
func (c *lcColumn) Rows() int              { return c.keys.rows() }

func (c *lcColumn) Row(i int) string { return c.values[c.keys.at(i)] }

func (c *lcColumn) Reset() {
	c.dict.Reset()
	clear(c.index)
	c.keys.reset()
	c.recent, c.lastKey = [len(c.recent)]lcEntry{}, 0
	c.values = c.values[:0]
}

func (c *lcColumn) EncodeState(b *proto.Buffer) { b.PutInt64(lcVersion) }

func (c *lcColumn) encodeHead(b *proto.Buffer) {
	b.PutInt64(lcUpdateAll | int64(c.keys.width))
	b.PutInt64(int64(c.dict.Rows()))
	c.dict.EncodeColumn(b)
	b.PutInt64(int64(c.keys.rows()))
}

func (c *lcColumn) EncodeColumn(b *proto.Buffer) {
	if c.keys.rows() == 0 {
		return
	}
	c.encodeHead(b)
	c.keys.column().EncodeColumn(b)
}

func (c *lcColumn) WriteColumn(w *proto.Writer) {
	if c.keys.rows() == 0 {
		return
	}
	w.ChainBuffer(c.encodeHead)
	c.keys.column().WriteColumn(w)
}

func (c *lcColumn) DecodeState(r *proto.Reader) error {
	v, err := r.Int64()
	if err == nil && v != lcVersion {
		err = fmt.Errorf("LowCardinality serialization: want version %d, got %d", lcVersion, v)
	}
	return err
}

func (c *lcColumn) DecodeColumn(r *proto.Reader, rows int) error {
	c.keys.reset()
	c.values = c.values[:0]
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
	return c.keys.decode(r, proto.CardinalityKey(meta&lcKeyMask), rows, len(c.values))
}

// textColumn is String. What is appended stands as it is sent, so that sending copies nothing; reading makes one Go string of
// the whole block and hands out parts of it.
type textColumn struct {
	wire []byte // each row's length and bytes
	rows int
	// vacant says that the last row is empty.
	vacant bool

	in   proto.ColStr // after DecodeColumn, as is text
	text string
}

// Append adds a row; s is copied.
func (c *textColumn) Append(s string) {
	c.wire = append(binary.AppendUvarint(c.wire, uint64(len(s))), s...)
	c.rows++
	c.vacant = s == ""
}

// AppendBytes adds a row; s is copied.
func (c *textColumn) AppendBytes(s []byte) {
	c.wire = append(binary.AppendUvarint(c.wire, uint64(len(s))), s...)
	c.rows++
	c.vacant = len(s) == 0
}

// set gives the last row its value; it reports false when the row has one already.
func (c *textColumn) set(s string) bool {
	if !c.vacant {
		return false
	}
	c.wire = c.wire[:len(c.wire)-1] // the length 0
	c.rows--
	c.Append(s)
	return true
}

// each visits the rows that were appended.
func (c *textColumn) each(visit func(row int, text []byte)) {
	rest := c.wire
	for row := range c.rows {
		n, prefix := binary.Uvarint(rest)
		end := prefix + int(n)
		visit(row, rest[prefix:end])
		rest = rest[end:]
	}
}

func (c *textColumn) Type() proto.ColumnType { return proto.ColumnTypeString }
func (c *textColumn) Rows() int              { return c.rows }

func (c *textColumn) Reset() {
	c.wire, c.rows, c.vacant = c.wire[:0], 0, false
	c.in.Reset()
	c.text = ""
}

func (c *textColumn) EncodeColumn(b *proto.Buffer) { b.PutRaw(c.wire) }

func (c *textColumn) WriteColumn(w *proto.Writer) { w.ChainWrite(c.wire) }

func (c *textColumn) DecodeColumn(r *proto.Reader, rows int) error {
	c.Reset()
	if err := c.in.DecodeColumn(r, rows); err != nil {
		return err
	}
	c.rows, c.text = rows, string(c.in.Buf)
	return nil
}

// Row is the i-th value after DecodeColumn.
func (c *textColumn) Row(i int) string { return c.text[c.in.Pos[i].Start:c.in.Pos[i].End] }

// mapColumn is Map(LowCardinality(String), V).
type mapColumn[V column] struct {
	offsets proto.ColUInt64
	keys    *lcColumn
	values  V
}

func newMap[V column](values V) *mapColumn[V] { return &mapColumn[V]{keys: newLC(), values: values} }

// end closes the row: the pairs appended since the last end are its content.
func (c *mapColumn[V]) end() { c.offsets = append(c.offsets, uint64(c.keys.Rows())) }

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
	offsets *proto.ColUInt64
	elems   V
}

// newArray makes a column whose offsets are those of all columns that were given the same: arrays that are always of the
// same length, whose rows end together.
func newArray[V column](offsets *proto.ColUInt64, elems V) *arrayColumn[V] {
	return &arrayColumn[V]{offsets: offsets, elems: elems}
}

// end closes the row: the elements appended since the last end are its content. One call ends the row of all columns with these
// offsets.
func (c *arrayColumn[V]) end() { *c.offsets = append(*c.offsets, uint64(c.elems.Rows())) }

// span is the range of elements of row i.
func (c *arrayColumn[V]) span(i int) (from, to int) { return bounds(*c.offsets, i) }

func (c *arrayColumn[V]) Type() proto.ColumnType {
	return proto.ColumnType("Array(" + string(c.elems.Type()) + ")")
}
func (c *arrayColumn[V]) Rows() int { return len(*c.offsets) }

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
	n, err := decodeOffsets(r, c.offsets, rows)
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
