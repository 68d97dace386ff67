package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// span is what a client says it sent and what an API returns, in one form. Attribute values are canonical text with their
// type: "int:5", "string:5".
type span struct {
	TraceID    string           `json:"traceId"`
	SpanID     string           `json:"spanId"`
	ParentID   string           `json:"parentSpanId"`
	Service    string           `json:"service"`
	Name       string           `json:"name"`
	Kind       string           `json:"kind"`
	Status     string           `json:"status"`
	Attributes map[string]value `json:"attributes"`
	Events     []event          `json:"events"`
	Links      []link           `json:"links"`
	Resource   map[string]value `json:"resource"`
	// StartNS and EndNS are compared when the sender gave them.
	StartNS int64 `json:"startNs"`
	EndNS   int64 `json:"endNs"`
}

type event struct {
	Name       string           `json:"name"`
	Attributes map[string]value `json:"attributes"`
}

type link struct {
	TraceID    string           `json:"traceId"`
	SpanID     string           `json:"spanId"`
	Attributes map[string]value `json:"attributes"`
}

type value string

// UnmarshalJSON reads an OTLP-JSON AnyValue object.
func (v *value) UnmarshalJSON(raw []byte) error {
	var any struct {
		String *string  `json:"stringValue"`
		Int    *string  `json:"intValue"`
		Double *float64 `json:"doubleValue"`
		Bool   *bool    `json:"boolValue"`
		Array  *struct {
			Values []value `json:"values"`
		} `json:"arrayValue"`
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&any); err != nil {
		return fmt.Errorf("%w in %s", err, raw)
	}
	switch {
	case any.String != nil:
		*v = value("string:" + *any.String)
	case any.Int != nil:
		*v = value("int:" + *any.Int)
	case any.Double != nil:
		*v = doubleValue(*any.Double)
	case any.Bool != nil:
		*v = value(fmt.Sprintf("bool:%t", *any.Bool))
	case any.Array != nil:
		*v = arrayValue(any.Array.Values)
	default:
		*v = "empty:"
	}
	return nil
}

func doubleValue(f float64) value { return value("double:" + strconv.FormatFloat(f, 'g', -1, 64)) }

func arrayValue(values []value) value {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = strconv.Quote(string(v))
	}
	return value("array:" + strings.Join(parts, ","))
}

func valueOf(v pcommon.Value) value {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return value("string:" + v.Str())
	case pcommon.ValueTypeInt:
		return value("int:" + strconv.FormatInt(v.Int(), 10))
	case pcommon.ValueTypeDouble:
		return doubleValue(v.Double())
	case pcommon.ValueTypeBool:
		return value(fmt.Sprintf("bool:%t", v.Bool()))
	case pcommon.ValueTypeBytes:
		return value("bytes:" + base64.StdEncoding.EncodeToString(v.Bytes().AsRaw()))
	case pcommon.ValueTypeSlice:
		var values []value
		for _, e := range v.Slice().All() {
			values = append(values, valueOf(e))
		}
		return arrayValue(values)
	case pcommon.ValueTypeMap:
		return value("map:" + v.AsString())
	}
	return "empty:"
}

func attributesOf(m pcommon.Map) map[string]value {
	out := make(map[string]value, m.Len())
	for k, v := range m.All() {
		out[k] = valueOf(v)
	}
	return out
}

func spansOf(td ptrace.Traces) []span {
	var out []span
	for _, rs := range td.ResourceSpans().All() {
		resource := attributesOf(rs.Resource().Attributes())
		service := strings.TrimPrefix(string(resource["service.name"]), "string:")
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				one := span{
					TraceID: s.TraceID().String(), SpanID: s.SpanID().String(), ParentID: s.ParentSpanID().String(),
					Service: service, Name: s.Name(), Kind: strings.ToLower(s.Kind().String()),
					Status:     strings.ToLower(s.Status().Code().String()),
					Attributes: attributesOf(s.Attributes()), Resource: resource,
					StartNS: int64(s.StartTimestamp()), EndNS: int64(s.EndTimestamp()),
				}
				for _, e := range s.Events().All() {
					one.Events = append(one.Events, event{e.Name(), attributesOf(e.Attributes())})
				}
				for _, l := range s.Links().All() {
					one.Links = append(one.Links, link{l.TraceID().String(), l.SpanID().String(), attributesOf(l.Attributes())})
				}
				out = append(out, one)
			}
		}
	}
	return out
}

