-- invocations: a page of a function's invocations, newest first. Equal times are ordered by a hash of the row; rows that are equal altogether
-- are told apart by their number, skip.
-- Params: function; from (included), to (excluded, Unix nanoseconds); outcomes, versions (empty is any); cold (0 no, 1 yes, 2 either);
-- cursor_time, cursor_hash: where the page before ended; skip; limit. Reads: invocations by function and time, then the filters' indexes.
SELECT
    time, trace_id, span_id, function, version, instance,
    request_id, qualifier, trigger, outcome, cold, error_type, error_message, duration_ns, total_ns, queue_ns, cold_start_ns,
    request_bytes, response_bytes, status, cpu_ns, max_memory, retry,
    resource_hash, scope_hash, attrs_string, attrs_int, attrs_double, attrs_bool, attrs_json,
    cityHash64(trace_id, span_id, request_id, total_ns, instance) AS row_hash
FROM invocations
WHERE function = {function:String}
  AND time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND (empty({outcomes:Array(String)}) OR outcome IN {outcomes:Array(String)})
  AND (empty({versions:Array(String)}) OR version IN {versions:Array(String)})
  AND ({cold:UInt8} = 2 OR cold = ({cold:UInt8} = 1))
  AND time <= fromUnixTimestamp64Nano({cursor_time:Int64}, 'UTC')
  AND (time < fromUnixTimestamp64Nano({cursor_time:Int64}, 'UTC') OR row_hash <= {cursor_hash:UInt64})
ORDER BY time DESC, row_hash DESC
LIMIT {limit:UInt32} OFFSET {skip:UInt32}
