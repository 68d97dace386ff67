package store

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"weft/semconv"
)

// edgeGraph works out the edges of spans that it holds all at once: the batch form of the definition of topology in
// docs/topology.md. The collector's processor is the streaming form; both give the same edges.
type edgeGraph struct {
	spans []edgeSpan
	// first finds a span by its id; several of one id, the halves of a call that share it, are chained by next.
	first   map[spanKey]int32
	links   []edgeLink
	symbols *symbolTable
}

// spanKey is a span's id.
type spanKey struct {
	trace TraceID
	span  uint64
}

// edgeSpan is what the topology needs to know of a span. Texts are numbers of the graph's symbols.
type edgeSpan struct {
	spanKey
	parent              uint64
	startNS, durationNS int64
	service, peer       uint32
	database, messaging uint32 // systems
	category, name      uint32
	next                int32 // another span of the same id, or none
	parentAt            int32 // the first span of the parent's id once resolve has found it, or none
	kind                Kind
	marks               uint8
	failed              bool
	// counts says that this span's edges are asked for; others are there as partners.
	counts bool
	// answered says that there is a stored span on the other side, if this is a client span.
	answered bool
}

// edgeLink is a span link of spans[from].
type edgeLink struct {
	from int32
	to   spanKey
}

// none is no span.
const none = int32(-1)

func newEdgeGraph(capacity int, symbols *symbolTable) *edgeGraph {
	return &edgeGraph{spans: make([]edgeSpan, 0, capacity), first: make(map[spanKey]int32, capacity), symbols: symbols}
}

// add takes in a span unless it is there already: a repeated delivery has the same trace, span id and kind. It returns its place.
func (g *edgeGraph) add(s edgeSpan) (at int32, added bool) {
	at = int32(len(g.spans))
	s.next, s.parentAt = none, none
	head, taken := g.first[s.spanKey]
	if !taken {
		g.first[s.spanKey] = at
		g.spans = append(g.spans, s)
		return at, true
	}
	served := s.serves()
	for i := head; i != none; i = g.spans[i].next {
		if g.spans[i].kind == s.kind {
			return i, false
		}
		served = served || g.spans[i].serves()
	}
	s.next = g.spans[head].next
	g.spans[head].next = at
	g.spans = append(g.spans, s)
	for i := head; served && i != none; i = g.spans[i].next {
		g.spans[i].answered = true // by the half that serves
	}
	return at, true
}

// find is the span of that id or none: of several the one that serves the call, then the one of the least kind.
func (g *edgeGraph) find(k spanKey) int32 {
	if i, ok := g.first[k]; ok {
		return g.best(i)
	}
	return none
}

// best chooses among the spans of one id, of which i is the first.
func (g *edgeGraph) best(i int32) int32 {
	best := i
	if g.spans[i].next == none {
		return best
	}
	for ; i != none; i = g.spans[i].next {
		a, b := &g.spans[i], &g.spans[best]
		if a.serves() != b.serves() {
			if a.serves() {
				best = i
			}
		} else if a.kind < b.kind {
			best = i
		}
	}
	return best
}

func (s *edgeSpan) serves() bool { return s.kind == KindServer || s.kind == KindConsumer }

func (s *edgeSpan) endNS() int64 { return s.startNS + s.durationNS }

// parentOf is the parent of spans[i], or none. REQUIRES resolve.
func (g *edgeGraph) parentOf(i int32) int32 {
	if at := g.spans[i].parentAt; at != none {
		return g.best(at)
	}
	return none
}

// resolve finds the parents of the spans that have none yet, and which client spans have a stored span on their other side: a child that
// serves or belongs to another service, or, as add has found out, a half that shares the id and serves.
func (g *edgeGraph) resolve() {
	for i := range g.spans {
		c := &g.spans[i]
		if c.parent == 0 || c.parentAt != none {
			continue
		}
		head, ok := g.first[spanKey{c.trace, c.parent}]
		if !ok {
			continue
		}
		c.parentAt = head
		for at := head; at != none; at = g.spans[at].next {
			if s := &g.spans[at]; c.serves() || c.service != s.service {
				s.answered = true
			}
		}
	}
}

