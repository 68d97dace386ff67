package web

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"weft/semconv"
	"weft/store"
)

// The types below are the JSON model of Zipkin's API v2; members are in the order in which Zipkin writes them. Times and durations
// are microseconds.

type zipkinSpan struct {
	TraceID        string             `json:"traceId"`
	ParentID       string             `json:"parentId,omitempty"`
	ID             string             `json:"id"`
	Kind           string             `json:"kind,omitempty"`
	Name           string             `json:"name,omitempty"`
	Timestamp      int64              `json:"timestamp,omitempty"`
	Duration       int64              `json:"duration,omitempty"`
	LocalEndpoint  *zipkinEndpoint    `json:"localEndpoint,omitempty"`
	RemoteEndpoint *zipkinEndpoint    `json:"remoteEndpoint,omitempty"`
	Annotations    []zipkinAnnotation `json:"annotations,omitempty"`
	Tags           map[string]string  `json:"tags,omitempty"`
	Debug          bool               `json:"debug,omitempty"`
	Shared         bool               `json:"shared,omitempty"`
}

type zipkinEndpoint struct {
	ServiceName string `json:"serviceName,omitempty"`
	IPv4        string `json:"ipv4,omitempty"`
	IPv6        string `json:"ipv6,omitempty"`
	Port        uint16 `json:"port,omitempty"`
}

type zipkinAnnotation struct {
	Timestamp int64  `json:"timestamp"`
	Value     string `json:"value"`
}

var zipkinKinds = map[store.Kind]string{
	store.KindClient: "CLIENT", store.KindServer: "SERVER", store.KindProducer: "PRODUCER", store.KindConsumer: "CONSUMER",
}

// Attributes that the collector's Zipkin receiver makes and that become members of a span again.
const (
	zipkinNoStart       = "otel.zipkin.absentField.startTime"
	attrServicePeer     = "service.peer.name"
	attrLocalAddress    = "network.local.address"
	attrLocalPort       = "network.local.port"
	attrPeerAddress     = "network.peer.address"
	attrPeerPort        = "network.peer.port"
	attrServerPort      = "server.port"
	attrClientPort      = "client.port"
	attrOldHostPort     = "net.host.port" // keeps its name on the calling side
	attrServerAddress   = "server.address"
	attrURLPath         = "url.path"
	attrURLQuery        = "url.query"
	zipkinHTTPHost      = "http.host"
	zipkinTraceState    = "w3c.tracestate"
	zipkinLinkTag       = "otlp.link."
	zipkinStatusCode    = "otel.status_code"
	zipkinStatusMessage = "otel.status_description"
)

// newZipkinTrace converts as the OpenTelemetry specification says for OTLP spans, and gives spans that were sent to the Zipkin port
// the shape in which they came. Sources: specification/trace/sdk_exporters/zipkin.md, specification/common/mapping-to-non-otlp.md,
// and opentelemetry-collector-contrib pkg/translator/zipkin for what it turns what comes in into.
func newZipkinTrace(t *store.Trace) []zipkinSpan {
	out := make([]zipkinSpan, len(t.Spans))
	for i := range t.Spans {
		out[i] = newZipkinSpan(&t.Spans[i])
	}
	return out
}

// cameAsZipkin reports whether the span has the names and the shape that Zipkin's tracers give them.
func cameAsZipkin(sp *store.Span) bool {
	if sp.Scope == nil {
		return false
	}
	format, _ := sp.Scope.Attributes.Get(semconv.ReceivedFormat)
	return format.Str() == semconv.FormatZipkin
}

func newZipkinSpan(sp *store.Span) zipkinSpan {
	native := cameAsZipkin(sp)
	out := zipkinSpan{
		TraceID: jaegerTraceID(sp.TraceID), ID: sp.SpanID.String(), Kind: zipkinKinds[sp.Kind], Name: strings.ToLower(sp.Name),
		Timestamp: max(sp.StartNS/1000, 0), Duration: sp.DurationNS / 1000, Annotations: zipkinAnnotationsOf(sp.Events, native),
	}
	if !sp.ParentSpanID.IsZero() {
		out.ParentID = sp.ParentSpanID.String()
	}
	if out.Duration == 0 && sp.DurationNS > 0 {
		out.Duration = 1 // for Zipkin 0 is "unknown"
	}
	if v, ok := sp.Attributes.Get(zipkinNoStart); ok && v.Bool() {
		out.Timestamp = 0 // what is stored is when it came in
	}
	v, _ := sp.Attributes.Get(semconv.ZipkinDebug)
	out.Debug = v.Bool()
	v, _ = sp.Attributes.Get(semconv.ZipkinShared)
	out.Shared = v.Bool()
	if native {
		out.LocalEndpoint, out.RemoteEndpoint = zipkinNativeEndpoints(sp)
		out.Tags = zipkinNativeTags(sp)
	} else {
		out.LocalEndpoint, out.RemoteEndpoint = zipkinEndpoints(sp)
		out.Tags = zipkinTags(sp)
	}
	return out
}

