-- profile: the newest profile of a span.
-- Params: id (hex), span. Reads: profiles by trace and span id.
SELECT
    time, trace_id, span_id, function, version, instance, data,
    resource_hash, scope_hash, attrs_string, attrs_int, attrs_double, attrs_bool, attrs_json
FROM profiles
WHERE trace_id = toFixedString(unhex({id:String}), 16) AND span_id = {span:UInt64}
ORDER BY time DESC
LIMIT 1