// leaves reports whether s is a call that leaves the traced world unless it is answered.
func (g *edgeGraph) leaves(s *edgeSpan) bool {
	return s.kind == KindClient && s.peer != 0 && (s.category == symbolClient || s.category == symbolFaaS)
}

// missing lists the traces of counted spans that lack a partner here: a parent, or whoever answers a call. REQUIRES resolve.
func (g *edgeGraph) missing() []TraceID {
	seen := make(map[TraceID]struct{})
	for i := range g.spans {
		s := &g.spans[i]
		if s.counts && (s.parent != 0 && g.parentOf(int32(i)) == none || g.leaves(s) && !s.answered) {
			seen[s.trace] = struct{}{}
		}
	}
	return sortedIDs(seen)
}

// edgeID is what an edge is told apart by.
type edgeID struct {
	bucketUnix          int64
	typ                 EdgeType
	source, target, via uint32
}

// edgeSum adds up the edges of graphs that share their symbols.
type edgeSum struct {
	edges map[edgeID]*Edge
	// whole puts all into one bucket, of time 0.
	whole bool
	// share is the edges that are added up. Of more than limit, when that is not 0, some are left out.
	share edgeShare
	limit int
	// rest is what is not added up.
	rest Edge
}

func newEdgeSum(whole bool) *edgeSum {
	return &edgeSum{edges: make(map[edgeID]*Edge), whole: whole, share: allEdges, rest: Edge{Latency: Histogram{}, QueueAge: Histogram{}}}
}

// edgeShare is the edges whose hash is n modulo of: a part of them that edges_of_buckets.sql knows how to read.
type edgeShare struct{ n, of uint64 }

var allEdges = edgeShare{0, 1}

// holds reports whether an edge belongs to the share.
func (s edgeShare) holds(e *Edge) bool {
	if s.of == 1 {
		return true
	}
	text := fmt.Appendf(nil, "%d\x00%d\x00%s\x00%s\x00%s", e.BucketUnix, e.Type, e.Source, e.Target, e.Via)
	return xxhash.Sum64(text)%s.of == s.n
}

// halves are two shares of the same edges.
func (s edgeShare) halves() [2]edgeShare {
	return [2]edgeShare{{s.n, 2 * s.of}, {s.n + s.of, 2 * s.of}}
}

// to is the edge of s; s gives the bucket and the latency.
func (e *edgeSum) to(g *edgeGraph, s *edgeSpan, typ EdgeType, source, target, via uint32, failed bool) *Edge {
	id := edgeID{0, typ, source, target, via}
	if !e.whole {
		id.bucketUnix = semconv.EdgeBucket(s.startNS)
	}
	edge := e.edges[id]
	if edge == nil {
		if e.full() {
			return &e.rest
		}
		edge = &Edge{BucketUnix: id.bucketUnix, Type: typ, Source: g.symbols.text(source), Target: g.symbols.text(target), Via: g.symbols.text(via),
			Latency: Histogram{}}
		if !e.share.holds(edge) {
			return &e.rest
		}
		e.edges[id] = edge
	}
	edge.Calls++
	if failed {
		edge.Errors++
	}
	edge.DurationNS += s.durationNS
	edge.Latency[semconv.LatencyBucket(s.durationNS)]++
	return edge
}

// full reports whether there may be more edges than the limit.
func (e *edgeSum) full() bool { return e.limit > 0 && len(e.edges) >= e.limit }

// note counts the marks of s that matter to the edge.
func (edge *Edge) note(s *edgeSpan, marks uint8) {
	if s.marks&marks&semconv.MarkColdStart != 0 {
		edge.ColdStarts++
	}
	if s.marks&marks&semconv.MarkRetry != 0 {
		edge.Retries++
	}
	if s.marks&marks&semconv.MarkDeadLetter != 0 {
		edge.DeadLetters++
	}
}

// sum adds the edges of all counted spans to e. REQUIRES resolve.
func (g *edgeGraph) sum(e *edgeSum) {
	for i := range g.spans {
		if g.spans[i].counts {
			g.sumSpan(e, int32(i))
		}
	}
	g.sumLinks(e)
}

