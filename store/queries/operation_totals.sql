-- operation_totals: calls, errors and latencies by operation and step of time.
-- Params: from, to (half-open, Unix nanoseconds, whole minutes), from_hour, to_hour (the same, both included, Unix hours), step (nanoseconds),
-- group (1 by service, 2 and by name, 3 and by kind), services, kinds (empty is all), operation ('' is all). Reads: operation_minutes by its
-- primary key, a row per operation and minute.
SELECT
    if({group:UInt8} >= 1, toString(service_name), '') AS service,
    if({group:UInt8} >= 2, toString(name), '') AS operation,
    if({group:UInt8} >= 3, kind, toUInt8(0)) AS span_kind,
    intDiv(toInt64(minute) * 1000000000 - {from:Int64}, {step:Int64}) AS point,
    sum(operation_minutes.calls) AS calls,
    sum(operation_minutes.errors) AS errors,
    sum(operation_minutes.duration_ns) AS duration_ns,
    sumMap(operation_minutes.latency) AS latency,
    sumMap(operation_minutes.error_latency) AS error_latency
FROM operation_minutes
WHERE hour >= {from_hour:Int32} AND hour <= {to_hour:Int32}
  AND minute >= fromUnixTimestamp64Second(intDiv({from:Int64}, 1000000000), 'UTC')
  AND minute < fromUnixTimestamp64Second(intDiv({to:Int64}, 1000000000), 'UTC')
  AND (empty({services:Array(String)}) OR service_name IN {services:Array(String)})
  AND (empty({kinds:Array(UInt8)}) OR kind IN {kinds:Array(UInt8)})
  AND ({operation:String} = '' OR name = {operation:String})
GROUP BY service, operation, span_kind, point
ORDER BY service, operation, span_kind, point
LIMIT 500000
