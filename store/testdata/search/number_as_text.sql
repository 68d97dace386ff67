-- where order.items = "3"
-- key order.items span int
-- key order.items span double
-- key order.items span string

SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS first_match
FROM spans
WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND (attrs_string[{p1:String}] = {p2:String} OR attrs_int[{p1:String}] = {p3:Int64} OR attrs_double[{p1:String}] = {p4:Float64})
GROUP BY trace_id
ORDER BY first_match DESC, trace_id DESC
LIMIT {limit:UInt32}
-- param from = "1767225600000000000"
-- param to = "1767312000000000000"
-- param p1 = "order.items"
-- param p2 = "3"
-- param p3 = "3"
-- param p4 = "3"
-- param limit = "20"
