package web

import (
	"math"
	"strconv"
	"strings"

	"weft/store"
)

// The types below are the JSON model of Jaeger's query API v1. Null lists stay null and absent members absent exactly as
// Jaeger writes them, because its clients rely on it. Times and durations are microseconds.

type jaegerTrace struct {
	TraceID   string                   `json:"traceID"`
	Spans     []jaegerSpan             `json:"spans"`
	Processes map[string]jaegerProcess `json:"processes"`
	Warnings  []string                 `json:"warnings"`
}

type jaegerSpan struct {
	TraceID       string            `json:"traceID"`
	SpanID        string            `json:"spanID"`
	Flags         uint32            `json:"flags,omitempty"`
	OperationName string            `json:"operationName"`
	References    []jaegerReference `json:"references"`
	StartTime     int64             `json:"startTime"`
	Duration      int64             `json:"duration"`
	Tags          []jaegerTag       `json:"tags"`
	Logs          []jaegerLog       `json:"logs"`
	ProcessID     string            `json:"processID"`
	Warnings      []string          `json:"warnings"`
}

type jaegerReference struct {
	RefType string `json:"refType"`
	TraceID string `json:"traceID"`
	SpanID  string `json:"spanID"`
}

type jaegerTag struct {
	Key   string `json:"key"`
	Type  string `json:"type"`
	Value any    `json:"value"`
}

type jaegerLog struct {
	Timestamp int64       `json:"timestamp"`
	Fields    []jaegerTag `json:"fields"`
}

type jaegerProcess struct {
	ServiceName string      `json:"serviceName"`
	Tags        []jaegerTag `json:"tags"`
}

// newJaegerTrace converts as Jaeger itself converts OTLP. Source: opentelemetry-collector-contrib pkg/translator/jaeger
// traces_to_jaegerproto.go, and jaeger internal/uimodel.
func newJaegerTrace(t *store.Trace) jaegerTrace {
	out := jaegerTrace{
		TraceID: jaegerTraceID(t.ID), Spans: make([]jaegerSpan, len(t.Spans)), Processes: map[string]jaegerProcess{},
	}
	type processKey struct {
		resource *store.Resource
		service  string
	}
	processes := map[processKey]string{}
	for i := range t.Spans {
		sp := &t.Spans[i]
		key := processKey{sp.Resource, sp.Service}
		id, ok := processes[key]
		if !ok {
			id = "p" + strconv.Itoa(len(processes)+1)
			processes[key] = id
			out.Processes[id] = newJaegerProcess(sp)
		}
		out.Spans[i] = newJaegerSpan(sp, id)
	}
	return out
}

func newJaegerProcess(sp *store.Span) jaegerProcess {
	p := jaegerProcess{ServiceName: sp.Service, Tags: []jaegerTag{}}
	if sp.Resource != nil {
		for _, a := range sp.Resource.Attributes {
			if a.Key != "service.name" {
				p.Tags = append(p.Tags, newJaegerTag(a))
			}
		}
	}
	return p
}

func newJaegerSpan(sp *store.Span, processID string) jaegerSpan {
	return jaegerSpan{
		TraceID: jaegerTraceID(sp.TraceID), SpanID: sp.SpanID.String(),
		Flags:         sp.Flags & 1, // Jaeger's only flag that OTLP knows: sampled
		OperationName: sp.Name, References: jaegerReferences(sp),
		StartTime: sp.StartNS / 1000, Duration: sp.DurationNS / 1000,
		Tags: jaegerSpanTags(sp), Logs: jaegerLogs(sp.Events), ProcessID: processID,
	}
}

// jaegerTraceID writes 64-bit trace ids with 16 digits, as Jaeger does.
func jaegerTraceID(id store.TraceID) string {
	if s := id.String(); !strings.HasPrefix(s, "0000000000000000") {
		return s
	}
	return id.String()[16:]
}

