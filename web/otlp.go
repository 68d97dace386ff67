package web

import (
	"encoding/json"
	"strconv"

	"weft/store"
)

// appendOTLP appends the traces as one OTLP JSON TracesData object: hex ids, 64-bit numbers as strings, spans grouped by
// resource and scope in order of first appearance.
// Source: opentelemetry-proto docs/specification.md, "JSON Protobuf Encoding".
func appendOTLP(dst []byte, traces ...*store.Trace) []byte {
	dst = append(dst, `{"resourceSpans":[`...)
	first := true
	for _, t := range traces {
		for _, g := range groupSpans(t.Spans) {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = g.append(dst)
		}
	}
	return append(dst, "]}"...)
}

type resourceGroup struct {
	resource *store.Resource
	scopes   []*scopeGroup
}

type scopeGroup struct {
	scope *store.Scope
	spans []*store.Span
}

func groupSpans(spans []store.Span) []*resourceGroup {
	var out []*resourceGroup
	resources := map[*store.Resource]*resourceGroup{}
	type place struct {
		resource *store.Resource
		scope    *store.Scope
	}
	places := map[place]*scopeGroup{}
	for i := range spans {
		sp := &spans[i]
		at := place{sp.Resource, sp.Scope}
		sg := places[at]
		if sg == nil {
			rg := resources[sp.Resource]
			if rg == nil {
				rg = &resourceGroup{resource: sp.Resource}
				resources[sp.Resource] = rg
				out = append(out, rg)
			}
			sg = &scopeGroup{scope: sp.Scope}
			places[at] = sg
			rg.scopes = append(rg.scopes, sg)
		}
		sg.spans = append(sg.spans, sp)
	}
	return out
}

func (g *resourceGroup) append(dst []byte) []byte {
	dst = append(dst, `{"resource":`...)
	schemaURL := ""
	o := object{dst: append(dst, '{')}
	if g.resource != nil {
		schemaURL = g.resource.SchemaURL
		o.attributes("attributes", g.resource.Attributes)
		o.count("droppedAttributesCount", g.resource.DroppedAttributes)
	}
	dst = append(o.dst, `},"scopeSpans":[`...)
	for i, sg := range g.scopes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = sg.append(dst)
	}
	dst = append(dst, ']')
	return closeWithSchema(dst, schemaURL)
}

func (g *scopeGroup) append(dst []byte) []byte {
	dst = append(dst, `{"scope":`...)
	schemaURL := ""
	o := object{dst: append(dst, '{')}
	if g.scope != nil {
		schemaURL = g.scope.SchemaURL
		o.text("name", g.scope.Name)
		o.text("version", g.scope.Version)
		o.attributes("attributes", g.scope.Attributes)
		o.count("droppedAttributesCount", g.scope.DroppedAttributes)
	}
	dst = append(o.dst, `},"spans":[`...)
	for i, sp := range g.spans {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendOTLPSpan(dst, sp)
	}
	dst = append(dst, ']')
	return closeWithSchema(dst, schemaURL)
}

func closeWithSchema(dst []byte, schemaURL string) []byte {
	if schemaURL != "" {
		dst = append(dst, `,"schemaUrl":`...)
		dst = appendString(dst, schemaURL)
	}
	return append(dst, '}')
}

