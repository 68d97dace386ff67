-- function_resources: the memory and CPU that functions had and used, and what they speak.
-- Params: from, to (half-open, Unix nanoseconds), from_day, to_day (the same, both included, Unix days), function ('' is all).
-- Reads: invocations by function and time, resources by day.
SELECT
    function AS name,
    argMax(contract, last) AS function_contract,
    argMax(bound, last) AS memory_limit,
    max(most) AS max_memory,
    toFloat64(sum(cpu)) AS cpu_ns,
    sum(toFloat64(duration) * bound) AS byte_ns
FROM
(
    SELECT toString(function) AS function, resource_hash, max(time) AS last, max(max_memory) AS most, sum(cpu_ns) AS cpu, sum(duration_ns) AS duration
    FROM invocations
    WHERE time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
      AND ({function:String} = '' OR function = {function:String})
    GROUP BY function, resource_hash
) AS used
LEFT JOIN
(
    SELECT hash, any(attrs_string['weft.contract']) AS contract, any(attrs_int['faas.max_memory']) AS bound
    FROM resources
    WHERE day >= toDate({from_day:UInt16}) AND day <= toDate({to_day:UInt16}) AND mapContains(attrs_string, 'faas.name')
    GROUP BY hash
) AS of_resources ON resource_hash = hash
GROUP BY name
ORDER BY name
LIMIT 10000
