package faas

import (
	"errors"
	"fmt"
)

// Errors of a Runtime. A function's own failure is no error but part of the Result.
var (
	// ErrNotFound says that there is no such function, version or alias.
	ErrNotFound = errors.New("function not found")
	// ErrClosed says that the runtime is shutting down.
	ErrClosed = errors.New("the runtime is shutting down")
)

// ThrottledError says that a request was refused because too many are under way. Callers may try again later.
type ThrottledError struct {
	Function string
	// Scope is "function" or "runtime": whose limit it was.
	Scope string
	// Limit is what may run at once, Queue what may wait.
	Limit, Queue int
}

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("%s: %d invocations are running and %d are waiting, which is all that the %s may have", e.Function, e.Limit, e.Queue, e.Scope)
}

// TooLargeError says that a payload exceeds the contract's bound.
type TooLargeError struct {
	What        string // "request" or "response"
	Size, Bound int64  // bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s payload of %d bytes exceeds the bound of %d", e.What, e.Size, e.Bound)
}

// CodeError says that the code of a deployment is no package that can be unpacked.
type CodeError struct{ Err error }

func (e *CodeError) Error() string { return "code: " + e.Err.Error() }
func (e *CodeError) Unwrap() error { return e.Err }
