package semconv_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"weft/semconv"
)

// TestKeyTableFindsWhatItLearned follows keys in orders that repeat and that do not: each is learned once.
func TestKeyTableFindsWhatItLearned(t *testing.T) {
	var table semconv.KeyTable[string]
	learned := map[string]int{}
	learn := func(key string) string {
		learned[key]++
		return "of " + key
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		key := fmt.Sprint("key.", r.IntN(20))
		if got := *table.Find(key, learn); got != "of "+key {
			t.Fatalf("Find(%q) = %q", key, got)
		}
	}
	if table.Len() != 20 || len(learned) != 20 {
		t.Errorf("%d keys, %d learned, want 20", table.Len(), len(learned))
	}
	for key, n := range learned {
		if n != 1 {
			t.Errorf("%s was learned %d times", key, n)
		}
	}
	*table.Find("key.1", learn) = "changed"
	if got := *table.Find("key.1", learn); got != "changed" {
		t.Errorf("a changed value reads %q", got)
	}
	table.Clear()
	if got := *table.Find("key.1", learn); table.Len() != 1 || got != "of key.1" {
		t.Errorf("after Clear: %d keys, %q", table.Len(), got)
	}
}
