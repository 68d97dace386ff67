package store

import (
	"fmt"
	"math"
	"testing"
	"time"
)

func TestFirstWindow(t *testing.T) {
	const hour = int64(time.Hour)
	days := []spanDay{{1_000_000, 48 * hour, 49*hour - 1}, {1000, 24 * hour, 25*hour - 1}}
	f := func(from, to int64, where string, limit int, oldest, newest, window int64) {
		t.Helper()
		search := traceSearch{q: TraceQuery{Limit: limit}, from: from, to: to, where: where}
		o, n, w := search.firstWindow(days)
		if o != oldest || n != newest || w != window {
			t.Errorf("%d to %d: got %d, %d, %d, want %d, %d, %d", from, to, o, n, w, oldest, newest, window)
		}
	}
	const ms = int64(time.Millisecond)
	f(math.MinInt64, math.MaxInt64, "", 20, 24*hour, 49*hour, hour/80+ms)
	f(math.MinInt64, math.MaxInt64, "", 1000, 24*hour, 49*hour, hour/10+ms)
	f(math.MinInt64, math.MaxInt64, "status_code = 2", 20, 24*hour, 49*hour, hour/40+ms)
	f(math.MinInt64, math.MaxInt64, "service_name = {p1:String}", 20, 24*hour, 49*hour, hour*8/10+ms)
	f(24*hour+1, 48*hour, "status_code = 2", 20, 24*hour+1, 25*hour, 25*hour+ms)
	f(48*hour+5, 48*hour+9, "", 20, 48*hour+5, 48*hour+9, hour/80+ms)
	f(30*hour, 40*hour, "", 20, 40*hour, 30*hour, 0) // nothing known in it: the window is all of it
}

func TestKeySidesCache(t *testing.T) {
	var c keySidesCache
	if _, ok := c.of([]string{"a"}); ok {
		t.Error("an empty cache knows a key")
	}
	if _, ok := c.of(nil); ok {
		t.Error("nothing has to be asked about no keys")
	}
	met := attributeSides{"a": {span: 1}}
	c.keep([]string{"a", "nowhere"}, met)
	if got, ok := c.of([]string{"nowhere", "a"}); !ok || len(got) != 1 || got["a"] != met["a"] {
		t.Errorf("got %v, %v", got, ok)
	}
	if _, ok := c.of([]string{"a", "b"}); ok {
		t.Error("a key of which nothing is known is taken for one that was met nowhere")
	}
	for i := range 2 * maxCachedKeys {
		c.keep([]string{fmt.Sprint(i)}, nil)
		if len(c.sides) > maxCachedKeys {
			t.Fatalf("%d keys are kept", len(c.sides))
		}
	}
}
