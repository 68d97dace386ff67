package topologyprocessor

import (
	"math/bits"
	"time"

	"weft/semconv"
)

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
	e := g.edge(edgeKey{semconv.EdgeBucket(startNS), source, target, via, kind})
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
