-- edge_trace_ranges: where the spans of the traces in the temporary table candidates are, for those that have some outside a time range.
-- Params: from_day, to_day (days since 1970, both included), from (included), to (excluded, Unix nanoseconds).
-- Reads: trace_summaries by its primary key; a row per trace, day and part.
SELECT
    trace_id, min(start_ns) AS first_ns, max(last_start_ns) AS last_ns, sum(spans) AS spans,
    arrayDistinct(arrayFlatten(groupArray(mapKeys(service_spans)))) AS services
FROM trace_summaries
WHERE trace_id IN candidates AND day >= toDate32({from_day:Int32}) AND day <= toDate32({to_day:Int32})
GROUP BY trace_id
HAVING first_ns < {from:Int64} OR last_ns >= {to:Int64}
