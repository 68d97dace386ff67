package faas

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"weft/faas/coldstart"
	"weft/faas/contract"
)

// Func is a function of the host program. ctx ends at the function's timeout, and carries the span that spans of its own
// belong under, and the baggage, where OpenTelemetry looks for them.
type Func func(ctx context.Context, event []byte) ([]byte, error)

// goFunc is the contract of a function in this process: there is no program, and nothing to wait for.
type goFunc struct {
	event Func
	web   http.Handler
}

// invoke runs the function in a goroutine of its own when it has to be left behind at its timeout.
func (g goFunc) invoke(ctx context.Context, inv *contract.Invocation, w http.ResponseWriter) (out contract.Outcome, err error) {
	ctx = trace.ContextWithSpanContext(ctx, inv.Span)
	if inv.Baggage.Len() > 0 {
		ctx = baggage.ContextWithBaggage(ctx, inv.Baggage)
	}
	out.Dispatched = time.Now()
	labels := pprof.Labels("function", inv.Name, "trace_id", inv.Span.TraceID().String(), coldstart.SpanLabel, inv.Span.SpanID().String())
	if g.web != nil {
		pprof.Do(ctx, labels, func(ctx context.Context) { g.serve(ctx, inv, w, &out) })
		out.LastByte = time.Now()
		return out, nil
	}
	var answer []byte
	var failure *contract.Error
	done := make(chan struct{})
	go pprof.Do(ctx, labels, func(ctx context.Context) {
		defer close(done)
		defer func() { failure = recovered(recover(), failure) }()
		result, err := g.event(ctx, inv.Event)
		answer, failure = result, errorOf(err)
	})
	select {
	case <-done:
	case <-ctx.Done():
		// It cannot be killed; it goes on, and what it answers is not waited for.
		return out, ctx.Err()
	}
	out.FirstByte = time.Now()
	if out.Error = failure; failure == nil {
		out.ResponseBytes = int64(len(answer))
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer) // a caller who is gone is no failure of the function
	}
	out.LastByte = time.Now()
	return out, nil
}

// serve runs a web function on this goroutine: its writer is no longer usable when the handler has returned.
func (g goFunc) serve(ctx context.Context, inv *contract.Invocation, w http.ResponseWriter, out *contract.Outcome) {
	counted := &countingWriter{ResponseWriter: w}
	defer func() {
		p := recover()
		if p == http.ErrAbortHandler {
			out.Error = &contract.Error{Type: contract.ErrTruncated, Message: "the handler aborted its answer"}
		} else {
			out.Error = recovered(p, nil)
		}
		out.FirstByte, out.ResponseBytes, out.Status = counted.first, counted.bytes, counted.statusOrOK()
	}()
	g.web.ServeHTTP(counted, inv.Request.WithContext(ctx))
}

// errorOf is the function's failure as callers of Lambda's Go functions get it: the type of the error is its type's name.
func errorOf(err error) *contract.Error {
	if err == nil {
		return nil
	}
	var own *contract.Error
	if errors.As(err, &own) {
		return own
	}
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return &contract.Error{Type: t.Name(), Message: err.Error(), Handled: true}
}

// recovered makes a panic a failure, with its stack; without one, failure stays.
func recovered(p any, failure *contract.Error) *contract.Error {
	if p == nil {
		return failure
	}
	return &contract.Error{Type: "panic", Message: fmt.Sprint(p), Stack: stackOfPanic()}
}

// stackOfPanic is called by a deferred function: the frames below runtime.gopanic are the panicking ones.
func stackOfPanic() (stack []contract.Frame) {
	pc := make([]uintptr, 64)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	panicking := false
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicking, stack = true, stack[:0] // the last one counts
		case panicking && (strings.HasPrefix(f.Function, "weft/faas.goFunc.") || strings.HasPrefix(f.Function, "runtime/pprof.Do")):
			return stack
		case panicking && !strings.HasPrefix(f.Function, "runtime."):
			stack = append(stack, contract.Frame{Function: f.Function, File: f.File, Line: f.Line})
		}
	}
	return stack
}

// countingWriter notes when the first byte went out, and how many did.
type countingWriter struct {
	http.ResponseWriter
	first  time.Time
	bytes  int64
	status int
}

func (c *countingWriter) statusOrOK() int {
	if c.status == 0 {
		return http.StatusOK
	}
	return c.status
}

func (c *countingWriter) WriteHeader(status int) {
	if status >= http.StatusOK && c.status == 0 {
		c.status, c.first = status, time.Now()
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *countingWriter) Write(p []byte) (int, error) {
	if c.status == 0 {
		c.status, c.first = http.StatusOK, time.Now()
	}
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the writer's other abilities.
func (c *countingWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Flush is asked for by name by handlers that know no ResponseController.
func (c *countingWriter) Flush() { _ = http.NewResponseController(c.ResponseWriter).Flush() }

// bufferWriter is the http.ResponseWriter of an invocation whose caller wants the answer as bytes.
type bufferWriter struct {
	header http.Header
	body   bytes.Buffer
}

func (b *bufferWriter) Header() http.Header {
	if b.header == nil {
		b.header = make(http.Header)
	}
	return b.header
}

func (b *bufferWriter) WriteHeader(int) {}

func (b *bufferWriter) Write(p []byte) (int, error) { return b.body.Write(p) }
