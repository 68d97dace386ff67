package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
)

func TestClassify(t *testing.T) {
	is := func(want ErrorKind, err error) {
		t.Helper()
		if got := classify(fmt.Errorf("somewhere: %w", err)); got != want {
			t.Errorf("%v: got %v, want %v", err, got, want)
		}
	}
	code := func(want ErrorKind, codes ...proto.Error) {
		t.Helper()
		for _, c := range codes {
			is(want, &ch.Exception{Code: c})
			is(want, &clickhouse.Exception{Code: int32(c)})
		}
	}
	code(Overloaded, proto.ErrMemoryLimitExceeded, proto.ErrTooManyParts, proto.ErrTooManySimultaneousQueries, proto.ErrTimeoutExceeded, proto.ErrNotEnoughSpace)
	code(Unavailable, proto.ErrNetworkError, proto.ErrSocketTimeout, proto.ErrTableIsReadOnly, proto.ErrAuthenticationFailed, proto.ErrKeeperException)
	code(Invalid, proto.ErrTooManyRows, proto.ErrTooManyBytes, proto.ErrBadArguments, proto.ErrSyntaxError, proto.ErrTypeMismatch, proto.ErrCannotReadAllData, proto.ErrBadQueryParameter,
		proto.ErrCannotCompileRegexp)
	code(Internal, proto.ErrLogicalError, proto.ErrUnknownTable, proto.ErrUnknownIdentifier, proto.ErrAccessDenied)

	is(Unavailable, io.EOF)
	is(Unavailable, io.ErrUnexpectedEOF)
	is(Unavailable, net.ErrClosed)
	is(Unavailable, ch.ErrClosed)
	is(Unavailable, &net.OpError{Op: "dial", Err: &os.SyscallError{Syscall: "connect", Err: syscall.ECONNREFUSED}})
	is(Unavailable, &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded})
	is(Unavailable, &net.OpError{Op: "write", Err: syscall.EPIPE})
	is(Unavailable, syscall.ECONNRESET)
	is(Unavailable, &net.DNSError{Err: "no such host"})
	is(Overloaded, context.DeadlineExceeded)
	is(Overloaded, clickhouse.ErrAcquireConnTimeout)
	is(Internal, errors.New("anything else"))
}

func TestWrap(t *testing.T) {
	if err := wrap("do it", nil); err != nil {
		t.Errorf("wrap of nil: %v", err)
	}
	inner := &Error{Op: "inner", Kind: NotFound, Err: errors.New("gone")}
	if got := wrap("outer", fmt.Errorf("while: %w", inner)); got != error(inner) {
		t.Errorf("an Error is wrapped again: %v", got)
	}
	if got := wrap("insert spans", io.EOF).Error(); got != "insert spans: unavailable: EOF" {
		t.Errorf("message: %s", got)
	}
}
