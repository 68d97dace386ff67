package truth

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

// fillRoot gives the first span of the trace its children, and the trace its critical path.
func (m *maker) fillRoot(s *Span) { m.fill(s, s.StartNS, s.EndNS, maxDepth, true) }

// fill divides a span's time from fromNS to toNS into its own work and steps that it waits for, one after the other. Beside a step
// there may be something that ends in the last quarter of it: nobody waits for that. The steps that are waited for make the critical path.
func (m *maker) fill(s *Span, fromNS, toNS int64, depth int, critical bool) {
	cursor := fromNS
	if depth > 0 && toNS-fromNS > leastWorkNS {
		steps := int64(1 + m.rand.IntN(3))
		width := (toNS - fromNS) / steps
		for i := range steps {
			a := fromNS + i*width + m.between(width/20, width/6)
			b := fromNS + (i+1)*width - m.between(width/20, width/6)
			m.own(s, cursor, a, critical)
			m.step(s, a, b, depth-1, critical)
			if m.chance(0.25) {
				m.beside(s, m.between(cursor, a+(b-a)/4), m.between(b-(b-a)/4, b-1), depth-2)
			}
			cursor = b
		}
	}
	m.own(s, cursor, toNS, critical)
}

func (m *maker) own(s *Span, fromNS, toNS int64, critical bool) {
	if critical {
		m.trace.CriticalPath = append(m.trace.CriticalPath, Segment{s.ID, fromNS, toNS})
	}
}

// step is something that s does from a to b.
func (m *maker) step(s *Span, a, b int64, depth int, critical bool) {
	switch n := m.rand.IntN(100); {
	case n < 35:
		m.call(s, m.callee(s.Service), a, b, depth, critical)
	case n < 38:
		m.call(s, s.Service, a, b, depth, critical) // itself
	case n < 43:
		m.direct(s, a, b, depth, critical)
	case n < 48 && !critical: // two spans share an id here: it would not say which of them is on the path
		m.shared(s, a, b, depth)
	case n < 64:
		m.database(s, a, b, critical)
	case n < 74:
		m.cache(s, a, b, critical)
	case n < 80:
		m.external(s, a, b, critical)
	case n < 88:
		m.publish(s, a, b, critical)
	default:
		m.compute(s, a, b, depth, critical)
	}
}

// beside is something that s does from a to b without waiting for it, in one piece: a part of it that ends in a pause of the step beside
// it would be what the step waited for, as far as spans can tell.
func (m *maker) beside(s *Span, a, b int64, depth int) {
	switch n := m.rand.IntN(100); {
	case n < 30:
		m.attempt(s, m.callee(s.Service), a, b, depth, false, 0)
	case n < 45:
		m.shared(s, a, b, depth)
	case n < 60:
		m.database(s, a, b, false)
	case n < 70:
		m.publish(s, a, b, false)
	case n < 85: // s says that this only follows from it; it ends whenever it likes
		after := m.span(s.Service, "refresh", ptrace.SpanKindInternal, s, a, b+m.ageNS())
		after.Links = append(after.Links, s.ref())
		m.fill(after, a, b, depth, false)
	default:
		m.compute(s, a, b, depth, false)
	}
}

// compute is work of s itself. Now and then its last step ends only after it: it counts until then.
func (m *maker) compute(s *Span, a, b int64, depth int, critical bool) {
	inner := m.span(s.Service, "compute", ptrace.SpanKindInternal, s, a, b)
	if !m.chance(0.2) {
		m.fill(inner, a, b, depth, critical)
		return
	}
	last := m.between(a+(b-a)/2, b)
	m.fill(inner, a, last, depth, critical)
	flush := m.span(s.Service, "flush", ptrace.SpanKindInternal, inner, last, b+m.between(1, 1_000_000))
	m.own(flush, last, b, critical)
}

// call is a client span with a server span in it, or two of them when the first attempt failed.
func (m *maker) call(s *Span, target string, a, b int64, depth int, critical bool) {
	if m.chance(retryShare) {
		m.attempt(s, target, a, a+(b-a)/3, depth-1, critical, 1)
		m.own(s, a+(b-a)/3, a+(b-a)/2, critical)
		m.attempt(s, target, a+(b-a)/2, b, depth, critical, 2)
		return
	}
	m.attempt(s, target, a, b, depth, critical, 0)
}

