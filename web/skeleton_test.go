package web

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"weft/store"
)

// skeletonRow is a row as a reader of the binary form sees it.
type skeletonRow struct {
	id                                                  uint64
	start, duration                                     float64
	parent                                              int32
	end                                                 uint32
	service, name, category, peer, errorType, statement string
	events                                              uint32
	kind, status, flags                                 uint8
	links                                               []string
}

// decodeSkeleton reads the binary form by the description in docs/api.md.
func decodeSkeleton(b []byte) (id string, startNS int64, rows []skeletonRow, err error) {
	le := binary.LittleEndian
	if len(b) < 48 || string(b[:4]) != "WFSK" || b[4] != 1 {
		return "", 0, nil, errors.New("no skeleton of version 1")
	}
	n, texts, textBytes, links := int(le.Uint32(b[8:])), int(le.Uint32(b[12:])), int(le.Uint32(b[16:])), int(le.Uint32(b[20:]))
	id, startNS = fmt.Sprintf("%x", b[24:40]), int64(le.Uint64(b[40:]))
	at := 48
	section := func(size int) []byte {
		if at+size > len(b) {
			err = errors.New("too short")
			return make([]byte, size)
		}
		s := b[at : at+size]
		at += (size + 7) / 8 * 8
		return s
	}
	lengths, text := section(4*texts), section(textBytes)
	dictionary := make([]string, texts)
	for i := range dictionary {
		size := le.Uint32(lengths[4*i:])
		dictionary[i], text = string(text[:size]), text[size:]
	}
	rows = make([]skeletonRow, n)
	wide := func(set func(r *skeletonRow, v uint64)) {
		s := section(8 * n)
		for i := range rows {
			set(&rows[i], le.Uint64(s[8*i:]))
		}
	}
	narrow := func(set func(r *skeletonRow, v uint32)) {
		s := section(4 * n)
		for i := range rows {
			set(&rows[i], le.Uint32(s[4*i:]))
		}
	}
	small := func(set func(r *skeletonRow, v uint8)) {
		s := section(n)
		for i := range rows {
			set(&rows[i], s[i])
		}
	}
	wide(func(r *skeletonRow, v uint64) { r.id = v })
	wide(func(r *skeletonRow, v uint64) { r.start = math.Float64frombits(v) })
	wide(func(r *skeletonRow, v uint64) { r.duration = math.Float64frombits(v) })
	narrow(func(r *skeletonRow, v uint32) { r.parent = int32(v) })
	narrow(func(r *skeletonRow, v uint32) { r.end = v })
	narrow(func(r *skeletonRow, v uint32) { r.service = dictionary[v] })
	narrow(func(r *skeletonRow, v uint32) { r.name = dictionary[v] })
	narrow(func(r *skeletonRow, v uint32) { r.category = dictionary[v] })
	narrow(func(r *skeletonRow, v uint32) { r.peer = dictionary[v] })
	narrow(func(r *skeletonRow, v uint32) { r.errorType = dictionary[v] })
	narrow(func(r *skeletonRow, v uint32) { r.statement = dictionary[v] })
	narrow(func(r *skeletonRow, v uint32) { r.events = v })
	ends := make([]int, 0, n)
	narrow(func(_ *skeletonRow, v uint32) { ends = append(ends, int(v)) })
	small(func(r *skeletonRow, v uint8) { r.kind = v })
	small(func(r *skeletonRow, v uint8) { r.status = v })
	small(func(r *skeletonRow, v uint8) { r.flags = v })
	linkTraces, linkSpans := section(16*links), section(8*links)
	from := 0
	for i := range rows {
		for ; from < ends[i]; from++ {
			rows[i].links = append(rows[i].links, fmt.Sprintf("%x %016x", linkTraces[16*from:16*from+16], le.Uint64(linkSpans[8*from:])))
		}
	}
	if err == nil && (at != len(b) || from != links) {
		err = fmt.Errorf("%d of %d bytes, %d of %d links", at, len(b), from, links)
	}
	return id, startNS, rows, err
}

