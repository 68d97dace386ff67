package storeexporter

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"weft/semconv"
)

// messages are the fields of each message that are messages themselves.
var messages = map[string]map[protowire.Number]string{
	"request":        {1: "resource spans"},
	"resource spans": {1: "resource", 2: "scope spans"},
	"resource":       {1: "attribute"}, "scope spans": {1: "scope", 2: "span"}, "scope": {3: "attribute"},
	"span":  {9: "attribute", 11: "event", 13: "link", 15: "status"},
	"event": {3: "attribute"}, "link": {4: "attribute"}, "status": {},
	"attribute": {2: "value"}, "value": {5: "list", 6: "map"}, "list": {1: "value"}, "map": {1: "attribute"},
}

// wireField is a field as it stands in a message.
type wireField struct {
	number protowire.Number
	kind   protowire.Type
	value  []byte // without the length, when it has one
}

// rewrite takes a message apart, lets change have its fields, from the innermost message on, and puts it together again.
func rewrite(r *rand.Rand, raw []byte, message string, change func(r *rand.Rand, message string, fields []wireField) []wireField) []byte {
	var fields []wireField
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		raw = raw[n:]
		size := protowire.ConsumeFieldValue(number, kind, raw)
		f := wireField{number, kind, raw[:size]}
		raw = raw[size:]
		if kind == protowire.BytesType {
			f.value, _ = protowire.ConsumeBytes(f.value)
			if inner, ok := messages[message][number]; ok {
				f.value = rewrite(r, f.value, inner, change)
			}
		}
		fields = append(fields, f)
	}
	var out []byte
	for _, f := range change(r, message, fields) {
		out = protowire.AppendTag(out, f.number, f.kind)
		if f.kind == protowire.BytesType {
			out = protowire.AppendBytes(out, f.value)
		} else {
			out = append(out, f.value...)
		}
	}
	return out
}

func sortFields(_ *rand.Rand, _ string, fields []wireField) []wireField {
	slices.SortStableFunc(fields, func(a, b wireField) int { return int(a.number - b.number) })
	return fields
}

var someTexts = []string{"", "a", "\xff", "service.name", "db.system.name", "messaging.system", "http.method", "http.response.status_code", "error", "true", "200",
	semconv.SpanCategory, "exception", "faas.name", "faas.coldstart", "12345678", "1234567812345678", "\x00\x00\x00\x00\x00\x00\x00\x00", "\x0a\x00", "\x08\x01"}

// damage does one of many things to some message's fields: most leave protobuf that is sound and unusual.
func damage(r *rand.Rand, message string, fields []wireField) []wireField {
	if r.IntN(400) > 0 {
		return fields
	}
	if len(fields) == 0 || r.IntN(8) == 0 {
		number := protowire.Number(pick(r, 1, 2, 3, 4, 7, 8, 16, 17, 50, 1000))
		switch r.IntN(4) {
		case 0:
			return append(fields, wireField{number, protowire.VarintType, protowire.AppendVarint(nil, pick[uint64](r, 0, 1, 5, math.MaxUint64, r.Uint64()))})
		case 1:
			return append(fields, wireField{number, protowire.Fixed32Type, make([]byte, 4)})
		case 2:
			return append(fields, wireField{number, protowire.Fixed64Type, binary.LittleEndian.AppendUint64(nil, r.Uint64())})
		default:
			return append(fields, wireField{number, protowire.BytesType, []byte(pick(r, someTexts...))})
		}
	}
	i := r.IntN(len(fields))
	f := &fields[i]
	switch r.IntN(7) {
	case 0:
		return slices.Delete(fields, i, i+1)
	case 1:
		return append(fields, *f)
	case 2:
		r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	case 3:
		fields = append(fields, fields[r.IntN(len(fields))])
	case 4:
		switch f.kind {
		case protowire.VarintType:
			f.value = protowire.AppendVarint(nil, pick[uint64](r, 0, 1, 6, 9, 1<<32, 1<<32+1, math.MaxUint64))
		case protowire.Fixed64Type:
			f.value = binary.LittleEndian.AppendUint64(nil, pick(r, 0, 1, uint64(r.Int64()), math.MaxUint64))
		case protowire.BytesType:
			f.value = []byte(pick(r, someTexts...))
		}
	case 5: // a number that takes more bytes than it needs
		if f.kind == protowire.VarintType {
			f.value = append(slices.Clone(f.value), 0)
			f.value[len(f.value)-2] |= 0x80
		}
	case 6:
		f.number = protowire.Number(1 + r.IntN(18))
	}
	return fields
}
