package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Relation says how two spans of a trace stand to each other.
type Relation uint8

// Relations of a Structure. A span that names itself as its parent counts as one without a parent; in a ring of parents every span is
// below and above every one of the ring, itself included.
const (
	RelDescendant Relation = iota // B is below A, at any depth: A >> B
	RelChild                      // B's parent is A: A > B
	RelSibling                    // A and B are two spans with the same parent, stored or not: A ~ B
	RelAncestor                   // B is above A, at any depth: A << B
	RelParent                     // B is A's parent: A < B
)

// Structure asks for traces with a span for which A holds and one for which B holds, both in the query's range, that stand in this
// relation. A nil A or B holds on any span.
type Structure struct {
	A, B     Expr
	Relation Relation
}

// Bounds of a search for a structure: the traces that have a span for each side, and the spans of those looked at together.
const (
	maxStructureTraces = 20_000
	maxStructureSpans  = 1_000_000
)

// check bounds both sides.
func (s *Structure) check() error {
	if s.Relation > RelParent {
		return fmt.Errorf("structure: unknown relation %d", s.Relation)
	}
	for _, e := range []Expr{s.A, s.B} {
		if err := checkExpr(e); err != nil {
			return fmt.Errorf("structure: %w", err)
		}
	}
	return nil
}

// downward is s with a relation that looks from A down to B.
func (s Structure) downward() Structure {
	switch s.Relation {
	case RelAncestor:
		return Structure{A: s.B, B: s.A, Relation: RelDescendant}
	case RelParent:
		return Structure{A: s.B, B: s.A, Relation: RelChild}
	}
	return s
}

// structureSQL is a Structure that looks downward, its sides as SQL conditions.
type structureSQL struct {
	a, b     string
	relation Relation
	mirrored bool // a was the B of what was asked
}

// counted is the side that was asked for as B: the one that a count is about.
func (s *structureSQL) counted() string {
	if s.mirrored {
		return s.a
	}
	return s.b
}

// having is a condition on all matching spans of a trace together that is necessary for the structure, and nearly exact for all
// relations but RelDescendant.
func (s *structureSQL) having() string {
	both := fmt.Sprintf("countIf(%s) > 0 AND countIf(%s) > 0", s.a, s.b)
	switch s.relation {
	case RelChild:
		return fmt.Sprintf("%s AND hasAny(groupUniqArrayIf(span_id, %s), groupUniqArrayIf(parent_span_id, %s))", both, s.a, s.b)
	case RelSibling:
		return fmt.Sprintf("%s AND hasAny(groupUniqArrayIf(parent_span_id, %s), groupUniqArrayIf(parent_span_id, %s))", both, s.a, s.b)
	}
	return both
}

// structureSpan is what the relations need to know of a span.
type structureSpan struct {
	id, parent uint64
	a, b       bool
}

// verify gives those of the traces that do not have the structure a nil entry. It reads a few columns of all their spans, for a path
// from A to B may lead through spans that neither condition holds on.
func (t *traceSearch) verify(ctx context.Context, found []*traceDetail) error {
	if len(found) == 0 {
		return nil
	}
	ids := make([]TraceID, len(found))
	low, high := found[0].StartNS, found[0].lastNS
	for i, d := range found {
		ids[i] = d.TraceID
		low, high = min(low, d.StartNS), max(high, d.lastNS)
	}
	ctx, err := withCandidates(ctx, ids)
	if err != nil {
		return err
	}
	st := t.structureStatement(low, high)
	spans, rows := make(map[TraceID][]structureSpan, len(ids)), 0
	_, err = collect(ctx, t.s, st.sql, st.params, func(r driver.Rows, _ *struct{}) error {
		var id string
		var s structureSpan
		if err := r.Scan(&id, &s.id, &s.parent, &s.a, &s.b); err != nil {
			return err
		}
		trace := TraceID([]byte(id))
		spans[trace] = append(spans[trace], s)
		rows++
		return nil
	})
	if err != nil {
		return err
	}
	if rows > maxStructureSpans {
		return invalid("search traces", fmt.Errorf("structure: the traces that may have it hold more than %d spans: narrow the time range or the conditions", maxStructureSpans))
	}
	for _, id := range ids {
		if !t.structure.relation.holds(spans[id]) {
			t.details[id] = nil
		}
	}
	return nil
}

