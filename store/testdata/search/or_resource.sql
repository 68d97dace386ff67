-- or {
-- where host.name = "a"
-- where order.id = "b"
-- }
-- key host.name resource string
-- key order.id span string

SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS first_match
FROM spans
WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND (resource_hash IN (SELECT hash FROM resources WHERE day >= toDate({from_day:UInt16}) AND day <= toDate({to_day:UInt16}) AND attrs_string[{p1:String}] = {p2:String}) OR attrs_string[{p3:String}] = {p4:String})
GROUP BY trace_id
ORDER BY first_match DESC, trace_id DESC
LIMIT {limit:UInt32}
-- param from = "1767225600000000000"
-- param to = "1767312000000000000"
-- param p1 = "host.name"
-- param p2 = "a"
-- param p3 = "order.id"
-- param p4 = "b"
-- param from_day = "20454"
-- param to_day = "20454"
-- param limit = "20"
