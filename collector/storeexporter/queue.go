package storeexporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/record"
)

var (
	errQueueFull   = errors.New("the queue has reached its disk budget")
	errTooLarge    = errors.New("the request is larger than the queue's disk budget")
	errQueueClosed = errors.New("the queue is closed")
)

const (
	// syncSlots bounds the records that wait for one fsync; pebble's LogWriter panics beyond it.
	syncSlots = 2048
	// reopenAfter is the pause between attempts to write after the disk refused.
	reopenAfter = 200 * time.Millisecond
	// markBytes is how much a cursor may have to read before it is where it wants to be.
	markBytes = mib
)

// segment is one file of the queue: records first, first+1, … without a gap.
type segment struct {
	first uint64
	last  uint64 // highest record known to be durable; first-1 while there is none
	path  string
	size  int64 // bytes that hold durable records; what is behind them does not count
	// marks are records and their offsets, about markBytes apart, where a reader may begin. A segment of an earlier
	// process has none.
	marks []mark
}

type mark struct {
	seq uint64
	off int64
}

// waiting is a record that was written and waits for its fsync.
type waiting struct {
	seq uint64
	end int64
	wg  sync.WaitGroup
	err error
}

// inMemory is a record that need not be read again from disk.
type inMemory[T any] struct {
	seq    uint64
	timeNS int64
	bytes  int
	data   T
}

// queue is the write-ahead queue of one signal: an append-only sequence of records, numbered from 1 over its whole
// life, in segment files named after their first record. Records leave it when release says that they are stored.
type queue[T any] struct {
	dir          string
	fs           files
	maxBytes     int64
	segmentBytes int64
	memoryBytes  int
	// wake has room for one: more is durable than before.
	wake chan struct{}
	// slots bounds the appends under way; the LogWriters take from it when a record is synced.
	slots chan struct{}
	// pace makes appends wait for a consumer that works but is slower.
	pace *pacer
	// bufs holds encoding buffers.
	bufs sync.Pool

	mu       sync.Mutex // protects what follows
	segments []*segment // oldest first; the last one is being written when w is not nil
	w        *record.LogWriter
	waiting  []*waiting // of w, in order
	nextSeq  uint64
	durable  uint64 // every record up to here is safe
	low      uint64 // every record below is stored
	opened   uint64 // the first record of this process
	bytes    int64  // of all segments
	retryAt  time.Time
	closed   bool

	// memory holds new records in order. When it is full it is spilled: the consumer is too slow, and nothing is added
	// until it has caught up from disk.
	memory     []inMemory[T]
	memoryUsed int
	spilled    bool
}

