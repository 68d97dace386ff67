package truth

import (
	"fmt"
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

// The services call those that stand after them, and now and then themselves.
var serviceNames = []string{"edge", "web", "checkout", "cart", "price", "stock", "user", "payment", "order", "search", "report", "mailer", "worker", "audit"}

// topic is a destination of messages with the services that consume it.
type topic struct {
	name, system string
	consumers    []string
}

var topics = []topic{
	{"orders", "kafka", []string{"stock", "audit"}}, // two consumer groups: each message is consumed twice
	{"mails", "kafka", []string{"mailer"}},
	{"jobs", "rabbitmq", []string{"worker"}}, // worker also publishes to it: a loop
}

const (
	deadLetters = "orders.dlq"
	failShare   = 0.03
	coldShare   = 0.03
	retryShare  = 0.03
	// maxDepth bounds how deep calls nest, leastWorkNS how little time is still divided among children.
	maxDepth    = 4
	leastWorkNS = 400_000
	// keepRecent spans can be the target of a link.
	keepRecent = 200
)

// Options say which set to make.
type Options struct {
	Seed   uint64
	Traces int
	// Traces start from FromNS until before ToNS; what is asynchronous may end some seconds after that.
	FromNS, ToNS int64
}

// maker is what is under construction.
type maker struct {
	rand    *rand.Rand
	set     *Set
	trace   *Trace
	local   []message // published in this trace and to be consumed in it
	waiting []message // to be consumed by a trace of their own
	recent  []*Span   // server spans
}

// message is one that waits for its consumers.
type message struct {
	producer *Span
	topic    topic
}

// New makes a set.
func New(o Options) *Set {
	m := &maker{
		rand: rand.New(rand.NewPCG(o.Seed, 1)),
		set:  &Set{Edges: Edges{}, Resources: map[string]map[string]any{}},
	}
	for i, name := range serviceNames {
		r := map[string]any{
			"service.name": name, "service.version": fmt.Sprintf("1.%d.0", i), "service.instance.id": name + "-1",
			"telemetry.sdk.language": "go", "deployment.environment.name": "truth",
		}
		if name == "worker" {
			r["faas.name"] = "worker"
		}
		m.set.Resources[name] = r
	}
	step := (o.ToNS - o.FromNS) / int64(max(o.Traces, 1))
	for i := range o.Traces {
		m.make(o.FromNS + int64(i)*step + m.rand.Int64N(max(step, 1)))
	}
	return m.set
}

// make adds a trace that starts at a time.
func (m *maker) make(at int64) {
	m.trace = &Trace{ID: m.traceID()}
	m.local = nil
	lastsNS := 2_000_000 + int64(m.rand.ExpFloat64()*60e6)
	switch n := m.rand.IntN(100); {
	case len(m.waiting) > 0 && m.waiting[0].producer.EndNS < at && n < 40:
		m.consumeElsewhere(at, lastsNS)
	case n < 85:
		m.request(at, lastsNS)
	case n < 90: // a job that nobody called
		m.fillRoot(m.span(m.service(), "nightly job", ptrace.SpanKindInternal, nil, at, at+lastsNS))
	case n < 93: // its caller is not stored
		s := m.span(m.service(), "GET /lost", ptrace.SpanKindServer, nil, at, at+lastsNS)
		s.Parent = m.spanID()
		m.fillRoot(s)
	default:
		m.linked(at, lastsNS)
	}
	m.consumeHere()
	m.set.Traces = append(m.set.Traces, m.trace)
}

// request is a trace that a user began.
func (m *maker) request(at, lastsNS int64) *Span {
	s := m.span(m.pick(serviceNames[:3]), "POST /orders", ptrace.SpanKindServer, nil, at, at+lastsNS)
	s.Attributes["http.request.method"] = "POST"
	s.Attributes["http.route"] = "/orders"
	m.serve(s, m.edge(Entry, "", s.Service, "", s))
	m.fillRoot(s)
	return s
}

// linked is a request that points at spans of other traces.
func (m *maker) linked(at, lastsNS int64) {
	s := m.request(at, lastsNS)
	if len(m.recent) == 0 {
		return
	}
	s.Links = append(s.Links, Ref{m.traceID(), m.spanID()}) // to nowhere
	for range 1 + m.rand.IntN(2) {
		to := m.recent[m.rand.IntN(len(m.recent))]
		if to.TraceID == s.TraceID || s.linksTo(to) {
			continue
		}
		s.Links = append(s.Links, to.ref(), to.ref()) // twice, but one edge
		if to.Service != s.Service {
			fail(m.edge(Link, to.Service, s.Service, "", s), s.Failed)
		}
	}
}

func (s *Span) linksTo(to *Span) bool {
	for _, l := range s.Links {
		if l == to.ref() {
			return true
		}
	}
	return false
}

// span adds a span to the trace.
func (m *maker) span(service, name string, kind ptrace.SpanKind, parent *Span, startNS, endNS int64) *Span {
	s := &Span{TraceID: m.trace.ID, ID: m.spanID(), Service: service, Name: name, Kind: kind, StartNS: startNS, EndNS: endNS, Attributes: map[string]any{}}
	if parent != nil {
		s.Parent = parent.ID
	}
	m.trace.Spans = append(m.trace.Spans, s)
	return s
}

// edge counts a hop in the bucket of the span that it is measured by.
func (m *maker) edge(kind EdgeType, source, target, via string, by *Span) *Edge {
	seconds := by.StartNS / 1e9
	e := m.set.Edges.at(Key{seconds - seconds%bucketSeconds, kind, source, target, via})
	e.Calls++
	e.DurationsNS = append(e.DurationsNS, by.EndNS-by.StartNS)
	return e
}

func fail(e *Edge, failed bool) {
	if failed {
		e.Errors++
	}
}

// serve decides how a callee fares: whether it fails and whether it had to be started first.
func (m *maker) serve(s *Span, edges ...*Edge) {
	s.Failed = m.chance(failShare)
	cold := m.chance(coldShare)
	if cold {
		s.Attributes["faas.coldstart"] = true
	}
	for _, e := range edges {
		fail(e, s.Failed)
		if cold {
			e.ColdStarts++
		}
	}
	if s.Kind == ptrace.SpanKindServer {
		if m.recent = append(m.recent, s); len(m.recent) > keepRecent {
			m.recent = m.recent[1:]
		}
	}
}

// again marks a span as a further attempt.
func (m *maker) again(s *Span, edges ...*Edge) {
	s.Attributes[semconv.Attempt] = int64(2)
	for _, e := range edges {
		e.Retries++
	}
}

func (m *maker) chance(share float64) bool     { return m.rand.Float64() < share }
func (m *maker) pick(from []string) string     { return from[m.rand.IntN(len(from))] }
func (m *maker) service() string               { return m.pick(serviceNames) }
func (m *maker) spanID() uint64                { return m.rand.Uint64() | 1 }
func (m *maker) between(low, high int64) int64 { return low + m.rand.Int64N(max(high-low, 1)) }

func (m *maker) traceID() (id [16]byte) {
	for i := range id {
		id[i] = byte(m.rand.UintN(256))
	}
	id[0] |= 1
	return id
}

// callee is a service that one may call.
func (m *maker) callee(of string) string {
	for i, name := range serviceNames[:len(serviceNames)-1] {
		if name == of {
			return m.pick(serviceNames[i+1:])
		}
	}
	return of
}
