package storeexporter

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/collector/processor/processortest"
	"golang.org/x/sys/unix"

	"weft/processor/enrichprocessor"
	"weft/processor/topologyprocessor"
)

// BenchmarkIngestPath is a request's way through the collector without network, disk and engine: bytes, enrich, the call graph's view of
// the spans, the queue's record, a block's columns.
func BenchmarkIngestPath(b *testing.B) {
	for _, n := range []int{20, 500} { // spans of a request
		raw := make([][]byte, 16)
		r := rand.New(rand.NewPCG(1, 2))
		total := 0
		for i := range raw {
			td := shopRequest(r, n)
			total += td.SpanCount()
			var err error
			if raw[i], err = ptraceotlp.NewExportRequestFromTraces(td).MarshalProto(); err != nil {
				b.Fatal(err)
			}
		}
		for _, path := range []string{"pdata", "wire"} {
			b.Run(fmt.Sprintf("%s/spans=%d", path, n), func(b *testing.B) {
				blk := traces.newBlock(nil)
				var graph []topologyprocessor.RawSpan
				var record []byte
				end, _ := consumer.NewTraces(func(ctx context.Context, td ptrace.Traces) error {
					graph = topologyprocessor.Extract(ctx, graph[:0], td)
					data := spans{td: td, request: requestOf(ctx)}
					body, form, err := traces.marshal(data)
					if err != nil {
						return err
					}
					record = appendRecord(record[:0], queueRecord{form: form, body: body})
					if blk.rows() > 100_000 {
						blk.reset()
					}
					blk.add(data, 0, data.count())
					return nil
				})
				enrich, err := enrichprocessor.NewFactory().CreateTraces(b.Context(), processortest.NewNopSettings(enrichprocessor.NewFactory().Type()),
					enrichprocessor.NewFactory().CreateDefaultConfig(), end)
				if err != nil {
					b.Fatal(err)
				}
				if err := enrich.Start(b.Context(), componenttest.NewNopHost()); err != nil {
					b.Fatal(err)
				}
				decoder := NewDecoder(enrichprocessor.NewClean(enrichprocessor.DefaultConfig()))
				b.ReportAllocs()
				spans, i := 0, 0
				before := cpuTime(b)
				for b.Loop() {
					ctx, body := context.Background(), raw[i%len(raw)]
					if path == "wire" {
						request, ok := decoder.Decode(bytes.Clone(body)) // out of gRPC's buffers
						if !ok {
							b.Fatal("not clean")
						}
						ctx, body = WithRequest(ctx, request), request.StandIn()
					}
					req := ptraceotlp.NewExportRequest()
					if err := req.UnmarshalProto(body); err != nil {
						b.Fatal(err)
					}
					td := req.Traces()
					if err := enrich.ConsumeTraces(ctx, td); err != nil {
						b.Fatal(err)
					}
					spans += td.SpanCount()
					i++
				}
				b.ReportMetric(float64(cpuTime(b)-before)/float64(spans), "cpu-ns/span")
			})
		}
	}
}

// cpuTime is what this process has used, garbage collection included: on a shared machine wall time says little.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
