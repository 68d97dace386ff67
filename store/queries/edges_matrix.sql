-- edges_matrix: calls and errors of each edge by time step, the edges with the most calls first.
-- Params: from, to (half-open, Unix seconds, multiples of step), step (seconds), coarse: whether step is a multiple of 5 minutes; limit.
-- Reads: edges_5m when coarse, else edges, by the primary key.
SELECT
    type, source, target, via, groupArray(at) AS steps, groupArray(n) AS calls, groupArray(failed) AS errors
FROM
(
    SELECT type, source, target, via, intDiv(toUnixTimestamp64Second(bucket) - {from:Int64}, {step:Int64}) AS at, sum(e.calls) AS n, sum(e.errors) AS failed
    FROM
    (
        SELECT bucket, type, source, target, via, calls, errors FROM edges_5m
        WHERE {coarse:Bool} AND bucket >= toDateTime64({from:Int64}, 0, 'UTC') AND bucket < toDateTime64({to:Int64}, 0, 'UTC')
        UNION ALL
        SELECT bucket, type, source, target, via, calls, errors FROM edges
        WHERE NOT {coarse:Bool} AND bucket >= toDateTime64({from:Int64}, 0, 'UTC') AND bucket < toDateTime64({to:Int64}, 0, 'UTC')
    ) AS e
    GROUP BY type, source, target, via, at
    HAVING n > 0
)
GROUP BY type, source, target, via
ORDER BY sum(n) DESC, type, source, target, via
LIMIT {limit:UInt32}
