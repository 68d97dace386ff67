// Package topologyprocessor is the collector's topology processor. It pairs each span with its parent and with what its links point
// at, in whatever order they arrive, and counts who called whom per ten seconds: between services, to databases, caches, queues and
// external hosts, and from users. It passes every request on unchanged and counts only what the next component accepted.
//
// The algorithm has no clock, lock or collector: extract.go reads spans, graph.go pairs them, edges.go counts what comes of it. What it
// cannot know, because a partner came too late or before a restart, dirt.go marks; writer.go writes the edges and has marked buckets
// reconciled with the stored spans, so that the counts become exact.
package topologyprocessor
