// Package collector is Weft's distribution of the OpenTelemetry Collector: the list of components it has, the
// configuration it runs with when it is given none, and Run, which hosts it inside another program. Its logs go to that
// program's slog.Logger and its metrics to that program's Prometheus registry; it opens no port for either.
package collector
