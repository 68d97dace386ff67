package lambda

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"time"

	"weft/faas/contract"
)

// state is how far a program, or an invocation that it has, has come. The names are those of the vendor's emulator, and so is what
// may follow what.
type state string

const (
	started      state = "Started"
	initFailed   state = "InitError"
	idle         state = "Ready"
	running      state = "Running"
	responding   state = "InvocationResponse"
	failing      state = "InvocationErrorResponse"
	responseSent state = "RuntimeResponseSentState"
)

// poll is one request for the next invocation.
type poll struct {
	w      http.ResponseWriter
	handed chan struct{} // closed when w has been used
}

// run is one invocation on its way through the program. Its fields are guarded by Instance.mu, but for those above ended, which
// do not change, and those of the answer, which do not change once ended is closed.
type run struct {
	inv   *contract.Invocation
	event []byte
	out   *output
	ended chan struct{} // closed when its answer is known
	free  chan struct{} // closed when the program polls again

	state     state // empty while it waits for a poll
	announced bool  // extensions have its INVOKE event
	left      bool  // nobody waits for its answer any more
	done      bool  // ended is closed
	released  bool  // the program has polled again
	pending   int   // extensions that have not polled since its INVOKE event
	isFree    bool  // free is closed

	// The answer.
	failure                         *contract.Error
	body                            *bytes.Buffer // nil when it went to out
	contentType                     string
	size                            int64
	dispatched, firstByte, lastByte time.Time
}

// Invoke hands inv to the first poll there is. Its place is free when the program polls again and every extension that is told of
// invocations has, too.
func (i *Instance) Invoke(ctx context.Context, inv *contract.Invocation, w http.ResponseWriter) (contract.Outcome, error) {
	event, refused, err := i.eventOf(ctx, inv)
	if refused != nil {
		return refused.write(w), nil
	}
	if err != nil {
		return contract.Outcome{}, err
	}
	r := &run{
		inv:   inv,
		event: event,
		out:   &output{w: w, web: inv.Kind == contract.Web},
		ended: make(chan struct{}),
		free:  make(chan struct{}),
	}
	i.dispatch(r, false)
	select {
	case <-r.ended:
	case <-ctx.Done():
		if out, left := i.leave(r); left {
			return out, ctx.Err()
		}
	}
	r.out.close() // what ended it may have been Exited, with a stream still under way
	i.mu.Lock()
	out := r.outcome()
	i.mu.Unlock()
	if r.body != nil {
		r.writeBody(&out)
		putBuffer(r.body)
	}
	return out, nil
}

// outcome is what is known of r, whose output is closed. i.mu is held.
func (r *run) outcome() contract.Outcome {
	out := contract.Outcome{
		Error:         r.failure,
		Dispatched:    r.dispatched,
		FirstByte:     r.firstByte,
		LastByte:      r.lastByte,
		ResponseBytes: r.size,
		Status:        r.out.status,
	}
	if !r.dispatched.IsZero() {
		out.Free = r.free
	}
	return out
}

// dispatch hands r to a poll that waits, or has r wait for one: first in line when it was in line before.
func (i *Instance) dispatch(r *run, first bool) {
	for {
		i.mu.Lock()
		if r.left {
			i.mu.Unlock()
			return
		}
		if i.failure != nil {
			i.end(r, i.failure)
			i.mu.Unlock()
			return
		}
		if len(i.polls) == 0 {
			if first {
				i.waiting = slices.Insert(i.waiting, 0, r)
			} else {
				i.waiting = append(i.waiting, r)
			}
			i.mu.Unlock()
			return
		}
		p := i.polls[0]
		i.polls = slices.Delete(i.polls, 0, 1)
		i.start(r)
		i.mu.Unlock()
		// The poll's own goroutine would have to be woken first to write the same bytes.
		err := i.hand(r, p.w)
		close(p.handed)
		if err == nil || !i.takeBack(r) {
			return
		}
		first = true
	}
}

// start gives r to the program. i.mu is held.
func (i *Instance) start(r *run) {
	r.state = running
	r.dispatched = time.Now()
	i.runs[r.inv.ID] = r
	if !r.announced {
		r.announced = true
		i.invoked(r)
	}
}

// takeBack says whether r, which could not be handed over, is to be handed to another poll.
func (i *Instance) takeBack(r *run) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if r.done || r.state != running {
		return false
	}
	delete(i.runs, r.inv.ID)
	r.state, r.dispatched = "", time.Time{}
	return true
}

// leave stops waiting for r's answer. It reports false when r has ended meanwhile.
func (i *Instance) leave(r *run) (contract.Outcome, bool) {
	i.mu.Lock()
	if r.done {
		i.mu.Unlock()
		return contract.Outcome{}, false
	}
	r.left = true
	if k := slices.Index(i.waiting, r); k >= 0 {
		i.waiting = slices.Delete(i.waiting, k, k+1)
	}
	i.mu.Unlock()
	r.out.close()
	i.mu.Lock()
	defer i.mu.Unlock()
	return r.outcome(), true
}

// end makes r's answer known: what is in r already, or err. It reports false when it was known before. i.mu is held.
func (i *Instance) end(r *run, err *contract.Error) bool {
	if r.done {
		return false
	}
	r.done = true
	r.failure = err
	r.lastByte = time.Now()
	if r.state != "" {
		r.state = responseSent
		i.sent = append(i.sent, r)
		i.runtimeDone(r)
	} else {
		r.lastByte = time.Time{}
	}
	close(r.ended)
	return true
}

// release takes r from the program, which has polled again. i.mu is held.
func (i *Instance) release(r *run) {
	delete(i.runs, r.inv.ID)
	if k := slices.Index(i.sent, r); k >= 0 {
		i.sent = slices.Delete(i.sent, k, k+1)
	}
	r.released = true
	if r.pending == 0 {
		i.freed(r)
	}
}

// freed closes r.free once. i.mu is held.
func (i *Instance) freed(r *run) {
	if !r.isFree {
		r.isFree = true
		i.report(r)
		close(r.free)
	}
}
