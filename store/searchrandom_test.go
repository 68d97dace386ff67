package store_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"weft/semconv"
	"weft/store"
)

// TestSearchAgainstReference compares searches for random conditions and structures, over pages of random size, with what a plain
// evaluation of the same spans in memory finds.
func TestSearchAgainstReference(t *testing.T) {
	s := open(t)
	r := searchWorld{rand.New(rand.NewPCG(3, 26))}
	spans := r.spans(300)
	insert(t, s, "", spans...)
	traces := make(map[store.TraceID][]store.Span)
	for _, sp := range spans {
		traces[sp.TraceID] = append(traces[sp.TraceID], sp)
	}
	start := func(id store.TraceID) int64 {
		return slices.MinFunc(traces[id], func(a, b store.Span) int { return cmp.Compare(a.StartNS, b.StartNS) }).StartNS
	}
	empty, whole := 0, 0
	for i := range 75 {
		q := r.query()
		var want []store.TraceID
		for id, list := range traces {
			if matchesQuery(q, list) {
				want = append(want, id)
			}
		}
		slices.SortFunc(want, func(a, b store.TraceID) int {
			return cmp.Or(cmp.Compare(start(b), start(a)), bytes.Compare(b[:], a[:]))
		})
		switch len(want) {
		case 0:
			empty++
		case len(traces):
			whole++
		}
		var got []store.TraceID
		for q.Limit = 20 + r.IntN(500); ; {
			page, err := s.SearchTraces(t.Context(), q)
			if err != nil {
				t.Fatalf("query %d %s: %v", i, describe(q), err)
			}
			for _, tr := range page.Traces {
				got = append(got, tr.TraceID)
			}
			if q.Cursor = page.NextCursor; q.Cursor == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("query %d %s: got %d traces, want %d", i, describe(q), len(got), len(want))
			for _, id := range want {
				if !slices.Contains(got, id) {
					t.Fatalf("not found: %v", traces[id])
				}
			}
			for _, id := range got {
				if !slices.Contains(want, id) {
					t.Fatalf("found: %v", traces[id])
				}
			}
		}
		if i%3 == 0 {
			checkCounts(t, s, q, traces, want)
		}

	}
	if empty > 37 || whole > 20 {
		t.Errorf("%d of the queries find nothing and %d everything: they test too little", empty, whole)
	}
}

// checkCounts compares the number of traces and spans, and the facets, with those of the traces in want.
func checkCounts(t *testing.T, s *store.Store, q store.TraceQuery, traces map[store.TraceID][]store.Span, want []store.TraceID) {
	t.Helper()
	fields := []string{store.FieldService, store.FieldError, store.FieldRetry, "color", "http.response.status_code", "no.such.key"}
	var spans, failed uint64
	facets := make([]map[string]store.FacetValue, len(fields))
	for i := range facets {
		facets[i] = make(map[string]store.FacetValue)
	}
	for _, id := range want {
		first, last := traces[id][0].StartNS, int64(0)
		for _, sp := range traces[id] {
			first, last = min(first, sp.StartNS), max(last, sp.StartNS+sp.DurationNS)
		}
		for i := range traces[id] {
			sp, counted := &traces[id][i], q.Where
			if q.Structure != nil && onlyTraceDuration(q.Where) {
				counted = q.Structure.B
			}
			if !inRange(q, sp) || !holds(counted, sp, last-first) {
				continue
			}
			spans++
			if sp.StatusCode == store.StatusError {
				failed++
			}
			for f, field := range fields {
				if text, ok := facetText(sp, field); ok {
					v := facets[f][text]
					v.Value, v.Spans = text, v.Spans+1
					if sp.StatusCode == store.StatusError {
						v.Errors++
					}
					facets[f][text] = v
				}
			}
		}
	}
	count, err := s.CountTraces(t.Context(), q)
	if err != nil || count != (store.TraceCount{Spans: spans, Traces: uint64(len(want))}) {
		t.Errorf("count of %s: got %+v, %v, want %d spans in %d traces", describe(q), count, err, spans, len(want))
	}
	got, err := s.Facets(t.Context(), q, fields, 100)
	if err != nil || got.Share != 1 || got.Spans != spans {
		t.Fatalf("facets of %s: got %+v, %v, want %d spans", describe(q), got, err, spans)
	}
	for f, facet := range got.Fields {
		var with uint64
		for _, v := range facets[f] {
			with += v.Spans
		}
		if len(facet.Values) != len(facets[f]) || facet.Spans != with || facet.Distinct != uint64(len(facets[f])) {
			t.Fatalf("facet %s of %s: got %+v, want %+v", fields[f], describe(q), facet, facets[f])
		}
		for _, v := range facet.Values {
			if v != facets[f][v.Value] {
				t.Errorf("facet %s of %s: got %+v, want %+v", fields[f], describe(q), v, facets[f][v.Value])
			}
		}
	}
	checkHeatmap(t, s, q, spans, failed)
	checkSamples(t, s, q, traces, want)
}

