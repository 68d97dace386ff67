-- operations_of_service: what one service does.
-- Params: service. Reads: operations by its primary key.
SELECT service_name, name, kind FROM operations
WHERE service_name = {service:String}
GROUP BY service_name, name, kind
ORDER BY service_name, name, kind
LIMIT 100000