func (t *traceSearch) structureStatement(low, high int64) statement {
	const inRange = "start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')"
	var sql strings.Builder
	fmt.Fprintf(&sql, `SELECT trace_id, span_id, parent_span_id, toBool(%s AND %s) AS a, toBool(%s AND %s) AS b
FROM spans
WHERE trace_id IN candidates
  AND start_time >= fromUnixTimestamp64Nano({low:Int64}, 'UTC') AND start_time <= fromUnixTimestamp64Nano({high:Int64}, 'UTC')`,
		t.structure.a, inRange, t.structure.b, inRange)
	params := t.parameters(t.from, low, high, t.structure.a, t.structure.b)
	params = append(params, param("low", fmt.Sprint(low)), param("high", fmt.Sprint(high)), param("limit", fmt.Sprint(maxStructureSpans+1)))
	if t.cursor != nil {
		sql.WriteString("\n  AND inserted_at <= fromUnixTimestamp64Milli({snapshot:Int64}, 'UTC')")
		params = append(params, param("snapshot", fmt.Sprint(t.cursor.snapshotMS)))
	}
	sql.WriteString("\nLIMIT {limit:UInt32}")
	return statement{sql.String(), params}
}

// holds reports whether one of the spans of a trace with A and one with B are in relation r, which looks downward. It takes time linear
// in the spans, whatever shape they have: cyclic parents, one id twice, missing parents.
func (r Relation) holds(spans []structureSpan) bool {
	for i := range spans {
		if spans[i].parent == spans[i].id {
			spans[i].parent = 0
		}
	}
	switch r {
	case RelSibling:
		return hasSiblings(spans)
	case RelChild:
		as := make(map[uint64]bool)
		for _, s := range spans {
			if s.a {
				as[s.id] = true
			}
		}
		for _, s := range spans {
			if s.b && s.parent != 0 && as[s.parent] {
				return true
			}
		}
		return false
	}
	return hasDescendants(spans)
}

func hasDescendants(spans []structureSpan) bool {
	children := make(map[uint64][]int, len(spans))
	var below []uint64 // ids whose children are below an A and are still to be looked at
	visited := make(map[uint64]bool, len(spans))
	for i, s := range spans {
		if s.parent != 0 {
			children[s.parent] = append(children[s.parent], i)
		}
		if s.a && !visited[s.id] {
			visited[s.id] = true
			below = append(below, s.id)
		}
	}
	for len(below) > 0 {
		id := below[len(below)-1]
		below = below[:len(below)-1]
		for _, i := range children[id] {
			if spans[i].b {
				return true
			}
			if !visited[spans[i].id] {
				visited[spans[i].id] = true
				below = append(below, spans[i].id)
			}
		}
	}
	return false
}

// hasSiblings remembers per parent one span of each side, and whether there are others.
func hasSiblings(spans []structureSpan) bool {
	type group struct {
		a, b         uint64
		hasA, hasB   bool
		manyA, manyB bool
	}
	groups := make(map[uint64]*group)
	for _, s := range spans {
		if s.parent == 0 || !s.a && !s.b {
			continue
		}
		g := groups[s.parent]
		if g == nil {
			g = new(group)
			groups[s.parent] = g
		}
		if s.a {
			g.manyA = g.manyA || g.hasA && g.a != s.id
			g.a, g.hasA = s.id, true
		}
		if s.b {
			g.manyB = g.manyB || g.hasB && g.b != s.id
			g.b, g.hasB = s.id, true
		}
		if g.hasA && g.hasB && (g.manyA || g.manyB || g.a != g.b) {
			return true
		}
	}
	return false
}
