package store

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Bounds of a search.
const (
	maxTracePage = 1000
	// firstWindowRows is how many spans the first attempt looks at, guessed from the spans per day; with a service given it is
	// firstWindowServiceRows, for the primary key leaves out the others. Each further attempt looks windowGrowth times as far back.
	firstWindowRows        = 100_000
	firstWindowServiceRows = 8 * firstWindowRows
	windowGrowth           = 16
	// maxCandidates bounds the traces that one search considers.
	maxCandidates = 500_000
)

// traceSearch is one SearchTraces under way.
type traceSearch struct {
	s        *Store
	q        TraceQuery
	from, to int64 // Unix nanoseconds, half-open, within what is stored
	cursor   *traceCursor
	where    string
	// structure is nil when none is asked for.
	structure *structureSQL
	params    []any // of where and structure
	details   map[TraceID]*traceDetail
	now       time.Time // by the engine's clock, before anything was read
}

// candidate is a trace with a matching span.
type candidate struct {
	id      TraceID
	firstNS int64 // start of its earliest matching span in the window: the trace starts no later
}

// SearchTraces returns one page of the traces that satisfy q, newest start first. Paging neither skips nor repeats a trace while
// data arrives; see traceCursor for the bounds of that. A search that would cost too much fails with kind Invalid or Overloaded.
func (s *Store) SearchTraces(ctx context.Context, q TraceQuery) (TracePage, error) {
	const op = "search traces"
	search, err := s.newTraceSearch(ctx, q)
	if err != nil {
		return TracePage{}, wrap(op, err)
	}
	if search == nil {
		return TracePage{}, nil
	}
	page, err := search.run(ctx)
	return page, wrap(op, err)
}

// newTraceSearch validates q and prepares the search; nil means that nothing can match.
func (s *Store) newTraceSearch(ctx context.Context, q TraceQuery) (*traceSearch, error) {
	const op = "search traces"
	if err := checkLimit(q.Limit, maxTracePage); err != nil {
		return nil, invalid(op, err)
	}
	if q.MinTraceDuration < 0 || q.MaxTraceDuration < 0 {
		return nil, invalid(op, errors.New("trace duration: want 0 or more"))
	}
	if err := checkExpr(q.Where); err != nil {
		return nil, invalid(op, err)
	}
	if q.Structure != nil {
		if err := q.Structure.check(); err != nil {
			return nil, invalid(op, err)
		}
	}
	q, err := q.liftTraceConditions()
	if err != nil {
		return nil, invalid(op, err)
	}
	search := &traceSearch{s: s, q: q, details: make(map[TraceID]*traceDetail)}
	if search.from, search.to, err = q.Range.bounds(); err != nil {
		return nil, invalid(op, err)
	}
	if q.Cursor != "" {
		if search.cursor, err = parseTraceCursor(q.Cursor, q.fingerprint()); err != nil {
			return nil, invalid(op, err)
		}
	}
	if err := search.compile(ctx); err != nil {
		return nil, err
	}
	if search.where == never {
		return nil, nil
	}
	return search, nil
}

// fingerprint identifies what is asked, so that a cursor is not continued with another question.
func (q TraceQuery) fingerprint() uint32 {
	h := fnv.New32a()
	if q.Structure != nil {
		fmt.Fprintf(h, "%#v", *q.Structure)
	}
	fmt.Fprintf(h, "%d %d %#v %d %d %v", q.Range.From.UnixNano(), q.Range.To.UnixNano(), q.Where, q.MinTraceDuration, q.MaxTraceDuration, q.ErrorsOnly)
	return h.Sum32()
}

// run looks further and further back until a page of traces is certain. A trace is ordered by its own start, which is at or before
// its first matching span; so once everything that matches after some instant is known, every trace that starts after this
// instant is, too.
func (t *traceSearch) run(ctx context.Context) (TracePage, error) {
	window, ok, err := t.clamp(ctx)
	if err != nil || !ok {
		return TracePage{}, err
	}
	most := 4*t.q.Limit + 64
	if t.cursor != nil {
		most += 2 * int(t.cursor.depth)
		window = max(window, t.to-t.cursor.startNS+int64(time.Second))
	}
	for {
		low := t.from
		if window < t.to-t.from {
			low = t.to - window
		}
		found, err := t.candidates(ctx, low, most+1)
		if err != nil {
			return TracePage{}, err
		}
		// Every trace that is not in found starts at or before certain.
		certain := int64(math.MinInt64)
		more := len(found) > most
		if more {
			certain = found[most].firstNS
			found = found[:most]
		} else if low > t.from {
			certain = low - 1
		}
		page, err := t.settle(ctx, found, certain)
		if err != nil {
			return TracePage{}, err
		}
		if len(page) > t.q.Limit || certain == math.MinInt64 {
			return t.page(page), nil
		}
		if !more {
			window = saturatingMul(window, windowGrowth)
			continue
		}
		if most >= t.maxCandidates() {
			return TracePage{}, t.tooMany()
		}
		most = min(8*most, t.maxCandidates())
	}
}

