-- trace_ranges: where the spans of traces are: the time range of their starts, their number, their services.
-- Params: ids (hex). Reads: trace_summaries by its primary key; a row per trace, day and part.
SELECT
    trace_id, min(start_ns) AS first_ns, max(last_start_ns) AS last_ns, sum(spans) AS spans,
    arrayDistinct(arrayFlatten(groupArray(mapKeys(service_spans)))) AS services, max(inserted_at) AS inserted
FROM trace_summaries
WHERE trace_id IN (SELECT toFixedString(unhex(arrayJoin({ids:Array(String)})), 16))
GROUP BY trace_id
