package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

// Objects keeps bytes under their own digest, each once. An object is there as a whole or not at all: its chunks are
// written first, under a name of their own, and become the object by one record that is written last.
type Objects struct {
	state *State
	name  string
	// index has a record for each object, under its digest: a blob.
	index  *Bucket
	chunks jetstream.Stream
	// prefix of the chunks' subjects; the upload's id and the chunk's number follow. The number makes it harmless that a client
	// which connects anew may send a chunk twice, or after its successor.
	prefix string
}

// Object describes one.
type Object struct {
	// Digest is the sha256 of its bytes, in lower-case hex.
	Digest string
	// Size is in bytes.
	Size int64
	// Time is when it was put.
	Time time.Time
}

// blob is an object's record in the index.
type blob struct {
	Size   int64  `json:"size"`
	Chunks int    `json:"chunks"`
	Upload string `json:"upload"`
}

const (
	// chunkBytes is well below the 1 MiB that a server takes by default. A chunk costs one sync: see docs/adr/0002-state-store.md.
	chunkBytes = 512 << 10
	// window is how many chunks may wait for their acknowledgement; it bounds the memory of a Put to window × chunkBytes.
	window = 8
	// uploadAge is from when on chunks without an object are somebody's who will not finish. Only on an external server: in this
	// process nobody else uploads while Objects is opened.
	uploadAge = 24 * time.Hour
)

// Objects opens a set of objects, makes it first if need be, and removes what broken-off uploads have left.
func (s *State) Objects(ctx context.Context, name string) (*Objects, error) {
	index, err := s.Bucket(ctx, name+"-index")
	if err != nil {
		return nil, err
	}
	bound, cancel := bounded(ctx)
	defer cancel()
	o := &Objects{state: s, name: name, index: index, prefix: "weft.objects." + name + "."}
	o.chunks, err = s.js.CreateOrUpdateStream(bound, jetstream.StreamConfig{
		Name: "WEFT_objects_" + name, Subjects: []string{o.prefix + "*.*"},
		MaxMsgsPerSubject: 1, MaxMsgs: -1, MaxBytes: -1, MaxMsgSize: -1, MaxConsumers: -1,
		Replicas: s.config.Replicas, Storage: jetstream.FileStorage, Discard: jetstream.DiscardNew,
		AllowDirect: s.directReads(),
	})
	if err != nil {
		return nil, fmt.Errorf("make objects %s: %w", name, err)
	}
	if err := o.sweep(bound); err != nil {
		return nil, fmt.Errorf("objects %s: remove broken-off uploads: %w", name, err)
	}
	return o, nil
}

// sweep removes chunks that belong to no object.
func (o *Objects) sweep(ctx context.Context) error {
	entries, err := o.index.List(ctx, "")
	if err != nil {
		return err
	}
	kept := map[string]bool{}
	for _, e := range entries {
		b, err := o.blobOf(e)
		if err != nil {
			return err
		}
		kept[b.Upload] = true
	}
	info, err := o.chunks.Info(ctx, jetstream.WithSubjectFilter(o.prefix+"*.*"))
	if err != nil {
		return err
	}
	// An upload's greatest chunk is its last one, more or less: as much as its age needs.
	left := map[string]int{}
	for subject := range info.State.Subjects {
		upload, number, _ := strings.Cut(subject[len(o.prefix):], ".")
		n, err := strconv.Atoi(number)
		if err != nil {
			return fmt.Errorf("chunk %q has no number: %w", subject, err)
		}
		if !kept[upload] {
			left[upload] = max(left[upload], n)
		}
	}
	for upload, last := range left {
		if o.state.embedded == nil {
			m, err := o.chunks.GetLastMsgForSubject(ctx, o.chunk(upload, last))
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if time.Since(m.Time) < uploadAge {
				continue
			}
		}
		o.state.log.Info("removing a broken-off upload", "objects", o.name, "chunks", last+1)
		if err := o.remove(ctx, upload); err != nil {
			return err
		}
	}
	return nil
}

func (o *Objects) chunk(upload string, n int) string {
	return o.prefix + upload + "." + strconv.Itoa(n)
}

// remove deletes all chunks of an upload.
func (o *Objects) remove(ctx context.Context, upload string) error {
	return o.chunks.Purge(ctx, jetstream.WithPurgeSubject(o.prefix+upload+".*"))
}

// Put stores all that r gives and returns its digest and size. When it returns nil, the object is on disk. Bytes that are
// there already are not kept twice. ctx without a deadline waits as long as r takes; each acknowledgement is waited for at
// most 15 s.
func (o *Objects) Put(ctx context.Context, r io.Reader) (Object, error) {
	upload := uuid.NewString()
	object, b, err := o.upload(ctx, upload, r)
	if err == nil {
		var kept bool
		if kept, err = o.commit(ctx, object, b); kept {
			return object, nil
		}
	}
	// ctx may be what ended the upload.
	cleaning, cancel := bounded(context.WithoutCancel(ctx))
	defer cancel()
	if e := o.remove(cleaning, upload); e != nil {
		o.state.log.Warn("remove chunks that no object needs; the next start tries again", "objects", o.name, "error", e)
	}
	if err != nil {
		return Object{}, fmt.Errorf("put into objects %s: %w", o.name, err)
	}
	return object, nil
}

