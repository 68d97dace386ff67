package storeexporter

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"weft/semconv"
)

// delivery carries the queue's records into the store: one filler, in_flight workers, and one block more than those.
type delivery[T any] struct {
	*pipeline[T]
	ctx      context.Context // ends everything, inserts included
	cancel   context.CancelFunc
	draining chan struct{} // closed when nothing is appended any more
	finished chan struct{} // closed when filler and workers have ended

	work chan *job[T]
	free chan block[T]
	busy atomic.Int32  // jobs handed over and not finished
	idle chan struct{} // has room for one: a worker has finished a job

	agesMu sync.Mutex
	ages   map[*job[T]]int64 // when the oldest record of each job was appended
}

// job is one block on its way.
type job[T any] struct {
	blockRange
	block block[T]
	items uint32    // of the record, when the range is one record
	due   time.Time // when the flush interval is over
	grown time.Time // when the last request was added
	// refusals counts the inserts that were refused for good, over all parts.
	refusals int
}

func startDelivery[T any](p *pipeline[T]) *delivery[T] {
	d := &delivery[T]{
		pipeline: p,
		draining: make(chan struct{}), finished: make(chan struct{}),
		work: make(chan *job[T]), free: make(chan block[T], p.cfg.InFlight+1), idle: make(chan struct{}, 1),
		ages: map[*job[T]]int64{},
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	for range p.cfg.InFlight + 1 {
		d.free <- p.sig.newBlock(p.ins)
	}
	var wg sync.WaitGroup
	wg.Go(d.fill)
	for range p.cfg.InFlight {
		wg.Go(d.deliverAll)
	}
	go func() {
		wg.Wait()
		close(d.finished)
	}()
	return d
}

// stop waits until everything queued is stored, or ctx ends. Nothing may be appended any more.
func (d *delivery[T]) stop(ctx context.Context) {
	close(d.draining)
	select {
	case <-d.finished:
	case <-ctx.Done():
	}
	d.cancel()
	<-d.finished
	d.tel.oldestNS.Store(0)
}

// fill forms the blocks. First those that an earlier process had formed, with the same boundaries and so the same tokens;
// then new ones from the records behind them.
func (d *delivery[T]) fill() {
	defer close(d.work)
	cur := d.newCursor()
	defer cur.close()
	for _, r := range d.ledger.open() {
		j := d.newJob(r.first)
		if j == nil {
			return
		}
		j.blockRange = r
		d.load(cur, j)
		if !d.send(j) {
			return
		}
	}
	next := d.ledger.next()
	var j *job[T]
	for {
		if j != nil && (d.full(j) || d.overdue(j)) {
			if !d.hand(j) {
				return
			}
			j = nil
		}
		last := d.isDraining() // asked before take: then nothing comes behind what take sees
		m, at := d.queue.take(next)
		switch at {
		case nowhere:
			if last || d.ctx.Err() != nil {
				if j != nil {
					d.hand(j)
				}
				return
			}
			d.wait(j)
			continue
		case atDisk:
			until := d.queue.last()
			rec, ok := cur.next(next, until)
			if !ok {
				next = until + 1
				continue
			}
			// A little less than it took: while clients are as fast as the store, the backlog must shrink.
			d.queue.pace.give(len(rec.body) - len(rec.body)/8)
			m.seq, m.timeNS = rec.seq, rec.timeNS
			next = rec.seq
			if m.data, ok = d.decode(rec, false); !ok {
				next++
				continue
			}
			d.sig.keep(m.data)
		}
		if at == atMemory {
			d.queue.pace.give(m.bytes)
			cur.close() // or it would keep a removed segment's space
		}
		items := d.sig.items(m.data)
		if j != nil && j.block.rows() > 0 && j.block.rows()+items > d.cfg.BlockRows {
			if !d.hand(j) {
				return
			}
			j = nil
		}
		if j == nil {
			if j = d.newJob(m.seq); j == nil {
				return
			}
			j.due = time.Now().Add(d.cfg.FlushInterval)
			d.age(j, m.timeNS)
		}
		j.block.add(m.data, 0, items)
		d.sig.drop(m.data)
		j.last, j.items, j.grown = m.seq, uint32(items), time.Now()
		next = m.seq + 1
	}
}

// newCursor reads the queue and counts what cannot be read; rereading is quiet.
func (d *delivery[T]) newCursor() *cursor[T] {
	return &cursor[T]{
		q: d.queue,
		lost: func(records uint64) {
			d.tel.damaged.Add(context.Background(), int64(records), d.tel.signal)
			d.log.Error("acknowledged requests cannot be read back from the queue", zap.Uint64("requests", records))
		},
		damaged: func(path string, f io.ReaderAt, r region) {
			d.log.Error("damaged bytes in the queue are passed over and set aside",
				zap.String("segment", path), zap.Int64("from", r.from), zap.Int64("to", r.to))
			if err := d.aside.putRegion(path, f, r); err != nil {
				d.log.Warn("set aside damaged bytes", zap.Error(err))
			}
		},
	}
}

// rereading reads what newCursor's has read before.
func (d *delivery[T]) rereading() *cursor[T] {
	return &cursor[T]{q: d.queue, lost: func(uint64) {}, damaged: func(string, io.ReaderAt, region) {}, quiet: true}
}

// newJob waits for a free block; nil when everything ends.
func (d *delivery[T]) newJob(first uint64) *job[T] {
	select {
	case b := <-d.free:
		return &job[T]{blockRange: blockRange{first: first, last: first}, block: b}
	case <-d.ctx.Done():
		return nil
	}
}

func (d *delivery[T]) full(j *job[T]) bool {
	return j.block.rows() >= d.cfg.BlockRows || j.block.bytes() >= d.cfg.BlockBytes
}

// overdue says that j should go as it is: its time is over and a worker would take it at once. While all workers are
// busy there is no hurry, and the block becomes larger.
func (d *delivery[T]) overdue(j *job[T]) bool {
	return int(d.busy.Load()) < d.cfg.InFlight && !time.Now().Before(d.deadline(j))
}

// A block of worthwhile of a full one is large enough not to wait when nothing comes any more, for quiet of the flush interval.
const (
	worthwhile = 16
	quiet      = 10
)

// deadline is when j is handed over though not full. One that is half full by then is worth waiting for as long again; one that has not
// grown for a while is not.
func (d *delivery[T]) deadline(j *job[T]) time.Time {
	deadline, rows := j.due, j.block.rows()
	if 2*rows >= d.cfg.BlockRows {
		deadline = deadline.Add(d.cfg.FlushInterval)
	}
	if worthwhile*rows >= d.cfg.BlockRows {
		if end := j.grown.Add(d.cfg.FlushInterval / quiet); end.Before(deadline) {
			return end
		}
	}
	return deadline
}

func (d *delivery[T]) isDraining() bool {
	select {
	case <-d.draining:
		return true
	default:
		return false
	}
}

// wait returns when there may be something to do.
func (d *delivery[T]) wait(j *job[T]) {
	var due <-chan time.Time
	if j != nil {
		if left := time.Until(d.deadline(j)); left > 0 {
			t := time.NewTimer(left)
			defer t.Stop()
			due = t.C
		}
	}
	select {
	case <-d.queue.wake:
	case <-due:
	case <-d.idle:
	case <-d.draining:
	case <-d.ctx.Done():
	}
}

// hand makes j's boundaries durable and gives it to a worker.
func (d *delivery[T]) hand(j *job[T]) bool {
	if !d.persist("write the block's boundaries", func() error { return d.ledger.opened(j.blockRange) }) {
		return false
	}
	return d.send(j)
}

func (d *delivery[T]) send(j *job[T]) bool {
	d.busy.Add(1)
	select {
	case d.work <- j:
		return true
	case <-d.ctx.Done():
		return false
	}
}

// persist tries a small write until it succeeds; false when everything ends before. The space for it is allocated, so
// only a failing disk gets here.
func (d *delivery[T]) persist(what string, write func() error) bool {
	for pause := d.cfg.RetryInitial; ; pause = min(2*pause, d.cfg.RetryMax) {
		err := write()
		if err == nil {
			return true
		}
		d.log.Error(what, zap.Error(err), zap.Duration("again_in", pause))
		select {
		case <-time.After(pause):
		case <-d.ctx.Done():
			return false
		}
	}
}

// load reads j's records from disk into its block.
func (d *delivery[T]) load(cur *cursor[T], j *job[T]) {
	j.block.reset()
	for next := j.first; next <= j.last; {
		rec, ok := cur.next(next, j.last)
		if !ok {
			return
		}
		next = rec.seq + 1
		data, ok := d.decode(rec, cur.quiet)
		if !ok {
			continue
		}
		items := d.sig.items(data)
		lo, hi := 0, items
		if j.hi != 0 {
			lo, hi = int(j.lo), int(j.hi)
		}
		d.age(j, rec.timeNS)
		j.block.add(data, lo, hi)
		j.items = uint32(items)
	}
}

// decode unmarshals a record. One that is whole and yet does not decode is set aside, unless that was done before.
func (d *delivery[T]) decode(rec queueRecord, again bool) (data T, ok bool) {
	data, err := d.sig.unmarshal(rec.body, rec.form)
	if err == nil || again {
		return data, err == nil
	}
	d.tel.refuse(semconv.ReasonMalformed, int(rec.items))
	d.log.Error("a queued request cannot be decoded", zap.Uint64("record", rec.seq), zap.Error(err))
	if err := d.aside.put(fmt.Sprintf("%016x.undecodable", rec.seq), rec.body, err.Error()); err != nil {
		d.log.Warn("set aside an undecodable request", zap.Error(err))
	}
	return data, false
}

// age notes when j's oldest record was appended; 0 forgets j.
func (d *delivery[T]) age(j *job[T], timeNS int64) {
	d.agesMu.Lock()
	defer d.agesMu.Unlock()
	if timeNS == 0 {
		delete(d.ages, j)
	} else if _, ok := d.ages[j]; !ok {
		d.ages[j] = timeNS
	}
	oldest := int64(0)
	for _, at := range d.ages {
		if oldest == 0 || at < oldest {
			oldest = at
		}
	}
	d.tel.oldestNS.Store(oldest)
}
