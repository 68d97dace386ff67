package web

import (
	"encoding/binary"
	"math"
	"net/http"
	"slices"

	"weft/analysis"
	"weft/store"
)

// The binary form of a skeleton; docs/api.md describes it for its readers. Every section begins at a multiple of 8 bytes, so that
// a browser lays typed arrays over it and copies nothing.
const (
	skeletonMagic    = "WFSK"
	skeletonVersion  = 1
	skeletonHeader   = 48               // bytes
	skeletonRowSize  = 3*8 + 10*4 + 3*1 // bytes, without links
	skeletonLinkSize = 16 + 8           // bytes
	// skeletonColdStart is a flag of a row, beside those of analysis.
	skeletonColdStart = 1 << 4
)

func (s *Server) getSkeleton(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	id := p.traceID()
	if err := p.err(); err != nil {
		return err
	}
	k, err := s.store.Skeleton(r.Context(), id)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Write(appendSkeleton(nil, k)) // an error here means that the client has gone
	return nil
}

// newAnalysisTrace is k as package analysis takes it; the spans keep their order. A span that links to its own parent follows from it:
// that is how OpenTracing's FOLLOWS_FROM arrives, since OpenTelemetry has one kind of parent only.
func newAnalysisTrace(k *store.Skeleton) *analysis.Trace {
	t := &analysis.Trace{Strings: k.Strings, Spans: make([]analysis.Span, len(k.Spans))}
	for i := range k.Spans {
		sp := &k.Spans[i]
		t.Spans[i] = analysis.Span{
			ID: sp.SpanID.Uint64(), Parent: sp.ParentSpanID.Uint64(), StartNS: sp.StartNS, DurationNS: sp.DurationNS, Statement: sp.StatementHash,
			Service: sp.Service, Name: sp.Name, Category: sp.Category, Peer: sp.PeerName, ErrorType: sp.ErrorType, Kind: analysis.Kind(sp.Kind),
			Failed: sp.StatusCode == store.StatusError, Unset: sp.StatusCode == store.StatusUnset, ColdStart: sp.ColdStart,
		}
	}
	for _, l := range k.Links {
		if sp := &k.Spans[l.From]; l.TraceID == k.ID && l.SpanID == sp.ParentSpanID {
			t.Spans[l.From].Follows = true
		}
	}
	return t
}

