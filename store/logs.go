package store

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// LogQuery asks for log records, newest first.
type LogQuery struct {
	Range       TimeRange
	Service     string  // "" is any
	MinSeverity uint8   // OTLP severity number; 0 is any
	TraceID     TraceID // zero is any
	// Contains is text that the body holds, compared without case; "" is any.
	Contains string
	// Limit is the page size. Range [1, 1000].
	Limit int
	// Cursor continues after the last page's end; empty for the first page. Opaque.
	Cursor string
}

// LogPage is one page of log records.
type LogPage struct {
	Logs []Log
	// NextCursor is empty on the last page.
	NextCursor string
}

// Limits of one answer.
const (
	maxTraceLogs = 10_000
	maxSpanLogs  = 1000
	maxLogPage   = 1000
)

// logSlack is how far outside its trace's time range a log record is looked for: clocks differ, and a handler may log late.
const logSlack = int64(time.Hour)

// TraceLogs returns the log records of a trace, earliest first, at most 10000. Records more than an hour before or after the spans
// of the trace are left out; when none of its spans is stored, all its records are found, for a scan's price.
func (s *Store) TraceLogs(ctx context.Context, id TraceID) ([]Log, error) {
	const op = "read logs of trace"
	ranges, err := s.traceRanges(ctx, []TraceID{id})
	if err != nil {
		return nil, wrap(op, err)
	}
	from, to := minTime.UnixNano(), maxTime.UnixNano()
	if len(ranges) > 0 {
		from, to = max(from, ranges[0].firstNS-logSlack), min(to, ranges[0].lastNS+logSlack)
	}
	logs, _, err := s.readLogs(ctx, "trace_logs", []proto.Parameter{
		stringParam("id", id.String()), intParam("from", from), intParam("to", to), intParam("limit", maxTraceLogs),
	})
	return logs, wrap(op, err)
}

func (s *Store) spanLogs(ctx context.Context, id TraceID, span SpanID, of *Span) ([]Log, error) {
	logs, _, err := s.readLogs(ctx, "span_logs", []proto.Parameter{
		stringParam("id", id.String()), nativeParam("span", fmt.Sprint(span.Uint64())),
		intParam("from", of.StartNS-logSlack), intParam("to", of.EndNS()+logSlack), intParam("limit", maxSpanLogs),
	})
	for i, j := 0, len(logs)-1; i < j; i, j = i+1, j-1 {
		logs[i], logs[j] = logs[j], logs[i]
	}
	return logs, err
}

// SearchLogs returns one page of the records that satisfy q, newest first. Paging neither skips nor repeats a record, whatever
// arrives meanwhile: a record's place never changes.
func (s *Store) SearchLogs(ctx context.Context, q LogQuery) (LogPage, error) {
	const op = "search logs"
	if err := checkLimit(q.Limit, maxLogPage); err != nil {
		return LogPage{}, invalid(op, err)
	}
	from, to, err := q.Range.bounds()
	if err != nil {
		return LogPage{}, invalid(op, err)
	}
	at := logCursor{timeNS: maxTime.UnixNano(), hash: math.MaxUint64}
	if q.Cursor != "" {
		if at, err = parseLogCursor(q.Cursor); err != nil {
			return LogPage{}, invalid(op, err)
		}
	}
	id, contains := q.texts()
	logs, hashes, err := s.readLogs(ctx, "search_logs", []proto.Parameter{
		intParam("from", from), intParam("to", to), stringParam("service", q.Service), intParam("severity", int64(q.MinSeverity)),
		stringParam("id", id), stringParam("contains", contains),
		intParam("cursor_time", at.timeNS), nativeParam("cursor_hash", fmt.Sprint(at.hash)), intParam("skip", int64(at.skip)),
		intParam("limit", int64(q.Limit)+1),
	})
	if err != nil {
		return LogPage{}, wrap(op, err)
	}
	page := LogPage{Logs: logs}
	if len(logs) > q.Limit {
		page.Logs = logs[:q.Limit]
		times := make([]int64, q.Limit)
		for i := range times {
			times[i] = logs[i].TimeNS
		}
		page.NextCursor = nextLogCursor(at, times, hashes).String()
	}
	return page, nil
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// readLogs runs a query whose columns are logColumns; search_logs has one more, row_hash.
func (s *Store) readLogs(ctx context.Context, query string, params []proto.Parameter) ([]Log, []uint64, error) {
	cols := newLogColumns()
	columns := cols.named
	var rowHash proto.ColUInt64
	if query == "search_logs" {
		columns = append(columns, namedColumn{"row_hash", &rowHash})
	}
	var logs []Log
	var hashes []uint64
	var origins []originHashes
	days := [2]uint16{math.MaxUint16, 0}
	err := s.readNative(ctx, s.named(query), params, columns, func() {
		for i := range cols.spanID {
			logs = append(logs, cols.row(i))
			origins = append(origins, originHashes{cols.resourceHash[i], cols.scopeHash[i]})
			day := dayOf(cols.time.ColInt64[i])
			days[0], days[1] = min(days[0], day), max(days[1], day)
		}
		hashes = append(hashes, rowHash...)
	}, func() { logs, hashes, origins = nil, nil, nil })
	if err != nil {
		return nil, nil, err
	}
	found, err := s.lookupOrigins(ctx, origins, days[0], days[1])
	if err != nil {
		return nil, nil, err
	}
	for i, h := range origins {
		logs[i].Resource, logs[i].Scope = found.resource(h.resource), found.scope(h.scope)
	}
	return logs, hashes, nil
}

// logCursor is where a page of logs ended: skip is how many records with this time and hash have been shown.
type logCursor struct {
	timeNS int64
	hash   uint64
	skip   uint32
}

const logCursorVersion = 1

// nextLogCursor is where a page ends whose rows have these times and hashes.
func nextLogCursor(before logCursor, times []int64, hashes []uint64) logCursor {
	last := len(times) - 1
	next := logCursor{timeNS: times[last], hash: hashes[last]}
	for i := last; i >= 0 && times[i] == next.timeNS && hashes[i] == next.hash; i-- {
		next.skip++
	}
	if before.timeNS == next.timeNS && before.hash == next.hash {
		next.skip += before.skip
	}
	return next
}

func (c logCursor) String() string {
	b := []byte{logCursorVersion}
	b = binary.BigEndian.AppendUint64(b, uint64(c.timeNS))
	b = binary.BigEndian.AppendUint64(b, c.hash)
	b = binary.BigEndian.AppendUint32(b, c.skip)
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseLogCursor(s string) (logCursor, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 21 || b[0] != logCursorVersion {
		return logCursor{}, errors.New("cursor: not one that this server gave out")
	}
	c := logCursor{
		timeNS: int64(binary.BigEndian.Uint64(b[1:])), hash: binary.BigEndian.Uint64(b[9:]), skip: binary.BigEndian.Uint32(b[17:]),
	}
	if c.timeNS < minTime.UnixNano() || c.timeNS > maxTime.UnixNano() {
		return logCursor{}, errors.New("cursor: its time is out of range")
	}
	return c, nil
}
