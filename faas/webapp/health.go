package webapp

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"weft/faas/contract"
	"weft/faas/function"
)

// While a program starts it is probed often, because whoever waits for the cold start waits for the probe, and more and more
// seldom, because a program that takes seconds does not start faster for being asked.
const (
	firstPause   = 2 * time.Millisecond
	longestPause = 50 * time.Millisecond
)

// Defaults and bounds of Function Compute's health checks.
const (
	defaultTimeout          = time.Second
	defaultFailureThreshold = 3
)

// health probes a program's server.
type health struct {
	function.HealthCheck
	link   *link
	client *http.Client

	mu       sync.Mutex // protects what follows
	probes   []contract.Probe
	failures int // in a row, of check
}

func newHealth(h function.HealthCheck, l *link) health {
	if h.Timeout <= 0 {
		h.Timeout = defaultTimeout
	}
	h.FailureThreshold = max(h.FailureThreshold, 0)
	if h.FailureThreshold == 0 {
		h.FailureThreshold = defaultFailureThreshold
	}
	h.SuccessThreshold = max(h.SuccessThreshold, 1)
	return health{HealthCheck: h, link: l, client: &http.Client{
		Transport:     l,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a redirect is healthy
	}}
}

// wait probes until the program has been healthy as often as it must be.
func (h *health) wait(ctx context.Context, i *Instance) error {
	pause, successes := firstPause, 0
	for next := h.Delay; ; next = pause {
		timer := time.NewTimer(next)
		select {
		case <-timer.C:
		case <-i.gone:
			timer.Stop()
			return i.exit()
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		err := h.probe(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			successes = 0
			pause = min(pause*3/2, longestPause)
			continue
		}
		if successes++; successes >= h.SuccessThreshold {
			return nil
		}
		pause = firstPause // the program is up; what is still wanted is to see it stay up
	}
}

func (h *health) check(ctx context.Context) error {
	err := h.ask(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		h.failures = 0
		return nil
	}
	if h.failures++; h.failures < h.FailureThreshold {
		return nil
	}
	return fmt.Errorf("unhealthy: %d probes in a row have failed, the last: %w", h.failures, err)
}

// probe asks and keeps what came of it.
func (h *health) probe(ctx context.Context) error {
	p := contract.Probe{Start: time.Now()}
	err := h.ask(ctx)
	p.End = time.Now()
	if err != nil {
		p.Err = err.Error()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.probes = append(h.probes, p)
	return err
}

func (h *health) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	if h.Path == "" {
		conn, err := h.link.dial(ctx)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.link.addresses[0]+h.Path, nil)
	if err != nil {
		return fmt.Errorf("health check of %s: %w", h.Path, err)
	}
	r.Header.Set("User-Agent", "weft-health-check")
	resp, err := h.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	const kept = 64 << 10 // of the body is read, so that the connection can be used again
	_, _ = io.CopyN(io.Discard, resp.Body, kept)
	if resp.StatusCode < 200 || resp.StatusCode > 399 {
		return fmt.Errorf("GET %s: want status 200 to 399, got %d", h.Path, resp.StatusCode)
	}
	return nil
}

func (h *health) phases() contract.Phases {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := contract.Phases{Probes: append([]contract.Probe(nil), h.probes...)}
	if ns := h.link.contact.Load(); ns != 0 {
		p.FirstContact = time.Unix(0, ns)
	}
	return p
}
