// Package faas is the invoke runtime: it runs functions as they are, and tells of each run and each cold start what time
// went where. It is made to be embedded:
//
//	rt, err := faas.New(faas.Config{Dir: "data/faas", Exporter: exporter, Logger: slog.Default()})
//	err = rt.Register("greet", func(ctx context.Context, event []byte) ([]byte, error) { … }, faas.Options{})
//	answer, err := rt.Invoke(ctx, "greet", event)
//
// Functions are Go functions of the host program, or programs that speak AWS Lambda's or Alibaba Function Compute's contract,
// or any web server. Package faas/front serves the vendors' invoke APIs over a Runtime.
//
// A Runtime depends on no server: spans, log records and rows leave through the Exporter.
package faas
