-- What a page of a search shows of a trace, packed: see store.traceEntry. What rows from before say in columns of their own is packed
-- likewise.

ALTER TABLE trace_summaries ADD COLUMN IF NOT EXISTS entries SimpleAggregateFunction(groupArrayArray, Array(String)) CODEC(ZSTD(1)) AFTER errors;

-- They are there, unless this is repeated after the next migration.
ALTER TABLE trace_summaries ADD COLUMN IF NOT EXISTS root SimpleAggregateFunction(min, Tuple(UInt8, Int64, String, String)) CODEC(ZSTD(1));
ALTER TABLE trace_summaries ADD COLUMN IF NOT EXISTS service_spans SimpleAggregateFunction(sumMap, Map(String, UInt64)) CODEC(ZSTD(1));
ALTER TABLE trace_summaries ADD COLUMN IF NOT EXISTS service_errors SimpleAggregateFunction(sumMap, Map(String, UInt64)) CODEC(ZSTD(1));

ALTER TABLE trace_summaries UPDATE entries = [concat(
    reinterpretAsFixedString(start_ns), reinterpretAsFixedString(end_ns - start_ns), reinterpretAsFixedString(last_start_ns - start_ns),
    reinterpretAsFixedString(root.2 + if(root.1 = 0, 4611686018427387904, 0) - intDiv(start_ns, 4)), reinterpretAsFixedString(root.1),
    reinterpretAsFixedString(toUInt32(length(root.3))), root.3, reinterpretAsFixedString(toUInt32(length(root.4))), root.4,
    arrayStringConcat(arrayMap((service, n) -> concat(
        reinterpretAsFixedString(toUInt32(length(service))), service, reinterpretAsFixedString(toUInt32(n)),
        reinterpretAsFixedString(toUInt32(service_errors[service]))), mapKeys(service_spans), mapValues(service_spans))))]
WHERE empty(entries) SETTINGS mutations_sync = 1;
