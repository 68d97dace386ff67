-- topology_services: the services that sent spans on some days.
-- Params: from_day, to_day (days since 1970, both included), limit. Reads: operations, a row per operation and day.
SELECT DISTINCT service_name FROM operations
WHERE day >= toDate32({from_day:Int32}) AND day <= toDate32({to_day:Int32})
ORDER BY service_name
LIMIT {limit:UInt32}
