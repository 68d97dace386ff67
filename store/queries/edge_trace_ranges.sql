-- edge_trace_ranges: where the spans of the traces in the temporary table candidates are, for those that have some outside a time range.
-- Params: from_day, to_day (days since 1970, both included), from (included), to (excluded, Unix nanoseconds).
-- Reads: trace_summaries by its primary key; a row per trace, day and part.
SELECT trace_id, groupArrayArray(entries)
FROM trace_summaries
WHERE trace_id IN candidates AND day >= toDate32({from_day:Int32}) AND day <= toDate32({to_day:Int32})
GROUP BY trace_id
HAVING min(start_ns) < {from:Int64} OR max(last_start_ns) >= {to:Int64}
