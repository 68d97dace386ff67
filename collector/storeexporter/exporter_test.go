package storeexporter

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"weft/semconv"
)

func TestStoresEveryAcknowledgedSpanOnce(t *testing.T) {
	cfg := testConfig(t)
	cfg.BlockRows = 50
	h := newHarness(t, cfg, newFakeStore()).start()
	var next atomic.Uint64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				h.send(next.Add(7)-6, 7)
			}
		})
	}
	wg.Wait()
	h.waitFor(8 * 50 * 7)
	if got := h.counter(semconv.MetricStored, ""); got != 2800 {
		t.Errorf("stored counter: want 2800, got %d", got)
	}
	eventually(t, "an empty queue", func() bool { return h.gauge(semconv.MetricQueueRecords) == 0 })
	if age := h.gauge(semconv.MetricQueueAge); age != 0 {
		t.Errorf("age of an empty queue: want 0, got %v", age)
	}
}

func TestShutdownStoresWhatIsQueuedAndLeavesNoSegment(t *testing.T) {
	cfg := testConfig(t)
	cfg.FlushInterval = time.Minute
	h := newHarness(t, cfg, newFakeStore()).start()
	h.send(1, 10)
	h.stop()
	h.wantExactly(10)
	segments, _ := filepath.Glob(filepath.Join(cfg.Directory, "traces", "*.wal"))
	if len(segments) != 0 {
		t.Errorf("segments left: %v", segments)
	}
	// Numbers, and so tokens, are never used twice.
	again := newHarness(t, cfg, h.store).start()
	again.send(11, 1)
	again.stop()
	again.wantExactly(11)
}

// A block that is worth an insert does not wait out the flush interval when nothing comes any more; a small one does.
func TestQuietFlush(t *testing.T) {
	cfg := testConfig(t)
	cfg.BlockRows, cfg.FlushInterval = 1600, 5*time.Second
	h := newHarness(t, cfg, newFakeStore()).start()
	sent := time.Now()
	h.send(1, 100)
	h.waitFor(100)
	if took := time.Since(sent); took < cfg.FlushInterval/quiet || took >= cfg.FlushInterval {
		t.Errorf("100 of 1600 spans were stored after %v, want %v", took, cfg.FlushInterval/quiet)
	}
	sent = time.Now()
	h.send(101, 99)
	h.waitFor(199)
	if took := time.Since(sent); took < cfg.FlushInterval {
		t.Errorf("99 of 1600 spans were stored after %v, want %v", took, cfg.FlushInterval)
	}
}

func TestShutdownWithoutStartAndTwice(t *testing.T) {
	h := newHarness(t, testConfig(t), newFakeStore())
	h.stop()
	h.start()
	h.stop()
	h.stop()
	err := h.try(request(1, 3))
	if status.Code(err) != codes.Unavailable {
		t.Errorf("consume after shutdown: want UNAVAILABLE, got %v", err)
	}
	if got := h.counter(semconv.MetricRefused, semconv.ReasonShuttingDown); got != 3 {
		t.Errorf("refused: want 3, got %d", got)
	}
}

func TestShutdownDoesNotWaitForAStoreThatIsAway(t *testing.T) {
	cfg := testConfig(t)
	s := newFakeStore()
	s.setAnswer(func(string, []uint64) error { return errAway })
	h := newHarness(t, cfg, s).start()
	h.send(1, 5)
	eventually(t, "a first attempt", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.calls > 0 })
	start := time.Now()
	h.stop()
	if took := time.Since(start); took > cfg.DrainTimeout/2 {
		t.Errorf("shutdown took %v", took)
	}
	s.setAnswer(nil)
	newHarness(t, cfg, s).start().waitFor(5)
}

