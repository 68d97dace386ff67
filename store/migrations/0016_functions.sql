-- What the invoke runtime tells about functions besides spans: log records whose event name says so, in tables of their own. Attributes
-- that have no column, or are of another type than theirs, stay in the maps.

-- One row per run of a function, sampled or not.
CREATE TABLE IF NOT EXISTS invocations
(
    time            DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    trace_id        FixedString(16) CODEC(ZSTD(1)),
    span_id         UInt64 CODEC(ZSTD(1)),
    function        LowCardinality(String) CODEC(ZSTD(1)),
    version         LowCardinality(String) CODEC(ZSTD(1)),
    instance        LowCardinality(String) CODEC(ZSTD(1)),
    request_id      String CODEC(ZSTD(1)),
    qualifier       LowCardinality(String) CODEC(ZSTD(1)),
    trigger         LowCardinality(String) CODEC(ZSTD(1)),
    outcome         LowCardinality(String) CODEC(ZSTD(1)),
    cold            Bool CODEC(ZSTD(1)),
    error_type      LowCardinality(String) CODEC(ZSTD(1)),
    error_message   String CODEC(ZSTD(1)),
    duration_ns     Int64 CODEC(T64, ZSTD(1)),
    total_ns        Int64 CODEC(T64, ZSTD(1)),
    queue_ns        Int64 CODEC(T64, ZSTD(1)),
    cold_start_ns   Int64 CODEC(T64, ZSTD(1)),
    request_bytes   Int64 CODEC(T64, ZSTD(1)),
    response_bytes  Int64 CODEC(T64, ZSTD(1)),
    status          Int64 CODEC(T64, ZSTD(1)),
    cpu_ns          Int64 CODEC(T64, ZSTD(1)),
    max_memory      Int64 CODEC(T64, ZSTD(1)),
    retry           Int64 CODEC(T64, ZSTD(1)),
    resource_hash   UInt64 CODEC(ZSTD(1)),
    scope_hash      UInt64 CODEC(ZSTD(1)),
    attrs_string Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    attrs_int    Map(LowCardinality(String), Int64) CODEC(ZSTD(1)),
    attrs_double Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    attrs_bool   Map(LowCardinality(String), Bool) CODEC(ZSTD(1)),
    attrs_json   Map(LowCardinality(String), String) CODEC(ZSTD(1)),

    INDEX idx_trace_id trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_request_id request_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_outcome outcome TYPE set(16) GRANULARITY 1,
    INDEX idx_cold cold TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate32(time)
ORDER BY (function, time)
SETTINGS index_granularity = 2048, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

-- Invocations by minute, added up by the writer like operation_minutes: what tables and charts of functions read. Durations are those of the
-- functions, cold_wait is what invocations waited for new instances; both are counts by semconv.LatencyBucket.
CREATE TABLE IF NOT EXISTS function_minutes
(
    hour         Int32 CODEC(Delta(4), ZSTD(1)),
    minute       DateTime64(0, 'UTC') CODEC(Delta(8), ZSTD(1)),
    function     LowCardinality(String) CODEC(ZSTD(1)),
    version      LowCardinality(String) CODEC(ZSTD(1)),
    outcome      LowCardinality(String) CODEC(ZSTD(1)),
    calls        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    cold_starts  SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    duration_ns  SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    queue_ns     SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    latency      SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(ZSTD(1)),
    cold_wait    SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(ZSTD(1)),
    last_ns      SimpleAggregateFunction(max, Int64) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate32(minute)
ORDER BY (hour, function, version, outcome, minute)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

-- One row per step in the life of an instance.
CREATE TABLE IF NOT EXISTS instances
(
    time            DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    trace_id        FixedString(16) CODEC(ZSTD(1)),
    span_id         UInt64 CODEC(ZSTD(1)),
    function        LowCardinality(String) CODEC(ZSTD(1)),
    version         LowCardinality(String) CODEC(ZSTD(1)),
    instance        LowCardinality(String) CODEC(ZSTD(1)),
    state           LowCardinality(String) CODEC(ZSTD(1)),
    reason          LowCardinality(String) CODEC(ZSTD(1)),
    error_type      LowCardinality(String) CODEC(ZSTD(1)),
    error_message   String CODEC(ZSTD(1)),
    pid             Int64 CODEC(T64, ZSTD(1)),
    init_ns         Int64 CODEC(T64, ZSTD(1)),
    exit_code       Int64 CODEC(T64, ZSTD(1)),
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
ORDER BY (function, time)
SETTINGS index_granularity = 2048, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

-- CPU profiles of spans, as pprof's gzipped protocol buffer, which no codec makes smaller.
CREATE TABLE IF NOT EXISTS profiles
(
    time            DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    trace_id        FixedString(16) CODEC(ZSTD(1)),
    span_id         UInt64 CODEC(ZSTD(1)),
    function        LowCardinality(String) CODEC(ZSTD(1)),
    version         LowCardinality(String) CODEC(ZSTD(1)),
    instance        LowCardinality(String) CODEC(ZSTD(1)),
    data            String CODEC(NONE),
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
ORDER BY (trace_id, span_id, time)
SETTINGS index_granularity = 64, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

-- Spans that have begun, so that one whose process is killed is not lost.
CREATE TABLE IF NOT EXISTS span_starts
(
    time            DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    trace_id        FixedString(16) CODEC(ZSTD(1)),
    span_id         UInt64 CODEC(ZSTD(1)),
    parent_span_id  UInt64 CODEC(ZSTD(1)),
    name            LowCardinality(String) CODEC(ZSTD(1)),
    function        LowCardinality(String) CODEC(ZSTD(1)),
    version         LowCardinality(String) CODEC(ZSTD(1)),
    instance        LowCardinality(String) CODEC(ZSTD(1)),
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
ORDER BY (trace_id, span_id)
SETTINGS index_granularity = 2048, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;
