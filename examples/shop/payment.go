package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/config"
)

type chargeRequest struct {
	OrderID   int64 `json:"order_id"`
	AmountFen int64 `json:"amount_fen"`
}

// paymentService is an old service that nobody dares to touch: jaeger-client-go over UDP, uber-trace-id headers and nothing
// else, its spans made by hand.
type paymentService struct {
	*service
	tracer opentracing.Tracer
}

func buildPayment(_ context.Context, s *service) (parts, error) {
	transport, err := jaeger.NewUDPTransport(s.JaegerAgent, 0)
	if err != nil {
		return parts{}, err
	}
	var reporter jaeger.Reporter = jaeger.NewRemoteReporter(transport, jaeger.ReporterOptions.BufferFlushInterval(flushEvery))
	if s.counts != nil {
		reporter = jaeger.NewCompositeReporter(reporter, s.counts)
	}
	cfg := config.Configuration{
		ServiceName: s.Name,
		Sampler:     &config.SamplerConfig{Type: jaeger.SamplerTypeConst, Param: 1},
		Tags:        []opentracing.Tag{{Key: "service.namespace", Value: "shop"}, {Key: "service.version", Value: "0.9.7"}},
	}
	tracer, closer, err := cfg.NewTracer(config.Reporter(reporter))
	if err != nil {
		return parts{}, err
	}
	p := &paymentService{s, tracer}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /charge", p.charge)
	return parts{handler: mux, close: func(context.Context) error { return closer.Close() }}, nil
}

func (p *paymentService) charge(w http.ResponseWriter, r *http.Request) {
	caller, err := p.tracer.Extract(opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(r.Header))
	if err != nil && !errors.Is(err, opentracing.ErrSpanContextNotFound) {
		writeError(w, http.StatusBadRequest, err)
		return
	}
	span := p.tracer.StartSpan("charge", ext.RPCServerOption(caller))
	defer span.Finish()
	ext.HTTPMethod.Set(span, r.Method)
	ext.HTTPUrl.Set(span, r.URL.Path)
	ext.Component.Set(span, "net/http")
	span.SetTag("customer.tier", span.BaggageItem("customer.tier"))

	var in chargeRequest
	if !readJSON(w, r, &in) {
		return
	}
	span.SetTag("order.id", in.OrderID).SetTag("payment.amount_fen", in.AmountFen)
	status, err := p.authorize(r.Context(), span, in)
	ext.HTTPStatusCode.Set(span, uint16(status))
	if err != nil {
		ext.LogError(span, err, log.String("error.kind", fmt.Sprintf("%T", err)))
		writeError(w, status, err)
		return
	}
	writeJSON(w, status, map[string]string{"authorization": fmt.Sprintf("A%08d", in.OrderID)})
}

// issuerTimeout is the error that --payment-errors makes.
type issuerTimeout struct{ issuer string }

func (e *issuerTimeout) Error() string {
	return "card issuer " + e.issuer + " did not answer within 30 ms / 发卡行超时"
}

func (p *paymentService) authorize(ctx context.Context, parent opentracing.Span, in chargeRequest) (int, error) {
	if err := p.score(ctx, parent, in); err != nil {
		return http.StatusBadGateway, err
	}
	span := p.tracer.StartSpan("authorize card", opentracing.ChildOf(parent.Context()), ext.SpanKindRPCClient)
	defer span.Finish()
	ext.PeerService.Set(span, "card-issuer")
	if happens(p.faults.get().PaymentErrors) {
		time.Sleep(30 * time.Millisecond)
		err := &issuerTimeout{"ICBC"}
		ext.LogError(span, err)
		return http.StatusGatewayTimeout, err
	}
	time.Sleep(3 * time.Millisecond) // a fast issuer
	return http.StatusOK, nil
}

// score asks the risk service; headers are injected by hand, as the rest.
func (p *paymentService) score(ctx context.Context, parent opentracing.Span, in chargeRequest) error {
	span := p.tracer.StartSpan("risk.score", opentracing.ChildOf(parent.Context()), ext.SpanKindRPCClient)
	defer span.Finish()
	ext.PeerService.Set(span, risk)
	raw, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Peers[risk]+"/score", bytes.NewReader(raw))
	if err != nil {
		return err
	}
	ext.HTTPMethod.Set(span, req.Method)
	ext.HTTPUrl.Set(span, req.URL.String())
	if err := p.tracer.Inject(span.Context(), opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(req.Header)); err != nil {
		return err
	}
	resp, err := p.plain.Do(req)
	if err != nil {
		ext.LogError(span, err)
		return err
	}
	defer resp.Body.Close()
	ext.HTTPStatusCode.Set(span, uint16(resp.StatusCode))
	if resp.StatusCode >= 400 {
		err := &statusError{req.Method, req.URL.String(), resp.StatusCode, ""}
		ext.LogError(span, err)
		return err
	}
	return nil
}
