package storeexporter

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/store"
	"weft/store/storetest"
)

// typicalRequest is 100 spans of about 500 bytes each.
func typicalRequest(r *rand.Rand) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	for k, v := range map[string]string{
		"service.name": "checkout", "service.version": "1.4.2", "host.name": "node-17", "cloud.region": "eu-central-1",
		"telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "go", "deployment.environment.name": "production",
	} {
		rs.Resource().Attributes().PutStr(k, v)
	}
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp")
	now := time.Now()
	for i := range 100 {
		s := ss.Spans().AppendEmpty()
		var id [16]byte
		binary.BigEndian.PutUint64(id[:], r.Uint64())
		binary.BigEndian.PutUint64(id[8:], r.Uint64())
		s.SetTraceID(id)
		s.SetSpanID(pcommon.SpanID(id[4:12]))
		s.SetParentSpanID(pcommon.SpanID(id[:8]))
		s.SetName("GET /api/cart/{id}")
		s.SetKind(ptrace.SpanKindServer)
		s.SetStartTimestamp(ptraceTime(now))
		s.SetEndTimestamp(ptraceTime(now.Add(time.Duration(r.IntN(1e8)))))
		a := s.Attributes()
		a.PutStr("http.request.method", "GET")
		a.PutStr("http.route", "/api/cart/{id}")
		a.PutStr("url.path", fmt.Sprintf("/api/cart/%d", r.IntN(1e6)))
		a.PutInt("http.response.status_code", 200)
		a.PutStr("server.address", "cart.shop.svc.cluster.local")
		a.PutInt("server.port", 8080)
		a.PutStr("client.address", fmt.Sprintf("10.0.%d.%d", r.IntN(255), r.IntN(255)))
		a.PutStr("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)")
		a.PutStr("network.protocol.version", "1.1")
		a.PutStr("weft.span.category", "server")
		if i%10 == 0 {
			e := s.Events().AppendEmpty()
			e.SetName("cache miss")
			e.SetTimestamp(ptraceTime(now))
		}
	}
	return td
}

// nullStore takes blocks at no cost.
type nullStore struct{}

func (nullStore) InsertSpans(context.Context, *store.SpanBatch, string) error     { return nil }
func (nullStore) InsertLogs(context.Context, *store.LogBatch, string) error       { return nil }
func (nullStore) InsertMetrics(context.Context, *store.MetricBatch, string) error { return nil }

// BenchmarkIngest measures acknowledged requests, one in flight per connection, until all of them are stored.
func BenchmarkIngest(b *testing.B) {
	requests := make([]ptrace.Traces, 64)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range requests {
		requests[i] = typicalRequest(r)
		requests[i].MarkReadOnly()
	}
	for _, target := range []string{"null", "clickhouse"} {
		for _, conns := range []int{4, 256} {
			b.Run(fmt.Sprintf("store=%s/conns=%d", target, conns), func(b *testing.B) {
				ctx := context.Background()
				var ins Inserter = nullStore{}
				if target == "clickhouse" {
					st, err := store.Open(ctx, store.Config{DSN: storetest.DSN(b)})
					if err != nil {
						b.Fatal(err)
					}
					defer st.Close()
					ins = st
				}
				cfg := defaultConfig().(*Config)
				cfg.Directory, cfg.DrainTimeout = b.TempDir(), 10*time.Minute
				exp, err := NewFactory(ins, nil).CreateTraces(ctx, exportertest.NewNopSettings(Type), cfg)
				if err != nil {
					b.Fatal(err)
				}
				if err := exp.Start(ctx, componenttest.NewNopHost()); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				b.ResetTimer()
				work := make(chan int)
				var wg sync.WaitGroup
				for range conns {
					wg.Go(func() {
						for i := range work {
							if err := exp.ConsumeTraces(ctx, requests[i%len(requests)]); err != nil {
								b.Error(err)
							}
						}
					})
				}
				for i := range b.N {
					work <- i
				}
				close(work)
				wg.Wait()
				acked := b.Elapsed()
				if err := exp.Shutdown(ctx); err != nil {
					b.Error(err)
				}
				b.ReportMetric(float64(100*b.N)/acked.Seconds(), "acked_spans/s")
				b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "stored_spans/s")
			})
		}
	}
}

func BenchmarkConvert(b *testing.B) {
	td := typicalRequest(rand.New(rand.NewPCG(1, 2)))
	b.Run("to=span", func(b *testing.B) {
		var c spanConverter
		b.ReportAllocs()
		for b.Loop() {
			c.convert(td, 0, 100, func(*store.Span) {})
		}
		b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "spans/s")
	})
	b.Run("to=columns", func(b *testing.B) {
		blk := traces.newBlock(nullStore{})
		b.ReportAllocs()
		for b.Loop() {
			if blk.rows() >= 100_000 {
				blk.reset()
			}
			blk.add(spans{td: td}, 0, 100)
		}
		b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "spans/s")
	})
}

// BenchmarkQueueAppend is the write-ahead queue alone: records of 50 KiB, each durable when its append returns.
func BenchmarkQueueAppend(b *testing.B) {
	for _, writers := range []int{1, 4, 256} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			cfg := defaultConfig().(*Config)
			cfg.MaxBytes, cfg.MemoryBytes = tib, 0
			q, _, err := openQueue[struct{}](cfg, b.TempDir(), osFiles)
			if err != nil {
				b.Fatal(err)
			}
			defer q.close()
			body := make([]byte, 50*kib)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			b.ResetTimer()
			work := make(chan int)
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for range work {
						if _, err := q.append(context.Background(), 1, enriched, body, struct{}{}); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for i := range b.N {
				work <- i
				if i%1000 == 0 {
					q.release(q.last()) // keeps the disk from filling
				}
			}
			close(work)
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func BenchmarkSegmentRead(b *testing.B) {
	sizes := make([]int, 100)
	for i := range sizes {
		sizes[i] = 50 * kib
	}
	p := writeSegment(b, sizes...)
	f, err := os.CreateTemp(b.TempDir(), "segment")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(p); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		r := newSegmentReader(f, 0, int64(len(p)))
		n := 0
		for _, err := r.next(); err == nil; _, err = r.next() {
			n++
		}
		if n != len(sizes) {
			b.Fatal(n)
		}
	}
}