func (t *traceSearch) maxCandidates() int {
	if t.structure != nil {
		return maxStructureTraces
	}
	return maxCandidates
}

func (t *traceSearch) tooMany() error {
	err := fmt.Errorf("more than %d traces have a matching span: narrow the time range", maxCandidates)
	if t.structure != nil {
		err = fmt.Errorf("structure: more than %d traces have a span for each of its sides: narrow the time range or the conditions", maxStructureTraces)
	}
	return invalid("search traces", err)
}

func saturatingAdd(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}

func saturatingMul(a, b int64) int64 {
	if a > math.MaxInt64/b {
		return math.MaxInt64
	}
	return a * b
}

// clamp cuts the range to what is stored and guesses the first window; ok is false when nothing is in range.
func (t *traceSearch) clamp(ctx context.Context) (window int64, ok bool, err error) {
	type day struct {
		spans       uint64
		first, last int64
	}
	days, err := collect(ctx, t.s, t.s.named("span_days"), nil, func(rows driver.Rows, d *day) error {
		var date time.Time
		return rows.Scan(&date, &t.now, &d.spans, &d.first, &d.last)
	})
	if err != nil {
		return 0, false, err
	}
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, d := range days { // newest first
		if d.first >= t.to || d.last < t.from {
			continue
		}
		if window == 0 {
			rows := float64(firstWindowRows)
			if strings.HasPrefix(t.where, "service_name = ") {
				rows = firstWindowServiceRows
			}
			window = int64(min(rows/float64(d.spans)*float64(d.last-d.first+1), math.MaxInt64/4)) + int64(time.Millisecond)
		}
		first, last = min(first, d.first), max(last, d.last)
	}
	t.from, t.to = max(t.from, first), min(t.to, last+1)
	return window, t.from < t.to, nil
}

// candidates lists traces with a matching span at or after low, latest first match first.
func (t *traceSearch) candidates(ctx context.Context, low int64, limit int) ([]candidate, error) {
	st := t.candidateStatement(low, limit)
	return collect(ctx, t.s, st.sql, st.params, func(rows driver.Rows, c *candidate) error {
		var id string
		err := rows.Scan(&id, &c.firstNS)
		copy(c.id[:], id)
		return err
	})
}

// settle returns those of the candidates that belong after the cursor and start after certain, in order.
func (t *traceSearch) settle(ctx context.Context, found []candidate, certain int64) ([]*traceDetail, error) {
	if err := t.lookup(ctx, found); err != nil {
		return nil, err
	}
	var page []*traceDetail
	for _, c := range found {
		d := t.details[c.id]
		if d == nil || d.keyNS <= certain {
			continue // fails a condition on whole traces, or its place is not certain yet
		}
		if t.cursor != nil && (!t.cursor.after(d.keyNS, d.TraceID) || t.cursor.wasShown(d.TraceID)) {
			continue
		}
		page = append(page, d)
	}
	slices.SortFunc(page, func(a, b *traceDetail) int { return newerFirst(a.keyNS, a.TraceID, b.keyNS, b.TraceID) })
	return page, nil
}

// page cuts the settled traces to the page size and makes the cursor of the next page.
func (t *traceSearch) page(settled []*traceDetail) TracePage {
	var page TracePage
	more := len(settled) > t.q.Limit
	if more {
		settled = settled[:t.q.Limit]
	}
	for _, d := range settled {
		page.Traces = append(page.Traces, d.TraceSummary)
	}
	if !more {
		return page
	}
	last := settled[len(settled)-1]
	next := &traceCursor{query: t.q.fingerprint(), startNS: last.keyNS, id: last.TraceID, snapshotMS: t.now.UnixMilli()}
	if t.cursor != nil {
		next.snapshotMS, next.shown, next.depth = t.cursor.snapshotMS, t.cursor.shown, t.cursor.depth
	}
	next.depth += uint32(len(settled))
	if t.now.UnixMilli() <= next.snapshotMS+insertMargin.Milliseconds() {
		for _, d := range settled {
			next.shown = append(next.shown, hashTraceID(d.TraceID))
		}
		next.shown = next.shown[max(0, len(next.shown)-maxShown):]
	}
	page.NextCursor = next.String()
	return page
}
