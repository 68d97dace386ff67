package seed

import (
	"reflect"
	"testing"
	"time"

	"weft/bench/truth"
)

var base = time.Unix(1_700_000_000, 123).UTC()

func TestSeedIsTheSameEveryTime(t *testing.T) {
	a, b := New(Options{Seed: 1, Base: base}), New(Options{Seed: 1, Base: base})
	if !reflect.DeepEqual(a.Facts, b.Facts) || !reflect.DeepEqual(a.Set, b.Set) {
		t.Fatal("the same seed and base made something else")
	}
	if c := New(Options{Seed: 2, Base: base}); c.Facts.Traces["1k"].ID == a.Facts.Traces["1k"].ID {
		t.Error("another seed made the same trace")
	}
	if n := a.Spans(); n < 200_000 || n > 250_000 {
		t.Errorf("%d spans: the checks that use them are to take minutes", n)
	}
}

func TestFactsAreTrue(t *testing.T) {
	s := New(Options{Seed: 1, Base: base})
	for name, want := range map[string]Trace{
		"1k": {Spans: 1_000, Services: 12}, "10k": {Spans: 10_000, Services: 12}, "100k": {Spans: 100_000, Services: 12},
		"200-services": {Spans: 2_000, Services: 200}, "chain": {Spans: chainDepth, Services: 1, Depth: chainDepth},
		"fan-out": {Spans: fanOut + 1, Services: 1, Depth: 2}, "n+1": {Spans: repeatedStatements + 2, Services: 1, Depth: 2},
	} {
		got := s.Facts.Traces[name]
		if got.Spans != want.Spans || got.Services != want.Services || want.Depth != 0 && got.Depth != want.Depth {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	ids := map[truth.Ref]bool{}
	for _, trace := range s.Set.Traces {
		for _, span := range trace.Spans {
			if at := (truth.Ref{TraceID: span.TraceID, SpanID: span.ID}); ids[at] {
				t.Fatalf("two spans have the id %x", span.ID)
			} else {
				ids[at] = true
			}
			if span.EndNS < span.StartNS || span.EndNS > base.UnixNano() {
				t.Fatalf("span %q of %s is from %d to %d, base is %d", span.Name, span.Service, span.StartNS, span.EndNS, base.UnixNano())
			}
		}
	}
	var path int64
	for _, segment := range s.Facts.Traces["critical path"].CriticalPath {
		if segment.OffsetNS != path {
			t.Errorf("the critical path has a gap before %+v", segment)
		}
		path += segment.DurationNS
	}
	if path != 100*millisecond {
		t.Errorf("the critical path lasts %d ns", path)
	}
}

// TestGraphsStandAlone wants every graph to have its day, on which nothing else begins.
func TestGraphsStandAlone(t *testing.T) {
	midnight := base.Truncate(24 * time.Hour)
	for _, after := range []time.Duration{0, time.Minute, 3 * time.Hour} {
		s := New(Options{Seed: 1, Base: midnight.Add(after)})
		days := map[int64]string{}
		for name, g := range s.Facts.Graphs {
			if g.FromNS/day != (g.ToNS-1)/day || g.FromNS%graphBucket != 0 {
				t.Fatalf("graph %s is from %d to %d", name, g.FromNS, g.ToNS)
			}
			days[g.FromNS/day] = name
		}
		if len(days) != len(s.Facts.Graphs) {
			t.Fatalf("two graphs on one of the days %v", days)
		}
		for _, trace := range s.Set.Traces {
			for _, span := range trace.Spans {
				name, ok := days[span.StartNS/day]
				g := s.Facts.Graphs[name]
				if ok && (span.StartNS < g.FromNS || span.StartNS >= g.ToNS) {
					t.Fatalf("span %q of %s begins on the day of graph %s", span.Name, span.Service, name)
				}
			}
		}
	}
}
