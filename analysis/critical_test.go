package analysis

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// pathText is "name start-end" for every segment.
func pathText(t *Trace, path []Segment) string {
	var parts []string
	for _, s := range path {
		parts = append(parts, fmt.Sprintf("%s %d-%d", t.text(t.Spans[s.Span].Name), s.StartNS, s.EndNS))
	}
	return strings.Join(parts, ", ")
}

// The nine cases of Jaeger UI's tests of its critical path (packages/jaeger-ui/src/components/TracePage/CriticalPath/testCases), with
// their times; the expectations are theirs, in time order.
func TestCriticalPathOfJaegersCases(t *testing.T) {
	check := func(what, want string, lines ...string) {
		t.Helper()
		trace := build(lines...)
		for range 5 { // whatever the order the spans come in
			if got := pathText(trace, CriticalPath(trace)); got != want {
				t.Errorf("%s: got %s, want %s", what, got, want)
			}
			rand.Shuffle(len(trace.Spans), func(i, j int) { trace.Spans[i], trace.Spans[j] = trace.Spans[j], trace.Spans[i] })
		}
	}
	check("1: two children one after the other", "C 1-20, D 20-40, C 40-50, E 50-60, C 60-101",
		"E 3 1 50 10", "C 1 0 1 100", "D 2 1 20 20")
	check("2: a child that overlaps with the one that ends last", "X 1-20, C 20-60, X 60-101",
		"X 1 0 1 100", "A 2 1 10 40", "C 3 1 20 40")
	check("3: a child longer than its parent that starts after it has ended", "send 100-140",
		"send 1 0 100 40 producer service=one", "task 2 1 200 300 client service=two")
	check("4: a child after its parent, and a grandchild", "A 1-31",
		"A 1 0 1 30", "B 2 1 40 40", "C 3 2 50 10")
	check("5: a child that follows from its parent, and a grandchild", "A 1-31",
		"A 1 0 1 30", "B 2 1 10 10 follows", "C 3 2 12 2")
	check("6: a child that outlives its parent, and a grandchild that starts before its own", "A 1-15, C 15-25, B 25-30",
		"A 1 0 1 29", "B 2 1 15 20", "C 3 2 10 15")
	check("7: a child and a grandchild that outlive their parents", "A 1-15, B 15-20, C 20-30",
		"A 1 0 1 29", "B 2 1 15 20", "C 3 2 20 20")
	check("8: a child around its parent", "B 10-30",
		"A 1 0 10 20", "B 2 1 5 30")
	check("9: a child before its parent", "A 10-30",
		"A 1 0 10 20", "B 2 1 1 4")

	check("children back to back", "R 0-10, A 10-20, B 20-30, R 30-40",
		"R 1 0 0 40", "A 2 1 10 10", "B 3 1 20 10")
	check("a consumer of a message", "A 1-31",
		"A 1 0 1 30", "B 2 1 10 10 consumer", "C 3 2 12 2")
	check("an instantaneous child", "R 0-40", "R 1 0 0 40", "A 2 1 20 0")
	check("children that end together: the longest", "R 0-5, B 5-30",
		"R 1 0 0 30", "A 2 1 10 20", "B 3 1 5 25")
	check("sent twice", "R 0-10, A 10-20, R 20-30", "R 1 0 0 30", "A 2 1 10 10", "A 2 1 10 10")
	check("two roots: the earlier one", "R 0-30", "S 2 0 10 100", "R 1 0 0 30")
	check("a root that takes no time", "", "R 1 0 5 0", "A 2 1 5 10")
	check("its own parent", "R 5-10", "R 1 1 5 5")
	check("a ring", "R 0-2, A 2-10", "R 1 2 0 10", "A 2 1 2 8")
	check("nothing but orphans: the earliest", "A 5-10", "B 2 9 7 10", "A 1 9 5 5")
	check("nothing", "")
}