// openQueue reads the names of the segments and the end of the last one. torn is the number of bytes behind the last
// whole record: an append that was not acknowledged.
func openQueue[T any](cfg *Config, dir string, fs files) (q *queue[T], torn []region, err error) {
	q = &queue[T]{
		dir: dir, fs: fs, maxBytes: cfg.MaxBytes, segmentBytes: min(cfg.SegmentBytes, cfg.MaxBytes/8),
		memoryBytes: cfg.MemoryBytes, pace: newPacer(cfg.MemoryBytes),
		wake: make(chan struct{}, 1), slots: make(chan struct{}, syncSlots),
		nextSeq: 1, low: 1,
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries { // sorted by name, so by first record
		name, ok := strings.CutSuffix(e.Name(), ".wal")
		if !ok {
			continue
		}
		first, err := strconv.ParseUint(name, 16, 64)
		if err != nil {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, nil, err
		}
		seg := &segment{first: first, path: filepath.Join(dir, e.Name()), size: info.Size()}
		if n := len(q.segments); n > 0 {
			q.segments[n-1].last = first - 1
		}
		q.segments = append(q.segments, seg)
		q.bytes += seg.size
	}
	if n := len(q.segments); n > 0 {
		torn, err = q.recoverLast(q.segments[n-1])
		if err != nil {
			return nil, nil, err
		}
	}
	q.durable, q.opened = q.nextSeq-1, q.nextSeq
	return q, torn, nil
}

// recoverLast finds the last whole record of the newest segment and cuts off what is behind it.
func (q *queue[T]) recoverLast(seg *segment) ([]region, error) {
	f, err := q.fs.open(seg.path, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	seg.last = seg.first - 1
	r := newSegmentReader(f, 0, seg.size)
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if rec.seq > seg.last {
			seg.last = rec.seq
		}
	}
	q.nextSeq = seg.last + 1
	var torn []region
	for _, d := range r.damage {
		if d.to > r.end { // damage with whole records behind it is found when they are read
			torn = append(torn, region{max(d.from, r.end), d.to})
		}
	}
	return torn, nil
}

// cutTail removes what is behind the last whole record of the newest segment. It is a step of its own so that the bytes
// can be set aside before.
func (q *queue[T]) cutTail(torn []region) error {
	if len(torn) == 0 {
		return nil
	}
	seg := q.segments[len(q.segments)-1]
	if err := truncate(q.fs, seg.path, torn[0].from); err != nil {
		return err
	}
	q.bytes -= seg.size - torn[0].from
	seg.size = torn[0].from
	return nil
}

func truncate(fs files, path string, size int64) error {
	f, err := fs.open(path, os.O_RDWR)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}

// startAt makes next the number of the next record at least, for a queue whose segments are all gone.
func (q *queue[T]) startAt(next uint64) {
	q.nextSeq = max(q.nextSeq, next)
	q.durable, q.opened = q.nextSeq-1, q.nextSeq
}

// append writes one record and returns when it is durable. data is what the record decodes to, kept in memory for the
// consumer while there is room. After an error the record is not in the queue, but for a crash between the write and
// the answer; errQueueFull and errTooLarge are the budget's, others the disk's. ctx only bounds the wait for its turn:
// a write once begun is awaited, for its outcome must be known. kept says that the consumer has data now.
func (q *queue[T]) append(ctx context.Context, items int, form recordForm, body []byte, data T) (kept bool, err error) {
	took, err := q.pace.take(ctx, len(body), patience)
	if err != nil {
		return false, err
	}
	defer func() {
		if err != nil {
			q.pace.back(took)
		}
	}()
	select {
	case q.slots <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	buf, _ := q.bufs.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	now := time.Now().UnixNano()
	w := &waiting{}
	w.wg.Add(1)

	q.mu.Lock()
	err = q.prepareLocked(int64(len(body)) + recordHeader + chunkHeader)
	if err == nil {
		w.seq = q.nextSeq
		*buf = appendRecord((*buf)[:0], queueRecord{seq: w.seq, timeNS: now, items: uint32(items), form: form, body: body})
		w.end, err = q.w.SyncRecord(*buf, &w.wg, &w.err)
		if err != nil {
			q.refusedLocked()
		}
	}
	if err != nil {
		q.mu.Unlock()
		<-q.slots
		q.bufs.Put(buf)
		return false, err
	}
	q.nextSeq++
	q.waiting = append(q.waiting, w)
	kept = q.remember(inMemory[T]{w.seq, now, len(body), data})
	q.mu.Unlock()
	q.bufs.Put(buf) // LogWriter has copied it

	w.wg.Wait()

	q.mu.Lock()
	if w.err == nil {
		q.durableLocked(w)
	} else if slices.Contains(q.waiting, w) {
		q.refusedLocked()
	}
	q.mu.Unlock()
	if w.err != nil {
		return false, fmt.Errorf("write to the queue: %w", w.err) // sealLocked has forgotten data
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return kept, nil
}

// prepareLocked makes w ready for a record of n bytes.
func (q *queue[T]) prepareLocked(n int64) error {
	if q.closed {
		return errQueueClosed
	}
	if n > q.maxBytes {
		return errTooLarge
	}
	if q.usedLocked()+n > q.maxBytes {
		// Everything may be stored already, and only the open segment holds the space.
		if q.w == nil || q.low < q.nextSeq {
			return errQueueFull
		}
		q.sealLocked()
		q.releaseLocked()
		if q.usedLocked()+n > q.maxBytes {
			return errQueueFull
		}
	}
	if q.w != nil && q.w.Size() >= q.segmentBytes {
		q.sealLocked()
	}
	if q.w != nil {
		return nil
	}
	if time.Now().Before(q.retryAt) {
		return errors.New("write to the queue: the disk refused a moment ago")
	}
	path := filepath.Join(q.dir, fmt.Sprintf("%016x.wal", q.nextSeq))
	f, err := q.fs.open(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err == nil {
		err = syncDir(q.dir)
	}
	if err != nil {
		q.retryAt = time.Now().Add(reopenAfter)
		return fmt.Errorf("open a queue segment: %w", err)
	}
	if n := len(q.segments); n > 0 && q.segments[n-1].first == q.nextSeq {
		q.bytes -= q.segments[n-1].size // held nothing durable and was just emptied
		q.segments = q.segments[:n-1]
	}
	q.w = record.NewLogWriter(f, segmentMagic, record.LogWriterConfig{
		QueueSemChan: q.slots, WriteWALSyncOffsets: func() bool { return false },
	})
	q.segments = append(q.segments, &segment{first: q.nextSeq, last: q.nextSeq - 1, path: path})
	return nil
}

// usedLocked is the bytes of all segments, those included that wait for their fsync.
func (q *queue[T]) usedLocked() int64 {
	if q.w == nil {
		return q.bytes
	}
	return q.bytes + q.w.Size() - q.segments[len(q.segments)-1].size
}

// durableLocked takes note that w, and so everything written before it, is synced.
func (q *queue[T]) durableLocked(w *waiting) {
	i := slices.Index(q.waiting, w)
	if i < 0 {
		return // sealLocked has taken note already
	}
	q.advanceLocked(w)
	q.waiting = slices.Delete(q.waiting, 0, i+1)
}

func (q *queue[T]) advanceLocked(w *waiting) {
	seg := q.segments[len(q.segments)-1]
	if n := len(seg.marks); n == 0 && w.end >= markBytes || n > 0 && w.end-seg.marks[n-1].off >= markBytes {
		seg.marks = append(seg.marks, mark{w.seq + 1, w.end})
	}
	q.bytes += w.end - seg.size
	seg.size, seg.last = w.end, w.seq
	q.durable = w.seq
}

// sealLocked closes the segment being written. LogWriter.Close gives every waiting record its verdict; when one of them
// failed, the file is cut back to the last durable record and the numbers behind it are used again.
func (q *queue[T]) sealLocked() {
	err := q.w.Close()
	seg := q.segments[len(q.segments)-1]
	for _, w := range q.waiting {
		w.wg.Wait()
		if w.err == nil {
			q.advanceLocked(w)
		} else {
			err = w.err
		}
	}
	q.waiting = q.waiting[:0]
	q.w = nil
	if err == nil {
		return
	}
	// A failed truncate is harmless here: size bounds every read, and after a restart these records come back as
	// requests whose client was told to send them again.
	_ = truncate(q.fs, seg.path, seg.size)
	q.nextSeq = q.durable + 1
	for n := len(q.memory); n > 0 && q.memory[n-1].seq > q.durable; n = len(q.memory) {
		q.memoryUsed -= q.memory[n-1].bytes
		q.memory = slices.Delete(q.memory, n-1, n)
	}
	if seg.last < seg.first && os.Remove(seg.path) == nil {
		q.segments = q.segments[:len(q.segments)-1]
	}
}

// refusedLocked gives up the segment being written after the disk refused.
func (q *queue[T]) refusedLocked() {
	if q.w != nil {
		q.sealLocked()
	}
	q.retryAt = time.Now().Add(reopenAfter)
}

// remember keeps a record in memory while there is room.
func (q *queue[T]) remember(m inMemory[T]) bool {
	if q.spilled || q.memoryUsed+m.bytes > q.memoryBytes {
		q.spilled = true
		return false
	}
	q.memory = append(q.memory, m)
	q.memoryUsed += m.bytes
	return true
}

// where a record is.
type where int

const (
	nowhere where = iota // not yet durable
	atMemory
	atDisk
)

// take says where record seq is and takes it out of memory if it is there. seq must not decrease from call to call.
func (q *queue[T]) take(seq uint64) (inMemory[T], where) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.memory) > 0 && q.memory[0].seq < seq {
		q.popLocked()
	}
	if seq > q.durable {
		if len(q.memory) == 0 {
			q.spilled = false // caught up: what is being written now is the last to be read from disk
		}
		return inMemory[T]{}, nowhere
	}
	if len(q.memory) > 0 && q.memory[0].seq == seq {
		return q.popLocked(), atMemory
	}
	return inMemory[T]{}, atDisk
}

func (q *queue[T]) popLocked() inMemory[T] {
	m := q.memory[0]
	q.memory[0] = inMemory[T]{} // the array lives on
	q.memory = q.memory[1:]
	q.memoryUsed -= m.bytes
	return m
}

// release lets go of every record below low.
func (q *queue[T]) release(low uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.low = max(q.low, low)
	q.releaseLocked()
}

// releaseLocked removes the segments that are not written any more and hold nothing at or above low.
func (q *queue[T]) releaseLocked() {
	for len(q.segments) > 0 {
		seg := q.segments[0]
		if seg.last >= q.low || q.w != nil && len(q.segments) == 1 {
			return
		}
		if err := os.Remove(seg.path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return // it still takes up space; the next release tries again
		}
		q.bytes -= seg.size
		q.segments = q.segments[1:]
	}
}

// stats is what the gauges show.
func (q *queue[T]) stats() (bytes int64, records uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes, q.nextSeq - q.low
}

// inherits says whether records of an earlier process are not stored yet.
func (q *queue[T]) inherits() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.low < q.opened
}

// last is the newest durable record.
func (q *queue[T]) last() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.durable
}

// close ends writing. Appends under way have their answer before it returns.
func (q *queue[T]) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.closed = true
	if q.w != nil {
		q.sealLocked()
	}
	q.releaseLocked()
}
