package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

type line struct {
	ProductID int `json:"product_id"`
	Quantity  int `json:"quantity"`
}

type checkoutRequest struct {
	User string `json:"user"`
	// Items, if any, are put into the cart first.
	Items []line `json:"items,omitempty"`
}

type checkoutResponse struct {
	OrderID     int64     `json:"order_id"`
	TotalFen    int64     `json:"total_fen"` // 1/100 yuan
	Recommended []product `json:"recommended,omitempty"`
}

type frontendService struct {
	*service
	checkouts metric.Int64Counter
	value     metric.Float64Histogram
}

func buildFrontend(ctx context.Context, s *service) (parts, error) {
	shutdown, err := s.openTelemetry(ctx)
	if err != nil {
		return parts{}, err
	}
	meter := otel.Meter(frontend)
	f := &frontendService{service: s}
	f.checkouts, err = meter.Int64Counter("shop.checkouts", metric.WithUnit("{checkout}"), metric.WithDescription("Checkouts by outcome"))
	if err != nil {
		return parts{}, err
	}
	f.value, err = meter.Float64Histogram("shop.order.value", metric.WithUnit("CNY"), metric.WithDescription("Value of an order"),
		metric.WithExplicitBucketBoundaries(20, 50, 100, 200, 500, 1000, 2000, 5000))
	if err != nil {
		return parts{}, err
	}
	mux := http.NewServeMux()
	tracedRoute(mux, "GET /products", f.listProducts)
	tracedRoute(mux, "GET /products/{id}", f.showProduct)
	tracedRoute(mux, "POST /cart/{user}/items", f.addToCart)
	tracedRoute(mux, "POST /checkout", f.checkout)
	return parts{handler: mux, close: shutdown}, nil
}

// setTraceResponse tells visitors the trace of their request, as W3C's traceresponse draft does.
func setTraceResponse(ctx context.Context, w http.ResponseWriter) {
	sc := trace.SpanContextFromContext(ctx)
	w.Header().Set("traceresponse", fmt.Sprintf("00-%s-%s-%s", sc.TraceID(), sc.SpanID(), sc.TraceFlags()))
}

func (f *frontendService) listProducts(w http.ResponseWriter, r *http.Request) {
	setTraceResponse(r.Context(), w)
	var products []product
	if _, err := call(r.Context(), f.client, http.MethodGet, f.Peers[catalog]+"/products?"+r.URL.RawQuery, nil, &products); err != nil {
		f.fail(w, r, "list products", err)
		return
	}
	writeJSON(w, http.StatusOK, products)
}

func (f *frontendService) showProduct(w http.ResponseWriter, r *http.Request) {
	setTraceResponse(r.Context(), w)
	var out struct {
		product
		Recommended []product `json:"recommended,omitempty"`
	}
	if _, err := call(r.Context(), f.client, http.MethodGet, f.Peers[catalog]+"/products/"+url.PathEscape(r.PathValue("id")), nil, &out.product); err != nil {
		f.fail(w, r, "show product", err)
		return
	}
	out.Recommended = f.recommendations(r.Context(), "visitor")
	writeJSON(w, http.StatusOK, out)
}

