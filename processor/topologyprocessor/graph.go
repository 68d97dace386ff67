package topologyprocessor

import (
	"hash/maphash"
	"math/bits"
	"slices"
	"time"

	"weft/semconv"
)

// spanKey stands for (trace id, span id): a keyed hash, so that a sender cannot make ids collide. Among a million spans two
// share a key once in 37 million windows.
type spanKey = uint64

// calleeHalf tells the key of a server's or consumer's span from that of the client's when both have the same id, as Zipkin's
// shared spans do. It is added to the key of the half that came second.
const calleeHalf spanKey = 0x9e3779b97f4a7c15

// Bits of what is known of a span. The lower ones are those of semconv.SpanMarks.
const (
	flagFailed   = 1 << (iota + 4) // status is error
	flagTwin                       // another half has the same id
	flagAnswered                   // a span on the other side of the call is known
	flagExternal                   // was counted as a call of an external host
)

// Kinds of spans, with OTLP's numbers.
const (
	kindServer   = 2
	kindClient   = 3
	kindProducer = 4
	kindConsumer = 5
)

// span is what the graph needs of a span.
type span struct {
	key, parent    spanKey // parent is 0 for a root
	trace          [16]byte
	startNS, endNS int64
	service, peer  name // the peer is a host, a database or a destination
	system         name // of a database or queue
	kind           uint8
	flags          uint8
	category       category
	links          []spanKey // distinct, without the parent
}

func (s *span) seen() seen {
	return seen{startNS: s.startNS, endNS: s.endNS, service: s.service, peer: s.peer, kind: s.kind, flags: s.flags}
}

type category uint8

const (
	categoryOther category = iota
	categoryDatabase
	categoryCache
	categoryCall // of a service or function
)

// seen is what is kept of a span for its window. No pointers: the garbage collector never looks at a million of them.
type seen struct {
	startNS, endNS int64
	service, peer  name
	kind, flags    uint8
}

// kindAbsent is the kind of a span that has not come, but is waited for.
const kindAbsent = 255

// entry is a span, or the place of one that others wait for. Both are one look-up: memory is what a look-up costs.
type entry struct {
	seen
	generation uint8 // in which it came, or was last waited for
	first      int32 // 1 + index in waits of the chain that waits for it, 0 for none
}

// waiting is a span whose parent, or whose link's target, has not come. Those that wait for the same one are a chain.
type waiting struct {
	seen
	link bool
	next int32 // as entry.first
}

// external is a call that becomes one of an external host when no server span turns up within the grace period.
type external struct {
	key   spanKey
	since time.Time
}

// graph pairs spans and counts edges. It has no clock, no lock and no goroutine: its callers say what time it is, with tick.
type graph struct {
	limits limits
	now    time.Time // of the call under way
	seed   maphash.Seed
	names  names
	// known are the spans of this generation, which began at born, and of the one before it: each is known for one to two windows.
	known      table[entry]
	waits      []waiting
	kept       []slot[entry] // memory for forget, as keptWaits
	keptWaits  []waiting
	born       time.Time
	generation uint8
	young      int // entries of this generation
	// externals wait, oldest first.
	externals []external
	edges     []edge
	edgeAt    table[int32] // place in edges, by the key's hash
	named     []Edge       // taken before the names were cleared
	dirty     *dirt
	stats     stats
}

// limits are the graph's part of Config.
type limits struct {
	window          time.Duration
	externalAfter   time.Duration
	maxSpans        int
	maxEdges        int
	maxNames        int
	maxLateTraces   int
	maxDirtyBuckets int
}

// stats counts since the last takeStats.
type stats struct {
	spans, duplicates, unpaired, late      int64
	evicted, edgesOver, resets, tracesOver int64
}

func newGraph(l limits, now time.Time) *graph {
	g := &graph{limits: l, now: now, seed: maphash.MakeSeed(), dirty: newDirt(l)}
	g.names.reset()
	g.born = now
	return g
}

// open is the number of spans in memory, and of those that are waited for.
func (g *graph) open() int { return g.known.n }

