-- function_instances: the instances of a function that changed their state in a time range, the latest started first.
-- Params: function; from, to (half-open, Unix nanoseconds); state ('' is any); limit; skip. Reads: instances by function and time.
SELECT
    toString(instance) AS id,
    toString(argMax(version, time)) AS instance_version,
    toString(argMax(state, time)) AS last_state,
    toString(argMax(reason, time)) AS last_reason,
    toString(argMax(error_type, time)) AS last_error_type,
    argMax(error_message, time) AS last_error_message,
    toUnixTimestamp64Nano(min(time)) AS first_ns,
    toUnixTimestamp64Nano(max(time)) AS last_ns,
    max(init_ns) AS longest_init_ns,
    max(pid) AS last_pid,
    argMax(exit_code, time) AS last_exit_code,
    countIf(state = 'frozen') AS freezes,
    count() OVER () AS total
FROM instances
WHERE function = {function:String}
  AND time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')
GROUP BY id
HAVING {state:String} = '' OR last_state = {state:String}
ORDER BY first_ns DESC, id
LIMIT {limit:UInt32} OFFSET {skip:UInt32}
