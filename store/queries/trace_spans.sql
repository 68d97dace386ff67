-- trace_spans: every span of some traces, in no order.
-- Params: trace_ids (16 bytes each), services and from, to (both included, Unix nanoseconds of span starts), as trace_ranges returns them.
-- Reads: spans by its primary key (hour, service, start), then the bloom filter of trace_id.
-- A few granules of all columns are worth two threads, long before the server's default.
SELECT
    trace_id, span_id, parent_span_id, trace_state, flags, name, kind, start_time, duration_ns, status_code, status_message,
    service_name, resource_hash, scope_hash, category, peer_name, error_type, error_message, statement_hash, marks,
    attr_http_request_method, attr_http_route, attr_http_response_status_code, attr_url_scheme,
    attr_url_path, attr_url_full, attr_user_agent_original, attr_client_address,
    attr_server_address, attr_server_port, attr_network_peer_address, attr_db_system_name,
    attr_db_namespace, attr_db_collection_name, attr_db_operation_name, attr_db_query_text,
    attr_rpc_system_name, attr_rpc_method, attr_messaging_system, attr_messaging_destination_name,
    attr_messaging_operation_type, attr_faas_trigger, attr_error_type, attr_code_function_name,
    attrs_string, attrs_int, attrs_double, attrs_bool, attrs_json,
    dropped_attributes, dropped_events, dropped_links,
    `events.time`, `events.name`, `events.attributes`, `events.dropped_attributes`,
    `links.trace_id`, `links.span_id`, `links.trace_state`, `links.flags`, `links.attributes`, `links.dropped_attributes`
FROM spans
PREWHERE trace_id IN {trace_ids:Array(FixedString(16))} AND service_name IN {services:Array(String)}
  AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time <= fromUnixTimestamp64Nano({to:Int64}, 'UTC')
SETTINGS merge_tree_min_rows_for_concurrent_read = 8192, merge_tree_min_bytes_for_concurrent_read = 0
