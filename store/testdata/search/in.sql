-- where order.id in "a" "b" ""
-- where http.response.status_code in 500 503
-- where @kind in "server" "consumer"
-- where order.items in 0 2 "3"
-- key order.id span string
-- key order.items span int
-- key http.response.status_code span int

SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS first_match
FROM spans
WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND ((attrs_string[{p1:String}] = {p4:String} AND mapContains(attrs_string, {p1:String})) OR attrs_string[{p1:String}] IN ({p2:String}, {p3:String}))
  AND attr_http_response_status_code IN ({p6:Int64}, {p7:Int64})
  AND (kind = {p8:Int64} OR kind = {p9:Int64})
  AND ((attrs_int[{p10:String}] = {p11:Int64} AND mapContains(attrs_int, {p10:String})) OR attrs_int[{p10:String}] IN ({p12:Int64}, {p13:Int64}))
GROUP BY trace_id
ORDER BY first_match DESC, trace_id DESC
LIMIT {limit:UInt32}
-- param from = "1767225600000000000"
-- param to = "1767312000000000000"
-- param p1 = "order.id"
-- param p2 = "a"
-- param p3 = "b"
-- param p4 = ""
-- param p6 = "500"
-- param p7 = "503"
-- param p8 = "2"
-- param p9 = "5"
-- param p10 = "order.items"
-- param p11 = "0"
-- param p12 = "2"
-- param p13 = "3"
-- param limit = "20"
