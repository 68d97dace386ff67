-- Compressed blocks of spans: larger ones where columns are narrow. A granule of an index or a number is 2 to 16 KiB, and what repeats
-- within a column does so farther apart. What that costs a trace to read is in docs/adr/0010-fast-path.md. New parts and merges follow it.

ALTER TABLE spans MODIFY SETTING min_compress_block_size = 16384;
ALTER TABLE spans MODIFY COLUMN start_time MODIFY SETTING min_compress_block_size = 65536;
ALTER TABLE spans MODIFY COLUMN duration_ns MODIFY SETTING min_compress_block_size = 65536;
ALTER TABLE spans MODIFY COLUMN attrs_int MODIFY SETTING min_compress_block_size = 65536;
ALTER TABLE spans MODIFY COLUMN attrs_double MODIFY SETTING min_compress_block_size = 65536;
