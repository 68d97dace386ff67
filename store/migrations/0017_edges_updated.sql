-- Finds out whether anything was written about a time range lately: rows are by bucket, so a granule's are mostly as new as each other.
ALTER TABLE edges ADD INDEX IF NOT EXISTS idx_updated updated_at TYPE minmax GRANULARITY 1;
