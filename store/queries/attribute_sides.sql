-- attribute_sides: on which side and with which types some keys were ever met: tells search where to look.
-- Params: keys. Reads: attribute_keys by its primary key.
SELECT key, side, type FROM attribute_keys
WHERE key IN {keys:Array(String)}
GROUP BY key, side, type
