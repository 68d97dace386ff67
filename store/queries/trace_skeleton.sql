-- trace_skeleton: every span of some traces, in no order, without what it says: the thin columns only.
-- Params: trace_ids (16 bytes each), services and from, to (both included, Unix nanoseconds of span starts), as trace_ranges returns them.
-- Reads: spans by its primary key (hour, service, start), then the bloom filter of trace_id.
SELECT
    span_id, parent_span_id, name, kind, start_time, duration_ns, status_code, service_name, category, peer_name, error_type, statement_hash,
    bitAnd(marks, 1) AS cold_start, toUInt32(length(`events.time`)) AS event_count, `links.trace_id`, `links.span_id`
FROM spans
PREWHERE trace_id IN {trace_ids:Array(FixedString(16))} AND service_name IN {services:Array(String)}
  AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time <= fromUnixTimestamp64Nano({to:Int64}, 'UTC')