// jaegerReferences puts the parent first, where clients look for it. A link to the parent only changes the parent's type.
func jaegerReferences(sp *store.Span) []jaegerReference {
	out := []jaegerReference{}
	if !sp.ParentSpanID.IsZero() {
		out = append(out, jaegerReference{"CHILD_OF", jaegerTraceID(sp.TraceID), sp.ParentSpanID.String()})
	}
	for _, l := range sp.Links {
		typ := "FOLLOWS_FROM"
		// The collector's Jaeger and OpenTracing receivers keep the original type of a reference in this attribute.
		if v, ok := l.Attributes.Get("opentracing.ref_type"); ok && v.Str() == "child_of" {
			typ = "CHILD_OF"
		}
		if !sp.ParentSpanID.IsZero() && l.TraceID == sp.TraceID && l.SpanID == sp.ParentSpanID {
			out[0].RefType = typ
			continue
		}
		out = append(out, jaegerReference{typ, jaegerTraceID(l.TraceID), l.SpanID.String()})
	}
	return out
}

func jaegerSpanTags(sp *store.Span) []jaegerTag {
	out := make([]jaegerTag, 0, len(sp.Attributes)+6)
	text := func(key, s string) {
		if s != "" {
			out = append(out, jaegerTag{key, "string", s})
		}
	}
	if sp.Scope != nil {
		text("otel.scope.name", sp.Scope.Name)
		text("otel.scope.version", sp.Scope.Version)
	}
	for _, a := range sp.Attributes {
		out = append(out, newJaegerTag(a))
	}
	// Clients look for the names that were in use when they were written; Jaeger itself gives http.status_code its old name back.
	for _, a := range sp.Attributes {
		if old := supersededName(sp.Kind, a.Key); old != "" {
			if _, taken := sp.Attributes.Get(old); !taken {
				a.Key = old
				out = append(out, newJaegerTag(a))
			}
		}
	}
	if sp.Kind != store.KindUnspecified {
		text("span.kind", kindName(sp.Kind))
	}
	switch sp.StatusCode {
	case store.StatusOK:
		text("otel.status_code", "OK")
	case store.StatusError:
		text("otel.status_code", "ERROR")
		out = append(out, jaegerTag{"error", "bool", true})
	}
	text("otel.status_description", sp.StatusMessage)
	text("w3c.tracestate", sp.TraceState)
	return out
}

func jaegerLogs(events []store.Event) []jaegerLog {
	out := make([]jaegerLog, len(events))
	for i, e := range events {
		fields := make([]jaegerTag, 0, len(e.Attributes)+1)
		if _, named := e.Attributes.Get("event"); e.Name != "" && !named {
			fields = append(fields, jaegerTag{"event", "string", e.Name})
		}
		for _, a := range e.Attributes {
			fields = append(fields, newJaegerTag(a))
		}
		out[i] = jaegerLog{Timestamp: e.TimeNS / 1000, Fields: fields}
	}
	return out
}

// maxSafeInteger is the largest integer JavaScript keeps exactly; Jaeger sends larger ones as strings.
const maxSafeInteger = 1<<53 - 1

func newJaegerTag(a store.Attribute) jaegerTag {
	t := jaegerTag{Key: a.Key, Type: "string", Value: ""}
	switch v := a.Value; v.Type() {
	case store.TypeString:
		t.Value = v.Str()
	case store.TypeBool:
		t.Type, t.Value = "bool", v.Bool()
	case store.TypeInt:
		t.Type, t.Value = "int64", v.Int()
		if v.Int() > maxSafeInteger || v.Int() < -maxSafeInteger {
			t.Value = strconv.FormatInt(v.Int(), 10)
		}
	case store.TypeDouble:
		t.Type, t.Value = "float64", v.Double()
		if math.IsNaN(v.Double()) || math.IsInf(v.Double(), 0) {
			t.Value = doubleText(v.Double())
		}
	case store.TypeJSON:
		var typ string
		typ, t.Value = structured(v.Str())
		if typ == "bytes" {
			t.Type = "binary"
		}
	}
	return t
}
