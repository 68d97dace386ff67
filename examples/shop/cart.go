package main

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"

	"weft/sdk"
)

// maxCarts bounds memory: visitors that never check out leave their cart behind.
const maxCarts = 10_000

// cartService keeps carts in memory. It is written against OpenTracing, as code of 2018 would be.
type cartService struct {
	mu    sync.Mutex
	carts map[string][]line
}

func buildCart(ctx context.Context, s *service) (parts, error) {
	shutdown, err := s.openTracing(ctx)
	if err != nil {
		return parts{}, err
	}
	c := &cartService{carts: map[string][]line{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /carts/{user}", c.get)
	mux.HandleFunc("POST /carts/{user}/items", c.add)
	mux.HandleFunc("DELETE /carts/{user}", c.clear)
	return parts{handler: sdk.Middleware(mux), close: shutdown}, nil
}

// store is a span of a call to a store that keeps no spans itself.
func (c *cartService) store(ctx context.Context, op, user string) opentracing.Span {
	span, _ := opentracing.StartSpanFromContext(ctx, "cart."+op, ext.SpanKindRPCClient)
	ext.DBType.Set(span, "redis")
	ext.DBStatement.Set(span, op+" cart:"+user)
	ext.PeerService.Set(span, "cart-store")
	span.SetTag("customer.tier", span.BaggageItem("customer.tier"))
	return span
}

func (c *cartService) get(w http.ResponseWriter, r *http.Request) {
	span := c.store(r.Context(), "HGETALL", r.PathValue("user"))
	c.mu.Lock()
	lines := slices.Clone(c.carts[r.PathValue("user")])
	c.mu.Unlock()
	span.LogFields(log.Event("cart.loaded"), log.Int("lines", len(lines)))
	span.Finish()
	writeJSON(w, http.StatusOK, append([]line{}, lines...))
}

func (c *cartService) add(w http.ResponseWriter, r *http.Request) {
	var lines []line
	if !readJSON(w, r, &lines) {
		return
	}
	span := c.store(r.Context(), "HSET", r.PathValue("user"))
	defer span.Finish()
	c.mu.Lock()
	defer c.mu.Unlock()
	user := r.PathValue("user")
	if _, ok := c.carts[user]; !ok && len(c.carts) >= maxCarts {
		for old := range c.carts {
			delete(c.carts, old)
			break
		}
	}
	for _, l := range lines {
		i := slices.IndexFunc(c.carts[user], func(have line) bool { return have.ProductID == l.ProductID })
		if i < 0 {
			c.carts[user] = append(c.carts[user], l)
		} else {
			c.carts[user][i].Quantity += l.Quantity
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (c *cartService) clear(w http.ResponseWriter, r *http.Request) {
	span := c.store(r.Context(), "DEL", r.PathValue("user"))
	defer span.Finish()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.carts, r.PathValue("user"))
	w.WriteHeader(http.StatusNoContent)
}

// buildRisk scores payments. Its caller knows Jaeger's headers only.
func buildRisk(ctx context.Context, s *service) (parts, error) {
	shutdown, err := s.openTracing(ctx)
	if err != nil {
		return parts{}, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /score", func(w http.ResponseWriter, r *http.Request) {
		var in chargeRequest
		if !readJSON(w, r, &in) {
			return
		}
		span, _ := opentracing.StartSpanFromContext(r.Context(), "evaluate rules")
		defer span.Finish()
		score := 0.1
		if in.AmountFen > 100_000 {
			score = 0.6
		}
		span.SetTag("risk.score", score).SetTag("risk.tier", span.BaggageItem("customer.tier"))
		span.LogKV("event", "rules evaluated", "rules", 14)
		writeJSON(w, http.StatusOK, map[string]float64{"score": score})
	})
	return parts{handler: sdk.Middleware(mux), close: shutdown}, nil
}
