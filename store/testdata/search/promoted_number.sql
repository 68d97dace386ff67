-- where http.status_code >= 500
-- key http.response.status_code span int
-- key http.response.status_code span string

SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS first_match
FROM spans
WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND ((attr_http_response_status_code >= {p2:Int64} AND attr_http_response_status_code != 0) OR (attrs_int[{p1:String}] >= {p3:Int64} AND mapContains(attrs_int, {p1:String})))
GROUP BY trace_id
ORDER BY first_match DESC, trace_id DESC
LIMIT {limit:UInt32}
-- param from = "1767225600000000000"
-- param to = "1767312000000000000"
-- param p1 = "http.response.status_code"
-- param p2 = "500"
-- param p3 = "500"
-- param limit = "20"
