package lambda

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"weft/faas/contract"
)

// contentTypeIntegration marks a stream that begins with status and headers of an HTTP answer.
const contentTypeIntegration = "application/vnd.awslambda.http-integration-response"

// errTooLarge says that a body is larger than its limit.
var errTooLarge = errors.New("body is too large")

// drainLimit is how much of a body that is too large is read all the same: a client that is still writing does not see why it
// is refused.
const drainLimit = 64 << 20

// response takes the program's answer: all of it before the caller sees any, unless the program streams.
func (i *Instance) response(w http.ResponseWriter, req *http.Request) {
	r := i.begin(w, req, responding)
	if r == nil {
		return
	}
	mode := req.Header.Get(headerResponseMode)
	switch {
	case mode != "" && mode != "streaming":
		i.finish(r, &contract.Error{
			Type:    "Runtime.InvalidResponseModeHeader",
			Message: fmt.Sprintf("%s: want streaming or nothing, got %.40q", headerResponseMode, mode),
		})
		writeError(w, http.StatusBadRequest, "InvalidFunctionResponseMode", "Invalid function response mode")
	case mode == "streaming" || req.Header.Get("Content-Type") == contentTypeIntegration:
		i.stream(r, w, req)
	default:
		i.buffer(r, w, req)
	}
}

func (i *Instance) buffer(r *run, w http.ResponseWriter, req *http.Request) {
	body := getBuffer()
	err := readBody(body, req, contract.MaxLambdaResponse)
	switch {
	case errors.Is(err, errTooLarge):
		i.finish(r, tooLarge(contract.MaxLambdaResponse, req.ContentLength))
		putBuffer(body)
		requestTooLarge(w, contract.MaxLambdaResponse)
		return
	case err != nil:
		i.finish(r, truncated(err))
		putBuffer(body)
		requestTruncated(w)
		return
	}
	failure := trailerFailure(req.Trailer)
	i.mu.Lock()
	r.size = int64(body.Len())
	if failure == nil && !r.left && !r.done {
		r.body, r.contentType = body, req.Header.Get("Content-Type")
	} else {
		putBuffer(body)
	}
	i.end(r, failure)
	i.mu.Unlock()
	accepted(w)
}

// readBody reads req's body into buf.
func readBody(buf *bytes.Buffer, req *http.Request, limit int64) error {
	if req.ContentLength > 0 && req.ContentLength <= limit {
		buf.Grow(int(req.ContentLength) + bytes.MinRead)
	}
	if _, err := buf.ReadFrom(io.LimitReader(req.Body, limit+1)); err != nil {
		return err
	}
	if int64(buf.Len()) > limit {
		_, _ = io.CopyN(io.Discard, req.Body, drainLimit)
		return errTooLarge
	}
	return nil
}

// readAll is readBody for bodies that are rare.
func readAll(body io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err == nil && int64(len(b)) > limit {
		_, _ = io.CopyN(io.Discard, body, drainLimit)
		err = errTooLarge
	}
	return b, err
}

// stream passes the program's answer on as it comes.
func (i *Instance) stream(r *run, w http.ResponseWriter, req *http.Request) {
	n, err := r.out.copy(req)
	var failure *contract.Error
	switch {
	case errors.Is(err, errTooLarge):
		failure = tooLarge(contract.MaxStreamResponse, n)
	case errors.As(err, &failure):
		_, _ = io.CopyN(io.Discard, req.Body, drainLimit)
		err = nil
	case err != nil:
		failure = truncated(err)
	default:
		failure = trailerFailure(req.Trailer)
		if failure == nil {
			r.out.begin() // an empty answer
		}
	}
	i.mu.Lock()
	r.size = n
	i.end(r, failure)
	i.mu.Unlock()
	switch {
	case errors.Is(err, errTooLarge):
		requestTooLarge(w, contract.MaxStreamResponse)
	case err != nil:
		requestTruncated(w)
	default:
		accepted(w)
	}
}

// output is the caller's side of a streamed answer. The request of the program's answer writes to it until Invoke returns.
type output struct {
	w   http.ResponseWriter
	web bool

	mu     sync.Mutex
	closed bool // w must not be used any more
	begun  bool
	status int
	header http.Header
}

