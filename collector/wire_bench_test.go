package collector

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
)

// BenchmarkOTLP is the whole collector but the engine: requests of 250 HTTP server spans over gRPC from four connections, until all of
// them are blocks. CPU time is the process's, the clients' included.
func BenchmarkOTLP(b *testing.B) {
	const spans = 250
	r := rand.New(rand.NewPCG(1, 2))
	raw := make([][]byte, 32)
	for k := range raw {
		td := cleanTraces(k, spans)
		for _, s := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
			var id pcommon.TraceID
			binary.LittleEndian.PutUint64(id[:], r.Uint64())
			binary.LittleEndian.PutUint64(id[8:], r.Uint64())
			s.SetTraceID(id)
			s.SetSpanID(pcommon.SpanID(id[4:12]))
			s.SetParentSpanID(pcommon.SpanID(id[:8]))
			a := s.Attributes()
			a.PutInt("http.response.status_code", 200)
			a.PutStr("http.route", "/api/v1/customers/{customer}/orders/{id}/lines")
			a.PutStr("url.path", fmt.Sprintf("/api/v1/customers/current/orders/%d/lines", r.Uint64()))
			a.PutStr("url.scheme", "https")
			a.PutStr("server.address", "shop.example.com")
			a.PutInt("server.port", 443)
			a.PutStr("client.address", fmt.Sprintf("10.0.%d.%d", r.IntN(256), r.IntN(256)))
			a.PutStr("network.protocol.version", "1.1")
			a.PutStr("user_agent.original", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36")
			a.PutStr("enduser.id", fmt.Sprintf("customer-%d@users.shop.example.com", r.IntN(50000)))
			a.PutBool("app.cache.hit", r.IntN(3) == 0)
		}
		var err error
		if raw[k], err = ptraceotlp.NewExportRequestFromTraces(td).MarshalProto(); err != nil {
			b.Fatal(err)
		}
	}
	for _, pdataOnly := range []bool{true, false} {
		b.Run(map[bool]string{true: "pdata", false: "wire"}[pdataOnly], func(b *testing.B) {
			collector := startWith(b, &blocks{}, options{}, pdataOnly)
			work := make(chan int)
			var wg sync.WaitGroup
			for range 4 {
				conn := dial(b, collector.addr["WEFT_OTLP_GRPC"])
				wg.Go(func() {
					for i := range work {
						if err := conn.Invoke(b.Context(), "/opentelemetry.proto.collector.trace.v1.TraceService/Export", raw[i%len(raw)], new([]byte), grpc.ForceCodec(rawCodec{})); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ReportAllocs()
			b.ResetTimer()
			before := cpuTime(b)
			for i := range b.N {
				work <- i
			}
			close(work)
			wg.Wait()
			if err := collector.stop(); err != nil {
				b.Error(err)
			}
			b.ReportMetric(float64(cpuTime(b)-before)/float64(spans*b.N), "cpu-ns/span")
		})
	}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
