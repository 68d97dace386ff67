package store

import "fmt"

// Kind of an Error: what the caller may do about it.
type ErrorKind uint8

// Error kinds.
const (
	// Internal is a defect or an unexpected answer; retrying may or may not help.
	Internal ErrorKind = iota
	// Invalid can never succeed as asked: bad parameters, a block the engine refuses.
	Invalid
	// NotFound: the thing asked for is not stored (or has expired).
	NotFound
	// Overloaded: the engine refuses work for now (too many parts, memory or query limits).
	Overloaded
	// Unavailable: the engine cannot be reached.
	Unavailable
)

// String is the kind as it stands in messages.
func (k ErrorKind) String() string {
	return [...]string{"internal", "invalid", "not found", "overloaded", "unavailable"}[k]
}

// Error is what every Store method returns. Op is a verb phrase: "insert spans: unavailable: dial …".
type Error struct {
	Op   string
	Kind ErrorKind
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s: %v", e.Op, e.Kind, e.Err) }

// Unwrap makes errors.Is and errors.As see the cause.
func (e *Error) Unwrap() error { return e.Err }
