-- trace_starts_before: when traces started as far as it was known at a point in time. Only for the few traces that have changed since.
-- Params: snapshot (Unix milliseconds), from, to (both included, Unix nanoseconds). Reads: spans by time and the bloom filter of trace_id.
SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS first_ns
FROM spans
WHERE trace_id IN candidates AND inserted_at <= fromUnixTimestamp64Milli({snapshot:Int64}, 'UTC')
  AND start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time <= fromUnixTimestamp64Nano({to:Int64}, 'UTC')
GROUP BY trace_id
