-- orphans: of the traces in the temporary table candidates, how many spans name a parent that is not stored.
-- Params: services and from, to (both included, Unix nanoseconds of span starts), as trace_ranges returns them.
-- Reads: three columns of spans, twice, by its primary key (hour, service, start), then the bloom filter of trace_id.
SELECT c.trace_id AS trace_id, count() AS orphans
FROM
(
    SELECT trace_id, parent_span_id FROM spans
    PREWHERE trace_id IN candidates
    WHERE service_name IN {services:Array(String)} AND parent_span_id != 0
      AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time <= fromUnixTimestamp64Nano({to:Int64}, 'UTC')
) AS c
LEFT ANTI JOIN
(
    SELECT trace_id, span_id FROM spans
    PREWHERE trace_id IN candidates
    WHERE service_name IN {services:Array(String)}
      AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time <= fromUnixTimestamp64Nano({to:Int64}, 'UTC')
) AS p ON c.trace_id = p.trace_id AND c.parent_span_id = p.span_id
GROUP BY c.trace_id
