package seed

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// oddities are traces in which something is wrong.
func (m *maker) oddities() {
	start := m.base - 210*second
	m.begin("skew")
	root := m.span("skew-a", "GET /clock", ptrace.SpanKindServer, nil, start, start+200*millisecond)
	_, server := m.call(root, "skew-b", "/late", start+50*millisecond, start+150*millisecond)
	// The clock of the second service is five seconds slow.
	m.query(server, "clocks", "SELECT now()", server.StartNS+10*millisecond, server.EndNS-10*millisecond)
	for _, s := range m.trace.Spans {
		if s.Service == "skew-b" {
			s.StartNS, s.EndNS = s.StartNS-5*second, s.EndNS-5*second
		}
	}
	m.end("skew", "the clock of one service is 5 s slow").Span = spanID(server)

	m.begin("orphans")
	root = m.span("orphans-a", "GET /lost", ptrace.SpanKindServer, nil, start, start+200*millisecond)
	m.span("orphans-a", "found", ptrace.SpanKindInternal, root, start+millisecond, start+2*millisecond)
	for i := range int64(5) {
		lost := m.span("orphans-b", fmt.Sprintf("orphan %d", i+1), ptrace.SpanKindServer, nil, start+(i+1)*20*millisecond, start+(i+2)*20*millisecond)
		lost.Parent = m.rand.Uint64() | 1
	}
	m.end("orphans", "5 spans whose parents were never sent")

	m.begin("cycle")
	root = m.span("cycle", "GET /round", ptrace.SpanKindServer, nil, start, start+200*millisecond)
	m.span("cycle", "straight", ptrace.SpanKindInternal, root, start+millisecond, start+2*millisecond)
	a := m.span("cycle", "first", ptrace.SpanKindInternal, nil, start+10*millisecond, start+100*millisecond)
	b := m.span("cycle", "second", ptrace.SpanKindInternal, a, start+20*millisecond, start+90*millisecond)
	c := m.span("cycle", "third", ptrace.SpanKindInternal, b, start+30*millisecond, start+80*millisecond)
	a.Parent = c.ID
	own := m.span("cycle", "its own parent", ptrace.SpanKindInternal, nil, start+110*millisecond, start+120*millisecond)
	own.Parent = own.ID
	m.end("cycle", "parents in a circle, and a span that is its own parent")
}
