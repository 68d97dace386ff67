package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"weft/store"
)

// loadGenerator makes the spans of a plausible estate: 40 services with 20 instances each, 330 operations, traces of 1 to 200 spans with
// a mean of about 24, 10 attributes a span on average, 2 % errors with an exception event.
type loadGenerator struct {
	*rand.Rand
	resources []*store.Resource
	scopes    []*store.Scope
	atNS      int64
	attrs     store.Attributes // reused
}

const (
	genServices  = 40
	genInstances = 20
)

func newLoadGenerator(seed uint64, at time.Time) *loadGenerator {
	g := &loadGenerator{Rand: rand.New(rand.NewPCG(seed, seed)), atNS: at.UnixNano()}
	hex := func(n int) string {
		const digits = "0123456789abcdef"
		b := make([]byte, n)
		for i := range b {
			b[i] = digits[g.IntN(16)]
		}
		return string(b)
	}
	for service := range genServices {
		for instance := range genInstances {
			r := &store.Resource{Attributes: store.Attributes{
				{Key: "cloud.availability_zone", Value: store.StringValue(fmt.Sprintf("eu-central-1%c", 'a'+instance%3))},
				{Key: "cloud.provider", Value: store.StringValue("aws")},
				{Key: "cloud.region", Value: store.StringValue("eu-central-1")},
				{Key: "container.id", Value: store.StringValue(hex(64))},
				{Key: "deployment.environment.name", Value: store.StringValue("production")},
				{Key: "host.name", Value: store.StringValue("ip-10-0-" + hex(4))},
				{Key: "k8s.pod.name", Value: store.StringValue(fmt.Sprintf("%s-%s", genService(service), hex(10)))},
				{Key: "process.pid", Value: store.IntValue(int64(g.IntN(65536)))},
				{Key: "service.instance.id", Value: store.StringValue(hex(32))},
				{Key: "service.name", Value: store.StringValue(genService(service))},
				{Key: "service.version", Value: store.StringValue("1.4.2")},
				{Key: "telemetry.sdk.language", Value: store.StringValue("go")},
				{Key: "telemetry.sdk.name", Value: store.StringValue("opentelemetry")},
			}}
			r.Hash = r.ContentHash()
			g.resources = append(g.resources, r)
		}
		g.scopes = append(g.scopes, &store.Scope{Name: "go.opentelemetry.io/contrib/" + genService(service), Version: "0.62.0"})
	}
	return g
}

func genService(i int) string { return fmt.Sprintf("service-%02d", i) }

// trace calls add with every span of a new trace; the span is reused.
func (g *loadGenerator) trace(add func(*store.Span)) (store.TraceID, int) {
	n := 1 + int(g.ExpFloat64()*20)
	n = min(n, 200)
	var id store.TraceID
	for i := 0; i < 16; i += 8 {
		u := g.Uint64()
		for j := range 8 {
			id[i+j] = byte(u >> (8 * j))
		}
	}
	g.atNS += g.Int64N(2_000_000) // about 25 000 spans a second
	ids := make([]uint64, 0, n)
	var s store.Span
	first, services := g.IntN(genServices), 1+min(n/5, 9) // a request meets few of the services
	for i := range n {
		service := (first + 7*g.IntN(services)) % genServices
		s = store.Span{
			TraceID: id, SpanID: store.SpanIDFromUint64(g.Uint64()), Service: genService(service),
			Resource: g.resources[service*genInstances+g.IntN(genInstances)], Scope: g.scopes[service],
			StartNS: g.atNS + g.Int64N(int64(i+1)*3_000_000), DurationNS: int64(g.ExpFloat64() * 2e7), Flags: 1,
		}
		if i > 0 {
			s.ParentSpanID = store.SpanIDFromUint64(ids[g.IntN(len(ids))])
		}
		ids = append(ids, s.SpanID.Uint64())
		g.fill(&s, service)
		add(&s)
	}
	return id, n
}

