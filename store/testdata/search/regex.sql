-- where http.route =~ "^/api/"
-- where http.response.status_code =~ "^5"
-- where order.id !~ "^x"
-- where @name =~ "GET|POST"
-- where @peer !~ "redis"
-- key order.id span string
-- key http.route span string
-- key http.response.status_code span int

SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS first_match
FROM spans
WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND ((attr_http_route != '' AND match(attr_http_route, {p2:String})) OR (mapContains(attrs_string, {p1:String}) AND match(attrs_string[{p1:String}], {p3:String})))
  AND ((attr_http_response_status_code != 0 AND match(toString(attr_http_response_status_code), {p5:String})) OR (mapContains(attrs_int, {p4:String}) AND match(toString(attrs_int[{p4:String}]), {p6:String})))
  AND (mapContains(attrs_string, {p7:String}) AND NOT (mapContains(attrs_string, {p7:String}) AND match(attrs_string[{p7:String}], {p8:String})))
  AND match(name, {p9:String})
  AND NOT match(peer_name, {p10:String})
GROUP BY trace_id
ORDER BY first_match DESC, trace_id DESC
LIMIT {limit:UInt32}
-- param from = "1767225600000000000"
-- param to = "1767312000000000000"
-- param p1 = "http.route"
-- param p2 = "^/api/"
-- param p3 = "^/api/"
-- param p4 = "http.response.status_code"
-- param p5 = "^5"
-- param p6 = "^5"
-- param p7 = "order.id"
-- param p8 = "^x"
-- param p9 = "GET|POST"
-- param p10 = "redis"
-- param limit = "20"
