-- errors_before: when each way of failing of some services was first met in a time before.
-- Params: services, from (included), to (excluded, Unix nanoseconds). Reads: spans by its primary key (hour, service, start), then the
-- index of status_code.
SELECT service_name, name, error_type, peer_name, statement_hash, toUnixTimestamp64Nano(min(start_time)) AS first_ns
FROM spans
PREWHERE status_code = 2
WHERE service_name IN {services:Array(String)}
  AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
GROUP BY service_name, name, error_type, peer_name, statement_hash
ORDER BY first_ns
LIMIT 100000
