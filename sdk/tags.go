package sdk

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

func kindOf(v any) trace.SpanKind {
	switch strings.ToLower(fmt.Sprint(v)) {
	case "client":
		return trace.SpanKindClient
	case "server":
		return trace.SpanKindServer
	case "producer":
		return trace.SpanKindProducer
	case "consumer":
		return trace.SpanKindConsumer
	}
	return trace.SpanKindInternal
}

// priorityOf reads sampling.priority: above 0 keeps the trace, 0 drops it.
func priorityOf(v any) decision {
	p, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	switch {
	case err != nil || p < 0:
		return undecided
	case p == 0:
		return drop
	}
	return sample
}

// renamed are OpenTracing's standard tags under their names in the OpenTelemetry semantic conventions v1.44. Tags that are
// missing here, such as component, keep their name.
// https://github.com/opentracing/specification/blob/master/semantic_conventions.md
var renamed = map[string]string{
	"db.instance":             "db.namespace",
	"db.statement":            "db.query.text",
	"db.type":                 "db.system.name",
	"http.method":             "http.request.method",
	"http.status_code":        "http.response.status_code",
	"http.url":                "url.full",
	"message_bus.destination": "messaging.destination.name",
	"peer.ipv4":               "network.peer.address",
	"peer.ipv6":               "network.peer.address",
	"peer.port":               "network.peer.port",
}

// attributesOf converts tags, ordered by key, for a span of the given kind.
func attributesOf(tags map[string]any, kind trace.SpanKind) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, len(tags))
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		attrs = append(attrs, tagAttribute(k, tags[k], kind))
	}
	return attrs
}

func tagAttribute(key string, value any, kind trace.SpanKind) attribute.KeyValue {
	switch key {
	case string(ext.PeerHostname), string(ext.PeerAddress):
		// The peer of a server is its client; everything else talks to a server.
		name := "server.address"
		if kind == trace.SpanKindServer {
			name = "client.address"
		}
		// peer.address may be any "ip:port" or even a connection string, which is no host name.
		if key == string(ext.PeerAddress) {
			if ap, err := netip.ParseAddrPort(fmt.Sprint(value)); err == nil {
				return attribute.String("network.peer.address", ap.Addr().String())
			}
		}
		return attributeOf(name, value)
	case string(ext.PeerHostIPv4):
		if ip, ok := value.(uint32); ok { // what ext.PeerHostIPv4.Set writes
			value = netip.AddrFrom4([4]byte{byte(ip >> 24), byte(ip >> 16), byte(ip >> 8), byte(ip)}).String()
		}
	case string(ext.HTTPStatusCode), string(ext.PeerPort):
		if s, ok := value.(string); ok {
			if n, err := strconv.Atoi(s); err == nil {
				value = n
			}
		}
	case string(ext.DBType):
		if s, ok := value.(string); ok {
			value = strings.ToLower(s)
		}
	}
	if name, ok := renamed[key]; ok {
		key = name
	}
	return attributeOf(key, value)
}

// attributeOf keeps the type of value where OpenTelemetry has it; the rest becomes a string.
func attributeOf(key string, value any) attribute.KeyValue {
	k := attribute.Key(key)
	switch v := value.(type) {
	case string:
		return k.String(v)
	case bool:
		return k.Bool(v)
	case int:
		return k.Int(v)
	case int8:
		return k.Int64(int64(v))
	case int16:
		return k.Int64(int64(v))
	case int32:
		return k.Int64(int64(v))
	case int64:
		return k.Int64(v)
	case uint:
		return unsigned(k, uint64(v))
	case uint8:
		return k.Int64(int64(v))
	case uint16:
		return k.Int64(int64(v))
	case uint32:
		return k.Int64(int64(v))
	case uint64:
		return unsigned(k, v)
	case float32:
		return k.Float64(float64(v))
	case float64:
		return k.Float64(v)
	case []string:
		return k.StringSlice(v)
	case []bool:
		return k.BoolSlice(v)
	case []int:
		return k.IntSlice(v)
	case []int64:
		return k.Int64Slice(v)
	case []float64:
		return k.Float64Slice(v)
	}
	// Named types such as ext.SpanKindEnum, errors, Stringers and structs.
	return k.String(fmt.Sprint(value))
}

// unsigned keeps numbers that a signed 64-bit integer cannot hold exact, as text.
func unsigned(k attribute.Key, v uint64) attribute.KeyValue {
	if v > math.MaxInt64 {
		return k.String(strconv.FormatUint(v, 10))
	}
	return k.Int64(int64(v))
}

// fieldEncoder collects log fields as attributes.
type fieldEncoder []attribute.KeyValue

func (e *fieldEncoder) add(key string, value any)             { *e = append(*e, attributeOf(key, value)) }
func (e *fieldEncoder) EmitString(key, value string)          { e.add(key, value) }
func (e *fieldEncoder) EmitBool(key string, value bool)       { e.add(key, value) }
func (e *fieldEncoder) EmitInt(key string, value int)         { e.add(key, value) }
func (e *fieldEncoder) EmitInt32(key string, value int32)     { e.add(key, value) }
func (e *fieldEncoder) EmitInt64(key string, value int64)     { e.add(key, value) }
func (e *fieldEncoder) EmitUint32(key string, value uint32)   { e.add(key, value) }
func (e *fieldEncoder) EmitUint64(key string, value uint64)   { e.add(key, value) }
func (e *fieldEncoder) EmitFloat32(key string, value float32) { e.add(key, value) }
func (e *fieldEncoder) EmitFloat64(key string, value float64) { e.add(key, value) }
func (e *fieldEncoder) EmitObject(key string, value any)      { e.add(key, value) }
func (e *fieldEncoder) EmitLazyLogger(value log.LazyLogger)   { value(e) }

// exceptionOf renames the fields of an error log to those of an OpenTelemetry exception event. errorType is the Go type of
// the error in it, if any; a field error.kind wins.
func exceptionOf(fields []attribute.KeyValue, errorType string) []attribute.KeyValue {
	out := make([]attribute.KeyValue, 0, len(fields)+1)
	has := func(key attribute.Key) bool {
		return slices.ContainsFunc(fields, func(kv attribute.KeyValue) bool { return kv.Key == key })
	}
	messageSeen := has("message")
	for _, kv := range fields {
		switch kv.Key {
		case "event":
			continue
		case "error.kind":
			kv.Key = "exception.type"
		case "message":
			kv.Key = "exception.message"
		case "stack":
			kv.Key = "exception.stacktrace"
		case "error", "error.object":
			if !messageSeen {
				kv.Key = "exception.message"
				messageSeen = true
			}
		}
		out = append(out, kv)
	}
	if errorType != "" && !has("error.kind") {
		out = append(out, attribute.String("exception.type", errorType))
	}
	return out
}
