package store

import (
	"context"
	"fmt"

	"github.com/ClickHouse/ch-go/proto"
)

// maxTraceProfiles bounds one answer.
const maxTraceProfiles = 1000

// ProfileInfo is a profile without its data.
type ProfileInfo struct {
	FunctionEvent
	// Bytes is the size of the data.
	Bytes uint64
}

// TraceProfiles lists the profiles of a trace's spans by time, at most 1000.
func (s *Store) TraceProfiles(ctx context.Context, id TraceID) ([]ProfileInfo, error) {
	list, err := s.profileInfos(ctx, "trace_profiles", []proto.Parameter{stringParam("id", id.String()), intParam("limit", maxTraceProfiles)})
	return list, wrap("read profiles of trace", err)
}

// FunctionProfiles lists the profiles of a function in a time range, newest first. Limit is in [1, 1000].
func (s *Store) FunctionProfiles(ctx context.Context, r TimeRange, function string, limit int) ([]ProfileInfo, error) {
	const op = "read profiles of function"
	from, to, err := r.bounds()
	if err == nil {
		err = checkLimit(limit, maxTraceProfiles)
	}
	if err != nil {
		return nil, invalid(op, err)
	}
	list, err := s.profileInfos(ctx, "function_profiles", []proto.Parameter{
		stringParam("function", function), intParam("from", from), intParam("to", to), intParam("limit", int64(limit)),
	})
	return list, wrap(op, err)
}

func (s *Store) profileInfos(ctx context.Context, query string, params []proto.Parameter) ([]ProfileInfo, error) {
	cols := newEventColumns()
	var bytes proto.ColUInt64
	var list []ProfileInfo
	err := s.readNative(ctx, s.named(query), params, cols.with(namedColumn{"bytes", &bytes}), func() {
		for i := range bytes {
			list = append(list, ProfileInfo{cols.row(i), bytes[i]})
		}
	}, func() { list = nil })
	return list, err
}

// Profile returns the newest profile of a span, or an Error of kind NotFound.
func (s *Store) Profile(ctx context.Context, id TraceID, span SpanID) (*Profile, error) {
	const op = "read profile"
	cols := newProfileColumns()
	var found *Profile
	params := []proto.Parameter{stringParam("id", id.String()), nativeParam("span", fmt.Sprint(span.Uint64()))}
	err := s.readNative(ctx, s.named("profile"), params, cols.named, func() {
		found = &Profile{FunctionEvent: cols.row(0), Data: []byte(cols.data.Row(0))}
	}, func() { found = nil })
	if err == nil && found == nil {
		return nil, &Error{Op: op, Kind: NotFound, Err: fmt.Errorf("profile of span %s of trace %s", span, id)}
	}
	return found, wrap(op, err)
}
