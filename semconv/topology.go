package semconv

// Kinds of edges in the call topology, as the store keeps them. docs/topology.md defines when a span makes which.
const (
	EdgeCall     = 1 + iota // service → service
	EdgeDatabase            // service → database
	EdgeCache               // service → cache
	EdgeExternal            // service → a host that sends no spans
	EdgePublish             // service → queue or topic
	EdgeConsume             // queue or topic → service
	EdgeAsync               // the service that sent a message → the service that took it
	EdgeEntry               // a user → service
	EdgeLink                // service → service, told by a span link only
)

// EdgeBucketSeconds is the width of the time buckets that edges are counted in.
const EdgeBucketSeconds = 10

// EdgeBucket is the start of the time bucket that holds a Unix time in nanoseconds, in Unix seconds; it rounds down before 1970 as well.
func EdgeBucket(ns int64) int64 {
	const widthNS = EdgeBucketSeconds * 1_000_000_000
	n := ns / widthNS
	if ns%widthNS < 0 {
		n--
	}
	return n * EdgeBucketSeconds
}

// IsCache reports whether a db.system.name is a cache rather than a database.
func IsCache(system string) bool {
	switch system {
	case "redis", "memcached", "valkey", "dragonfly", "keydb", "hazelcast", "aerospike", "ehcache":
		return true
	}
	return false
}

// Metric names of the topology processor.
const (
	// MetricTopologySpans counts the spans that were looked at.
	MetricTopologySpans = "weft_topology_spans_total"
	// MetricTopologyDuplicates counts the spans that had been seen before, and so counted nowhere.
	MetricTopologyDuplicates = "weft_topology_duplicate_spans_total"
	// MetricTopologyUnpaired counts parents and link targets that did not turn up within the window.
	MetricTopologyUnpaired = "weft_topology_unpaired_total"
	// MetricTopologyLate counts spans older than the window; their buckets are reconciled with what is stored.
	MetricTopologyLate = "weft_topology_late_spans_total"
	// MetricTopologyDropped counts what a bound kept out of the live edges, by reason (see Bound constants); reconciliation makes up for it.
	MetricTopologyDropped = "weft_topology_bounded_total"
	// MetricTopologyEdges counts edge rows written.
	MetricTopologyEdges = "weft_topology_edges_total"
	// MetricTopologyFailures counts failed attempts to write edges or to reconcile, by label operation.
	MetricTopologyFailures = "weft_topology_failures_total"
	// MetricTopologyCorrections counts edge rows that reconciliation corrected.
	MetricTopologyCorrections = "weft_topology_corrections_total"
	// MetricTopologyOpen is the number of spans in memory, a gauge.
	MetricTopologyOpen = "weft_topology_open_spans"
	// MetricTopologyDirty is the number of buckets that wait for reconciliation, a gauge.
	MetricTopologyDirty = "weft_topology_dirty_buckets"
)

// Bounds of the topology processor, values of the label reason.
const (
	BoundSpans  = "max_spans"  // spans left memory before their window was over
	BoundEdges  = "max_edges"  // calls of edges beyond the bound
	BoundNames  = "max_names"  // state was cleared for too many names
	BoundTraces = "max_traces" // late traces beyond the bound
)
