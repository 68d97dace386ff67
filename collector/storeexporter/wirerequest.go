package storeexporter

import (
	"weft/processor/enrichprocessor"
	"weft/semconv"
	"weft/store"
)

// wireReader reads one request. Its methods return false when pdata has to read it instead. Texts are parts of the request. What spans
// point at stands in few large slices.
type wireReader struct {
	enrich *enrichprocessor.CleanReader
	spans  []store.Span
	attrs  []store.Attribute // of spans
	others []store.Attribute // of everything else: encoders differ in which of a span's fields comes first
	events []store.Event
	links  []store.Link
	json   []byte

	resource *store.Resource
	scope    *store.Scope
	service  string
}

// known says whether a tag that was not expected is of one of a message's fields, the highest of which is last: then its type is wrong.
// Fields that came later are passed over, as pdata does.
func known(tag, last uint64) bool { return tag>>3 <= last }

func (w *wireReader) request(s string) bool {
	for s != "" {
		tag, _, body, rest, ok := nextField(s)
		if !ok {
			return false
		}
		s = rest
		switch {
		case tag == tagResourceSpans:
			if !w.resourceSpans(body) {
				return false
			}
		case known(tag, 1):
			return false
		}
	}
	return true
}

// envelope finds what stands beside the parts of a ResourceSpans or a ScopeSpans: its resource or scope 1, and its schema_url 3. The parts
// are its field 2; ResourceSpans had others once, in field 1000.
func envelope(s string) (about, schema string, ok bool) {
	const tagAbout, tagPart, tagSchema, deprecated = 1<<3 | wireBytes, 2<<3 | wireBytes, 3<<3 | wireBytes, 1000
	has := false
	for s != "" {
		tag, _, body, rest, ok := nextField(s)
		if !ok {
			return "", "", false
		}
		s = rest
		switch {
		case tag == tagAbout && !has:
			about, has = body, true
		case tag == tagSchema:
			schema = body
		case tag == tagPart:
		case known(tag, 3) || tag>>3 == deprecated:
			return "", "", false
		}
	}
	return about, schema, true
}

// resourceSpans reads a ResourceSpans.
func (w *wireReader) resourceSpans(s string) bool {
	resource, schema, ok := envelope(s)
	if !ok || !w.enrich.Name(schema) || !w.readResource(resource, schema) {
		return false
	}
	return eachField(s, tagScopeSpans, w.scopeSpans)
}

// readResource reads a Resource: attributes 1, dropped_attributes_count 2. Entities, 3, are checked by pdata.
func (w *wireReader) readResource(s, schema string) bool {
	const tagAttribute, tagDropped = 1<<3 | wireBytes, 2<<3 | wireVarint
	w.resource = &store.Resource{SchemaURL: schema}
	w.enrich.Begin()
	from := len(w.others)
	for s != "" {
		tag, number, body, rest, ok := nextField(s)
		if !ok {
			return false
		}
		s = rest
		switch {
		case tag == tagAttribute:
			a, ok := w.attribute(body)
			if !ok || a.Key == "service.name" && a.Value.Type() != store.TypeString || !w.enrich.Attribute(a.Key, ofAttribute(a.Value)) {
				return false
			}
			w.others = append(w.others, a)
		case tag == tagDropped:
			w.resource.DroppedAttributes = uint32(number)
		case known(tag, 3):
			return false
		}
	}
	w.enrich.Resource()
	var ok bool
	if w.resource.Attributes, ok = w.distinct(from); !ok {
		return false
	}
	w.service = semconv.UnknownService
	if v, _ := w.resource.Attributes.Get("service.name"); v.Str() != "" {
		w.service = v.Str()
	}
	sealResource(w.resource)
	return true
}

// distinct cuts off the attributes from that index on, as appendAttributes gives them.
func (w *wireReader) distinct(from int) (store.Attributes, bool) {
	n := len(w.others) - from
	if n == 0 {
		return nil, true
	}
	a := unique(w.others[from:])
	w.others = w.others[:from+len(a)]
	return a[:len(a):len(a)], w.enrich.Attributes(n)
}

// aside takes in an attribute of something that nothing is derived from.
func (w *wireReader) aside(s string) bool {
	a, ok := w.attribute(s)
	w.others = append(w.others, a)
	return ok && w.enrich.Aside(a.Key, ofAttribute(a.Value))
}

// scopeSpans reads a ScopeSpans.
func (w *wireReader) scopeSpans(s string) bool {
	scope, schema, ok := envelope(s)
	if !ok || !w.enrich.Name(schema) || !w.readScope(scope, schema) {
		return false
	}
	return eachField(s, tagSpan, w.span)
}

// readScope reads an InstrumentationScope: name 1, version 2, attributes 3, dropped_attributes_count 4.
func (w *wireReader) readScope(s, schema string) (ok bool) {
	w.scope = &store.Scope{SchemaURL: schema}
	from := len(w.others)
	for s != "" {
		tag, number, body, rest, ok := nextField(s)
		if !ok {
			return false
		}
		s = rest
		switch tag {
		case 1<<3 | wireBytes:
			w.scope.Name = body
		case 2<<3 | wireBytes:
			w.scope.Version = body
		case 3<<3 | wireBytes:
			if !w.aside(body) {
				return false
			}
		case 4<<3 | wireVarint:
			w.scope.DroppedAttributes = uint32(number)
		default:
			if known(tag, 4) {
				return false
			}
		}
	}
	w.scope.Attributes, ok = w.distinct(from)
	return ok && w.enrich.Name(w.scope.Name) && w.enrich.Name(w.scope.Version)
}
