-- edges_total: the edges of a time range, added up by type: what edges_window has left out is the difference.
-- Params: from, to (half-open, Unix seconds, multiples of 10); inner_from, inner_to: the whole 5 minutes within, which edges_5m answers.
-- Reads: edges_5m and the ends from edges, by their primary keys.
SELECT
    type, toLowCardinality('') AS source, toLowCardinality('') AS target, toLowCardinality('') AS via,
    sum(e.calls) AS calls, sum(e.errors) AS errors, sum(e.cold_starts) AS cold_starts, sum(e.retries) AS retries, sum(e.dead_letters) AS dead_letters,
    sum(e.duration_ns) AS duration_ns, sumMap(e.latency) AS latency, sumMap(e.queue_age) AS queue_age
FROM
(
    SELECT type, source, target, via, calls, errors, cold_starts, retries, dead_letters, duration_ns, latency, queue_age FROM edges_5m
    WHERE bucket >= toDateTime64({inner_from:Int64}, 0, 'UTC') AND bucket < toDateTime64({inner_to:Int64}, 0, 'UTC')
    UNION ALL
    SELECT type, source, target, via, calls, errors, cold_starts, retries, dead_letters, duration_ns, latency, queue_age FROM edges
    WHERE bucket >= toDateTime64({from:Int64}, 0, 'UTC') AND bucket < toDateTime64({inner_from:Int64}, 0, 'UTC')
    UNION ALL
    SELECT type, source, target, via, calls, errors, cold_starts, retries, dead_letters, duration_ns, latency, queue_age FROM edges
    WHERE bucket >= toDateTime64({inner_to:Int64}, 0, 'UTC') AND bucket < toDateTime64({to:Int64}, 0, 'UTC')
) AS e
GROUP BY type
HAVING calls > 0
ORDER BY type