// tick sets the time and begins a new generation when this one has lived for a window or is full; the one before it is forgotten.
func (g *graph) tick(now time.Time) {
	g.now = now
	full := g.young >= g.limits.maxSpans/2 || len(g.waits) >= g.limits.maxSpans
	early := now.Sub(g.born) < g.limits.window
	if early && !full {
		return
	}
	g.settle()
	if early {
		g.settleAll()
		g.stats.evicted += int64(g.known.n - g.young)
	}
	g.forget()
	if g.names.len() > g.limits.maxNames {
		g.reset()
	}
}

// forget keeps only this generation, and begins the next. What is still waited for may be stored, from before this process or beyond a
// bound: reconciliation knows.
func (g *graph) forget() {
	g.keptWaits = g.keptWaits[:0]
	g.kept = g.kept[:0]
	g.known.each(func(key uint64, e *entry) {
		if e.generation != g.generation {
			for at := e.first; at > 0; at = g.waits[at-1].next {
				g.stats.unpaired++
				g.dirty.bucket(g.waits[at-1].startNS, g.now)
			}
			return
		}
		first := int32(0)
		for at := e.first; at > 0; at = g.waits[at-1].next {
			w := g.waits[at-1]
			w.next = first
			g.keptWaits = append(g.keptWaits, w)
			first = int32(len(g.keptWaits))
		}
		e.first = first
		g.kept = append(g.kept, slot[entry]{key, *e})
	})
	g.known.clear()
	for i := range g.kept {
		g.known.put(g.kept[i].key, g.kept[i].value)
	}
	g.waits, g.keptWaits = g.keptWaits, g.waits
	g.generation++
	g.young, g.born = 0, g.now
}

// reset forgets everything but the edges, whose names are kept; what was open is left to reconciliation.
func (g *graph) reset() {
	g.stats.resets++
	for i := range g.waits {
		g.dirty.bucket(g.waits[i].startNS, g.now)
	}
	g.known.each(func(_ uint64, e *entry) {
		if e.kind != kindAbsent {
			g.dirty.bucket(e.startNS, g.now)
		}
	})
	g.settleAll()
	g.named = append(g.named, g.take(true)...)
	g.known.clear()
	g.waits, g.young = g.waits[:0], 0
	g.names.reset()
}

// observe takes a span in. REQUIRES a tick before its names were numbered.
func (g *graph) observe(s *span) {
	g.stats.spans++
	if g.now.UnixNano()-s.startNS > int64(g.limits.window) {
		// Its partners may have come and gone.
		g.stats.late++
		if !g.dirty.trace(s.trace, g.now) {
			g.stats.tracesOver++
			g.dirty.bucket(s.startNS, g.now)
		}
	}
	key, first, isNew := g.enter(s)
	if !isNew {
		g.stats.duplicates++
		return
	}
	if s.parent != 0 {
		g.follow(s.parent, s.seen(), false)
	} else if s.kind == kindServer {
		g.count(semconv.EdgeEntry, 0, s.service, 0, s.startNS, outcome{failed: s.flags&flagFailed != 0, durationNS: s.endNS - s.startNS, marks: s.flags & semconv.MarkColdStart})
	}
	for _, l := range s.links {
		g.follow(l, s.seen(), true)
	}
	g.leaves(s, key)
	for ; first > 0; first = g.waits[first-1].next {
		g.pair(s.key, s.seen(), g.waits[first-1].seen, g.waits[first-1].link)
	}
}

// enter remembers s unless it is known, and returns its key, and the chain that waits for it.
func (g *graph) enter(s *span) (key spanKey, first int32, isNew bool) {
	e := entry{seen: s.seen(), generation: g.generation}
	at := g.known.get(s.key)
	if at == nil {
		g.known.put(s.key, e)
		g.young++
		return s.key, 0, true
	}
	if at.kind == kindAbsent {
		first = at.first
		if at.generation != g.generation {
			g.young++
		}
		*at = e
		return s.key, first, true
	}
	if at.kind == s.kind || g.find(s.key^calleeHalf) != nil { // a third half tells nothing
		return 0, 0, false
	}
	e.flags |= flagTwin
	if callee(s.kind) {
		g.answer(s.key, e.seen)
	}
	if !callee(at.kind) {
		g.dirty.trace(s.trace, g.now) // children that came before s were taken for those of the other half
	}
	at.flags |= flagTwin
	if callee(at.kind) {
		e.flags |= flagAnswered
	}
	g.known.put(s.key^calleeHalf, e)
	g.young++
	return s.key ^ calleeHalf, 0, true
}

