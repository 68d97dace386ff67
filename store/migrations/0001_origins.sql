-- What sent the telemetry: each distinct resource and instrumentation scope once for every day on which it was in use, found
-- by the hash that spans, logs and data points carry. Writing one again is harmless. They are so few that a partition holds a month:
-- an import of years makes that many parts less.

CREATE TABLE IF NOT EXISTS resources
(
    hash               UInt64,
    day                Date,
    schema_url         String CODEC(ZSTD(1)),
    attrs_string Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    attrs_int    Map(LowCardinality(String), Int64) CODEC(ZSTD(1)),
    attrs_double Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    attrs_bool   Map(LowCardinality(String), Bool) CODEC(ZSTD(1)),
    attrs_json   Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    dropped_attributes UInt32 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (hash, day)
SETTINGS index_granularity = 256, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

CREATE TABLE IF NOT EXISTS scopes
(
    hash               UInt64,
    day                Date,
    name               String CODEC(ZSTD(1)),
    version            String CODEC(ZSTD(1)),
    schema_url         String CODEC(ZSTD(1)),
    attrs_string Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    attrs_int    Map(LowCardinality(String), Int64) CODEC(ZSTD(1)),
    attrs_double Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    attrs_bool   Map(LowCardinality(String), Bool) CODEC(ZSTD(1)),
    attrs_json   Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    dropped_attributes UInt32 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (hash, day)
SETTINGS index_granularity = 256, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;