// attempt is one call; number is 0 for one that is not repeated.
func (m *maker) attempt(s *Span, target string, a, b int64, depth int, critical bool, number int) {
	client := m.span(s.Service, "GET "+target, ptrace.SpanKindClient, s, a, b)
	client.Attributes["http.request.method"] = "GET"
	client.Attributes["server.address"] = target + ".shop.example"
	if m.chance(0.5) {
		client.Attributes["service.peer.name"] = target
	}
	net := (b-a)/20 + 1
	server := m.span(target, "GET /"+target, ptrace.SpanKindServer, client, a+net, b-net)
	server.Attributes["http.request.method"] = "GET"
	server.Attributes["http.route"] = "/" + target
	edge := m.edge(Call, s.Service, target, "", server)
	m.serve(server, edge)
	// A client may fail where its server did not, as when it no longer waits for the answer; or forgive what the server reports.
	client.Failed = number == 1 || m.chance(0.01) || server.Failed && m.chance(0.8)
	fail(edge, client.Failed && !server.Failed)
	if number == 2 {
		client.Attributes["http.request.resend_count"] = int64(1)
		edge.Retries++
	}
	m.own(client, a, server.StartNS, critical)
	m.fill(server, server.StartNS, server.EndNS, depth, critical)
	m.own(client, server.EndNS, b, critical)
}

// direct is a call whose client has no span of its own.
func (m *maker) direct(s *Span, a, b int64, depth int, critical bool) {
	target := m.callee(s.Service)
	if target == s.Service {
		m.database(s, a, b, critical)
		return
	}
	server := m.span(target, "rpc "+target, ptrace.SpanKindServer, s, a, b)
	m.serve(server, m.childOf(s, server))
	m.fill(server, a, b, depth, critical)
}

// childOf is a call without a client span between the two. What a redelivered message sets off is a retry too.
func (m *maker) childOf(s, server *Span) *Edge {
	e := m.edge(Call, s.Service, server.Service, "", server)
	if s.Attributes[semconv.Attempt] != nil {
		e.Retries++
	}
	return e
}

// shared is a call whose two halves have the same id, as Zipkin's have. The callee's children are the server half's.
func (m *maker) shared(s *Span, a, b int64, depth int) {
	target := m.callee(s.Service)
	if target == s.Service {
		return
	}
	client := m.span(s.Service, "get "+target, ptrace.SpanKindClient, s, a, b)
	client.Attributes["server.address"] = target + ".shop.example"
	server := m.span(target, "get "+target, ptrace.SpanKindServer, s, a+1000, b-1000)
	server.ID = client.ID
	m.serve(server, m.childOf(s, server))
	m.recent = m.recent[:len(m.recent)-1] // a link could mean either half
	m.fill(server, server.StartNS, server.EndNS, depth, false)
}

func (m *maker) database(s *Span, a, b int64, critical bool) {
	var db *Span
	var edge *Edge
	if m.chance(0.1) { // in the same process: no client span
		db = m.span(s.Service, "SELECT settings", ptrace.SpanKindInternal, s, a, b)
		db.Attributes["db.system.name"], db.Attributes["db.namespace"] = "sqlite", "settings.db"
		edge = m.edge(Database, s.Service, "settings.db", "sqlite", db)
	} else {
		host := fmt.Sprintf("postgres-%d", m.rand.IntN(2))
		db = m.span(s.Service, "SELECT orders", ptrace.SpanKindClient, s, a, b)
		db.Attributes["db.system.name"], db.Attributes["db.namespace"], db.Attributes["server.address"] = "postgresql", "shop", host
		db.Attributes["db.query.text"] = "SELECT id, state FROM orders WHERE customer = $1"
		edge = m.edge(Database, s.Service, "shop@"+host, "postgresql", db)
	}
	m.answer(db, edge, critical)
}

func (m *maker) cache(s *Span, a, b int64, critical bool) {
	c := m.span(s.Service, "GET session", ptrace.SpanKindClient, s, a, b)
	c.Attributes["db.system.name"], c.Attributes["server.address"] = "redis", "redis-0"
	m.answer(c, m.edge(Cache, s.Service, "redis@redis-0", "redis", c), critical)
}

// external is a call that leaves what is traced.
func (m *maker) external(s *Span, a, b int64, critical bool) {
	c := m.span(s.Service, "POST", ptrace.SpanKindClient, s, a, b)
	target := "api.bank.example"
	c.Attributes["server.address"] = target
	if m.chance(0.3) {
		target = "resize-image"
		c.Attributes["faas.invoked_name"] = target
	}
	m.answer(c, m.edge(External, s.Service, target, "", c), critical)
}

// answer finishes a leaf that calls something without spans.
func (m *maker) answer(s *Span, edge *Edge, critical bool) {
	s.Failed = m.chance(failShare)
	fail(edge, s.Failed)
	if m.chance(retryShare) {
		m.again(s, edge)
	}
	m.own(s, s.StartNS, s.EndNS, critical)
}
