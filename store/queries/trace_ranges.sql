-- trace_ranges: where the spans of traces are: the time range of their starts, their number, their services; the caller adds up the
-- rows, one for each day and part of a trace.
-- Params: trace_ids (16 bytes each). Reads: trace_summaries by its primary key.
SELECT trace_id, entries
FROM trace_summaries
PREWHERE trace_id IN {trace_ids:Array(FixedString(16))}
