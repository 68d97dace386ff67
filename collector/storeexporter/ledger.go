package storeexporter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// blockRange is what one insert carries: the records first to last, or, when they are one record, perhaps only some of
// its items: [lo, hi), where hi 0 means all.
type blockRange struct {
	first, last uint64
	lo, hi      uint32
}

// token makes the store forget repetitions of the same block.
func (r blockRange) token(queue string) string {
	if r.hi == 0 {
		return fmt.Sprintf("%s-%d-%d", queue, r.first, r.last)
	}
	return fmt.Sprintf("%s-%d-%d-%d-%d", queue, r.first, r.last, r.lo, r.hi)
}

// halves cuts r in two at mid: the last record of the left half, or, within one record of the given number of items,
// the first item of the right half.
func (r blockRange) halves(mid uint64, items uint32) (left, right blockRange) {
	if r.first < r.last {
		return blockRange{first: r.first, last: mid}, blockRange{first: mid + 1, last: r.last}
	}
	hi := r.hi
	if hi == 0 {
		hi = items
	}
	return blockRange{r.first, r.last, r.lo, uint32(mid)}, blockRange{r.first, r.last, uint32(mid), hi}
}

// The ledger says which blocks were formed and which of them are done. It is two files of a fixed size, allocated and
// filled with zeros when the queue is made, so that a full disk cannot keep a queue from being emptied. One of them is
// current; when it is full, what still matters is written to the other under the next generation.
const (
	ledgerSlot  = 64
	ledgerSlots = 4096 // 256 KiB a file
	ledgerSize  = ledgerSlot * ledgerSlots

	entryHeader   = 1 // queue id
	entryPosition = 2 // first: the next record to go into a block
	entryOpen     = 3 // a block was formed
	entryDone     = 4 // it is stored, or set aside
	entrySplit    = 5 // it was refused, and is two blocks now
)

// ledgerEntry is one slot.
type ledgerEntry struct {
	kind       byte
	generation uint32
	blockRange
	mid   uint64
	items uint32
	id    uuid.UUID // entryHeader only; stands in the place of the other fields
}

// encode fills a slot: kind u8, 3 spare, generation u32, fields, and a CRC-32C of the 60 bytes before it.
func (e ledgerEntry) encode() (p [ledgerSlot]byte) {
	p[0] = e.kind
	binary.LittleEndian.PutUint32(p[4:], e.generation)
	if e.kind == entryHeader {
		copy(p[8:], e.id[:])
	} else {
		binary.LittleEndian.PutUint64(p[8:], e.first)
		binary.LittleEndian.PutUint64(p[16:], e.last)
		binary.LittleEndian.PutUint32(p[24:], e.lo)
		binary.LittleEndian.PutUint32(p[28:], e.hi)
		binary.LittleEndian.PutUint64(p[32:], e.mid)
		binary.LittleEndian.PutUint32(p[40:], e.items)
	}
	binary.LittleEndian.PutUint32(p[60:], crc32.Checksum(p[:60], castagnoli))
	return p
}

// decodeEntry is the inverse of encode.
func decodeEntry(p []byte) (ledgerEntry, error) {
	if len(p) != ledgerSlot || binary.LittleEndian.Uint32(p[60:]) != crc32.Checksum(p[:60], castagnoli) {
		return ledgerEntry{}, errors.New("ledger entry: checksum differs")
	}
	e := ledgerEntry{kind: p[0], generation: binary.LittleEndian.Uint32(p[4:])}
	switch e.kind {
	case entryHeader:
		copy(e.id[:], p[8:24])
		return e, nil
	case entryPosition, entryOpen, entryDone, entrySplit:
	default:
		return ledgerEntry{}, fmt.Errorf("ledger entry: unknown kind %d", e.kind)
	}
	e.blockRange = blockRange{
		first: binary.LittleEndian.Uint64(p[8:]), last: binary.LittleEndian.Uint64(p[16:]),
		lo: binary.LittleEndian.Uint32(p[24:]), hi: binary.LittleEndian.Uint32(p[28:]),
	}
	e.mid, e.items = binary.LittleEndian.Uint64(p[32:]), binary.LittleEndian.Uint32(p[40:])
	if e.kind != entryPosition && e.last < e.first || e.hi != 0 && (e.lo >= e.hi || e.first != e.last) {
		return ledgerEntry{}, fmt.Errorf("ledger entry: impossible range %+v", e.blockRange)
	}
	return e, nil
}

// ledgerState is what a ledger's entries add up to.
type ledgerState struct {
	id   uuid.UUID
	next uint64       // the next record to go into a block
	open []blockRange // formed and not done, in the order they were formed
}

// apply takes one entry into the state. Entries about blocks that are not open are of no effect: a done may be repeated.
func (s *ledgerState) apply(e ledgerEntry) {
	i := slices.Index(s.open, e.blockRange)
	switch e.kind {
	case entryPosition:
		s.next = max(s.next, e.first)
	case entryOpen:
		s.next = max(s.next, e.last+1)
		if i < 0 {
			s.open = append(s.open, e.blockRange)
		}
	case entryDone:
		if i >= 0 {
			s.open = slices.Delete(s.open, i, i+1)
		}
	case entrySplit:
		if i >= 0 {
			left, right := e.halves(e.mid, e.items)
			s.open = slices.Replace(s.open, i, i+1, left, right)
		}
	}
}

