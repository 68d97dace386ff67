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

// maxFault bounds an error document, in bytes.
const maxFault = 1 << 20

// answer is a post that is being read. The program waits for its status.
type answer struct {
	at      time.Time
	failed  bool // posted as an error
	request *http.Request
	writer  http.ResponseWriter
	status  chan int
}

// finish lets the program go with a status. It must be called once.
func (a *answer) finish(status int) { a.status <- status }

func (a *answer) limit() int64 {
	if a.failed {
		return maxFault
	}
	return contract.MaxFCResponse
}

func (a *answer) tooLarge() *contract.Error {
	return &contract.Error{Type: contract.ErrTooLarge, Message: fmt.Sprintf("response: want at most %d bytes, got more", a.limit())}
}

// interrupt ends reading from the program when ctx ends; stop reports false when it has.
func (a *answer) interrupt(ctx context.Context) (stop func() bool) {
	program := http.NewResponseController(a.writer)
	return context.AfterFunc(ctx, func() { _ = program.SetReadDeadline(past) }) // fails when the connection is gone
}

// fault reads the error that the program reports and finishes.
func (a *answer) fault(ctx context.Context, i *Instance) error {
	document, err := a.read(ctx, i)
	if err != nil {
		return err
	}
	return Fault(document)
}

// answerWeb makes an HTTP answer of what a function that takes events has answered, and finishes.
func (a *answer) answerWeb(ctx context.Context, i *Instance, w http.ResponseWriter, out *contract.Outcome) error {
	body, err := a.read(ctx, i)
	out.LastByte = time.Now()
	if err != nil {
		return err
	}
	web, failure := webAnswer(body)
	if failure != nil {
		return failure
	}
	out.Status, out.ResponseBytes = web.Status, int64(len(web.Body))
	web.Write(w)
	return nil
}

// read reads the whole of what the program posts, and finishes.
func (a *answer) read(ctx context.Context, i *Instance) ([]byte, error) {
	limit := a.limit()
	if a.request.ContentLength > limit {
		a.finish(http.StatusRequestEntityTooLarge)
		return nil, a.tooLarge()
	}
	stop := a.interrupt(ctx)
	body, err := io.ReadAll(io.LimitReader(a.request.Body, limit+1))
	switch {
	case !stop():
		a.finish(http.StatusBadRequest)
		return nil, ctx.Err()
	case err != nil:
		a.finish(http.StatusBadRequest)
		return nil, i.truncated(int64(len(body)), err)
	case int64(len(body)) > limit:
		a.finish(http.StatusRequestEntityTooLarge)
		return nil, a.tooLarge()
	}
	a.finish(http.StatusOK)
	return body, nil
}

// truncated is why an answer broke off. The connections of a program that dies are closed before it is known to be dead.
func (i *Instance) truncated(read int64, err error) *contract.Error {
	select {
	case <-i.gone:
		return i.exit()
	case <-time.After(lastWords):
		return &contract.Error{Type: contract.ErrTruncated, Message: fmt.Sprintf("the answer broke off after %d bytes: %v", read, err)}
	}
}

// pass hands a success on to the caller as it comes, and finishes.
func (a *answer) pass(ctx context.Context, i *Instance, inv *contract.Invocation, w http.ResponseWriter, out *contract.Outcome) error {
	header, status := http.Header{}, http.StatusOK
	if inv.Kind == contract.Web {
		var err error
		if header, status, err = decodeResponse(a.request.Header.Get(httpParamsHeader)); err != nil {
			a.finish(http.StatusBadRequest)
			return &contract.Error{Type: contract.ErrFunction, Message: err.Error()}
		}
	}
	if typ := a.request.Header.Get("Content-Type"); typ != "" && header.Get("Content-Type") == "" {
		header.Set("Content-Type", typ)
	}
	stop := a.interrupt(ctx)
	defer stop()
	err := contract.Pass(ctx, contract.Answer{
		Status: status, Header: header, Length: a.request.ContentLength, Limit: a.limit(), Body: a.request.Body,
	}, w, out)
	var large *contract.Error
	switch {
	case err == nil:
		a.finish(http.StatusOK)
		return nil
	case errors.As(err, &large):
		a.finish(http.StatusRequestEntityTooLarge)
		return large
	case ctx.Err() != nil:
		a.finish(http.StatusBadRequest)
		return ctx.Err()
	}
	a.finish(http.StatusBadRequest)
	return i.truncated(out.ResponseBytes, err)
}
