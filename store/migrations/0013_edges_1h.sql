-- Edges by the hour: what windows of hours read between their ends, for which edges_5m and edges are. Histograms of edges_5m and edges_1h are
-- what a topology reads most of; LZ4 takes half as much again of the disk for them and a quarter of the time to read.

CREATE TABLE IF NOT EXISTS edges_1h
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
    latency      SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(LZ4),
    queue_age    SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(LZ4)
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate32(bucket)
ORDER BY (bucket, type, source, target, via)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

-- The table adds rows of one key up when they are inserted.
CREATE MATERIALIZED VIEW IF NOT EXISTS edges_1h_mv TO edges_1h AS
SELECT
    toDateTime64(intDiv(toUnixTimestamp64Second(e.bucket) + 2208988800, 3600) * 3600 - 2208988800, 0, 'UTC') AS bucket,
    type, source, target, via, calls, errors, cold_starts, retries, dead_letters, duration_ns, latency, queue_age
FROM edges_5m AS e;

-- What is older than the table is not copied into it: what others write at this moment would be counted twice or not at all. Instead one row says
-- from which hour on it is complete: from the beginning when there were no edges, else from one that nothing had been written about. A
-- migration that is repeated makes it later, which is safe.
DROP TABLE IF EXISTS edges_1h_complete;

CREATE TABLE IF NOT EXISTS edges_1h_complete ENGINE = Log AS
SELECT if(count() = 0, toInt64(-9223372036854775808), intDiv(greatest(toUnixTimestamp64Second(max(bucket)), toInt64(toUnixTimestamp(now()))), 3600) * 3600 + 7200) AS since
FROM edges_5m;

ALTER TABLE edges_5m MODIFY COLUMN latency SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(LZ4);

ALTER TABLE edges_5m MODIFY COLUMN queue_age SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(LZ4);
