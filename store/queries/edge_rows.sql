-- edge_rows: the rows that make up the edges of a time range, in no order; the caller adds them up. sumMap takes ten times as long.
-- Params: from, to (half-open, Unix seconds, multiples of 10); from_5m, to_5m and from_1h, to_1h: the ranges that edges_5m and edges_1h answer for
-- (edgeWindow); read_1h: whether to read edges_1h at all. Reads: edges_1h, and of edges_5m and edges what lies between the bounds of one range and those of the next, by their primary keys.
SELECT
    type, source, target, via, e.calls * sign AS calls, e.errors * sign AS errors, e.cold_starts * sign AS cold_starts, e.retries * sign AS retries,
    e.dead_letters * sign AS dead_letters, e.duration_ns * sign AS duration_ns,
    CAST(e.latency, 'Map(UInt16, Int64)') AS latency, CAST(e.queue_age, 'Map(UInt16, Int64)') AS queue_age, toInt8(sign) AS sign
FROM
(
    SELECT 1 AS sign, type, source, target, via, calls, errors, cold_starts, retries, dead_letters, duration_ns, latency, queue_age FROM edges_1h
    WHERE {read_1h:UInt8} AND bucket >= toDateTime64({from_1h:Int64}, 0, 'UTC') AND bucket < toDateTime64({to_1h:Int64}, 0, 'UTC')
    UNION ALL
    SELECT if(bucket >= toDateTime64({from_5m:Int64}, 0, 'UTC') AND bucket < toDateTime64({to_5m:Int64}, 0, 'UTC'), 1, -1) AS sign, type, source, target, via, calls, errors, cold_starts, retries, dead_letters, duration_ns, latency, queue_age FROM edges_5m
    WHERE (bucket >= toDateTime64(least({from_5m:Int64}, {from_1h:Int64}), 0, 'UTC') AND bucket < toDateTime64(greatest({from_5m:Int64}, {from_1h:Int64}), 0, 'UTC') OR
        bucket >= toDateTime64(least({to_5m:Int64}, {to_1h:Int64}), 0, 'UTC') AND bucket < toDateTime64(greatest({to_5m:Int64}, {to_1h:Int64}), 0, 'UTC'))
    UNION ALL
    SELECT if(bucket >= toDateTime64({from:Int64}, 0, 'UTC') AND bucket < toDateTime64({to:Int64}, 0, 'UTC'), 1, -1) AS sign, type, source, target, via, calls, errors, cold_starts, retries, dead_letters, duration_ns, latency, queue_age FROM edges
    WHERE (bucket >= toDateTime64(least({from:Int64}, {from_5m:Int64}), 0, 'UTC') AND bucket < toDateTime64(greatest({from:Int64}, {from_5m:Int64}), 0, 'UTC') OR
        bucket >= toDateTime64(least({to:Int64}, {to_5m:Int64}), 0, 'UTC') AND bucket < toDateTime64(greatest({to:Int64}, {to_5m:Int64}), 0, 'UTC'))
) AS e
