package store

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
)

// wrap is the one place where errors of the engine and the network become an Error. wrap(op, nil) is nil, and an Error that
// is one already keeps its kind.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Op: op, Kind: classify(err), Err: err}
}

// invalid is an Error of that kind.
func invalid(op string, err error) error { return &Error{Op: op, Kind: Invalid, Err: err} }

func classify(err error) ErrorKind {
	if e, ok := errors.AsType[*ch.Exception](err); ok {
		return classifyCode(e.Code)
	}
	if e, ok := errors.AsType[*clickhouse.Exception](err); ok {
		return classifyCode(proto.Error(e.Code))
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" {
		return Unavailable // a dial that times out is no busy engine
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, clickhouse.ErrAcquireConnTimeout):
		return Overloaded
	case isNetwork(err):
		return Unavailable
	}
	return Internal
}

// isNetwork reports whether err says that the connection, and not the query, failed.
func isNetwork(err error) bool {
	for _, target := range []error{
		io.EOF, io.ErrUnexpectedEOF, io.ErrShortWrite, io.ErrClosedPipe, net.ErrClosed, ch.ErrClosed, syscall.ECONNREFUSED, syscall.ECONNRESET,
		syscall.EPIPE, clickhouse.ErrConnectionClosed,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	_, ok := errors.AsType[net.Error](err)
	return ok
}

// classifyCode maps ClickHouse's error codes. Source: ClickHouse src/Common/ErrorCodes.cpp.
func classifyCode(code proto.Error) ErrorKind {
	switch code {
	case proto.ErrMemoryLimitExceeded, proto.ErrTooManyParts, proto.ErrTooManySimultaneousQueries, proto.ErrTimeoutExceeded,
		proto.ErrTooSlow, proto.ErrNotEnoughSpace, proto.ErrQuotaExpired, proto.ErrCannotScheduleTask, proto.ErrNoFreeConnection,
		proto.ErrCannotAllocateMemory, proto.ErrQueryWasCancelled:
		return Overloaded
	case proto.ErrNetworkError, proto.ErrSocketTimeout, proto.ErrAllConnectionTriesFailed, proto.ErrTableIsReadOnly,
		proto.ErrAuthenticationFailed, proto.ErrUnknownUser, proto.ErrWrongPassword, proto.ErrRequiredPassword, proto.ErrAborted,
		proto.ErrKeeperException, proto.ErrNoZookeeper, proto.ErrDNSError:
		return Unavailable
	case proto.ErrTooManyRows, proto.ErrTooManyBytes, proto.ErrTooManyRowsOrBytes, proto.ErrBadArguments, proto.ErrSyntaxError, proto.ErrTypeMismatch,
		proto.ErrCannotParseText, proto.ErrCannotParseNumber, proto.ErrCannotParseInputAssertionFailed, proto.ErrCannotParseQuotedString,
		proto.ErrCannotParseEscapeSequence, proto.ErrCannotParseDatetime, proto.ErrCannotConvertType, proto.ErrIllegalTypeOfArgument,
		proto.ErrIncorrectData, proto.ErrTooLargeStringSize, proto.ErrTooLargeArraySize, proto.ErrArgumentOutOfBound, proto.ErrCannotReadAllData,
		proto.ErrIncorrectNumberOfColumns, proto.ErrSizesOfColumnsDoesntMatch, proto.ErrBadQueryParameter, proto.ErrDecimalOverflow,
		proto.ErrTooManyPartitions, proto.ErrChecksumDoesntMatch, proto.ErrCannotCompileRegexp:
		return Invalid
	}
	return Internal
}
