-- edge_trace_spans: what the topology needs to know of the spans of the traces in the temporary table candidates, or of some of them.
-- Params: services and from, to (both included, Unix nanoseconds of span starts), as trace_ranges returns them; span_ids (none is any).
-- Reads: spans by its primary key (hour, service, start), then the bloom filter of trace_id.
SELECT
    trace_id, span_id, parent_span_id, kind, start_time, duration_ns, status_code, service_name, category, peer_name,
    attr_db_system_name, attr_messaging_system, marks, `links.trace_id`, `links.span_id`, name
FROM spans
PREWHERE trace_id IN candidates
WHERE service_name IN {services:Array(String)}
  AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time <= fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND (empty({span_ids:Array(UInt64)}) OR span_id IN {span_ids:Array(UInt64)})
