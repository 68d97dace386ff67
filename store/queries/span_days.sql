-- span_days: how many spans each day has, and from when to when. Answered from the parts' metadata.
SELECT toDate32(start_time) AS day, count() AS spans, toUnixTimestamp64Nano(min(start_time)) AS first_ns, toUnixTimestamp64Nano(max(start_time)) AS last_ns
FROM spans
GROUP BY day
ORDER BY day DESC
