-- cold_invocations: invocations of a function that waited for a new instance: those that waited longest, or ones chosen by a hash.
-- Params: function; from, to (half-open, Unix nanoseconds); versions (empty is any); worst (1 or 0); limit.
-- Reads: invocations by function and time, then the index of cold.
SELECT
    time, trace_id, span_id, function, version, instance,
    request_id, qualifier, trigger, outcome, cold, error_type, error_message, duration_ns, total_ns, queue_ns, cold_start_ns,
    request_bytes, response_bytes, status, cpu_ns, max_memory, retry,
    resource_hash, scope_hash, attrs_string, attrs_int, attrs_double, attrs_bool, attrs_json,
    cityHash64(trace_id, span_id, request_id) AS row_hash
FROM invocations
WHERE function = {function:String}
  AND time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND (empty({versions:Array(String)}) OR version IN {versions:Array(String)})
  AND cold
ORDER BY if({worst:UInt8} = 1, cold_start_ns, 0) DESC, row_hash
LIMIT {limit:UInt32}