// zipkinEndpoints of an OTLP span. Who is on the other side of a call was worked out on arrival.
func zipkinEndpoints(sp *store.Span) (local, remote *zipkinEndpoint) {
	local = newZipkinEndpoint(sp.Service, textOf(sp, attrLocalAddress), portOf(sp, attrLocalPort))
	peer, address := textOf(sp, attrServicePeer), textOf(sp, attrPeerAddress)
	if peer == "" && sp.PeerName != address {
		peer = sp.PeerName
	}
	return local, newZipkinEndpoint(peer, address, portOf(sp, attrPeerPort))
}

// zipkinNativeEndpoints undoes what the receiver, and the renaming after it, did to a Zipkin span's endpoints.
func zipkinNativeEndpoints(sp *store.Span) (local, remote *zipkinEndpoint) {
	service := sp.Service
	if service == semconv.UnknownService {
		service = ""
	}
	localPort, remotePort := attrOldHostPort, attrServerPort
	if called(sp.Kind) {
		localPort, remotePort = attrServerPort, attrClientPort
	}
	return newZipkinEndpoint(service, textOf(sp, attrLocalAddress), portOf(sp, localPort)),
		newZipkinEndpoint(textOf(sp, attrServicePeer), textOf(sp, attrPeerAddress), portOf(sp, remotePort))
}

func newZipkinEndpoint(service, address string, port uint16) *zipkinEndpoint {
	e := zipkinEndpoint{ServiceName: strings.ToLower(service), Port: port}
	if ip, err := netip.ParseAddr(address); err == nil {
		if ip = ip.Unmap(); ip.Is4() {
			e.IPv4 = ip.String()
		} else {
			e.IPv6 = ip.String()
		}
	}
	if e.ServiceName == "" && e.IPv4 == "" && e.IPv6 == "" && port == 0 {
		return nil
	}
	return &e
}

// textOf is a string attribute of sp, empty when it has none.
func textOf(sp *store.Span, key string) string {
	v, _ := sp.Attributes.Get(key)
	return v.Str()
}

func portOf(sp *store.Span, key string) uint16 {
	v, _ := sp.Attributes.Get(key)
	if v.Type() != store.TypeInt || v.Int() < 0 || v.Int() > math.MaxUint16 {
		return 0
	}
	return uint16(v.Int())
}

// zipkinTags of an OTLP span: everything about it that Zipkin has no member for. An attribute that was renamed stands under both of
// its names, because Zipkin's clients know the old one.
func zipkinTags(sp *store.Span) map[string]string {
	tags := map[string]string{}
	text := func(key, s string) {
		if s != "" {
			tags[key] = s
		}
	}
	if sp.Resource != nil {
		for _, a := range sp.Resource.Attributes {
			if a.Key != "service.name" {
				_, tags[a.Key] = valueText(a.Value)
			}
		}
	}
	if sp.Scope != nil {
		text("otel.scope.name", sp.Scope.Name)
		text("otel.scope.version", sp.Scope.Version)
	}
	for _, a := range sp.Attributes {
		_, tags[a.Key] = valueText(a.Value)
	}
	for _, a := range sp.Attributes {
		if old := supersededName(sp.Kind, a.Key); old != "" {
			if _, taken := tags[old]; !taken {
				tags[old] = tags[a.Key]
			}
		}
	}
	switch sp.StatusCode {
	case store.StatusError:
		tags[zipkinStatusCode], tags["error"] = "ERROR", sp.StatusMessage
	case store.StatusOK:
		tags[zipkinStatusCode] = "OK"
		delete(tags, "error") // its presence says that a span failed, whatever its value
	default:
		delete(tags, "error")
	}
	for key, n := range map[string]uint32{"otel.dropped_attributes_count": sp.DroppedAttributes,
		"otel.dropped_events_count": sp.DroppedEvents, "otel.dropped_links_count": sp.DroppedLinks} {
		if n > 0 {
			tags[key] = strconv.FormatUint(uint64(n), 10)
		}
	}
	zipkinCommonTags(sp, tags)
	return tags
}

