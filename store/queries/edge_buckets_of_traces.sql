-- edge_buckets_of_traces: the newest buckets of 10 seconds in which spans of the traces in the temporary table candidates start.
-- Params: services and from, to (both included, Unix nanoseconds of span starts), as trace_ranges returns them; limit.
-- Reads: spans by its primary key (hour, service, start), then the bloom filter of trace_id.
SELECT intDiv(ns - positiveModulo(ns, 10000000000), 1000000000) AS bucket
FROM
(
    SELECT toUnixTimestamp64Nano(start_time) AS ns FROM spans
    PREWHERE trace_id IN candidates
    WHERE service_name IN {services:Array(String)}
      AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time <= fromUnixTimestamp64Nano({to:Int64}, 'UTC')
)
GROUP BY bucket
ORDER BY bucket DESC
LIMIT {limit:UInt32}
