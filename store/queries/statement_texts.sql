-- statement_texts: the text of statements. Params: hashes, from, to (Unix nanoseconds). Reads: statements by its primary key.
SELECT hash, max(fingerprint) AS text
FROM statements
WHERE day >= toDate(fromUnixTimestamp64Nano({from:Int64}, 'UTC')) AND day <= toDate(fromUnixTimestamp64Nano({to:Int64}, 'UTC'))
  AND hash IN {hashes:Array(UInt64)}
GROUP BY hash
