package store

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Bounds of a search.
const (
	maxTracePage = 1000
	// firstWindowRows is how many spans the first attempt looks at, guessed from the spans per day; with a service given it is
	// firstWindowServiceRows, for the primary key leaves out the others, and with no condition at all, when every span matches,
	// firstWindowAllRows, or 100 for each trace of the page. Each further attempt looks windowGrowth times as far back, or
	// emptyGrowth times when nothing was found.
	firstWindowAllRows     = 12_500
	firstWindowRows        = 25_000
	firstWindowServiceRows = 800_000
	windowGrowth           = 16
	emptyGrowth            = 1024
	// usualLead is how long before a matching span its trace is taken to start.
	usualLead = 2 * time.Second
	// lookGrowth is by how much more candidates are looked up when the first of them did not fill the page.
	lookGrowth = 4
	// maxCandidates bounds the traces that one search considers.
	maxCandidates = 500_000
)

// traceSearch is one SearchTraces under way.
type traceSearch struct {
	s        *Store
	q        TraceQuery
	from, to int64     // Unix nanoseconds, half-open, within what is stored
	asked    TimeRange // the first page's
	cursor   *traceCursor
	where    string
	// structure is nil when none is asked for.
	structure *structureSQL
	params    []any // of where and structure
	details   map[TraceID]*traceDetail
	now       time.Time // by the engine's clock, no earlier than when it last read details
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
	search, err := s.checkedSearch(q)
	if err != nil {
		return TracePage{}, wrap(op, err)
	}
	keys := attributeKeys(search.conditions()...)
	guess, ok := s.keySides.of(keys)
	if !ok {
		if guess, err = s.readSides(ctx, keys); err != nil {
			return TracePage{}, wrap(op, err)
		}
		page, err := search.answer(ctx, guess)
		return page, wrap(op, err)
	}
	// What was known of the keys may have changed: the engine is asked while the search goes on with it.
	var sides attributeSides
	var sidesErr error
	var asking sync.WaitGroup
	asking.Go(func() { sides, sidesErr = s.readSides(ctx, keys) })
	page, err := search.answer(ctx, guess)
	asking.Wait()
	if sidesErr != nil {
		return TracePage{}, wrap(op, sidesErr)
	}
	if !maps.Equal(sides, guess) {
		if search, err = s.checkedSearch(q); err == nil {
			page, err = search.answer(ctx, sides)
		}
	}
	return page, wrap(op, err)
}

// answer is run for attributes on these sides.
func (t *traceSearch) answer(ctx context.Context, sides attributeSides) (TracePage, error) {
	if err := t.compose(sides); err != nil || t.where == never {
		return TracePage{}, err
	}
	return t.run(ctx)
}

// newTraceSearch validates q and prepares the search; nil means that nothing can match.
func (s *Store) newTraceSearch(ctx context.Context, q TraceQuery) (*traceSearch, error) {
	search, err := s.checkedSearch(q)
	if err != nil {
		return nil, err
	}
	sides, err := s.attributeSides(ctx, search.conditions()...)
	if err != nil {
		return nil, err
	}
	if err := search.compose(sides); err != nil || search.where == never {
		return nil, err
	}
	return search, nil
}

// checkedSearch validates q; its conditions are still to be composed.
func (s *Store) checkedSearch(q TraceQuery) (*traceSearch, error) {
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
		if search.from, search.to, err = search.cursor.rangeOf(search.from, search.to, time.Now()); err != nil {
			return nil, invalid(op, err)
		}
	}
	search.asked = TimeRange{time.Unix(0, search.from), time.Unix(0, search.to)}
	return search, nil
}

// fingerprint identifies what is asked, but for the range, so that a cursor is not continued with another question.
func (q TraceQuery) fingerprint() uint32 {
	h := fnv.New32a()
	if q.Structure != nil {
		fmt.Fprintf(h, "%#v", *q.Structure)
	}
	fmt.Fprintf(h, "%#v %d %d %v", q.Where, q.MinTraceDuration, q.MaxTraceDuration, q.ErrorsOnly)
	return h.Sum32()
}

// run looks further and further back until a page of traces is certain. A trace is ordered by its own start, which is at or before
// its first matching span; so once everything that matches after some instant is known, every trace that starts after this
// instant is, too.
func (t *traceSearch) run(ctx context.Context) (TracePage, error) {
	days, err := t.s.recentSpanDays(ctx)
	if err != nil {
		return TracePage{}, err
	}
	oldest, newest, window := t.firstWindow(days)
	most := 4*t.q.Limit + 64
	if t.cursor != nil {
		most += 2 * t.depth()
		window = max(window, saturatingAdd(saturatingAdd(newest, -t.cursor.startNS), int64(time.Second)))
	}
	for first := true; ; first = false {
		// Neither bound is taken from the days, which may have changed: beyond the oldest span known all of the range is looked at.
		low := saturatingAdd(newest, -window)
		if low <= oldest {
			low = t.from
		}
		found, err := t.candidates(ctx, low, most+1, first && low > t.from)
		if err != nil {
			return TracePage{}, err
		}
		more := len(found) > most
		// Details cost more than candidates, so only as many are looked up as settle the page.
		for look := t.firstLook(found); ; look = min(lookGrowth*look, most) {
			// Every trace that is not among the first found starts at or before certain.
			certain := int64(math.MinInt64)
			looked := found[:min(look, most, len(found))]
			if len(looked) < len(found) {
				certain = found[len(looked)].firstNS
			} else if low > t.from {
				certain = low - 1
			}
			page, err := t.settle(ctx, looked, certain)
			if err != nil {
				return TracePage{}, err
			}
			if len(page) > t.q.Limit || certain == math.MinInt64 {
				return t.page(page), nil
			}
			if len(looked) >= min(most, len(found)) {
				break
			}
		}
		if !more {
			growth := int64(windowGrowth)
			if len(found) == 0 {
				growth = emptyGrowth
			}
			window = saturatingMul(window, growth)
			continue
		}
		if most >= t.maxCandidates() {
			return TracePage{}, t.tooMany()
		}
		most = min(8*most, t.maxCandidates())
	}
}

