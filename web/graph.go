package web

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"weft/store"
)

// Kinds of nodes. A function is a service that says so.
const (
	nodeUser     = "user"
	nodeService  = "service"
	nodeFunction = "function"
	nodeDatabase = "database"
	nodeCache    = "cache"
	nodeQueue    = "queue"
	nodeExternal = "external"
)

const nodeKindBound = "user, service, function, database, cache, queue or external"

func isNodeKind(kind string) bool {
	return slices.Contains([]string{nodeUser, nodeService, nodeFunction, nodeDatabase, nodeCache, nodeQueue, nodeExternal}, kind)
}

// nodeKey is what a node is told apart by; a function's kind is service here, so that its id does not change when it is found out.
type nodeKey struct{ kind, name string }

// id is the node's id on the wire.
func (k nodeKey) id() string {
	if k.kind == nodeUser {
		return nodeUser
	}
	return k.kind + ":" + k.name
}

func (k nodeKey) compare(o nodeKey) int {
	return cmp.Or(strings.Compare(k.kind, o.kind), strings.Compare(k.name, o.name))
}

func edgeTypeName(t store.EdgeType) string {
	names := [...]string{store.EdgeCall: "call", store.EdgeDatabase: "database", store.EdgeCache: "cache", store.EdgeExternal: "external",
		store.EdgePublish: "publish", store.EdgeConsume: "consume", store.EdgeAsync: "async", store.EdgeEntry: "entry", store.EdgeLink: "link"}
	if int(t) < len(names) {
		return names[t]
	}
	return ""
}

// endsOf are the nodes at the ends of an edge.
func endsOf(t store.EdgeType, source, target string) (from, to nodeKey) {
	from, to = nodeKey{nodeService, source}, nodeKey{nodeService, target}
	switch t {
	case store.EdgeDatabase:
		to.kind = nodeDatabase
	case store.EdgeCache:
		to.kind = nodeCache
	case store.EdgeExternal:
		to.kind = nodeExternal
	case store.EdgePublish:
		to.kind = nodeQueue
	case store.EdgeConsume:
		from.kind = nodeQueue
	case store.EdgeEntry:
		from = nodeKey{kind: nodeUser}
	}
	return from, to
}

// graphNode adds up what came to a node.
type graphNode struct {
	key                 nodeKey
	kind                string // as shown
	system              string
	calls, errors, cold int64
	latency             store.HistogramSum
	folded              int // how many nodes it stands for, when it is the rest of a kind
}

type graphEdge struct {
	store.TopologyEdge
	from, to nodeKey
}

// graph is a topology as nodes and edges.
type graph struct {
	nodes map[nodeKey]*graphNode
	edges []graphEdge // in the order of the topology
	// published are the queues that something is sent to, consumed the pairs of queue and service of which the service takes from the queue.
	published map[string]bool
	consumed  map[[2]string]bool
}

func newGraph(t *store.Topology) *graph {
	g := &graph{nodes: make(map[nodeKey]*graphNode), edges: make([]graphEdge, 0, len(t.Edges)), published: make(map[string]bool), consumed: make(map[[2]string]bool)}
	for _, e := range t.Edges {
		switch e.Type {
		case store.EdgePublish:
			g.published[e.Target] = true
		case store.EdgeConsume:
			g.consumed[[2]string{e.Source, e.Target}] = true
		}
	}
	for i := range t.Edges {
		e := &t.Edges[i]
		from, to := endsOf(e.Type, e.Source, e.Target)
		g.edges = append(g.edges, graphEdge{*e, from, to})
		g.node(from)
		if to := g.node(to); to.key.kind == nodeDatabase || to.key.kind == nodeCache || to.key.kind == nodeQueue {
			to.system = cmp.Or(to.system, e.Via)
		}
		for _, k := range g.countedBy(e) {
			g.nodes[k].add(e)
		}
	}
	for _, name := range t.Services {
		g.node(nodeKey{nodeService, name})
	}
	for _, name := range t.Functions {
		if n := g.nodes[nodeKey{nodeService, name}]; n != nil {
			n.kind = nodeFunction
		}
	}
	return g
}

func (g *graph) node(k nodeKey) *graphNode {
	n := g.nodes[k]
	if n == nil {
		n = &graphNode{key: k, kind: k.kind}
		g.nodes[k] = n
	}
	return n
}