// A server's clock that is an hour off does not hide it from the path.
func TestCriticalPathAcrossClocks(t *testing.T) {
	hour := int64(3600e9)
	trace := build(
		"front 1 0 1000 100 server service=a",
		"call 2 1 1010 80 client service=a",
		fmt.Sprintf("back 3 2 %d 60 server service=b", 1500+hour),
		fmt.Sprintf("query 4 3 %d 40 client service=b", 1510+hour),
		"return 5 4 1035 20 server service=a", // called back by the one with the wrong clock
	)
	want := "front 1000-1010, call 1010-1020, back 1020-1030, query 1030-1035, return 1035-1055, query 1055-1070, back 1070-1080, call 1080-1090, front 1090-1100"
	if got := pathText(trace, CriticalPath(trace)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	clocks := Analyze(trace).Breaks.Clocks
	if clocks.Total != 1 || trace.text(trace.Spans[clocks.Items[0].Span].Name) != "back" || clocks.Items[0].OffsetNS != 1020-1500-hour {
		t.Errorf("clocks: got %+v", clocks)
	}
}

// checkPath says what is wrong with a path, whatever the trace and the span it is looked at from.
func checkPath(trace *Trace, from int) error {
	v := newView(trace, from)
	if v.root == None {
		if len(v.path) > 0 {
			return fmt.Errorf("a path without a root")
		}
		return nil
	}
	at, sum := v.start[v.root], int64(0)
	for _, s := range v.path {
		if s.StartNS != at || s.EndNS <= s.StartNS {
			return fmt.Errorf("segment %d-%d after %d", s.StartNS, s.EndNS, at)
		}
		if r := s.row; s.StartNS < v.start[r] || s.EndNS > v.end[r] {
			return fmt.Errorf("segment %d-%d outside of its span %d-%d", s.StartNS, s.EndNS, v.start[r], v.end[r])
		}
		at, sum = s.EndNS, sum+s.EndNS-s.StartNS
	}
	if at != v.end[v.root] || sum != v.span(v.root).duration() {
		return fmt.Errorf("the path ends at %d with %d, want %d with %d", at, sum, v.end[v.root], v.span(v.root).duration())
	}
	var divided int64
	for _, r := range v.dividePath() {
		divided += r.CriticalNS
	}
	if divided != sum || v.below[v.root] != sum {
		return fmt.Errorf("reasons add up to %d, the root's subtree to %d, want %d", divided, v.below[v.root], sum)
	}
	for r := range int32(len(trace.Spans)) {
		if own := v.self[r]; own < 0 || own > v.span(r).duration() {
			return fmt.Errorf("self time %d of a span of %d", own, v.span(r).duration())
		}
	}
	return nil
}

func TestCriticalPathDividesTheRoot(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 7))
		trace := random(r, 1+r.IntN(80))
		for from := -1; from < len(trace.Spans); from += 7 {
			if err := checkPath(trace, from); err != nil {
				t.Fatalf("seed %d from %d: %v", seed, from, err)
			}
		}
		names := func() string { return pathText(trace, CriticalPath(trace)) }
		before, report := names(), Analyze(trace)
		r.Shuffle(len(trace.Spans), func(i, j int) { trace.Spans[i], trace.Spans[j] = trace.Spans[j], trace.Spans[i] })
		if after := names(); after != before {
			t.Fatalf("seed %d: the order of the spans changes the path: %s, then %s", seed, before, after)
		}
		again := Analyze(trace)
		if again.Shape != report.Shape || again.Breaks.Orphans != report.Breaks.Orphans || again.Origins.Total != report.Origins.Total ||
			!reflect.DeepEqual(again.ByService, report.ByService) {
			t.Fatalf("seed %d: the order of the spans changes the report:\n%+v\n%+v", seed, report, again)
		}
	}
}

func TestDeepAndLargeTraces(t *testing.T) {
	for what, trace := range map[string]*Trace{"a chain of 20,000": chain(20_000), "100,000 spans": wide(100_000), "100,000 siblings": siblings(100_000), "one ring of 20,000": ring(20_000)} {
		if err := checkPath(trace, -1); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		r := Analyze(trace)
		if r.Path.Total < len(r.Path.Items) || len(r.Path.Items) > maxSegments || len(r.Origins.Items) > maxListed {
			t.Errorf("%s: lists of %d and %d", what, len(r.Path.Items), len(r.Origins.Items))
		}
		if c := Compare(trace, trace); c.ExcessNS != 0 || c.OnlyA != 0 || c.OnlyB != 0 || !c.SameShape || len(c.Entries.Items) > maxDifferences {
			t.Errorf("%s: compared with itself: %+v", what, c.A)
		}
	}
	if r := Analyze(chain(20_000)); r.MaxDepth != 19_999 || r.CriticalNS != 40_000 {
		t.Errorf("the chain: got depth %d, duration %d", r.MaxDepth, r.CriticalNS)
	}
}

// siblings is a root with n children of one name, one after the other, every one failed.
func siblings(n int) *Trace {
	b := newBuilder()
	name := b.text("item")
	b.Spans = append(b.Spans, Span{ID: 1, DurationNS: int64(n) * 10, Name: b.text("root"), Kind: KindServer})
	for i := range n {
		b.Spans = append(b.Spans, Span{ID: uint64(i + 2), Parent: 1, StartNS: int64(i) * 10, DurationNS: 9, Name: name, Kind: KindClient, Failed: true})
	}
	return b.Trace
}

func ring(n int) *Trace {
	t := chain(n)
	t.Spans[0].Parent = uint64(n)
	slices.Reverse(t.Spans)
	return t
}

// FuzzAnalyze: any bytes are a trace; nothing panics or hangs, and the path divides the root.
func FuzzAnalyze(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x01\x00\x00\x10\x02\x01\x02\x04\x02\x01\x02\x04\x03\x03\x00\xff"))
	f.Add([]byte{1, 2, 0, 9, 2, 1, 1, 200, 3, 9, 255, 255, 1, 0, 7, 7})
	f.Fuzz(func(t *testing.T, data []byte) {
		var spans []Span
		for len(data) >= 6 && len(spans) < 4096 {
			s := Span{ID: uint64(data[0] % 32), Parent: uint64(data[1] % 32), StartNS: int64(data[2]), DurationNS: int64(data[3]),
				Service: uint32(data[4] % 4), Name: uint32(data[4] / 4 % 8), Category: uint32(data[5] % 5), Kind: Kind(data[5] / 8 % 8),
				Follows: data[0] > 240, Failed: data[4] > 200, Unset: data[5] > 100, ColdStart: data[1] > 200, Statement: uint64(data[0] / 64)}
			switch data[3] % 16 {
			case 14:
				s.StartNS, s.DurationNS = -1<<63+s.StartNS, 1<<63-1
			case 15:
				s.StartNS, s.DurationNS = 1<<63-1, -s.DurationNS
			}
			spans, data = append(spans, s), data[6:]
		}
		trace := &Trace{Strings: []string{"", "db", "ColdStart", "queue x"}, Spans: spans}
		if err := checkPath(trace, -1); err != nil {
			t.Fatal(err)
		}
		a, half := Analyze(trace), &Trace{Strings: trace.Strings, Spans: spans[:len(spans)/2]}
		if err := checkDifference(Compare(half, trace)); err != nil {
			t.Fatal(err)
		}
		if a.Shape != Shape(trace) {
			t.Fatal("two shapes of one trace")
		}
	})
}
