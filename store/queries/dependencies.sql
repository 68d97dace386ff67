-- dependencies: calls from service to service: spans whose parent belongs to another service.
-- Params: from, to (half-open, Unix nanoseconds of the child's start). Reads: spans of the time range, twice; a parent is looked
-- for up to an hour before the range.
SELECT p.service_name AS parent, c.service_name AS child, count() AS calls, countIf(c.status_code = 2) AS errors
FROM
(
    SELECT trace_id, parent_span_id, service_name, status_code FROM spans
    WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC') AND parent_span_id != 0
) AS c
INNER JOIN
(
    SELECT trace_id, span_id, service_name FROM spans
    WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') - INTERVAL 1 HOUR AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
) AS p ON c.trace_id = p.trace_id AND c.parent_span_id = p.span_id
WHERE p.service_name != c.service_name
GROUP BY parent, child
ORDER BY parent, child
LIMIT 100000
