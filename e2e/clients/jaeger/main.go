// Command jaeger sends traces through the stock jaeger-client-go and prints what it sent, as a JSON array of spans.
//
//	jaeger -service NAME -agent HOST:PORT      over UDP, thrift compact, as to a Jaeger agent
//	jaeger -service NAME -collector URL        over HTTP, thrift binary, as to a Jaeger collector
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	jaegerclient "github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/config"
)

// span is what the end-to-end tests compare with what comes back. Values are OTLP-JSON AnyValue objects.
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
}

type value map[string]any

type event struct {
	Name       string           `json:"name"`
	Attributes map[string]value `json:"attributes"`
}

type link struct {
	TraceID string `json:"traceId"`
	SpanID  string `json:"spanId"`
}

func main() {
	service := flag.String("service", "jaeger-go", "service `name`")
	agent := flag.String("agent", "", "`host:port` of the UDP port")
	collector := flag.String("collector", "", "`URL` of the HTTP port")
	traces := flag.Int("traces", 3, "`number` of traces")
	wide := flag.Bool("128bit", false, "use 128-bit trace ids")
	flag.Parse()
	if err := run(*service, *agent, *collector, *traces, *wide); err != nil {
		fmt.Fprintln(os.Stderr, "jaeger:", err)
		os.Exit(1)
	}
}

func run(service, agent, collector string, traces int, wide bool) error {
	reporter := &config.ReporterConfig{
		LocalAgentHostPort:         agent,
		CollectorEndpoint:          collector,
		BufferFlushInterval:        100 * time.Millisecond,
		DisableAttemptReconnecting: true,
	}
	cfg := config.Configuration{
		ServiceName: service,
		Gen128Bit:   wide,
		Sampler:     &config.SamplerConfig{Type: jaegerclient.SamplerTypeConst, Param: 1},
		Reporter:    reporter,
		Tags:        []opentracing.Tag{{Key: "deployment.zone", Value: "zone-1"}, {Key: "replica", Value: 3}},
	}
	var failures failureCount
	tracer, closer, err := cfg.NewTracer(config.Logger(&failures))
	if err != nil {
		return err
	}
	var sent []span
	for i := range traces {
		sent = append(sent, order(tracer, service, i)...)
	}
	if err := closer.Close(); err != nil {
		return err
	}
	if failures > 0 {
		return fmt.Errorf("the client reported %d errors", failures)
	}
	return json.NewEncoder(os.Stdout).Encode(sent)
}

// failureCount counts what the client would only log.
type failureCount int

func (f *failureCount) Error(msg string)             { *f++; fmt.Fprintln(os.Stderr, msg) }
func (f *failureCount) Infof(string, ...interface{}) {}

// order makes one trace of four spans: a server span, a failing database call, a message sent, and its consumer, which is
// a child of the server span and follows from the producer.
func order(tracer opentracing.Tracer, service string, i int) []span {
	root := tracer.StartSpan("POST /orders", ext.SpanKindRPCServer)
	ext.HTTPMethod.Set(root, "POST")
	ext.HTTPUrl.Set(root, "http://shop.example/orders?n="+strconv.Itoa(i))
	ext.HTTPStatusCode.Set(root, 503)
	root.SetTag("order.number", int64(1)<<53+int64(i))
	root.SetTag("order.total", 12.75)
	root.SetTag("order.gift", true)
	root.SetTag("order.note", "grüße, 你好")

	db := tracer.StartSpan("INSERT orders", ext.SpanKindRPCClient, opentracing.ChildOf(root.Context()))
	ext.DBType.Set(db, "postgresql")
	ext.DBStatement.Set(db, "INSERT INTO orders VALUES (1, 'a')")
	ext.Error.Set(db, true)
	db.LogFields(log.String("event", "error"), log.String("message", "connection refused"), log.Int("attempt", 2),
		log.Float64("waited", 0.25), log.Bool("fatal", false))
	db.LogFields(log.String("event", "retry"))
	db.Finish()

	producer := tracer.StartSpan("orders publish", ext.SpanKindProducer, opentracing.ChildOf(root.Context()))
	ext.MessageBusDestination.Set(producer, "orders")
	producer.Finish()

	consumer := tracer.StartSpan("orders process", ext.SpanKindConsumer,
		opentracing.ChildOf(root.Context()), opentracing.FollowsFrom(producer.Context()))
	ext.MessageBusDestination.Set(consumer, "orders")
	consumer.Finish()
	root.Finish()

	sent := []span{
		describe(root, service, "POST /orders", "server", map[string]value{
			"http.method": str("POST"), "http.url": str("http://shop.example/orders?n=" + strconv.Itoa(i)),
			"http.status_code": num(503), "order.number": num(int64(1)<<53 + int64(i)),
			"order.total": {"doubleValue": 12.75}, "order.gift": {"boolValue": true}, "order.note": str("grüße, 你好"),
		}),
		describe(db, service, "INSERT orders", "client", map[string]value{
			"db.type": str("postgresql"), "db.statement": str("INSERT INTO orders VALUES (1, 'a')"),
		}),
		describe(producer, service, "orders publish", "producer", map[string]value{"message_bus.destination": str("orders")}),
		describe(consumer, service, "orders process", "consumer", map[string]value{"message_bus.destination": str("orders")}),
	}
	// The client notes on the first span of a trace how it was sampled.
	sent[0].Attributes["sampler.type"] = str("const")
	sent[0].Attributes["sampler.param"] = value{"boolValue": true}
	sent[0].Status = "error" // by its HTTP status, 503
	sent[1].Status = "error"
	sent[1].Events = []event{
		{Name: "error", Attributes: map[string]value{
			"message": str("connection refused"), "attempt": num(2), "waited": {"doubleValue": 0.25}, "fatal": {"boolValue": false},
		}},
		{Name: "retry", Attributes: map[string]value{}},
	}
	sent[3].Links = []link{{TraceID: sent[2].TraceID, SpanID: sent[2].SpanID}}
	return sent
}

func describe(s opentracing.Span, service, name, kind string, attrs map[string]value) span {
	ctx := s.Context().(jaegerclient.SpanContext)
	d := span{
		TraceID:    fmt.Sprintf("%016x%016x", ctx.TraceID().High, ctx.TraceID().Low),
		SpanID:     fmt.Sprintf("%016x", uint64(ctx.SpanID())),
		Service:    service,
		Name:       name,
		Kind:       kind,
		Status:     "unset",
		Attributes: attrs,
		Events:     []event{},
		Links:      []link{},
	}
	if ctx.ParentID() != 0 {
		d.ParentID = fmt.Sprintf("%016x", uint64(ctx.ParentID()))
	}
	return d
}

func str(s string) value { return value{"stringValue": s} }
func num(i int64) value  { return value{"intValue": strconv.FormatInt(i, 10)} }
