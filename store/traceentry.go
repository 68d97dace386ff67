package store

import (
	"encoding/binary"
	"errors"
)

// traceEntry is what one insert said of a trace on one day. It stands packed in trace_summaries.entries: a page of a search looks at a
// granule for each of its traces, where every further column is another place to read.
//
// Packed, it is little-endian: start (8 bytes, Unix nanoseconds), then as differences from it the end and the last start (8 each) and the
// root's rank (8, from a quarter of the start), whether the root has a parent (1), the root's service and name, and until the end the
// services with their spans and errors (4 each). A text has its length before it (4). Only the start is an instant, so that moving a trace
// in time changes nothing else.
type traceEntry struct {
	startNS, endNS, lastNS int64
	root                   summaryRank
	rootService, rootName  []byte
	services               []byte // packed
}

var errTraceEntry = errors.New("an entry of trace_summaries is cut off")

// appendTraceEntry packs a row, whose names are keys of these dictionaries.
func appendTraceEntry(dst []byte, r *summaryRow, services, names *lcColumn) []byte {
	child, rank := r.root.parts()
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.startNS))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.endNS-r.startNS))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.lastStartNS-r.startNS))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(rank-r.startNS/4))
	dst = append(dst, child)
	dst = appendText(dst, services.dict.RowBytes(int(r.root.service)))
	dst = appendText(dst, names.dict.RowBytes(int(r.root.name)))
	for _, s := range r.services {
		dst = appendText(dst, services.dict.RowBytes(int(s.service)))
		dst = binary.LittleEndian.AppendUint32(dst, s.spans)
		dst = binary.LittleEndian.AppendUint32(dst, s.errors)
	}
	return dst
}

func appendText(dst, text []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(text))), text...)
}

// entryHead is the length of what comes before the texts.
const entryHead = 4*8 + 1

// parse unpacks an entry; its texts are parts of b.
func (e *traceEntry) parse(b []byte) (err error) {
	if len(b) < entryHead {
		return errTraceEntry
	}
	number := func(at int) int64 { return int64(binary.LittleEndian.Uint64(b[8*at:])) }
	e.startNS = number(0)
	e.endNS, e.lastNS = e.startNS+number(1), e.startNS+number(2)
	e.root = summaryRank{b[entryHead-1], e.startNS/4 + number(3)}
	rest := b[entryHead:]
	if e.rootService, rest, err = cutText(rest); err != nil {
		return err
	}
	e.rootName, e.services, err = cutText(rest)
	return err
}

func cutText(b []byte) (text, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, errTraceEntry
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if b = b[4:]; uint64(len(b)) < n {
		return nil, nil, errTraceEntry
	}
	return b[:n], b[n:], nil
}

// each calls f with every service.
func (e *traceEntry) each(f func(service []byte, spans, errors uint64)) error {
	for b := e.services; len(b) > 0; {
		service, rest, err := cutText(b)
		if err != nil || len(rest) < 8 {
			return errTraceEntry
		}
		f(service, uint64(binary.LittleEndian.Uint32(rest)), uint64(binary.LittleEndian.Uint32(rest[4:])))
		b = rest[8:]
	}
	return nil
}
