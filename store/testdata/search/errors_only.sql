-- errors

SELECT trace_id, toInt64(min(start_ns)) AS first_match
FROM trace_summaries
WHERE day >= toDate32(fromUnixTimestamp64Nano({from:Int64}, 'UTC')) AND day <= toDate32(fromUnixTimestamp64Nano({to:Int64}, 'UTC'))
  AND last_start_ns >= {from:Int64} AND start_ns < {to:Int64}
GROUP BY trace_id
HAVING max(end_ns) - first_match >= {min_duration:Int64} AND sum(errors) > 0
ORDER BY first_match DESC, trace_id DESC
LIMIT {limit:UInt32}
-- param from = "1767225600000000000"
-- param to = "1767312000000000000"
-- param min_duration = "0"
-- param limit = "20"
