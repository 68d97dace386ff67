package state

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func TestBucket(t *testing.T) {
	inBoth(t, func(t *testing.T, s *State) {
		ctx := t.Context()
		b, err := s.Bucket(ctx, "functions")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Get(ctx, "shop/$LATEST"); !errors.Is(err, ErrNotFound) {
			t.Fatalf("get what is not there: %v", err)
		}
		first, err := b.Create(ctx, "shop/$LATEST", []byte("one"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Create(ctx, "shop/$LATEST", []byte("again"))
		wantError(t, err, ErrConflict, fmt.Sprintf(`weft-functions: "shop/$LATEST" exists already, at revision %d`, first))
		second, err := b.Update(ctx, "shop/$LATEST", []byte("two"), first)
		if err != nil || second <= first {
			t.Fatalf("update: revision %d after %d, %v", second, first, err)
		}
		_, err = b.Update(ctx, "shop/$LATEST", []byte("lost"), first)
		wantError(t, err, ErrConflict, fmt.Sprintf(`weft-functions: "shop/$LATEST" changed meanwhile: want revision %d, it is at %d`, first, second))
		conflict, ok := errors.AsType[*ConflictError](err)
		if !ok || *conflict != (ConflictError{"shop/$LATEST", first, second}) {
			t.Errorf("conflict: %+v", conflict)
		}
		wantError(t, b.Delete(ctx, "shop/$LATEST", first), ErrConflict,
			fmt.Sprintf(`weft-functions: "shop/$LATEST" changed meanwhile: want revision %d, it is at %d`, first, second))
		e, err := b.Get(ctx, "shop/$LATEST")
		if err != nil || string(e.Value) != "two" || e.Revision != second || e.Key != "shop/$LATEST" || time.Since(e.Time).Abs() > time.Hour {
			t.Errorf("get: %+v, %v", e, err)
		}
		if err := b.Delete(ctx, "shop/$LATEST", second); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Get(ctx, "shop/$LATEST"); !errors.Is(err, ErrNotFound) {
			t.Errorf("get what was deleted: %v", err)
		}
		// The marker of the deletion has an end, so that keys which come and go do not add up.
		stream, err := s.js.Stream(ctx, "KV_weft-functions")
		if err != nil {
			t.Fatal(err)
		}
		if m, err := stream.GetLastMsgForSubject(ctx, "$KV.weft-functions.shop.=24LATEST"); err != nil || m.Header.Get(jetstream.MsgTTLHeader) != "1h0m0s" {
			t.Errorf("marker: %+v, %v", m, err)
		}
		_, err = b.Update(ctx, "shop/$LATEST", nil, second)
		wantError(t, err, ErrConflict, fmt.Sprintf(`weft-functions: "shop/$LATEST" was deleted since revision %d`, second))
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("update of what was deleted: want ErrNotFound too, got %v", err)
		}
		if _, err := b.Create(ctx, "shop/$LATEST", []byte("new")); err != nil {
			t.Errorf("create after a deletion: %v", err)
		}
		if err := b.Delete(ctx, "shop/$LATEST", 0); err == nil || err.Error() != `weft-functions: delete "shop/$LATEST": revision: want at least 1, got 0` {
			t.Errorf("delete without a revision: %v", err)
		}
	})
}

func TestListAndKeys(t *testing.T) {
	s := openEmbedded(t, t.TempDir())
	ctx := t.Context()
	b, err := s.Bucket(ctx, "records")
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"a", "a/b", "a/b/c", "ab", "ab/ü *>.", "b/$LATEST", "b/10", "b/9"}
	for i := len(all) - 1; i >= 0; i-- {
		if _, err := b.Create(ctx, all[i], []byte("v"+all[i])); err != nil {
			t.Fatal(err)
		}
	}
	check := func(prefix string, want ...string) {
		t.Helper()
		keys, err := b.Keys(ctx, prefix)
		if err != nil || fmt.Sprintf("%q", keys) != fmt.Sprintf("%q", want) {
			t.Errorf("keys of %q: got %q, %v, want %q", prefix, keys, err, want)
		}
		entries, err := b.List(ctx, prefix)
		if err != nil || len(entries) != len(want) {
			t.Fatalf("list of %q: got %d, %v, want %d", prefix, len(entries), err, len(want))
		}
		for i, e := range entries {
			if e.Key != want[i] || string(e.Value) != "v"+want[i] || e.Revision == 0 {
				t.Errorf("list of %q: got %+v, want %q", prefix, e, want[i])
			}
		}
	}
	check("", all...)
	check("a", "a", "a/b", "a/b/c", "ab", "ab/ü *>.")
	check("a/", "a/b", "a/b/c")
	check("a/b", "a/b", "a/b/c")
	check("b/", "b/$LATEST", "b/10", "b/9")
	check("nothing/")
	check("/")

	for key, want := range map[string]string{
		"":                       "key: want 1 to 512 bytes, got 0",
		strings.Repeat("x", 513): "key: want 1 to 512 bytes, got 513",
		"/a":                     `key: want parts that are not empty between slashes, got "/a"`,
		"a//b":                   `key: want parts that are not empty between slashes, got "a//b"`,
		"a\xff":                  `key: want UTF-8, got "a\xff"`,
	} {
		if _, err := b.Create(ctx, key, nil); err == nil || err.Error() != want {
			t.Errorf("create %q: got %v, want %s", key, err, want)
		}
	}
	if _, err := s.Bucket(ctx, "No.Name"); err == nil || err.Error() != `bucket: want 1 to 32 of a-z, 0-9 and -, a letter first, got "No.Name"` {
		t.Errorf("bucket of a bad name: %v", err)
	}
}