// sumSpan adds the edges that a span makes with its parent and with what is no service.
func (g *edgeGraph) sumSpan(e *edgeSum, i int32) {
	s := &g.spans[i]
	if at := g.parentOf(i); at != none {
		p := &g.spans[at]
		switch {
		case s.kind == KindConsumer || p.kind == KindProducer:
			g.sumAsync(e, s, p)
		case p.service != s.service || p.kind == KindClient && s.kind == KindServer:
			edge := e.to(g, s, EdgeCall, p.service, s.service, 0, s.failed || p.kind == KindClient && p.failed)
			edge.note(s, semconv.MarkColdStart)
			edge.note(p, semconv.MarkRetry)
		}
	}
	switch {
	case s.peer == 0:
	case s.kind == KindProducer:
		e.to(g, s, EdgePublish, s.service, s.peer, s.messaging, s.failed).note(s, semconv.MarkDeadLetter)
	case s.kind == KindConsumer:
		e.to(g, s, EdgeConsume, s.peer, s.service, s.messaging, s.failed).note(s, semconv.MarkColdStart|semconv.MarkRetry)
	case g.leaves(s) && !s.answered:
		e.to(g, s, EdgeExternal, s.service, s.peer, 0, s.failed).note(s, semconv.MarkRetry)
	}
	if s.peer != 0 && s.category == symbolDB && !s.serves() {
		typ := EdgeDatabase
		if isCache(g.symbols.text(s.database)) {
			typ = EdgeCache
		}
		e.to(g, s, typ, s.service, s.peer, s.database, s.failed).note(s, semconv.MarkRetry)
	}
	if s.parent == 0 && s.kind == KindServer {
		e.to(g, s, EdgeEntry, 0, s.service, 0, s.failed).note(s, semconv.MarkColdStart)
	}
}

// sumAsync adds the edge from the sender of a message to s, which handles it.
func (g *edgeGraph) sumAsync(e *edgeSum, s, sender *edgeSpan) {
	via := s.peer
	if via == 0 {
		via = sender.peer
	}
	edge := e.to(g, s, EdgeAsync, sender.service, s.service, via, s.failed)
	edge.note(s, semconv.MarkColdStart|semconv.MarkRetry)
	if sender.kind == KindProducer {
		if edge.QueueAge == nil {
			edge.QueueAge = Histogram{}
		}
		edge.QueueAge[semconv.LatencyBucket(s.startNS-sender.endNS())]++
	}
}

// sumLinks adds the edges of links, each distinct target of a span once.
func (g *edgeGraph) sumLinks(e *edgeSum) {
	type pair struct{ from, to int32 }
	done := make(map[pair]struct{})
	for _, l := range g.links {
		s, at := &g.spans[l.from], g.find(l.to)
		if at == none || !s.counts {
			continue
		}
		if _, ok := done[pair{l.from, at}]; ok {
			continue
		}
		done[pair{l.from, at}] = struct{}{}
		t := &g.spans[at]
		async := s.kind == KindConsumer || t.kind == KindProducer
		switch {
		case async && at != g.parentOf(l.from):
			g.sumAsync(e, s, t)
		case !async && t.service != s.service:
			e.to(g, s, EdgeLink, t.service, s.service, 0, s.failed)
		}
	}
}

// missingTargets are the link targets of counted spans that are not here.
func (g *edgeGraph) missingTargets() map[spanKey]struct{} {
	seen := make(map[spanKey]struct{})
	for _, l := range g.links {
		if _, here := g.first[l.to]; !here && g.spans[l.from].counts {
			seen[l.to] = struct{}{}
		}
	}
	return seen
}

// sorted returns the edges by bucket, type, source, target, via.
func (e *edgeSum) sorted() []Edge {
	edges := make([]Edge, 0, len(e.edges))
	for _, edge := range e.edges {
		edges = append(edges, *edge)
	}
	slices.SortFunc(edges, compareEdges)
	return edges
}

// compareEdges orders edges by what they are told apart by.
func compareEdges(a, b Edge) int {
	return cmp.Or(cmp.Compare(a.BucketUnix, b.BucketUnix), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Source, b.Source),
		cmp.Compare(a.Target, b.Target), cmp.Compare(a.Via, b.Via))
}

// isCache says which database systems are caches.
func isCache(system string) bool {
	switch system {
	case "redis", "memcached", "valkey", "dragonfly", "keydb", "hazelcast", "aerospike", "ehcache":
		return true
	}
	return false
}
