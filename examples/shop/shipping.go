package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const shippingSchema = `
CREATE TABLE IF NOT EXISTS shipments (order_id INTEGER PRIMARY KEY, parcel TEXT NOT NULL, trace_id TEXT NOT NULL, attempts INTEGER NOT NULL);
`

// shipment is also what GET /shipments/{order} answers, which is how others learn that a message has been worked off.
type shipment struct {
	OrderID  int64  `json:"order_id"`
	Parcel   string `json:"parcel"`
	TraceID  string `json:"trace_id"`
	Attempts int    `json:"attempts"`
}

const (
	retryDelay = 200 * time.Millisecond
	// receiveWait is how long one request to the broker waits.
	receiveWait = 10 * time.Second
	// brokerBackOff is the pause after the broker could not be reached.
	brokerBackOff = time.Second
)

type shippingService struct {
	*service
	db     *sql.DB
	tracer trace.Tracer
}

func buildShipping(ctx context.Context, s *service) (parts, error) {
	shutdown, err := s.openTelemetry(ctx)
	if err != nil {
		return parts{}, err
	}
	db, err := s.openDB(ctx, "shipping.db", shippingSchema)
	if err != nil {
		return parts{}, err
	}
	sh := &shippingService{s, db, otel.Tracer(shipping)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /shipments/{order}", sh.get) // not traced: it is asked again and again
	return parts{handler: mux, job: sh.consume, close: func(ctx context.Context) error { return errors.Join(db.Close(), shutdown(ctx)) }}, nil
}

func (s *shippingService) consume(ctx context.Context) error {
	b := s.broker()
	for ctx.Err() == nil {
		m, err := b.receive(ctx, ordersQueue, receiveWait)
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(brokerBackOff):
			}
			continue
		}
		if m == nil {
			continue
		}
		// A message that was taken is worked off even when the service is told to stop.
		s.process(context.WithoutCancel(ctx), b, m)
	}
	return nil
}

// process works a message off in a trace of its own, linked to the producer's span: the checkout is long over.
func (s *shippingService) process(ctx context.Context, b brokerClient, m *message) {
	sent := otel.GetTextMapPropagator().Extract(ctx, propagation.MapCarrier(m.Headers))
	attrs := append(messagingAttributes("process"), attribute.String("messaging.message.id", m.ID),
		attribute.Int("messaging.message.delivery_attempt", m.Attempts))
	ctx, span := s.tracer.Start(sent, "process "+ordersQueue, trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithLinks(trace.LinkFromContext(sent)), trace.WithAttributes(attrs...))
	defer span.End()
	if err := s.ship(ctx, m); err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
		s.log.ErrorContext(ctx, "shipping failed / 发货失败", "messaging.message.id", m.ID, "attempt", m.Attempts,
			"exception.type", fmt.Sprintf("%T", err), "exception.message", err.Error())
		if err := b.retry(ctx, m, retryDelay); err != nil {
			s.log.WarnContext(ctx, "cannot give the message back", "err", err.Error())
		}
		return
	}
	if err := b.ack(ctx, m); err != nil {
		s.log.WarnContext(ctx, "cannot acknowledge the message", "err", err.Error())
	}
}

func (s *shippingService) ship(ctx context.Context, m *message) error {
	var order orderPlaced
	if err := json.Unmarshal(m.Body, &order); err != nil {
		return err
	}
	trace.SpanFromContext(ctx).SetAttributes(attribute.Int64("order.id", order.OrderID))
	if happens(s.faults.get().ConsumerErrors) {
		return errors.New("label printer is out of paper / 打印机缺纸")
	}
	for _, l := range order.Lines {
		_, err := call(ctx, s.client, http.MethodPost, fmt.Sprintf("%s/products/%d/take", s.Peers[catalog], l.ProductID),
			map[string]int{"quantity": l.Quantity}, nil)
		if err != nil {
			return fmt.Errorf("take from stock: %w", err)
		}
	}
	parcel := fmt.Sprintf("SF%010d", order.OrderID)
	// A message may come twice; the second delivery changes nothing.
	_, err := s.db.ExecContext(ctx, `INSERT OR IGNORE INTO shipments (order_id, parcel, trace_id, attempts) VALUES (?, ?, ?, ?)`,
		order.OrderID, parcel, trace.SpanContextFromContext(ctx).TraceID().String(), m.Attempts)
	if err != nil {
		return fmt.Errorf("store shipment: %w", err)
	}
	s.log.InfoContext(ctx, "parcel handed over / 已发货", "order.id", order.OrderID, "parcel", parcel)
	return nil
}

func (s *shippingService) get(w http.ResponseWriter, r *http.Request) {
	var out shipment
	err := s.db.QueryRowContext(r.Context(), `SELECT order_id, parcel, trace_id, attempts FROM shipments WHERE order_id = ?`, r.PathValue("order")).
		Scan(&out.OrderID, &out.Parcel, &out.TraceID, &out.Attempts)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		writeError(w, http.StatusNotFound, fmt.Errorf("order %s has not been shipped", r.PathValue("order")))
	case err != nil:
		writeError(w, http.StatusInternalServerError, err)
	default:
		writeJSON(w, http.StatusOK, out)
	}
}
