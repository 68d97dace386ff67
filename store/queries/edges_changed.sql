-- edges_changed: whether anything was written about a time range since, and what time it is by the engine's clock, Unix milliseconds.
-- Params: from, to (half-open, Unix seconds); since (Unix milliseconds). Reads: edges by the primary key, and of its parts and granules only those with
-- a newer updated_at, up to the first row.
SELECT toInt64(count()) AS changed, toInt64(toUnixTimestamp64Milli(now64(3, 'UTC'))) AS now
FROM
(
    SELECT 1 FROM edges
    WHERE bucket >= toDateTime64({from:Int64}, 0, 'UTC') AND bucket < toDateTime64({to:Int64}, 0, 'UTC') AND updated_at > fromUnixTimestamp64Milli({since:Int64}, 'UTC')
    LIMIT 1
)
