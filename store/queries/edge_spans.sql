-- edge_spans: what the topology needs to know of the spans that start in a time range. A range with too many spans is read in several
-- passes, each of which sees whole traces.
-- Params: from (included), to (excluded, Unix nanoseconds), passes, pass. Reads: spans by time.
SELECT
    trace_id, span_id, parent_span_id, kind, start_time, duration_ns, status_code, service_name, category, peer_name,
    attr_db_system_name, attr_messaging_system, marks, `links.trace_id`, `links.span_id`
FROM spans
WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND ({passes:UInt32} = 1 OR sipHash64(trace_id) % {passes:UInt32} = {pass:UInt32})
