package store

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"github.com/ClickHouse/ch-go/proto"
)

// Bounds of what one batch offers to autocomplete.
const (
	maxSampledValues = 100 // distinct values a key and batch
	maxSampledBytes  = 128 // longer values are no use in a menu
)

// valueSample collects some of the distinct values of one key in one batch, for autocomplete. Full, it costs nothing more.
type valueSample struct {
	round  uint32
	types  uint8 // bit set of the ValueTypes met
	values map[string]struct{}
	// last is the text that was new last, lastInt the integer that was noted last.
	last    string
	lastInt int64
	hasInt  bool
}

// begin forgets the earlier round; it reports whether the key is new in this one.
func (s *valueSample) begin(round uint32) bool {
	if s.round == round {
		return false
	}
	s.round, s.types, s.last, s.hasInt = round, 0, "", false
	clear(s.values)
	return true
}

// note takes v into the sample, and its type.
func (s *valueSample) note(v Value) {
	s.types |= 1 << v.typ
	if len(s.values) >= maxSampledValues {
		return
	}
	switch v.typ {
	case TypeString:
		if v.str != s.last {
			s.noteText(v.str)
		}
	case TypeInt:
		if s.hasInt && s.lastInt == v.Int() {
			return
		}
		s.lastInt, s.hasInt = v.Int(), true
		var buf [20]byte
		text := strconv.AppendInt(buf[:0], v.Int(), 10)
		if _, ok := s.values[string(text)]; !ok {
			s.noteText(string(text))
		}
	case TypeBool:
		if text := strconv.FormatBool(v.Bool()); text != s.last {
			s.noteText(text)
			s.last = text
		}
	}
}

func (s *valueSample) noteText(text string) {
	if len(s.values) >= maxSampledValues || len(text) > maxSampledBytes || text == "" {
		return
	}
	if s.values == nil {
		s.values = make(map[string]struct{}, 4)
	}
	if _, ok := s.values[text]; !ok {
		text = strings.Clone(text)
		s.values[text] = struct{}{}
		s.last = text
	}
}

// sampleKey is a row of attribute_keys.
type sampleKey struct {
	day  uint16
	side uint8 // sideSpan or sideResource
	typ  ValueType
	key  string
}

// sampleValue is a row of attribute_values.
type sampleValue struct {
	day        uint16
	key, value string
}

// Where an attribute was met: the numbers of the enumeration in attribute_keys.
const (
	sideSpan     = 1
	sideResource = 2
)

// maxStoredValues bounds the rows of attribute_values: so many a key and day from one process.
const maxStoredValues = 1000

// valueBudget counts the values written per key and day.
type valueBudget struct {
	mu    sync.Mutex
	day   uint16
	spent map[string]int // protected by mu, as is day
}

// admit returns as many of the values as their keys' budgets allow.
func (b *valueBudget) admit(day uint16, values []sampleValue) []sampleValue {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spent == nil || b.day != day {
		b.day, b.spent = day, make(map[string]int)
	}
	kept := values[:0]
	for _, v := range values {
		if b.spent[v.key] < maxStoredValues {
			b.spent[v.key]++
			kept = append(kept, v)
		}
	}
	return kept
}

// insertSample writes the keys and some of the values of a batch for autocomplete, and for search, which learns from
// attribute_keys where a key occurs and with which types. Like resources they go before the spans.
func (s *Store) insertSample(ctx context.Context, b *SpanBatch, token string) error {
	day := b.origins.maxDay
	var keys []sampleKey
	var values []sampleValue
	collect := func(side uint8, sampled []*attrKey) {
		for _, k := range sampled {
			for t := TypeEmpty; t <= TypeJSON; t++ {
				if k.seen.types&(1<<t) != 0 {
					keys = append(keys, sampleKey{day, side, t, k.name})
				}
			}
			for v := range k.seen.values {
				values = append(values, sampleValue{day, k.name, v})
			}
		}
	}
	for _, k := range b.sampled {
		if k.promoted >= 0 && b.cols.promoted[k.promoted].kind == promotedLC {
			dict := &b.cols.promoted[k.promoted].lc.dict
			for i := range min(dict.Rows(), maxSampledValues) {
				k.seen.noteText(dict.Row(i))
			}
		}
	}
	collect(sideSpan, b.sampled)
	collect(sideResource, b.origins.sampled)

	if keys = s.sent.keys.missing(keys); len(keys) > 0 {
		if err := s.insertBlock(ctx, "attribute_keys", sampleKeyColumns(keys), subToken(token, "keys")); err != nil {
			return err
		}
		s.sent.keys.add(keys)
	}
	values = s.budget.admit(day, s.sent.values.missing(values))
	if len(values) > 0 {
		if err := s.insertBlock(ctx, "attribute_values", sampleValueColumns(values, "key", "value"), subToken(token, "values")); err != nil {
			return err
		}
		s.sent.values.add(values)
	}
	return nil
}

func sampleKeyColumns(rows []sampleKey) []namedColumn {
	var (
		day       dayColumn
		key       textColumn
		side, typ proto.ColUInt8
	)
	for _, r := range rows {
		day.ColUInt16 = append(day.ColUInt16, r.day)
		key.Append(r.key)
		side = append(side, r.side)
		typ = append(typ, uint8(r.typ))
	}
	return []namedColumn{{"day", &day}, {"key", &key}, {"side", &side}, {"type", &typ}}
}

// sampleValueColumns are the rows under the names that their table gives key and value.
func sampleValueColumns(rows []sampleValue, keyName, valueName string) []namedColumn {
	var (
		day        dayColumn
		key, value textColumn
	)
	for _, r := range rows {
		day.ColUInt16 = append(day.ColUInt16, r.day)
		key.Append(r.key)
		value.Append(r.value)
	}
	return []namedColumn{{"day", &day}, {keyName, &key}, {valueName, &value}}
}