// findsAll reports whether every span matches.
func (t *traceSearch) findsAll() bool { return t.where == "" && !t.looksAtTraces() }

// firstLook is how many of the candidates are looked up first: as many as make a page certain when its traces start at most usualLead before
// their first match, or at it when every span matches.
func (t *traceSearch) firstLook(found []candidate) int {
	least, most := t.depth()+t.q.Limit+8, t.depth()+3*t.q.Limit/2+16
	if t.findsAll() || len(found) <= least {
		return least
	}
	certain := found[t.depth()+t.q.Limit].firstNS - int64(usualLead)
	for look := least; look < min(most, len(found)); look++ {
		if found[look].firstNS < certain {
			return look
		}
	}
	return most
}

// depth is how many traces the pages before have shown.
func (t *traceSearch) depth() int {
	if t.cursor == nil {
		return 0
	}
	return int(t.cursor.depth)
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

// firstWindow guesses from the days how far back from newest to look at first. In the range no span before oldest and none from newest on
// was known when they were read. Without any in the range, the window is all of it.
func (t *traceSearch) firstWindow(days []spanDay) (oldest, newest, window int64) {
	oldest, newest = t.to, t.from
	for _, d := range days { // newest first
		if d.firstNS >= t.to || d.lastNS < t.from {
			continue
		}
		if window == 0 {
			rows := float64(firstWindowRows)
			if t.findsAll() {
				rows = max(firstWindowAllRows, 100*float64(t.q.Limit))
			} else if strings.HasPrefix(t.where, "service_name = ") {
				rows = firstWindowServiceRows
			}
			window = int64(min(rows/float64(d.spans)*float64(d.lastNS-d.firstNS+1), math.MaxInt64/4)) + int64(time.Millisecond)
		}
		oldest, newest = min(oldest, max(d.firstNS, t.from)), max(newest, min(d.lastNS+1, t.to))
	}
	return oldest, newest, window
}

// clamp cuts the range to what is stored; ok is false when nothing is in range.
func (t *traceSearch) clamp(ctx context.Context) (ok bool, err error) {
	days, err := t.s.readSpanDays(ctx)
	if err != nil {
		return false, err
	}
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, d := range days {
		if d.firstNS < t.to && d.lastNS >= t.from {
			first, last = min(first, d.firstNS), max(last, d.lastNS)
		}
	}
	t.from, t.to = max(t.from, first), min(t.to, last+1)
	return t.from < t.to, nil
}

// candidates lists traces with a matching span at or after low, latest first match first. small says that there is little to read, for
// which a second thread costs more than it saves.
func (t *traceSearch) candidates(ctx context.Context, low int64, limit int, small bool) ([]candidate, error) {
	st := t.candidateStatement(low, limit)
	if small {
		st.sql += "\nSETTINGS max_threads = 1"
	}
	params := make([]proto.Parameter, len(st.params))
	for i, p := range st.params {
		named := p.(driver.NamedValue)
		params[i] = stringParam(named.Name, named.Value.(string))
	}
	var ids proto.ColFixedStr16
	var first proto.ColInt64
	var found []candidate
	err := t.s.readNative(ctx, st.sql, params, []namedColumn{{"trace_id", &ids}, {"first_match", &first}}, func() {
		for i, id := range ids {
			found = append(found, candidate{id, first[i]})
		}
	}, func() { found = nil })
	return found, err
}

// settle returns those of the candidates that belong after the cursor and start after certain, in order.
func (t *traceSearch) settle(ctx context.Context, found []candidate, certain int64) ([]*traceDetail, error) {
	if err := t.lookup(ctx, found); err != nil {
		return nil, err
	}
	var page []*traceDetail
	for _, c := range found {
		d := t.details[c.id]
		if d == nil {
			continue // fails a condition on whole traces
		}
		if !t.readsSummaries() {
			// A span is visible a moment before the summary that counts it: a trace that is not among the first for such a span's sake
			// must not turn up among them on the next page.
			d.keyNS = min(d.keyNS, c.firstNS)
		}
		if d.keyNS <= certain {
			continue // its place is not certain yet
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
	next := &traceCursor{query: t.q.fingerprint(), from: t.asked.From.UnixNano(), to: t.asked.To.UnixNano(), startNS: last.keyNS, id: last.TraceID, snapshotMS: t.now.UnixMilli()}
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
