package storeexporter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A segment is written with pebble's record.LogWriter and read by segmentReader. The format is LevelDB's log in the
// variant with a log number: 32 KiB blocks of chunks, each chunk
//
//	crc u32 · length u16 · kind u8 · log number u32 · payload
//
// and a record is one full chunk or first, middle…, last. pebble's own reader is not used because it ends at the first
// damage, cannot start at an offset, and searches a damaged chunk bit by bit (about a second for 32 KiB).
const (
	blockSize   = 32 << 10
	chunkHeader = 11

	chunkFull   = 5
	chunkFirst  = 6
	chunkMiddle = 7
	chunkLast   = 8

	// segmentMagic is the log number of every chunk; a closed segment ends with an empty chunk of the next number.
	segmentMagic = 0x57454654
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC is LevelDB's masked CRC-32C.
func maskedCRC(p []byte) uint32 {
	c := crc32.Checksum(p, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}

// queueRecord is one acknowledged request.
type queueRecord struct {
	seq    uint64
	timeNS int64 // when it was appended, Unix nanoseconds
	items  uint32
	form   recordForm
	body   []byte // OTLP protobuf
}

// recordForm is what a record's body is, and its first byte.
type recordForm byte

const (
	enriched   recordForm = 1 // TracesData, LogsData or MetricsData behind the enrich processor
	asReceived recordForm = 2 // an ExportTraceServiceRequest as it came, in which that processor has nothing to mend

	recordHeader = 1 + 8 + 8 + 4 + 4
)

// appendRecord appends the encoding of r to dst.
func appendRecord(dst []byte, r queueRecord) []byte {
	dst = append(dst, byte(r.form))
	dst = binary.LittleEndian.AppendUint64(dst, r.seq)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.timeNS))
	dst = binary.LittleEndian.AppendUint32(dst, r.items)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(r.body)))
	return append(dst, r.body...)
}

// decodeRecord is the inverse of appendRecord. The body aliases p.
func decodeRecord(p []byte) (queueRecord, error) {
	if len(p) < recordHeader {
		return queueRecord{}, fmt.Errorf("want at least %d bytes, got %d", recordHeader, len(p))
	}
	r := queueRecord{
		form:   recordForm(p[0]),
		seq:    binary.LittleEndian.Uint64(p[1:]),
		timeNS: int64(binary.LittleEndian.Uint64(p[9:])),
		items:  binary.LittleEndian.Uint32(p[17:]),
		body:   p[recordHeader:],
	}
	if r.form != enriched && r.form != asReceived {
		return queueRecord{}, fmt.Errorf("want a record of form %d or %d, got %d", enriched, asReceived, r.form)
	}
	if n := binary.LittleEndian.Uint32(p[21:]); uint64(n) != uint64(len(r.body)) {
		return queueRecord{}, fmt.Errorf("want a body of %d bytes, got %d", n, len(r.body))
	}
	return r, nil
}

// region is a range of bytes that could not be read as records.
type region struct{ from, to int64 }

// segmentReader yields the records of one segment in order. Damage is stepped over, as little as possible of it, and
// remembered in damage.
type segmentReader struct {
	src   io.ReaderAt
	off   int64 // of the next chunk
	limit int64 // nothing at or after it is looked at; may be raised between calls of next
	end   int64 // just past the last record returned
	// damage collects what was skipped; the caller takes it away.
	damage []region

	block      [blockSize]byte
	blockStart int64 // offset of block[0]; -1 when nothing is loaded
	blockLen   int
	rec        []byte
}

func newSegmentReader(src io.ReaderAt, off, limit int64) *segmentReader {
	return &segmentReader{src: src, off: off, limit: limit, end: off, blockStart: -1}
}

