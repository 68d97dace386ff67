package logs

import "bytes"

// ring keeps the last TailBytes that were written to it.
type ring struct {
	buf  []byte // TailBytes once something was written
	next int    // where the next byte goes
	full bool
}

func (r *ring) write(p []byte) {
	if r.buf == nil {
		r.buf = make([]byte, TailBytes)
	}
	if len(p) > len(r.buf) {
		p = p[len(p)-len(r.buf):]
	}
	n := copy(r.buf[r.next:], p)
	if n < len(p) {
		copy(r.buf, p[n:])
		r.full = true
	}
	r.next += len(p)
	if r.next >= len(r.buf) {
		r.next, r.full = r.next-len(r.buf), true
	}
}

func (r *ring) line(p []byte) {
	r.write(p)
	r.write(newline)
}

var newline = []byte("\n")

// bytes are a copy, oldest first. A character that was cut at the front is left out.
func (r *ring) bytes() []byte {
	if r.buf == nil {
		return nil
	}
	if !r.full {
		return bytes.Clone(r.buf[:r.next])
	}
	b := append(bytes.Clone(r.buf[r.next:]), r.buf[:r.next]...)
	for len(b) > 0 && b[0]&0xc0 == 0x80 {
		b = b[1:]
	}
	return b
}
