-- table_sizes: rows and bytes on disk of every table. Params: database. Reads: system.parts.
SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes
FROM system.parts
WHERE database = {database:String} AND active
GROUP BY table
