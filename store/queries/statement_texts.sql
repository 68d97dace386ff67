-- statement_texts: a text of each of some statements of some services.
-- Params: services, hashes, from (included), to (excluded, Unix nanoseconds). Reads: spans by its primary key (hour, service, start).
SELECT statement_hash, substringUTF8(any(attr_db_query_text), 1, 1000) AS text
FROM spans
PREWHERE statement_hash IN {hashes:Array(UInt64)}
WHERE service_name IN {services:Array(String)}
  AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
GROUP BY statement_hash
HAVING text != ''
LIMIT 1000
