-- structure << {
-- where host.name = "a"
-- where @service = "web"
-- }
-- where @duration > "1ms"
-- cursor
-- key host.name resource string

SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS first_match
FROM spans
WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND (service_name = {p2:String} OR resource_hash IN (SELECT hash FROM resources WHERE day >= toDate({from_day:UInt16}) AND day <= toDate({to_day:UInt16}) AND attrs_string[{p3:String}] = {p4:String}) OR (duration_ns > {p1:Int64}))
  AND inserted_at <= fromUnixTimestamp64Milli({snapshot:Int64}, 'UTC')
GROUP BY trace_id
HAVING countIf(service_name = {p2:String}) > 0 AND countIf(resource_hash IN (SELECT hash FROM resources WHERE day >= toDate({from_day:UInt16}) AND day <= toDate({to_day:UInt16}) AND attrs_string[{p3:String}] = {p4:String})) > 0 AND countIf(duration_ns > {p1:Int64}) > 0
ORDER BY first_match DESC, trace_id DESC
LIMIT {limit:UInt32}
-- param from = "1767225600000000000"
-- param to = "1767312000000000000"
-- param p1 = "1000000"
-- param p2 = "web"
-- param p3 = "host.name"
-- param p4 = "a"
-- param from_day = "20454"
-- param to_day = "20454"
-- param snapshot = "1767225600000"
-- param limit = "20"

SELECT trace_id, span_id, parent_span_id, toBool(service_name = {p2:String} AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')) AS a, toBool(resource_hash IN (SELECT hash FROM resources WHERE day >= toDate({from_day:UInt16}) AND day <= toDate({to_day:UInt16}) AND attrs_string[{p3:String}] = {p4:String}) AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')) AS b
FROM spans
WHERE trace_id IN candidates
  AND start_time >= fromUnixTimestamp64Nano({low:Int64}, 'UTC') AND start_time <= fromUnixTimestamp64Nano({high:Int64}, 'UTC')
  AND inserted_at <= fromUnixTimestamp64Milli({snapshot:Int64}, 'UTC')
LIMIT {limit:UInt32}
-- param from = "1764547200000000000"
-- param to = "1767312000000000000"
-- param p2 = "web"
-- param p3 = "host.name"
-- param p4 = "a"
-- param from_day = "20454"
-- param to_day = "20455"
-- param low = "1767225600000000000"
-- param high = "1767312000000000000"
-- param limit = "1000001"
-- param snapshot = "1767225600000"
