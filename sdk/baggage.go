package sdk

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
)

const (
	uberPrefix      = "uberctx-"
	jaegerBaggage   = "jaeger-baggage"
	fcBaggages      = "x-fc-tracing-opentracing-span-baggages"
	fcBaggagePrefix = "x-fc-tracing-opentracing-span-context-baggage-"
)

// Bounds of what is accepted from the wire, over all formats together. They are the limits of OpenTelemetry's W3C baggage.
const (
	maxBaggageItems = 64
	maxBaggageBytes = 8192
)

// baggageReader joins the baggage of several formats: the first to name a key wins. Formats with the key in a header's name
// have lost its case, so their keys are compared without it.
type baggageReader struct {
	bag   baggage.Baggage
	lower map[string]bool
	bytes int
}

func newBaggageReader() *baggageReader { return &baggageReader{lower: map[string]bool{}} }

func (b *baggageReader) add(key, value string) {
	m, err := baggage.NewMemberRaw(key, value)
	if err != nil {
		return
	}
	b.addMember(m, false)
}

// addFolded is add for a key whose case was lost on the way.
func (b *baggageReader) addFolded(key, value string) {
	m, err := baggage.NewMemberRaw(strings.ToLower(key), value)
	if err != nil {
		return
	}
	b.addMember(m, true)
}

func (b *baggageReader) addMember(m baggage.Member, folded bool) {
	size := len(m.Key()) + len(m.Value())
	if b.bag.Len() >= maxBaggageItems || b.bytes+size > maxBaggageBytes {
		return
	}
	lower := strings.ToLower(m.Key())
	if folded && b.lower[lower] || b.bag.Member(m.Key()).Key() != "" {
		return
	}
	bag, err := b.bag.SetMember(m)
	if err != nil {
		return
	}
	b.bag, b.lower[lower], b.bytes = bag, true, b.bytes+size
}

func (b *baggageReader) baggage() baggage.Baggage { return b.bag }

func readW3CBaggage(b *baggageReader, c propagation.TextMapCarrier) {
	ctx := propagation.Baggage{}.Extract(context.Background(), c)
	for _, m := range sortedMembers(baggage.FromContext(ctx)) {
		b.addMember(m, false)
	}
}

// sortedMembers gives baggage an order, so that bounds always drop the same items and headers compare.
func sortedMembers(b baggage.Baggage) []baggage.Member {
	members := b.Members()
	slices.SortFunc(members, func(x, y baggage.Member) int { return strings.Compare(x.Key(), y.Key()) })
	return members
}

func writeW3CBaggage(bag baggage.Baggage, c propagation.TextMapCarrier) {
	propagation.Baggage{}.Inject(baggage.ContextWithBaggage(context.Background(), bag), c)
}

// plainCarrier marks a carrier whose values need no escaping and are not escaped by others: OpenTracing's TextMap.
type plainCarrier interface{ plain() }

func escape(c propagation.TextMapCarrier, s string) string {
	if _, ok := c.(plainCarrier); ok {
		return s
	}
	return url.QueryEscape(s)
}

// unescape leaves a value alone that was evidently never escaped.
func unescape(c propagation.TextMapCarrier, s string) string {
	if _, ok := c.(plainCarrier); ok {
		return s
	}
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

func readUberBaggage(b *baggageReader, c propagation.TextMapCarrier) {
	readPrefixed(b, c, uberPrefix)
	// jaeger-baggage is what people write by hand: k1=v1, k2=v2.
	if v := get(c, jaegerBaggage); v != "" {
		for pair := range strings.SplitSeq(unescape(c, v), ",") {
			if k, v, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
				b.add(strings.TrimSpace(k), v)
			}
		}
	}
}

func readPrefixed(b *baggageReader, c propagation.TextMapCarrier, prefix string) {
	for _, key := range slices.Sorted(slices.Values(c.Keys())) {
		if name, ok := cutPrefixFold(key, prefix); ok && name != "" {
			b.addFolded(name, unescape(c, c.Get(key)))
		}
	}
}

func writeUberBaggage(bag baggage.Baggage, c propagation.TextMapCarrier) {
	writePrefixed(bag, c, uberPrefix)
}

// writePrefixed leaves keys out that no header name can hold; W3C baggage or FC's JSON still carries them.
func writePrefixed(bag baggage.Baggage, c propagation.TextMapCarrier, prefix string) {
	for _, m := range bag.Members() {
		if isToken(m.Key()) {
			c.Set(prefix+m.Key(), escape(c, m.Value()))
		}
	}
}

func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !alnum && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

// readFCBaggage reads what Function Compute hands to a function (base64 of a JSON object) and what its invoke API takes
// (one header per key).
func readFCBaggage(b *baggageReader, c propagation.TextMapCarrier) {
	if v := get(c, fcBaggages); v != "" && len(v) <= base64.StdEncoding.EncodedLen(2*maxBaggageBytes) {
		items := parseFCBaggages(v)
		for _, k := range slices.Sorted(maps.Keys(items)) {
			b.add(k, items[k])
		}
	}
	readPrefixed(b, c, fcBaggagePrefix)
}

// parseFCBaggages returns nil for anything that is not base64 of a JSON object of strings.
func parseFCBaggages(s string) map[string]string {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		if raw, err = base64.RawStdEncoding.DecodeString(s); err != nil {
			return nil
		}
	}
	var items map[string]string
	if json.Unmarshal(raw, &items) != nil {
		return nil
	}
	return items
}

func writeFCBaggage(bag baggage.Baggage, c propagation.TextMapCarrier) {
	items := make(map[string]string, bag.Len())
	for _, m := range bag.Members() {
		items[m.Key()] = m.Value()
	}
	raw, err := json.Marshal(items) // sorts the keys
	if err != nil {
		return // cannot happen: strings always marshal
	}
	c.Set(fcBaggages, base64.StdEncoding.EncodeToString(raw))
	writePrefixed(bag, c, fcBaggagePrefix)
}
