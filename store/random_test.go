package store_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"weft/store"
)

// randomSpan makes spans that try to break something: every type, extreme numbers, empty and odd strings, zero parents, keys with and
// without a column of their own, values that do not fit it.
type randomSpan struct {
	*rand.Rand
	baseNS int64
}

var oddStrings = []string{"", "a", "Ünïcode ✓", "quote ' \" ` \\", "tab\tnewline\nreturn\r", "zero\x00byte", "{json:1}", "  ", "%_\\%", "\xff\xfe not UTF-8"}

func (r randomSpan) text() string {
	if r.IntN(3) == 0 {
		return oddStrings[r.IntN(len(oddStrings))]
	}
	return strings.Repeat(string(rune('a'+r.IntN(26))), 1+r.IntN(12))
}

func (r randomSpan) value() store.Value {
	ints := []int64{0, 1, -1, 200, 65535, 65536, math.MaxInt64, math.MinInt64, 1<<53 + 1}
	doubles := []float64{0, math.Copysign(0, -1), 1.5, math.NaN(), math.Float64frombits(0x7ff8000000000123), math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64, math.MaxFloat64}
	switch r.IntN(6) {
	case 0:
		return store.IntValue(ints[r.IntN(len(ints))])
	case 1:
		return store.DoubleValue(doubles[r.IntN(len(doubles))])
	case 2:
		return store.BoolValue(r.IntN(2) == 0)
	case 3:
		return store.JSONValue(`{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"` + strings.Repeat("x", r.IntN(5)) + `"}]}}`)
	case 4:
		return store.Value{}
	}
	return store.StringValue(r.text())
}

var someKeys = []string{
	"http.request.method", "http.response.status_code", "server.port", "url.full", "db.query.text", "http.route", "error.type",
	"order.id", "user.name", "", "with\x00zero", "with\x00s", "x'y\\z",
}

func (r randomSpan) attributes(most int) store.Attributes {
	var attrs store.Attributes
	for range r.IntN(most + 1) {
		key := someKeys[r.IntN(len(someKeys))]
		if _, ok := attrs.Get(key); !ok {
			attrs = append(attrs, store.Attribute{Key: key, Value: r.value()})
		}
	}
	return attrs
}

func (r randomSpan) traceID() (id store.TraceID) {
	for i := range id {
		id[i] = byte(r.IntN(256))
	}
	return id
}

func (r randomSpan) spanID() store.SpanID { return store.SpanIDFromUint64(r.Uint64()) }

func (r randomSpan) span(id store.TraceID) store.Span {
	s := store.Span{
		TraceID: id, SpanID: r.spanID(), TraceState: r.text(), Flags: r.Uint32(), Name: r.text(), Kind: store.Kind(r.IntN(6)),
		StartNS: r.baseNS + r.Int64N(1e12), DurationNS: r.Int64N(1e10), StatusCode: store.StatusCode(r.IntN(3)), StatusMessage: r.text(),
		Resource:   &store.Resource{SchemaURL: r.text(), Attributes: sorted(r.attributes(5)), DroppedAttributes: r.Uint32()},
		Scope:      &store.Scope{Name: r.text(), Version: r.text(), SchemaURL: r.text(), Attributes: sorted(r.attributes(2)), DroppedAttributes: r.Uint32()},
		Attributes: r.attributes(12), DroppedAttributes: r.Uint32(), DroppedEvents: r.Uint32(), DroppedLinks: r.Uint32(),
		Service: r.text(), Category: r.text(), PeerName: r.text(), ErrorType: r.text(), ErrorMessage: r.text(), StatementHash: r.Uint64(), Marks: uint8(r.IntN(8)),
	}
	if r.IntN(2) == 0 {
		s.ParentSpanID = r.spanID()
	}
	s.Resource.Hash = s.Resource.ContentHash()
	for range r.IntN(3) {
		s.Events = append(s.Events, store.Event{TimeNS: r.baseNS + r.Int64N(1e12), Name: r.text(), Attributes: sorted(r.attributes(4)), DroppedAttributes: r.Uint32()})
	}
	for range r.IntN(3) {
		s.Links = append(s.Links, store.Link{
			TraceID: r.traceID(), SpanID: r.spanID(), TraceState: r.text(), Flags: r.Uint32(), Attributes: sorted(r.attributes(3)), DroppedAttributes: r.Uint32(),
		})
	}
	return s
}

func sorted(a store.Attributes) store.Attributes {
	slices.SortFunc(a, func(x, y store.Attribute) int { return strings.Compare(x.Key, y.Key) })
	return a
}
