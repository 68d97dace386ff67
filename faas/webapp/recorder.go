package webapp

import (
	"bufio"
	"io"
	"maps"
	"net"
	"net/http"
	"sync/atomic"
)

// recorder counts what the caller gets, of a hijacked connection too.
type recorder struct {
	http.ResponseWriter
	front    http.Header // what the front has set before
	bytes    atomic.Int64
	hijacked bool
}

func newRecorder(w http.ResponseWriter) *recorder {
	return &recorder{ResponseWriter: w, front: maps.Clone(w.Header())}
}

// WriteHeader puts the front's headers back, which the proxy clears away with those of an informational answer.
func (r *recorder) WriteHeader(status int) {
	for name, values := range r.front {
		if _, ok := r.Header()[name]; !ok {
			r.Header()[name] = values
		}
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	n, err := r.ResponseWriter.Write(p)
	r.bytes.Add(int64(n))
	return n, err
}

// Unwrap lets http.ResponseController find what the writer can.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Hijack is for WebSockets and other upgrades.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	r.hijacked = true
	return &hijacked{conn, r}, buffered, nil
}

type hijacked struct {
	net.Conn
	r *recorder
}

func (h *hijacked) Write(p []byte) (int, error) {
	n, err := h.Conn.Write(p)
	h.r.bytes.Add(int64(n))
	return n, err
}

// CloseWrite passes the end of one direction on.
func (h *hijacked) CloseWrite() error {
	if c, ok := h.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return io.ErrClosedPipe
}
