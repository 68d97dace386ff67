package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// traceRange is where the spans of a trace are: step one of reading it.
type traceRange struct {
	id       TraceID
	firstNS  int64 // start of the earliest span
	lastNS   int64 // start of the latest span
	spans    uint64
	services []string
}

func newTraceRange(id TraceID) traceRange {
	return traceRange{id: id, firstNS: math.MaxInt64, lastNS: math.MinInt64}
}

// add widens the range by what an entry says.
func (r *traceRange) add(e *traceEntry) error {
	r.firstNS, r.lastNS = min(r.firstNS, e.startNS), max(r.lastNS, e.lastNS)
	return e.each(func(service []byte, spans, _ uint64) {
		r.spans += spans
		if !slices.Contains(r.services, string(service)) {
			r.services = append(r.services, string(service))
		}
	})
}

// Trace returns the whole trace, its spans by start time then span id. An id that is not stored is an Error of kind NotFound.
func (s *Store) Trace(ctx context.Context, id TraceID) (*Trace, error) {
	const op = "read trace"
	ranges, err := s.traceRanges(ctx, []TraceID{id})
	if err != nil {
		return nil, wrap(op, err)
	}
	if len(ranges) == 0 {
		return nil, &Error{Op: op, Kind: NotFound, Err: fmt.Errorf("trace %s", id)}
	}
	traces, err := s.readTraces(ctx, ranges)
	if err != nil {
		return nil, wrap(op, err)
	}
	if len(traces) == 0 {
		return nil, &Error{Op: op, Kind: NotFound, Err: fmt.Errorf("the spans of trace %s", id)}
	}
	return traces[0], nil
}

// maxTraces bounds one call of Traces.
const maxTraces = 1000

// Traces returns those of the traces that are stored, in the order of ids, at most 1000.
func (s *Store) Traces(ctx context.Context, ids []TraceID) ([]*Trace, error) {
	const op = "read traces"
	if len(ids) == 0 {
		return nil, nil
	}
	if len(ids) > maxTraces {
		return nil, invalid(op, fmt.Errorf("want at most %d ids, got %d", maxTraces, len(ids)))
	}
	ranges, err := s.traceRanges(ctx, ids)
	if err != nil {
		return nil, wrap(op, err)
	}
	byID := make(map[TraceID]*Trace, len(ranges))
	for _, group := range groupRanges(ranges) {
		traces, err := s.readTraces(ctx, group)
		if err != nil {
			return nil, wrap(op, err)
		}
		for _, t := range traces {
			byID[t.ID] = t
		}
	}
	var found []*Trace
	for _, id := range ids {
		if t := byID[id]; t != nil {
			found = append(found, t)
			delete(byID, id)
		}
	}
	return found, nil
}

// maxGroupGap joins traces into one read when they start so close together that the hull of their ranges costs little.
const maxGroupGap = int64(30 * time.Second)

// groupRanges splits ranges, which it sorts, into groups to be read together.
func groupRanges(ranges []traceRange) [][]traceRange {
	sortRanges(ranges)
	var groups [][]traceRange
	start := 0
	for i := 1; i <= len(ranges); i++ {
		if i == len(ranges) || ranges[i].firstNS-ranges[i-1].firstNS > maxGroupGap || ranges[i].lastNS-ranges[i].firstNS > maxGroupGap {
			groups = append(groups, ranges[start:i])
			start = i
		}
	}
	return groups
}

func sortRanges(ranges []traceRange) {
	slices.SortFunc(ranges, func(a, b traceRange) int { return cmp.Compare(a.firstNS, b.firstNS) })
}

// rangeParams are the parameters of a query for all spans of ranges, and the time range of their starts. The services and the
// time range lead the engine to a few granules of each part through the primary key.
func rangeParams(ranges []traceRange) (params []proto.Parameter, fromNS, toNS int64) {
	h := hullOf(ranges)
	return []proto.Parameter{
		traceIDsParam(h.ids), stringsParam("services", h.services), intParam("from", h.from), intParam("to", h.to),
	}, h.from, h.to
}

// readTraces reads the spans of all ranges in one query: step two.
func (s *Store) readTraces(ctx context.Context, ranges []traceRange) ([]*Trace, error) {
	params, from, to := rangeParams(ranges)
	spans, err := s.readSpans(ctx, "trace_spans", params, dayOf(from), dayOf(to))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(spans, func(a, b Span) int {
		return cmp.Or(bytes.Compare(a.TraceID[:], b.TraceID[:]), cmp.Compare(a.StartNS, b.StartNS), bytes.Compare(a.SpanID[:], b.SpanID[:]))
	})
	var traces []*Trace
	for start, i := 0, 1; i <= len(spans); i++ {
		if i == len(spans) || spans[i].TraceID != spans[start].TraceID {
			traces = append(traces, &Trace{ID: spans[start].TraceID, Spans: spans[start:i:i]})
			start = i
		}
	}
	return traces, nil
}