// checkHeatmap compares the sums of a heat map with what a count finds.
func checkHeatmap(t *testing.T, s *store.Store, q store.TraceQuery, spans, failed uint64) {
	t.Helper()
	if q.Range.From.IsZero() {
		q.Range = store.TimeRange{From: shopTime, To: shopTime.Add(3 * time.Hour)}
	}
	columns, err := s.Heatmap(t.Context(), store.HeatmapQuery{Traces: q, Step: time.Minute})
	var gotSpans, gotFailed int64
	for _, c := range columns {
		gotSpans, gotFailed = gotSpans+c.Spans.Count(), gotFailed+c.Errors.Count()
	}
	if err != nil || uint64(gotSpans) != spans || uint64(gotFailed) != failed {
		t.Errorf("heat map of %s: got %d spans, %d failed, %v, want %d and %d", describe(q), gotSpans, gotFailed, err, spans, failed)
	}
}

// checkSamples compares how many traces the analyses of a selection find, of which the data is small enough to be looked at in whole.
func checkSamples(t *testing.T, s *store.Store, q store.TraceQuery, traces map[store.TraceID][]store.Span, want []store.TraceID) {
	t.Helper()
	counts, err := s.ValueCounts(t.Context(), store.DiffQuery{Selection: q, MatchingOnly: true})
	if err != nil || counts.Selection.Matched != uint64(len(want)) || counts.Baseline.Traces != uint64(len(traces)-len(want)) {
		t.Errorf("differences of %s: got %+v and %+v, %v, want %d of %d traces", describe(q), counts.Selection, counts.Baseline, err, len(want), len(traces))
	}
	counts, err = s.ValueCounts(t.Context(), store.DiffQuery{Baseline: q})
	if err != nil || counts.Baseline.Matched != uint64(len(want)) || counts.Baseline.Traces != 0 {
		t.Errorf("differences to %s: got %+v, %v, want %d traces, all of them in the selection", describe(q), counts.Baseline, err, len(want))
	}
	failing := uint64(0)
	for _, id := range want {
		if slices.ContainsFunc(traces[id], func(sp store.Span) bool {
			return sp.StatusCode == store.StatusError && (q.Structure != nil || !onlyTraceDuration(q.Where) || inRange(q, &sp))
		}) {
			failing++
		}
	}
	origins, err := s.ErrorOrigins(t.Context(), q)
	if err != nil || origins.Sample.Matched != failing {
		t.Errorf("error origins of %s: got %+v, %v, want %d traces", describe(q), origins.Sample, err, failing)
	}
}

// onlyTraceDuration reports whether e says nothing about single spans.
func onlyTraceDuration(e store.Expr) bool {
	p, ok := e.(store.Predicate)
	return e == nil || ok && p.Field == store.FieldTraceDuration
}

func facetText(s *store.Span, field string) (string, bool) {
	switch field {
	case store.FieldService:
		return s.Service, true
	case store.FieldError:
		return strconv.FormatBool(s.StatusCode == store.StatusError), true
	case store.FieldRetry:
		return strconv.FormatBool(isMarked(s, field)), true
	}
	v, ok := s.Attributes.Get(field)
	if !ok {
		v, ok = s.Resource.Attributes.Get(field)
	}
	switch v.Type() {
	case store.TypeInt:
		return strconv.FormatInt(v.Int(), 10), ok
	case store.TypeDouble:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64), ok
	case store.TypeBool:
		return strconv.FormatBool(v.Bool()), ok
	}
	return v.Str(), ok
}

