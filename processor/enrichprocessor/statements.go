package enrichprocessor

import (
	"strings"
	"sync"
)

// Bounds of statements. A program has some hundred statements as long as it binds its parameters; one that writes values into
// them makes ever new ones, and then the memory fills and starts again.
const (
	maxKnownBytes     = 4 << 20
	maxKnownStatement = 4 << 10 // longer ones are reduced each time
)

// statements remembers fingerprints: finding one costs a fraction of reducing it. It is safe for concurrent use.
type statements struct {
	mu    sync.RWMutex
	known map[statement]reduced // protected by mu, as is bytes
	bytes int                   // of all texts in known
}

type statement struct {
	text    string
	dialect dialect
}

type reduced struct {
	fingerprint string
	hash        uint64
}

// fingerprint is t's, but from memory when the statement is known.
func (s *statements) fingerprint(t *tokenizer, text string, d dialect) (string, uint64) {
	key := statement{text, d}
	s.mu.RLock()
	r, ok := s.known[key]
	s.mu.RUnlock()
	if ok {
		return r.fingerprint, r.hash
	}
	r.fingerprint, r.hash = t.fingerprint(text, d)
	if len(text) > maxKnownStatement {
		return r.fingerprint, r.hash
	}
	key.text = strings.Clone(text) // the request's memory is not kept
	s.mu.Lock()
	defer s.mu.Unlock()
	if size := len(text) + len(r.fingerprint); s.known == nil || s.bytes+size > maxKnownBytes {
		s.known, s.bytes = map[statement]reduced{key: r}, size
	} else {
		s.known[key] = r
		s.bytes += size
	}
	return r.fingerprint, r.hash
}
