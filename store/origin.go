package store

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/cespare/xxhash/v2"
)

// ContentHash is the hash a Resource with this content has: over the schema, the attributes in key order and the dropped count.
func (r *Resource) ContentHash() uint64 {
	d := xxhash.New()
	hashString(d, r.SchemaURL)
	hashAttributes(d, r.Attributes, r.DroppedAttributes)
	return d.Sum64()
}

func (s *Scope) contentHash() uint64 {
	d := xxhash.New()
	hashString(d, s.Name)
	hashString(d, s.Version)
	hashString(d, s.SchemaURL)
	hashAttributes(d, s.Attributes, s.DroppedAttributes)
	return d.Sum64()
}

// hashString writes the length first, so that ("ab", "c") and ("a", "bc") differ.
func hashString(d *xxhash.Digest, s string) {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(len(s)))
	d.Write(n[:])
	d.WriteString(s)
}

func hashAttributes(d *xxhash.Digest, attrs Attributes, dropped uint32) {
	byKey := func(x, y Attribute) int { return strings.Compare(x.Key, y.Key) }
	if !slices.IsSortedFunc(attrs, byKey) {
		attrs = slices.Clone(attrs)
		slices.SortStableFunc(attrs, byKey)
	}
	var buf [9]byte
	for i := range attrs {
		v := attrs[i].Value
		hashString(d, attrs[i].Key)
		buf[0] = byte(v.typ)
		binary.LittleEndian.PutUint64(buf[1:], v.num)
		d.Write(buf[:])
		hashString(d, v.str)
	}
	binary.LittleEndian.PutUint64(buf[1:], uint64(dropped))
	d.Write(buf[1:])
}

const nsPerDay = 24 * 60 * 60 * 1e9

// dayOf is the UTC day of a Unix time in nanoseconds as a Date column holds it, clamped to 1970 and 2149.
func dayOf(ns int64) uint16 {
	if ns < 0 {
		return 0
	}
	return uint16(min(ns/nsPerDay, math.MaxUint16))
}

// originKey says that something was sent on a day: each distinct resource and scope is stored once for every day on which
// it was in use, so that the days can be dropped whole.
type originKey struct {
	hash uint64
	day  uint16
}

// resourceColumns are the columns of the resources table.
type resourceColumns struct {
	hash      proto.ColUInt64
	day       dayColumn
	schemaURL textColumn
	attrs     *attrColumns
	dropped   proto.ColUInt32
	named     []namedColumn
}

func newResourceColumns() *resourceColumns {
	c := &resourceColumns{attrs: newAttrColumns()}
	c.named = append([]namedColumn{{"hash", &c.hash}, {"day", &c.day}, {"schema_url", &c.schemaURL}}, c.attrs.columns()...)
	c.named = append(c.named, namedColumn{"dropped_attributes", &c.dropped})
	return c
}

func (c *resourceColumns) row(i int) *Resource {
	return &Resource{Hash: c.hash[i], SchemaURL: c.schemaURL.Row(i), Attributes: c.attrs.row(i, nil), DroppedAttributes: c.dropped[i]}
}

// scopeColumns are the columns of the scopes table.
type scopeColumns struct {
	hash                     proto.ColUInt64
	day                      dayColumn
	name, version, schemaURL textColumn
	attrs                    *attrColumns
	dropped                  proto.ColUInt32
	named                    []namedColumn
}

func newScopeColumns() *scopeColumns {
	c := &scopeColumns{attrs: newAttrColumns()}
	c.named = append([]namedColumn{{"hash", &c.hash}, {"day", &c.day}, {"name", &c.name}, {"version", &c.version}, {"schema_url", &c.schemaURL}},
		c.attrs.columns()...)
	c.named = append(c.named, namedColumn{"dropped_attributes", &c.dropped})
	return c
}

func (c *scopeColumns) row(i int) *Scope {
	return &Scope{Name: c.name.Row(i), Version: c.version.Row(i), SchemaURL: c.schemaURL.Row(i), Attributes: c.attrs.row(i, nil),
		DroppedAttributes: c.dropped[i]}
}

// dayColumn is Date.
type dayColumn struct{ proto.ColUInt16 }

func (dayColumn) Type() proto.ColumnType { return "Date" }

