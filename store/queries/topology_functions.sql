-- topology_functions: the services that are functions: one of their resources has a faas.name.
-- Params: from_day, to_day (days since 1970, both included), limit. Reads: resources of these months, two keys of one column.
SELECT DISTINCT attrs_string['service.name'] AS service FROM resources
WHERE day >= toDate(greatest({from_day:Int32}, 0)) AND day <= toDate(least({to_day:Int32}, 65535)) AND mapContains(attrs_string, 'faas.name')
ORDER BY service
LIMIT {limit:UInt32}
