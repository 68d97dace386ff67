-- A range of time leaves out granules. The keys begin with the hour, but ClickHouse binds a range of start_time to the key's last column,
-- start_time itself, and concludes nothing for the hour: within a day every hour of a service would be read.

ALTER TABLE spans ADD INDEX IF NOT EXISTS idx_start start_time TYPE minmax GRANULARITY 1;
ALTER TABLE logs ADD INDEX IF NOT EXISTS idx_time time TYPE minmax GRANULARITY 1;
ALTER TABLE metrics ADD INDEX IF NOT EXISTS idx_time time TYPE minmax GRANULARITY 1;