// Counters that several goroutines raise by one through revision checks end at the number of their rounds.
func TestNobodyOverwritesWhatTheyHaveNotSeen(t *testing.T) {
	s := openEmbedded(t, t.TempDir())
	b, err := s.Bucket(t.Context(), "counters")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Create(t.Context(), "n", []byte("0")); err != nil {
		t.Fatal(err)
	}
	const writers, rounds = 4, 25
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for done := 0; done < rounds; {
				e, err := b.Get(t.Context(), "n")
				if err != nil {
					t.Error(err)
					return
				}
				n, _ := strconv.Atoi(string(e.Value))
				switch _, err := b.Update(t.Context(), "n", []byte(strconv.Itoa(n+1)), e.Revision); {
				case err == nil:
					done++
				case !errors.Is(err, ErrConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if e, err := b.Get(t.Context(), "n"); err != nil || string(e.Value) != strconv.Itoa(writers*rounds) {
		t.Errorf("got %s, %v, want %d", e.Value, err, writers*rounds)
	}
}

func TestWatch(t *testing.T) {
	inBoth(t, func(t *testing.T, s *State) {
		ctx := t.Context()
		b, err := s.Bucket(ctx, "watched")
		if err != nil {
			t.Fatal(err)
		}
		one, err := b.Create(ctx, "fn/one", []byte("1"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Create(ctx, "other", nil); err != nil {
			t.Fatal(err)
		}
		before, changes, err := b.Watch(ctx, "fn/")
		if err != nil {
			t.Fatal(err)
		}
		if len(before) != 1 || before[0].Key != "fn/one" || string(before[0].Value) != "1" || before[0].Revision != one {
			t.Fatalf("what was there: %+v", before)
		}
		two, err := b.Create(ctx, "fn/two", []byte("2"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Update(ctx, "fn/one", []byte("1b"), one); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Create(ctx, "fn-else", nil); err != nil {
			t.Fatal(err)
		}
		if err := b.Delete(ctx, "fn/two", two); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"fn/two=2", "fn/one=1b", "fn/two deleted"} {
			if got := changeText(t, changes); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		s.Close()
		if c, open := <-changes; open {
			t.Errorf("the state was closed, and there came %+v", c)
		}
	})
}

func TestWatchEndsWithItsContext(t *testing.T) {
	s := openEmbedded(t, t.TempDir())
	b, err := s.Bucket(t.Context(), "watched")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, changes, err := b.Watch(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	// More than all buffers between server and reader hold, and nobody reads.
	for i := range 1000 {
		if _, err := b.Create(t.Context(), strconv.Itoa(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	for range changes {
	}
}

func changeText(t *testing.T, changes <-chan Change) string {
	t.Helper()
	select {
	case c, open := <-changes:
		switch {
		case !open:
			t.Fatal("the changes ended")
		case c.Deleted:
			return c.Key + " deleted"
		}
		return c.Key + "=" + string(c.Value)
	case <-time.After(time.Minute):
		t.Fatal("no change within a minute")
	}
	return ""
}

func wantError(t *testing.T, err, kind error, text string) {
	t.Helper()
	if !errors.Is(err, kind) || err.Error() != text {
		t.Errorf("got %v, want %s", err, text)
	}
}

func FuzzKey(f *testing.F) {
	f.Add("shop/$LATEST")
	f.Add("a=b.c/ü")
	f.Fuzz(func(t *testing.T, key string) {
		if checkKey(key) == nil && decodeKey(encodeKey(key)) != key {
			t.Errorf("%q became %q and then %q", key, encodeKey(key), decodeKey(encodeKey(key)))
		}
		decodeKey(key) // of somebody else's record
	})
}
