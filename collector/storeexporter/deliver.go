package storeexporter

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"weft/semconv"
	"weft/store"
)

// maxRefusals bounds the work that one block can make: a store that refuses everything would otherwise be asked once for
// each item. Beyond it what is refused is set aside without looking for the items that are to blame.
const maxRefusals = 512

var errStopped = errors.New("stopped")

// deliverAll is one worker.
func (d *delivery[T]) deliverAll() {
	for j := range d.work {
		d.deliver(j)
		d.age(j, 0)
		j.block.reset()
		d.busy.Add(-1)
		d.free <- j.block
		select {
		case d.idle <- struct{}{}:
		default:
		}
	}
}

// deliver stores j, or what can be stored of it. When it returns false everything ends, and j stays on disk.
func (d *delivery[T]) deliver(j *job[T]) bool {
	err := d.insert(j)
	switch {
	case errors.Is(err, errStopped):
		return false
	case err == nil:
		return d.done(j)
	}
	j.refusals++
	one := j.first == j.last && (j.hi == 0 && j.items <= 1 || j.hi != 0 && j.hi-j.lo == 1)
	if one || j.refusals > maxRefusals {
		d.reject(j, err)
		return d.done(j)
	}
	mid := j.first + (j.last-j.first)/2
	if j.first == j.last {
		hi := j.hi
		if hi == 0 {
			hi = j.items
		}
		mid = uint64(j.lo + (hi-j.lo)/2)
	}
	var parts [2]blockRange
	if !d.persist("write the boundaries of a refused block's halves", func() (err error) {
		parts[0], parts[1], err = d.ledger.split(j.blockRange, mid, j.items)
		return err
	}) {
		return false
	}
	cur := d.rereading()
	defer cur.close()
	for _, r := range parts {
		j.blockRange = r
		cur.close()
		d.load(cur, j)
		if !d.deliver(j) {
			return false
		}
	}
	return true
}

// done lets go of j's records.
func (d *delivery[T]) done(j *job[T]) bool {
	if !d.persist("write that a block is done", func() error { return d.ledger.done(j.blockRange) }) {
		return false
	}
	d.queue.release(d.ledger.low())
	return true
}

// insert tries until the store has the block or refuses it for good.
func (d *delivery[T]) insert(j *job[T]) error {
	rows := j.block.rows()
	if rows == 0 {
		return nil // all of it was damaged
	}
	token := j.token(d.ledger.state.id.String())
	for attempt, pause := 1, d.cfg.RetryInitial; ; attempt, pause = attempt+1, min(2*pause, d.cfg.RetryMax) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(d.ctx, d.cfg.InsertTimeout)
		err := j.block.insert(ctx, token)
		cancel()
		took := time.Since(start)
		if err == nil {
			d.tel.inserted(semconv.OutcomeStored, took)
			d.tel.stored.Add(context.Background(), int64(rows), d.tel.signal)
			d.tel.blockItems.Record(context.Background(), int64(rows), d.tel.signal)
			if attempt > 1 {
				d.log.Info("the store takes blocks again", zap.Int("attempts", attempt))
			}
			return nil
		}
		if d.ctx.Err() != nil {
			return errStopped
		}
		if final(err) {
			d.tel.inserted(semconv.OutcomeRefused, took)
			return err
		}
		d.tel.inserted(semconv.OutcomeRetry, took)
		if attempt == 1 || pause == d.cfg.RetryMax {
			d.log.Warn("the store does not take a block; it stays in the queue",
				zap.Error(err), zap.Int("items", rows), zap.Int("attempt", attempt))
		}
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-d.draining: // the store is away: what is on disk can wait for the next start
			d.cancel()
			return errStopped
		case <-d.ctx.Done():
			return errStopped
		}
	}
}

// final reports that trying the same block again is of no use.
func final(err error) bool {
	e, ok := errors.AsType[*store.Error](err)
	return ok && e.Kind == store.Invalid
}

// reject counts j's items as refused and sets them aside as OTLP JSON.
func (d *delivery[T]) reject(j *job[T], reason error) {
	d.tel.refuse(semconv.ReasonRejectedByStore, j.block.rows())
	d.log.Error("the store refuses items for good; they are set aside",
		zap.Int("items", j.block.rows()), zap.String("folder", d.aside.dir), zap.Error(reason))
	cur := d.rereading()
	defer cur.close()
	for next := j.first; next <= j.last; {
		rec, ok := cur.next(next, j.last)
		if !ok {
			return
		}
		next = rec.seq + 1
		data, ok := d.decode(rec, true)
		if !ok {
			continue
		}
		lo, hi, name := 0, d.sig.items(data), fmt.Sprintf("%016x.%s.json", rec.seq, d.sig.name)
		if j.hi != 0 {
			lo, hi = int(j.lo), int(j.hi)
			name = fmt.Sprintf("%016x-%d.%s.json", rec.seq, lo, d.sig.name)
		}
		text, err := d.sig.excerpt(data, lo, hi)
		if err == nil {
			err = d.aside.put(name, text, reason.Error())
		}
		if err != nil {
			d.log.Warn("set aside refused items", zap.Error(err))
		}
	}
}
