-- span_logs: the newest log records of a span.
-- Params: id (hex), span (number), from, to (both included, Unix nanoseconds), limit. Reads: logs by time and the bloom filter of trace_id.
SELECT
    time, observed_time, trace_id, span_id, flags, severity_number, severity_text, event_name, body, body_type,
    service_name, resource_hash, scope_hash,
    attrs_string, attrs_int, attrs_double, attrs_bool, attrs_json, dropped_attributes
FROM logs
WHERE trace_id = toFixedString(unhex({id:String}), 16) AND span_id = {span:UInt64}
  AND time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time <= fromUnixTimestamp64Nano({to:Int64}, 'UTC')
ORDER BY time DESC
LIMIT {limit:UInt32}
