package storeexporter

import (
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
)

func reopen(t *testing.T, l *ledger, dir string) *ledger {
	t.Helper()
	if l != nil {
		if err := l.close(); err != nil {
			t.Fatal(err)
		}
	}
	l, err := openLedger(dir, osFiles)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLedgerRemembersOpenBlocks(t *testing.T) {
	dir := t.TempDir()
	l := reopen(t, nil, dir)
	id := l.state.id
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(l.opened(blockRange{first: 1, last: 10}))
	must(l.opened(blockRange{first: 11, last: 20}))
	must(l.opened(blockRange{first: 21, last: 21}))
	must(l.done(blockRange{first: 11, last: 20}))
	_, _, err := l.split(blockRange{first: 1, last: 10}, 5, 0)
	must(err)
	_, _, err = l.split(blockRange{first: 21, last: 21}, 40, 100)
	must(err)
	must(l.done(blockRange{first: 1, last: 5}))
	want := []blockRange{{first: 6, last: 10}, {first: 21, last: 21, lo: 0, hi: 40}, {first: 21, last: 21, lo: 40, hi: 100}}
	for range 3 {
		l = reopen(t, l, dir)
		if !slices.Equal(l.open(), want) || l.next() != 22 || l.low() != 6 || l.state.id != id || l.fresh || l.damaged != 0 {
			t.Fatalf("open %v, next %d, low %d", l.open(), l.next(), l.low())
		}
	}
	must(l.close())
}

func TestLedgerTokens(t *testing.T) {
	seen := map[string]blockRange{}
	for _, r := range []blockRange{{first: 1, last: 1}, {first: 1, last: 11}, {first: 11, last: 11}, {1, 1, 0, 1}, {1, 1, 1, 11}, {1, 1, 11, 12}, {1, 11, 0, 0}} {
		if other, dup := seen[r.token("q")]; dup && other != r {
			t.Errorf("%v and %v have the token %s", r, other, r.token("q"))
		}
		seen[r.token("q")] = r
	}
}

// The ledger goes on for ever in its two files.
func TestLedgerIsRewrittenWhenFull(t *testing.T) {
	dir := t.TempDir()
	l := reopen(t, nil, dir)
	first := l.generation
	n := uint64(3 * ledgerSlots)
	l.files[0], l.files[1] = unsynced{l.files[0]}, unsynced{l.files[1]}
	for seq := uint64(1); seq <= n; seq++ {
		if err := l.opened(blockRange{first: seq, last: seq}); err != nil {
			t.Fatal(err)
		}
		if seq > 1 {
			if err := l.done(blockRange{first: seq - 1, last: seq - 1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if l.generation < first+5 {
		t.Errorf("generation %d after %d", l.generation, first)
	}
	l = reopen(t, l, dir)
	if !slices.Equal(l.open(), []blockRange{{first: n, last: n}}) || l.next() != n+1 {
		t.Errorf("open %v, next %d", l.open(), l.next())
	}
	for i := range 2 {
		if info, err := os.Stat(filepath.Join(dir, []string{"blocks.0", "blocks.1"}[i])); err != nil || info.Size() != ledgerSize {
			t.Errorf("file %d: %v %v", i, info, err)
		}
	}
	if err := l.close(); err != nil {
		t.Error(err)
	}
}

type unsynced struct{ file }

func (unsynced) Sync() error { return nil }

// An entry that cannot be written is not in force, and the next one takes its place.
func TestLedgerWriteFails(t *testing.T) {
	dir := t.TempDir()
	var fault atomic.Bool
	l, err := openLedger(dir, faultyFiles(&fault))
	if err != nil {
		t.Fatal(err)
	}
	fault.Store(true)
	if l.opened(blockRange{first: 1, last: 3}) == nil {
		t.Fatal("want an error")
	}
	fault.Store(false)
	if len(l.open()) != 0 {
		t.Fatal("in force after an error")
	}
	if err := l.opened(blockRange{first: 1, last: 2}); err != nil {
		t.Fatal(err)
	}
	l = reopen(t, l, dir)
	if !slices.Equal(l.open(), []blockRange{{first: 1, last: 2}}) {
		t.Errorf("open %v", l.open())
	}
	if err := l.close(); err != nil {
		t.Error(err)
	}
}

func TestLedgerDamage(t *testing.T) {
	dir := t.TempDir()
	l := reopen(t, nil, dir)
	for seq := uint64(1); seq <= 5; seq++ {
		if err := l.opened(blockRange{first: seq, last: seq}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.files[l.current].WriteAt([]byte("noise"), int64(l.used-3)*ledgerSlot); err != nil {
		t.Fatal(err)
	}
	l = reopen(t, l, dir)
	if l.damaged != 1 || len(l.open()) != 4 || l.next() != 6 {
		t.Errorf("damaged %d, open %v, next %d", l.damaged, l.open(), l.next())
	}
	// A rewrite that dies before its header leaves the older file in force.
	if _, err := l.files[l.current].WriteAt(make([]byte, ledgerSlot), 0); err != nil {
		t.Fatal(err)
	}
	l = reopen(t, l, dir)
	if l.fresh || len(l.open()) != 4 {
		t.Errorf("fresh %v, open %v", l.fresh, l.open())
	}
	if err := l.close(); err != nil {
		t.Error(err)
	}
}

func FuzzReadLedger(f *testing.F) {
	entry := func(e ledgerEntry) []byte { p := e.encode(); return p[:] }
	f.Add(slices.Concat(entry(ledgerEntry{kind: entryHeader, generation: 3}),
		entry(ledgerEntry{kind: entryOpen, generation: 3, blockRange: blockRange{first: 1, last: 9}}),
		entry(ledgerEntry{kind: entrySplit, generation: 3, blockRange: blockRange{first: 1, last: 9}, mid: 4})))
	f.Fuzz(func(t *testing.T, p []byte) {
		s, _, used, damaged, ok := readLedger(p)
		if !ok {
			return
		}
		if used < 1 || used > ledgerSlots || damaged < 0 || damaged > ledgerSlots || len(s.open) > 2*ledgerSlots {
			t.Fatalf("used %d, damaged %d, open %d", used, damaged, len(s.open))
		}
		for i := 0; i+ledgerSlot <= len(p); i += ledgerSlot {
			if e, err := decodeEntry(p[i : i+ledgerSlot]); err == nil {
				q := e.encode()
				if again, err := decodeEntry(q[:]); err != nil || again != e {
					t.Fatalf("%+v does not survive encoding", e)
				}
			}
		}
	})
}
