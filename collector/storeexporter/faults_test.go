package storeexporter

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"weft/semconv"
)

// faultyFile fails writes and syncs while its switch is on, after having written half.
type faultyFile struct {
	file
	on *atomic.Bool
}

func (f *faultyFile) Write(p []byte) (int, error) {
	if f.on.Load() {
		n, _ := f.file.Write(p[:len(p)/2])
		return n, unix.ENOSPC
	}
	return f.file.Write(p)
}

func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	if f.on.Load() {
		return 0, unix.EIO
	}
	return f.file.WriteAt(p, off)
}

func (f *faultyFile) Sync() error {
	if f.on.Load() {
		return unix.EIO
	}
	return f.file.Sync()
}

func (f *faultyFile) Truncate(n int64) error {
	if f.on.Load() {
		return unix.EIO
	}
	return f.file.Truncate(n)
}

func faultyFiles(on *atomic.Bool) files {
	return files{open: func(path string, flag int) (file, error) {
		f, err := osFiles.open(path, flag)
		if err != nil {
			return nil, err
		}
		return &faultyFile{f, on}, nil
	}}
}

// A disk that refuses writes makes the exporter refuse requests; what was acknowledged stays, nothing refused appears,
// and when the disk is well again so is the exporter.
func TestDiskFaults(t *testing.T) {
	cfg := testConfig(t)
	var fault atomic.Bool
	h := newHarness(t, cfg, newFakeStore())
	h.fs = faultyFiles(&fault)
	h.start()
	var acked uint64
	for range 5 {
		for range 10 {
			h.send(acked+1, 20)
			acked += 20
		}
		fault.Store(true)
		for range 3 {
			err := h.try(request(1_000_000, 20))
			if status.Code(err) != codes.Unavailable {
				t.Fatalf("want UNAVAILABLE, got %v", err)
			}
		}
		fault.Store(false)
		eventually(t, "recovery", func() bool { return h.try(request(acked+1, 20)) == nil })
		acked += 20
	}
	h.waitFor(acked)
	if n := h.store.count(); n != int(acked) {
		t.Errorf("%d spans stored that were refused", n-int(acked))
	}
	if h.counter(semconv.MetricRefused, semconv.ReasonQueueUnwritable) < 5*3*20 {
		t.Error("refusals not counted")
	}
	// And what a new process finds is in order too.
	h.stop()
	again := newHarness(t, cfg, h.store).start()
	again.send(acked+1, 1)
	again.waitFor(acked + 1)
	if n := again.counter(semconv.MetricQueueDamaged, ""); n != 0 {
		t.Errorf("%d records damaged", n)
	}
}

// The same with a file system that is really full. Mounting one needs root, and without it the test fails rather
// than pass unseen.
func TestDiskFull(t *testing.T) {
	cfg := testConfig(t)
	if err := unix.Mount("tmpfs", cfg.Directory, "tmpfs", 0, "size=3m"); err != nil {
		t.Fatalf("this test needs the right to mount a small file system (run it as root): %v", err)
	}
	mounted := true
	t.Cleanup(func() {
		if mounted {
			unix.Unmount(cfg.Directory, unix.MNT_DETACH)
		}
	})
	cfg.SegmentBytes = 64 * kib
	s := newFakeStore()
	s.setAnswer(func(string, []uint64) error { return errAway })
	h := newHarness(t, cfg, s).start()
	ballast := filepath.Join(cfg.Directory, "ballast")
	if err := os.WriteFile(ballast, make([]byte, mib), 0o600); err != nil {
		t.Fatal(err)
	}
	var acked uint64
	var err error
	for err == nil {
		if err = h.try(request(acked+1, 100)); err == nil {
			acked += 100
		}
	}
	if status.Code(err) != codes.Unavailable || acked == 0 {
		t.Fatalf("after %d spans: %v", acked, err)
	}
	// The full disk keeps nothing from being stored, and that makes room.
	s.setAnswer(nil)
	h.waitFor(acked)
	eventually(t, "room again", func() bool { return h.try(request(acked+1, 100)) == nil })
	acked += 100
	h.waitFor(acked)
	if h.store.count() != int(acked) {
		t.Error("a refused request was stored")
	}
	h.stop()
	if err := unix.Unmount(cfg.Directory, 0); err != nil {
		t.Error(err)
	}
	mounted = false
}