func TestShutdownIsBoundedByItsContext(t *testing.T) {
	s := newFakeStore()
	h := newHarness(t, testConfig(t), s)
	sig := h.sig
	h.sig.newBlock = func(i Inserter) block[spans] { return &stuckBlock{sig.newBlock(i)} }
	h.start()
	h.send(1, 5)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := h.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// stuckBlock's insert ends only with its context.
type stuckBlock struct{ block[spans] }

func (b *stuckBlock) insert(ctx context.Context, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestSecondExporterOnTheSameDirectory(t *testing.T) {
	cfg := testConfig(t)
	newHarness(t, cfg, newFakeStore()).start()
	err := newHarness(t, cfg, newFakeStore()).Start(context.Background(), componenttest.NewNopHost())
	if err == nil || !strings.Contains(err.Error(), "in use by another process or exporter") {
		t.Errorf("want a lock error, got %v", err)
	}
}

// While the store is away nothing is lost, memory stays flat, and afterwards everything is stored once.
func TestStoreAwayUnderLoad(t *testing.T) {
	cfg := testConfig(t)
	cfg.BlockRows, cfg.MemoryBytes, cfg.SegmentBytes = 500, 64*kib, 128*kib
	cfg.MaxBytes = 256 * mib
	s := newFakeStore()
	s.setAnswer(func(string, []uint64) error { return errAway })
	h := newHarness(t, cfg, s).start()

	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	load := func(from, to uint64) {
		var next atomic.Uint64
		next.Store(from)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					first := next.Add(50) - 50
					if first >= to {
						return
					}
					h.send(first, 50)
				}
			})
		}
		wg.Wait()
	}
	load(1, 5001)
	before, disk := heap(), h.gauge(semconv.MetricQueueBytes)
	load(5001, 50_001)
	after, disk2 := heap(), h.gauge(semconv.MetricQueueBytes)
	if disk2 < 5*disk {
		t.Errorf("queue on disk: grew only from %v to %v", disk, disk2)
	}
	if after > before+2*mib {
		t.Errorf("heap grew from %d to %d while the store was away", before, after)
	}
	if h.gauge(semconv.MetricQueueAge) <= 0 || h.gauge(semconv.MetricQueueRecords) != 1000 {
		t.Errorf("gauges: age %v, records %v", h.gauge(semconv.MetricQueueAge), h.gauge(semconv.MetricQueueRecords))
	}
	s.setAnswer(nil)
	h.waitFor(50_000)
	eventually(t, "segments removed", func() bool { return h.gauge(semconv.MetricQueueBytes) < 2*float64(cfg.SegmentBytes) })
	// Back to the way through memory.
	load(50_001, 55_001)
	h.waitFor(55_000)
	if h.counter(semconv.MetricQueueDamaged, "") != 0 {
		t.Error("records counted as damaged")
	}
}

func TestDiskBudget(t *testing.T) {
	cfg := testConfig(t)
	cfg.MaxBytes, cfg.SegmentBytes = mib, 64*kib
	s := newFakeStore()
	s.setAnswer(func(string, []uint64) error { return errAway })
	h := newHarness(t, cfg, s).start()
	var acked uint64
	var refusal error
	for refusal == nil {
		if refusal = h.try(request(acked+1, 100)); refusal == nil {
			acked += 100
		}
	}
	st, _ := status.FromError(refusal)
	if st.Code() != codes.Unavailable {
		t.Fatalf("want UNAVAILABLE, got %v", refusal)
	}
	var info *errdetails.RetryInfo
	for _, d := range st.Details() {
		info, _ = d.(*errdetails.RetryInfo)
	}
	if got := info.GetRetryDelay().AsDuration(); got != cfg.ClientDelay {
		t.Errorf("retry delay: want %v, got %v", cfg.ClientDelay, got)
	}
	if got := h.counter(semconv.MetricRefused, semconv.ReasonQueueFull); got != 100 {
		t.Errorf("refused: want 100, got %d", got)
	}
	if size := folderSize(t, filepath.Join(cfg.Directory, "traces"), ".wal"); size > cfg.MaxBytes {
		t.Errorf("%d bytes on disk", size)
	}
	s.setAnswer(nil)
	h.waitFor(acked)
	eventually(t, "room again", func() bool { return h.try(request(acked+1, 100)) == nil })
	h.waitFor(acked + 100)
}

func TestRequestLargerThanTheBudget(t *testing.T) {
	cfg := testConfig(t)
	cfg.MaxBytes = mib
	h := newHarness(t, cfg, newFakeStore()).start()
	err := h.try(request(1, 20_000))
	if st, _ := status.FromError(err); st.Code() != codes.ResourceExhausted || len(st.Details()) != 0 {
		t.Errorf("want RESOURCE_EXHAUSTED without a delay, got %v", err)
	}
	h.send(1, 1)
	h.waitFor(1)
}

