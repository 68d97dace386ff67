package store

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// conditions are all that the query asks of spans.
func (t *traceSearch) conditions() []Expr {
	all := []Expr{t.q.Where}
	if t.q.Structure != nil {
		all = append(all, t.q.Structure.A, t.q.Structure.B)
	}
	return all
}

// compose makes SQL of the conditions on spans; where is never when no trace can satisfy them.
func (t *traceSearch) compose(sides attributeSides) error {
	const op = "search traces"
	b := newPredicateBuilder(sides)
	var err error
	if t.where, err = b.conditions(t.q.Where); err != nil {
		return invalid(op, err)
	}
	if t.q.Structure != nil {
		structure := t.q.Structure.downward()
		t.structure = &structureSQL{a: always, b: always, relation: structure.Relation, mirrored: structure.Relation != t.q.Structure.Relation}
		for _, side := range []struct {
			e    Expr
			into *string
		}{{structure.A, &t.structure.a}, {structure.B, &t.structure.b}} {
			if side.e == nil {
				continue
			}
			if *side.into, err = b.expr(side.e); err != nil {
				return invalid(op, fmt.Errorf("structure: %w", err))
			}
		}
		if t.structure.a == never || t.structure.b == never {
			t.where = never
		}
	}
	t.params = b.params
	return nil
}

// attributeSides asks where the attributes in the conditions occur.
func (s *Store) attributeSides(ctx context.Context, where ...Expr) (attributeSides, error) {
	return s.readSides(ctx, attributeKeys(where...))
}

// attributeKeys are the attributes in the conditions, under all of their names.
func attributeKeys(where ...Expr) []string {
	var keys []string
	for _, e := range where {
		predicates(e, func(p Predicate) {
			if p.Field != "" && !strings.HasPrefix(p.Field, "@") {
				keys = append(keys, synonyms(p.Field)...)
			}
		})
	}
	return keys
}

// readSides asks on which sides and with which types keys occur.
func (s *Store) readSides(ctx context.Context, keys []string) (attributeSides, error) {
	sides := make(attributeSides)
	if len(keys) == 0 {
		return sides, nil
	}
	_, err := collect(ctx, s, s.named("attribute_sides"), []any{param("keys", keys)}, func(rows driver.Rows, _ *struct{}) error {
		var key string
		var side, typ uint8
		if err := rows.Scan(&key, &side, &typ); err != nil {
			return err
		}
		sides.add(key, side, typ)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.keySides.keep(keys, sides)
	return sides, nil
}

// maxCachedKeys bounds keySidesCache; when full it starts again.
const maxCachedKeys = 4096

// keySidesCache keeps where keys were met when last asked, nowhere included. A key may be met elsewhere at any moment, so this is a guess to
// start with: whoever uses it asks the engine too.
type keySidesCache struct {
	mu    sync.Mutex
	sides map[string]keySides // protected by mu
}

// of returns what is known of keys; ok is false when there are none, or one of which nothing is known.
func (c *keySidesCache) of(keys []string) (sides attributeSides, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sides = make(attributeSides)
	for _, key := range keys {
		at, known := c.sides[key]
		if !known {
			return nil, false
		}
		if at != (keySides{}) {
			sides[key] = at
		}
	}
	return sides, len(keys) > 0
}

func (c *keySidesCache) keep(keys []string, sides attributeSides) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sides == nil || len(c.sides)+len(keys) > maxCachedKeys {
		c.sides = make(map[string]keySides)
	}
	for _, key := range keys {
		c.sides[key] = sides[key]
	}
}

// parameters are those of the given conditions, and the range of spans that they look at, both bounds included, on whose days
// resources were in use.
func (t *traceSearch) parameters(from, low, high int64, conditions ...string) []any {
	text := strings.Join(conditions, " ")
	params := append([]any{param("from", fmt.Sprint(from)), param("to", fmt.Sprint(t.to))}, t.used(text)...)
	if strings.Contains(text, "{from_day:UInt16}") {
		params = append(params, param("from_day", fmt.Sprint(dayOf(low))), param("to_day", fmt.Sprint(dayOf(high))))
	}
	return params
}

// used are the parameters of where and structure that stand in a text.
func (t *traceSearch) used(text string) []any {
	var params []any
	for _, p := range t.params {
		if strings.Contains(text, "{"+p.(driver.NamedValue).Name+":") {
			params = append(params, p)
		}
	}
	return params
}

// readsSummaries reports whether candidates come from trace_summaries and not from spans.
func (t *traceSearch) readsSummaries() bool {
	return t.where == "" && t.structure == nil && t.hasTraceConditions()
}

// candidateStatement reads spans. Only when there are conditions on whole traces and none on spans it reads trace_summaries, which is
// 24 times smaller.
func (t *traceSearch) candidateStatement(low int64, limit int) statement {
	var sql strings.Builder
	var params []any
	if t.readsSummaries() {
		params = t.parameters(low, low, t.to-1)
		sql.WriteString(`SELECT trace_id, toInt64(min(start_ns)) AS first_match
FROM trace_summaries
WHERE day >= toDate32(fromUnixTimestamp64Nano({from:Int64}, 'UTC')) AND day <= toDate32(fromUnixTimestamp64Nano({to:Int64}, 'UTC'))
  AND last_start_ns >= {from:Int64} AND start_ns < {to:Int64}
GROUP BY trace_id
HAVING max(end_ns) - first_match >= {min_duration:Int64}`)
		params = append(params, param("min_duration", fmt.Sprint(int64(t.q.MinTraceDuration))))
		if t.q.ErrorsOnly {
			sql.WriteString(" AND sum(errors) > 0")
		}
		// No upper bound on the duration here: a trace may have more rows than those in range, and be longer than it seems.
	} else {
		where, having := t.spanCondition()
		params = t.parameters(low, low, t.to-1, where, having)
		filter := "WHERE"
		if where == "" && t.cursor == nil {
			filter = "PREWHERE" // what the planner would make of it, later
		}
		sql.WriteString(`SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS first_match
FROM spans
` + filter + ` start_time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')`)
		if where != "" {
			sql.WriteString("\n  AND " + where)
		}
		if t.cursor != nil {
			sql.WriteString("\n  AND inserted_at <= fromUnixTimestamp64Milli({snapshot:Int64}, 'UTC')")
			params = append(params, param("snapshot", fmt.Sprint(t.cursor.snapshotMS)))
		}
		sql.WriteString("\nGROUP BY trace_id")
		if having != "" {
			sql.WriteString("\nHAVING " + having)
		}
	}
	sql.WriteString("\nORDER BY first_match DESC, trace_id DESC\nLIMIT {limit:UInt32}")
	return statement{sql.String(), append(params, param("limit", fmt.Sprint(limit)))}
}

// spanCondition is which spans a candidate needs, and what must hold on all those of one trace together.
func (t *traceSearch) spanCondition() (where, having string) {
	if t.structure == nil {
		return t.where, ""
	}
	arms, having := []string{t.structure.a, t.structure.b}, t.structure.having()
	if t.where != "" {
		arms = append(arms, "("+t.where+")")
		having += " AND countIf(" + t.where + ") > 0"
	}
	if where = or(arms); where == always {
		where = ""
	}
	return where, having
}
