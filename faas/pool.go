package faas

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"weft/faas/contract"
	"weft/faas/function"
)

// pool holds the instances of one version of a function, and the requests that wait for one.
type pool struct {
	rt     *Runtime
	fn     *function.Function
	target *target

	mu sync.Mutex // protects what follows, and the fields of instances that say so
	// ready are the instances with a free slot, the one used last at the end: so that those at the front become idle.
	ready []*instance
	all   map[*instance]struct{}
	// starting and leaving count the instances that are on their way, failures those in a row that did not arrive.
	starting, leaving, failures int
	lastTry                     time.Time     // to start a provisioned one
	lastStart                   time.Duration // how long the last start that arrived took
	growing                     bool          // grow is about to look who still waits
	waiting                     []*waiter
	everStarted                 bool
	lastLoss                    string // why the last instance went: crashed or evicted
	closed, over                bool
	empty                       chan struct{} // closed when nothing is left after close
}

// waiter is a request that no instance could take at once.
type waiter struct {
	granted chan grant // has room for one
	// span is that of its wait: the start of an instance that it waits for is told below it.
	span trace.SpanContext
}

// grant is what a waiter gets.
type grant struct {
	in *instance
	// cold is the start of in, when the waiter waited for that. Its owner is the one below whose wait it is told.
	cold  *startup
	owner bool
	err   error
}

func newPool(rt *Runtime, t *target) *pool {
	return &pool{rt: rt, fn: t.fn, target: t, all: make(map[*instance]struct{}), empty: make(chan struct{})}
}

// acquire takes a slot of an instance, waiting for one or for the start of one when it must. span is that of the wait.
func (p *pool) acquire(ctx context.Context, span trace.SpanContext) (grant, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return grant{}, ErrClosed
	}
	if n := len(p.ready); n > 0 && len(p.waiting) == 0 {
		in := p.ready[n-1]
		p.take(in)
		p.mu.Unlock()
		return grant{in: in}, nil
	}
	// Those who wait for an instance that is on its way, or that may still be started, are not in the queue.
	if coming := max(p.starting, p.fn.Instances.Max-len(p.all)-p.leaving); len(p.waiting)-coming*p.fn.Concurrency >= p.fn.Instances.Queue {
		p.mu.Unlock()
		return grant{}, &ThrottledError{Function: p.fn.Name, Scope: "function", Limit: p.fn.Instances.Max * p.fn.Concurrency, Queue: p.fn.Instances.Queue}
	}
	w := &waiter{granted: make(chan grant, 1), span: span}
	p.waiting = append(p.waiting, w)
	if patience := p.patience(); patience == 0 {
		p.scale()
	} else if !p.growing {
		p.growing = true
		time.AfterFunc(patience, p.grow)
	}
	p.mu.Unlock()

	select {
	case g := <-w.granted:
		return g, g.err
	case <-ctx.Done():
	}
	p.mu.Lock()
	if i := slices.Index(p.waiting, w); i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
		p.mu.Unlock()
		return grant{}, ctx.Err()
	}
	p.mu.Unlock()
	g := <-w.granted // in the meantime
	if g.err == nil {
		p.release(g.in)
	}
	g.in = nil
	return g, ctx.Err()
}

// take uses one slot of in. p.mu is held.
func (p *pool) take(in *instance) {
	in.free--
	if in.free == 0 {
		p.ready = slices.DeleteFunc(p.ready, func(other *instance) bool { return other == in })
	}
}

// mostPatience bounds how long a request waits for a busy instance before another one is started for it.
const mostPatience = 100 * time.Millisecond

// patience is how long whoever waits now should wait for an instance that is at work: a tenth of what a start takes, because a slot that
// becomes free before that is there sooner, and costs nothing. Without one it is 0. p.mu is held.
func (p *pool) patience() time.Duration {
	if len(p.all) == 0 {
		return 0
	}
	return min(p.lastStart/10, mostPatience)
}

// grow starts instances for those who wait in spite of patience.
func (p *pool) grow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.growing = false
	p.scale()
}

// scale starts as many instances as those who wait could use. p.mu is held.
func (p *pool) scale() {
	for !p.closed && p.starting*p.fn.Concurrency < len(p.waiting) && len(p.all)+p.starting+p.leaving < p.fn.Instances.Max {
		p.starting++
		go p.launch(time.Now(), p.reason(), false)
	}
}

// reason says why an instance has to be started for a request. p.mu is held.
func (p *pool) reason() string {
	switch {
	case p.lastLoss != "" && len(p.all) == 0:
		return p.lastLoss
	case !p.everStarted:
		return p.rt.firstReason(p.fn)
	}
	return "scale_out"
}

// launch starts one instance, as was decided a moment ago, and gives it to whoever waits.
func (p *pool) launch(decided time.Time, reason string, provisioned bool) {
	in, st := p.rt.startInstance(p, decided, reason, provisioned)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.starting--
	p.everStarted = true
	if st.err != nil {
		p.failures++
		if w := p.next(); w != nil {
			st.adopt(w.span)
			w.granted <- grant{cold: st, owner: true, err: st.refusal()}
		} else {
			st.adopt(trace.SpanContext{})
		}
		p.scale()
		p.checkEmpty()
		return
	}
	p.failures, p.lastStart = 0, time.Since(decided)
	p.all[in] = struct{}{}
	in.free, in.idleSince = p.fn.Concurrency, time.Now()
	go p.watch(in)
	if p.closed {
		st.adopt(trace.SpanContext{})
		p.leave(in, "version_switch")
		return
	}
	p.ready = append(p.ready, in)
	if !p.serve(st) {
		st.adopt(trace.SpanContext{}) // nobody waits for it: its start is a trace of its own
	}
}

