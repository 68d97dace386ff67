-- attribute_keys: keys for autocomplete.
-- Params: prefix, limit. Reads: attribute_keys by its primary key.
SELECT key, type, side FROM attribute_keys
WHERE startsWith(key, {prefix:String})
GROUP BY key, type, side
ORDER BY key, side, type
LIMIT {limit:UInt32}
