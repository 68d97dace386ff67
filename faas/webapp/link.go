package webapp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// idleTimeout is how long a connection to the program is kept. Servers close idle ones by themselves, and a request that
// meets the close half-way cannot be repeated safely: the shortest time in wide use is gunicorn's 2 s; Node's is 5 s.
const idleTimeout = time.Second

// link is the way to the program's server: a pool of connections that never sends a request twice.
type link struct {
	base      *http.Transport
	addresses [2]string
	dialer    net.Dialer
	last      atomic.Int32 // the address that was good last
	contact   atomic.Int64 // when the first connection was made, Unix ns
}

func newLink(port, concurrency int) *link {
	p := strconv.Itoa(port)
	l := &link{addresses: [2]string{net.JoinHostPort("127.0.0.1", p), net.JoinHostPort("::1", p)}}
	l.base = &http.Transport{
		DialContext:           func(ctx context.Context, _, _ string) (net.Conn, error) { return l.dial(ctx) },
		DisableCompression:    true, // what the caller accepts is between it and the program
		MaxIdleConnsPerHost:   max(concurrency, 1),
		IdleConnTimeout:       idleTimeout,
		ExpectContinueTimeout: time.Second,
		ReadBufferSize:        16 << 10,
		WriteBufferSize:       16 << 10,
	}
	return l
}

// dial connects to the program. Some servers listen on localhost alone and mean its IPv6 address by that.
func (l *link) dial(ctx context.Context) (net.Conn, error) {
	first := l.last.Load()
	conn, err := l.dialer.DialContext(ctx, "tcp", l.addresses[first])
	if refused(err) {
		var other error
		if conn, other = l.dialer.DialContext(ctx, "tcp", l.addresses[1-first]); other == nil {
			l.last.Store(1 - first)
			err = nil
		}
	}
	if err != nil {
		return nil, err
	}
	l.contact.CompareAndSwap(0, time.Now().UnixNano())
	return &countedConn{Conn: conn}, nil
}

// countedConn knows whether anything was sent, and tells who uses it when it ends.
type countedConn struct {
	net.Conn
	sent, received atomic.Int64
	ended          atomic.Pointer[func()]
}

func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.received.Add(int64(n))
	if err != nil {
		c.tell()
	}
	return n, err
}

func (c *countedConn) Close() error {
	err := c.Conn.Close()
	c.tell()
	return err
}

func (c *countedConn) tell() {
	if f := c.ended.Swap(nil); f != nil {
		(*f)()
	}
}

func (c *countedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.sent.Add(int64(n))
	return n, err
}

// RoundTrip sends r once. It tries again only when a kept connection turned out to be closed before a byte of r was sent.
// http.Transport would send requests without a body again after they were sent.
func (l *link) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, _, err := l.roundTrip(r, nil)
	return resp, err
}

// roundTrip is RoundTrip that calls ended when the connection closes without a byte of an answer; release is the end of r's use
// of the connection. http.Transport does not return before it has stopped reading a request's body, so somebody has to stop it.
func (l *link) roundTrip(r *http.Request, ended func()) (resp *http.Response, release func(), err error) {
	body := &onceBody{inner: r.Body}
	switch {
	case r.Body != nil && r.Body != http.NoBody:
	case r.Method == http.MethodGet, r.Method == http.MethodHead, r.Method == http.MethodOptions, r.Method == http.MethodTrace:
		body.inner = http.NoBody // a body of its own, though empty, keeps http.Transport from repeating
	default:
		resp, err := l.base.RoundTrip(r) // not repeated
		return resp, func() {}, err
	}
	const tries = 3
	for try := 1; ; try++ {
		var conn *countedConn
		var before int64
		var kept bool
		var unanswered func()
		ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
			conn, kept = info.Conn.(*countedConn), info.Reused // it is ours: dial made it
			before = conn.sent.Load()
			if ended != nil {
				received := conn.received.Load()
				unanswered = func() {
					if conn.received.Load() == received {
						ended()
					}
				}
				conn.ended.Store(&unanswered)
			}
		}})
		attempt := r.WithContext(ctx)
		attempt.Body = body
		resp, err := l.base.RoundTrip(attempt)
		sent := conn == nil || conn.sent.Load() != before
		if err == nil || try == tries || !kept || sent || body.read.Load() || r.Context().Err() != nil {
			return resp, func() {
				if conn != nil {
					conn.ended.CompareAndSwap(&unanswered, nil) // another request may use it already
				}
			}, err
		}
	}
}

// onceBody knows whether it was read. It is closed in vain until then.
type onceBody struct {
	inner io.ReadCloser
	read  atomic.Bool
}

func (b *onceBody) Read(p []byte) (int, error) {
	if b.inner != http.NoBody {
		b.read.Store(true)
	}
	return b.inner.Read(p)
}

func (b *onceBody) Close() error {
	if b.read.Load() {
		return b.inner.Close()
	}
	return nil
}

func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// brokenOff says that the program closed the connection.
func brokenOff(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || strings.Contains(err.Error(), "server closed idle connection") // net/http does not export it
}
