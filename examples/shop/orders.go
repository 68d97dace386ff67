package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

type orderLine struct {
	line
	Name     string `json:"name"`
	PriceFen int64  `json:"price_fen"`
}

type orderRequest struct {
	User  string      `json:"user"`
	Lines []orderLine `json:"lines"`
}

type orderResponse struct {
	OrderID  int64 `json:"order_id"`
	TotalFen int64 `json:"total_fen"`
}

// orderPlaced is the message that shipping receives.
type orderPlaced struct {
	OrderID int64       `json:"order_id"`
	User    string      `json:"user"`
	Lines   []orderLine `json:"lines"`
}

const ordersSchema = `
CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, customer TEXT NOT NULL, total_fen INTEGER NOT NULL, status TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS order_lines (order_id INTEGER NOT NULL REFERENCES orders(id), product_id INTEGER NOT NULL,
 quantity INTEGER NOT NULL, price_fen INTEGER NOT NULL);
`

type ordersService struct {
	*service
	db     *sql.DB
	tracer trace.Tracer
}

func buildOrders(ctx context.Context, s *service) (parts, error) {
	shutdown, err := s.openTelemetry(ctx)
	if err != nil {
		return parts{}, err
	}
	db, err := s.openDB(ctx, "orders.db", ordersSchema)
	if err != nil {
		return parts{}, err
	}
	o := &ordersService{s, db, otel.Tracer(orders)}
	mux := http.NewServeMux()
	tracedRoute(mux, "POST /orders", o.place)
	return parts{handler: mux, close: func(ctx context.Context) error { return errors.Join(db.Close(), shutdown(ctx)) }}, nil
}

func (o *ordersService) place(w http.ResponseWriter, r *http.Request) {
	var in orderRequest
	if !readJSON(w, r, &in) {
		return
	}
	out, err := o.process(r.Context(), in)
	if err != nil {
		span := trace.SpanFromContext(r.Context())
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
		o.log.ErrorContext(r.Context(), "order failed / 下单失败", "order.id", out.OrderID,
			"exception.type", fmt.Sprintf("%T", err), "exception.message", err.Error())
		writeError(w, http.StatusBadGateway, err)
		return
	}
	writeJSON(w, http.StatusCreated, out)
}

func (o *ordersService) process(ctx context.Context, in orderRequest) (orderResponse, error) {
	out, err := o.insert(ctx, in)
	if err != nil {
		return out, fmt.Errorf("store order: %w", err)
	}
	trace.SpanFromContext(ctx).SetAttributes(attribute.Int64("order.id", out.OrderID), attribute.Int64("order.total_fen", out.TotalFen))
	status := "paid"
	_, err = call(ctx, o.client, http.MethodPost, o.Peers[payment]+"/charge", chargeRequest{out.OrderID, out.TotalFen}, nil)
	if err != nil {
		status = "failed"
		err = fmt.Errorf("charge: %w", err)
	}
	if _, dbErr := o.db.ExecContext(ctx, `UPDATE orders SET status = ? WHERE id = ?`, status, out.OrderID); dbErr != nil {
		return out, errors.Join(err, dbErr)
	}
	if err != nil {
		return out, err
	}
	return out, o.send(ctx, orderPlaced{out.OrderID, in.User, in.Lines})
}

func (o *ordersService) insert(ctx context.Context, in orderRequest) (orderResponse, error) {
	var out orderResponse
	for _, l := range in.Lines {
		out.TotalFen += int64(l.Quantity) * l.PriceFen
	}
	tx, err := o.db.BeginTx(ctx, nil)
	if err != nil {
		return out, err
	}
	defer tx.Rollback() // does nothing after Commit
	res, err := tx.ExecContext(ctx, `INSERT INTO orders (customer, total_fen, status) VALUES (?, ?, 'new')`, in.User, out.TotalFen)
	if err != nil {
		return out, err
	}
	if out.OrderID, err = res.LastInsertId(); err != nil {
		return out, err
	}
	for _, l := range in.Lines {
		if _, err := tx.ExecContext(ctx, `INSERT INTO order_lines (order_id, product_id, quantity, price_fen) VALUES (?, ?, ?, ?)`,
			out.OrderID, l.ProductID, l.Quantity, l.PriceFen); err != nil {
			return out, err
		}
	}
	return out, tx.Commit()
}

// send hands the message to the broker in a producer span whose context travels in the message's headers.
func (o *ordersService) send(ctx context.Context, msg orderPlaced) error {
	ctx, span := o.tracer.Start(ctx, "send "+ordersQueue, trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(messagingAttributes("send")...))
	defer span.End()
	headers := propagation.MapCarrier{}
	otel.GetTextMapPropagator().Inject(ctx, headers)
	id, err := o.broker().send(ctx, ordersQueue, headers, msg)
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
		return fmt.Errorf("queue order: %w", err)
	}
	span.SetAttributes(attribute.String("messaging.message.id", id))
	return nil
}

func messagingAttributes(op string) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("messaging.system", queue),
		attribute.String("messaging.destination.name", ordersQueue),
		attribute.String("messaging.operation.type", op),
		attribute.String("messaging.operation.name", op),
	}
}
