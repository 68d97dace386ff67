package e2e

import (
	"encoding/json"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/openzipkin/zipkin-go"
	"github.com/openzipkin/zipkin-go/model"
	"github.com/openzipkin/zipkin-go/proto/zipkin_proto3"
	"github.com/openzipkin/zipkin-go/reporter"
	zipkinhttp "github.com/openzipkin/zipkin-go/reporter/http"
)

// keeping is a reporter that remembers what it sent.
type keeping struct {
	reporter.Reporter
	sent []model.SpanModel
}

// Send cuts times to whole microseconds first: the two serializers round them differently.
func (k *keeping) Send(s model.SpanModel) {
	s.Timestamp = s.Timestamp.Truncate(time.Microsecond)
	s.Duration = max(s.Duration.Truncate(time.Microsecond), time.Microsecond)
	k.sent = append(k.sent, s)
	k.Reporter.Send(s)
}

// TestZipkinClientGo traces with Zipkin's own Go tracer, sends with its own reporter, in JSON and in protobuf, and reads the trace
// into its own model, which must be what was sent.
func TestZipkinClientGo(t *testing.T) {
	in := sharedInstance(t)
	for name, serializer := range map[string]reporter.SpanSerializer{"json": reporter.JSONSerializer{}, "proto": zipkin_proto3.SpanSerializer{}} {
		t.Run(name, func(t *testing.T) {
			k := &keeping{Reporter: zipkinhttp.NewReporter("http://"+in.addr["WEFT_ZIPKIN"]+"/api/v2/spans", zipkinhttp.Serializer(serializer))}
			tracer := func(service, address string) *zipkin.Tracer {
				endpoint, err := zipkin.NewEndpoint(service, address)
				if err != nil {
					t.Fatal(err)
				}
				tr, err := zipkin.NewTracer(k, zipkin.WithLocalEndpoint(endpoint), zipkin.WithTraceID128Bit(true))
				if err != nil {
					t.Fatal(err)
				}
				return tr
			}
			front, back := tracer("go-"+name+"-front", "127.0.0.1:8080"), tracer("go-"+name+"-back", "[::1]:9090")
			remote, err := zipkin.NewEndpoint("go-"+name+"-back", "127.0.0.1:9090")
			if err != nil {
				t.Fatal(err)
			}
			root := front.StartSpan("GET /Cart", zipkin.Kind(model.Server))
			call := front.StartSpan("get", zipkin.Kind(model.Client), zipkin.Parent(root.Context()), zipkin.RemoteEndpoint(remote))
			zipkin.TagHTTPMethod.Set(call, http.MethodGet)
			zipkin.TagHTTPStatusCode.Set(call, "500")
			zipkin.TagError.Set(call, "no such cart")
			served := back.StartSpan("get", zipkin.Kind(model.Server), zipkin.Parent(call.Context()))
			inside := back.StartSpan("read", zipkin.Parent(served.Context()))
			for _, span := range []zipkin.Span{inside, served, call, root} {
				span.Finish()
			}
			if err := k.Close(); err != nil {
				t.Fatal(err)
			}
			want, err := json.Marshal(k.sent)
			if err != nil {
				t.Fatal(err)
			}
			id := root.Context().TraceID.String()
			awaitZipkinTrace(t, in, id, 4)
			_, body := in.zipkinGet(t, "/api/v2/trace/"+id)
			var read []model.SpanModel
			if err := json.Unmarshal([]byte(body), &read); err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(read)
			if err != nil {
				t.Fatal(err)
			}
			if g, w := zipkinSpans(t, string(got)), zipkinSpans(t, string(want)); !reflect.DeepEqual(g, w) {
				t.Errorf("sent %s\nread %s", want, got)
			}
		})
	}
}