// countedBy are the nodes whose calls an edge counts for: the one it leads to. A message counts once for the service that handles it: an
// async edge is left out where a consume edge says the same. What the user sent, and what was taken from a queue that nobody was seen to
// send to, counts for them too. Links are no calls.
func (g *graph) countedBy(e *store.TopologyEdge) []nodeKey {
	from, to := endsOf(e.Type, e.Source, e.Target)
	switch e.Type {
	case store.EdgeLink:
		return nil
	case store.EdgeAsync:
		if g.consumed[[2]string{e.Via, e.Target}] {
			return nil
		}
	case store.EdgeEntry:
		return []nodeKey{from, to}
	case store.EdgeConsume:
		if !g.published[e.Source] {
			return []nodeKey{from, to}
		}
	}
	return []nodeKey{to}
}

func (n *graphNode) add(e *store.TopologyEdge) {
	n.calls += e.Calls
	n.errors += e.Errors
	n.cold += e.ColdStarts
	n.latency.Add(e.Latency)
}

// keepKinds leaves out the nodes of other kinds, and the edges to them.
func (g *graph) keepKinds(kinds []string) {
	g.keep(func(n *graphNode) bool { return slices.Contains(kinds, n.kind) })
}

func (g *graph) keep(wanted func(*graphNode) bool) {
	maps.DeleteFunc(g.nodes, func(_ nodeKey, n *graphNode) bool { return !wanted(n) })
	g.edges = slices.DeleteFunc(g.edges, func(e graphEdge) bool { return g.nodes[e.from] == nil || g.nodes[e.to] == nil })
}

// keepAround leaves out what is more than hops edges, in any direction, away from a node; false means that there is no such node.
func (g *graph) keepAround(id string, hops int) bool {
	reached := make(map[nodeKey]bool)
	var front []nodeKey
	for k := range g.nodes {
		if k.id() == id {
			reached[k] = true
			front = append(front, k)
		}
	}
	neighbours := make(map[nodeKey][]nodeKey)
	for _, e := range g.edges {
		neighbours[e.from] = append(neighbours[e.from], e.to)
		neighbours[e.to] = append(neighbours[e.to], e.from)
	}
	for range hops {
		var next []nodeKey
		for _, k := range front {
			for _, n := range neighbours[k] {
				if !reached[n] {
					reached[n] = true
					next = append(next, n)
				}
			}
		}
		front = next
	}
	if len(reached) == 0 {
		return false
	}
	g.keep(func(n *graphNode) bool { return reached[n.key] })
	return true
}

// fold leaves at most most nodes: of more, those with the fewest calls become one node a kind, and their edges are added up.
func (g *graph) fold(most int) bool {
	if len(g.nodes) <= most {
		return false
	}
	kinds := make(map[string]bool)
	for k := range g.nodes {
		kinds[k.kind] = true
	}
	byCalls := g.sortedNodes()
	slices.SortStableFunc(byCalls, func(a, b *graphNode) int { return cmp.Compare(b.calls, a.calls) })
	rest := func(k nodeKey) nodeKey { return nodeKey{k.kind, store.OtherNode} }
	gone := make(map[nodeKey]bool)
	for _, n := range byCalls[max(0, most-len(kinds)):] {
		into := g.node(rest(n.key))
		if into == n {
			n.folded++ // what the store had folded
			continue
		}
		into.folded++
		into.calls, into.errors, into.cold = into.calls+n.calls, into.errors+n.errors, into.cold+n.cold
		into.latency.Add(n.latency.Counts())
		gone[n.key] = true
		delete(g.nodes, n.key)
	}
	for i := range g.edges {
		e := &g.edges[i]
		if gone[e.from] {
			e.from, e.Source = rest(e.from), store.OtherNode
		}
		if gone[e.to] {
			e.to, e.Target = rest(e.to), store.OtherNode
		}
	}
	g.edges = mergeEdges(g.edges)
	return true
}

