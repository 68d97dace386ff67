package store

import (
	"strings"
	"testing"
	"time"
)

func TestTraceCursor(t *testing.T) {
	c := &traceCursor{query: 7, startNS: -5, id: TraceID{1, 2, 3}, snapshotMS: time.Now().UnixMilli(), depth: 40}
	for i := range maxShown {
		c.shown = append(c.shown, hashTraceID(TraceID{byte(i), byte(i >> 8)}))
	}
	text := c.String()
	if len(text) > 14_000 {
		t.Errorf("a full cursor has %d bytes", len(text))
	}
	got, err := parseTraceCursor(text, 7)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != text || got.startNS != c.startNS || got.id != c.id || got.snapshotMS != c.snapshotMS || got.depth != 40 {
		t.Errorf("got %+v back", got)
	}
	if !got.wasShown(TraceID{5, 1}) || got.wasShown(TraceID{5, 200}) {
		t.Error("shown traces got lost")
	}
	bad := func(text string, query uint32) {
		t.Helper()
		if _, err := parseTraceCursor(text, query); err != errCursor {
			t.Errorf("parseTraceCursor(%.20q, %d): %v", text, query, err)
		}
	}
	bad(text, 8)
	bad("", 7)
	bad("%%%", 7)
	bad(text[:len(text)-4], 7)
	bad("B"+text[1:], 7)
	bad(strings.Repeat("A", 80), 0)

	// The last hour, asked for a while later, is the hour that the first page was of; another one is refused.
	hour := int64(time.Hour)
	now := time.Now()
	first := &traceCursor{from: now.UnixNano() - hour, to: now.UnixNano(), snapshotMS: now.UnixMilli()}
	later := now.Add(20 * time.Minute)
	for _, ends := range [][2]int64{{first.from, first.to}, {later.UnixNano() - hour, later.UnixNano()}, {first.from, later.UnixNano()}} {
		if from, to, err := first.rangeOf(ends[0], ends[1], later); err != nil || from != first.from || to != first.to {
			t.Errorf("%v: got %d %d %v", ends, from, to, err)
		}
	}
	for _, ends := range [][2]int64{{first.from - 1, first.to}, {first.from + hour, first.to + hour}, {first.from, first.to - 1}} {
		if _, _, err := first.rangeOf(ends[0], ends[1], later); err == nil {
			t.Errorf("%v is taken for the same range", ends)
		}
	}

	if !c.after(-6, TraceID{}) || c.after(-4, TraceID{}) || c.after(-5, c.id) || !c.after(-5, TraceID{1, 2, 2}) || c.after(-5, TraceID{1, 2, 4}) {
		t.Error("order: want newer starts first, then greater ids")
	}
}

func FuzzTraceCursor(f *testing.F) {
	f.Add((&traceCursor{query: 1, snapshotMS: 1}).String())
	f.Add((&traceCursor{query: 1, snapshotMS: 1, shown: []shownHash{{1}}}).String())
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseTraceCursor(text, 1)
		if err != nil {
			return
		}
		again, err := parseTraceCursor(c.String(), 1)
		if err != nil || again.String() != c.String() {
			t.Errorf("%q is read as %+v, which is read as %+v, %v", text, c, again, err)
		}
	})
}

func FuzzLogCursor(f *testing.F) {
	f.Add(logCursor{timeNS: 1, hash: 2, skip: 3}.String())
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseLogCursor(text)
		if err != nil {
			return
		}
		if again, err := parseLogCursor(c.String()); err != nil || again != c {
			t.Errorf("%q is read as %+v, which is read as %+v, %v", text, c, again, err)
		}
	})
}
