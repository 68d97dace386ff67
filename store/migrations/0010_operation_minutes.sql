-- Calls, errors and latencies of every operation and every database statement by minute: what tables, charts and percentiles read
-- instead of spans. The writer adds a block's spans up itself, a twentieth of what a view over spans costs, and bounds the
-- number of distinct names. Latencies are counts by semconv.LatencyBucket. Reads add up the rows
-- of one key, of which there is one per insert until merges join them.

CREATE TABLE IF NOT EXISTS operation_minutes
(
    -- Hours since 1970, a column of its own because reads bound it: from bounds of minute ClickHouse would not conclude those of an expression
    -- of it that the key starts with, while minute is in the key as well.
    hour          Int32 CODEC(Delta(4), ZSTD(1)),
    minute        DateTime64(0, 'UTC') CODEC(Delta(8), ZSTD(1)),
    service_name  LowCardinality(String) CODEC(ZSTD(1)),
    name          LowCardinality(String) CODEC(ZSTD(1)),
    kind          UInt8 CODEC(ZSTD(1)),
    calls         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    errors        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    -- A float, because the durations of a few absurd spans are more than an integer holds.
    duration_ns   SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    latency       SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(ZSTD(1)),
    error_latency SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate32(minute)
ORDER BY (hour, service_name, name, kind, minute)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

-- The catalogue of operations follows from it, a hundredth of the rows that a view over spans looks at.
DROP VIEW IF EXISTS operations_mv;

CREATE MATERIALIZED VIEW IF NOT EXISTS operations_of_minutes_mv TO operations AS
SELECT toDate32(minute) AS day, service_name, toString(name) AS name, kind, sum(calls) AS spans, sum(errors) AS errors
FROM operation_minutes
GROUP BY day, service_name, name, kind;

CREATE TABLE IF NOT EXISTS statement_minutes
(
    hour           Int32 CODEC(Delta(4), ZSTD(1)),
    minute         DateTime64(0, 'UTC') CODEC(Delta(8), ZSTD(1)),
    service_name   LowCardinality(String) CODEC(ZSTD(1)),
    statement_hash UInt64 CODEC(ZSTD(1)),
    system         LowCardinality(String) CODEC(ZSTD(1)),
    peer_name      LowCardinality(String) CODEC(ZSTD(1)),
    calls          SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    errors         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    duration_ns    SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    latency        SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(ZSTD(1)),
    -- Distinct traces in one insert, added up: a trace whose spans came in two inserts counts twice.
    traces         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    -- The most calls that one trace had in one insert.
    most_calls     SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    -- The newest call: its start in Unix nanoseconds, big-endian with the sign bit flipped, then its trace id.
    newest         SimpleAggregateFunction(max, FixedString(24)) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate32(minute)
ORDER BY (hour, service_name, statement_hash, system, peer_name, minute)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

-- The text of each statement on each day it was met.
CREATE TABLE IF NOT EXISTS statements
(
    day         Date CODEC(ZSTD(1)),
    hash        UInt64 CODEC(ZSTD(1)),
    fingerprint String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY day
ORDER BY hash
SETTINGS index_granularity = 256, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;
