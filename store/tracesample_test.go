package store

import (
	"math/rand/v2"
	"testing"
)

// length adds the windows up and checks that they are ascending and disjoint.
func length(t *testing.T, fr frame) (sum int64) {
	t.Helper()
	for i, w := range fr.windows {
		if w.toNS <= w.fromNS || i > 0 && w.fromNS <= fr.windows[i-1].toNS {
			t.Fatalf("window %d of %v", i, fr.windows)
		}
		sum += w.toNS - w.fromNS
	}
	return sum
}

func within(fr frame, ns int64) bool {
	for _, w := range fr.windows {
		if ns >= w.fromNS && ns < w.toNS {
			return true
		}
	}
	return false
}

func TestFrames(t *testing.T) {
	f := frames{fromNS: 1_000, toNS: 1_000 + 3600e9, spans: 10_000_000}
	small, large := f.of(500_000), f.of(4_000_000)
	if got := length(t, small); got < 179e9 || got > 181e9 || len(small.windows) != frameSlices || small.share != 0.05 {
		t.Errorf("a twentieth of an hour: got %d ns in %d windows, share %g", got, len(small.windows), small.share)
	}
	for _, w := range small.windows {
		if !within(large, w.fromNS) || !within(large, w.toNS-1) {
			t.Errorf("%v is not in the larger frame", w)
		}
	}
	if whole := f.of(10_000_000); len(whole.windows) != 1 || whole.hull() != (window{f.fromNS, f.toNS}) || whole.share != 1 {
		t.Errorf("whole: got %+v", whole)
	}
	if none := (frames{}).of(10); len(none.windows) != 0 {
		t.Errorf("nothing stored: got %+v", none)
	}
	// A slice of 11.25 s is widened by an eighth of it on either side, the whole range by a minute.
	if got := length(t, small.widened()); got < 224e9 || got > 226e9 {
		t.Errorf("widened: got %d ns", got)
	}
	if got := f.of(10_000_000).widened().hull(); got != (window{f.fromNS - 60e9, f.toNS + 60e9}) {
		t.Errorf("widened: got %v", got)
	}
	if got := f.of(9_999_999).widened(); len(got.windows) != 1 {
		t.Errorf("slices that touch when they are widened are one window: got %v", got.windows)
	}
}

func TestUnionAndJoinClosest(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	for range 300 {
		random := func() (fr frame) {
			for range rng.IntN(6) {
				from := rng.Int64N(1000)
				fr.windows = append(fr.windows, window{from, from + 1 + rng.Int64N(50)})
			}
			return union(fr, frame{})
		}
		a, b := random(), random()
		both := union(a, b)
		length(t, both)
		for ns := range int64(1100) {
			if within(both, ns) != (within(a, ns) || within(b, ns)) {
				t.Fatalf("union of %v and %v at %d: %v", a.windows, b.windows, ns, both.windows)
			}
		}
		few := joinClosest(both, 3)
		length(t, few)
		if len(few.windows) > 3 || len(both.windows) <= 3 && len(few.windows) != len(both.windows) {
			t.Fatalf("%v joined to %v", both.windows, few.windows)
		}
		for ns := range int64(1100) {
			if within(both, ns) && !within(few, ns) {
				t.Fatalf("%v joined to %v: %d is lost", both.windows, few.windows, ns)
			}
		}
	}
	if got := joinClosest(frame{windows: []window{{0, 1}, {10, 11}, {12, 13}, {100, 101}}}, 3); len(got.windows) != 3 || got.windows[1] != (window{10, 13}) {
		t.Errorf("got %v", got.windows)
	}
}