func describe(q store.TraceQuery) string {
	if q.Structure != nil {
		return fmt.Sprintf("%#v structure %#v", q.Where, *q.Structure)
	}
	return fmt.Sprintf("%#v", q.Where)
}

// searchWorld makes traces, of odd shapes too, with few keys and values, and questions about them.
type searchWorld struct{ *rand.Rand }

var (
	worldServices = []string{"web", "cart", "db", "mail"}
	worldKeys     = []string{"color", "count", "http.request.method", "http.response.status_code", "server.port"}
	worldValues   = []store.Value{
		store.StringValue("red"), store.StringValue("blue"), store.StringValue(""), store.StringValue("3"), store.IntValue(0), store.IntValue(3), store.IntValue(500),
		store.IntValue(70_000), store.DoubleValue(0), store.DoubleValue(2.5), store.DoubleValue(3), store.BoolValue(false), store.BoolValue(true), store.StringValue("true"),
	}
	worldEvents   = []string{"late", "cache miss", "retry"}
	worldPatterns = []string{"^r", "e", "^3$", "00", "^$", "", "(?i)RED|true", "[0-9]+", "a.*e"}
)

func oneOf[T any](r searchWorld, list []T) T { return list[r.IntN(len(list))] }

func (r searchWorld) attributes(most int) (attrs store.Attributes) {
	for range r.IntN(most + 1) {
		if key := oneOf(r, worldKeys); !slices.ContainsFunc(attrs, func(a store.Attribute) bool { return a.Key == key }) {
			attrs = append(attrs, store.Attribute{Key: key, Value: oneOf(r, worldValues)})
		}
	}
	return sorted(attrs)
}

func (r searchWorld) spans(traces int) (all []store.Span) {
	var resources []*store.Resource
	for range 12 {
		res := &store.Resource{Attributes: r.attributes(3)}
		res.Hash = res.ContentHash()
		resources = append(resources, res)
	}
	for i := range traces {
		id := store.TraceID{1, 15: byte(i), 14: byte(i >> 8)}
		start, n := shopTime.Add(time.Duration(r.IntN(7200))*time.Second).UnixNano(), 1+r.IntN(12)
		spanID := func(i int) store.SpanID {
			if i < 0 || i >= n {
				return store.SpanIDFromUint64(999) // missing
			}
			return store.SpanIDFromUint64(uint64(100 + i))
		}
		for j := range n {
			sp := store.Span{
				TraceID: id, SpanID: spanID(j), StartNS: start + r.Int64N(int64(time.Minute)), DurationNS: r.Int64N(int64(2 * time.Second)), Service: oneOf(r, worldServices),
				Name: oneOf(r, []string{"GET /a", "GET /b", "query"}), Kind: store.Kind(r.IntN(6)), StatusCode: store.StatusCode(r.IntN(3)), Category: oneOf(r, []string{"", "db", "http"}),
				PeerName: oneOf(r, []string{"", "postgres"}), Attributes: r.attributes(3), Resource: oneOf(r, resources), Scope: &store.Scope{},
				Marks: uint8(r.IntN(8) & r.IntN(8)),
			}
			for range r.IntN(3) {
				sp.Events = append(sp.Events, store.Event{TimeNS: sp.StartNS, Name: oneOf(r, worldEvents)})
			}
			switch r.IntN(20) {
			case 0: // any parent: rings, itself, a missing one
				sp.ParentSpanID = spanID(r.IntN(n+2) - 1)
			case 1: // an id that another span has
				sp.SpanID = spanID(r.IntN(n))
				fallthrough
			default:
				if j > 0 {
					sp.ParentSpanID = spanID(r.IntN(j))
				}
			}
			all = append(all, sp)
		}
	}
	return all
}