func callee(kind uint8) bool { return kind == kindServer || kind == kindConsumer }

// find is the place of a span, nil when it is not known. A span that enters may move it.
func (g *graph) find(key spanKey) *seen {
	if e := g.known.get(key); e != nil && e.kind != kindAbsent {
		return &e.seen
	}
	return nil
}

// half is the span of a key; of two halves it is the callee's, for that one has the children.
func (g *graph) half(key spanKey) *seen {
	s := g.find(key)
	if s != nil && s.flags&flagTwin != 0 && !callee(s.kind) {
		if t := g.find(key ^ calleeHalf); t != nil && callee(t.kind) {
			return t
		}
	}
	return s
}

// follow pairs s with the span of key, its parent or a link's target, now or when that arrives.
func (g *graph) follow(key spanKey, s seen, link bool) {
	if from := g.half(key); from != nil {
		g.pair(key, *from, s, link)
		return
	}
	at := g.known.get(key)
	if at == nil {
		g.known.put(key, entry{seen: seen{kind: kindAbsent}, generation: g.generation})
		g.young++
		at = g.known.get(key)
	} else if at.generation != g.generation {
		at.generation = g.generation
		g.young++
	}
	g.waits = append(g.waits, waiting{seen: s, link: link, next: at.first})
	at.first = int32(len(g.waits))
}

// pair counts the edge from a parent, or a link's target, to s.
func (g *graph) pair(key spanKey, from, s seen, link bool) {
	if !link {
		g.answer(key, s)
		if from.flags&flagTwin != 0 {
			g.answer(key^calleeHalf, s)
		}
	}
	o := outcome{failed: s.flags&flagFailed != 0, durationNS: s.endNS - s.startNS, marks: s.flags & semconv.MarkColdStart}
	if s.kind == kindConsumer || from.kind == kindProducer {
		o.marks |= s.flags & semconv.MarkRetry
		if from.kind == kindProducer {
			o.aged, o.ageNS = true, max(0, s.startNS-from.endNS)
		}
		via := s.peer
		if via == 0 {
			via = from.peer
		}
		g.count(semconv.EdgeAsync, from.service, s.service, via, s.startNS, o)
		return
	}
	if link {
		if from.service != s.service {
			o.marks = 0
			g.count(semconv.EdgeLink, from.service, s.service, 0, s.startNS, o)
		}
		return
	}
	if from.service == s.service && (from.kind != kindClient || s.kind != kindServer) {
		return
	}
	if from.kind == kindClient {
		o.failed = o.failed || from.flags&flagFailed != 0
	}
	o.marks |= from.flags & semconv.MarkRetry
	g.count(semconv.EdgeCall, from.service, s.service, 0, s.startNS, o)
}

// answer notes that s answers the call of a client span, so that this stayed inside the traced world, and takes back what was counted otherwise.
func (g *graph) answer(key spanKey, s seen) {
	at := g.find(key)
	if at == nil || at.kind != kindClient || at.flags&flagAnswered != 0 || at.service == s.service && !callee(s.kind) {
		return
	}
	if at.flags&flagExternal != 0 {
		g.countExternal(at, -1)
	}
	at.flags = at.flags&^flagExternal | flagAnswered
}

// leaves counts the edges of calls to what sends no spans of its own.
func (g *graph) leaves(s *span, key spanKey) {
	failed, duration := s.flags&flagFailed != 0, s.endNS-s.startNS
	switch {
	case s.peer == 0:
	case (s.category == categoryDatabase || s.category == categoryCache) && !callee(s.kind):
		edge := uint8(semconv.EdgeDatabase)
		if s.category == categoryCache {
			edge = semconv.EdgeCache
		}
		g.count(edge, s.service, s.peer, s.system, s.startNS, outcome{failed: failed, durationNS: duration, marks: s.flags & semconv.MarkRetry})
	case s.kind == kindProducer:
		g.count(semconv.EdgePublish, s.service, s.peer, s.system, s.startNS, outcome{failed: failed, durationNS: duration, marks: s.flags & semconv.MarkDeadLetter})
	case s.kind == kindConsumer:
		g.count(semconv.EdgeConsume, s.peer, s.service, s.system, s.startNS, outcome{failed: failed, durationNS: duration, marks: s.flags & (semconv.MarkColdStart | semconv.MarkRetry)})
	case s.kind == kindClient && s.category == categoryCall:
		g.externals = append(g.externals, external{key, g.now})
	}
}

