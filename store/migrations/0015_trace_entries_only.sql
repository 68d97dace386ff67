-- What entries hold: columns of their own are gone.

ALTER TABLE trace_summaries DROP COLUMN IF EXISTS root, DROP COLUMN IF EXISTS service_spans, DROP COLUMN IF EXISTS service_errors;
