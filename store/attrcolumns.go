package store

import (
	"slices"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"weft/semconv"
)

// attrColumns are the five typed maps that hold attributes, so that a type and every bit of a number survive.
type attrColumns struct {
	strs    *mapColumn[*textColumn]
	ints    *mapColumn[*proto.ColInt64]
	doubles *mapColumn[*proto.ColFloat64]
	bools   *mapColumn[*proto.ColBool]
	jsons   *mapColumn[*textColumn]

	keys semconv.KeyTable[attrKey]
	// round is the number of resets; what an attrKey remembers of an earlier round is stale.
	round uint32
	// rows is the number of rows that were ever closed.
	rows uint64
}

// attrKey is what a batch knows of one key: found with one look-up, it saves the others.
type attrKey struct {
	name     string
	promoted int // index into promoted, or -1
	// entry is the key's place in the dictionary of each type's map, valid when its round is the current one.
	entry [TypeJSON + 1]struct{ round, key uint32 }
	seen  valueSample
	// row is the number of the row that had the key last, from 1.
	row uint64
}

// maxKnownKeys bounds the memory of a batch that meets ever new keys: the next Reset forgets them.
const maxKnownKeys = 1 << 16

func newAttrColumns() *attrColumns {
	return &attrColumns{
		strs:    newMap(new(textColumn)),
		ints:    newMap(new(proto.ColInt64)),
		doubles: newMap(new(proto.ColFloat64)),
		bools:   newMap(new(proto.ColBool)),
		jsons:   newMap(new(textColumn)),
		round:   1,
	}
}

func (c *attrColumns) columns() []namedColumn {
	return []namedColumn{
		{"attrs_string", c.strs}, {"attrs_int", c.ints}, {"attrs_double", c.doubles}, {"attrs_bool", c.bools}, {"attrs_json", c.jsons},
	}
}

func (c *attrColumns) reset() {
	for _, col := range c.columns() {
		col.data.Reset()
	}
	if c.keys.Len() > maxKnownKeys {
		c.keys.Clear()
	}
	c.round++
}

// key finds what is known of name.
func (c *attrColumns) key(name string) *attrKey { return c.keys.Find(name, newAttrKey) }

func newAttrKey(name string) attrKey { return attrKey{name: name, promoted: promotedIndex(name)} }

// first reports whether the open row did not have the key yet: of an attribute that was sent twice the first counts.
func (c *attrColumns) first(k *attrKey) bool {
	if k.row == c.rows+1 {
		return false
	}
	k.row = c.rows + 1
	return true
}

// add puts one pair into the row that is open.
func (c *attrColumns) add(k *attrKey, v Value) {
	switch v.typ {
	case TypeString:
		c.addKey(c.strs.keys, k, TypeString)
		c.strs.values.Append(v.str)
	case TypeInt:
		c.addKey(c.ints.keys, k, TypeInt)
		c.ints.values.Append(v.Int())
	case TypeDouble:
		c.addKey(c.doubles.keys, k, TypeDouble)
		c.doubles.values.Append(v.Double())
	case TypeBool:
		c.addKey(c.bools.keys, k, TypeBool)
		c.bools.values.Append(v.Bool())
	default: // TypeEmpty is the empty text, which no JSON value is
		c.addKey(c.jsons.keys, k, TypeJSON)
		c.jsons.values.Append(v.str)
	}
}

func (c *attrColumns) addKey(lc *lcColumn, k *attrKey, t ValueType) {
	e := &k.entry[t]
	if e.round != c.round {
		e.round, e.key = c.round, lc.key(k.name)
	}
	lc.keys.append(e.key)
}

// end closes the row.
func (c *attrColumns) end() {
	c.strs.end()
	c.ints.end()
	c.doubles.end()
	c.bools.end()
	c.jsons.end()
	c.rows++
}

// addAll appends a row of attributes none of which has a column of its own.
func (c *attrColumns) addAll(attrs Attributes) {
	for i := range attrs {
		c.add(c.key(attrs[i].Key), attrs[i].Value)
	}
	c.end()
}

// row appends the attributes of row i to dst, sorted by key.
func (c *attrColumns) row(i int, dst Attributes) Attributes {
	start := len(dst)
	for j, end := c.strs.span(i); j < end; j++ {
		dst = append(dst, Attribute{c.strs.keys.Row(j), StringValue(c.strs.values.Row(j))})
	}
	for j, end := c.ints.span(i); j < end; j++ {
		dst = append(dst, Attribute{c.ints.keys.Row(j), IntValue(c.ints.values.Row(j))})
	}
	for j, end := c.doubles.span(i); j < end; j++ {
		dst = append(dst, Attribute{c.doubles.keys.Row(j), DoubleValue(c.doubles.values.Row(j))})
	}
	for j, end := c.bools.span(i); j < end; j++ {
		dst = append(dst, Attribute{c.bools.keys.Row(j), BoolValue(c.bools.values.Row(j))})
	}
	for j, end := c.jsons.span(i); j < end; j++ {
		dst = append(dst, Attribute{c.jsons.keys.Row(j), jsonOrEmpty(c.jsons.values.Row(j))})
	}
	sortByKey(dst[start:])
	return dst
}

func jsonOrEmpty(text string) Value {
	if text == "" {
		return Value{}
	}
	return JSONValue(text)
}

func sortByKey(a Attributes) {
	slices.SortFunc(a, func(x, y Attribute) int { return strings.Compare(x.Key, y.Key) })
}
