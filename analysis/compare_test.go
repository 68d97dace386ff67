package analysis

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// checkDifference says what is wrong with a comparison of which all entries are listed.
func checkDifference(c *Comparison) error {
	if len(c.Entries.Items) < c.Entries.Total {
		return nil
	}
	var critical int64
	spans := [2]int{}
	for _, e := range c.Entries.Items {
		critical += e.ExcessCriticalNS
		spans[0], spans[1] = spans[0]+e.A.Spans, spans[1]+e.B.Spans
	}
	if critical != c.ExcessNS || spans[0] != c.A.Spans || spans[1] != c.B.Spans || c.OnlyA+c.OnlyB+c.Both != c.Entries.Total {
		return fmt.Errorf("entries explain %d of %d, hold %v spans of %d and %d", critical, c.ExcessNS, spans, c.A.Spans, c.B.Spans)
	}
	return nil
}

func TestCompareExplainsTheDifference(t *testing.T) {
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 3))
		a, b := random(r, 1+r.IntN(60)), random(r, 1+r.IntN(60))
		c := Compare(a, b)
		if err := checkDifference(c); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		back := Compare(b, a)
		if back.ExcessNS != -c.ExcessNS || back.OnlyA != c.OnlyB || back.Both != c.Both {
			t.Fatalf("seed %d: the other way round is another difference", seed)
		}
	}
}

// differences renders the entries, the most telling first.
func differences(c *Comparison) string {
	var b strings.Builder
	for _, e := range c.Entries.Items {
		fmt.Fprintf(&b, "%*s%s %d:%d total%+d self%+d critical%+d\n", e.Depth, "", e.Name, e.A.Spans, e.B.Spans, e.ExcessNS, e.ExcessSelfNS, e.ExcessCriticalNS)
	}
	return b.String()
}

func TestCompare(t *testing.T) {
	fast := build("GET 1 0 0 100 server", "auth 2 1 0 10 client", "load 3 1 10 50", "SELECT 4 3 15 20 client", "SELECT 5 3 40 20 client", "audit 6 1 70 10 client")
	// The second SELECT takes 60 more, a third one comes, audit goes, and the render step is new. Other ids, other times.
	slow := build("GET 11 0 1000 230 server", "load 13 11 1010 140", "SELECT 14 13 1015 20 client", "SELECT 15 13 1040 80 client", "SELECT 17 13 1125 20 client",
		"auth 12 11 1000 10 client", "render 18 11 1150 60")
	c := Compare(fast, slow)
	want := ` SELECT 2:3 total+80 self+80 critical+80
 render 0:1 total+60 self+60 critical+60
GET 1:1 total+130 self-10 critical-10
 load 1:1 total+90 self+10 critical+10
 audit 1:0 total-10 self-10 critical-10
 auth 1:1 total+0 self+0 critical+0
`
	want = strings.Replace(want, " SELECT", "  SELECT", 1)
	if got := differences(c); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if c.ExcessNS != 130 || c.OnlyA != 1 || c.OnlyB != 1 || c.Both != 4 || c.OtherRoot || c.SameShape {
		t.Errorf("totals: %+v", c)
	}
	sel := c.Entries.Items[0]
	if slow.Spans[sel.B.Span].ID != 15 || fast.Spans[sel.A.Span].ID != 5 || sel.A.OffsetNS != 40 || sel.B.OffsetNS != 40 {
		t.Errorf("the pair to look at: got %+v", sel)
	}

	other := Compare(fast, build("POST 1 0 0 10 server"))
	if !other.OtherRoot || other.ExcessNS != -90 || other.Entries.Total != 5 {
		t.Errorf("two things that have nothing in common: got %+v", other)
	}
	if err := checkDifference(other); err != nil {
		t.Error(err)
	}
	empty := Compare(build(), fast)
	if empty.A.Root != -1 || empty.ExcessNS != 100 || empty.OnlyB != 5 {
		t.Errorf("nothing and something: got %+v", empty)
	}
	if got := Compare(build(), build()); got.Entries.Total != 0 {
		t.Errorf("nothing and nothing: got %+v", got)
	}
}
