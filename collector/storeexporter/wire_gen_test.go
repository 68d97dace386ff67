package storeexporter

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func randomTraceID(r *rand.Rand) (id pcommon.TraceID) {
	for i := range id {
		id[i] = byte(1 + r.IntN(255))
	}
	return id
}

func randomSpanID(r *rand.Rand) pcommon.SpanID {
	id := randomTraceID(r)
	return pcommon.SpanID(id[:8])
}

// shopRequest is a request of about n spans in which there is nothing to mend: a shop's calls, with the names and attributes that current
// instrumentation gives, some failures, retries, cold starts, links and nested values.
func shopRequest(r *rand.Rand, n int) ptrace.Traces {
	td := ptrace.NewTraces()
	services := 1 + r.IntN(min(n, 12))
	for i := range services {
		rs := td.ResourceSpans().AppendEmpty()
		resource := rs.Resource().Attributes()
		name := fmt.Sprintf("svc-%02d", i)
		resource.PutStr("service.name", name)
		resource.PutStr("service.version", fmt.Sprintf("1.%d.0", r.IntN(9)))
		resource.PutStr("service.instance.id", fmt.Sprintf("%s-%08x", name, r.Uint32()))
		resource.PutStr("host.name", fmt.Sprintf("node-%d.cluster.local", r.IntN(12)))
		resource.PutStr("telemetry.sdk.language", pick(r, "go", "java", "nodejs"))
		resource.PutInt("process.pid", r.Int64N(30000))
		resource.PutEmptySlice("process.command_args").AppendEmpty().SetStr("/bin/" + name)
		if r.IntN(4) == 0 {
			resource.PutStr("faas.name", name)
		}
		ss := rs.ScopeSpans().AppendEmpty()
		ss.Scope().SetName("weft.test/" + pick(r, "http", "db"))
		ss.Scope().SetVersion("1.0.0")
		ss.SetSchemaUrl("https://opentelemetry.io/schemas/1.40.0")
		for range max(1, n/services) {
			shopSpan(r, ss.Spans().AppendEmpty())
		}
	}
	return td
}