// settle counts the calls that nobody answered within the grace period.
func (g *graph) settle() {
	n := 0
	for n < len(g.externals) && g.now.Sub(g.externals[n].since) >= g.limits.externalAfter {
		g.settleOne(g.externals[n].key)
		n++
	}
	g.externals = slices.Delete(g.externals, 0, n)
}

// settleAll ends the grace period of all calls.
func (g *graph) settleAll() {
	for _, e := range g.externals {
		g.settleOne(e.key)
	}
	g.externals = g.externals[:0]
}

func (g *graph) settleOne(key spanKey) {
	s := g.find(key)
	if s == nil || s.flags&(flagAnswered|flagExternal) != 0 {
		return
	}
	g.countExternal(s, 1)
	s.flags |= flagExternal
}

func (g *graph) countExternal(s *seen, times int64) {
	g.countTimes(semconv.EdgeExternal, s.service, s.peer, 0, s.startNS, times,
		outcome{failed: s.flags&flagFailed != 0, durationNS: s.endNS - s.startNS, marks: s.flags & semconv.MarkRetry})
}

// outcome is what one call adds to an edge.
type outcome struct {
	failed     bool
	durationNS int64
	marks      uint8
	aged       bool
	ageNS      int64 // from the producer's end, when aged
}

type edgeKey struct {
	bucket              int64 // Unix seconds
	source, target, via name
	kind                uint8
}

// hash is never 0.
func (k edgeKey) hash() uint64 {
	const a, b = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	hi, lo := bits.Mul64(uint64(k.bucket)^uint64(k.kind)<<56^a, uint64(k.source)<<32|uint64(k.target)^b)
	hi, lo = bits.Mul64(hi^lo^a, uint64(k.via)^b)
	return hi ^ lo | 1
}

// edge is what was counted of a key and not written yet. Histograms are lists of buckets until then: appending is cheaper than a map.
type edge struct {
	edgeKey
	calls, errors, coldStarts, retries, deadLetters, durationNS int64
	latency, latencyBack, age                                   []uint16
}

func (g *graph) count(kind uint8, source, target, via name, startNS int64, o outcome) {
	g.countTimes(kind, source, target, via, startNS, 1, o)
}

func (g *graph) countTimes(kind uint8, source, target, via name, startNS int64, times int64, o outcome) {
	e := g.edge(edgeKey{bucketOf(startNS), source, target, via, kind})
	if e == nil {
		g.stats.edgesOver++
		g.dirty.bucket(startNS, g.now)
		return
	}
	e.calls += times
	e.durationNS += times * o.durationNS
	if o.failed {
		e.errors += times
	}
	if o.marks&semconv.MarkColdStart != 0 {
		e.coldStarts += times
	}
	if o.marks&semconv.MarkRetry != 0 {
		e.retries += times
	}
	if o.marks&semconv.MarkDeadLetter != 0 {
		e.deadLetters += times
	}
	if times > 0 {
		e.latency = append(e.latency, semconv.LatencyBucket(o.durationNS))
	} else {
		e.latencyBack = append(e.latencyBack, semconv.LatencyBucket(o.durationNS))
	}
	if o.aged {
		e.age = append(e.age, semconv.LatencyBucket(o.ageNS))
	}
}

