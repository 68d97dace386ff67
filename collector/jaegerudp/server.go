package jaegerudp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/agent"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/jaeger"
	jaegertranslator "github.com/open-telemetry/opentelemetry-collector-contrib/pkg/translator/jaeger"
	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/jaegerreceiver"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"weft/semconv"
)

const (
	// maxPacket is the largest UDP payload.
	maxPacket = 65_535
	// maxQueued bounds the packets that wait to be decoded, in bytes, beside the configured queue_size in packets.
	maxQueued = 64 << 20
)

// server takes thrift-encoded batches from one UDP port. A reader empties the socket as fast as it can, since the kernel
// drops without a trace what does not fit into its buffer; workers decode and pass on.
type server struct {
	cfg       jaegerreceiver.ProtocolUDP
	transport string
	protocol  thrift.TProtocolFactory
	next      consumer.Traces
	obs       *receiverhelper.ObsReport
	logger    *zap.Logger

	refused              metric.Int64Counter
	malformed, queueFull metric.MeasurementOption

	conn    *net.UDPConn
	queue   chan []byte
	queued  atomic.Int64 // bytes in queue
	running sync.WaitGroup
}

func newServer(cfg jaegerreceiver.ProtocolUDP, transport string, protocol thrift.TProtocolFactory, set receiver.Settings, next consumer.Traces) (*server, error) {
	u := cfg.ServerConfigUDP
	if u.Workers < 1 || u.QueueSize < 1 || u.MaxPacketSize < 1 {
		return nil, fmt.Errorf("%s: want workers, queue_size and max_packet_size of at least 1, got %d, %d and %d",
			transport, u.Workers, u.QueueSize, u.MaxPacketSize)
	}
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{ReceiverID: set.ID, Transport: transport, ReceiverCreateSettings: set})
	if err != nil {
		return nil, err
	}
	refused, err := set.MeterProvider.Meter("weft/collector").Int64Counter(semconv.MetricRefused)
	if err != nil {
		return nil, fmt.Errorf("make counter: %w", err)
	}
	because := func(reason string) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(attribute.String("signal", "traces"),
			attribute.String("receiver", set.ID.String()), attribute.String("transport", transport), attribute.String("reason", reason)))
	}
	return &server{cfg: cfg, transport: transport, protocol: protocol, next: next, obs: obs, logger: set.Logger,
		refused: refused, malformed: because(semconv.ReasonMalformed), queueFull: because(semconv.ReasonQueueFull)}, nil
}

func (s *server) start() error {
	addr, err := net.ResolveUDPAddr("udp", s.cfg.Endpoint)
	if err != nil {
		return fmt.Errorf("endpoint %q: %w", s.cfg.Endpoint, err)
	}
	if s.conn, err = net.ListenUDP("udp", addr); err != nil {
		return err
	}
	if size := s.cfg.ServerConfigUDP.SocketBufferSize; size > 0 {
		if err := s.conn.SetReadBuffer(size); err != nil {
			return errors.Join(fmt.Errorf("socket_buffer_size %d: %w", size, err), s.conn.Close())
		}
	}
	s.queue = make(chan []byte, s.cfg.ServerConfigUDP.QueueSize)
	s.running.Go(s.read)
	for range s.cfg.ServerConfigUDP.Workers {
		s.running.Go(func() {
			for packet := range s.queue {
				s.queued.Add(-int64(len(packet)))
				s.handle(packet)
			}
		})
	}
	s.logger.Info("Starting UDP server", zap.String("transport", s.transport), zap.String("endpoint", s.conn.LocalAddr().String()))
	return nil
}

// stop returns when everything received was passed on. It may be called twice, and without start.
func (s *server) stop() {
	if s.conn != nil {
		_ = s.conn.Close() // the reader ends; that it is closed already is no news
	}
	s.running.Wait()
}

func (s *server) read() {
	defer close(s.queue)
	buf := make([]byte, maxPacket)
	for {
		n, err := s.conn.Read(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.logger.Error("read packet", zap.String("transport", s.transport), zap.Error(err))
			continue
		}
		if n > s.cfg.ServerConfigUDP.MaxPacketSize {
			s.refuse(s.malformed, fmt.Errorf("want at most %d bytes, got %d", s.cfg.ServerConfigUDP.MaxPacketSize, n))
			continue
		}
		if s.queued.Load()+int64(n) > maxQueued {
			s.refused.Add(context.Background(), 1, s.queueFull)
			continue
		}
		select {
		case s.queue <- bytes.Clone(buf[:n]):
			s.queued.Add(int64(n))
		default:
			s.refused.Add(context.Background(), 1, s.queueFull)
		}
	}
}

func (s *server) refuse(why metric.MeasurementOption, err error) {
	s.refused.Add(context.Background(), 1, why)
	s.logger.Warn("packet refused", zap.String("transport", s.transport), zap.Error(err))
}

func (s *server) handle(packet []byte) {
	defer func() {
		if r := recover(); r != nil { // one packet must not end the process
			s.refuse(s.malformed, fmt.Errorf("panic: %v", r))
		}
	}()
	batch, err := decode(packet, s.protocol)
	if err != nil {
		s.refuse(s.malformed, err)
		return
	}
	td, err := jaegertranslator.ThriftToTraces(batch)
	if err != nil {
		s.refuse(s.malformed, err)
		return
	}
	ctx := s.obs.StartTracesOp(context.Background())
	n := td.SpanCount()
	err = s.next.ConsumeTraces(ctx, td)
	s.obs.EndTracesOp(ctx, "thrift", n, err)
	if err != nil { // counted by whoever refused; a UDP client cannot be told
		s.logger.Warn("spans refused", zap.String("transport", s.transport), zap.Int("spans", n), zap.Error(err))
	}
}

// decode reads one call of the agent's emitBatch. The packet is anybody's: the thrift library is not trusted to survive
// all of them.
func decode(packet []byte, protocol thrift.TProtocolFactory) (_ *jaeger.Batch, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("decode: %v", r)
		}
	}()
	ctx := context.Background()
	in := protocol.GetProtocol(&thrift.TMemoryBuffer{Buffer: bytes.NewBuffer(packet)})
	name, _, _, err := in.ReadMessageBegin(ctx)
	if err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	if name != "emitBatch" {
		return nil, fmt.Errorf("decode: want a call of emitBatch, got %.40q", name)
	}
	args := agent.NewAgentEmitBatchArgs()
	if err := args.Read(ctx, in); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	if args.Batch == nil {
		return nil, errors.New("decode: emitBatch without a batch")
	}
	return args.Batch, nil
}
