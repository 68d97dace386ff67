package collector

import (
	"context"
	"time"

	"weft/collector/storeexporter"
	"weft/processor/topologyprocessor"
	"weft/store"
)

// Store is what a collector needs of a store; *store.Store is one.
type Store interface {
	storeexporter.Inserter
	InsertEdges(ctx context.Context, edges []store.Edge, token string) error
	ReconcileEdges(ctx context.Context, buckets []time.Time) (int, error)
	EdgeBucketsSince(ctx context.Context, inserted time.Time, limit int) ([]time.Time, error)
	EdgeBucketsOfTraces(ctx context.Context, ids []store.TraceID, limit int) ([]time.Time, error)
	LastEdgeInsert(ctx context.Context) (time.Time, error)
}

// edgeSink gives the topology processor, which knows no store, what it needs of one.
type edgeSink struct {
	store   Store
	backlog *storeexporter.Backlog
}

func (s edgeSink) AddEdges(ctx context.Context, edges []topologyprocessor.Edge, token string) error {
	rows := make([]store.Edge, len(edges))
	for i, e := range edges {
		rows[i] = store.Edge{
			BucketUnix: e.BucketUnix, Type: store.EdgeType(e.Type), Source: e.Source, Target: e.Target, Via: e.Via,
			Calls: e.Calls, Errors: e.Errors, ColdStarts: e.ColdStarts, Retries: e.Retries, DeadLetters: e.DeadLetters,
			DurationNS: e.DurationNS, Latency: e.Latency, QueueAge: e.QueueAge,
		}
	}
	return s.store.InsertEdges(ctx, rows, token)
}

func (s edgeSink) Reconcile(ctx context.Context, buckets []time.Time) (int, error) {
	return s.store.ReconcileEdges(ctx, buckets)
}

func (s edgeSink) BucketsSince(ctx context.Context, stored time.Time, limit int) ([]time.Time, error) {
	return s.store.EdgeBucketsSince(ctx, stored, limit)
}

func (s edgeSink) BucketsOfTraces(ctx context.Context, ids [][16]byte, limit int) ([]time.Time, error) {
	traces := make([]store.TraceID, len(ids))
	for i, id := range ids {
		traces[i] = id
	}
	return s.store.EdgeBucketsOfTraces(ctx, traces, limit)
}

func (s edgeSink) LastEdges(ctx context.Context) (time.Time, error) {
	return s.store.LastEdgeInsert(ctx)
}

func (s edgeSink) Behind() time.Duration { return s.backlog.Age() }
