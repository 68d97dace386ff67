-- linked_from: the spans whose links name a span, earliest first.
-- Params: id (hex), span (number). Reads: links_reverse by its primary key.
SELECT trace_id, span_id, toUnixTimestamp64Nano(start_time) AS start_ns, service_name, name, linked_span_id
FROM links_reverse
WHERE linked_trace_id = toFixedString(unhex({id:String}), 16) AND linked_span_id = {span:UInt64}
ORDER BY start_ns, span_id
LIMIT 1000
