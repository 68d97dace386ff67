package collector

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/jaegertracing/jaeger-idl/model/v1"
	"github.com/jaegertracing/jaeger-idl/proto-gen/api_v2"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/agent"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/jaeger"
	zipkinmodel "github.com/openzipkin/zipkin-go/model"
	"github.com/openzipkin/zipkin-go/proto/zipkin_proto3"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// spanStart is a time long ago and exact in microseconds, which is all that some protocols carry.
var spanStart = time.Date(2017, 1, 26, 21, 46, 31, 639_875_000, time.UTC)

// sender pushes one client span called name, of service shop, through a real protocol.
type sender struct {
	name     string
	variable string // names the address
	receiver string
	send     func(t testing.TB, addr, token, name string) error
}

func senders() []sender {
	return []sender{
		{"otlp grpc", "WEFT_OTLP_GRPC", "otlp", sendOTLPgRPC},
		{"otlp http proto", "WEFT_OTLP_HTTP", "otlp", func(t testing.TB, addr, token, name string) error {
			raw, err := otlpRequest(name).MarshalProto()
			return post(t, "http://"+addr+"/v1/traces", "application/x-protobuf", token, raw, err)
		}},
		{"otlp http json", "WEFT_OTLP_HTTP", "otlp", func(t testing.TB, addr, token, name string) error {
			raw, err := otlpRequest(name).MarshalJSON()
			return post(t, "http://"+addr+"/v1/traces", "application/json", token, raw, err)
		}},
		{"jaeger grpc", "WEFT_JAEGER_GRPC", "jaeger", sendJaegerGRPC},
		{"jaeger thrift http", "WEFT_JAEGER_HTTP", "jaeger", func(t testing.TB, addr, token, name string) error {
			raw, err := thrift.NewTSerializer().Write(t.Context(), thriftBatch(name))
			return post(t, "http://"+addr+"/api/traces?format=jaeger.thrift", "application/x-thrift", token, raw, err)
		}},
		{"zipkin v1 json", "WEFT_ZIPKIN", "zipkin", func(t testing.TB, addr, token, name string) error {
			raw := fmt.Sprintf(`[{"traceId":"0102030000000001","id":"0102030000000002","name":%q,"timestamp":%d,"duration":1000,
				"annotations":[{"timestamp":%[2]d,"value":"cs","endpoint":{"serviceName":"shop"}}],
				"binaryAnnotations":[{"key":"http.method","value":"GET","endpoint":{"serviceName":"shop"}}]}]`, name, spanStart.UnixMicro())
			return post(t, "http://"+addr+"/api/v1/spans", "application/json", token, []byte(raw), nil)
		}},
		{"zipkin v2 json", "WEFT_ZIPKIN", "zipkin", func(t testing.TB, addr, token, name string) error {
			raw, err := json.Marshal(zipkinSpans(name))
			return post(t, "http://"+addr+"/api/v2/spans", "application/json", token, raw, err)
		}},
		{"zipkin v2 proto", "WEFT_ZIPKIN", "zipkin", func(t testing.TB, addr, token, name string) error {
			raw, err := zipkin_proto3.SpanSerializer{}.Serialize(zipkinSpans(name))
			return post(t, "http://"+addr+"/api/v2/spans", "application/x-protobuf", token, raw, err)
		}},
	}
}

func udpSenders() []sender {
	return []sender{
		{"jaeger compact udp", "WEFT_JAEGER_COMPACT", "jaeger", func(t testing.TB, addr, _, name string) error {
			return sendPacket(addr, thriftPacket(t, thrift.NewTCompactProtocolFactoryConf(nil), name))
		}},
		{"jaeger binary udp", "WEFT_JAEGER_BINARY", "jaeger", func(t testing.TB, addr, _, name string) error {
			return sendPacket(addr, thriftPacket(t, thrift.NewTBinaryProtocolFactoryConf(nil), name))
		}},
	}
}

func otlpRequest(name string) ptraceotlp.ExportRequest {
	return ptraceotlp.NewExportRequestFromTraces(someTraces(name))
}

func dial(t testing.TB, addr string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func withToken(ctx context.Context, token string) context.Context {
	if token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

func sendOTLPgRPC(t testing.TB, addr, token, name string) error {
	_, err := ptraceotlp.NewGRPCClient(dial(t, addr)).Export(withToken(t.Context(), token), otlpRequest(name))
	return err
}

func sendJaegerGRPC(t testing.TB, addr, token, name string) error {
	batch := model.Batch{
		Process: model.NewProcess("shop", nil),
		Spans: []*model.Span{{
			TraceID: model.NewTraceID(1, 2), SpanID: model.NewSpanID(3), OperationName: name, StartTime: spanStart, Duration: time.Millisecond,
			Tags: []model.KeyValue{model.String("span.kind", "client"), model.String("http.method", "GET")},
		}},
	}
	_, err := api_v2.NewCollectorServiceClient(dial(t, addr)).PostSpans(withToken(t.Context(), token), &api_v2.PostSpansRequest{Batch: batch})
	return err
}

// refusal is an HTTP answer that is no success.
type refusal struct {
	code int
	body string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s", r.code, r.body) }

func post(t testing.TB, url, contentType, token string, body []byte, err error) error {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return do(t, req)
}

func do(t testing.TB, req *http.Request) error {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode >= 300 {
		return &refusal{resp.StatusCode, string(answer)}
	}
	return nil
}

func thriftBatch(name string) *jaeger.Batch {
	kind, method := "client", "GET"
	return &jaeger.Batch{
		Process: &jaeger.Process{ServiceName: "shop"},
		Spans: []*jaeger.Span{{
			TraceIdLow: 2, TraceIdHigh: 1, SpanId: 3, OperationName: name, Flags: 1, StartTime: spanStart.UnixMicro(), Duration: 1000,
			Tags: []*jaeger.Tag{{Key: "span.kind", VType: jaeger.TagType_STRING, VStr: &kind}, {Key: "http.method", VType: jaeger.TagType_STRING, VStr: &method}},
		}},
	}
}

func thriftPacket(t testing.TB, protocol thrift.TProtocolFactory, name string) []byte {
	t.Helper()
	buf := thrift.NewTMemoryBuffer()
	if err := agent.NewAgentClientFactory(buf, protocol).EmitBatch(t.Context(), thriftBatch(name)); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func sendPacket(addr string, packet []byte) error {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write(packet)
	return err
}

func zipkinSpans(name string) []*zipkinmodel.SpanModel {
	return []*zipkinmodel.SpanModel{{
		SpanContext: zipkinmodel.SpanContext{TraceID: zipkinmodel.TraceID{High: 1, Low: 2}, ID: 3},
		Name:        name, Kind: zipkinmodel.Client, Timestamp: spanStart, Duration: time.Millisecond,
		LocalEndpoint: &zipkinmodel.Endpoint{ServiceName: "shop"},
		Tags:          map[string]string{"http.method": "GET"},
	}}
}