func folderSize(t *testing.T, dir, suffix string) (total int64) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), suffix) {
			total += info.Size()
		}
	}
	return total
}

// A poison span is found, set aside and counted; its neighbours, in its own request too, are stored.
func TestPoisonSpan(t *testing.T) {
	for tried := range 2 {
		t.Run(fmt.Sprint(tried), func(t *testing.T) { testPoisonSpan(t, tried) })
	}
}

func testPoisonSpan(t *testing.T, tried int) {
	cfg := testConfig(t)
	cfg.FlushInterval = 50 * time.Millisecond
	s := newFakeStore()
	s.setAnswer(func(_ string, ids []uint64) error {
		if slices.Contains(ids, 777) {
			return errInvalid
		}
		return nil
	})
	h := newHarness(t, cfg, s).start()
	h.tried.Store(int64(tried)) // so that its request is queued once as it came, once not
	for i := range uint64(20) {
		h.send(i*100+1, 100)
	}
	eventually(t, "all neighbours stored", func() bool { return s.count() == 1999 })
	if missing, twice := s.missing(2000); missing != 1 || twice != 0 {
		t.Errorf("missing %d, twice %d", missing, twice)
	}
	eventually(t, "an empty queue", func() bool { return h.gauge(semconv.MetricQueueRecords) == 0 })
	if got := h.counter(semconv.MetricRefused, semconv.ReasonRejectedByStore); got != 1 {
		t.Errorf("refused: want 1, got %d", got)
	}
	files, _ := filepath.Glob(filepath.Join(cfg.Directory, "traces", "rejected", "*.json"))
	if len(files) != 1 {
		t.Fatalf("set aside: %v", files)
	}
	text, _ := os.ReadFile(files[0])
	if id := fmt.Sprintf(`"spanId":"%016x"`, 777); !strings.Contains(string(text), id) || strings.Count(string(text), "spanId") != 1 {
		t.Errorf("want only span 777, got %s", text)
	}
	reason, _ := os.ReadFile(files[0] + ".reason")
	if !strings.Contains(string(reason), "poison") {
		t.Errorf("reason: %q", reason)
	}
}

// A store that refuses everything is asked a bounded number of times, and the folder for it is bounded too.
func TestEverythingIsPoison(t *testing.T) {
	cfg := testConfig(t)
	cfg.RejectedBytes = mib
	s := newFakeStore()
	s.setAnswer(func(string, []uint64) error { return errInvalid })
	h := newHarness(t, cfg, s).start()
	h.send(1, 800)
	eventually(t, "an empty queue", func() bool { return h.gauge(semconv.MetricQueueRecords) == 0 })
	if got := h.counter(semconv.MetricRefused, semconv.ReasonRejectedByStore); got != 800 {
		t.Errorf("refused: want 800, got %d", got)
	}
	if s.calls > 2*maxRefusals {
		t.Errorf("%d inserts", s.calls)
	}
	if size := folderSize(t, filepath.Join(cfg.Directory, "traces", "rejected"), ""); size > cfg.RejectedBytes || size == 0 {
		t.Errorf("rejected folder: %d bytes", size)
	}
	s.setAnswer(nil)
	h.send(20_001, 1)
	eventually(t, "later spans stored", func() bool { return s.count() == 1 })
}

func TestRejectedFolderIsBounded(t *testing.T) {
	for _, restart := range []bool{false, true} {
		r := &rejected{dir: filepath.Join(t.TempDir(), "rejected"), maxBytes: 10_000, used: -1}
		for i := range 100 {
			if restart {
				r = &rejected{dir: r.dir, maxBytes: r.maxBytes, used: -1}
			}
			if err := r.put(fmt.Sprintf("%03d", i), make([]byte, 900), "because"); err != nil {
				t.Fatal(err)
			}
			if size := folderSize(t, r.dir, ""); size > r.maxBytes {
				t.Fatalf("%d bytes after %d", size, i)
			}
		}
		if _, err := os.Stat(filepath.Join(r.dir, "099.reason")); err != nil {
			t.Error(err)
		}
		if folderSize(t, r.dir, "") < r.maxBytes/2 {
			t.Error("the folder holds less than it may")
		}
		if r.put("huge", make([]byte, 20_000), "because") == nil {
			t.Error("want an error for a file larger than the folder")
		}
	}
}
