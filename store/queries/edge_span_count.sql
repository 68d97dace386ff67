-- edge_span_count: how many spans start in a time range.
-- Params: from (included), to (excluded, Unix nanoseconds). Reads: spans by time, one column.
SELECT count() FROM spans
WHERE start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
