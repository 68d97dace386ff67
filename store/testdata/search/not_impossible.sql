-- not {
-- where nothing.like.it = "a"
-- }

SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS first_match
FROM spans
PREWHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
GROUP BY trace_id
ORDER BY first_match DESC, trace_id DESC
LIMIT {limit:UInt32}
-- param from = "1767225600000000000"
-- param to = "1767312000000000000"
-- param limit = "20"