// mergeEdges adds up edges of equal type, ends and via, and sorts them by these.
func mergeEdges(edges []graphEdge) []graphEdge {
	slices.SortStableFunc(edges, compareGraphEdges)
	var out []graphEdge
	var latency, queueAge store.HistogramSum
	done := func() {
		if len(out) > 0 {
			last := &out[len(out)-1]
			last.Latency, last.QueueAge = latency.Counts(), queueAge.Counts()
		}
		latency, queueAge = store.HistogramSum{}, store.HistogramSum{}
	}
	for _, e := range edges {
		if n := len(out); n > 0 && compareGraphEdges(out[n-1], e) == 0 {
			sum := &out[n-1].TopologyEdge
			sum.Calls, sum.Errors, sum.ColdStarts, sum.Retries = sum.Calls+e.Calls, sum.Errors+e.Errors, sum.ColdStarts+e.ColdStarts, sum.Retries+e.Retries
			sum.DeadLetters, sum.DurationNS = sum.DeadLetters+e.DeadLetters, sum.DurationNS+e.DurationNS
		} else {
			done()
			out = append(out, e)
		}
		latency.Add(e.Latency)
		queueAge.Add(e.QueueAge)
	}
	done()
	return out
}

func compareGraphEdges(a, b graphEdge) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), a.from.compare(b.from), a.to.compare(b.to), strings.Compare(a.Via, b.Via))
}

func (g *graph) sortedNodes() []*graphNode {
	return slices.SortedFunc(maps.Values(g.nodes), func(a, b *graphNode) int { return a.key.compare(b.key) })
}

// render is the graph as it goes over the wire: nodes by id, edges by type, ends and via.
func (g *graph) render() ([]topologyNode, []topologyEdge) {
	nodes := make([]topologyNode, 0, len(g.nodes))
	for _, n := range g.sortedNodes() {
		p50, p95, p99 := quantilesNS(n.latency.Counts())
		nodes = append(nodes, topologyNode{
			ID: n.key.id(), Kind: n.kind, Name: n.key.name, System: n.system, Calls: n.calls, Errors: n.errors, ErrorRate: share(n.errors, n.calls),
			P50NS: p50, P95NS: p95, P99NS: p99,
			Cold: n.cold, Health: health(n.calls, n.errors), Folded: n.folded,
		})
	}
	edges := make([]topologyEdge, 0, len(g.edges))
	if !slices.IsSortedFunc(g.edges, compareGraphEdges) {
		slices.SortStableFunc(g.edges, compareGraphEdges)
	}
	for i := range g.edges {
		edges = append(edges, renderEdge(&g.edges[i]))
	}
	return nodes, edges
}

func renderEdge(e *graphEdge) topologyEdge {
	p50, p95, p99 := quantilesNS(e.Latency)
	out := topologyEdge{
		Type: edgeTypeName(e.Type), Source: e.from.id(), Target: e.to.id(), Via: e.Via, Calls: e.Calls, Errors: e.Errors, ErrorRate: share(e.Errors, e.Calls),
		P50NS: p50, P95NS: p95, P99NS: p99,
		ColdStarts: e.ColdStarts, Retries: e.Retries, DeadLetters: e.DeadLetters, Health: health(e.Calls, e.Errors),
	}
	if e.Calls > 0 {
		out.MeanNS = e.DurationNS / e.Calls
	}
	if e.QueueAge.Count() > 0 {
		p50, p95, _ := quantilesNS(e.QueueAge)
		out.QueueP50NS, out.QueueP95NS = &p50, &p95
	}
	return out
}

func quantileNS(c store.Counts, q float64) int64 { return int64(c.Quantile(q)) }

func quantilesNS(c store.Counts) (p50, p95, p99 int64) {
	var ns [3]float64
	c.Quantiles(ns[:], 0.5, 0.95, 0.99)
	return int64(ns[0]), int64(ns[1]), int64(ns[2])
}

func share(part, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// The thresholds of health, as docs/api.md states them. A few errors of very few calls do not make anything bad.
const (
	warnErrorRate, badErrorRate = 0.01, 0.05
	badErrors                   = 3
)

// health is "bad" from 5 % errors and 3 of them, "warn" from 1 %, else "ok".
func health(calls, errors int64) string {
	switch rate := share(errors, calls); {
	case rate >= badErrorRate && errors >= badErrors:
		return "bad"
	case rate >= warnErrorRate:
		return "warn"
	}
	return "ok"
}
