package contract

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Answer is what a program answers, to be passed on.
type Answer struct {
	Status int
	Header http.Header
	// Length is that of Body in bytes, -1 when it is not known; Limit is how long it may be.
	Length, Limit int64
	Body          io.Reader
}

var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// past is a deadline that ends what is waiting now.
var past = time.Unix(1, 0)

// Pass writes a to w as it comes and fills in what out has of it. Nothing is written before the first piece of the body has been
// read. It returns nil, an *Error when the body is too long, or the error of reading it. A caller who takes no more is no
// error; one who stops reading is cut off when ctx ends.
func Pass(ctx context.Context, a Answer, w http.ResponseWriter, out *Outcome) error {
	if a.Length > a.Limit {
		return tooLarge(a.Limit)
	}
	caller := http.NewResponseController(w)
	buffer := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buffer)
	deaf := false // the caller takes no more, or HEAD and 204 have no body
	for {
		n, err := a.Body.Read(buffer[:])
		if err != nil && err != io.EOF {
			return err
		}
		if out.ResponseBytes+int64(n) > a.Limit {
			return tooLarge(a.Limit)
		}
		if out.Status == 0 {
			out.Status = a.Status
			maps.Copy(w.Header(), a.Header)
			if a.Length >= 0 && a.Status != http.StatusNoContent && a.Status != http.StatusNotModified {
				w.Header().Set("Content-Length", strconv.FormatInt(a.Length, 10))
			}
			w.WriteHeader(a.Status)
			// Not every writer has a deadline. The front's own is gone with the connection.
			defer context.AfterFunc(ctx, func() { _ = caller.SetWriteDeadline(past) })()
		}
		if n > 0 && !deaf {
			_, werr := w.Write(buffer[:n])
			if werr == nil && a.Length < 0 {
				werr = caller.Flush()
			}
			deaf = werr != nil
		}
		out.ResponseBytes += int64(n)
		if err == io.EOF {
			out.LastByte = time.Now()
			return nil
		}
	}
}

// StopUpload ends whatever waits for more of the caller's request r, whose answer goes to w and has not begun. The caller can
// still be answered, after SetClosing.
func StopUpload(w http.ResponseWriter, r *http.Request) {
	if err := http.NewResponseController(w).SetReadDeadline(past); err != nil && r.Body != nil {
		// Not a server's writer. Close may wait for a read that is under way.
		go func() { _ = r.Body.Close() }()
	}
}

// SetClosing has the caller's connection closed after the answer, because the rest of a request is still to come on it, which
// must not be taken for the next request.
func SetClosing(w http.ResponseWriter) { w.Header().Set("Connection", "close") }

func tooLarge(limit int64) *Error {
	return &Error{Type: ErrTooLarge, Message: fmt.Sprintf("response: want at most %d bytes, got more", limit)}
}
