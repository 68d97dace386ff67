package fc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"weft/faas/contract"
)

// task is one invocation on its way through the program.
type task struct {
	id     string
	header http.Header
	body   []byte
	handed chan error   // how a poll has fared with it
	answer chan *answer // the one answer that is taken
	// dispatched is when a poll last got it.
	dispatched time.Time
}

func newTask(id string) *task {
	return &task{id: id, header: http.Header{}, handed: make(chan error, 1), answer: make(chan *answer, 1)}
}

// Invoke implements contract.Instance.
func (i *Instance) Invoke(ctx context.Context, inv *contract.Invocation, w http.ResponseWriter) (contract.Outcome, error) {
	var out contract.Outcome
	t := newTask(inv.ID)
	i.identity.SetHeaders(t.header, inv, Handle)
	t.body = inv.Event
	if inv.Kind == contract.Web {
		if err := i.webTask(ctx, inv, w, t); err != nil {
			return outcomeOf(out, err)
		}
	}
	if len(t.body) > contract.MaxFCRequest {
		return outcomeOf(out, requestTooLarge(int64(len(t.body))))
	}
	a, err := i.exchange(ctx, t)
	out.Dispatched = t.dispatched
	if err != nil {
		return outcomeOf(out, err)
	}
	out.FirstByte = a.at
	if a.failed {
		err = a.fault(ctx, i)
		out.LastByte = time.Now()
		return outcomeOf(out, err)
	}
	if i.takesEvents(inv) {
		err = a.answerWeb(ctx, i, w, &out)
	} else {
		err = a.pass(ctx, i, inv, w, &out)
	}
	return outcomeOf(out, err)
}

// takesEvents says that inv's request is handed over as an event.
func (i *Instance) takesEvents(inv *contract.Invocation) bool {
	return inv.Kind == contract.Web && i.identity.Function.Server.Event
}

// webTask puts inv's request into t: as an event, or as it is with a header that describes it.
func (i *Instance) webTask(ctx context.Context, inv *contract.Invocation, w http.ResponseWriter, t *task) error {
	body, err := readRequest(ctx, inv.Request, w)
	if err != nil {
		return err
	}
	if i.takesEvents(inv) {
		t.body, err = i.identity.eventOf(inv, body)
	} else {
		var params string
		params, err = encodeRequest(&i.identity, inv)
		t.header.Set(httpParamsHeader, params)
		t.body = body
	}
	if err != nil {
		return &contract.Error{Type: contract.ErrUnknown, Message: err.Error()}
	}
	return nil
}

// outcomeOf sorts what has gone wrong: the function's failures belong to the outcome, the end of the context does not.
func outcomeOf(out contract.Outcome, err error) (contract.Outcome, error) {
	var failure *contract.Error
	if errors.As(err, &failure) {
		out.Error = failure
		return out, nil
	}
	return out, err
}

func requestTooLarge(size int64) *contract.Error {
	return &contract.Error{
		Type:    contract.ErrRequestTooLarge,
		Message: fmt.Sprintf("request body: want at most %d bytes, got %d", contract.MaxFCRequest, size),
	}
}

// readRequest reads the whole body, because the program gets it as the answer of a poll and must not get half of one. When ctx
// ends it stops waiting for a caller who has stopped sending.
func readRequest(ctx context.Context, r *http.Request, w http.ResponseWriter) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > contract.MaxFCRequest {
		return nil, requestTooLarge(r.ContentLength)
	}
	stop := context.AfterFunc(ctx, func() { contract.StopUpload(w, r) })
	body, err := io.ReadAll(io.LimitReader(r.Body, contract.MaxFCRequest+1))
	if !stop() {
		contract.SetClosing(w)
		return nil, ctx.Err()
	}
	if err != nil {
		// The caller has broken off; its context tells so a moment later.
		return nil, context.Canceled
	}
	return body, nil
}

// past is a deadline that ends what is waiting now.
var past = time.Unix(1, 0)

// lastWords is how long a program that has exited may still have an answer in its connection's buffer.
const lastWords = 100 * time.Millisecond

// exchange hands t to the program and waits until it begins to answer. The error is a *contract.Error or ctx's; without one,
// the caller must finish the answer.
func (i *Instance) exchange(ctx context.Context, t *task) (*answer, error) {
	if !i.expect(t) {
		return nil, &contract.Error{Type: contract.ErrSandbox, Message: fmt.Sprintf("request id %s is under way in this instance", t.id)}
	}
	a, err := i.offer(ctx, t)
	if err == nil {
		return a, nil
	}
	if i.claim(t.id) == nil {
		(<-t.answer).finish(http.StatusBadRequest) // it came too late by a moment
	}
	return nil, err
}

func (i *Instance) offer(ctx context.Context, t *task) (*answer, error) {
	for handed := false; !handed; {
		select {
		case i.offers <- t:
		case <-i.gone:
			return nil, i.exit()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		t.dispatched = time.Now()
		select {
		case err := <-t.handed:
			handed = err == nil // another poll may get it
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	select {
	case a := <-t.answer:
		return a, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-i.gone:
	}
	select {
	case a := <-t.answer:
		return a, nil
	case <-time.After(lastWords):
		return nil, i.exit()
	}
}
