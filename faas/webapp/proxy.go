package webapp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"sync"
	"sync/atomic"
	"time"

	"weft/faas/contract"
	"weft/faas/fc"
)

// Invoke implements contract.Instance.
func (i *Instance) Invoke(ctx context.Context, inv *contract.Invocation, w http.ResponseWriter) (contract.Outcome, error) {
	var out contract.Outcome
	alive, cancel := i.whileAlive(ctx)
	defer cancel()
	var err error
	if inv.Kind == contract.Event {
		err = i.event(ctx, alive, inv, w, &out)
	} else {
		err = i.web(ctx, alive, inv, w, &out)
	}
	var failure *contract.Error
	if asFailure(err, &failure) {
		out.Error, err = failure, nil
	}
	return out, err
}

func asFailure(err error, failure **contract.Error) bool { return errors.As(err, failure) }

// exchange is one request on its way through the program.
type exchange struct {
	ctx    context.Context // the caller's
	i      *Instance
	inv    *contract.Invocation
	out    *contract.Outcome
	w      *recorder
	upload atomic.Pointer[error] // why the request's body could not be read; it may be read on after the answer
	failed error                 // why there is no answer
	broken error                 // why the answer broke off
	marked bool                  // the function has marked its answer as a failure
	stop   func() bool           // ends the watch over a caller who does not read
	// release ends the use of the connection to the program.
	release func()
	// uploaded: the request's body has been read. begun: there is an answer. cut: the body is not read any further, because of us.
	// ended: cut because the connection to the program has ended.
	uploaded, begun, cut, ended atomic.Bool
}

// past is a deadline that ends what is waiting now.
var past = time.Unix(1, 0)

// web passes the request and its answer through, both as they come.
func (i *Instance) web(ctx, alive context.Context, inv *contract.Invocation, w http.ResponseWriter, out *contract.Outcome) error {
	x := &exchange{ctx: ctx, i: i, inv: inv, out: out, w: newRecorder(w), stop: func() bool { return true }, release: func() {}}
	r := inv.Request.WithContext(alive)
	if r.Body != nil && r.Body != http.NoBody {
		// Servers may answer while they read. Where the front's writer cannot, the request is read first.
		_ = http.NewResponseController(w).EnableFullDuplex()
		r.Body = &upload{r.Body, x}
		defer context.AfterFunc(alive, x.cutUpload)()
	}
	proxy := httputil.ReverseProxy{
		Rewrite: x.rewrite, Transport: x, FlushInterval: -1, BufferPool: proxyBuffers, ErrorLog: quiet,
		ModifyResponse: x.answered,
		ErrorHandler:   func(_ http.ResponseWriter, _ *http.Request, err error) { x.failed = err },
	}
	aborted := serve(&proxy, x.w, r)
	x.stop()
	x.release()
	out.ResponseBytes = x.w.bytes.Load()
	switch {
	case x.failed != nil && x.w.hijacked:
		return context.Canceled // the caller has broken off before it was told of the upgrade
	case x.failed != nil:
		out.Status = 0
		if x.cut.Load() {
			contract.SetClosing(w)
		}
		if x.ended.Load() { // cutting the upload ends a server's context for the request, so that says nothing about the caller
			return i.failure(context.WithoutCancel(ctx), fmt.Errorf("the program closed the connection: %w", io.EOF), 0)
		}
		if err := x.upload.Load(); err != nil {
			return uploadFailure(ctx, *err)
		}
		return i.failure(ctx, x.failed, 0)
	case x.broken != nil:
		return i.failure(ctx, x.broken, out.ResponseBytes)
	case aborted && ctx.Err() != nil:
		return ctx.Err()
	case aborted:
		return context.Canceled // the caller takes no more
	}
	out.LastByte = time.Now()
	if x.marked {
		return &contract.Error{Type: contract.ErrFunction, Message: "the function marked its answer with x-fc-status: 404", Handled: true}
	}
	return nil
}

