package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"weft/semconv"
)

// The JSON of Jaeger's first query API, as its clients read it.
type jaegerTrace struct {
	TraceID   string                   `json:"traceID"`
	Spans     []jaegerSpan             `json:"spans"`
	Processes map[string]jaegerProcess `json:"processes"`
}

type jaegerSpan struct {
	TraceID    string            `json:"traceID"`
	SpanID     string            `json:"spanID"`
	Name       string            `json:"operationName"`
	References []jaegerReference `json:"references"`
	StartUS    int64             `json:"startTime"`
	DurationUS int64             `json:"duration"`
	Tags       []jaegerTag       `json:"tags"`
	Logs       []struct {
		Fields []jaegerTag `json:"fields"`
	} `json:"logs"`
	ProcessID string `json:"processID"`
}

type jaegerReference struct {
	RefType string `json:"refType"`
	TraceID string `json:"traceID"`
	SpanID  string `json:"spanID"`
}

type jaegerProcess struct {
	Service string      `json:"serviceName"`
	Tags    []jaegerTag `json:"tags"`
}

type jaegerTag struct {
	Key   string          `json:"key"`
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

// jaegerV1Traces reads one or more traces through the older Jaeger API.
func (in *instance) jaegerV1Traces(path string) ([]span, error) {
	var answer struct {
		Data   []jaegerTrace `json:"data"`
		Errors []any         `json:"errors"`
	}
	if err := in.get(path, &answer); err != nil {
		return nil, err
	}
	if len(answer.Errors) > 0 {
		return nil, fmt.Errorf("GET %s: errors %v", path, answer.Errors)
	}
	var out []span
	for _, tr := range answer.Data {
		for _, s := range tr.Spans {
			one, err := s.span(tr.Processes[s.ProcessID])
			if err != nil {
				return nil, err
			}
			out = append(out, one)
		}
	}
	return out, nil
}

func (s jaegerSpan) span(p jaegerProcess) (span, error) {
	tags, err := tagValues(s.Tags)
	if err != nil {
		return span{}, err
	}
	out := span{
		TraceID: wide(s.TraceID), SpanID: s.SpanID, Service: p.Service, Name: s.Name, Attributes: tags,
		Kind: "unspecified", Status: "unset",
	}
	withoutOldNames(tags)
	if out.Resource, err = tagValues(p.Tags); err != nil {
		return span{}, err
	}
	if kind, ok := strings.CutPrefix(string(tags["span.kind"]), "string:"); ok {
		out.Kind = kind
	}
	switch {
	case tags["error"] == "bool:true":
		out.Status = "error"
	case tags["otel.status_code"] == "string:OK":
		out.Status = "ok"
	}
	maps.DeleteFunc(tags, func(k string, _ value) bool {
		return k == "span.kind" || k == "error" || k == "w3c.tracestate" || strings.HasPrefix(k, "otel.")
	})
	for _, r := range s.References {
		switch r.RefType {
		case "CHILD_OF":
			if r.TraceID != s.TraceID || out.ParentID != "" {
				return span{}, fmt.Errorf("span %s: %+v is not its one parent", s.SpanID, r)
			}
			out.ParentID = r.SpanID
		case "FOLLOWS_FROM":
			out.Links = append(out.Links, link{TraceID: wide(r.TraceID), SpanID: r.SpanID})
		default:
			return span{}, fmt.Errorf("span %s: reference type %q", s.SpanID, r.RefType)
		}
	}
	for _, l := range s.Logs {
		fields, err := tagValues(l.Fields)
		if err != nil {
			return span{}, err
		}
		name := strings.TrimPrefix(string(fields["event"]), "string:")
		delete(fields, "event")
		out.Events = append(out.Events, event{Name: name, Attributes: fields})
	}
	return out, nil
}

// withoutOldNames takes out what the older API gives beside a current name, for clients that know only the superseded one.
func withoutOldNames(tags map[string]value) {
	for _, a := range semconv.Aliases() {
		if v, ok := tags[a.Old]; ok && tags[a.New] == v {
			delete(tags, a.Old)
		}
	}
}

func tagValues(tags []jaegerTag) (map[string]value, error) {
	out := map[string]value{}
	for _, tag := range tags {
		// A span may have a text for "error" besides the flag that says it failed, as in Jaeger.
		if _, twice := out[tag.Key]; twice && tag.Key != "error" {
			return nil, fmt.Errorf("tag %s stands twice", tag.Key)
		}
		var err error
		switch tag.Type {
		case "string", "binary":
			var s string
			err = json.Unmarshal(tag.Value, &s)
			out[tag.Key] = value("string:" + s)
		case "bool":
			var b bool
			err = json.Unmarshal(tag.Value, &b)
			out[tag.Key] = value(fmt.Sprintf("bool:%t", b))
		case "int64": // a string where JavaScript's numbers end
			out[tag.Key] = value("int:" + strings.Trim(string(tag.Value), `"`))
		case "float64":
			var f float64
			err = json.Unmarshal(tag.Value, &f)
			out[tag.Key] = doubleValue(f)
		default:
			err = fmt.Errorf("type %q", tag.Type)
		}
		if err != nil {
			return nil, fmt.Errorf("tag %s: %w in %s", tag.Key, err, tag.Value)
		}
	}
	return out, nil
}

// wide fills up a trace id: Jaeger writes 64-bit ones with 16 digits.
func wide(id string) string { return strings.Repeat("0", max(0, 32-len(id))) + id }

// asJaegerV1 is what remains of spans in the older API: arrays are JSON text, links have no attributes, time is in
// microseconds.
func asJaegerV1(spans []span) []span {
	out := slices.Clone(spans)
	for i := range out {
		out[i].StartNS, out[i].EndNS = 0, 0
		out[i].Attributes = maps.Clone(out[i].Attributes)
		delete(out[i].Attributes, "error")
		for k, v := range out[i].Attributes {
			if array, ok := strings.CutPrefix(string(v), "array:"); ok {
				out[i].Attributes[k] = value("string:" + arrayJSON(array))
			}
		}
		out[i].ParentID, out[i].Links = jaegerReferences(out[i])
	}
	return out
}

// jaegerReferences are the parent and links of a span in the older API, where a link to the parent is not one more reference
// but makes the parent's a FOLLOWS_FROM.
func jaegerReferences(s span) (parent string, links []link) {
	parent = s.ParentID
	for _, l := range s.Links {
		if l.TraceID == s.TraceID && l.SpanID == s.ParentID {
			parent = ""
			continue
		}
		links = append(links, link{TraceID: l.TraceID, SpanID: l.SpanID})
	}
	if parent != s.ParentID {
		links = slices.Insert(links, 0, link{TraceID: s.TraceID, SpanID: s.ParentID})
	}
	return parent, links
}

// arrayJSON turns the canonical text of an array of strings into JSON.
func arrayJSON(canonical string) string {
	var texts []string
	if err := json.Unmarshal([]byte("["+canonical+"]"), &texts); err != nil {
		return err.Error()
	}
	for i := range texts {
		_, texts[i], _ = strings.Cut(texts[i], ":")
	}
	raw, err := json.Marshal(texts)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// checkJaegerSearch wants the service, its operations and its traces to be found by both generations of Jaeger's API.
func checkJaegerSearch(t *testing.T, in *instance, service string, sent []span) {
	t.Helper()
	var v1Services struct {
		Data []string `json:"data"`
	}
	var v3Services struct {
		Services []string `json:"services"`
	}
	if err := in.get("/api/services", &v1Services); err != nil {
		t.Error(err)
	}
	if err := in.get("/api/v3/services", &v3Services); err != nil {
		t.Error(err)
	}
	if !slices.Contains(v1Services.Data, service) || !slices.Contains(v3Services.Services, service) {
		t.Errorf("services are %v (v1) and %v (v3), want %s among them", v1Services.Data, v3Services.Services, service)
	}

	names := map[string]bool{}
	for _, s := range sent {
		names[s.Name] = true
	}
	var v1Operations struct {
		Data []string `json:"data"`
	}
	if err := in.get("/api/services/"+url.PathEscape(service)+"/operations", &v1Operations); err != nil {
		t.Error(err)
	}
	if want := slices.Sorted(maps.Keys(names)); !slices.Equal(v1Operations.Data, want) {
		t.Errorf("operations of %s are %v, want %v", service, v1Operations.Data, want)
	}

	v1, err := in.jaegerV1Traces("/api/traces?" + url.Values{
		"service": {service}, "limit": {"100"}, "operation": {sent[0].Name},
		"start": {micros(time.Unix(0, 0))}, "end": {micros(time.Now().Add(time.Hour))},
	}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	withOperation := map[string]bool{}
	for _, s := range sent {
		if s.Name == sent[0].Name {
			withOperation[s.TraceID] = true
		}
	}
	if got, want := traceIDs(v1), slices.Sorted(maps.Keys(withOperation)); !slices.Equal(got, want) {
		t.Errorf("Jaeger v1 search finds traces %v, want %v", got, want)
	}

	var answer struct {
		Result json.RawMessage `json:"result"`
	}
	err = in.get("/api/v3/traces?"+url.Values{
		"query.serviceName": {service}, "query.operationName": {sent[0].Name}, "query.searchDepth": {"100"},
		"query.startTimeMin": {time.Unix(0, 0).UTC().Format(time.RFC3339Nano)},
		"query.startTimeMax": {time.Now().Add(time.Hour).UTC().Format(time.RFC3339Nano)},
	}.Encode(), &answer)
	if err != nil {
		t.Fatal(err)
	}
	v3, err := decodeOTLP(answer.Result)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := traceIDs(v3), slices.Sorted(maps.Keys(withOperation)); !slices.Equal(got, want) {
		t.Errorf("Jaeger v3 search finds traces %v, want %v", got, want)
	}
}

func micros(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }
