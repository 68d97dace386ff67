-- attribute_values: values of a key, which may have several names, for autocomplete.
-- Params: keys, prefix, limit. Reads: attribute_values by its primary key.
SELECT DISTINCT value FROM attribute_values
WHERE key IN {keys:Array(String)} AND startsWith(value, {prefix:String})
ORDER BY value
LIMIT {limit:UInt32}