// appendSkeleton appends the binary form, its rows in depth-first order.
func appendSkeleton(b []byte, k *store.Skeleton) []byte {
	tree := analysis.NewTree(newAnalysisTrace(k).Spans)
	texts := newDictionary[string]()
	for _, s := range k.Strings {
		texts.add(s)
	}
	statements, hashes := make([]int32, len(k.Spans)), make(map[uint64]int32) // texts by row and by hash
	var firstNS int64
	for row, i := range tree.Span {
		sp := &k.Spans[i]
		if row == 0 || sp.StartNS < firstNS {
			firstNS = sp.StartNS
		}
		if h := sp.StatementHash; h != 0 {
			if _, ok := hashes[h]; !ok {
				hashes[h] = texts.add(hash16(h))
			}
			statements[row] = hashes[h]
		}
	}
	linksFrom := make([]int, len(k.Spans)+1) // links of span i are linksFrom[i] to linksFrom[i+1]
	for _, l := range k.Links {
		linksFrom[l.From+1]++
	}
	for i := range k.Spans {
		linksFrom[i+1] += linksFrom[i]
	}
	linksOf := func(span int32) []store.SkeletonLink { return k.Links[linksFrom[span]:linksFrom[span+1]] }

	e := skeletonEncoder{base: len(b), rows: tree.Span, spans: k.Spans}
	le := binary.LittleEndian
	textBytes := 0
	for _, s := range texts.values {
		textBytes += len(s)
	}
	const fillers = 16 * 8 // bytes: one a section
	e.b = slices.Grow(b, skeletonHeader+4*len(texts.values)+textBytes+skeletonRowSize*len(k.Spans)+skeletonLinkSize*len(k.Links)+fillers)
	e.b = append(e.b, skeletonMagic...)
	e.b = append(e.b, skeletonVersion, 0, 0, 0)
	for _, n := range []int{len(k.Spans), len(texts.values), textBytes, len(k.Links)} {
		e.b = le.AppendUint32(e.b, uint32(n))
	}
	e.b = append(e.b, k.ID[:]...)
	e.b = le.AppendUint64(e.b, uint64(firstNS))
	for _, s := range texts.values {
		e.b = le.AppendUint32(e.b, uint32(len(s)))
	}
	e.pad()
	for _, s := range texts.values {
		e.b = append(e.b, s...)
	}
	e.pad()

	e.wide(func(_ int, sp *store.SkeletonSpan) uint64 { return sp.SpanID.Uint64() })
	e.wide(func(_ int, sp *store.SkeletonSpan) uint64 { return math.Float64bits(float64(sp.StartNS - firstNS)) })
	e.wide(func(_ int, sp *store.SkeletonSpan) uint64 { return math.Float64bits(float64(sp.DurationNS)) })
	e.narrow(func(row int, _ *store.SkeletonSpan) uint32 { return uint32(tree.Parent[row]) })
	e.narrow(func(row int, _ *store.SkeletonSpan) uint32 { return uint32(tree.End[row]) })
	e.narrow(func(_ int, sp *store.SkeletonSpan) uint32 { return sp.Service })
	e.narrow(func(_ int, sp *store.SkeletonSpan) uint32 { return sp.Name })
	e.narrow(func(_ int, sp *store.SkeletonSpan) uint32 { return sp.Category })
	e.narrow(func(_ int, sp *store.SkeletonSpan) uint32 { return sp.PeerName })
	e.narrow(func(_ int, sp *store.SkeletonSpan) uint32 { return sp.ErrorType })
	e.narrow(func(row int, _ *store.SkeletonSpan) uint32 { return uint32(statements[row]) })
	e.narrow(func(_ int, sp *store.SkeletonSpan) uint32 { return sp.Events })
	links := uint32(0)
	e.narrow(func(row int, _ *store.SkeletonSpan) uint32 {
		links += uint32(len(linksOf(tree.Span[row])))
		return links
	})
	e.bytes(func(_ int, sp *store.SkeletonSpan) byte { return byte(sp.Kind) })
	e.bytes(func(_ int, sp *store.SkeletonSpan) byte { return byte(sp.StatusCode) })
	e.bytes(func(row int, sp *store.SkeletonSpan) byte {
		flags := tree.Flags[row]
		if sp.ColdStart {
			flags |= skeletonColdStart
		}
		return flags
	})
	for _, i := range tree.Span {
		for _, l := range linksOf(i) {
			e.b = append(e.b, l.TraceID[:]...)
		}
	}
	for _, i := range tree.Span {
		for _, l := range linksOf(i) {
			e.b = le.AppendUint64(e.b, l.SpanID.Uint64())
		}
	}
	return e.b
}

// skeletonEncoder appends columns, an element per row.
type skeletonEncoder struct {
	b     []byte
	base  int
	rows  []int32 // span of each row
	spans []store.SkeletonSpan
}

func (e *skeletonEncoder) pad() {
	for (len(e.b)-e.base)%8 != 0 {
		e.b = append(e.b, 0)
	}
}

func (e *skeletonEncoder) wide(value func(row int, sp *store.SkeletonSpan) uint64) {
	for row, i := range e.rows {
		e.b = binary.LittleEndian.AppendUint64(e.b, value(row, &e.spans[i]))
	}
}

func (e *skeletonEncoder) narrow(value func(row int, sp *store.SkeletonSpan) uint32) {
	for row, i := range e.rows {
		e.b = binary.LittleEndian.AppendUint32(e.b, value(row, &e.spans[i]))
	}
	e.pad()
}

func (e *skeletonEncoder) bytes(value func(row int, sp *store.SkeletonSpan) byte) {
	for row, i := range e.rows {
		e.b = append(e.b, value(row, &e.spans[i]))
	}
	e.pad()
}

// skeletonSpanID is the span of an index of k as text, "" for none.
func skeletonSpanID(k *store.Skeleton, span int) string {
	if span < 0 {
		return ""
	}
	return k.Spans[span].SpanID.String()
}