func (g *loadGenerator) fill(s *store.Span, service int) {
	str := func(k, v string) { g.attrs = append(g.attrs, store.Attribute{Key: k, Value: store.StringValue(v)}) }
	num := func(k string, v int64) { g.attrs = append(g.attrs, store.Attribute{Key: k, Value: store.IntValue(v)}) }
	g.attrs = g.attrs[:0]
	op := g.IntN(8)
	switch kind := g.IntN(10); {
	case kind < 4:
		s.Kind, s.Category = store.KindServer, "server"
		s.Name = fmt.Sprintf("GET /api/v1/resource-%d/{id}", (service*7+op)%110)
		str("http.request.method", "GET")
		str("http.route", s.Name[4:])
		str("url.scheme", "https")
		str("url.path", fmt.Sprintf("/api/v1/resource-%d/%d", (service*7+op)%110, g.IntN(1e6)))
		str("client.address", fmt.Sprintf("10.0.%d.%d", g.IntN(4), g.IntN(256)))
		str("user_agent.original", "Go-http-client/2.0")
		num("http.response.status_code", 200)
		num("server.port", 8443)
		str("network.protocol.version", "2")
		str("tenant.id", fmt.Sprintf("tenant-%d", g.IntN(500)))
		str("order.id", fmt.Sprintf("%016x", g.Uint64()))
	case kind < 7:
		s.Kind, s.Category = store.KindClient, "db"
		s.Name = fmt.Sprintf("SELECT table_%d", (service*5+op)%110)
		s.PeerName = "postgresql"
		str("db.system.name", "postgresql")
		str("db.namespace", "shop")
		str("db.collection.name", s.Name[7:])
		str("db.operation.name", "SELECT")
		str("db.query.text", "SELECT id, name, price FROM "+s.Name[7:]+" WHERE id = $1 AND tenant = $2 ORDER BY created DESC LIMIT 100")
		str("server.address", "db.internal")
		num("server.port", 5432)
		num("db.response.returned_rows", int64(g.IntN(100)))
	case kind < 9:
		s.Kind, s.Category = store.KindClient, "client"
		s.Name = fmt.Sprintf("call operation-%d", (service*3+op)%110)
		s.PeerName = genService((service + op) % genServices)
		str("rpc.system.name", "grpc")
		str("rpc.method", s.Name[5:])
		str("server.address", s.PeerName)
		num("server.port", 9090)
		num("rpc.message.id", int64(g.IntN(1e6)))
		str("tenant.id", fmt.Sprintf("tenant-%d", g.IntN(500)))
	default:
		s.Kind, s.Category = store.KindInternal, "internal"
		s.Name = fmt.Sprintf("compute step-%d", op)
		str("code.function.name", "shop.compute")
		g.attrs = append(g.attrs, store.Attribute{Key: "cache.hit", Value: store.BoolValue(op%2 == 0)},
			store.Attribute{Key: "cpu.share", Value: store.DoubleValue(g.Float64())})
	}
	str("thread.name", fmt.Sprintf("worker-%d", g.IntN(16)))
	num("thread.id", int64(g.IntN(64)))
	if g.IntN(50) == 0 {
		s.StatusCode, s.ErrorType, s.ErrorMessage = store.StatusError, "TimeoutError", "deadline exceeded after 5s"
		s.StatusMessage = s.ErrorMessage
		s.Events = []store.Event{{TimeNS: s.StartNS + s.DurationNS, Name: "exception", Attributes: store.Attributes{
			{Key: "exception.message", Value: store.StringValue(s.ErrorMessage)},
			{Key: "exception.stacktrace", Value: store.StringValue("goroutine 1 [running]:\nmain.handler\n\t/app/main.go:42\nnet/http.serve\n\t/usr/local/go/src/net/http/server.go:3210\n")},
			{Key: "exception.type", Value: store.StringValue("TimeoutError")},
		}}}
	}
	if g.IntN(100) == 0 {
		s.Links = []store.Link{{TraceID: store.TraceID{1, byte(g.IntN(256))}, SpanID: store.SpanIDFromUint64(g.Uint64())}}
	}
	s.Attributes = g.attrs
}

func BenchmarkSpanBatchAppend(b *testing.B) {
	const rows = 10_000
	var spans []store.Span
	g := newLoadGenerator(1, shopTime)
	for len(spans) < rows {
		g.trace(func(s *store.Span) {
			c := *s
			c.Attributes = append(store.Attributes(nil), s.Attributes...)
			spans = append(spans, c)
		})
	}
	batch := store.NewSpanBatch()
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset()
		for i := range spans {
			batch.Append(&spans[i])
		}
	}
	b.ReportMetric(float64(len(spans)*b.N)/b.Elapsed().Seconds(), "spans/s")
}

func BenchmarkInsertSpans(b *testing.B) {
	for _, rows := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			s := open(b)
			g := newLoadGenerator(1, shopTime)
			batch := store.NewSpanBatch()
			for batch.Rows() < rows {
				g.trace(batch.Append)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := s.InsertSpans(b.Context(), batch, ""); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(batch.Rows()*b.N)/b.Elapsed().Seconds(), "spans/s")
		})
	}
}
