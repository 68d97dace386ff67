package collector

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/openzipkin/zipkin-go/model"
	"github.com/openzipkin/zipkin-go/proto/zipkin_proto3"

	"weft/auth"
	"weft/semconv"
)

// ask sends a request to the Zipkin port.
func (r *running) ask(t testing.TB, method, path, token, body string, headers ...string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.addr["WEFT_ZIPKIN"]+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(raw)
}

// The Zipkin port hands reads on, whoever asks, and takes posts from those only who may send.
func TestZipkinReads(t *testing.T) {
	tokens, ingest := newTokens(t, auth.Ingest)
	tokens, query := tokens.With("reader", auth.Query)
	r := start(t, options{tokens: tokens, reads: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization"))
	})})
	for _, token := range []string{"", query, ingest} {
		want := "GET /api/v2/traces?limit=1 "
		if token != "" {
			want += "Bearer " + token
		}
		if status, got := r.ask(t, http.MethodGet, "/api/v2/traces?limit=1", token, ""); status != 200 || got != want {
			t.Errorf("with %q: got %d %s, want %s", token, status, got, want)
		}
	}
	for token, want := range map[string]int{"": 401, query: 401, ingest: 202} {
		if status, got := r.ask(t, http.MethodPost, "/api/v2/spans", token, "[]"); status != want {
			t.Errorf("POST with %q: got %d %s, want %d", token, status, got, want)
		}
	}
	for reason, want := range map[string]float64{semconv.ReasonUnauthenticated: 1, semconv.ReasonForbidden: 1, semconv.ReasonMalformed: 0} {
		if got := r.metric(t, semconv.MetricRefused, "receiver=zipkin", "reason="+reason); got != want {
			t.Errorf("refused as %s: %v, want %v\n%s", reason, got, want, r.exposition(t))
		}
	}
}

func TestZipkinWithoutReads(t *testing.T) {
	r := start(t, options{})
	if status, got := r.ask(t, http.MethodGet, "/api/v2/services", "", ""); status != 501 || strings.TrimSpace(got) != strings.TrimSpace(noReads) {
		t.Errorf("got %d %s", status, got)
	}
}

// What OTLP has no place for is kept beside the span, from JSON and from protobuf.
func TestZipkinMarks(t *testing.T) {
	r := start(t, options{})
	post := func(body string, headers ...string) {
		t.Helper()
		if status, got := r.ask(t, http.MethodPost, "/api/v2/spans", "", body, headers...); status != 202 {
			t.Fatalf("got %d %s", status, got)
		}
	}
	post(`[{"traceId":"a1","id":"b","kind":"CLIENT","name":"json client","tags":{"http.method":"GET","http.status_code":"200"},
		 "localEndpoint":{"serviceName":"one","ipv4":"10.0.0.1","port":1},"remoteEndpoint":{"serviceName":"x","ipv6":"2001:db8::1","port":2}},
		{"traceId":"a1","id":"b","kind":"SERVER","name":"json server","shared":true,"localEndpoint":{"serviceName":"one"}},
		{"traceId":"00000000000000a1","id":"0c","name":"json debug","debug":true,"localEndpoint":{"serviceName":"one"}},
		{"traceId":"a1","id":"d","name":"current","tags":{"http.request.method":"GET"},"localEndpoint":{"serviceName":"two"}}]`)
	yes := true
	raw, err := zipkin_proto3.SpanSerializer{}.Serialize([]*model.SpanModel{
		{SpanContext: model.SpanContext{TraceID: model.TraceID{High: 1, Low: 2}, ID: 3, Debug: yes}, Kind: model.Server, Name: "proto server", Shared: true},
		{SpanContext: model.SpanContext{TraceID: model.TraceID{High: 1, Low: 2}, ID: 4}, Name: "proto plain"},
	})
	if err != nil {
		t.Fatal(err)
	}
	post(string(raw), "Content-Type: application/x-protobuf")
	r.waitFor(t, "6 spans", func() bool { return len(r.spans()) == 6 })
	is := func(name string, shared, debug bool) {
		t.Helper()
		span, ok := r.named(name)
		if !ok {
			t.Fatalf("%s did not arrive", name)
		}
		_, s := span.Attributes().Get(semconv.ZipkinShared)
		_, d := span.Attributes().Get(semconv.ZipkinDebug)
		if s != shared || d != debug {
			t.Errorf("%s: shared %v, debug %v, want %v, %v", name, s, d, shared, debug)
		}
	}
	is("json client", false, false)
	is("json server", true, false)
	is("json debug", false, true)
	is("current", false, false)
	is("proto server", true, true)
	is("proto plain", false, false)

	format := map[string]string{}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, td := range r.traces {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					if v, ok := ss.Scope().Attributes().Get(semconv.ReceivedFormat); ok {
						format[span.Name()] = v.Str()
					}
				}
			}
		}
	}
	if format["json client"] != semconv.FormatZipkin || format["proto plain"] != semconv.FormatZipkin || format["current"] != "" {
		t.Errorf("formats: %v", format)
	}
}
