-- twins: roots of a service and name that did not fail and took between half and twice the median of all of them, other than one trace's;
-- the nearest to the median or, by_time, to an instant come first.
-- Params: id (hex), service, name, around (Unix nanoseconds), from (included), to (excluded, Unix nanoseconds), by_time, limit.
-- Reads: spans by its primary key (hour, service, start), then the bloom filter of name; twice.
SELECT trace_id, start_ns, duration_ns, roots, median_ns
FROM
(
    SELECT trace_id, toUnixTimestamp64Nano(start_time) AS start_ns, duration_ns
    FROM spans
    PREWHERE parent_span_id = 0 AND status_code != 2
    WHERE service_name = {service:String} AND name = {name:String} AND trace_id != toFixedString(unhex({id:String}), 16)
      AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
) AS root
CROSS JOIN
(
    SELECT count() AS roots, quantile(0.5)(duration_ns) AS median_ns
    FROM spans
    PREWHERE parent_span_id = 0 AND status_code != 2
    WHERE service_name = {service:String} AND name = {name:String} AND trace_id != toFixedString(unhex({id:String}), 16)
      AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
) AS every
WHERE duration_ns * 2 >= median_ns AND duration_ns <= median_ns * 2
ORDER BY if({by_time:Bool}, toFloat64(abs(start_ns - {around:Int64})), abs(duration_ns - median_ns)), start_ns, trace_id
LIMIT {limit:UInt32}