func appendOTLPSpan(dst []byte, sp *store.Span) []byte {
	o := object{dst: append(dst, '{')}
	o.text("traceId", sp.TraceID.String())
	o.text("spanId", sp.SpanID.String())
	o.text("traceState", sp.TraceState)
	if !sp.ParentSpanID.IsZero() {
		o.text("parentSpanId", sp.ParentSpanID.String())
	}
	o.count("flags", sp.Flags)
	o.name("name")
	o.dst = appendString(o.dst, sp.Name)
	o.name("kind")
	o.dst = strconv.AppendUint(o.dst, uint64(sp.Kind), 10)
	o.name("startTimeUnixNano")
	o.dst = appendQuotedInt(o.dst, sp.StartNS)
	o.name("endTimeUnixNano")
	o.dst = appendQuotedInt(o.dst, sp.EndNS())
	o.attributes("attributes", sp.Attributes)
	o.count("droppedAttributesCount", sp.DroppedAttributes)
	for i, e := range sp.Events {
		o.item("events", i)
		eo := object{dst: append(o.dst, '{')}
		eo.name("timeUnixNano")
		eo.dst = appendQuotedInt(eo.dst, e.TimeNS)
		eo.text("name", e.Name)
		eo.attributes("attributes", e.Attributes)
		eo.count("droppedAttributesCount", e.DroppedAttributes)
		o.dst = append(eo.dst, '}')
	}
	o.end(len(sp.Events))
	o.count("droppedEventsCount", sp.DroppedEvents)
	for i, l := range sp.Links {
		o.item("links", i)
		lo := object{dst: append(o.dst, '{')}
		lo.text("traceId", l.TraceID.String())
		lo.text("spanId", l.SpanID.String())
		lo.text("traceState", l.TraceState)
		lo.attributes("attributes", l.Attributes)
		lo.count("droppedAttributesCount", l.DroppedAttributes)
		lo.count("flags", l.Flags)
		o.dst = append(lo.dst, '}')
	}
	o.end(len(sp.Links))
	o.count("droppedLinksCount", sp.DroppedLinks)
	o.name("status")
	so := object{dst: append(o.dst, '{')}
	so.text("message", sp.StatusMessage)
	so.count("code", uint32(sp.StatusCode))
	return append(so.dst, "}}"...)
}

// object appends the members of one JSON object; proto3 JSON leaves members with a default value out.
type object struct {
	dst  []byte
	some bool
}

func (o *object) name(name string) {
	if o.some {
		o.dst = append(o.dst, ',')
	}
	o.some = true
	o.dst = append(o.dst, '"')
	o.dst = append(o.dst, name...)
	o.dst = append(o.dst, `":`...)
}

func (o *object) text(name, s string) {
	if s != "" {
		o.name(name)
		o.dst = appendString(o.dst, s)
	}
}

func (o *object) count(name string, n uint32) {
	if n != 0 {
		o.name(name)
		o.dst = strconv.AppendUint(o.dst, uint64(n), 10)
	}
}

// item starts element i of the array called name; end closes an array of n elements.
func (o *object) item(name string, i int) {
	if i == 0 {
		o.name(name)
		o.dst = append(o.dst, '[')
		return
	}
	o.dst = append(o.dst, ',')
}

func (o *object) end(n int) {
	if n > 0 {
		o.dst = append(o.dst, ']')
	}
}

func (o *object) attributes(name string, list store.Attributes) {
	for i, a := range list {
		o.item(name, i)
		o.dst = append(o.dst, `{"key":`...)
		o.dst = appendString(o.dst, a.Key)
		o.dst = append(o.dst, `,"value":`...)
		o.dst = appendAnyValue(o.dst, a.Value)
		o.dst = append(o.dst, '}')
	}
	o.end(len(list))
}

func appendAnyValue(dst []byte, v store.Value) []byte {
	switch v.Type() {
	case store.TypeString:
		dst = appendString(append(dst, `{"stringValue":`...), v.Str())
	case store.TypeInt:
		dst = appendQuotedInt(append(dst, `{"intValue":`...), v.Int())
	case store.TypeDouble:
		dst = appendDouble(append(dst, `{"doubleValue":`...), v.Double())
	case store.TypeBool:
		dst = strconv.AppendBool(append(dst, `{"boolValue":`...), v.Bool())
	case store.TypeJSON:
		// Stored as this very object. The check costs little on the few structured values and keeps one bad row from
		// making the whole trace unreadable.
		if json.Valid([]byte(v.Str())) {
			return append(dst, v.Str()...)
		}
		dst = appendString(append(dst, `{"stringValue":`...), v.Str())
	default:
		return append(dst, "{}"...)
	}
	return append(dst, '}')
}
