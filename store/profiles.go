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
	cols := newEventColumns()
	var bytes proto.ColUInt64
	var list []ProfileInfo
	params := []proto.Parameter{stringParam("id", id.String()), intParam("limit", maxTraceProfiles)}
	err := s.readNative(ctx, s.named("trace_profiles"), params, cols.with(namedColumn{"bytes", &bytes}), func() {
		for i := range bytes {
			list = append(list, ProfileInfo{cols.row(i), bytes[i]})
		}
	}, func() { list = nil })
	return list, wrap("read profiles of trace", err)
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
