-- structure ~ {
-- where @category = "db"
-- where @category = "cache"
-- }

SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS first_match
FROM spans
WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND (category = {p1:String} OR category = {p2:String})
GROUP BY trace_id
HAVING countIf(category = {p1:String}) > 0 AND countIf(category = {p2:String}) > 0 AND hasAny(groupUniqArrayIf(parent_span_id, category = {p1:String}), groupUniqArrayIf(parent_span_id, category = {p2:String}))
ORDER BY first_match DESC, trace_id DESC
LIMIT {limit:UInt32}
-- param from = "1767225600000000000"
-- param to = "1767312000000000000"
-- param p1 = "db"
-- param p2 = "cache"
-- param limit = "20"

SELECT trace_id, span_id, parent_span_id, toBool(category = {p1:String} AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')) AS a, toBool(category = {p2:String} AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')) AS b
FROM spans
WHERE trace_id IN candidates
  AND start_time >= fromUnixTimestamp64Nano({low:Int64}, 'UTC') AND start_time <= fromUnixTimestamp64Nano({high:Int64}, 'UTC')
LIMIT {limit:UInt32}
-- param from = "1764547200000000000"
-- param to = "1767312000000000000"
-- param p1 = "db"
-- param p2 = "cache"
-- param low = "1767225600000000000"
-- param high = "1767312000000000000"
-- param limit = "1000001"