// upload writes the chunks and waits until all of them are on disk.
func (o *Objects) upload(ctx context.Context, upload string, r io.Reader) (object Object, b blob, err error) {
	var waiting []jetstream.PubAckFuture
	defer func() {
		// What is on its way when the upload fails has to arrive before it can be removed.
		settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), opTimeout)
		defer cancel()
		for _, future := range waiting {
			_ = acknowledged(settling, future) // there is an error to return already
		}
	}()
	hash := sha256.New()
	b.Upload = upload
	size := int(min(chunkBytes, o.state.conn.MaxPayload()-4096)) // less what a server may add
	for end := false; !end; {
		chunk := make([]byte, size) // the client keeps it until it is acknowledged
		n, err := io.ReadFull(r, chunk)
		if end = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF); err != nil && !end {
			return Object{}, b, fmt.Errorf("read: %w", err)
		}
		if n == 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return Object{}, b, err
		}
		hash.Write(chunk[:n])
		b.Size += int64(n)
		if len(waiting) == window {
			if err := acknowledged(ctx, waiting[0]); err != nil {
				return Object{}, b, err
			}
			waiting = waiting[1:]
		}
		future, err := o.state.js.PublishAsync(o.chunk(upload, b.Chunks), chunk[:n])
		if err != nil {
			return Object{}, b, err
		}
		waiting = append(waiting, future)
		b.Chunks++
	}
	for len(waiting) > 0 {
		if err := acknowledged(ctx, waiting[0]); err != nil {
			return Object{}, b, err
		}
		waiting = waiting[1:]
	}
	return Object{Digest: hex.EncodeToString(hash.Sum(nil)), Size: b.Size}, b, nil
}

func acknowledged(ctx context.Context, future jetstream.PubAckFuture) error {
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	select {
	case <-future.Ok():
		return nil
	case err := <-future.Err():
		return err
	case <-ctx.Done():
		return fmt.Errorf("a chunk was not acknowledged: %w", ctx.Err())
	}
}

// commit makes the uploaded chunks the object; false when the object was there before, or the chunks are not.
func (o *Objects) commit(ctx context.Context, object Object, b blob) (bool, error) {
	bound, cancel := bounded(ctx)
	defer cancel()
	info, err := o.chunks.Info(bound, jetstream.WithSubjectFilter(o.prefix+b.Upload+".*"))
	if err != nil {
		return false, err
	}
	// A sweep elsewhere takes the chunks of an upload that stood still for a day.
	if got := len(info.State.Subjects); got != b.Chunks {
		return false, fmt.Errorf("%d chunks were sent, %d are there", b.Chunks, got)
	}
	record, err := json.Marshal(b)
	if err != nil {
		return false, err
	}
	_, err = o.index.Create(bound, object.Digest, record)
	if errors.Is(err, ErrConflict) {
		// Either the object was there before, or our own record was stored and its acknowledgement lost.
		return o.ours(bound, object.Digest, b.Upload)
	}
	return err == nil, err
}

func (o *Objects) ours(ctx context.Context, digest, upload string) (bool, error) {
	e, err := o.index.Get(ctx, digest)
	if err != nil {
		return false, err
	}
	b, err := o.blobOf(e)
	return b.Upload == upload, err
}

// Has says whether the object is there.
func (o *Objects) Has(ctx context.Context, digest string) (bool, error) {
	_, _, err := o.find(ctx, digest)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// List returns all objects, by digest.
func (o *Objects) List(ctx context.Context) ([]Object, error) {
	entries, err := o.index.List(ctx, "")
	if err != nil {
		return nil, err
	}
	objects := make([]Object, len(entries))
	for i, e := range entries {
		b, err := o.blobOf(e)
		if err != nil {
			return nil, err
		}
		objects[i] = Object{Digest: e.Key, Size: b.Size, Time: e.Time}
	}
	return objects, nil
}

// Delete removes the object, also while somebody reads it: their next read fails. ErrNotFound: it is not there.
func (o *Objects) Delete(ctx context.Context, digest string) error {
	e, b, err := o.find(ctx, digest)
	if err != nil {
		return err
	}
	if err := o.index.Delete(ctx, digest, e.Revision); err != nil {
		return err
	}
	bound, cancel := bounded(ctx)
	defer cancel()
	if err := o.remove(bound, b.Upload); err != nil {
		return fmt.Errorf("delete from objects %s: remove the chunks: %w", o.name, err)
	}
	return nil
}

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (o *Objects) find(ctx context.Context, digest string) (Entry, blob, error) {
	if !digestForm.MatchString(digest) {
		return Entry{}, blob{}, fmt.Errorf("digest: want 64 hex digits in lower case, got %q", digest)
	}
	e, err := o.index.Get(ctx, digest)
	if err != nil {
		return Entry{}, blob{}, err
	}
	b, err := o.blobOf(e)
	return e, b, err
}

func (o *Objects) blobOf(e Entry) (blob, error) {
	var b blob
	if err := json.Unmarshal(e.Value, &b); err != nil {
		return blob{}, fmt.Errorf("objects %s: record of %s: %w", o.name, e.Key, err)
	}
	return b, nil
}
