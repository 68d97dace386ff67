package seed

import (
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/bench/truth"
)

const (
	second      = int64(time.Second)
	millisecond = int64(time.Millisecond)
	microsecond = int64(time.Microsecond)
)

// requestSpans is how many spans one request holds: some 2 MB of them.
const requestSpans = 5000

// Options say which store to make.
type Options struct {
	Seed uint64
	// Base is shortly after the last span ends. One message is two hours older, the graphs two to four days.
	Base time.Time
}

// Facts are what is true of a seeded store.
type Facts struct {
	BaseNS int64             `json:"baseNs,string"`
	Traces map[string]*Trace `json:"traces"` // by name
	Graphs map[string]*Graph `json:"graphs"` // by name
}

// Trace is what is true of one trace.
type Trace struct {
	ID       string `json:"id"`
	Says     string `json:"says"` // what is special about it
	Spans    int    `json:"spans"`
	Services int    `json:"services"`
	Depth    int    `json:"depth"`
	// Last is the name of the span that is last in depth-first order with siblings by start; left out where that is not known.
	Last string `json:"last,omitempty"`
	// Span is the id of the span that it is about, if there is one.
	Span string `json:"span,omitempty"`
	// CriticalPath is in order of time; left out where it is not known.
	CriticalPath []Segment `json:"criticalPath,omitempty"`
}

// Segment is a piece of a critical path. Times are nanoseconds after the start of the root.
type Segment struct {
	SpanID     string `json:"spanId"`
	Name       string `json:"name"`
	OffsetNS   int64  `json:"offsetNs"`
	DurationNS int64  `json:"durationNs"`
}

// Graph is a call graph. All of its spans, and no others of their day, begin within [FromNS, ToNS), nanoseconds.
type Graph struct {
	FromNS int64 `json:"fromNs,string"`
	ToNS   int64 `json:"toNs,string"`
	Nodes  int   `json:"nodes"`
	Edges  int   `json:"edges"`
}

// Seed is what to send and what is true of it.
type Seed struct {
	Set   *truth.Set
	Facts Facts
}

// New makes a store.
func New(o Options) *Seed {
	base := o.Base.UnixNano()
	s := &Seed{
		Set:   &truth.Set{Edges: truth.Edges{}, Resources: map[string]map[string]any{}},
		Facts: Facts{BaseNS: base, Traces: map[string]*Trace{}, Graphs: map[string]*Graph{}},
	}
	m := &maker{seed: s, source: o.Seed, base: base}
	m.sizes()
	m.shapes()
	m.oddities()
	m.work()
	m.graphs()
	return s
}

// Spans is how many spans there are.
func (s *Seed) Spans() int { return s.Set.Spans() }

// Requests are what to send, in order.
func (s *Seed) Requests() []ptrace.Traces {
	var out []ptrace.Traces
	for _, r := range s.Set.Deliver(truth.Delivery{RequestSpans: requestSpans}) {
		out = append(out, r.Traces)
	}
	return out
}

// Names are those of the traces, in order.
func (f *Facts) Names() []string { return slices.Sorted(maps.Keys(f.Traces)) }

// GraphNames are those of the call graphs, in order.
func (f *Facts) GraphNames() []string { return slices.Sorted(maps.Keys(f.Graphs)) }

// maker is what is under construction.
type maker struct {
	seed   *Seed
	source uint64
	base   int64
	// Of the trace or graph under construction. Each has its own numbers, so that one more of them changes no other.
	rand  *rand.Rand
	trace *truth.Trace
}

// begin starts a trace or graph, which is known by a name.
func (m *maker) begin(name string) {
	var salt uint64
	for _, r := range name {
		salt = salt*31 + uint64(r)
	}
	m.rand = rand.New(rand.NewPCG(m.source, salt))
	m.next()
}

// next starts a trace.
func (m *maker) next() {
	m.trace = &truth.Trace{}
	for i := range m.trace.ID {
		m.trace.ID[i] = byte(m.rand.UintN(256))
	}
	m.trace.ID[0] |= 1
	m.seed.Set.Traces = append(m.seed.Set.Traces, m.trace)
}

// end writes down what is true of the trace.
func (m *maker) end(name, says string) *Trace {
	services := map[string]bool{}
	depths := map[uint64]int{}
	fact := &Trace{ID: hex.EncodeToString(m.trace.ID[:]), Says: says, Spans: len(m.trace.Spans)}
	for _, s := range m.trace.Spans { // parents come first, where they are there at all
		services[s.Service] = true
		depths[s.ID] = depths[s.Parent] + 1
		fact.Depth = max(fact.Depth, depths[s.ID])
	}
	fact.Services = len(services)
	m.seed.Facts.Traces[name] = fact
	return fact
}

// span adds a span of [start, end), nanoseconds, to the trace.
func (m *maker) span(service, name string, kind ptrace.SpanKind, parent *truth.Span, start, end int64) *truth.Span {
	m.resource(service, nil)
	s := &truth.Span{
		TraceID: m.trace.ID, ID: m.rand.Uint64() | 1, Service: service, Name: name, Kind: kind, StartNS: start, EndNS: end,
		Attributes: map[string]any{},
	}
	if parent != nil {
		s.Parent = parent.ID
	}
	m.trace.Spans = append(m.trace.Spans, s)
	return s
}

// resource describes a service.
func (m *maker) resource(service string, more map[string]any) {
	if m.seed.Set.Resources[service] != nil && more == nil {
		return
	}
	r := map[string]any{
		"service.name": service, "service.version": "1.0.0", "service.instance.id": service + "-1",
		"deployment.environment.name": "seed", "telemetry.sdk.language": "go",
	}
	maps.Copy(r, more)
	m.seed.Set.Resources[service] = r
}

// call is a client span with the server's in it, which it returns.
func (m *maker) call(from *truth.Span, to, route string, start, end int64) (client, server *truth.Span) {
	client = m.span(from.Service, "GET", ptrace.SpanKindClient, from, start, end)
	client.Attributes["http.request.method"], client.Attributes["server.address"] = "GET", to
	net := (end - start) / 20
	server = m.span(to, "GET "+route, ptrace.SpanKindServer, client, start+net, end-net)
	server.Attributes["http.request.method"], server.Attributes["http.route"] = "GET", route
	return client, server
}

// query is a database's answer to a statement.
func (m *maker) query(from *truth.Span, table, statement string, start, end int64) *truth.Span {
	s := m.span(from.Service, "SELECT "+table, ptrace.SpanKindClient, from, start, end)
	s.Attributes["db.system.name"], s.Attributes["db.namespace"], s.Attributes["db.collection.name"] = "postgresql", "shop", table
	s.Attributes["db.query.text"], s.Attributes["server.address"] = statement, "postgres-0"
	return s
}

func spanID(s *truth.Span) string { return fmt.Sprintf("%016x", s.ID) }