// next returns the next record, or io.EOF. The body is valid until the following call.
func (s *segmentReader) next() (queueRecord, error) {
	inRecord := false
	start := s.off
	for {
		at := s.off
		kind, payload, err := s.chunk()
		switch {
		case errors.Is(err, io.EOF):
			if inRecord {
				s.damaged(start, at)
			}
			return queueRecord{}, io.EOF
		case err != nil:
			if inRecord {
				at = start
			}
			s.damaged(at, s.off)
			inRecord = false
			continue
		}
		switch kind {
		case chunkFull, chunkFirst:
			if inRecord {
				s.damaged(start, at)
			}
			start, inRecord = at, true
			s.rec = append(s.rec[:0], payload...)
		default: // middle, last
			if !inRecord {
				s.damaged(at, s.off) // its beginning was damaged
				continue
			}
			s.rec = append(s.rec, payload...)
		}
		if kind == chunkFirst || kind == chunkMiddle {
			continue
		}
		r, err := decodeRecord(s.rec)
		if err != nil {
			s.damaged(start, s.off)
			inRecord = false
			continue
		}
		s.end = s.off
		return r, nil
	}
}

// damaged joins adjacent regions, so that one broken record is one region.
func (s *segmentReader) damaged(from, to int64) {
	if from >= to {
		return
	}
	if n := len(s.damage); n > 0 && s.damage[n-1].to >= from {
		s.damage[n-1].to = max(to, s.damage[n-1].to)
		return
	}
	s.damage = append(s.damage, region{from, to})
}

var errDamaged = errors.New("damaged chunk")

// chunk reads one chunk and moves off past it. On errDamaged, off is past what must be skipped.
func (s *segmentReader) chunk() (kind byte, payload []byte, err error) {
	for {
		in := int(s.off % blockSize)
		if in+chunkHeader > blockSize {
			s.off += int64(blockSize - in) // padding
			continue
		}
		if s.off >= s.limit {
			return 0, nil, io.EOF
		}
		if err := s.load(); err != nil {
			s.off = min(s.blockStart+blockSize, s.limit)
			return 0, nil, errDamaged
		}
		b := s.block[in:s.blockLen]
		if len(b) < chunkHeader {
			s.off = s.limit
			return 0, nil, errDamaged // torn header
		}
		kind := b[6]
		n := int(binary.LittleEndian.Uint16(b[4:]))
		magic := binary.LittleEndian.Uint32(b[7:])
		if kind == chunkFull && n == 0 && magic == segmentMagic+1 {
			return 0, nil, io.EOF
		}
		if kind < chunkFull || kind > chunkLast || magic != segmentMagic || chunkHeader+n > len(b) {
			s.off = min(s.blockStart+blockSize, s.limit) // the length cannot be trusted
			return 0, nil, errDamaged
		}
		if binary.LittleEndian.Uint32(b) != maskedCRC(b[6:chunkHeader+n]) {
			if s.headerAt(in + chunkHeader + n) {
				s.off += int64(chunkHeader + n) // only the payload is damaged
			} else {
				s.off = min(s.blockStart+blockSize, s.limit)
			}
			return 0, nil, errDamaged
		}
		s.off += int64(chunkHeader + n)
		return kind, b[chunkHeader : chunkHeader+n], nil
	}
}

// headerAt reports whether a chunk, the padding or the end of what is written is at offset in of the block.
func (s *segmentReader) headerAt(in int) bool {
	if in == s.blockLen || in+chunkHeader > blockSize {
		return true
	}
	if in+chunkHeader > s.blockLen {
		return false
	}
	magic := binary.LittleEndian.Uint32(s.block[in+7:])
	kind := s.block[in+6]
	return kind >= chunkFull && kind <= chunkLast && (magic == segmentMagic || magic == segmentMagic+1)
}

// load makes block hold what is written of the block around off.
func (s *segmentReader) load() error {
	start := s.off - s.off%blockSize
	want := int(min(blockSize, s.limit-start))
	if s.blockStart == start && s.blockLen >= want {
		return nil
	}
	s.blockStart, s.blockLen = start, 0
	var err error
	for range 3 { // a disk may answer at the second try
		var n int
		n, err = s.src.ReadAt(s.block[:want], start)
		if n == want {
			s.blockLen = want
			return nil
		}
		if errors.Is(err, io.EOF) { // shorter than it was: the rest is gone
			s.blockLen = n
			s.limit = start + int64(n)
			if s.off < s.limit {
				return nil
			}
			return err
		}
	}
	return err
}
