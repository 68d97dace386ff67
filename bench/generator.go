package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// What the load looks like. The figures are those of a mid-sized company's traces: they decide what a span costs, so a
// change here makes results incomparable with earlier ones.
const (
	services        = 40
	namesPerService = 85  // operations that a service knows
	spanNames       = 330 // distinct names among all services
	meanTraceSpans  = 24
	maxTraceSpans   = 200
	errorShare      = 0.019
	linkShare       = 0.03
	requestSpans    = 512 // a request holds whole traces until it has as many
	templates       = 256
)

// hexMarker starts the values of string attributes that are different on every span, such as order numbers: it is replaced,
// with the digits that follow it, each time a request is sent.
const (
	hexMarker = "~id~"
	hexDigits = 16
)

// generator makes template requests. The same seed makes the same requests, on every machine.
type generator struct {
	rand     *rand.Rand
	services []service
}

type service struct {
	name       string
	resource   pcommon.Map
	scope      string
	operations []operation
}

type operation struct {
	name string
	kind ptrace.SpanKind
	make func(g *generator, attrs pcommon.Map)
}

func newGenerator(seed uint64) *generator {
	g := &generator{rand: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))}
	languages := []string{"go", "java", "nodejs", "python"}
	for i := range services {
		name := fmt.Sprintf("%s-%s", pick(g, "cart", "order", "stock", "price", "user", "mail", "search", "pay"), []string{"api", "worker", "edge", "store", "sync"}[i%5])
		name = fmt.Sprintf("%s-%02d", name, i)
		s := service{name: name, scope: "weft.bench/" + languages[i%4], resource: pcommon.NewMap()}
		r := s.resource
		r.PutStr("service.name", name)
		r.PutStr("service.namespace", "shop")
		r.PutStr("service.version", fmt.Sprintf("1.%d.%d", g.rand.IntN(20), g.rand.IntN(9)))
		r.PutStr("service.instance.id", fmt.Sprintf("%s-%08x", name, g.rand.Uint32()))
		r.PutStr("deployment.environment.name", "production")
		r.PutStr("telemetry.sdk.name", "opentelemetry")
		r.PutStr("telemetry.sdk.language", languages[i%4])
		r.PutStr("telemetry.sdk.version", "1.46.0")
		r.PutStr("host.name", fmt.Sprintf("node-%d.cluster.local", g.rand.IntN(12)))
		r.PutStr("k8s.pod.name", fmt.Sprintf("%s-%08x", name, g.rand.Uint32()))
		r.PutStr("k8s.namespace.name", "shop")
		r.PutStr("cloud.region", pick(g, "eu-central-1", "us-east-1", "cn-hangzhou"))
		r.PutInt("process.pid", int64(g.rand.IntN(30000)))
		for range namesPerService {
			s.operations = append(s.operations, g.operation())
		}
		g.services = append(g.services, s)
	}
	return g
}

func pick[T any](g *generator, from ...T) T { return from[g.rand.IntN(len(from))] }

// operation draws one of the span names; its number decides what kind of span it is.
func (g *generator) operation() operation {
	n := g.rand.IntN(spanNames)
	thing := []string{"orders", "carts", "users", "prices", "stock", "mails", "invoices", "sessions"}[n%8]
	switch {
	case n < 90:
		return operation{fmt.Sprintf("GET /api/v%d/%s/{id}", n/8%4+1, thing) + suffix(n), ptrace.SpanKindServer, (*generator).httpServer}
	case n < 170:
		return operation{"GET " + thing + suffix(n), ptrace.SpanKindClient, (*generator).httpClient}
	case n < 240:
		return operation{"SELECT shop." + thing + suffix(n), ptrace.SpanKindClient, (*generator).database}
	case n < 270:
		return operation{thing + " publish" + suffix(n), ptrace.SpanKindProducer, (*generator).message}
	case n < 300:
		return operation{thing + " process" + suffix(n), ptrace.SpanKindConsumer, (*generator).message}
	default:
		return operation{"render " + thing + suffix(n), ptrace.SpanKindInternal, (*generator).internal}
	}
}

func suffix(n int) string { return fmt.Sprintf(" %03d", n) }

func (g *generator) id() string { return hexMarker + strings.Repeat("0", hexDigits) }

