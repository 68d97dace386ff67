package jaegerudp

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/agent"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/jaeger"
	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/jaegerreceiver"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"

	"weft/semconv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func compact() thrift.TProtocolFactory {
	return thrift.NewTCompactProtocolFactoryConf(&thrift.TConfiguration{MaxMessageSize: maxPacket, MaxFrameSize: maxPacket})
}

func binary() thrift.TProtocolFactory {
	return thrift.NewTBinaryProtocolFactoryConf(&thrift.TConfiguration{MaxMessageSize: maxPacket, MaxFrameSize: maxPacket})
}

func packet(t testing.TB, protocol thrift.TProtocolFactory, spans int) []byte {
	t.Helper()
	batch := &jaeger.Batch{Process: &jaeger.Process{ServiceName: "shop"}}
	for i := range spans {
		batch.Spans = append(batch.Spans, &jaeger.Span{TraceIdLow: 1, SpanId: int64(i + 1), OperationName: "op", StartTime: 1_485_467_191_639_875, Duration: 5})
	}
	buf := thrift.NewTMemoryBuffer()
	if err := agent.NewAgentClientFactory(buf, protocol).EmitBatch(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// udpOnly is a configuration with nothing but the compact protocol, on a free port.
func udpOnly(t testing.TB) (*jaegerreceiver.Config, string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	addr := conn.LocalAddr().String()
	return &jaegerreceiver.Config{Protocols: jaegerreceiver.Protocols{ThriftCompactUDP: configoptional.Some(jaegerreceiver.ProtocolUDP{
		Endpoint:        addr,
		ServerConfigUDP: jaegerreceiver.ServerConfigUDP{QueueSize: 2, MaxPacketSize: 65_000, Workers: 1},
	})}}, addr
}

func settings() (receiver.Settings, *sdkmetric.ManualReader) {
	set := receivertest.NewNopSettings(NewFactory().Type())
	reader := sdkmetric.NewManualReader()
	set.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	return set, reader
}

func refused(t testing.TB, reader *sdkmetric.ManualReader, reason string) int64 {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &rm); err != nil {
		t.Fatal(err)
	}
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			if m.Name != semconv.MetricRefused {
				continue
			}
			for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
				if v, _ := p.Attributes.Value("reason"); v.AsString() == reason {
					return p.Value
				}
			}
		}
	}
	return 0
}

func send(t testing.TB, addr string, packets ...[]byte) {
	t.Helper()
	conn, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, p := range packets {
		if _, err := conn.Write(p); err != nil {
			t.Fatal(err)
		}
	}
}

// A consumer that is stuck fills the queue; what does not fit is counted, what was taken in arrives before Shutdown
// returns.
func TestQueueFull(t *testing.T) {
	cfg, addr := udpOnly(t)
	set, reader := settings()
	stuck, entered := make(chan struct{}), make(chan struct{}, 100)
	var mu sync.Mutex
	arrived := 0
	next, err := consumer.NewTraces(func(_ context.Context, td ptrace.Traces) error {
		entered <- struct{}{}
		<-stuck
		mu.Lock()
		defer mu.Unlock()
		arrived += td.SpanCount()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewFactory().CreateTraces(t.Context(), set, cfg, next)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	p := packet(t, compact(), 3)
	send(t, addr, p)
	<-entered                 // the worker has one,
	send(t, addr, p, p, p, p) // two wait, two are too many
	deadline := time.Now().Add(5 * time.Second)
	for refused(t, reader, semconv.ReasonQueueFull) != 2 {
		if time.Now().After(deadline) {
			t.Fatalf("got %d counted, want 2", refused(t, reader, semconv.ReasonQueueFull))
		}
		time.Sleep(time.Millisecond)
	}
	close(stuck)
	for range 2 {
		if err := r.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if arrived != 9 {
		t.Errorf("got %d spans, want 9", arrived)
	}
}

func TestPacketLargerThanAllowed(t *testing.T) {
	cfg, addr := udpOnly(t)
	cfg.Protocols.ThriftCompactUDP.Get().ServerConfigUDP.MaxPacketSize = 100
	set, reader := settings()
	sink := new(consumertest.TracesSink)
	r, err := NewFactory().CreateTraces(t.Context(), set, cfg, sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	send(t, addr, packet(t, compact(), 50), packet(t, compact(), 1))
	deadline := time.Now().Add(5 * time.Second)
	for sink.SpanCount() != 1 {
		if time.Now().After(deadline) {
			t.Fatalf("got %d spans, want the 1 of the small packet", sink.SpanCount())
		}
		time.Sleep(time.Millisecond)
	}
	if err := r.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := refused(t, reader, semconv.ReasonMalformed); got != 1 {
		t.Errorf("got %d counted as malformed, want 1", got)
	}
}

// When one port is taken, none stays open.
func TestStartAllOrNothing(t *testing.T) {
	cfg, addr := udpOnly(t)
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	second := *cfg.Protocols.ThriftCompactUDP.Get()
	second.Endpoint = taken.LocalAddr().String()
	cfg.Protocols.ThriftBinaryUDP = configoptional.Some(second)
	set, _ := settings()
	r, err := NewFactory().CreateTraces(t.Context(), set, cfg, consumertest.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context(), componenttest.NewNopHost()); err == nil {
		t.Fatal("started on a port that is taken")
	}
	free, err := net.ListenPacket("udp", addr)
	if err != nil {
		t.Fatalf("the first port stayed open: %v", err)
	}
	free.Close()
}

func TestBadServerConfig(t *testing.T) {
	cfg, _ := udpOnly(t)
	cfg.Protocols.ThriftCompactUDP.Get().ServerConfigUDP.Workers = 0
	set, _ := settings()
	_, err := NewFactory().CreateTraces(t.Context(), set, cfg, consumertest.NewNop())
	if want := "udp_thrift_compact: want workers, queue_size and max_packet_size of at least 1, got 0, 2 and 65000"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func FuzzDecode(f *testing.F) {
	for _, p := range [][]byte{packet(f, compact(), 2), packet(f, binary(), 2), {}, {0x82}, {0x80, 1, 0, 4}} {
		f.Add(p, true)
		f.Add(p, false)
	}
	f.Fuzz(func(t *testing.T, p []byte, isCompact bool) {
		if len(p) > maxPacket {
			return
		}
		protocol := binary()
		if isCompact {
			protocol = compact()
		}
		if batch, err := decode(p, protocol); (batch == nil) == (err == nil) {
			t.Errorf("got batch %v and error %v, want one of the two", batch, err)
		}
	})
}
