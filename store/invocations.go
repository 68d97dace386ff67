package store

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/ClickHouse/ch-go/proto"
)

// InvocationQuery asks for invocations of a function, newest first.
type InvocationQuery struct {
	Range    TimeRange
	Function string
	// Outcomes and Versions are any when empty.
	Outcomes, Versions []string
	// Cold is nil for any, else whether they waited for a new instance.
	Cold *bool
	// Limit is the page size. Range [1, 1000].
	Limit int
	// Cursor continues after the last page's end; empty for the first page. Opaque.
	Cursor string
}

// InvocationPage is one page of invocations.
type InvocationPage struct {
	Invocations []Invocation
	// NextCursor is empty on the last page.
	NextCursor string
}

// Invocations returns one page. Paging neither skips nor repeats one, whatever arrives meanwhile.
func (s *Store) Invocations(ctx context.Context, q InvocationQuery) (InvocationPage, error) {
	const op = "read invocations"
	if err := checkLimit(q.Limit, maxLogPage); err != nil {
		return InvocationPage{}, invalid(op, err)
	}
	if q.Function == "" {
		return InvocationPage{}, invalid(op, errors.New("function: want one"))
	}
	from, to, err := q.Range.bounds()
	if err != nil {
		return InvocationPage{}, invalid(op, err)
	}
	at := logCursor{timeNS: maxTime.UnixNano(), hash: math.MaxUint64}
	if q.Cursor != "" {
		if at, err = parseLogCursor(q.Cursor); err != nil {
			return InvocationPage{}, invalid(op, err)
		}
	}
	cold := int64(2)
	if q.Cold != nil {
		cold = int64(boolToInt(*q.Cold))
	}
	list, hashes, err := s.readInvocations(ctx, "invocations",
		stringParam("function", q.Function), intParam("from", from), intParam("to", to), stringsParam("outcomes", q.Outcomes),
		stringsParam("versions", q.Versions), intParam("cold", cold), intParam("cursor_time", at.timeNS),
		nativeParam("cursor_hash", fmt.Sprint(at.hash)), intParam("skip", int64(at.skip)), intParam("limit", int64(q.Limit)+1))
	if err != nil {
		return InvocationPage{}, wrap(op, err)
	}
	page := InvocationPage{Invocations: list}
	if len(list) > q.Limit {
		page.Invocations = list[:q.Limit]
		times := make([]int64, q.Limit)
		for i := range times {
			times[i] = list[i].TimeNS
		}
		page.NextCursor = nextLogCursor(at, times, hashes).String()
	}
	return page, nil
}

// readInvocations runs a query whose columns are invocationColumns and row_hash.
func (s *Store) readInvocations(ctx context.Context, query string, params ...proto.Parameter) (list []Invocation, hashes []uint64, err error) {
	cols := newInvocationColumns()
	var rowHash proto.ColUInt64
	columns := append(cols.named, namedColumn{"row_hash", &rowHash})
	err = s.readNative(ctx, s.named(query), params, columns, func() {
		for i := range cols.spanID {
			list = append(list, cols.row(i))
		}
		hashes = append(hashes, rowHash...)
	}, func() { list, hashes = nil, nil })
	return list, hashes, err
}