// uploadFailure is why a caller's request has not arrived whole: it has broken off, and its context tells so a moment later,
// was too slow, or has hit the front's own bound.
func uploadFailure(ctx context.Context, err error) error {
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		return &contract.Error{Type: contract.ErrRequestTooLarge, Message: large.Error()}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return context.Canceled
}

// quiet is for what the proxy would log: all of it is in the outcome.
var quiet = log.New(io.Discard, "", 0)

// serve reports whether the proxy has broken its answer off.
func serve(proxy *httputil.ReverseProxy, w http.ResponseWriter, r *http.Request) (aborted bool) {
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			aborted = true
		} else if p != nil {
			panic(p)
		}
	}()
	proxy.ServeHTTP(w, r)
	return false
}

func (x *exchange) rewrite(p *httputil.ProxyRequest) {
	out := p.Out
	out.URL.Scheme, out.URL.Host = "http", x.i.link.addresses[0]
	out.URL.RawQuery = p.In.URL.RawQuery // as it came, readable or not
	out.Trailer = p.In.Trailer           // filled in when the body has been read
	if prior := p.In.Header["X-Forwarded-For"]; prior != nil {
		out.Header["X-Forwarded-For"] = prior
	}
	p.SetXForwarded()
	if x.inv.Prefix != "" {
		out.Header.Set("X-Forwarded-Prefix", x.inv.Prefix)
	}
	x.i.identity.SetHeaders(out.Header, x.inv, fc.Handle)
	out.Header.Set("X-Fc-Control-Path", "/http-invoke")
}

// RoundTrip notes the times.
func (x *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	x.out.Dispatched = time.Now()
	ended := x.cutUpload
	if r.Body == nil {
		ended = nil
	}
	resp, release, err := x.i.link.roundTrip(r, ended)
	x.release = release
	if err == nil {
		x.begun.Store(true)
		x.out.FirstByte = time.Now()
	}
	return resp, err
}

// cutUpload stops reading from a caller when nothing comes of it any more, so that one who does not go on sending does not hold
// the instance. Once there is an answer nothing waits for the upload, and once it is complete there is nothing to stop: a
// server would take the deadline for the caller's leaving.
func (x *exchange) cutUpload() {
	caller := x.ctx.Err() // before it ends because of us
	if x.uploaded.Load() || x.begun.Load() || !x.cut.CompareAndSwap(false, true) {
		return
	}
	x.ended.Store(caller == nil)
	contract.StopUpload(x.w.ResponseWriter, x.inv.Request)
}

func (x *exchange) answered(resp *http.Response) error {
	x.out.Status = resp.StatusCode
	x.marked = failedByHeader(resp.Header)
	if resp.StatusCode != http.StatusSwitchingProtocols {
		resp.Body = &download{resp.Body, x}
	}
	// From here on a caller who does not read must not hold the instance.
	x.stop = context.AfterFunc(x.ctx, func() { _ = http.NewResponseController(x.w.ResponseWriter).SetWriteDeadline(past) })
	return nil
}

// upload is the request's body.
type upload struct {
	io.ReadCloser
	x *exchange
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	switch {
	case err == io.EOF:
		u.x.uploaded.Store(true)
	case err != nil && !u.x.cut.Load():
		u.x.upload.Store(&err)
	}
	return n, err
}

// download is the answer's body.
type download struct {
	io.ReadCloser
	x *exchange
}

func (d *download) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		d.x.broken = err
	}
	return n, err
}

type bufferPool struct{ sync.Pool }

func (b *bufferPool) Get() []byte  { return b.Pool.Get().(*[32 << 10]byte)[:] }
func (b *bufferPool) Put(p []byte) { b.Pool.Put((*[32 << 10]byte)(p)) }

var proxyBuffers = &bufferPool{sync.Pool{New: func() any { return new([32 << 10]byte) }}}
