-- trace_details: what is known of some traces; the caller adds up the rows, one for each day and part of a trace. And what time it is.
-- Params: trace_ids (16 bytes each). Reads: trace_summaries by its primary key. Adding up here would cost as much again as reading.
-- A few granules with wide columns are worth two threads, long before the server's default.
SELECT trace_id, entries, inserted_at, now64(3, 'UTC') AS now
FROM trace_summaries
PREWHERE trace_id IN {trace_ids:Array(FixedString(16))}
SETTINGS merge_tree_min_rows_for_concurrent_read = 8192, merge_tree_min_bytes_for_concurrent_read = 0
