package state

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/nats-io/nats.go/jetstream"
)

// payload makes bytes that do not compress, the same for the same seed.
func payload(size int, seed uint64) []byte {
	var key [32]byte
	key[0] = byte(seed)
	key[1] = byte(seed >> 8)
	b := make([]byte, size)
	rand.NewChaCha8(key).Read(b)
	return b
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func readObject(t *testing.T, o *Objects, digest string) ([]byte, error) {
	t.Helper()
	r, size, err := o.Open(t.Context(), digest)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err == nil && int64(len(got)) != size {
		t.Errorf("object %s: %d bytes read, %d announced", digest, len(got), size)
	}
	return got, err
}

// chunksOf counts the chunks that the server holds, whoever's they are.
func chunksOf(t *testing.T, o *Objects) uint64 {
	t.Helper()
	info, err := o.chunks.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Msgs
}

func TestObjects(t *testing.T) {
	inBoth(t, func(t *testing.T, s *State) {
		ctx := t.Context()
		o, err := s.Objects(ctx, "code")
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, (window+3)*chunkBytes + 7} {
			want := payload(size, uint64(size))
			before, err := o.Has(ctx, digestOf(want))
			if err != nil || before {
				t.Fatalf("%d bytes: has before: %v, %v", size, before, err)
			}
			object, err := o.Put(ctx, iotest.HalfReader(bytes.NewReader(want)))
			if err != nil || object.Digest != digestOf(want) || object.Size != int64(size) {
				t.Fatalf("%d bytes: put: %+v, %v", size, object, err)
			}
			chunks := chunksOf(t, o)
			again, err := o.Put(ctx, bytes.NewReader(want))
			if err != nil || again.Digest != object.Digest || again.Size != object.Size {
				t.Errorf("%d bytes: put again: %+v, %v", size, again, err)
			}
			if now := chunksOf(t, o); now != chunks {
				t.Errorf("%d bytes: stored twice: %d chunks after %d", size, now, chunks)
			}
			got, err := readObject(t, o, object.Digest)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes: read %d bytes, %v", size, len(got), err)
			}
			if has, err := o.Has(ctx, object.Digest); err != nil || !has {
				t.Errorf("%d bytes: has: %v, %v", size, has, err)
			}
		}
		objects, err := o.List(ctx)
		if err != nil || len(objects) != 6 {
			t.Fatalf("list: %d, %v", len(objects), err)
		}
		for _, object := range objects {
			if err := o.Delete(ctx, object.Digest); err != nil {
				t.Fatal(err)
			}
			if _, _, err := o.Open(ctx, object.Digest); !errors.Is(err, ErrNotFound) {
				t.Errorf("open what was deleted: %v", err)
			}
			if err := o.Delete(ctx, object.Digest); !errors.Is(err, ErrNotFound) {
				t.Errorf("delete what was deleted: %v", err)
			}
		}
		if n := chunksOf(t, o); n != 0 {
			t.Errorf("%d chunks are left of deleted objects", n)
		}
		if _, err := o.Has(ctx, "abc"); err == nil || err.Error() != `digest: want 64 hex digits in lower case, got "abc"` {
			t.Errorf("has of a bad digest: %v", err)
		}
	})
}

func TestPutThatFailsLeavesNothing(t *testing.T) {
	s := openEmbedded(t, t.TempDir())
	o, err := s.Objects(t.Context(), "code")
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the client went away")
	_, err = o.Put(t.Context(), io.MultiReader(bytes.NewReader(payload(3*chunkBytes, 1)), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("put from a broken reader: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = o.Put(ctx, io.MultiReader(bytes.NewReader(payload(3*chunkBytes, 2)), readerFunc(func(p []byte) (int, error) {
		cancel()
		return len(p), nil
	})))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("put that was cancelled: %v", err)
	}
	if objects, err := o.List(t.Context()); err != nil || len(objects) != 0 {
		t.Errorf("list: %v, %v", objects, err)
	}
	if n := chunksOf(t, o); n != 0 {
		t.Errorf("%d chunks are left", n)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestPutOfTheSameAtOnce(t *testing.T) {
	s := openEmbedded(t, t.TempDir())
	o, err := s.Objects(t.Context(), "code")
	if err != nil {
		t.Fatal(err)
	}
	want := payload(3*chunkBytes, 3)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if object, err := o.Put(t.Context(), bytes.NewReader(want)); err != nil || object.Digest != digestOf(want) {
				t.Errorf("put: %+v, %v", object, err)
			}
		})
	}
	wg.Wait()
	if n := chunksOf(t, o); n != 3 {
		t.Errorf("%d chunks are kept, want 3", n)
	}
	if got, err := readObject(t, o, digestOf(want)); err != nil || !bytes.Equal(got, want) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

func TestCorruptionIsFoundWhileReading(t *testing.T) {
	s := openEmbedded(t, t.TempDir())
	o, err := s.Objects(t.Context(), "code")
	if err != nil {
		t.Fatal(err)
	}
	damage := func(seed uint64, how func(b blob)) {
		t.Helper()
		object, err := o.Put(t.Context(), bytes.NewReader(payload(2*chunkBytes, seed)))
		if err != nil {
			t.Fatal(err)
		}
		_, b, err := o.find(t.Context(), object.Digest)
		if err != nil {
			t.Fatal(err)
		}
		how(b)
		if _, err := readObject(t, o, object.Digest); !errors.Is(err, ErrCorrupt) {
			t.Errorf("read of a damaged object: %v", err)
		}
	}
	damage(1, func(b blob) {
		if _, err := s.js.Publish(t.Context(), o.chunk(b.Upload, 1), payload(chunkBytes, 9)); err != nil {
			t.Fatal(err)
		}
	})
	damage(2, func(b blob) {
		if err := o.chunks.Purge(t.Context(), jetstream.WithPurgeSubject(o.chunk(b.Upload, 1))); err != nil {
			t.Fatal(err)
		}
	})
}

func TestDeletedWhileRead(t *testing.T) {
	s := openEmbedded(t, t.TempDir())
	o, err := s.Objects(t.Context(), "code")
	if err != nil {
		t.Fatal(err)
	}
	object, err := o.Put(t.Context(), bytes.NewReader(payload(3*chunkBytes, 1)))
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := o.Open(t.Context(), object.Digest)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadFull(r, make([]byte, chunkBytes)); err != nil {
		t.Fatal(err)
	}
	if err := o.Delete(t.Context(), object.Digest); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); !errors.Is(err, ErrNotFound) {
		t.Errorf("read on: %v", err)
	}
}