func (g *generator) httpServer(a pcommon.Map) {
	a.PutStr("http.request.method", pick(g, "GET", "POST", "PUT"))
	a.PutInt("http.response.status_code", int64(pick(g, 200, 200, 200, 201, 204, 404)))
	a.PutStr("http.route", "/api/v1/customers/{customer}/orders/{id}/lines")
	a.PutStr("url.path", "/api/v1/customers/current/orders/"+g.id()+"/lines")
	a.PutStr("url.scheme", "https")
	a.PutStr("server.address", "shop.example.com")
	a.PutInt("server.port", 443)
	a.PutStr("client.address", fmt.Sprintf("10.%d.%d.%d", g.rand.IntN(256), g.rand.IntN(256), g.rand.IntN(256)))
	a.PutStr("network.protocol.version", "1.1")
	a.PutStr("user_agent.original", pick(g,
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
		"shop-mobile/7.12.1 (Android 15; Pixel 9) okhttp/5.1.0"))
	a.PutStr("enduser.id", fmt.Sprintf("customer-%d@users.shop.example.com", g.rand.IntN(50000)))
	a.PutBool("app.cache.hit", g.rand.IntN(3) == 0)
}

func (g *generator) httpClient(a pcommon.Map) {
	a.PutStr("http.request.method", pick(g, "GET", "POST"))
	a.PutInt("http.response.status_code", int64(pick(g, 200, 200, 200, 503)))
	host := g.host()
	a.PutStr("url.full", "http://"+host+":8080/internal/v2/customers/"+g.id()+"/basket?currency=EUR&expand=items,prices")
	a.PutStr("server.address", host)
	a.PutInt("server.port", 8080)
	a.PutStr("service.peer.name", host)
	a.PutStr("network.protocol.version", "2")
	a.PutInt("http.request.body.size", int64(g.rand.IntN(4096)))
	a.PutInt("http.response.body.size", int64(g.rand.IntN(65536)))
	a.PutInt("thread.id", int64(g.rand.IntN(64)))
}

// host is the host name of some service.
func (g *generator) host() string {
	return fmt.Sprintf("svc-%02d.shop.svc.cluster.local", g.rand.IntN(services))
}

func (g *generator) database(a pcommon.Map) {
	table := pick(g, "orders", "carts", "users", "prices")
	a.PutStr("db.system.name", "postgresql")
	a.PutStr("db.namespace", "shop")
	a.PutStr("db.operation.name", "SELECT")
	a.PutStr("db.collection.name", table)
	a.PutStr("db.query.text", "SELECT id, customer_id, state, total, currency, created_at, updated_at FROM "+table+" WHERE customer_id = $1 AND state = $2 AND deleted_at IS NULL ORDER BY created_at DESC LIMIT 20")
	a.PutStr("server.address", fmt.Sprintf("postgres-%d.databases.svc.cluster.local", g.rand.IntN(4)))
	a.PutInt("server.port", 5432)
	a.PutStr("network.peer.address", fmt.Sprintf("10.0.8.%d", g.rand.IntN(4)))
	a.PutInt("db.response.returned_rows", int64(g.rand.IntN(20)))
	a.PutDouble("app.pool.wait_ms", math.Round(g.rand.ExpFloat64()*1000)/1000)
}

func (g *generator) message(a pcommon.Map) {
	a.PutStr("messaging.system", "kafka")
	a.PutStr("messaging.destination.name", pick(g, "orders", "mails", "stock-changes"))
	a.PutStr("messaging.operation.type", pick(g, "send", "process"))
	a.PutStr("messaging.message.id", g.id())
	a.PutStr("messaging.destination.partition.id", fmt.Sprint(g.rand.IntN(12)))
	a.PutInt("messaging.kafka.offset", int64(g.rand.IntN(1e9)))
	a.PutInt("messaging.message.body.size", int64(g.rand.IntN(8192)))
	a.PutStr("messaging.client.id", fmt.Sprintf("consumer-mailer-%d-of-80-%08x", g.rand.IntN(80), g.rand.Uint32()))
	a.PutStr("messaging.consumer.group.name", "shop-mailer-production")
	a.PutStr("server.address", "kafka.messaging.svc.cluster.local")
}

func (g *generator) internal(a pcommon.Map) {
	a.PutStr("code.function.name", "com.example.shop.render.Template.render")
	a.PutStr("code.file.path", "src/main/java/com/example/shop/render/Template.java")
	a.PutInt("code.line.number", int64(g.rand.IntN(400)))
	a.PutStr("thread.name", fmt.Sprintf("http-nio-8080-exec-render-pool-%d", g.rand.IntN(16)))
	a.PutInt("app.items", int64(g.rand.IntN(100)))
	a.PutStr("app.tenant", fmt.Sprintf("tenant-%d.eu-central-1.shop.example.com", g.rand.IntN(200)))
	a.PutStr("app.order.id", g.id())
	a.PutBool("app.retry", g.rand.IntN(10) == 0)
	a.PutDouble("app.score", math.Round(g.rand.Float64()*1e6)/1e6)
}