// queued fills a queue with n records of 10 spans each, while the store is away, and stops.
func queued(t *testing.T, cfg *Config, n int) (segments []string) {
	t.Helper()
	s := newFakeStore()
	s.setAnswer(func(string, []uint64) error { return errAway })
	h := newHarness(t, cfg, s)
	h.start()
	for i := range n {
		h.send(uint64(i)*10+1, 10)
	}
	h.stop()
	segments, err := filepath.Glob(filepath.Join(cfg.Directory, "traces", "*.wal"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(segments)
	return segments
}

func TestDamagedSegments(t *testing.T) {
	flip := func(t *testing.T, path string, at int64, n int) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		p := make([]byte, n)
		if _, err := f.ReadAt(p, at); err != nil {
			t.Fatal(err)
		}
		for i := range p {
			p[i] ^= 0x5a
		}
		if _, err := f.WriteAt(p, at); err != nil {
			t.Fatal(err)
		}
	}
	size := func(t *testing.T, path string) int64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	tests := []struct {
		name     string
		damage   func(t *testing.T, segments []string)
		lost     int64 // records, at most; at least one
		torn     bool
		setAside bool
	}{
		{"one byte of a payload", func(t *testing.T, s []string) { flip(t, s[0], 10_000, 1) }, 1, false, true},
		{"a chunk header", func(t *testing.T, s []string) { flip(t, s[0], 0, 11) }, 40, false, true},
		{"a whole block", func(t *testing.T, s []string) { flip(t, s[0], blockSize, blockSize-1) }, 40, false, true},
		{"a whole segment", func(t *testing.T, s []string) { flip(t, s[1], 0, int(size(t, s[1]))) }, 100, false, true},
		{"a segment cut short", func(t *testing.T, s []string) {
			if err := os.Truncate(s[0], size(t, s[0])/2); err != nil {
				t.Fatal(err)
			}
		}, 100, false, true},
		{"a segment gone", func(t *testing.T, s []string) {
			if err := os.Remove(s[1]); err != nil {
				t.Fatal(err)
			}
		}, 100, false, false},
		{"garbage behind the end", func(t *testing.T, s []string) {
			last := s[len(s)-1]
			if err := os.Truncate(last, size(t, last)-chunkHeader); err != nil { // as after SIGKILL
				t.Fatal(err)
			}
			f, err := os.OpenFile(last, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.Write(make([]byte, 5000)); err != nil {
				t.Fatal(err)
			}
		}, 0, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := testConfig(t)
			cfg.SegmentBytes = 64 * kib
			const records = 300
			segments := queued(t, cfg, records)
			if len(segments) < 3 {
				t.Fatalf("only %d segments", len(segments))
			}
			tt.damage(t, segments)
			h := newHarness(t, cfg, newFakeStore()).start()
			h.send(records*10+1, 10) // the queue goes on working
			eventually(t, "an empty queue", func() bool { return h.gauge(semconv.MetricQueueRecords) == 0 })
			lost := h.counter(semconv.MetricQueueDamaged, "")
			if lost > tt.lost || tt.lost > 0 && lost == 0 {
				t.Errorf("counted as lost: %d records, want 1 to %d", lost, tt.lost)
			}
			missing, twice := h.store.missing((records + 1) * 10)
			if int64(missing) != 10*lost || twice != 0 {
				t.Errorf("missing %d spans, twice %d; counted as lost: %d records of 10", missing, twice, lost)
			}
			if torn := h.counter(semconv.MetricQueueTorn, ""); (torn == 1) != tt.torn {
				t.Errorf("torn tails: %d", torn)
			}
			aside, _ := filepath.Glob(filepath.Join(cfg.Directory, "traces", "rejected", "*.damaged"))
			if (len(aside) > 0) != tt.setAside {
				t.Errorf("set aside: %v", aside)
			}
		})
	}
}

func TestLostLedger(t *testing.T) {
	cfg := testConfig(t)
	queued(t, cfg, 20)
	for i := range 2 {
		if err := os.Remove(filepath.Join(cfg.Directory, "traces", fmt.Sprintf("blocks.%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	h := newHarness(t, cfg, newFakeStore()).start()
	h.waitFor(200)
	if n := h.counter(semconv.MetricQueueDamaged, ""); n != 0 {
		t.Errorf("%d records counted as lost", n)
	}
}

// A process that dies between an insert and the note that it is done repeats the insert: the same spans under the same
// token, however the new process would have cut its blocks.
func TestReplayFormsTheSameBlocks(t *testing.T) {
	cfg := testConfig(t)
	cfg.BlockRows, cfg.FlushInterval = 70, time.Minute
	s := newFakeStore()
	gate := make(chan struct{})
	s.setAnswer(func(string, []uint64) error {
		<-gate
		return nil
	})
	h := newHarness(t, cfg, s).start()
	for i := range uint64(40) {
		h.send(i*10+1, 10)
	}
	eventually(t, "two inserts under way", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.calls == 2
	})
	dead := testConfig(t) // the disk as the dead process leaves it
	dead.BlockRows, dead.FlushInterval = 1000, time.Millisecond
	if err := os.CopyFS(filepath.Join(dead.Directory, "traces"), os.DirFS(filepath.Join(cfg.Directory, "traces"))); err != nil {
		t.Fatal(err)
	}
	// Both inserts reach the store, and nothing that came later.
	s.setAnswer(func(string, []uint64) error { return errAway })
	for range 2 {
		gate <- struct{}{}
	}
	eventually(t, "both stored", func() bool { return s.count() == 140 })
	h.stop()
	first := s.storedTokens()

	s.setAnswer(nil)
	again := newHarness(t, dead, s).start()
	again.waitFor(400)
	if tokens := s.storedTokens(); !slices.Equal(tokens[:2], first) || len(tokens) < 3 {
		t.Errorf("tokens: %v then %v", first, tokens)
	}
}
