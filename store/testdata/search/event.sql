-- where @event = "cache miss"
-- where @event != "late"
-- not {
-- where @event in "a" "b"
-- }
-- or {
-- where @event !~ "^x"
-- where @event !exists
-- }

SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS first_match
FROM spans
WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND has(`events.name`, {p1:String})
  AND (notEmpty(`events.name`) AND NOT has(`events.name`, {p2:String}))
  AND NOT hasAny(`events.name`, [{p3:String}, {p4:String}])
  AND ((notEmpty(`events.name`) AND NOT arrayExists(e -> match(e, {p5:String}), `events.name`)) OR NOT notEmpty(`events.name`))
GROUP BY trace_id
ORDER BY first_match DESC, trace_id DESC
LIMIT {limit:UInt32}
-- param from = "1767225600000000000"
-- param to = "1767312000000000000"
-- param p1 = "cache miss"
-- param p2 = "late"
-- param p3 = "a"
-- param p4 = "b"
-- param p5 = "^x"
-- param limit = "20"
