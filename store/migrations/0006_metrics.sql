-- One row per data point of any type.

CREATE TABLE IF NOT EXISTS metrics
(
    name            LowCardinality(String) CODEC(ZSTD(1)),
    description     LowCardinality(String) CODEC(ZSTD(1)),
    unit            LowCardinality(String) CODEC(ZSTD(1)),
    type            UInt8 CODEC(ZSTD(1)),
    monotonic       Bool CODEC(ZSTD(1)),
    temporality     UInt8 CODEC(ZSTD(1)),
    start_time      DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    time            DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    flags           UInt32 CODEC(ZSTD(1)),
    value           Float64 CODEC(ZSTD(1)),
    is_int          Bool CODEC(ZSTD(1)),
    count           UInt64 CODEC(ZSTD(1)),
    sum             Float64 CODEC(ZSTD(1)),
    min             Float64 CODEC(ZSTD(1)),
    max             Float64 CODEC(ZSTD(1)),
    has_min_max     Bool CODEC(ZSTD(1)),
    bounds          Array(Float64) CODEC(ZSTD(1)),
    buckets         Array(UInt64) CODEC(ZSTD(1)),
    scale           Int32 CODEC(ZSTD(1)),
    zero_count      UInt64 CODEC(ZSTD(1)),
    positive_offset Int32 CODEC(ZSTD(1)),
    positive_counts Array(UInt64) CODEC(ZSTD(1)),
    negative_offset Int32 CODEC(ZSTD(1)),
    negative_counts Array(UInt64) CODEC(ZSTD(1)),
    quantiles       Array(Float64) CODEC(ZSTD(1)),
    quantile_values Array(Float64) CODEC(ZSTD(1)),
    service_name    LowCardinality(String) CODEC(ZSTD(1)),
    resource_hash   UInt64 CODEC(ZSTD(1)),
    scope_hash      UInt64 CODEC(ZSTD(1)),
    attrs_string Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    attrs_int    Map(LowCardinality(String), Int64) CODEC(ZSTD(1)),
    attrs_double Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    attrs_bool   Map(LowCardinality(String), Bool) CODEC(ZSTD(1)),
    attrs_json   Map(LowCardinality(String), String) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate32(time)
ORDER BY (name, service_name, toStartOfHour(time), resource_hash, time)
SETTINGS index_granularity = 4096, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

CREATE TABLE IF NOT EXISTS metric_names
(
    day          Date32 CODEC(ZSTD(1)),
    name         LowCardinality(String) CODEC(ZSTD(1)),
    service_name LowCardinality(String) CODEC(ZSTD(1)),
    type         UInt8 CODEC(ZSTD(1)),
    unit         LowCardinality(String) CODEC(ZSTD(1)),
    points       SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (name, service_name, type, unit)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS metric_names_mv TO metric_names AS
SELECT toDate32(time) AS day, name, service_name, type, unit, count() AS points
FROM metrics
GROUP BY day, name, service_name, type, unit;