// The decoded rows are the spans of the trace, arranged as the compact form arranges them.
func TestSkeletonDecodes(t *testing.T) {
	traces := []*store.Trace{sampleTrace(), {ID: store.TraceID{1}}, wideTrace(3000)}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		tr := &store.Trace{ID: store.TraceID{7}}
		for range 1 + r.IntN(40) {
			sp := store.Span{TraceID: tr.ID, SpanID: store.SpanIDFromUint64(1 + r.Uint64N(30)), ParentSpanID: store.SpanIDFromUint64(r.Uint64N(40)),
				StartNS: 1_700_000_000_000_000_000 + r.Int64N(40), DurationNS: r.Int64N(1 << 50), Kind: store.Kind(r.IntN(6)), StatusCode: store.StatusCode(r.IntN(3)),
				Service: fmt.Sprint("s", r.IntN(3)), Name: fmt.Sprint("é", r.IntN(9)), Category: "db", StatementHash: r.Uint64N(3)}
			for range r.IntN(3) {
				sp.Links = append(sp.Links, store.Link{TraceID: store.TraceID{byte(r.IntN(9)), 3}, SpanID: store.SpanIDFromUint64(r.Uint64())})
			}
			if r.IntN(4) == 0 {
				sp.Attributes = store.Attributes{{Key: "faas.coldstart", Value: store.BoolValue(true)}}
			}
			tr.Spans = append(tr.Spans, sp)
		}
		traces = append(traces, tr)
	}
	for _, tr := range traces {
		f := &fakeStore{traces: []*store.Trace{tr}}
		k, err := f.Skeleton(t.Context(), tr.ID)
		if err != nil {
			t.Fatal(err)
		}
		id, startNS, rows, err := decodeSkeleton(appendSkeleton(nil, k))
		if err != nil || id != tr.ID.String() {
			t.Fatalf("got trace %s, %v", id, err)
		}
		c := newCompactTrace(tr)
		if len(rows) != len(tr.Spans) || len(rows) > 0 && startNS != int64(c.StartNS) {
			t.Fatalf("got %d rows from %d, want %d from %d", len(rows), startNS, len(tr.Spans), c.StartNS)
		}
		var got, want []string
		for i, r := range rows {
			s := c.Spans
			if r.parent != s.Parent[i] || r.end != uint32(i)+uint32(s.Subtree[i]) || r.flags&7 != uint8(s.Flags[i]) || fmt.Sprintf("%016x", r.id) != s.ID[i] {
				t.Fatalf("row %d: got %+v", i, r)
			}
			got = append(got, fmt.Sprint(r.id, startNS+int64(r.start), int64(r.duration), r.service, r.name, r.category, r.peer, r.errorType, r.statement, r.events, r.kind, r.status,
				r.flags&16 != 0, r.links))
		}
		for _, sp := range tr.Spans {
			var links []string
			for _, l := range sp.Links {
				links = append(links, l.TraceID.String()+" "+l.SpanID.String())
			}
			cold, _ := sp.Attributes.Get("faas.coldstart")
			want = append(want, fmt.Sprint(sp.SpanID.Uint64(), sp.StartNS, sp.DurationNS, sp.Service, sp.Name, sp.Category, sp.PeerName, sp.ErrorType,
				optionalHash(sp.StatementHash), len(sp.Events), uint8(sp.Kind), uint8(sp.StatusCode), cold.Bool(), links))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("got\n%v\nwant\n%v", got, want)
		}
	}
}

func BenchmarkSkeleton(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("spans=%d", n), func(b *testing.B) {
			tr := wideTrace(n)
			k, err := (&fakeStore{traces: []*store.Trace{tr}}).Skeleton(b.Context(), tr.ID)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			bytes := 0
			for b.Loop() {
				bytes = len(appendSkeleton(nil, k))
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "spans/s")
			b.ReportMetric(float64(bytes)/float64(n), "bytes/span")
		})
	}
}
