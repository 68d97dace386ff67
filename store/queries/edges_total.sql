-- edges_total: the edges of a time range, added up by type: what edges_window has left out is the difference.
-- Params: from, to (half-open, Unix seconds, multiples of 10); from_5m, to_5m and from_1h, to_1h: the ranges that edges_5m and edges_1h answer for
-- (edgeWindow). Reads: edges_1h, and of edges_5m and edges what lies between the bounds of one range and those of the next, by their primary keys.
SELECT
    type, toLowCardinality('') AS source, toLowCardinality('') AS target, toLowCardinality('') AS via,
    sum(e.calls * sign) AS calls, sum(e.errors * sign) AS errors, sum(e.cold_starts * sign) AS cold_starts, sum(e.retries * sign) AS retries,
    sum(e.dead_letters * sign) AS dead_letters, sum(e.duration_ns * sign) AS duration_ns,
    sumMap(mapApply((k, n) -> (k, n * sign), e.latency)) AS latency, sumMap(mapApply((k, n) -> (k, n * sign), e.queue_age)) AS queue_age
FROM
(
    SELECT 1 AS sign, type, source, target, via, calls, errors, cold_starts, retries, dead_letters, duration_ns, latency, queue_age FROM edges_1h
    WHERE bucket >= toDateTime64({from_1h:Int64}, 0, 'UTC') AND bucket < toDateTime64({to_1h:Int64}, 0, 'UTC')
    UNION ALL
    SELECT if(bucket >= toDateTime64({from_5m:Int64}, 0, 'UTC') AND bucket < toDateTime64({to_5m:Int64}, 0, 'UTC'), 1, -1) AS sign, type, source, target, via, calls, errors, cold_starts, retries, dead_letters, duration_ns, latency, queue_age FROM edges_5m
    WHERE (bucket >= toDateTime64(least({from_5m:Int64}, {from_1h:Int64}), 0, 'UTC') AND bucket < toDateTime64(greatest({from_5m:Int64}, {from_1h:Int64}), 0, 'UTC') OR
        bucket >= toDateTime64(least({to_5m:Int64}, {to_1h:Int64}), 0, 'UTC') AND bucket < toDateTime64(greatest({to_5m:Int64}, {to_1h:Int64}), 0, 'UTC'))
    UNION ALL
    SELECT if(bucket >= toDateTime64({from:Int64}, 0, 'UTC') AND bucket < toDateTime64({to:Int64}, 0, 'UTC'), 1, -1) AS sign, type, source, target, via, calls, errors, cold_starts, retries, dead_letters, duration_ns, latency, queue_age FROM edges
    WHERE (bucket >= toDateTime64(least({from:Int64}, {from_5m:Int64}), 0, 'UTC') AND bucket < toDateTime64(greatest({from:Int64}, {from_5m:Int64}), 0, 'UTC') OR
        bucket >= toDateTime64(least({to:Int64}, {to_5m:Int64}), 0, 'UTC') AND bucket < toDateTime64(greatest({to:Int64}, {to_5m:Int64}), 0, 'UTC'))
) AS e
GROUP BY type
HAVING calls > 0
ORDER BY type
