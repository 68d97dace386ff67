-- function_profiles: a function's profiles of a time range without their data, newest first.
-- Params: function; from, to (half-open, Unix nanoseconds); limit. Reads: function and time of the days of profiles, the rest by primary key.
SELECT
    time, trace_id, span_id, function, version, instance, length(data) AS bytes,
    resource_hash, scope_hash, attrs_string, attrs_int, attrs_double, attrs_bool, attrs_json
FROM profiles
WHERE time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND (trace_id, span_id, time) IN (
    SELECT trace_id, span_id, time
    FROM profiles
    WHERE function = {function:String} AND time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
    ORDER BY time DESC
    LIMIT {limit:UInt32}
  )
ORDER BY time DESC
LIMIT {limit:UInt32}
