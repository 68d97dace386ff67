-- A page of a search reads a granule for each of its traces. With the default of 64 KiB a compressed block holds sixteen of them.
-- docs/adr/0010-fast-path.md has the figures.

ALTER TABLE trace_summaries MODIFY SETTING min_compress_block_size = 4096;
