-- edge_buckets_since: the newest buckets of 10 seconds in which spans start that the engine took in since an instant.
-- Params: inserted (Unix milliseconds), limit. Reads: spans by the index of inserted_at.
SELECT intDiv(ns - positiveModulo(ns, 10000000000), 1000000000) AS bucket
FROM (SELECT toUnixTimestamp64Nano(start_time) AS ns FROM spans WHERE inserted_at >= fromUnixTimestamp64Milli({inserted:Int64}, 'UTC'))
GROUP BY bucket
ORDER BY bucket DESC
LIMIT {limit:UInt32}
