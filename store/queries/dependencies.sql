-- dependencies: calls and messages from service to service.
-- Params: from, to (half-open, Unix seconds, multiples of 10); inner_from, inner_to: the whole 5 minutes within, which edges_5m answers.
-- Reads: edges_5m and the ends from edges, by their primary keys.
SELECT source, target, toUInt64(sum(e.calls)) AS calls, toUInt64(greatest(sum(e.errors), 0)) AS errors
FROM
(
    SELECT source, target, calls, errors FROM edges_5m
    WHERE bucket >= toDateTime64({inner_from:Int64}, 0, 'UTC') AND bucket < toDateTime64({inner_to:Int64}, 0, 'UTC') AND type IN (1, 7)
    UNION ALL
    SELECT source, target, calls, errors FROM edges
    WHERE bucket >= toDateTime64({from:Int64}, 0, 'UTC') AND bucket < toDateTime64({inner_from:Int64}, 0, 'UTC') AND type IN (1, 7)
    UNION ALL
    SELECT source, target, calls, errors FROM edges
    WHERE bucket >= toDateTime64({inner_to:Int64}, 0, 'UTC') AND bucket < toDateTime64({to:Int64}, 0, 'UTC') AND type IN (1, 7)
) AS e
WHERE source != target
GROUP BY source, target
HAVING sum(e.calls) > 0
ORDER BY source, target
LIMIT 100000