// traceSpans draws the size of a trace: most are small, a few are large, the mean is meanTraceSpans.
func (g *generator) traceSpans() int {
	n := 1 + int(g.rand.ExpFloat64()*(meanTraceSpans-0.5))
	return min(n, maxTraceSpans)
}

// pending is a span before it is put under its resource.
type pending struct {
	service int
	span    ptrace.Span
}

// request makes one request of whole traces, grouped by resource as a collector in front would send them.
func (g *generator) request() ptrace.Traces {
	var all []pending
	for len(all) < requestSpans {
		all = append(all, g.trace(all, g.traceSpans)...)
	}
	return g.group(all)
}

// oneTrace makes the requests of a trace with many spans.
func (g *generator) oneTrace(spans int) []ptrace.Traces {
	var out []ptrace.Traces
	for part := range slices.Chunk(g.trace(nil, func() int { return spans }), requestSpans) {
		out = append(out, g.group(part))
	}
	return out
}

// group puts spans under their resources.
func (g *generator) group(all []pending) ptrace.Traces {
	td := ptrace.NewTraces()
	byService := map[int]ptrace.SpanSlice{}
	for _, p := range all {
		spans, ok := byService[p.service]
		if !ok {
			rs := td.ResourceSpans().AppendEmpty()
			g.services[p.service].resource.CopyTo(rs.Resource().Attributes())
			ss := rs.ScopeSpans().AppendEmpty()
			ss.Scope().SetName(g.services[p.service].scope)
			ss.Scope().SetVersion("1.0.0")
			spans = ss.Spans()
			byService[p.service] = spans
		}
		p.span.MoveTo(spans.AppendEmpty())
	}
	return td
}

// trace makes one trace whose times count from 0 and which is as large as size says. before are spans of other traces that
// links may name.
func (g *generator) trace(before []pending, size func() int) []pending {
	id := pcommon.TraceID(g.bytes16())
	n := size()
	spans := make([]pending, 0, n)
	for i := range n {
		at := g.rand.IntN(services)
		parent := -1
		if i > 0 {
			parent = g.rand.IntN(i)
			if g.rand.IntN(3) > 0 {
				at = spans[parent].service // most children run in the same service
			}
		}
		s := ptrace.NewSpan()
		op := pick(g, g.services[at].operations...)
		s.SetTraceID(id)
		s.SetSpanID(pcommon.SpanID(g.bytes8()))
		s.SetName(op.name)
		s.SetKind(op.kind)
		s.SetFlags(0x101)
		op.make(g, s.Attributes())
		start, end := int64(1), int64(g.rand.ExpFloat64()*2e8)+1e6 // a time of 0 would not be on the wire
		if parent >= 0 {
			p := spans[parent].span
			s.SetParentSpanID(p.SpanID())
			room := int64(p.EndTimestamp() - p.StartTimestamp())
			start = int64(p.StartTimestamp()) + g.rand.Int64N(room/2+1)
			end = start + g.rand.Int64N(room/2+1) + 1000
		}
		s.SetStartTimestamp(pcommon.Timestamp(start))
		s.SetEndTimestamp(pcommon.Timestamp(end))
		if g.rand.Float64() < errorShare {
			g.fail(s)
		}
		if len(before) > 0 && g.rand.Float64() < linkShare {
			to := pick(g, before...).span
			l := s.Links().AppendEmpty()
			l.SetTraceID(to.TraceID())
			l.SetSpanID(to.SpanID())
			l.Attributes().PutStr("link.reason", "batch")
		}
		spans = append(spans, pending{at, s})
	}
	return spans
}

func (g *generator) fail(s ptrace.Span) {
	kind := pick(g, "java.net.SocketTimeoutException", "context.DeadlineExceeded", "ValueError")
	s.Status().SetCode(ptrace.StatusCodeError)
	s.Status().SetMessage("request to the payment provider timed out")
	s.Attributes().PutStr("error.type", kind)
	e := s.Events().AppendEmpty()
	e.SetName("exception")
	e.SetTimestamp(s.EndTimestamp())
	e.Attributes().PutStr("exception.type", kind)
	e.Attributes().PutStr("exception.message", "request to the payment provider timed out after 2000 ms")
	var stack strings.Builder
	for i := range 12 {
		fmt.Fprintf(&stack, "\tat com.shop.payment.Client.step%d(Client.java:%d)\n", i, 40+g.rand.IntN(400))
	}
	e.Attributes().PutStr("exception.stacktrace", stack.String())
}

func (g *generator) bytes8() (b [8]byte) {
	v := g.rand.Uint64() | 1
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
	return b
}

func (g *generator) bytes16() (b [16]byte) {
	lo, hi := g.bytes8(), g.bytes8()
	copy(b[:8], lo[:])
	copy(b[8:], hi[:])
	return b
}
