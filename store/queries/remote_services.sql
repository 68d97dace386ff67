-- remote_services: whom one service calls, by the names that its spans give them.
-- Params: service. Reads: peers by its primary key.
SELECT DISTINCT peer_name FROM peers
WHERE service_name = {service:String}
ORDER BY peer_name
LIMIT 10000
