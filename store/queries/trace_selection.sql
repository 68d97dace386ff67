-- trace_selection: those of some traces that satisfy the conditions on whole traces.
-- Params: trace_ids (16 bytes each), min_duration, max_duration (nanoseconds; 0 is no bound), errors_only.
-- Reads: trace_summaries by its primary key.
SELECT trace_id
FROM trace_summaries
PREWHERE trace_id IN {trace_ids:Array(FixedString(16))}
GROUP BY trace_id
HAVING max(end_ns) - min(start_ns) >= {min_duration:Int64}
   AND ({max_duration:Int64} = 0 OR max(end_ns) - min(start_ns) <= {max_duration:Int64})
   AND (NOT {errors_only:Bool} OR sum(errors) > 0)