// next takes the first waiter out. p.mu is held.
func (p *pool) next() *waiter {
	if len(p.waiting) == 0 {
		return nil
	}
	w := p.waiting[0]
	p.waiting = p.waiting[1:]
	return w
}

// serve grants free slots to those who wait, and reports whether there was anyone. cold is the start that they waited for, nil when
// a slot became free. p.mu is held.
func (p *pool) serve(cold *startup) (served bool) {
	for len(p.ready) > 0 && len(p.waiting) > 0 {
		in, w := p.ready[len(p.ready)-1], p.next()
		p.take(in)
		if cold != nil && !served {
			cold.adopt(w.span)
		}
		w.granted <- grant{in: in, cold: cold, owner: !served}
		served = true
	}
	return served
}

// release gives a slot of in back.
func (p *pool) release(in *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, alive := p.all[in]; !alive {
		return
	}
	in.free++
	in.idleSince = time.Now()
	switch {
	case !in.draining && !p.closed:
		if in.free == 1 {
			p.ready = append(p.ready, in)
		}
		p.serve(nil)
	case in.free == p.fn.Concurrency:
		p.leave(in, in.why)
	}
}

// drain has in take nothing more, and stops it once it is done with what it has.
func (p *pool) drain(in *instance, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, alive := p.all[in]; !alive || in.draining {
		return
	}
	in.draining, in.why = true, reason
	p.forget(in)
	if in.free == p.fn.Concurrency {
		p.leave(in, reason)
	}
}

// forget takes in out of those that can be taken. p.mu is held.
func (p *pool) forget(in *instance) {
	p.ready = slices.DeleteFunc(p.ready, func(other *instance) bool { return other == in })
}

// leave stops in, and has others started for those who wait. p.mu is held.
func (p *pool) leave(in *instance, reason string) {
	delete(p.all, in)
	p.forget(in)
	p.leaving++
	go func() {
		p.rt.stopInstance(in, reason)
		close(in.left)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.leaving--
		p.scale()
		p.checkEmpty()
	}()
}

// watch waits for the end of in's program.
func (p *pool) watch(in *instance) {
	<-in.gone()
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, alive := p.all[in]; alive {
		p.lastLoss = "crashed"
		p.leave(in, in.lossReason())
	}
}

// checkEmpty closes empty when all is over. p.mu is held.
func (p *pool) checkEmpty() {
	if p.closed && len(p.all)+p.starting+p.leaving == 0 && !p.over {
		p.over = true
		close(p.empty)
	}
}

// close refuses whoever waits, lets what runs finish, and waits until nothing is left. When ctx ends, the rest is killed.
func (p *pool) close(ctx context.Context, reason string) {
	p.mu.Lock()
	p.closed = true
	for w := p.next(); w != nil; w = p.next() {
		w.granted <- grant{err: ErrClosed}
	}
	for in := range p.all {
		in.draining, in.why = true, reason
		if in.free == p.fn.Concurrency {
			p.leave(in, reason)
		}
	}
	p.ready = nil
	p.checkEmpty()
	p.mu.Unlock()
	select {
	case <-p.empty:
		return
	case <-ctx.Done():
	}
	p.mu.Lock()
	left := slices.Collect(maps.Keys(p.all))
	p.mu.Unlock()
	for _, in := range left {
		in.kill(&contract.Error{Type: contract.ErrShuttingDown, Message: "the runtime is shutting down"})
	}
	<-p.empty
}

// tend keeps the provisioned instances up, freezes those without work, and stops those that had none for long.
func (p *pool) tend(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	for want := p.fn.Instances.Provisioned - len(p.all) - p.starting; want > 0 && p.mayStart(now); want-- {
		p.starting++
		go p.launch(now, "provisioned", true)
	}
	for _, in := range slices.Clone(p.ready) {
		idle := now.Sub(in.idleSince)
		switch {
		case in.free < p.fn.Concurrency:
		case idle >= p.fn.Instances.Idle && len(p.all) > p.fn.Instances.Provisioned:
			p.lastLoss = "evicted"
			p.leave(in, "idle")
		case p.fn.Instances.Freeze >= 0 && idle >= p.fn.Instances.Freeze && !in.frozen.Load():
			p.forget(in) // nobody takes it meanwhile
			go p.freeze(in)
		}
	}
}

// longestIdle is the instance that has had no work for longest, nil when all are needed. p.mu is held.
func (p *pool) longestIdle() (found *instance) {
	if len(p.all) <= p.fn.Instances.Provisioned {
		return nil
	}
	for _, in := range p.ready {
		if in.free == p.fn.Concurrency && (found == nil || in.idleSince.Before(found.idleSince)) {
			found = in
		}
	}
	return found
}

// freeze freezes in, which nobody can take, and makes it one that can be taken again.
func (p *pool) freeze(in *instance) {
	in.freeze()
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, alive := p.all[in]; !alive || in.draining {
		return
	}
	p.ready = slices.Insert(p.ready, 0, in)
	p.serve(nil)
}

// count says how many instances there are, by whether they are kept ready.
func (p *pool) count() (onDemand, provisioned int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for in := range p.all {
		if in.startup.initType == initProvisioned {
			provisioned++
		} else {
			onDemand++
		}
	}
	return onDemand, provisioned
}

// mayStart says whether a provisioned instance may be started: after failures only now and then. p.mu is held.
func (p *pool) mayStart(now time.Time) bool {
	const longest = time.Minute
	if p.failures > 0 && now.Sub(p.lastTry) < min(time.Second<<min(p.failures, 6), longest) {
		return false
	}
	p.lastTry = now
	return true
}
