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
    -- The span that stands for the trace: (0 for a span without a parent, else 1; rank; service; name), the least wins.
    root           SimpleAggregateFunction(min, Tuple(UInt8, Int64, String, String)) CODEC(ZSTD(1)),
    service_spans  SimpleAggregateFunction(sumMap, Map(String, UInt64)) CODEC(ZSTD(1)),
    service_errors SimpleAggregateFunction(sumMap, Map(String, UInt64)) CODEC(ZSTD(1)),
    inserted_at    SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY trace_id
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

-- Grouping by service first is half the price of summing a map per span. rank orders the spans of a trace: those without a parent
-- first, then by start (in units of 4 ns, which leaves two bits).
CREATE MATERIALIZED VIEW IF NOT EXISTS trace_summaries_mv TO trace_summaries AS
SELECT
    trace_id,
    day,
    min(s_start_ns) AS start_ns,
    max(s_end_ns) AS end_ns,
    max(s_last_start_ns) AS last_start_ns,
    sum(s_spans) AS spans,
    sum(s_errors) AS errors,
    tuple(min(s_child), min(s_rank), argMin(service, s_rank), argMin(s_name, s_rank)) AS root,
    CAST((groupArray(service), groupArray(s_spans)), 'Map(String, UInt64)') AS service_spans,
    CAST((groupArrayIf(service, s_errors > 0), groupArrayIf(s_errors, s_errors > 0)), 'Map(String, UInt64)') AS service_errors,
    max(s_inserted_at) AS inserted_at
FROM
(
    WITH
        toUnixTimestamp64Nano(start_time) AS t,
        intDiv(t, 4) - if(parent_span_id = 0, 4611686018427387904, 0) AS rank
    SELECT
        trace_id,
        toDate32(start_time) AS day,
        toString(service_name) AS service,
        min(t) AS s_start_ns,
        max(t + duration_ns) AS s_end_ns,
        max(t) AS s_last_start_ns,
        count() AS s_spans,
        countIf(status_code = 2) AS s_errors,
        min(toUInt8(parent_span_id != 0)) AS s_child,
        min(rank) AS s_rank,
        toString(argMin(name, rank)) AS s_name,
        max(inserted_at) AS s_inserted_at
    FROM spans
    GROUP BY trace_id, day, service_name
)
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
