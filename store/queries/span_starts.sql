-- span_starts: the spans of a trace that have begun, by time.
-- Params: id (hex), limit. Reads: span_starts by trace id.
SELECT
    time, trace_id, span_id, function, version, instance, parent_span_id, name,
    resource_hash, scope_hash, attrs_string, attrs_int, attrs_double, attrs_bool, attrs_json
FROM span_starts
WHERE trace_id = toFixedString(unhex({id:String}), 16)
ORDER BY time
LIMIT {limit:UInt32}
