package state

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Entry is one record.
type Entry struct {
	Key   string
	Value []byte
	// Revision grows with every change of the bucket; the record has it until it is changed itself.
	Revision uint64
	// Time is when it was written, by the server's clock.
	Time time.Time
}

// Change is a record that was written, or deleted: then it has no Value, and Revision is the deletion's.
type Change struct {
	Entry
	Deleted bool
}

// Bucket is a set of records. A change of a record names the revision that it is made from, so that nobody overwrites what
// they have not seen. A change that returned nil is on disk. One that returned an error other than ErrConflict and
// ErrNotFound may have happened or not: a server may have gone away between.
type Bucket struct {
	state *State
	name  string
	kv    jetstream.KeyValue
}

var bucketName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// markersLast is how long a watcher that was away can still learn of a deletion. Then nothing is left of the record.
const markersLast = time.Hour

// Bucket opens a bucket, and makes it first if need be.
func (s *State) Bucket(ctx context.Context, name string) (*Bucket, error) {
	if !bucketName.MatchString(name) {
		return nil, fmt.Errorf("bucket: want 1 to 32 of a-z, 0-9 and -, a letter first, got %q", name)
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	name = "weft-" + name
	_, err := s.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: "KV_" + name, Subjects: []string{"$KV." + name + ".>"},
		MaxMsgsPerSubject: 1, MaxMsgs: -1, MaxBytes: -1, MaxMsgSize: -1, MaxConsumers: -1,
		Replicas: s.config.Replicas, Storage: jetstream.FileStorage, Discard: jetstream.DiscardNew,
		AllowRollup: true, DenyDelete: true, AllowMsgTTL: true,
		AllowDirect: s.directReads(),
	})
	if err != nil {
		return nil, fmt.Errorf("make bucket %s: %w", name, err)
	}
	kv, err := s.js.KeyValue(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", name, err)
	}
	return &Bucket{state: s, name: name, kv: kv}, nil
}

// directReads are answered by any replica, also by one that has not yet heard of the last write. Without replicas they are
// exact, and cheaper than asking the leader.
func (s *State) directReads() bool { return s.config.Replicas == 1 }

// Get returns the record, or ErrNotFound.
func (b *Bucket) Get(ctx context.Context, key string) (Entry, error) {
	if err := checkKey(key); err != nil {
		return Entry{}, err
	}
	var e jetstream.KeyValueEntry
	err := read(ctx, func(ctx context.Context) (err error) {
		e, err = b.kv.Get(ctx, encodeKey(key))
		return err
	})
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return Entry{}, fmt.Errorf("%s: %q: %w", b.name, key, ErrNotFound)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("%s: get %q: %w", b.name, key, err)
	}
	return entryOf(e), nil
}

// Create writes a record that must not exist yet, and returns its revision. ErrConflict: it exists.
func (b *Bucket) Create(ctx context.Context, key string, value []byte) (uint64, error) {
	return b.write(ctx, key, 0, func(ctx context.Context) (uint64, error) {
		return b.kv.Create(ctx, encodeKey(key), value)
	})
}

// Update writes over the record that has revision, and returns the new one. ErrConflict: it has another.
func (b *Bucket) Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	if revision == 0 {
		return 0, fmt.Errorf("%s: update %q: revision: want at least 1, got 0", b.name, key)
	}
	return b.write(ctx, key, revision, func(ctx context.Context) (uint64, error) {
		return b.kv.Update(ctx, encodeKey(key), value, revision)
	})
}

// Delete removes the record that has revision. ErrConflict: it has another.
func (b *Bucket) Delete(ctx context.Context, key string, revision uint64) error {
	if revision == 0 {
		return fmt.Errorf("%s: delete %q: revision: want at least 1, got 0", b.name, key)
	}
	_, err := b.write(ctx, key, revision, func(ctx context.Context) (uint64, error) {
		return 0, b.kv.Purge(ctx, encodeKey(key), jetstream.LastRevision(revision), jetstream.PurgeTTL(markersLast))
	})
	return err
}

func (b *Bucket) write(ctx context.Context, key string, revision uint64, change func(context.Context) (uint64, error)) (uint64, error) {
	if err := checkKey(key); err != nil {
		return 0, err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	written, err := change(ctx)
	if err == nil {
		return written, nil
	}
	if !wrongRevision(err) {
		return 0, fmt.Errorf("%s: write %q: %w", b.name, key, err)
	}
	conflict := &ConflictError{Key: key, Want: revision}
	if e, err := b.kv.Get(ctx, encodeKey(key)); err == nil {
		conflict.Have = e.Revision()
	} else if !errors.Is(err, jetstream.ErrKeyNotFound) {
		return 0, fmt.Errorf("%s: write %q: %w; its revision: %w", b.name, key, ErrConflict, err)
	}
	return 0, fmt.Errorf("%s: %w", b.name, conflict)
}

// List returns the records whose keys begin with prefix, by key.
func (b *Bucket) List(ctx context.Context, prefix string) ([]Entry, error) {
	return b.list(ctx, prefix, jetstream.IgnoreDeletes())
}

// Keys returns the keys that begin with prefix, sorted.
func (b *Bucket) Keys(ctx context.Context, prefix string) ([]string, error) {
	entries, err := b.list(ctx, prefix, jetstream.IgnoreDeletes(), jetstream.MetaOnly())
	if err != nil {
		return nil, err
	}
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i] = e.Key
	}
	return keys, nil
}

func (b *Bucket) list(ctx context.Context, prefix string, options ...jetstream.WatchOpt) ([]Entry, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	w, err := b.kv.Watch(ctx, filterOf(prefix), options...)
	if err != nil {
		return nil, fmt.Errorf("%s: list: %w", b.name, err)
	}
	defer stop(w)
	entries, _, err := initial(ctx, w, prefix)
	if err != nil {
		return nil, fmt.Errorf("%s: list: %w", b.name, err)
	}
	return entries, nil
}

// initial reads what a watcher delivers of what was there when it began, by key, and the greatest revision of that.
func initial(ctx context.Context, w jetstream.KeyWatcher, prefix string) ([]Entry, uint64, error) {
	latest, last := map[string]Entry{}, uint64(0)
	for {
		select {
		case e, open := <-w.Updates():
			if !open {
				return nil, 0, errClosed(ctx)
			}
			if e == nil {
				entries := make([]Entry, 0, len(latest))
				for _, e := range latest {
					entries = append(entries, e)
				}
				slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Key, b.Key) })
				return entries, last, nil
			}
			entry := entryOf(e)
			last = max(last, entry.Revision)
			if !strings.HasPrefix(entry.Key, prefix) {
				continue
			}
			// A record that changes while it is listed comes a second time.
			if e.Operation() == jetstream.KeyValuePut {
				latest[entry.Key] = entry
			} else {
				delete(latest, entry.Key)
			}
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
}

// stop ends a watcher and takes what it still delivers, because its goroutine may be waiting to hand that over.
func stop(w jetstream.KeyWatcher) {
	_ = w.Stop() // it fails when the connection is closed, and the subscription with it
	for range w.Updates() {
	}
}

func errClosed(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return errors.New("the state was closed")
}

func entryOf(e jetstream.KeyValueEntry) Entry {
	return Entry{Key: decodeKey(e.Key()), Value: e.Value(), Revision: e.Revision(), Time: e.Created()}
}
