-- scopes: instrumentation scopes by hash, among those in use on some days.
-- Params: hashes, from_day, to_day (both included, days since 1970). Reads: scopes by its primary key.
SELECT
    hash, day, name, version, schema_url,
    attrs_string, attrs_int, attrs_double, attrs_bool, attrs_json, dropped_attributes
FROM scopes
WHERE hash IN {hashes:Array(UInt64)} AND day >= toDate({from_day:UInt16}) AND day <= toDate({to_day:UInt16})
LIMIT 1 BY hash
