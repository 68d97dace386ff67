-- services: every service with a span. Reads: operations, a row per operation and day.
SELECT DISTINCT service_name FROM operations ORDER BY service_name LIMIT 100000