func shopSpan(r *rand.Rand, s ptrace.Span) {
	s.SetTraceID(randomTraceID(r))
	s.SetSpanID(randomSpanID(r))
	if r.IntN(4) > 0 {
		s.SetParentSpanID(randomSpanID(r))
	}
	s.SetFlags(0x101)
	start := time.Now().Add(-time.Duration(r.IntN(1e9)))
	s.SetStartTimestamp(ptraceTime(start))
	s.SetEndTimestamp(ptraceTime(start.Add(time.Duration(r.IntN(1e8)))))
	a := s.Attributes()
	thing := pick(r, "orders", "carts", "users", "prices")
	switch r.IntN(5) {
	case 0:
		s.SetKind(ptrace.SpanKindServer)
		s.SetName("GET /api/" + thing + "/{id}")
		a.PutStr("http.request.method", "GET")
		a.PutInt("http.response.status_code", int64(pick(r, 200, 200, 204, 404, 500)))
		a.PutStr("http.route", "/api/"+thing+"/{id}")
		a.PutStr("url.path", fmt.Sprintf("/api/%s/%d", thing, r.IntN(1e6)))
		a.PutStr("server.address", "shop.example.com")
		a.PutInt("server.port", 443)
		a.PutStr("client.address", fmt.Sprintf("10.0.%d.%d", r.IntN(256), r.IntN(256)))
		a.PutStr("network.protocol.version", "1.1")
		a.PutStr("user_agent.original", "shop-mobile/7.12.1 (Android 15; Pixel 9) okhttp/5.1.0")
		a.PutStr("enduser.id", fmt.Sprintf("customer-%d@users.shop.example.com", r.IntN(50000)))
		a.PutBool("app.cache.hit", r.IntN(3) == 0)
	case 1:
		s.SetKind(ptrace.SpanKindClient)
		s.SetName("GET " + thing)
		host := fmt.Sprintf("svc-%02d.shop.svc.cluster.local", r.IntN(12))
		a.PutStr("http.request.method", pick(r, "GET", "POST"))
		a.PutInt("http.response.status_code", int64(pick(r, 200, 503)))
		a.PutStr("url.full", fmt.Sprintf("http://%s:8080/internal/v2/customers/%08x/basket?currency=EUR", host, r.Uint32()))
		a.PutStr("server.address", host)
		a.PutInt("server.port", 8080)
		a.PutStr("service.peer.name", host)
		a.PutInt("http.request.body.size", r.Int64N(4096))
		a.PutInt("http.response.body.size", r.Int64N(65536))
		a.PutInt("thread.id", r.Int64N(64))
		if r.IntN(6) == 0 {
			a.PutInt("http.request.resend_count", 1)
		}
	case 2:
		s.SetKind(ptrace.SpanKindClient)
		s.SetName("SELECT shop." + thing)
		a.PutStr("db.system.name", pick(r, "postgresql", "redis", "mysql"))
		a.PutStr("db.namespace", "shop")
		a.PutStr("db.operation.name", "SELECT")
		a.PutStr("db.collection.name", thing)
		a.PutStr("db.query.text", "SELECT id, customer_id, state, total, created_at FROM "+thing+" WHERE customer_id = $1 AND state IN ('new', 'paid') ORDER BY created_at DESC LIMIT 20")
		a.PutStr("server.address", fmt.Sprintf("postgres-%d.databases.svc.cluster.local", r.IntN(4)))
		a.PutInt("server.port", 5432)
		a.PutStr("network.peer.address", fmt.Sprintf("10.0.8.%d", r.IntN(4)))
		a.PutInt("db.response.returned_rows", r.Int64N(20))
		a.PutDouble("app.pool.wait_ms", r.Float64())
	case 3:
		s.SetKind(pick(r, ptrace.SpanKindProducer, ptrace.SpanKindConsumer))
		s.SetName(thing + " publish")
		a.PutStr("messaging.system", "kafka")
		a.PutStr("messaging.destination.name", thing+pick(r, "", "-dlq"))
		a.PutStr("messaging.operation.type", pick(r, "send", "process"))
		a.PutStr("messaging.message.id", fmt.Sprintf("%016x", r.Uint64()))
		a.PutInt("messaging.kafka.offset", r.Int64N(1e9))
		a.PutStr("server.address", "kafka.messaging.svc.cluster.local")
	default:
		s.SetKind(pick(r, ptrace.SpanKindInternal, ptrace.SpanKindUnspecified))
		s.SetName("render " + thing)
		a.PutStr("code.function.name", "com.example.shop.render.Template.render")
		a.PutInt("code.line.number", r.Int64N(400))
		a.PutStr("thread.name", fmt.Sprintf("http-nio-8080-exec-%d", r.IntN(16)))
		a.PutStr("app.tenant", fmt.Sprintf("tenant-%d.eu-central-1", r.IntN(200)))
		a.PutBool("app.retry", r.IntN(10) == 0)
	}
	if r.IntN(20) == 0 {
		s.TraceState().FromRaw("vendor=1")
		s.SetDroppedAttributesCount(1 + r.Uint32N(5))
		s.SetDroppedEventsCount(r.Uint32N(5))
		s.SetDroppedLinksCount(r.Uint32N(5))
	}
	if r.IntN(50) == 0 {
		shopFailure(r, s)
	}
	if r.IntN(50) == 0 {
		l := s.Links().AppendEmpty()
		l.SetTraceID(randomTraceID(r))
		l.SetSpanID(randomSpanID(r))
		l.Attributes().PutStr("link.reason", "batch")
	}
}

func shopFailure(r *rand.Rand, s ptrace.Span) {
	s.Status().SetCode(ptrace.StatusCodeError)
	kind := pick(r, "java.net.SocketTimeoutException", "ValueError")
	if r.IntN(2) == 0 {
		s.Status().SetMessage("request to the payment provider timed out")
		s.Attributes().PutStr("error.type", kind)
	}
	e := s.Events().AppendEmpty()
	e.SetName("exception")
	e.SetTimestamp(s.EndTimestamp())
	e.Attributes().PutStr("exception.type", kind)
	e.Attributes().PutStr("exception.message", "request to the payment provider timed out after 2000 ms")
	e.Attributes().PutStr("exception.stacktrace", strings.Repeat("\tat com.shop.payment.Client.step(Client.java:40)\n", 12))
}
