-- where host.cpus > 2
-- key host.cpus span int
-- key host.cpus resource int

SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS first_match
FROM spans
WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND ((attrs_int[{p1:String}] > {p2:Int64} AND mapContains(attrs_int, {p1:String})) OR (NOT mapContains(attrs_int, {p1:String}) AND resource_hash IN (SELECT hash FROM resources WHERE day >= toDate({from_day:UInt16}) AND day <= toDate({to_day:UInt16}) AND (attrs_int[{p1:String}] > {p3:Int64} AND mapContains(attrs_int, {p1:String})))))
GROUP BY trace_id
ORDER BY first_match DESC, trace_id DESC
LIMIT {limit:UInt32}
-- param from = "1767225600000000000"
-- param to = "1767312000000000000"
-- param p1 = "host.cpus"
-- param p2 = "2"
-- param p3 = "2"
-- param from_day = "20454"
-- param to_day = "20454"
-- param limit = "20"
