-- trace_profiles: the profiles of a trace's spans without their data, by time.
-- Params: id (hex), limit. Reads: profiles by trace id.
SELECT
    time, trace_id, span_id, function, version, instance, length(data) AS bytes,
    resource_hash, scope_hash, attrs_string, attrs_int, attrs_double, attrs_bool, attrs_json
FROM profiles
WHERE trace_id = toFixedString(unhex({id:String}), 16)
ORDER BY time
LIMIT {limit:UInt32}
