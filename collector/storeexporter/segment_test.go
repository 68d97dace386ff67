package storeexporter

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/record"
)

// writeSegment writes records with bodies of the given sizes, as the queue does.
func writeSegment(t testing.TB, sizes ...int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "segment")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := record.NewLogWriter(f, segmentMagic, record.LogWriterConfig{WriteWALSyncOffsets: func() bool { return false }})
	for i, n := range sizes {
		if _, err := w.WriteRecord(appendRecord(nil, segmentRecord(i, n))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func segmentRecord(i, n int) queueRecord {
	body := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(i)})
	r.Read(body)
	return queueRecord{seq: uint64(i + 1), timeNS: int64(i) * 1000, items: uint32(n), form: enriched + recordForm(i%2), body: body}
}

// readSegment returns the records of p by number, and the damage.
func readSegment(p []byte, limit int64) (map[uint64]queueRecord, []region) {
	r := newSegmentReader(bytes.NewReader(p), 0, limit)
	got := map[uint64]queueRecord{}
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			return got, r.damage
		}
		rec.body = bytes.Clone(rec.body)
		got[rec.seq] = rec
	}
}

var someSizes = []int{0, 1, 100, 5000, blockSize - recordHeader - chunkHeader, blockSize, 3*blockSize + 17, 40, blockSize - 70, 7, 100_000, 12}

func TestSegmentRoundTrip(t *testing.T) {
	p := writeSegment(t, someSizes...)
	got, damage := readSegment(p, int64(len(p)))
	if len(damage) != 0 {
		t.Errorf("damage: %v", damage)
	}
	for i, n := range someSizes {
		want := segmentRecord(i, n)
		rec, ok := got[want.seq]
		if !ok || rec.timeNS != want.timeNS || rec.items != want.items || !bytes.Equal(rec.body, want.body) {
			t.Errorf("record %d of %d bytes came back different", want.seq, n)
		}
	}
	// pebble's reader agrees about the format.
	r := record.NewReader(bytes.NewReader(p), segmentMagic)
	for i, n := range someSizes {
		rd, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(rd)
		if err != nil || !bytes.Equal(raw, appendRecord(nil, segmentRecord(i, n))) {
			t.Fatalf("record %d: pebble reads another (%v)", i+1, err)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

// However a segment is cut off, what is whole before the cut is read, and nothing else.
func TestSegmentCutAnywhere(t *testing.T) {
	p := writeSegment(t, someSizes...)
	r := newSegmentReader(bytes.NewReader(p), 0, int64(len(p)))
	var ends []int64
	for {
		if _, err := r.next(); err != nil {
			break
		}
		ends = append(ends, r.end)
	}
	for cut := 0; cut < len(p); cut += 61 {
		want := 0
		for want < len(ends) && ends[want] <= int64(cut) {
			want++
		}
		got, _ := readSegment(p[:cut], int64(cut))
		if len(got) != want {
			t.Fatalf("cut at %d: want %d records, got %d", cut, want, len(got))
		}
		// The file may also be shorter than it was known to be.
		if got, _ := readSegment(p[:cut], int64(len(p))); len(got) != want {
			t.Fatalf("cut at %d unknown to the reader: want %d records, got %d", cut, want, len(got))
		}
	}
}

// One damaged byte costs the records of its 32 KiB block at most, and mostly only one.
func TestSegmentByteFlippedAnywhere(t *testing.T) {
	sizes := make([]int, 200)
	for i := range sizes {
		sizes[i] = 700
	}
	p := writeSegment(t, sizes...)
	one, more := 0, 0
	for at := 0; at < len(p)-chunkHeader; at += 101 {
		q := bytes.Clone(p)
		q[at] ^= 0x40
		got, damage := readSegment(q, int64(len(q)))
		switch lost := len(sizes) - len(got); {
		case lost == 0 || len(damage) == 0:
			t.Fatalf("byte %d: not noticed", at)
		case lost <= 2:
			one++
		case lost <= blockSize/700+2:
			more++
		default:
			t.Fatalf("byte %d: %d records lost", at, lost)
		}
	}
	if one < 20*more {
		t.Errorf("%d flips cost one or two records, %d more", one, more)
	}
}

func FuzzSegmentReader(f *testing.F) {
	f.Add(writeSegment(f, 10, 500, blockSize), 100)
	f.Add(writeSegment(f), 0)
	f.Add(make([]byte, 2*blockSize), 0)
	f.Fuzz(func(t *testing.T, p []byte, limit int) {
		r := newSegmentReader(bytes.NewReader(p), 0, int64(limit))
		end := int64(0)
		for {
			rec, err := r.next()
			if err != nil {
				break
			}
			if r.end <= end || r.end > int64(len(p)) || len(rec.body) > len(p) {
				t.Fatalf("record at %d to %d of %d", end, r.end, len(p))
			}
			end = r.end
		}
		for i, d := range r.damage {
			if d.from < 0 || d.to <= d.from || i > 0 && d.from <= r.damage[i-1].to {
				t.Fatalf("damage %v", r.damage)
			}
		}
	})
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add(appendRecord(nil, segmentRecord(3, 20)))
	f.Fuzz(func(t *testing.T, p []byte) {
		r, err := decodeRecord(p)
		if err == nil && !bytes.Equal(appendRecord(nil, r), p) {
			t.Fatal("does not encode to what it was decoded from")
		}
	})
}
