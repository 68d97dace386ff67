// Package store keeps traces, logs and metrics in ClickHouse, and is the only package that speaks to it: the embedded engine
// (store/engine) or any other server, by DSN.
//
// Writing: a batch (SpanBatch, LogBatch, MetricBatch) holds items as columns and is inserted as one block with a deduplication
// token, so that a replay stores nothing twice. Reading: fixed statements are the files of queries/, with server-side parameters;
// only the search for traces is composed in Go (searchsql.go). The schema is the files of migrations/; docs/adr/0003-schema.md says
// why it is as it is.
package store