// renamed are the superseded attribute names that the clients here send, with the names they are stored under.
var renamed = map[string]string{
	"http.method":             "http.request.method",
	"http.status_code":        "http.response.status_code",
	"http.url":                "url.full",
	"db.type":                 "db.system.name",
	"db.statement":            "db.query.text",
	"message_bus.destination": "messaging.destination.name",
	"peer.service":            "service.peer.name",
}

// derived may appear on a span that was sent without it: Weft works it out.
func derived(key string) bool { return strings.HasPrefix(key, "weft.") || key == "error.type" }

// compareSpans reports every difference between what was sent and what came back. Order does not matter.
func compareSpans(t testing.TB, where string, sent, returned []span) {
	t.Helper()
	key := func(s span) string { return s.TraceID + "/" + s.SpanID }
	got := map[string]span{}
	for _, s := range returned {
		if _, twice := got[key(s)]; twice {
			t.Errorf("%s: span %s came back twice", where, key(s))
		}
		got[key(s)] = s
	}
	for _, want := range sent {
		s, ok := got[key(want)]
		if !ok {
			t.Errorf("%s: span %s %q did not come back", where, key(want), want.Name)
			continue
		}
		delete(got, key(want))
		for _, d := range differences(want, s) {
			t.Errorf("%s: span %q: %s", where, want.Name, d)
		}
	}
	for k, s := range got {
		t.Errorf("%s: span %s %q came back but was not sent", where, k, s.Name)
	}
}

func differences(want, got span) (out []string) {
	field := func(name string, w, g any) {
		if w != g {
			out = append(out, fmt.Sprintf("%s is %v, want %v", name, g, w))
		}
	}
	field("parent", want.ParentID, got.ParentID)
	field("service", want.Service, got.Service)
	field("name", want.Name, got.Name)
	field("kind", want.Kind, got.Kind)
	field("status", want.Status, got.Status)
	if want.StartNS != 0 {
		field("start", want.StartNS, got.StartNS)
		field("end", want.EndNS, got.EndNS)
	}
	out = append(out, attributeDifferences("attribute", want.Attributes, got.Attributes, derived)...)
	out = append(out, attributeDifferences("resource attribute", want.Resource, got.Resource,
		func(string) bool { return true })...) // clients add facts about their process
	none := func(string) bool { return false }
	if len(want.Events) != len(got.Events) {
		return append(out, fmt.Sprintf("%d events, want %d: %v", len(got.Events), len(want.Events), got.Events))
	}
	for i, e := range want.Events {
		field(fmt.Sprintf("event %d", i), e.Name, got.Events[i].Name)
		out = append(out, attributeDifferences("event "+e.Name+" attribute", e.Attributes, got.Events[i].Attributes, none)...)
	}
	if len(want.Links) != len(got.Links) {
		return append(out, fmt.Sprintf("%d links, want %d: %v", len(got.Links), len(want.Links), got.Links))
	}
	for i, l := range want.Links {
		field("link's trace", l.TraceID, got.Links[i].TraceID)
		field("link's span", l.SpanID, got.Links[i].SpanID)
		// Jaeger's and Zipkin's references say of what type they are; OpenTelemetry keeps that as an attribute.
		out = append(out, attributeDifferences("link attribute", l.Attributes, got.Links[i].Attributes,
			func(k string) bool { return k == "opentracing.ref_type" })...)
	}
	return out
}

func attributeDifferences(what string, want, got map[string]value, mayAppear func(string) bool) (out []string) {
	rest := maps.Clone(got)
	for _, k := range slices.Sorted(maps.Keys(want)) {
		stored := k
		if now, ok := renamed[k]; ok {
			stored = now
		}
		g, ok := rest[stored]
		delete(rest, stored)
		switch {
		case !ok:
			out = append(out, fmt.Sprintf("%s %s is missing", what, stored))
		case g != want[k]:
			out = append(out, fmt.Sprintf("%s %s is %s, want %s", what, stored, g, want[k]))
		}
	}
	for k, v := range rest {
		if !mayAppear(k) {
			out = append(out, fmt.Sprintf("%s %s=%s was not sent", what, k, v))
		}
	}
	return out
}

// traceIDs are the distinct trace ids of spans, sorted.
func traceIDs(spans []span) []string {
	ids := map[string]bool{}
	for _, s := range spans {
		ids[s.TraceID] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

func spansOfTrace(spans []span, id string) (out []span) {
	for _, s := range spans {
		if s.TraceID == id {
			out = append(out, s)
		}
	}
	return out
}
