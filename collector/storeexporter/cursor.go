package storeexporter

import (
	"errors"
	"io"
	"os"
)

// cursor reads records from a queue's files in order, while the queue goes on being written. Damage never stops it: what
// cannot be read is reported and passed over.
type cursor[T any] struct {
	q    *queue[T]
	seg  *segment
	f    file
	r    *segmentReader
	seen int // of r.damage
	// lost is told of records that are acknowledged and cannot be read; damaged, of the bytes that were passed over.
	lost    func(records uint64)
	damaged func(path string, f io.ReaderAt, d region)
	quiet   bool // both say nothing, and neither should the user
}

// next returns the first readable record at or above want and at most until. ok is false when there is none.
// The body is valid until the following call.
func (c *cursor[T]) next(want, until uint64) (rec queueRecord, ok bool) {
	for want <= until {
		seg, start, limit, end := c.locate(want)
		if seg == nil {
			c.lost(until - want + 1)
			return queueRecord{}, false
		}
		if seg.first > want { // a segment is missing
			upTo := min(seg.first-1, until)
			c.lost(upTo - want + 1)
			want = upTo + 1
			continue
		}
		if !c.enter(seg, start, limit) {
			end = min(end, until)
			c.lost(end - want + 1)
			want = end + 1
			continue
		}
		for {
			rec, err := c.r.next()
			c.report()
			if err != nil || rec.seq > end {
				end = min(end, until)
				c.lost(end - want + 1)
				want = end + 1
				break
			}
			if rec.seq < want {
				continue
			}
			if rec.seq > until {
				c.lost(until - want + 1)
				c.close() // rec belongs to the next call
				return queueRecord{}, false
			}
			if rec.seq > want {
				c.lost(rec.seq - want)
			}
			return rec, true
		}
	}
	return queueRecord{}, false
}

// locate finds the segment that holds seq, or else the first behind it: where to begin, what of it may be read, and its
// last record.
func (c *cursor[T]) locate(seq uint64) (_ *segment, start, limit int64, end uint64) {
	c.q.mu.Lock()
	defer c.q.mu.Unlock()
	for _, s := range c.q.segments {
		if s.last >= seq {
			for _, m := range s.marks {
				if m.seq > seq {
					break
				}
				start = m.off
			}
			return s, start, s.size, s.last
		}
	}
	return nil, 0, 0, 0
}

// enter makes r read seg up to limit.
func (c *cursor[T]) enter(seg *segment, start, limit int64) bool {
	if c.seg == seg {
		c.r.limit = limit
		return true
	}
	c.close()
	f, err := c.q.fs.open(seg.path, os.O_RDONLY)
	for range 2 {
		if err == nil || errors.Is(err, os.ErrNotExist) {
			break
		}
		f, err = c.q.fs.open(seg.path, os.O_RDONLY)
	}
	if err != nil {
		return false
	}
	c.seg, c.f, c.r, c.seen = seg, f, newSegmentReader(f, start, limit), 0
	return true
}

// report hands over new damage, but for the part the reader might still extend.
func (c *cursor[T]) report() {
	for ; c.seen < len(c.r.damage); c.seen++ {
		c.damaged(c.seg.path, c.f, c.r.damage[c.seen])
	}
}

func (c *cursor[T]) close() {
	if c.f != nil {
		c.f.Close()
	}
	c.seg, c.f, c.r = nil, nil, nil
}
