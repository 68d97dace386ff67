package jaegerudp

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/jaegerreceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
)

// NewFactory returns the factory of the jaeger receiver. Its configuration is that of the stock receiver.
func NewFactory() receiver.Factory {
	stock := jaegerreceiver.NewFactory()
	create := func(ctx context.Context, set receiver.Settings, cfg component.Config, next consumer.Traces) (receiver.Traces, error) {
		return newReceiver(ctx, stock, set, *cfg.(*jaegerreceiver.Config), next)
	}
	return receiver.NewFactory(stock.Type(), stock.CreateDefaultConfig, receiver.WithTraces(create, stock.TracesStability()))
}

// jaegerReceiver is what one configuration section makes: up to two UDP servers and the stock receiver for the rest.
type jaegerReceiver struct {
	udp   []*server
	stock receiver.Traces // nil when only UDP is configured
}

func newReceiver(ctx context.Context, stock receiver.Factory, set receiver.Settings, cfg jaegerreceiver.Config, next consumer.Traces) (*jaegerReceiver, error) {
	r := &jaegerReceiver{}
	// Every length inside a packet is checked against this before memory is taken for it.
	conf := &thrift.TConfiguration{MaxMessageSize: maxPacket, MaxFrameSize: maxPacket}
	for _, p := range []struct {
		transport string
		protocol  thrift.TProtocolFactory
		cfg       configoptional.Optional[jaegerreceiver.ProtocolUDP]
	}{
		{"udp_thrift_compact", thrift.NewTCompactProtocolFactoryConf(conf), cfg.Protocols.ThriftCompactUDP},
		{"udp_thrift_binary", thrift.NewTBinaryProtocolFactoryConf(conf), cfg.Protocols.ThriftBinaryUDP},
	} {
		if !p.cfg.HasValue() {
			continue
		}
		s, err := newServer(*p.cfg.Get(), p.transport, p.protocol, set, next)
		if err != nil {
			return nil, err
		}
		r.udp = append(r.udp, s)
	}
	cfg.Protocols.ThriftCompactUDP = configoptional.None[jaegerreceiver.ProtocolUDP]()
	cfg.Protocols.ThriftBinaryUDP = configoptional.None[jaegerreceiver.ProtocolUDP]()
	if cfg.Protocols.GRPC.HasValue() || cfg.Protocols.ThriftHTTP.HasValue() {
		var err error
		if r.stock, err = stock.CreateTraces(ctx, set, &cfg, next); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Start listens on all configured ports, or on none.
func (r *jaegerReceiver) Start(ctx context.Context, host component.Host) error {
	for i, s := range r.udp {
		if err := s.start(); err != nil {
			r.stopUDP(i)
			return fmt.Errorf("%s: %w", s.transport, err)
		}
	}
	if r.stock == nil {
		return nil
	}
	if err := r.stock.Start(ctx, host); err != nil {
		r.stopUDP(len(r.udp))
		// The stock receiver may have opened one port before it failed at the other.
		return errors.Join(err, r.stock.Shutdown(ctx))
	}
	return nil
}

func (r *jaegerReceiver) stopUDP(started int) {
	for _, s := range r.udp[:started] {
		s.stop()
	}
}

// Shutdown stops listening and waits until everything received was passed on.
func (r *jaegerReceiver) Shutdown(ctx context.Context) error {
	r.stopUDP(len(r.udp))
	if r.stock == nil {
		return nil
	}
	return r.stock.Shutdown(ctx)
}
