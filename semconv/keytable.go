package semconv

import "strings"

// KeyTable finds what is known of attribute keys. Spans of a kind have the same keys in the same order, so it guesses that a key is
// followed by the one that followed it the last time: a comparison is cheaper than a look-up. One goroutine at a time may use it.
type KeyTable[T any] struct {
	entries map[string]*keyEntry[T]
	last    *keyEntry[T]
}

type keyEntry[T any] struct {
	key   string
	value T
	next  *keyEntry[T]
}

// Find returns what is known of key, which learn says when it is new. learn gets a copy of key that may be kept.
func (t *KeyTable[T]) Find(key string, learn func(key string) T) *T {
	before := t.last
	if before != nil && before.next != nil && before.next.key == key {
		t.last = before.next
		return &t.last.value
	}
	e := t.entries[key]
	if e == nil {
		if t.entries == nil {
			t.entries = make(map[string]*keyEntry[T])
		}
		e = &keyEntry[T]{key: strings.Clone(key)}
		e.value = learn(e.key)
		t.entries[e.key] = e
	}
	if before != nil {
		before.next = e
	}
	t.last = e
	return &e.value
}

// Len is the number of keys.
func (t *KeyTable[T]) Len() int { return len(t.entries) }

// Clear forgets every key. Pointers that Find returned stay as they are.
func (t *KeyTable[T]) Clear() {
	clear(t.entries)
	t.last = nil // or the chain would keep them
}
