-- metric_points: the data points of one metric, oldest first.
-- Params: name, service ("" is any), from (included), to (excluded, Unix nanoseconds), limit. Reads: metrics by its primary key.
SELECT
    name, description, unit, type, monotonic, temporality, start_time, time, flags, value, is_int, count, sum, min, max, has_min_max,
    bounds, buckets, scale, zero_count, positive_offset, positive_counts, negative_offset, negative_counts, quantiles, quantile_values,
    service_name, resource_hash, scope_hash,
    attrs_string, attrs_int, attrs_double, attrs_bool, attrs_json
FROM metrics
WHERE name = {name:String} AND ({service:String} = '' OR service_name = {service:String})
  AND time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
ORDER BY time, service_name
LIMIT {limit:UInt32}
