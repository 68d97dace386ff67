package topologyprocessor

import (
	"hash/maphash"
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
