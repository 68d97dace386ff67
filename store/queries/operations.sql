-- operations: what every service does. Reads: operations, a row per operation and day.
SELECT service_name, name, kind FROM operations
GROUP BY service_name, name, kind
ORDER BY service_name, name, kind
LIMIT 100000
