package enrichprocessor

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// benchTraces makes one request of n spans: per ten, four HTTP servers, four HTTP clients, a database call and an internal
// span, with the attributes and names that their instrumentation sends.
func benchTraces(n int, old bool) ptrace.Traces {
	method, status, url, peer, system, statement := "http.request.method", "http.response.status_code", "url.full", "server.address", "db.system.name", "db.query.text"
	if old {
		method, status, url, peer, system, statement = "http.method", "http.status_code", "http.url", "net.peer.name", "db.system", "db.statement"
	}
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	list := rs.ScopeSpans().AppendEmpty().Spans()
	list.EnsureCapacity(n)
	for i := range n {
		span := list.AppendEmpty()
		good(span, "GET /orders/{id}")
		span.SetSpanID(pcommon.SpanID{1, byte(i), byte(i >> 8), byte(i >> 16)})
		a := span.Attributes()
		a.PutStr("thread.name", "worker-7")
		a.PutInt("thread.id", 7)
		a.PutStr("code.function.name", "shop.Orders.get")
		switch {
		case i%10 == 9:
		case i%10 == 8:
			span.SetKind(ptrace.SpanKindClient)
			a.PutStr(system, "postgresql")
			a.PutStr("db.namespace", "shop")
			a.PutStr(peer, "db1")
			a.PutStr(statement, "SELECT o.id, o.total FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.state IN ('new', 'paid') AND o.id = 17")
		default:
			span.SetKind(ptrace.SpanKindServer + ptrace.SpanKind(i%2))
			a.PutStr(method, "GET")
			a.PutInt(status, 200)
			a.PutStr(url, "https://shop.example/orders/17?x=y")
			a.PutStr(peer, "shop.example")
			a.PutStr("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)")
			a.PutStr("network.protocol.version", "1.1")
			a.PutStr("http.route", "/orders/{id}")
			a.PutStr("customer.tier", "gold")
		}
	}
	return td
}

func BenchmarkTraces(b *testing.B) {
	for _, old := range []bool{false, true} {
		for _, n := range []int{100, 1000} {
			b.Run(fmt.Sprintf("names=%s/spans=%d", map[bool]string{false: "current", true: "superseded"}[old], n), func(b *testing.B) {
				r := newRig(b, nil)
				source := benchTraces(n, old)
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					td := ptrace.NewTraces()
					source.CopyTo(td)
					b.StartTimer()
					if _, err := r.traces(b.Context(), td); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "spans/s")
			})
		}
	}
}
