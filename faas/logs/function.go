package logs

import (
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"weft/semconv"
)

// Config of one function's logs.
type Config struct {
	// Emit takes the records, one after the other. While it is busy they queue.
	Emit func(Record)
	// Rate is how many records a second are kept in the long run, Burst how many at once. A record counts for one and for one more
	// with every 1024 bytes that follow its first line. Defaults 2000 and 10000.
	Rate  float64
	Burst int
	// Delay is how long a record waits for more lines of its own after its last. Default 50 ms.
	Delay time.Duration
	// Queue bounds the text that waits for Emit, in bytes. Default 8 MiB.
	Queue int
}

const (
	defaultRate  = 2000
	defaultBurst = 10_000
	defaultDelay = 50 * time.Millisecond
	defaultQueue = 8 << 20
	// recordBytes is what a record counts for in the queue besides its text.
	recordBytes = 256
	// reportEvery is how often it is said how much was dropped.
	reportEvery = time.Second
)

// Function is the log of one function: what its instances share. Close it when they are closed.
type Function struct {
	cfg  Config
	wake chan struct{}
	end  chan struct{} // closed when the emitting goroutine has ended

	mu      sync.Mutex // guards all that follows
	tokens  float64
	filled  time.Time // when tokens was right
	queue   []Record
	queued  int    // bytes in queue
	dropped uint64 // lines, ever
	told    uint64 // of dropped, those that a record has told of
	closed  bool
}

// New starts the log of a function.
func New(cfg Config) *Function {
	if cfg.Rate <= 0 {
		cfg.Rate = defaultRate
	}
	if cfg.Burst <= 0 {
		cfg.Burst = defaultBurst
	}
	if cfg.Delay <= 0 {
		cfg.Delay = defaultDelay
	}
	if cfg.Queue <= 0 {
		cfg.Queue = defaultQueue
	}
	f := &Function{cfg: cfg, wake: make(chan struct{}, 1), end: make(chan struct{}), tokens: float64(cfg.Burst), filled: time.Now()}
	go f.emit()
	return f
}

// Dropped is how many lines were dropped so far.
func (f *Function) Dropped() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dropped
}

// Close hands everything to Emit, waits for it and stops. What is printed later is dropped.
func (f *Function) Close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.signal()
	<-f.end
}

// take asks for n of the rate; when there are none the line is counted as dropped.
func (f *Function) take(n int, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if passed := now.Sub(f.filled); passed > 0 {
		f.tokens = min(float64(f.cfg.Burst), f.tokens+passed.Seconds()*f.cfg.Rate)
		f.filled = now
	}
	if f.tokens < float64(n) {
		f.drop(1)
		return false
	}
	f.tokens -= float64(n)
	return true
}

// drop counts lines. REQUIRES mu.
func (f *Function) drop(lines uint64) {
	if f.dropped == f.told {
		f.signal() // the goroutine begins to wait until it tells
	}
	f.dropped += lines
}

func (f *Function) countDropped() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(1)
}

// push queues a record whose text is of so many bytes and lines.
func (f *Function) push(r Record, bytes, lines int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.queued+bytes > f.cfg.Queue {
		f.drop(uint64(lines))
		return
	}
	if len(f.queue) == 0 {
		f.signal()
	}
	f.queue, f.queued = append(f.queue, r), f.queued+bytes+recordBytes
}

func (f *Function) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *Function) emit() {
	defer close(f.end)
	var ready []Record
	var tell <-chan time.Time
	for {
		due := false
		select {
		case <-f.wake:
		case <-tell:
			due, tell = true, nil
		}
		f.mu.Lock()
		ready, f.queue, f.queued = f.queue, ready[:0], 0
		closed, dropped := f.closed, f.dropped-f.told
		if due || closed {
			f.told = f.dropped
		}
		f.mu.Unlock()
		for i := range ready {
			f.cfg.Emit(ready[i])
			ready[i] = Record{}
		}
		switch {
		case dropped > 0 && (due || closed):
			f.cfg.Emit(f.droppedRecord(dropped))
		case dropped > 0 && tell == nil:
			tell = time.After(reportEvery)
		}
		if closed {
			return
		}
	}
}

func (f *Function) droppedRecord(lines uint64) Record {
	now := time.Now()
	return Record{
		Time: now, Observed: now, Severity: log.SeverityWarn, SeverityText: "WARN",
		Body: attribute.StringValue(fmt.Sprintf("%d lines were dropped: the function prints more than %g records a second, or faster than they can be sent",
			lines, f.cfg.Rate)),
		Attributes: []attribute.KeyValue{attribute.Int64(semconv.LogDropped, int64(lines))},
	}
}
