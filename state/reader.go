package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/nats-io/nats.go/jetstream"
)

// Open returns a reader of the object, or ErrNotFound. The digest is checked while it is read: instead of io.EOF comes
// ErrCorrupt when the bytes are not those that were put, so whoever uses them before has to be able to go back.
// ctx bounds the whole reading.
func (o *Objects) Open(ctx context.Context, digest string) (io.ReadCloser, int64, error) {
	_, b, err := o.find(ctx, digest)
	if err != nil {
		return nil, 0, err
	}
	return &reader{ctx: ctx, objects: o, digest: digest, blob: b, hash: sha256.New()}, b.Size, nil
}

// reader asks for one chunk after the other. A subscription would save the round trips and need flow control, a goroutine
// and a bound for what nobody reads.
type reader struct {
	ctx     context.Context
	objects *Objects
	digest  string
	blob    blob
	hash    hash.Hash
	// rest of the last chunk that was fetched; chunks is how many were.
	rest   []byte
	chunks int
	read   int64
	err    error
}

func (r *reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 && r.err == nil {
		r.err = r.fetch()
	}
	if len(r.rest) == 0 {
		return 0, r.err
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// fetch gets the next chunk; io.EOF after the last one of an object that is whole.
func (r *reader) fetch() error {
	if r.chunks == r.blob.Chunks {
		if got := hex.EncodeToString(r.hash.Sum(nil)); got != r.digest || r.read != r.blob.Size {
			return fmt.Errorf("object %s: %w: %d of %d bytes, sha256 %s", r.digest, ErrCorrupt, r.read, r.blob.Size, got)
		}
		return io.EOF
	}
	ctx, cancel := context.WithTimeout(r.ctx, opTimeout)
	defer cancel()
	var m *jetstream.RawStreamMsg
	err := read(ctx, func(ctx context.Context) (err error) {
		m, err = r.objects.chunks.GetLastMsgForSubject(ctx, r.objects.chunk(r.blob.Upload, r.chunks))
		return err
	})
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		if has, e := r.objects.Has(ctx, r.digest); e == nil && !has {
			return fmt.Errorf("object %s was deleted while it was read: %w", r.digest, ErrNotFound)
		}
		return fmt.Errorf("object %s: %w: chunk %d of %d is missing", r.digest, ErrCorrupt, r.chunks+1, r.blob.Chunks)
	}
	if err != nil {
		return fmt.Errorf("object %s: read chunk %d of %d: %w", r.digest, r.chunks+1, r.blob.Chunks, err)
	}
	r.chunks++
	r.rest = m.Data
	r.read += int64(len(m.Data))
	r.hash.Write(m.Data)
	return nil
}

// Close ends the reading.
func (r *reader) Close() error {
	r.rest, r.err = nil, errors.New("reader is closed")
	return nil
}
