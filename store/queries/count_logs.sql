-- count_logs: how many log records there are by step of time and range of severity: 0 not said, then OTLP's names from 1 trace to 6 fatal.
-- Params: from (included), to (excluded, Unix nanoseconds), step (nanoseconds, from from), service, severity, id (hex), contains (lower
-- case): empty or 0 is any. Reads: logs by time and service, then the filters' indexes.
SELECT
    intDiv(toUnixTimestamp64Nano(time) - {from:Int64}, {step:Int64}) AS step,
    toUInt8(least(intDiv(severity_number + 3, 4), 6)) AS level,
    count() AS records
FROM logs
WHERE time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
  AND ({service:String} = '' OR service_name = {service:String})
  AND severity_number >= {severity:UInt8}
  AND ({id:String} = '' OR trace_id = toFixedString(unhex({id:String}), 16))
  AND ({contains:String} = '' OR lowerUTF8(body) LIKE {contains:String})
GROUP BY step, level
ORDER BY step, level
