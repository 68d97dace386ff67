package logs

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/trace"
)

const (
	// maxAttributes bounds the fields of one record; what is beyond it is left out.
	maxAttributes = 64
	// maxDepth bounds the nesting of values; what is deeper is kept as JSON text.
	maxDepth = 8
)

// Keys of attributes that the conventions name.
const (
	keyExceptionType    = "exception.type"
	keyExceptionMessage = "exception.message"
	keyExceptionStack   = "exception.stacktrace"
)

// json reads a line that is a JSON object.
func (p *parsed) json(line string) bool {
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	var fields map[string]any
	if d.Decode(&fields) != nil || strings.TrimSpace(line[d.InputOffset():]) != "" {
		return false
	}
	p.whole = true
	keys := make([]string, 0, len(fields))
	for k := range fields {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		p.field(k, jsonValue(fields[k], 0))
	}
	if p.body.Type() == attribute.EMPTY {
		p.body = attribute.MapValue(p.attributes...)
		p.attributes = nil
	}
	return true
}

// field takes one named value: into a field of the record where loggers agree on its name, else as an attribute.
func (p *parsed) field(key string, v attribute.Value) {
	text := ""
	if v.Type() == attribute.STRING {
		text = v.AsString()
	}
	taken := false
	switch key {
	case "level", "severity", "lvl", "log.level", "loglevel", "levelname", "@level", "severityText", "severity_text":
		s := severityOf(text)
		if v.Type() == attribute.INT64 {
			s, text = numberSeverity(v.AsInt64()), strconv.FormatInt(v.AsInt64(), 10)
		}
		if s != log.SeverityUndefined && p.severityText == "" {
			p.severityText, taken = text, true
			if p.severity == log.SeverityUndefined { // a severityNumber is more exact
				p.severity = s
			}
		}
	case "severityNumber", "severity_number":
		if n := v.Type(); n == attribute.INT64 && v.AsInt64() >= 1 && v.AsInt64() <= 24 {
			p.severity, taken = log.Severity(v.AsInt64()), true
		}
	case "msg", "message", "@message":
		if v.Type() != attribute.EMPTY {
			p.body, taken = v, true
		}
	case "time", "timestamp", "ts", "@timestamp", "eventTime":
		var at time.Time
		if at, taken = instant(v); taken {
			p.time = at
		}
	case "trace_id", "traceId", "traceID", "traceid", "trace.id":
		if id, err := trace.TraceIDFromHex(text); err == nil {
			p.trace, taken = id, true
		}
	case "span_id", "spanId", "spanID", "spanid", "span.id":
		if id, err := trace.SpanIDFromHex(text); err == nil {
			p.span, taken = id, true
		}
	case "requestId", "requestID", "request_id", "AWSRequestId", "awsRequestId", "aws_request_id", "function_request_id":
		if text != "" && p.id == "" {
			p.id, p.idKey, taken = text, key, true
		}
	case "errorType":
		key = keyExceptionType
	case "errorMessage":
		key = keyExceptionMessage
	case "stackTrace":
		key = keyExceptionStack
		if v.Type() == attribute.SLICE {
			v = joined(v.AsSlice())
		}
	}
	if !taken && len(p.attributes) < maxAttributes {
		p.attributes = append(p.attributes, attribute.KeyValue{Key: attribute.Key(key), Value: v})
	}
}

// joined makes lines of a stack that is a list of them.
func joined(frames []attribute.Value) attribute.Value {
	var b strings.Builder
	for i, f := range frames {
		if i > 0 {
			b.WriteByte('\n')
		}
		if f.Type() == attribute.STRING {
			b.WriteString(f.AsString())
		} else {
			b.WriteString(f.String())
		}
	}
	return attribute.StringValue(b.String())
}

// instant reads RFC 3339, or a number of seconds, milliseconds, microseconds or nanoseconds since 1970: whichever is a time of this century.
func instant(v attribute.Value) (time.Time, bool) {
	var seconds float64
	switch v.Type() {
	case attribute.STRING:
		at, err := time.Parse(time.RFC3339Nano, v.AsString())
		return at, err == nil
	case attribute.INT64:
		n := v.AsInt64()
		switch {
		case n < 1e9:
			return time.Time{}, false
		case n < 1e11:
			return time.Unix(n, 0), true
		case n < 1e14:
			return time.UnixMilli(n), true
		case n < 1e17:
			return time.UnixMicro(n), true
		}
		return time.Unix(0, n), true
	case attribute.FLOAT64:
		seconds = v.AsFloat64()
	}
	for seconds >= 1e11 {
		seconds /= 1e3
	}
	if !(seconds >= 1e9) {
		return time.Time{}, false
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)), true
}

func jsonValue(v any, depth int) attribute.Value {
	if depth >= maxDepth {
		text, _ := json.Marshal(v) // it came from JSON
		return attribute.StringValue(string(text))
	}
	switch v := v.(type) {
	case string:
		return attribute.StringValue(v)
	case bool:
		return attribute.BoolValue(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return attribute.Int64Value(n)
		}
		if f, err := v.Float64(); err == nil {
			return attribute.Float64Value(f)
		}
		return attribute.StringValue(v.String())
	case []any:
		values := make([]attribute.Value, len(v))
		for i, e := range v {
			values[i] = jsonValue(e, depth+1)
		}
		return attribute.SliceValue(values...)
	case map[string]any:
		pairs := make([]attribute.KeyValue, 0, len(v))
		for k, e := range v {
			pairs = append(pairs, attribute.KeyValue{Key: attribute.Key(k), Value: jsonValue(e, depth+1)})
		}
		slices.SortFunc(pairs, func(a, b attribute.KeyValue) int { return strings.Compare(string(a.Key), string(b.Key)) })
		return attribute.MapValue(pairs...)
	}
	return attribute.Value{}
}