func (r searchWorld) query() store.TraceQuery {
	var q store.TraceQuery
	if r.IntN(3) > 0 {
		q.Where = r.expr(3)
	}
	if q.Where == nil || r.IntN(3) == 0 {
		q.Structure = &store.Structure{A: r.expr(1), B: r.expr(1), Relation: store.Relation(r.IntN(5))}
	}
	if r.IntN(4) == 0 {
		q.Range = store.TimeRange{From: shopTime.Add(time.Duration(r.IntN(3600)) * time.Second), To: shopTime.Add(time.Duration(3600+r.IntN(3600)) * time.Second)}
	}
	if r.IntN(6) == 0 {
		q.MinTraceDuration = time.Duration(r.IntN(60)) * time.Second
	}
	if r.IntN(6) == 0 {
		q.Where = store.AllOf(q.Where, store.Expr(store.Predicate{Field: store.FieldTraceDuration, Op: store.OpLess, Value: store.IntValue(int64(time.Duration(20+r.IntN(50)) * time.Second))}))
	}
	q.ErrorsOnly = r.IntN(8) == 0
	return q
}

func (r searchWorld) expr(depth int) store.Expr {
	if depth == 0 || r.IntN(3) == 0 {
		return r.predicate()
	}
	switch r.IntN(5) {
	case 0, 1:
		return store.Or{r.expr(depth - 1), r.expr(depth - 1)}
	case 2, 3:
		return store.And{r.expr(depth - 1), r.expr(depth - 1), r.expr(depth - 1)}[:1+r.IntN(3)]
	}
	return store.Not{Of: r.expr(depth - 1)}
}

func (r searchWorld) predicate() store.Expr {
	text := func(field string, values ...string) store.Expr {
		return store.Predicate{Field: field, Op: store.Op(r.IntN(2)), Value: store.StringValue(oneOf(r, values))}
	}
	switch r.IntN(17) {
	case 0:
		return text(store.FieldService, worldServices...)
	case 1:
		return store.Predicate{Field: store.FieldService, Op: store.OpIn, Values: []store.Value{store.StringValue("web"), store.StringValue(oneOf(r, worldServices))}}
	case 2:
		return text(store.FieldName, "GET /a", "GET /b", "query", "none")
	case 3:
		return store.Predicate{Field: store.FieldName, Op: oneOf(r, []store.Op{store.OpMatches, store.OpNotMatches}), Value: store.StringValue(oneOf(r, []string{"^GET", "a$|b$"}))}
	case 4:
		return text(store.FieldKind, "server", "client")
	case 5:
		return text(store.FieldStatus, "ok", "error")
	case 6:
		return store.Predicate{Field: store.FieldError, Op: store.Op(r.IntN(2)), Value: store.BoolValue(r.IntN(2) == 0)}
	case 7:
		return store.Predicate{Field: store.FieldDuration, Op: store.Op(r.IntN(6)), Value: store.IntValue(r.Int64N(int64(2 * time.Second)))}
	case 8:
		return text(store.FieldCategory, "db", "http", "")
	case 9:
		return store.Predicate{Field: oneOf(r, []string{store.FieldColdStart, store.FieldRetry, store.FieldDeadLetter}), Op: store.Op(r.IntN(2)), Value: store.BoolValue(r.IntN(2) == 0)}
	case 10, 11:
		p := store.Predicate{Field: store.FieldEvent, Op: oneOf(r, []store.Op{store.OpEqual, store.OpNotEqual, store.OpExists, store.OpNotExists, store.OpIn, store.OpMatches, store.OpNotMatches})}
		p.Value, p.Values = store.StringValue(oneOf(r, worldEvents)), []store.Value{store.StringValue("none"), store.StringValue(oneOf(r, worldEvents))}
		return p
	}
	p := store.Predicate{Field: oneOf(r, append(worldKeys, "no.such.key")), Scope: store.AttributeScope(max(0, r.IntN(5)-2)), Op: store.Op(r.IntN(11))}
	switch p.Op {
	case store.OpExists, store.OpNotExists:
	case store.OpIn:
		p.Values = []store.Value{oneOf(r, worldValues), oneOf(r, worldValues), oneOf(r, worldValues)}
	case store.OpMatches, store.OpNotMatches:
		p.Value = store.StringValue(oneOf(r, worldPatterns))
	default:
		p.Value = oneOf(r, worldValues)
	}
	return p
}

