-- One row per log record.

CREATE TABLE IF NOT EXISTS logs
(
    time            DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    observed_time   DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    trace_id        FixedString(16) CODEC(ZSTD(1)),
    span_id         UInt64 CODEC(ZSTD(1)),
    flags           UInt32 CODEC(ZSTD(1)),
    severity_number UInt8 CODEC(ZSTD(1)),
    severity_text   LowCardinality(String) CODEC(ZSTD(1)),
    event_name      LowCardinality(String) CODEC(ZSTD(1)),
    body            String CODEC(ZSTD(1)),
    body_type       UInt8 CODEC(ZSTD(1)),
    service_name    LowCardinality(String) CODEC(ZSTD(1)),
    resource_hash   UInt64 CODEC(ZSTD(1)),
    scope_hash      UInt64 CODEC(ZSTD(1)),
    attrs_string Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    attrs_int    Map(LowCardinality(String), Int64) CODEC(ZSTD(1)),
    attrs_double Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    attrs_bool   Map(LowCardinality(String), Bool) CODEC(ZSTD(1)),
    attrs_json   Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    dropped_attributes UInt32 CODEC(ZSTD(1)),

    INDEX idx_trace_id trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_severity severity_number TYPE minmax GRANULARITY 1,
    -- Substrings of at least three bytes of the lower-case body.
    INDEX idx_body lowerUTF8(body) TYPE ngrambf_v1(3, 32768, 2, 0) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate32(time)
ORDER BY (toStartOfHour(time), service_name, time)
SETTINGS index_granularity = 4096, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;
