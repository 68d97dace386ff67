-- What is known of each trace without reading its spans. A trace has a row per day and insert until merges join them, so every
-- read groups by trace_id.

CREATE TABLE IF NOT EXISTS trace_summaries
(
    trace_id       FixedString(16) CODEC(ZSTD(1)),
    day            Date32 CODEC(ZSTD(1)),
    start_ns       SimpleAggregateFunction(min, Int64) CODEC(Delta(8), ZSTD(1)),
    end_ns         SimpleAggregateFunction(max, Int64) CODEC(Delta(8), ZSTD(1)),
    -- The latest start of a span: with start_ns the range of start_time to look in.
    last_start_ns  SimpleAggregateFunction(max, Int64) CODEC(Delta(8), ZSTD(1)),
    spans          SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    errors         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    -- The span that stands for the trace: (0 for a span without a parent, else 1; start; service; name), the least wins.
    root           SimpleAggregateFunction(min, Tuple(UInt8, Int64, String, String)) CODEC(ZSTD(1)),
    service_spans  SimpleAggregateFunction(sumMap, Map(String, UInt64)) CODEC(ZSTD(1)),
    service_errors SimpleAggregateFunction(sumMap, Map(String, UInt64)) CODEC(ZSTD(1)),
    inserted_at    SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY trace_id
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS trace_summaries_mv TO trace_summaries AS
SELECT
    trace_id,
    toDate32(start_time) AS day,
    min(toUnixTimestamp64Nano(start_time)) AS start_ns,
    max(toUnixTimestamp64Nano(start_time) + duration_ns) AS end_ns,
    max(toUnixTimestamp64Nano(start_time)) AS last_start_ns,
    count() AS spans,
    countIf(status_code = 2) AS errors,
    min((toUInt8(parent_span_id != 0), toUnixTimestamp64Nano(start_time), toString(service_name), toString(name))) AS root,
    sumMap(map(toString(service_name), toUInt64(1))) AS service_spans,
    sumMap(if(status_code = 2, map(toString(service_name), toUInt64(1)), CAST(map(), 'Map(String, UInt64)'))) AS service_errors,
    max(inserted_at) AS inserted_at
FROM spans
GROUP BY trace_id, day;

-- Which spans point at a span: the inverse of links.
CREATE TABLE IF NOT EXISTS links_reverse
(
    linked_trace_id FixedString(16) CODEC(ZSTD(1)),
    linked_span_id  UInt64 CODEC(ZSTD(1)),
    trace_id        FixedString(16) CODEC(ZSTD(1)),
    span_id         UInt64 CODEC(ZSTD(1)),
    start_time      DateTime64(9, 'UTC') CODEC(ZSTD(1)),
    service_name    LowCardinality(String) CODEC(ZSTD(1)),
    name            LowCardinality(String) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate32(start_time)
ORDER BY (linked_trace_id, linked_span_id, start_time)
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS links_reverse_mv TO links_reverse AS
SELECT linked_trace_id, linked_span_id, trace_id, span_id, start_time, service_name, name
FROM spans
ARRAY JOIN `links.trace_id` AS linked_trace_id, `links.span_id` AS linked_span_id
WHERE notEmpty(`links.trace_id`);