func (f *frontendService) addToCart(w http.ResponseWriter, r *http.Request) {
	setTraceResponse(r.Context(), w)
	var l line
	if !readJSON(w, r, &l) {
		return
	}
	if _, err := call(r.Context(), f.client, http.MethodPost, f.cartURL(r.PathValue("user"))+"/items", []line{l}, nil); err != nil {
		f.fail(w, r, "add to cart", err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (f *frontendService) cartURL(user string) string {
	return f.Peers[cart] + "/carts/" + url.PathEscape(user)
}

func (f *frontendService) checkout(w http.ResponseWriter, r *http.Request) {
	setTraceResponse(r.Context(), w)
	var in checkoutRequest
	if !readJSON(w, r, &in) {
		return
	}
	out, err := f.placeOrder(withTier(r.Context(), in.User), in)
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	f.checkouts.Add(r.Context(), 1, metric.WithAttributes(attribute.String("outcome", outcome)))
	if err != nil {
		f.fail(w, r, "checkout", err)
		return
	}
	f.value.Record(r.Context(), float64(out.TotalFen)/100)
	f.log.InfoContext(r.Context(), "order placed / 下单成功", "order.id", out.OrderID, "user.id", in.User, "total_fen", out.TotalFen)
	writeJSON(w, http.StatusOK, out)
}

// withTier puts the customer's tier into the baggage, where even the Jaeger service reads it.
func withTier(ctx context.Context, user string) context.Context {
	tier := "standard"
	if len(user)%2 == 0 {
		tier = "gold"
	}
	m, err := baggage.NewMemberRaw("customer.tier", tier)
	if err != nil {
		return ctx // cannot happen: both are plain ASCII
	}
	bag, err := baggage.FromContext(ctx).SetMember(m)
	if err != nil {
		return ctx
	}
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("user.id", user), attribute.String("customer.tier", tier))
	return baggage.ContextWithBaggage(ctx, bag)
}

func (f *frontendService) placeOrder(ctx context.Context, in checkoutRequest) (checkoutResponse, error) {
	if len(in.Items) > 0 {
		if _, err := call(ctx, f.client, http.MethodPost, f.cartURL(in.User)+"/items", in.Items, nil); err != nil {
			return checkoutResponse{}, err
		}
	}
	var lines []line
	if _, err := call(ctx, f.client, http.MethodGet, f.cartURL(in.User), nil, &lines); err != nil {
		return checkoutResponse{}, err
	}
	if len(lines) == 0 {
		return checkoutResponse{}, &statusError{http.MethodPost, "/checkout", http.StatusConflict, "the cart is empty"}
	}
	priced, err := f.price(ctx, lines)
	if err != nil {
		return checkoutResponse{}, err
	}
	var placed orderResponse
	if _, err := call(ctx, f.client, http.MethodPost, f.Peers[orders]+"/orders", orderRequest{User: in.User, Lines: priced}, &placed); err != nil {
		return checkoutResponse{}, err
	}
	if _, err := call(ctx, f.client, http.MethodDelete, f.cartURL(in.User), nil, nil); err != nil {
		return checkoutResponse{}, err
	}
	return checkoutResponse{placed.OrderID, placed.TotalFen, f.recommendations(ctx, in.User)}, nil
}

// price asks the catalog for all lines at the same time.
func (f *frontendService) price(ctx context.Context, lines []line) ([]orderLine, error) {
	ctx, span := otel.Tracer(frontend).Start(ctx, "price cart")
	defer span.End()
	priced := make([]orderLine, len(lines))
	errs := make([]error, len(lines))
	var wg sync.WaitGroup
	for i, l := range lines {
		wg.Go(func() {
			var p product
			_, errs[i] = call(ctx, f.client, http.MethodGet, fmt.Sprintf("%s/products/%d", f.Peers[catalog], l.ProductID), nil, &p)
			priced[i] = orderLine{line: l, Name: p.Name, PriceFen: p.PriceFen}
		})
	}
	wg.Wait()
	err := errors.Join(errs...)
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	return priced, err
}

// recommendations are worth no failed page: without them the page is shorter.
func (f *frontendService) recommendations(ctx context.Context, user string) []product {
	base, ok := f.Peers[recommend]
	if !ok {
		return nil
	}
	var out []product
	if _, err := call(ctx, f.client, http.MethodGet, base+"/recommendations/"+url.PathEscape(user), nil, &out); err != nil {
		f.log.WarnContext(ctx, "no recommendations", "err", err.Error())
	}
	return out
}

func (f *frontendService) fail(w http.ResponseWriter, r *http.Request, what string, err error) {
	status := http.StatusBadGateway
	var se *statusError
	if errors.As(err, &se) && se.status < 500 {
		status = se.status
	}
	span := trace.SpanFromContext(r.Context())
	if status >= 500 {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
		f.log.ErrorContext(r.Context(), what+" failed", "exception.type", fmt.Sprintf("%T", err), "exception.message", err.Error())
	}
	writeError(w, status, err)
}