// readLedger folds the slots of one file. ok is false when the file holds no valid header. Slots of older generations
// are leftovers; unreadable ones before the last readable one are counted as damaged.
func readLedger(p []byte) (s ledgerState, generation uint32, used, damaged int, ok bool) {
	if len(p) < ledgerSlot {
		return s, 0, 0, 0, false
	}
	h, err := decodeEntry(p[:ledgerSlot])
	if err != nil || h.kind != entryHeader {
		return s, 0, 0, 0, false
	}
	s.id, used = h.id, 1
	gap := 0
	for i := 1; (i+1)*ledgerSlot <= len(p) && i < ledgerSlots; i++ {
		e, err := decodeEntry(p[i*ledgerSlot : (i+1)*ledgerSlot])
		if err != nil || e.generation != h.generation {
			gap++
			continue
		}
		damaged += gap
		gap = 0
		used = i + 1
		s.apply(e)
	}
	return s, h.generation, used, damaged, true
}

// ledger is the file-backed ledgerState. All methods may be called from any goroutine.
type ledger struct {
	mu         sync.Mutex
	files      [2]file
	current    int
	generation uint32
	used       int // slots of the current file
	state      ledgerState
	// damaged is the number of unreadable entries found when the ledger was opened; fresh says that there was none at all.
	damaged int
	fresh   bool
}

// openLedger opens or makes the ledger of a queue directory.
func openLedger(dir string, fs files) (_ *ledger, err error) {
	l := &ledger{current: -1}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	for i := range l.files {
		f, err := fs.open(filepath.Join(dir, fmt.Sprintf("blocks.%d", i)), os.O_RDWR|os.O_CREATE)
		if err != nil {
			return nil, err
		}
		l.files[i] = f
		p := make([]byte, ledgerSize)
		n, err := f.ReadAt(p, 0)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		s, generation, _, damaged, ok := readLedger(p[:n])
		if n < ledgerSize {
			if _, err := f.WriteAt(p[n:], int64(n)); err != nil {
				return nil, fmt.Errorf("allocate the block ledger: %w", err)
			}
		}
		if ok && (l.current < 0 || generation > l.generation) {
			l.current, l.generation, l.state, l.damaged = i, generation, s, damaged
		}
	}
	if l.current < 0 {
		l.current, l.fresh, l.state = 0, true, ledgerState{id: uuid.New(), next: 1}
	}
	return l, l.rewrite()
}

// rewrite makes the other file current, holding only what still matters. The header goes last: without it the file
// does not count.
func (l *ledger) rewrite() error {
	to := 1 - l.current
	generation := l.generation + 1
	entries := []ledgerEntry{{kind: entryPosition, blockRange: blockRange{first: l.state.next}}}
	for _, r := range l.state.open {
		entries = append(entries, ledgerEntry{kind: entryOpen, blockRange: r})
	}
	if len(entries)+1 > ledgerSlots/2 {
		return fmt.Errorf("block ledger: %d open blocks", len(l.state.open))
	}
	var buf []byte
	for _, e := range entries {
		e.generation = generation
		p := e.encode()
		buf = append(buf, p[:]...)
	}
	f := l.files[to]
	head := ledgerEntry{kind: entryHeader, generation: generation, id: l.state.id}.encode()
	if err := writeSync(f, buf, ledgerSlot); err != nil {
		return fmt.Errorf("block ledger: %w", err)
	}
	if err := writeSync(f, head[:], 0); err != nil {
		return fmt.Errorf("block ledger: %w", err)
	}
	l.current, l.generation, l.used = to, generation, len(entries)+1
	return nil
}

func writeSync(f file, p []byte, off int64) error {
	if _, err := f.WriteAt(p, off); err != nil {
		return err
	}
	return f.Sync()
}

// add writes one entry durably and takes it into the state. After an error nothing has changed, and the next attempt
// overwrites what was half written.
func (l *ledger) add(e ledgerEntry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used == ledgerSlots {
		if err := l.rewrite(); err != nil {
			return err
		}
	}
	e.generation = l.generation
	p := e.encode()
	if err := writeSync(l.files[l.current], p[:], int64(l.used)*ledgerSlot); err != nil {
		return fmt.Errorf("block ledger: %w", err)
	}
	l.used++
	l.state.apply(e)
	return nil
}

// opened records that r is a block.
func (l *ledger) opened(r blockRange) error {
	return l.add(ledgerEntry{kind: entryOpen, blockRange: r})
}

// done records that r needs no insert any more; its segments may go after this.
func (l *ledger) done(r blockRange) error {
	return l.add(ledgerEntry{kind: entryDone, blockRange: r})
}

// split records that r is two blocks from now on.
func (l *ledger) split(r blockRange, mid uint64, items uint32) (left, right blockRange, err error) {
	left, right = r.halves(mid, items)
	return left, right, l.add(ledgerEntry{kind: entrySplit, blockRange: r, mid: mid, items: items})
}

// startAt makes next the next record to go into a block, for a ledger that was lost.
func (l *ledger) startAt(next uint64) error {
	return l.add(ledgerEntry{kind: entryPosition, blockRange: blockRange{first: next}})
}

// next is the next record to go into a block.
func (l *ledger) next() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.next
}

// open returns the blocks that are formed and not done.
func (l *ledger) open() []blockRange {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.state.open)
}

// low is the lowest record that may still be needed.
func (l *ledger) low() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	low := l.state.next
	for _, r := range l.state.open {
		low = min(low, r.first)
	}
	return low
}

func (l *ledger) close() error {
	var errs []error
	for _, f := range l.files {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}