// edge is the place of a key, nil when there are too many.
func (g *graph) edge(k edgeKey) *edge {
	hash := k.hash()
	for {
		at := g.edgeAt.get(hash)
		if at == nil {
			break
		}
		if e := &g.edges[*at]; e.edgeKey == k {
			return e
		}
		hash += 2 // keys of one hash; odd numbers are never 0
	}
	if len(g.edges) >= g.limits.maxEdges {
		return nil
	}
	g.edgeAt.put(hash, int32(len(g.edges)))
	if len(g.edges) < cap(g.edges) { // an earlier edge's lists
		g.edges = g.edges[:len(g.edges)+1]
		e := &g.edges[len(g.edges)-1]
		*e = edge{edgeKey: k, latency: e.latency[:0], latencyBack: e.latencyBack[:0], age: e.age[:0]}
		return e
	}
	g.edges = append(g.edges, edge{edgeKey: k})
	return &g.edges[len(g.edges)-1]
}

// bucketOf is the 10-second bucket of a Unix time, in Unix seconds.
func bucketOf(ns int64) int64 {
	s := ns / int64(time.Second)
	return s - s%semconv.EdgeBucketSeconds
}

// histogramDelay is how long after its end a bucket's histograms are written: most of what belongs to it has come by then. Counts are
// written at once. A histogram costs more than all the rest of its edge, so it should not be written in parts.
const histogramDelay = 2 * time.Second

// closed reports whether a bucket's histograms are to be written. One that lies ahead, by a clock that is wrong, is not waited for.
func (g *graph) closed(bucket int64) bool {
	const width = semconv.EdgeBucketSeconds
	now := g.now.Unix()
	return bucket+width+int64(histogramDelay/time.Second) <= now || bucket > now+width
}

// take hands over what was counted since the last one, in no order, and the histograms of buckets that are closed; with all, every
// histogram.
func (g *graph) take(all bool) []Edge {
	out := g.named
	g.named = nil
	kept := 0
	g.edgeAt.clear()
	for i := range g.edges {
		e := &g.edges[i]
		whole := all || g.closed(e.bucket)
		row := Edge{
			BucketUnix: e.bucket, Type: e.kind, Calls: e.calls, Errors: e.errors, ColdStarts: e.coldStarts, Retries: e.retries,
			DeadLetters: e.deadLetters, DurationNS: e.durationNS,
		}
		if whole {
			row.Latency, row.QueueAge = histogram(e.latency, e.latencyBack), histogram(e.age, nil)
		}
		if !row.isZero() { // else nothing was counted, or it was taken back
			row.Source, row.Target, row.Via = g.names.text(e.source), g.names.text(e.target), g.names.text(e.via)
			out = append(out, row)
		}
		if whole {
			continue
		}
		e.calls, e.errors, e.coldStarts, e.retries, e.deadLetters, e.durationNS = 0, 0, 0, 0, 0, 0
		g.edges[kept], g.edges[i] = g.edges[i], g.edges[kept] // the lists of both live on
		hash := g.edges[kept].hash()
		for g.edgeAt.get(hash) != nil {
			hash += 2
		}
		g.edgeAt.put(hash, int32(kept))
		kept++
	}
	g.edges = g.edges[:kept]
	return out
}

func histogram(add, subtract []uint16) map[uint16]int64 {
	if len(add)+len(subtract) == 0 {
		return nil
	}
	h := make(map[uint16]int64)
	for _, b := range add {
		h[b]++
	}
	for _, b := range subtract {
		h[b]--
	}
	for b, n := range h {
		if n == 0 {
			delete(h, b)
		}
	}
	return h
}

// Edge is what happened between two nodes in ten seconds, or the change of it: every count may be negative.
type Edge struct {
	// BucketUnix is the start of the ten seconds, in Unix seconds.
	BucketUnix int64
	// Type is one of semconv.Edge*.
	Type uint8
	// Source and Target name the nodes; the source of an entry is empty. Via is the system or destination between them.
	Source, Target, Via                                         string
	Calls, Errors, ColdStarts, Retries, DeadLetters, DurationNS int64
	// Latency and QueueAge count by semconv.LatencyBucket; nil when empty.
	Latency, QueueAge map[uint16]int64
}

func (e Edge) isZero() bool {
	return e.Calls == 0 && e.Errors == 0 && e.ColdStarts == 0 && e.Retries == 0 && e.DeadLetters == 0 && e.DurationNS == 0 && len(e.Latency) == 0 && len(e.QueueAge) == 0
}