// zipkinCommonTags adds what the collector keeps in tags, and reads from them.
func zipkinCommonTags(sp *store.Span, tags map[string]string) {
	if sp.TraceState != "" {
		tags[zipkinTraceState] = sp.TraceState
	}
	for i, l := range sp.Links {
		tags[zipkinLinkTag+strconv.Itoa(i)] = fmt.Sprintf("%s|%s|%s|%s|%d", l.TraceID, l.SpanID, l.TraceState,
			appendPlainObject(nil, l.Attributes), l.DroppedAttributes)
	}
	delete(tags, zipkinNoStart)
	delete(tags, semconv.ZipkinDebug)
	delete(tags, semconv.ZipkinShared)
}

// zipkinNativeTags undoes the renaming of a Zipkin span's tags, and leaves out what was added to them.
func zipkinNativeTags(sp *store.Span) map[string]string {
	tags := map[string]string{}
	if sp.Resource != nil {
		for _, a := range sp.Resource.Attributes { // the receiver moves some tags there
			if a.Key != "service.name" {
				_, tags[zipkinNativeName(sp.Kind, a.Key)] = valueText(a.Value)
			}
		}
	}
	if sp.Scope != nil && sp.Scope.Name != "" {
		tags["otel.scope.name"] = sp.Scope.Name
	}
	if sp.Scope != nil && sp.Scope.Version != "" {
		tags["otel.scope.version"] = sp.Scope.Version
	}
	endpoint := []string{attrServicePeer, attrLocalAddress, attrPeerAddress, attrServerPort, attrOldHostPort}
	if called(sp.Kind) {
		endpoint = []string{attrServicePeer, attrLocalAddress, attrPeerAddress, attrServerPort, attrClientPort}
	}
	for _, a := range sp.Attributes {
		if slices.Contains(endpoint, a.Key) || strings.HasPrefix(a.Key, "weft.") || a.Key == attrURLQuery {
			continue
		}
		_, tags[zipkinNativeName(sp.Kind, a.Key)] = valueText(a.Value)
	}
	if query := textOf(sp, attrURLQuery); query != "" {
		tags[semconv.OldHTTPTarget] += "?" + query
	}
	if sp.Kind == store.KindInternal {
		tags["span.kind"] = "internal"
	}
	if _, said := tags["error"]; sp.StatusCode == store.StatusError && !said {
		tags["error"] = "true"
	}
	if sp.StatusCode == store.StatusOK {
		tags[zipkinStatusCode] = "OK"
	}
	if sp.StatusMessage != "" {
		tags[zipkinStatusMessage] = sp.StatusMessage
	}
	zipkinCommonTags(sp, tags)
	return tags
}

// zipkinNativeName is the name under which Zipkin's tracers send an attribute.
func zipkinNativeName(kind store.Kind, key string) string {
	switch key {
	case attrServerAddress:
		return zipkinHTTPHost
	case attrURLPath:
		return semconv.OldHTTPTarget
	}
	if old := supersededName(kind, key); old != "" {
		return old
	}
	return key
}

// zipkinAnnotationsOf writes an event's attributes behind its name: as the specification says, or as the collector does it, and
// reads it, where it came from there.
func zipkinAnnotationsOf(events []store.Event, native bool) []zipkinAnnotation {
	out := make([]zipkinAnnotation, len(events))
	for i, e := range events {
		out[i] = zipkinAnnotation{Timestamp: e.TimeNS / 1000, Value: e.Name}
		switch attrs := appendPlainObject(nil, e.Attributes); {
		case len(e.Attributes) == 0 && e.DroppedAttributes == 0:
		case native:
			out[i].Value = fmt.Sprintf("%s|%s|%d", e.Name, attrs, e.DroppedAttributes)
		default:
			out[i].Value = string(append(append(appendString(nil, e.Name), ": "...), attrs...))
		}
	}
	slices.SortStableFunc(out, func(a, b zipkinAnnotation) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
	return out
}

// appendPlainObject appends attributes as an ordinary JSON object.
func appendPlainObject(dst []byte, attrs store.Attributes) []byte {
	dst = append(dst, '{')
	for i, a := range attrs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, a.Key), ':')
		switch v := a.Value; v.Type() {
		case store.TypeInt:
			dst = strconv.AppendInt(dst, v.Int(), 10)
		case store.TypeDouble:
			dst = appendDouble(dst, v.Double())
		case store.TypeBool:
			dst = strconv.AppendBool(dst, v.Bool())
		case store.TypeEmpty:
			dst = append(dst, "null"...)
		case store.TypeJSON:
			typ, plain := structured(v.Str())
			if typ == "json" {
				dst = append(dst, plain...)
			} else {
				dst = appendString(dst, plain)
			}
		default:
			dst = appendString(dst, v.Str())
		}
	}
	return append(dst, '}')
}
