package store

import (
	"fmt"
	"math"

	"github.com/ClickHouse/ch-go/proto"
)

// keyColumn holds indexes into a dictionary in the width that they are sent in, which is that of the dictionary: a byte for most.
type keyColumn struct {
	width  proto.CardinalityKey // KeyUInt8, which is its zero, KeyUInt16 or KeyUInt32
	bytes  proto.ColUInt8       // rows while width is KeyUInt8
	shorts proto.ColUInt16      // … KeyUInt16
	ints   proto.ColUInt32      // … KeyUInt32
}

// column is the slice in use.
func (c *keyColumn) column() column {
	switch c.width {
	case proto.KeyUInt8:
		return &c.bytes
	case proto.KeyUInt16:
		return &c.shorts
	default:
		return &c.ints
	}
}

func (c *keyColumn) rows() int {
	switch c.width {
	case proto.KeyUInt8:
		return len(c.bytes)
	case proto.KeyUInt16:
		return len(c.shorts)
	default:
		return len(c.ints)
	}
}

func (c *keyColumn) at(i int) uint32 {
	switch c.width {
	case proto.KeyUInt8:
		return uint32(c.bytes[i])
	case proto.KeyUInt16:
		return uint32(c.shorts[i])
	default:
		return c.ints[i]
	}
}

func (c *keyColumn) append(k uint32) {
	switch {
	case c.width == proto.KeyUInt8 && k <= math.MaxUint8:
		c.bytes = append(c.bytes, uint8(k))
	case c.width == proto.KeyUInt16 && k <= math.MaxUint16:
		c.shorts = append(c.shorts, uint16(k))
	case c.width == proto.KeyUInt32:
		c.ints = append(c.ints, k)
	default:
		c.widen()
		c.append(k)
	}
}

func (c *keyColumn) last() uint32 { return c.at(c.rows() - 1) }

func (c *keyColumn) replaceLast(k uint32) {
	switch c.width {
	case proto.KeyUInt8:
		c.bytes = c.bytes[:len(c.bytes)-1]
	case proto.KeyUInt16:
		c.shorts = c.shorts[:len(c.shorts)-1]
	default:
		c.ints = c.ints[:len(c.ints)-1]
	}
	c.append(k)
}

// widen moves all rows to the next width.
func (c *keyColumn) widen() {
	if c.width == proto.KeyUInt8 {
		for _, k := range c.bytes {
			c.shorts = append(c.shorts, uint16(k))
		}
		c.width, c.bytes = proto.KeyUInt16, c.bytes[:0]
		return
	}
	for _, k := range c.shorts {
		c.ints = append(c.ints, uint32(k))
	}
	c.width, c.shorts = proto.KeyUInt32, c.shorts[:0]
}

func (c *keyColumn) reset() {
	c.width = proto.KeyUInt8
	c.bytes, c.shorts, c.ints = c.bytes[:0], c.shorts[:0], c.ints[:0]
}

// decode reads rows keys of the given width, each of which must be below bound.
func (c *keyColumn) decode(r *proto.Reader, width proto.CardinalityKey, rows, bound int) error {
	c.reset()
	if width > proto.KeyUInt32 {
		return fmt.Errorf("LowCardinality keys of width %d", width)
	}
	c.width = width
	if err := c.column().DecodeColumn(r, rows); err != nil {
		return err
	}
	for i := range rows {
		if k := c.at(i); int(k) >= bound {
			return fmt.Errorf("LowCardinality key %d outside a dictionary of %d", k, bound)
		}
	}
	return nil
}
