package state

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

var (
	// ErrNotFound: nothing is kept under that key or digest.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the record has another revision than the caller thought, or exists already. The error is a *ConflictError.
	ErrConflict = errors.New("changed meanwhile")
	// ErrCorrupt: an object's bytes are not those that its digest names.
	ErrCorrupt = errors.New("does not match its digest")
	// ErrInUse: another process has the folder open.
	ErrInUse = errors.New("in use by another process")
)

// ConflictError says which record was not at the revision that the caller named. errors.Is finds ErrConflict.
type ConflictError struct {
	Key string
	// Want is what the caller named, 0 for a record that was to be new. Have is the record's revision when it was looked at
	// after the conflict; 0 when it is gone.
	Want, Have uint64
}

func (e *ConflictError) Error() string {
	switch {
	case e.Want == 0 && e.Have == 0:
		return fmt.Sprintf("%q was written and deleted by somebody else meanwhile", e.Key)
	case e.Want == 0:
		return fmt.Sprintf("%q exists already, at revision %d", e.Key, e.Have)
	case e.Have == 0:
		return fmt.Sprintf("%q was deleted since revision %d", e.Key, e.Want)
	}
	return fmt.Sprintf("%q changed meanwhile: want revision %d, it is at %d", e.Key, e.Want, e.Have)
}

// Is makes errors.Is(err, ErrConflict) true, and errors.Is(err, ErrNotFound) when the record is gone.
func (e *ConflictError) Is(target error) bool {
	return target == ErrConflict || target == ErrNotFound && e.Want != 0 && e.Have == 0
}

// A server answers a wrong revision with one of two codes: the second when the stream has replicas and another write of the
// same record is under way.
const (
	codeWrongLastSequence    = 10071
	codeWrongLastSequenceAny = 10164
)

func wrongRevision(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == codeWrongLastSequence || api.ErrorCode == codeWrongLastSequenceAny)
}

// opTimeout bounds an operation whose context has no deadline. It outlasts the restart of a server, which the client sits out.
const opTimeout = 15 * time.Second
