package store

import (
	"context"
	"errors"
	"sync"

	"github.com/ClickHouse/ch-go"
)

// maxNativeConns bounds the ch-go connections of a pool.
const maxNativeConns = 8

// pool keeps ch-go connections. One of them serves one query at a time.
type pool struct {
	target target
	slots  chan struct{} // one token per connection in use

	mu     sync.Mutex // protects the rest
	idle   []*ch.Client
	host   int // the host that answered last
	closed bool
}

func newPool(t target) *pool { return &pool{target: t, slots: make(chan struct{}, maxNativeConns)} }

// do runs q on some connection. A connection that was idle may have died with the engine that was at its other end; its
// query is tried once more on a new one. That is safe for inserts too: their tokens make them exact.
func (p *pool) do(ctx context.Context, q ch.Query) error {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.slots }()

	if c := p.takeIdle(); c != nil {
		err := c.Do(ctx, q)
		p.give(c, err)
		if err == nil || ctx.Err() != nil || ch.IsException(err) || !isNetwork(err) {
			return err
		}
	}
	c, err := p.dial(ctx)
	if err != nil {
		return err
	}
	err = c.Do(ctx, q)
	p.give(c, err)
	return err
}

func (p *pool) takeIdle() *ch.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if !c.IsClosed() {
			return c
		}
	}
	return nil
}

// give takes back a connection; one whose state is not certain any more is closed.
func (p *pool) give(c *ch.Client, err error) {
	if err != nil {
		// Even after an exception the other goroutine of Do may have left half a block on the wire.
		_ = c.Close()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = c.Close()
		return
	}
	p.idle = append(p.idle, c)
}

// dial tries every host, the one that answered last first.
func (p *pool) dial(ctx context.Context) (*ch.Client, error) {
	p.mu.Lock()
	first, closed := p.host, p.closed
	p.mu.Unlock()
	if closed {
		return nil, ch.ErrClosed
	}
	addrs := p.target.options.Addr
	var errs []error
	for i := range addrs {
		n := (first + i) % len(addrs)
		c, err := ch.Dial(ctx, p.target.native(addrs[n]))
		if err == nil {
			p.mu.Lock()
			p.host = n
			p.mu.Unlock()
			return c, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		_ = c.Close()
	}
	p.idle = nil
}
