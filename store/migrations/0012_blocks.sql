-- Compressed blocks and merges; new parts and merges follow. docs/adr/0010-fast-path.md has the figures.

-- Spans: a granule of a column of numbers or dictionary indexes is 2 to 16 KiB, and what repeats within it does so farther apart.
ALTER TABLE spans MODIFY SETTING min_compress_block_size = 16384;
ALTER TABLE spans MODIFY COLUMN start_time MODIFY SETTING min_compress_block_size = 65536;
ALTER TABLE spans MODIFY COLUMN duration_ns MODIFY SETTING min_compress_block_size = 65536;
ALTER TABLE spans MODIFY COLUMN attrs_int MODIFY SETTING min_compress_block_size = 65536;
ALTER TABLE spans MODIFY COLUMN attrs_double MODIFY SETTING min_compress_block_size = 65536;

-- Summaries: a page of a search reads a granule for each of its traces. With the default of 64 KiB a block holds sixteen of them.
ALTER TABLE trace_summaries MODIFY SETTING min_compress_block_size = 4096;

-- Merging spans costs as much as inserting them. Parts are merged when there are eight of a size, not five: each span is merged less often, and
-- the newest traces, which are looked at most, stay longer in small parts, where they are found faster.
ALTER TABLE spans MODIFY SETTING merge_selector_base = 8;
