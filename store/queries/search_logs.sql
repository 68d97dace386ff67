-- search_logs: a page of log records, newest first. Equal times are ordered by a hash of the row; records that are equal altogether
-- are told apart by their number, skip.
-- Params: from (included), to (excluded, Unix nanoseconds), service, severity, id (hex), contains (lower case): empty or 0 is any;
-- cursor_time, cursor_hash: where the page before ended; skip; limit. Reads: logs by time and service, then the filters' indexes.
SELECT
    time, observed_time, trace_id, span_id, flags, severity_number, severity_text, event_name, body, body_type,
    service_name, resource_hash, scope_hash,
    attrs_string, attrs_int, attrs_double, attrs_bool, attrs_json, dropped_attributes,
    cityHash64(trace_id, span_id, severity_number, service_name, body, toString(attrs_string), observed_time) AS row_hash
FROM logs
WHERE time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND ({service:String} = '' OR service_name = {service:String})
  AND severity_number >= {severity:UInt8}
  AND ({id:String} = '' OR trace_id = toFixedString(unhex({id:String}), 16))
  AND ({contains:String} = '' OR lowerUTF8(body) LIKE {contains:String})
  AND time <= fromUnixTimestamp64Nano({cursor_time:Int64}, 'UTC')
  AND (time < fromUnixTimestamp64Nano({cursor_time:Int64}, 'UTC') OR row_hash <= {cursor_hash:UInt64})
ORDER BY time DESC, row_hash DESC
LIMIT {limit:UInt32} OFFSET {skip:UInt32}
