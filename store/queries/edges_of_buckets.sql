-- edges_of_buckets: a share of the edges of some buckets, added up.
-- Params: buckets (Unix seconds), from, to (both included, the first and the last of them); share, shares (edgeShare); limit.
-- Reads: edges by its primary key.
SELECT
    bucket, type, source, target, via,
    sum(calls) AS calls, sum(errors) AS errors, sum(cold_starts) AS cold_starts, sum(retries) AS retries, sum(dead_letters) AS dead_letters,
    sum(duration_ns) AS duration_ns, sumMap(latency) AS latency, sumMap(queue_age) AS queue_age, max(updated_at) AS updated
FROM edges
WHERE bucket >= toDateTime64({from:Int64}, 0, 'UTC') AND bucket <= toDateTime64({to:Int64}, 0, 'UTC')
  AND toUnixTimestamp64Second(bucket) IN {buckets:Array(Int64)}
  AND ({shares:UInt64} = 1 OR xxHash64(concat(
      toString(toUnixTimestamp64Second(bucket)), '\0', toString(type), '\0', toString(source), '\0', toString(target), '\0', toString(via))) % {shares:UInt64} = {share:UInt64})
GROUP BY bucket, type, source, target, via
ORDER BY bucket, type, source, target, via
LIMIT {limit:UInt32}
