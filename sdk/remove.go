package sdk

import (
	"net/http"
	"net/textproto"
)

// contextHeaders are the canonical names of all headers that carry a span context, a sampling decision or baggage, except
// those with a key of the baggage in their name.
var contextHeaders = func() map[string]bool {
	names := map[string]bool{}
	for _, f := range AllFormats() {
		c, _ := codecOf(f)
		for _, name := range c.fields {
			names[textproto.CanonicalMIMEHeaderKey(name)] = true
		}
	}
	for _, name := range []string{jaegerDebugID, jaegerBaggage, b3Flags, "x-b3-parentspanid"} {
		names[textproto.CanonicalMIMEHeaderKey(name)] = true
	}
	return names
}()

// RemoveContext deletes the headers of every format from h. Who hands a request on under a span of its own calls it before
// Inject, so that no older context is left beside the new one.
func RemoveContext(h http.Header) {
	for name := range h {
		_, uber := cutPrefixFold(name, uberPrefix)
		_, fc := cutPrefixFold(name, fcBaggagePrefix)
		if uber || fc || contextHeaders[textproto.CanonicalMIMEHeaderKey(name)] {
			delete(h, name)
		}
	}
}
