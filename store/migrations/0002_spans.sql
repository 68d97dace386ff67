-- One row per span. The order serves search; a whole trace is found through trace_summaries, which knows its services and
-- its time range. docs/adr/0003-schema.md has the figures behind the order, the codecs and the indexes.

CREATE TABLE IF NOT EXISTS spans
(
    trace_id       FixedString(16) CODEC(ZSTD(1)),
    span_id        UInt64 CODEC(NONE),
    parent_span_id UInt64 CODEC(ZSTD(1)),
    trace_state    String CODEC(ZSTD(1)),
    flags          UInt32 CODEC(ZSTD(1)),
    name           LowCardinality(String) CODEC(ZSTD(1)),
    kind           UInt8 CODEC(ZSTD(1)),
    start_time     DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    duration_ns    Int64 CODEC(T64, ZSTD(1)),
    status_code    UInt8 CODEC(ZSTD(1)),
    status_message String CODEC(ZSTD(1)),
    service_name   LowCardinality(String) CODEC(ZSTD(1)),
    resource_hash  UInt64 CODEC(ZSTD(1)),
    scope_hash     UInt64 CODEC(ZSTD(1)),

    -- Derived by the enrich processor.
    category       LowCardinality(String) CODEC(ZSTD(1)),
    peer_name      LowCardinality(String) CODEC(ZSTD(1)),
    error_type     LowCardinality(String) CODEC(ZSTD(1)),
    error_message  String CODEC(ZSTD(1)),
    statement_hash UInt64 CODEC(ZSTD(1)),

    -- Promoted attributes: empty or 0 is "absent"; what does not fit stands in the maps.
    attr_http_request_method           LowCardinality(String) CODEC(ZSTD(1)),
    attr_http_route                    LowCardinality(String) CODEC(ZSTD(1)),
    attr_http_response_status_code     UInt16 CODEC(ZSTD(1)),
    attr_url_scheme                    LowCardinality(String) CODEC(ZSTD(1)),
    attr_url_path                      String CODEC(ZSTD(1)),
    attr_url_full                      String CODEC(ZSTD(1)),
    attr_user_agent_original           LowCardinality(String) CODEC(ZSTD(1)),
    attr_client_address                LowCardinality(String) CODEC(ZSTD(1)),
    attr_server_address                LowCardinality(String) CODEC(ZSTD(1)),
    attr_server_port                   UInt16 CODEC(ZSTD(1)),
    attr_network_peer_address          LowCardinality(String) CODEC(ZSTD(1)),
    attr_db_system_name                LowCardinality(String) CODEC(ZSTD(1)),
    attr_db_namespace                  LowCardinality(String) CODEC(ZSTD(1)),
    attr_db_collection_name            LowCardinality(String) CODEC(ZSTD(1)),
    attr_db_operation_name             LowCardinality(String) CODEC(ZSTD(1)),
    attr_db_query_text                 String CODEC(ZSTD(1)),
    attr_rpc_system_name               LowCardinality(String) CODEC(ZSTD(1)),
    attr_rpc_method                    LowCardinality(String) CODEC(ZSTD(1)),
    attr_messaging_system              LowCardinality(String) CODEC(ZSTD(1)),
    attr_messaging_destination_name    LowCardinality(String) CODEC(ZSTD(1)),
    attr_messaging_operation_type      LowCardinality(String) CODEC(ZSTD(1)),
    attr_faas_trigger                  LowCardinality(String) CODEC(ZSTD(1)),
    attr_error_type                    LowCardinality(String) CODEC(ZSTD(1)),
    attr_code_function_name            LowCardinality(String) CODEC(ZSTD(1)),

    -- All other attributes, by type.
    attrs_string Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    attrs_int    Map(LowCardinality(String), Int64) CODEC(ZSTD(1)),
    attrs_double Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    attrs_bool   Map(LowCardinality(String), Bool) CODEC(ZSTD(1)),
    attrs_json   Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    dropped_attributes UInt32 CODEC(ZSTD(1)),
    dropped_events     UInt32 CODEC(ZSTD(1)),
    dropped_links      UInt32 CODEC(ZSTD(1)),

    `events.time`               Array(DateTime64(9, 'UTC')) CODEC(ZSTD(1)),
    `events.name`               Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `events.attributes`         Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `events.dropped_attributes` Array(UInt32) CODEC(ZSTD(1)),

    `links.trace_id`           Array(FixedString(16)) CODEC(ZSTD(1)),
    `links.span_id`            Array(UInt64) CODEC(ZSTD(1)),
    `links.trace_state`        Array(String) CODEC(ZSTD(1)),
    `links.flags`              Array(UInt32) CODEC(ZSTD(1)),
    `links.attributes`         Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `links.dropped_attributes` Array(UInt32) CODEC(ZSTD(1)),

    -- When the engine took the block in: lets a cursor leave out what came after its first page.
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),

    INDEX idx_trace_id trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_name name TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_duration duration_ns TYPE minmax GRANULARITY 1,
    INDEX idx_status status_code TYPE minmax GRANULARITY 1,
    INDEX idx_resource resource_hash TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_strings mapValues(attrs_string) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_ints mapValues(attrs_int) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_string_keys mapKeys(attrs_string) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_url_path attr_url_path TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_url_full attr_url_full TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate32(start_time)
ORDER BY (toStartOfHour(start_time), service_name, start_time)
SETTINGS index_granularity = 2048, min_compress_block_size = 4096, min_bytes_for_wide_part = 134217728, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;
