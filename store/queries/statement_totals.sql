-- statement_totals: calls, errors and latencies by database statement; hash 0 is every statement that came after the bound.
-- Params: from, to (half-open, Unix nanoseconds, whole minutes), from_hour, to_hour (the same, both included, Unix hours), service ('' is all).
-- Reads: statement_minutes by its primary key.
SELECT
    statement_hash,
    toString(max(system)) AS system_name,
    arraySort(groupUniqArray(100)(toString(peer_name))) AS peers,
    arraySort(groupUniqArray(100)(toString(service_name))) AS services,
    sum(statement_minutes.calls) AS calls,
    sum(statement_minutes.errors) AS errors,
    sum(statement_minutes.duration_ns) AS duration_ns,
    sumMap(statement_minutes.latency) AS latency,
    sum(statement_minutes.traces) AS traces,
    toUInt64(max(statement_minutes.most_calls)) AS most_calls,
    toFixedString(max(statement_minutes.newest), 24) AS newest
FROM statement_minutes
WHERE hour >= {from_hour:Int32} AND hour <= {to_hour:Int32}
  AND minute >= fromUnixTimestamp64Second(intDiv({from:Int64}, 1000000000), 'UTC')
  AND minute < fromUnixTimestamp64Second(intDiv({to:Int64}, 1000000000), 'UTC')
  AND ({service:String} = '' OR service_name = {service:String})
GROUP BY statement_hash
ORDER BY duration_ns DESC, statement_hash
LIMIT 50000
