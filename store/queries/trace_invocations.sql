-- trace_invocations: the invocations of a trace, by time.
-- Params: id (hex); functions; from, to (both included, Unix nanoseconds); limit. Reads: invocations by function and time, then the bloom
-- filter of trace_id.
SELECT
    time, trace_id, span_id, function, version, instance,
    request_id, qualifier, trigger, outcome, cold, error_type, error_message, duration_ns, total_ns, queue_ns, cold_start_ns,
    request_bytes, response_bytes, status, cpu_ns, max_memory, retry,
    resource_hash, scope_hash, attrs_string, attrs_int, attrs_double, attrs_bool, attrs_json
FROM invocations
WHERE function IN {functions:Array(String)}
  AND time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time <= fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND trace_id = toFixedString(unhex({id:String}), 16)
ORDER BY time
LIMIT {limit:UInt32}
