// Package topologyprocessor is the collector's topology processor. It pairs each span with its parent and with what its links point
// at, in whatever order they arrive, and counts who called whom per ten seconds: between services, to databases, caches, queues and
// external hosts, and from users. It passes every request on unchanged and counts only what the next component accepted.
//
// graph.go is the algorithm, without clock, lock or collector. What it cannot know, because a partner came too late or before a
// restart, it marks; the marked buckets are then reconciled with the stored spans, so that the counts become exact.
package topologyprocessor