// copy returns how many bytes of body came. What cannot be written, because the caller is gone, is read all the same.
func (o *output) copy(req *http.Request) (int64, error) {
	var body io.Reader = req.Body
	h := http.Header{}
	if t := req.Header.Get("Content-Type"); t != "" {
		h.Set("Content-Type", t)
	}
	o.set(http.StatusOK, h)
	if o.web && req.Header.Get("Content-Type") == contentTypeIntegration {
		p, rest, err := readPrelude(req.Body)
		if err != nil {
			if t := trailerFailure(req.Trailer); t != nil {
				err = t // it has failed before its prelude was complete
			}
			return 0, err
		}
		o.set(p.Status, p.Header)
		o.begin()
		body = rest
	}
	buf := getBuffer()
	defer putBuffer(buf)
	buf.Grow(32 << 10)
	p := buf.AvailableBuffer()[:buf.Available()]
	var total int64
	for {
		n, err := body.Read(p)
		total += int64(n)
		if total > contract.MaxStreamResponse {
			_, _ = io.CopyN(io.Discard, body, drainLimit)
			return total, errTooLarge
		}
		if n > 0 {
			o.write(p[:n])
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

func (o *output) set(status int, header http.Header) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.status, o.header = status, header
	}
}

// begin writes status and headers once. The status of an event's answer is the front's to choose.
func (o *output) begin() { o.write(nil) }

func (o *output) write(p []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	if !o.begun {
		o.begun = true
		for k, v := range o.header {
			o.w.Header()[k] = v
		}
		o.w.WriteHeader(o.status)
	}
	var err error
	if len(p) > 0 {
		_, err = o.w.Write(p)
	}
	if err == nil {
		err = http.NewResponseController(o.w).Flush()
	}
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		o.closed = true // the caller is gone
	}
}

// close has w left alone from now on. A write that waits for a caller who does not read is cut short.
func (o *output) close() {
	if !o.mu.TryLock() {
		_ = http.NewResponseController(o.w).SetWriteDeadline(time.Now())
		o.mu.Lock()
	}
	o.closed = true
	o.mu.Unlock()
}

// writeBody writes an answer that came in one piece.
func (r *run) writeBody(out *contract.Outcome) {
	if r.out.web {
		a, failure := contract.ParseWebAnswer(r.body.Bytes())
		if failure != nil {
			out.Error = failure
			return
		}
		out.Status, out.ResponseBytes = a.Status, int64(len(a.Body))
		a.Write(r.out.w)
		return
	}
	h := r.out.w.Header()
	if r.contentType != "" {
		h["Content-Type"] = []string{r.contentType}
	}
	h["Content-Length"] = []string{strconv.Itoa(r.body.Len())}
	_, _ = r.out.w.Write(r.body.Bytes()) // a caller who is gone is the front's to notice
}

func tooLarge(limit, size int64) *contract.Error {
	m := fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", limit)
	if size > 0 {
		m = fmt.Sprintf("Response payload size (%d bytes) exceeded maximum allowed payload size (%d bytes).", size, limit)
	}
	return &contract.Error{Type: contract.ErrTooLarge, Message: m}
}

func truncated(err error) *contract.Error {
	return &contract.Error{Type: contract.ErrTruncated, Message: fmt.Sprintf("the program's answer broke off: %v", err)}
}

// trailerFailure returns what a program has said after the body of its answer, nil when it said nothing.
func trailerFailure(trailer http.Header) *contract.Error {
	if trailer.Get(headerErrorType) == "" {
		return nil
	}
	body, err := base64.StdEncoding.DecodeString(trailer.Get(headerErrorBody))
	if err != nil {
		body = nil // its type is known still
	}
	return parseFailure(trailer, body, contract.ErrFunction)
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func getBuffer() *bytes.Buffer { return buffers.Get().(*bytes.Buffer) }

// putBuffer keeps buffers of a size that is usual: one of 6 MiB would be held for answers of a few bytes.
func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= 64<<10 {
		b.Reset()
		buffers.Put(b)
	}
}