// originBatch collects the distinct resources and scopes of a batch.
type originBatch struct {
	resources *resourceColumns
	scopes    *scopeColumns
	// resourceRows and scopeRows are the keys of the rows, in order; the maps find them.
	resourceRows, scopeRows []originKey
	resourceSeen, scopeSeen map[originKey]struct{}
	sampled                 []*attrKey // resource keys met since reset
	maxDay                  uint16

	lastResource, lastScope originKey
	lastPlain               Scope // a copy of the last scope that had no attributes, and its hash
	lastPlainHash           uint64
}

func newOriginBatch() *originBatch {
	return &originBatch{
		resources: newResourceColumns(), scopes: newScopeColumns(),
		resourceSeen: make(map[originKey]struct{}), scopeSeen: make(map[originKey]struct{}),
	}
}

func (b *originBatch) reset() {
	for _, c := range b.resources.named {
		c.data.Reset()
	}
	for _, c := range b.scopes.named {
		c.data.Reset()
	}
	b.resources.attrs.reset()
	b.scopes.attrs.reset()
	b.resourceRows, b.scopeRows = b.resourceRows[:0], b.scopeRows[:0]
	clear(b.resourceSeen)
	clear(b.scopeSeen)
	b.sampled = b.sampled[:0]
	b.maxDay = 0
}

// add makes sure that both are in the batch for the day of ns, and returns their hashes.
func (b *originBatch) add(r *Resource, s *Scope, ns int64) (resource, scope uint64) {
	day := dayOf(ns)
	b.maxDay = max(b.maxDay, day)
	rk := originKey{b.resourceHash(r), day}
	if len(b.resourceRows) == 0 || rk != b.lastResource {
		if _, ok := b.resourceSeen[rk]; !ok {
			b.addResource(r, rk)
		}
		b.lastResource = rk
	}
	sk := originKey{b.scopeHash(s), day}
	if len(b.scopeRows) == 0 || sk != b.lastScope {
		if _, ok := b.scopeSeen[sk]; !ok {
			b.addScope(s, sk)
		}
		b.lastScope = sk
	}
	return rk.hash, sk.hash
}

func (b *originBatch) resourceHash(r *Resource) uint64 {
	switch {
	case r == nil:
		return (&Resource{}).ContentHash()
	case r.Hash == 0:
		return r.ContentHash()
	}
	return r.Hash
}

func (b *originBatch) scopeHash(s *Scope) uint64 {
	if s == nil {
		s = &Scope{}
	}
	if len(s.Attributes) > 0 || s.DroppedAttributes > 0 {
		return s.contentHash()
	}
	if b.lastPlainHash != 0 && s.Name == b.lastPlain.Name && s.Version == b.lastPlain.Version && s.SchemaURL == b.lastPlain.SchemaURL {
		return b.lastPlainHash
	}
	b.lastPlain = Scope{Name: strings.Clone(s.Name), Version: strings.Clone(s.Version), SchemaURL: strings.Clone(s.SchemaURL)}
	b.lastPlainHash = s.contentHash()
	return b.lastPlainHash
}

func (b *originBatch) addResource(r *Resource, k originKey) {
	if r == nil {
		r = &Resource{}
	}
	b.resourceSeen[k] = struct{}{}
	b.resourceRows = append(b.resourceRows, k)
	c := b.resources
	c.hash = append(c.hash, k.hash)
	c.day.ColUInt16 = append(c.day.ColUInt16, k.day)
	c.schemaURL.Append(r.SchemaURL)
	for i := range r.Attributes {
		key := c.attrs.key(r.Attributes[i].Key)
		if key.seen.begin(c.attrs.round) {
			b.sampled = append(b.sampled, key)
		}
		key.seen.note(r.Attributes[i].Value)
		c.attrs.add(key, r.Attributes[i].Value)
	}
	c.attrs.end()
	c.dropped = append(c.dropped, r.DroppedAttributes)
}

func (b *originBatch) addScope(s *Scope, k originKey) {
	if s == nil {
		s = &Scope{}
	}
	b.scopeSeen[k] = struct{}{}
	b.scopeRows = append(b.scopeRows, k)
	c := b.scopes
	c.hash = append(c.hash, k.hash)
	c.day.ColUInt16 = append(c.day.ColUInt16, k.day)
	c.name.Append(s.Name)
	c.version.Append(s.Version)
	c.schemaURL.Append(s.SchemaURL)
	c.attrs.addAll(s.Attributes)
	c.dropped = append(c.dropped, s.DroppedAttributes)
}
