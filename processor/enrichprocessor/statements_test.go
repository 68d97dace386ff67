package enrichprocessor

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestStatementsAreThoseOfTheTokenizer(t *testing.T) {
	var s statements
	long := "SELECT '" + strings.Repeat("x", maxKnownStatement) + "'"
	for range 2 { // the second time from memory
		for _, text := range []string{"SELECT 1", "SELECT \"a\" # b", long} {
			for _, system := range []string{"postgresql", "mysql", "redis"} {
				var fresh, used tokenizer
				want, wantHash := fresh.fingerprint(text, dialectOf(system))
				got, hash := s.fingerprint(&used, text, dialectOf(system))
				if got != want || hash != wantHash {
					t.Errorf("%.20s of %s: got %q, want %q", text, system, got, want)
				}
			}
		}
	}
	if len(s.known) != 6 {
		t.Errorf("%d statements known, want 2 in 3 dialects and none of %d bytes", len(s.known), len(long))
	}
}

func TestStatementsAreBounded(t *testing.T) {
	var s statements
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			var tok tokenizer
			for i := range 2000 {
				text := fmt.Sprintf("SELECT %d /* %d %s */", i, w, strings.Repeat("x", 2000))
				if got, _ := s.fingerprint(&tok, text, 0); got != "select ?" {
					t.Errorf("got %q", got)
					return
				}
			}
		})
	}
	wg.Wait()
	bytes := 0
	for k, r := range s.known {
		bytes += len(k.text) + len(r.fingerprint)
	}
	if bytes != s.bytes || bytes > maxKnownBytes {
		t.Errorf("%d bytes known, counted as %d, want at most %d", bytes, s.bytes, maxKnownBytes)
	}
}
