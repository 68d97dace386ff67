-- Who called whom, in buckets of 10 seconds. Rows are signed differences that are summed on reading: the collector writes what it has
-- paired, a correction is one more row. Types are the numbers of store.EdgeType; histograms count by semconv.LatencyBucket.

CREATE TABLE IF NOT EXISTS edges
(
    -- The start of the 10 seconds in which the callee's span starts, or the caller's where the callee is no service.
    bucket       DateTime64(0, 'UTC') CODEC(Delta(8), ZSTD(1)),
    type         UInt8 CODEC(ZSTD(1)),
    source       LowCardinality(String) CODEC(ZSTD(1)),
    target       LowCardinality(String) CODEC(ZSTD(1)),
    via          LowCardinality(String) CODEC(ZSTD(1)),
    calls        SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    errors       SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    cold_starts  SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    retries      SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    dead_letters SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    -- The sum of the durations that latency counts, in nanoseconds.
    duration_ns  SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    latency      SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(ZSTD(1)),
    queue_age    SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(ZSTD(1)),
    updated_at   SimpleAggregateFunction(max, DateTime64(3, 'UTC')) DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate32(bucket)
ORDER BY (bucket, type, source, target, via)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

-- The same in buckets of 5 minutes: what windows of hours read. Only their ends read edges.
CREATE TABLE IF NOT EXISTS edges_5m
(
    bucket       DateTime64(0, 'UTC') CODEC(Delta(8), ZSTD(1)),
    type         UInt8 CODEC(ZSTD(1)),
    source       LowCardinality(String) CODEC(ZSTD(1)),
    target       LowCardinality(String) CODEC(ZSTD(1)),
    via          LowCardinality(String) CODEC(ZSTD(1)),
    calls        SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    errors       SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    cold_starts  SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    retries      SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    dead_letters SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    duration_ns  SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    latency      SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(ZSTD(1)),
    queue_age    SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate32(bucket)
ORDER BY (bucket, type, source, target, via)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS edges_5m_mv TO edges_5m AS
SELECT
    toDateTime64(intDiv(toUnixTimestamp64Second(e.bucket) + 2208988800, 300) * 300 - 2208988800, 0, 'UTC') AS bucket,
    type, source, target, via,
    sum(e.calls) AS calls, sum(e.errors) AS errors, sum(e.cold_starts) AS cold_starts, sum(e.retries) AS retries, sum(e.dead_letters) AS dead_letters,
    sum(e.duration_ns) AS duration_ns, sumMap(e.latency) AS latency, sumMap(e.queue_age) AS queue_age
FROM edges AS e
GROUP BY bucket, type, source, target, via;

-- Cold start, retry, dead letter: the bits of semconv.SpanMarks.
ALTER TABLE spans ADD COLUMN IF NOT EXISTS marks UInt8 CODEC(ZSTD(1)) AFTER statement_hash;

-- Finds the spans that came in since the topology was last right: as spans come in about in the order of their starts, a granule has few.
ALTER TABLE spans ADD INDEX IF NOT EXISTS idx_inserted inserted_at TYPE minmax GRANULARITY 1;
