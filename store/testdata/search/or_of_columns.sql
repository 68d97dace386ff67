-- or {
-- where @service = "cart"
-- where @name in "a" "b"
-- where url.path = "/x"
-- where order.id = "a"
-- }
-- where @duration > "250ms"
-- key url.path span string
-- key order.id span string

SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS first_match
FROM spans
WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND (service_name = {p1:String} OR name IN ({p2:String}, {p3:String}) OR attr_url_path = {p5:String} OR attrs_string[{p6:String}] = {p7:String})
  AND duration_ns > {p8:Int64}
GROUP BY trace_id
ORDER BY first_match DESC, trace_id DESC
LIMIT {limit:UInt32}
-- param from = "1767225600000000000"
-- param to = "1767312000000000000"
-- param p1 = "cart"
-- param p2 = "a"
-- param p3 = "b"
-- param p5 = "/x"
-- param p6 = "order.id"
-- param p7 = "a"
-- param p8 = "250000000"
-- param limit = "20"
