-- What autocomplete and the lists of services and operations read, so that none of them scans spans.

CREATE TABLE IF NOT EXISTS operations
(
    day          Date32 CODEC(ZSTD(1)),
    service_name LowCardinality(String) CODEC(ZSTD(1)),
    name         String CODEC(ZSTD(1)),
    kind         UInt8 CODEC(ZSTD(1)),
    spans        SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    errors       SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (service_name, name, kind)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS operations_mv TO operations AS
SELECT toDate32(start_time) AS day, service_name, toString(name) AS name, kind, count() AS spans, countIf(status_code = 2) AS errors
FROM spans
GROUP BY day, service_name, name, kind;

-- Every key with the side (1 span, 2 resource) and type (see store.ValueType) it was met with. Search asks it where to look.
CREATE TABLE IF NOT EXISTS attribute_keys
(
    day  Date CODEC(ZSTD(1)),
    key  String CODEC(ZSTD(1)),
    side UInt8 CODEC(ZSTD(1)),
    type UInt8 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY day
ORDER BY (key, side, type)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

-- Some of each key's values, as text; the writer bounds them.
CREATE TABLE IF NOT EXISTS attribute_values
(
    day   Date CODEC(ZSTD(1)),
    key   String CODEC(ZSTD(1)),
    value String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY day
ORDER BY (key, value)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;
