-- trace_details: summaries of the traces in the temporary table candidates that satisfy the conditions on whole traces.
-- Params: min_duration, max_duration (nanoseconds; 0 is no bound), errors_only. Reads: trace_summaries by its primary key.
SELECT
    trace_id, min(start_ns) AS first_ns, max(end_ns) AS last_end_ns, max(last_start_ns) AS last_ns, sum(spans) AS span_count, sum(errors) AS error_count,
    min(root) AS best_root, sumMap(service_spans) AS spans_by_service, sumMap(service_errors) AS errors_by_service, max(inserted_at) AS inserted
FROM trace_summaries
WHERE trace_id IN candidates
GROUP BY trace_id
HAVING last_end_ns - first_ns >= {min_duration:Int64}
   AND ({max_duration:Int64} = 0 OR last_end_ns - first_ns <= {max_duration:Int64})
   AND (NOT {errors_only:Bool} OR error_count > 0)
