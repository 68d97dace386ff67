-- time_bounds: the oldest and the newest item of each signal. Answered from the parts' metadata.
SELECT 'traces' AS signal, toUnixTimestamp64Nano(min(start_time)) AS oldest_ns, toUnixTimestamp64Nano(max(start_time)) AS newest_ns FROM spans
UNION ALL
SELECT 'logs', toUnixTimestamp64Nano(min(time)), toUnixTimestamp64Nano(max(time)) FROM logs
UNION ALL
SELECT 'metrics', toUnixTimestamp64Nano(min(time)), toUnixTimestamp64Nano(max(time)) FROM metrics