// readSpans runs a query whose columns are spanColumns, and completes the spans with their resources and scopes.
func (s *Store) readSpans(ctx context.Context, query string, params []proto.Parameter, fromDay, toDay uint16) ([]Span, error) {
	cols := newSpanColumns()
	var spans []Span
	var hashes []originHashes
	err := s.readNative(ctx, s.named(query), params, cols.named, func() {
		spans = slices.Grow(spans, len(cols.spanID))
		for i := range cols.spanID {
			spans = append(spans, cols.row(i))
			hashes = append(hashes, originHashes{cols.resourceHash[i], cols.scopeHash[i]})
		}
	}, func() { spans, hashes = nil, nil })
	if err != nil {
		return nil, err
	}
	origins, err := s.lookupOrigins(ctx, hashes, fromDay, toDay)
	if err != nil {
		return nil, err
	}
	for i, h := range hashes {
		spans[i].Resource, spans[i].Scope = origins.resource(h.resource), origins.scope(h.scope)
	}
	return spans, nil
}

// readNative runs a query into columns; block is called after each block that has rows. A connection that died is replaced
// once, after restart has been called.
func (s *Store) readNative(ctx context.Context, statement string, params []proto.Parameter, columns []namedColumn, block, restart func()) error {
	return s.readNativeQuery(ctx, ch.Query{Body: statement, Parameters: params}, columns, block, restart)
}

// readNativeQuery is readNative for a query that may bring a temporary table along.
func (s *Store) readNativeQuery(ctx context.Context, q ch.Query, columns []namedColumn, block, restart func()) error {
	results := make(proto.Results, len(columns))
	for i, c := range columns {
		results[i] = proto.ResultColumn{Name: c.name, Data: c.data}
	}
	q.Result, q.Settings = results, nativeReadLimits
	q.OnResult = func(_ context.Context, b proto.Block) error {
		if b.Rows > 0 {
			block()
		}
		return nil
	}
	restart()
	err := s.reads.do(ctx, q)
	if err != nil && !ch.IsException(err) && isNetwork(err) && ctx.Err() == nil {
		restart()
		err = s.reads.do(ctx, q)
	}
	return err
}

var nativeReadLimits = func() []ch.Setting {
	var settings []ch.Setting
	for k, v := range readLimits {
		settings = append(settings, ch.Setting{Key: k, Value: fmt.Sprint(v), Important: true})
	}
	return settings
}()

// SpanDetail returns one span with its newest 1000 logs and the spans that link to it, or an Error of kind NotFound.
func (s *Store) SpanDetail(ctx context.Context, id TraceID, span SpanID) (*SpanDetail, error) {
	const op = "read span"
	notFound := &Error{Op: op, Kind: NotFound, Err: fmt.Errorf("span %s of trace %s", span, id)}
	ranges, err := s.traceRanges(ctx, []TraceID{id})
	if err != nil {
		return nil, wrap(op, err)
	}
	if len(ranges) == 0 {
		return nil, notFound
	}
	r := ranges[0]
	spans, err := s.readSpans(ctx, "span", []proto.Parameter{
		stringParam("id", id.String()), nativeParam("span", fmt.Sprint(span.Uint64())), stringsParam("services", r.services),
		intParam("from", r.firstNS), intParam("to", r.lastNS),
	}, dayOf(r.firstNS), dayOf(r.lastNS))
	if err != nil {
		return nil, wrap(op, err)
	}
	if len(spans) == 0 {
		return nil, notFound
	}
	detail := &SpanDetail{Span: spans[0]}
	if detail.Logs, err = s.spanLogs(ctx, id, span, &spans[0]); err != nil {
		return nil, wrap(op, err)
	}
	if detail.LinkedFrom, err = s.linkedFrom(ctx, id, span); err != nil {
		return nil, wrap(op, err)
	}
	return detail, nil
}

// linkedFrom are the spans that link to a span, earliest first, at most 1000.
func (s *Store) linkedFrom(ctx context.Context, id TraceID, span SpanID) ([]LinkedBy, error) {
	return s.links(ctx, "linked_from", param("id", id.String()), param("span", span.Uint64()))
}

// TraceLinkedFrom returns the spans that link to any span of a trace, those of other spans of it included, earliest first, at most limit.
func (s *Store) TraceLinkedFrom(ctx context.Context, id TraceID, limit int) ([]LinkedBy, error) {
	list, err := s.links(ctx, "trace_linked_from", param("id", id.String()), param("limit", limit))
	return list, wrap("read links to trace", err)
}

func (s *Store) links(ctx context.Context, query string, params ...any) ([]LinkedBy, error) {
	return collect(ctx, s, s.named(query), params, func(rows driver.Rows, l *LinkedBy) error {
		var traceID string
		var spanID, linked uint64
		if err := rows.Scan(&traceID, &spanID, &l.StartNS, &l.Service, &l.Name, &linked); err != nil {
			return err
		}
		if copy(l.TraceID[:], traceID) != len(l.TraceID) {
			return errors.New("short trace id")
		}
		l.SpanID, l.Linked = SpanIDFromUint64(spanID), SpanIDFromUint64(linked)
		return nil
	})
}

// TraceSize returns how many spans of a trace are stored. An id that is not stored is an Error of kind NotFound.
func (s *Store) TraceSize(ctx context.Context, id TraceID) (uint64, error) {
	const op = "read trace size"
	ranges, err := s.traceRanges(ctx, []TraceID{id})
	if err != nil {
		return 0, wrap(op, err)
	}
	if len(ranges) == 0 {
		return 0, &Error{Op: op, Kind: NotFound, Err: fmt.Errorf("trace %s", id)}
	}
	return uint64(ranges[0].spans), nil
}
