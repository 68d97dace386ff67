-- metric_names: every metric of every service. Reads: metric_names.
SELECT name, unit, type, service_name FROM metric_names
GROUP BY name, unit, type, service_name
ORDER BY name, service_name, type, unit
LIMIT 100000
