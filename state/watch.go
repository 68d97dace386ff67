package state

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Watch returns the records whose keys begin with prefix as they are now, by key, and a channel of all changes from then
// on, in order, also across the restart of an external server. (Of several changes of one record while no server can be
// reached, only the last comes.) The channel is closed when ctx ends or the state is closed; until then it must be read.
func (b *Bucket) Watch(ctx context.Context, prefix string) ([]Entry, <-chan Change, error) {
	w := &watch{bucket: b, prefix: prefix, changes: make(chan Change, 64), again: b.state.reconnected()}
	ctx, cancel := context.WithCancel(ctx)
	entries, err := w.begin(ctx)
	if err != nil {
		cancel()
		return nil, nil, fmt.Errorf("%s: watch: %w", b.name, err)
	}
	go func() {
		defer cancel()
		w.run(ctx)
	}()
	return entries, w.changes, nil
}

// watch is one Watch. Its goroutine ends with ctx, or when the connection is closed.
type watch struct {
	bucket  *Bucket
	prefix  string
	source  jetstream.KeyWatcher
	changes chan Change
	// last is the greatest revision that was delivered.
	last  uint64
	again <-chan struct{}
}

func (w *watch) begin(ctx context.Context) ([]Entry, error) {
	var err error
	if w.source, err = w.bucket.kv.Watch(ctx, filterOf(w.prefix)); err != nil {
		return nil, err
	}
	bound, done := bounded(ctx)
	defer done()
	entries, last, err := initial(bound, w.source, w.prefix)
	if err != nil {
		stop(w.source)
		return nil, err
	}
	w.last = last
	return entries, nil
}

func (w *watch) run(ctx context.Context) {
	defer close(w.changes)
	defer func() { stop(w.source) }()
	for {
		select {
		case e, open := <-w.source.Updates():
			if !open {
				return
			}
			if e != nil && !w.deliver(ctx, e) {
				return
			}
		case <-w.again:
			// The client would find out by itself that the server has forgotten its subscription, after 20 s.
			if !w.resume(ctx) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// deliver hands one change over; false when ctx ended.
func (w *watch) deliver(ctx context.Context, e jetstream.KeyValueEntry) bool {
	change := Change{Entry: entryOf(e), Deleted: e.Operation() != jetstream.KeyValuePut}
	if change.Revision <= w.last {
		return true
	}
	w.last = change.Revision
	if !strings.HasPrefix(change.Key, w.prefix) {
		return true
	}
	select {
	case w.changes <- change:
		return true
	case <-ctx.Done():
		return false
	}
}

// resume subscribes again from the last change on. It tries until it succeeds; false when ctx ended or the state is closed.
func (w *watch) resume(ctx context.Context) bool {
	stop(w.source)
	for {
		w.again = w.bucket.state.reconnected()
		source, err := w.bucket.kv.Watch(ctx, filterOf(w.prefix), jetstream.IncludeHistory(), jetstream.ResumeFromRevision(w.last+1))
		if err == nil {
			w.source = source
			return true
		}
		w.bucket.state.log.Warn("watch the state again", "bucket", w.bucket.name, "error", err)
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return false
		}
		if w.bucket.state.conn.IsClosed() {
			return false
		}
	}
}
