package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	visitors = 50
	// maxVisits bounds the visits under way; above it new ones are not started, as a full shop turns people away.
	maxVisits = 64
	// Now and then a coach arrives: rush visits at once.
	rush      = 15
	rushEvery = 40 * time.Second
)

// drive visits the shop rate times a second until ctx is done: each visit looks around and checks out, and on average two
// more only look around. Every rushEvery there is a rush. Answers, errors included, are the traces' business.
func drive(ctx context.Context, transport http.RoundTripper, base string, rate float64) {
	if rate == 0 {
		<-ctx.Done()
		return
	}
	client := &http.Client{Timeout: 30 * time.Second, Transport: transport}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, maxVisits)
	visit := func(buy bool) {
		select {
		case slots <- struct{}{}:
		default:
			return
		}
		wg.Go(func() {
			defer func() { <-slots }()
			v := visitor{client, base, fmt.Sprintf("user-%d", rand.IntN(visitors)+1)}
			v.lookAround(ctx)
			if buy {
				v.buy(ctx)
			}
		})
	}
	// Arrivals are independent of one another, so the gaps between them are exponential.
	coach := time.NewTicker(rushEvery)
	defer coach.Stop()
	for {
		gap := time.NewTimer(time.Duration(rand.ExpFloat64() / (3 * rate) * float64(time.Second)))
		select {
		case <-ctx.Done():
			gap.Stop()
			return
		case <-gap.C:
			visit(rand.IntN(3) == 0)
		case <-coach.C:
			gap.Stop()
			for range rush {
				visit(rand.IntN(3) == 0)
			}
		}
	}
}

type visitor struct {
	client *http.Client
	base   string
	user   string
}

var searches = []string{"", "", "茶", "键盘", "USB-C", "杯"}

func (v visitor) lookAround(ctx context.Context) {
	v.do(ctx, http.MethodGet, "/products?q="+url.QueryEscape(searches[rand.IntN(len(searches))]), nil)
	v.do(ctx, http.MethodGet, fmt.Sprintf("/products/%d", rand.IntN(productCount)+1), nil)
}

func (v visitor) buy(ctx context.Context) {
	for range rand.IntN(3) + 1 {
		v.do(ctx, http.MethodPost, "/cart/"+v.user+"/items", line{rand.IntN(productCount) + 1, rand.IntN(2) + 1})
	}
	v.do(ctx, http.MethodPost, "/checkout", checkoutRequest{User: v.user})
}

func (v visitor) do(ctx context.Context, method, path string, in any) {
	_, _ = call(ctx, v.client, method, v.base+path, in, nil)
}
