package seed

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// sizes are traces that look like real ones and are of a given size.
func (m *maker) sizes() {
	for i, size := range []struct {
		name            string
		spans, services int
	}{{"1k", 1_000, 12}, {"10k", 10_000, 12}, {"100k", 100_000, 12}, {"200-services", 2_000, 200}} {
		m.begin(size.name)
		m.tree(size.spans, size.services, m.base-int64(i+1)*40*second)
		m.end(size.name, fmt.Sprintf("%d spans of %d services", size.spans, size.services)).Last = lastStep
	}
}

const (
	lastStep  = "the last step"
	treeLasts = 30 * second
	errorRate = 0.01
	// firstPart of a span's time is where its children begin, so that the last step begins after everything else.
	firstPart = 0.9
)

// tree makes a trace in which each span is the child of any span before it.
func (m *maker) tree(spans, services int, start int64) {
	name := func(i int) string { return fmt.Sprintf("tree-%03d", i) }
	root := m.span(name(0), "POST /orders", ptrace.SpanKindServer, nil, start, start+treeLasts)
	root.Attributes["http.request.method"], root.Attributes["http.route"] = "POST", "/orders"
	in := make([]int, spans) // the service of each span
	for i := 1; i < spans-1; i++ {
		at := m.rand.IntN(i)
		parent := m.trace.Spans[at]
		room := parent.EndNS - parent.StartNS
		a := parent.StartNS + int64(m.rand.Float64()*firstPart*float64(room))
		b := a + int64(m.rand.Float64()*float64(parent.EndNS-a))
		in[i] = in[at]
		if i < services {
			in[i] = i // each service at least once
		} else if m.rand.IntN(3) == 0 {
			in[i] = m.rand.IntN(services)
		}
		service := name(in[i])
		switch n := m.rand.IntN(10); {
		case in[i] != in[at]:
			s := m.span(service, fmt.Sprintf("GET /part/%d", n), ptrace.SpanKindServer, parent, a, b)
			s.Attributes["http.request.method"], s.Attributes["http.route"] = "GET", fmt.Sprintf("/part/%d", n)
			s.Failed = m.rand.Float64() < errorRate
		case n < 3:
			m.query(parent, "orders", "SELECT id, state FROM orders WHERE customer = $1", a, b)
		default:
			m.span(service, fmt.Sprintf("step %d", n), ptrace.SpanKindInternal, parent, a, b)
		}
	}
	m.span(root.Service, lastStep, ptrace.SpanKindInternal, root, start+treeLasts*95/100, start+treeLasts*99/100)
}
