package web

import (
	"encoding/json"
	"fmt"
	"strings"

	"weft/semconv"
	"weft/store"
)

// readOTLP reads an OTLP JSON document, as people save them and drop them on Jaeger's page, into traces in order of first
// appearance.
func readOTLP(body []byte) ([]*store.Trace, error) {
	var doc otlpDocument
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("want OTLP JSON: %w", err)
	}
	var out []*store.Trace
	byID := map[store.TraceID]*store.Trace{}
	for _, rs := range doc.ResourceSpans {
		res := &store.Resource{Attributes: otlpAttributes(rs.Resource.Attributes)}
		service := semconv.UnknownService
		if v, ok := res.Attributes.Get("service.name"); ok {
			_, service = valueText(v)
		}
		for _, ss := range rs.ScopeSpans {
			sc := &store.Scope{Name: ss.Scope.Name, Version: ss.Scope.Version}
			for i := range ss.Spans {
				sp, err := ss.Spans[i].span()
				if err != nil {
					return nil, fmt.Errorf("span %q: %w", clip(ss.Spans[i].Name), err)
				}
				sp.Resource, sp.Scope, sp.Service = res, sc, service
				t := byID[sp.TraceID]
				if t == nil {
					t = &store.Trace{ID: sp.TraceID}
					byID[sp.TraceID] = t
					out = append(out, t)
				}
				t.Spans = append(t.Spans, sp)
			}
		}
	}
	return out, nil
}

type otlpDocument struct {
	ResourceSpans []struct {
		Resource struct {
			Attributes []keyValue `json:"attributes"`
		} `json:"resource"`
		ScopeSpans []struct {
			Scope struct{ Name, Version string } `json:"scope"`
			Spans []otlpSpan                     `json:"spans"`
		} `json:"scopeSpans"`
	} `json:"resourceSpans"`
}

type otlpSpan struct {
	TraceID    string     `json:"traceId"`
	SpanID     string     `json:"spanId"`
	ParentID   string     `json:"parentSpanId"`
	TraceState string     `json:"traceState"`
	Flags      uint32     `json:"flags"`
	Name       string     `json:"name"`
	Kind       store.Kind `json:"kind"`
	Start      jsonInt    `json:"startTimeUnixNano"`
	End        jsonInt    `json:"endTimeUnixNano"`
	Attributes []keyValue `json:"attributes"`
	Events     []struct {
		Time       jsonInt    `json:"timeUnixNano"`
		Name       string     `json:"name"`
		Attributes []keyValue `json:"attributes"`
	} `json:"events"`
	Links []struct {
		TraceID    string     `json:"traceId"`
		SpanID     string     `json:"spanId"`
		Attributes []keyValue `json:"attributes"`
	} `json:"links"`
	Status struct {
		Code    store.StatusCode `json:"code"`
		Message string           `json:"message"`
	} `json:"status"`
}

func (o *otlpSpan) span() (store.Span, error) {
	sp := store.Span{
		TraceState: o.TraceState, Flags: o.Flags, Name: o.Name, Kind: o.Kind, StartNS: int64(o.Start),
		DurationNS: max(0, int64(o.End-o.Start)), StatusCode: o.Status.Code, StatusMessage: o.Status.Message,
		Attributes: otlpAttributes(o.Attributes),
	}
	var err error
	if sp.TraceID, err = store.ParseTraceID(o.TraceID); err != nil {
		return sp, fmt.Errorf("traceId: %w", err)
	}
	if sp.SpanID, err = store.ParseSpanID(o.SpanID); err != nil {
		return sp, fmt.Errorf("spanId: %w", err)
	}
	if strings.Trim(o.ParentID, "0") != "" { // some exporters write a root's parent as zeros
		if sp.ParentSpanID, err = store.ParseSpanID(o.ParentID); err != nil {
			return sp, fmt.Errorf("parentSpanId: %w", err)
		}
	}
	for _, e := range o.Events {
		sp.Events = append(sp.Events, store.Event{TimeNS: int64(e.Time), Name: e.Name, Attributes: otlpAttributes(e.Attributes)})
	}
	for _, l := range o.Links {
		link := store.Link{Attributes: otlpAttributes(l.Attributes)}
		if link.TraceID, err = store.ParseTraceID(l.TraceID); err != nil {
			return sp, fmt.Errorf("link traceId: %w", err)
		}
		if link.SpanID, err = store.ParseSpanID(l.SpanID); err != nil {
			return sp, fmt.Errorf("link spanId: %w", err)
		}
		sp.Links = append(sp.Links, link)
	}
	return sp, nil
}

func otlpAttributes(list []keyValue) store.Attributes {
	out := make(store.Attributes, len(list))
	for i, kv := range list {
		out[i] = store.Attribute{Key: kv.Key, Value: kv.Value.value()}
	}
	return out
}

// value is v as the store would hold it.
func (v anyValue) value() store.Value {
	switch {
	case v.String != nil:
		return store.StringValue(*v.String)
	case v.Bool != nil:
		return store.BoolValue(*v.Bool)
	case v.Int != nil:
		return store.IntValue(int64(*v.Int))
	case v.Double != nil:
		return store.DoubleValue(float64(*v.Double))
	case v.Bytes != nil, v.Array != nil, v.List != nil:
		text, err := json.Marshal(v)
		if err != nil { // a NaN inside an array
			return store.StringValue(string(v.appendPlain(nil)))
		}
		return store.JSONValue(string(text))
	}
	return store.Value{}
}
