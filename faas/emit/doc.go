// Package emit hands what the runtime has to tell over to an OTLP exporter: spans and log records, in batches, without
// ever making a function wait.
package emit