func inRange(q store.TraceQuery, s *store.Span) bool {
	return (q.Range.From.IsZero() || s.StartNS >= q.Range.From.UnixNano()) && (q.Range.To.IsZero() || s.StartNS < q.Range.To.UnixNano())
}

// matchesQuery is what TraceQuery promises.
func matchesQuery(q store.TraceQuery, spans []store.Span) bool {
	first, last, errors, found := spans[0].StartNS, int64(0), false, false
	for i := range spans {
		s := &spans[i]
		first, last = min(first, s.StartNS), max(last, s.StartNS+s.DurationNS)
		errors = errors || s.StatusCode == store.StatusError
	}
	for i := range spans {
		found = found || inRange(q, &spans[i]) && holds(q.Where, &spans[i], last-first)
	}
	return found && (!q.ErrorsOnly || errors) && last-first >= int64(q.MinTraceDuration) && (q.Structure == nil || hasStructure(q, spans))
}

func hasStructure(q store.TraceQuery, spans []store.Span) bool {
	for i := range spans {
		for j := range spans {
			a, b := &spans[i], &spans[j]
			if !inRange(q, a) || !inRange(q, b) || !holds(q.Structure.A, a, 0) || !holds(q.Structure.B, b, 0) {
				continue
			}
			switch q.Structure.Relation {
			case store.RelChild:
				if isChild(b, a) {
					return true
				}
			case store.RelParent:
				if isChild(a, b) {
					return true
				}
			case store.RelDescendant:
				if isBelow(spans, b, a, len(spans)) {
					return true
				}
			case store.RelAncestor:
				if isBelow(spans, a, b, len(spans)) {
					return true
				}
			case store.RelSibling:
				if a.SpanID != b.SpanID && a.ParentSpanID == b.ParentSpanID && !isTop(a) && !isTop(b) {
					return true
				}
			}
		}
	}
	return false
}

func isTop(s *store.Span) bool {
	return s.ParentSpanID == (store.SpanID{}) || s.ParentSpanID == s.SpanID
}

func isChild(child, parent *store.Span) bool {
	return !isTop(child) && child.ParentSpanID == parent.SpanID
}

// isBelow climbs from low through every span that has the parent's id.
func isBelow(spans []store.Span, low, high *store.Span, steps int) bool {
	if isChild(low, high) {
		return true
	}
	for i := range spans {
		if steps > 0 && isChild(low, &spans[i]) && isBelow(spans, &spans[i], high, steps-1) {
			return true
		}
	}
	return false
}

func holds(e store.Expr, s *store.Span, traceNS int64) bool {
	switch e := e.(type) {
	case nil:
		return true
	case store.And:
		return !slices.ContainsFunc(e, func(part store.Expr) bool { return !holds(part, s, traceNS) })
	case store.Or:
		return slices.ContainsFunc(e, func(part store.Expr) bool { return holds(part, s, traceNS) })
	case store.Not:
		return !holds(e.Of, s, traceNS)
	}
	p := e.(store.Predicate)
	text := func(v string) bool { return compareText(v, p) }
	switch p.Field {
	case store.FieldService:
		return text(s.Service)
	case store.FieldName:
		return text(s.Name)
	case store.FieldCategory:
		return text(s.Category)
	case store.FieldKind:
		return text([]string{"unspecified", "internal", "server", "client", "producer", "consumer"}[s.Kind])
	case store.FieldStatus:
		return text([]string{"unset", "ok", "error"}[s.StatusCode])
	case store.FieldError:
		return ((s.StatusCode == store.StatusError) == p.Value.Bool()) == (p.Op == store.OpEqual)
	case store.FieldDuration:
		return ordered(cmp.Compare(s.DurationNS, p.Value.Int()), p.Op)
	case store.FieldTraceDuration:
		return ordered(cmp.Compare(traceNS, p.Value.Int()), p.Op)
	case store.FieldColdStart, store.FieldRetry, store.FieldDeadLetter:
		return (isMarked(s, p.Field) == p.Value.Bool()) == (p.Op == store.OpEqual)
	case store.FieldEvent:
		return eventHolds(s, p)
	}
	v, ok := s.Attributes.Get(p.Field)
	if p.Scope == store.ScopeResource || p.Scope == store.ScopeAny && !ok {
		v, ok = s.Resource.Attributes.Get(p.Field)
	}
	switch p.Op {
	case store.OpExists:
		return ok
	case store.OpNotExists:
		return !ok
	case store.OpNotEqual:
		return ok && !equals(v, p.Value)
	case store.OpIn:
		return ok && slices.ContainsFunc(p.Values, func(w store.Value) bool { return equals(v, w) })
	case store.OpMatches:
		return ok && matches(v, p.Value.Str())
	case store.OpNotMatches:
		return ok && !matches(v, p.Value.Str())
	}
	return ok && compareValues(v, p.Op, p.Value)
}

