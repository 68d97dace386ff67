-- function_inits: how long new instances took until they were ready, and how many never were, by function.
-- Params: from, to (half-open, Unix nanoseconds), function ('' is all). Reads: instances by function and time.
SELECT
    toString(function) AS name,
    countIf(state = 'ready') AS ready,
    countIf(state = 'failed') AS failed,
    quantileIf(0.5)(init_ns, state = 'ready') AS p50,
    quantileIf(0.95)(init_ns, state = 'ready') AS p95,
    quantileIf(0.99)(init_ns, state = 'ready') AS p99
FROM instances
WHERE time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND ({function:String} = '' OR function = {function:String})
  AND state IN ('ready', 'failed')
GROUP BY name
ORDER BY name
LIMIT 10000
