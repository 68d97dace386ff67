-- function_totals: invocations of functions by version, outcome and step of time.
-- Params: from, to (half-open, Unix nanoseconds, whole minutes), from_hour, to_hour (the same, both included, Unix hours), step (nanoseconds),
-- function ('' is all). Reads: function_minutes by its primary key, a row per function, version, outcome and minute.
SELECT
    function, version, outcome,
    intDiv(toInt64(minute) * 1000000000 - {from:Int64}, {step:Int64}) AS point,
    sum(function_minutes.calls) AS calls,
    sum(function_minutes.cold_starts) AS cold_starts,
    sum(function_minutes.duration_ns) AS duration_ns,
    sum(function_minutes.queue_ns) AS queue_ns,
    sumMap(function_minutes.latency) AS latency,
    sumMap(function_minutes.cold_wait) AS cold_wait,
    toInt64(max(function_minutes.last_ns)) AS last_ns
FROM function_minutes
WHERE hour >= {from_hour:Int32} AND hour <= {to_hour:Int32}
  AND minute >= fromUnixTimestamp64Second(intDiv({from:Int64}, 1000000000), 'UTC')
  AND minute < fromUnixTimestamp64Second(intDiv({to:Int64}, 1000000000), 'UTC')
  AND ({function:String} = '' OR function = {function:String})
GROUP BY function, version, outcome, point
ORDER BY function, version, outcome, point
LIMIT 500000