func isMarked(s *store.Span, field string) bool {
	return s.Marks&map[string]uint8{store.FieldColdStart: semconv.MarkColdStart, store.FieldRetry: semconv.MarkRetry, store.FieldDeadLetter: semconv.MarkDeadLetter}[field] != 0
}

func eventHolds(s *store.Span, p store.Predicate) bool {
	negative := p.Op == store.OpNotEqual || p.Op == store.OpNotMatches
	switch {
	case p.Op == store.OpExists || p.Op == store.OpNotExists:
		return len(s.Events) > 0 == (p.Op == store.OpExists)
	case negative:
		return len(s.Events) > 0 && !slices.ContainsFunc(s.Events, func(e store.Event) bool { return !compareText(e.Name, p) })
	}
	return slices.ContainsFunc(s.Events, func(e store.Event) bool { return compareText(e.Name, p) })
}

func compareText(v string, p store.Predicate) bool {
	switch p.Op {
	case store.OpIn:
		return slices.ContainsFunc(p.Values, func(w store.Value) bool { return w.Str() == v })
	case store.OpMatches:
		return regexp.MustCompile(p.Value.Str()).MatchString(v)
	case store.OpNotMatches:
		return !regexp.MustCompile(p.Value.Str()).MatchString(v)
	}
	return ordered(cmp.Compare(v, p.Value.Str()), p.Op)
}

func ordered(c int, op store.Op) bool {
	switch op {
	case store.OpEqual:
		return c == 0
	case store.OpNotEqual:
		return c != 0
	case store.OpGreater:
		return c > 0
	case store.OpGreaterEqual:
		return c >= 0
	case store.OpLess:
		return c < 0
	}
	return c <= 0
}

// asNumber is v as a number, its text included.
func asNumber(v store.Value) (float64, bool) {
	switch v.Type() {
	case store.TypeInt:
		return float64(v.Int()), true
	case store.TypeDouble:
		return v.Double(), true
	case store.TypeString:
		f, err := strconv.ParseFloat(v.Str(), 64)
		return f, err == nil
	}
	return 0, false
}

// equals reports whether the stored v equals the w that is asked for; a text equals what it is the text of.
func equals(v, w store.Value) bool { return compareValues(v, store.OpEqual, w) }

func compareValues(v store.Value, op store.Op, w store.Value) bool {
	n, isNumber := asNumber(w)
	switch v.Type() {
	case store.TypeString:
		return w.Type() == store.TypeString && (op == store.OpEqual || !isNumber) && ordered(cmp.Compare(v.Str(), w.Str()), op)
	case store.TypeInt:
		return isNumber && ordered(cmp.Compare(float64(v.Int()), n), op)
	case store.TypeDouble:
		return isNumber && ordered(cmp.Compare(v.Double(), n), op)
	case store.TypeBool:
		return op == store.OpEqual && (w.Type() == store.TypeBool && v.Bool() == w.Bool() || w.Type() == store.TypeString && strconv.FormatBool(v.Bool()) == w.Str())
	}
	return false
}

func matches(v store.Value, pattern string) bool {
	re := regexp.MustCompile("(?s)" + pattern)
	switch v.Type() {
	case store.TypeString:
		return re.MatchString(v.Str())
	case store.TypeInt:
		return re.MatchString(strconv.FormatInt(v.Int(), 10))
	case store.TypeBool:
		return re.MatchString(strconv.FormatBool(v.Bool()))
	}
	return false
}
