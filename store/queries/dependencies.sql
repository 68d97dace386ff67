-- dependencies: calls and messages from service to service.
-- Params: from, to (half-open, Unix seconds, multiples of 10); from_5m, to_5m and from_1h, to_1h: the ranges that edges_5m and edges_1h answer for
-- (edgeWindow). Reads: edges_1h, and of edges_5m and edges what lies between the bounds of one range and those of the next, by their primary keys.
SELECT source, target, toUInt64(sum(e.calls * sign)) AS calls, toUInt64(greatest(sum(e.errors * sign), 0)) AS errors
FROM
(
    SELECT 1 AS sign, source, target, calls, errors FROM edges_1h
    WHERE bucket >= toDateTime64({from_1h:Int64}, 0, 'UTC') AND bucket < toDateTime64({to_1h:Int64}, 0, 'UTC') AND type IN (1, 7)
    UNION ALL
    SELECT if(bucket >= toDateTime64({from_5m:Int64}, 0, 'UTC') AND bucket < toDateTime64({to_5m:Int64}, 0, 'UTC'), 1, -1) AS sign, source, target, calls, errors FROM edges_5m
    WHERE (bucket >= toDateTime64(least({from_5m:Int64}, {from_1h:Int64}), 0, 'UTC') AND bucket < toDateTime64(greatest({from_5m:Int64}, {from_1h:Int64}), 0, 'UTC') OR
        bucket >= toDateTime64(least({to_5m:Int64}, {to_1h:Int64}), 0, 'UTC') AND bucket < toDateTime64(greatest({to_5m:Int64}, {to_1h:Int64}), 0, 'UTC')) AND type IN (1, 7)
    UNION ALL
    SELECT if(bucket >= toDateTime64({from:Int64}, 0, 'UTC') AND bucket < toDateTime64({to:Int64}, 0, 'UTC'), 1, -1) AS sign, source, target, calls, errors FROM edges
    WHERE (bucket >= toDateTime64(least({from:Int64}, {from_5m:Int64}), 0, 'UTC') AND bucket < toDateTime64(greatest({from:Int64}, {from_5m:Int64}), 0, 'UTC') OR
        bucket >= toDateTime64(least({to:Int64}, {to_5m:Int64}), 0, 'UTC') AND bucket < toDateTime64(greatest({to:Int64}, {to_5m:Int64}), 0, 'UTC')) AND type IN (1, 7)
) AS e
WHERE source != target
GROUP BY source, target
HAVING sum(e.calls * sign) > 0
ORDER BY source, target
LIMIT 100000
