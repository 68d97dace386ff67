package store

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"time"
)

// traceCursor says where a page of traces ended, and what had been shown. Traces are ordered by their start, newest first, and a
// trace's start can move to an earlier time when a span of it arrives late. So that this neither skips nor repeats a trace,
// all pages after the first look at the data as it was when the first page had been read: rows that the engine took in later
// do not count. The engine stamps a row (inserted_at) a moment before it becomes visible, so for a short while after that
// point a row that counts may still be on its way; traces shown within that while are remembered by a hash of their id.
type traceCursor struct {
	query uint32 // fingerprint of the query, without page size and range
	// from and to are the first page's range, which all pages have: "the last hour" has moved on by the time of the second.
	from, to int64
	startNS  int64 // of the last trace shown
	id       TraceID
	// snapshotMS is the engine's clock at the end of the first page, Unix milliseconds: nothing that the page was made of came later.
	snapshotMS int64
	depth      uint32 // traces shown so far: a hint of how many to look up
	shown      []shownHash
}

type shownHash [5]byte

const (
	traceCursorVersion = 2
	traceCursorHead    = 1 + 4 + 8 + 8 + 8 + 16 + 8 + 4
	// clockMargin is by how much the clocks may differ of the engine and of those who resolve what "now" is.
	clockMargin = time.Minute
	// insertMargin is the longest time from a row's stamp to its being visible that paging allows for.
	insertMargin = 10 * time.Second
	// maxShown bounds a cursor to 13 kB. Someone who pages through more traces than this within insertMargin might see a trace
	// twice if an earlier span of it arrives in that moment.
	maxShown = 2000
)

func hashTraceID(id TraceID) (h shownHash) {
	f := fnv.New64a()
	f.Write(id[:])
	copy(h[:], f.Sum(nil))
	return h
}

func (c *traceCursor) wasShown(id TraceID) bool {
	h := hashTraceID(id)
	for i := range c.shown {
		if c.shown[i] == h {
			return true
		}
	}
	return false
}

// rangeOf returns the first page's range, given the one that this page was asked for: the same, or one whose ends moved on with the clock.
func (c *traceCursor) rangeOf(from, to int64, now time.Time) (int64, int64, error) {
	passed := max(0, now.UnixMilli()-c.snapshotMS)*int64(time.Millisecond) + int64(clockMargin)
	for _, moved := range []int64{saturatingAdd(from, -c.from), saturatingAdd(to, -c.to)} {
		if moved < 0 || moved > passed {
			return 0, 0, errors.New("cursor: that of another time range")
		}
	}
	return c.from, c.to, nil
}

// after reports whether a trace with this start and id comes after the cursor's place.
func (c *traceCursor) after(startNS int64, id TraceID) bool {
	return newerFirst(startNS, id, c.startNS, c.id) > 0
}

// newerFirst orders traces: a negative result puts the first before the second.
func newerFirst(aStart int64, a TraceID, bStart int64, b TraceID) int {
	return cmp.Or(cmp.Compare(bStart, aStart), bytes.Compare(b[:], a[:]))
}

func (c *traceCursor) String() string {
	b := make([]byte, 0, traceCursorHead+len(c.shown)*len(shownHash{}))
	b = append(b, traceCursorVersion)
	b = binary.BigEndian.AppendUint32(b, c.query)
	b = binary.BigEndian.AppendUint64(b, uint64(c.from))
	b = binary.BigEndian.AppendUint64(b, uint64(c.to))
	b = binary.BigEndian.AppendUint64(b, uint64(c.startNS))
	b = append(b, c.id[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.snapshotMS))
	b = binary.BigEndian.AppendUint32(b, c.depth)
	for _, h := range c.shown {
		b = append(b, h[:]...)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

var errCursor = errors.New("cursor: not one that this server gave out for this query")

func parseTraceCursor(s string, query uint32) (*traceCursor, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < traceCursorHead || b[0] != traceCursorVersion {
		return nil, errCursor
	}
	c := &traceCursor{
		query:      binary.BigEndian.Uint32(b[1:]),
		from:       int64(binary.BigEndian.Uint64(b[5:])),
		to:         int64(binary.BigEndian.Uint64(b[13:])),
		startNS:    int64(binary.BigEndian.Uint64(b[21:])),
		id:         TraceID(b[29:45]),
		snapshotMS: int64(binary.BigEndian.Uint64(b[45:])),
		depth:      min(binary.BigEndian.Uint32(b[53:]), maxCandidates),
	}
	rest := b[traceCursorHead:]
	n := len(shownHash{})
	if c.query != query || len(rest)%n != 0 || len(rest)/n > maxShown ||
		c.snapshotMS < minTime.UnixMilli() || c.snapshotMS > maxTime.UnixMilli() {
		return nil, errCursor
	}
	for ; len(rest) > 0; rest = rest[n:] {
		c.shown = append(c.shown, shownHash(rest[:n]))
	}
	return c, nil
}
