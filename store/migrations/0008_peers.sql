-- Whom each service calls, as its own spans name them: what the list of a service's remote services reads. The writer adds a pair when
-- it meets it first on a day, which costs inserts next to nothing.
CREATE TABLE IF NOT EXISTS peers
(
    day          Date CODEC(ZSTD(1)),
    service_name String CODEC(ZSTD(1)),
    peer_name    String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY day
ORDER BY (service_name, peer_name)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;
