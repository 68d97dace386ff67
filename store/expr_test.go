package store

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAllOf(t *testing.T) {
	a, b := Predicate{Field: "a"}, Predicate{Field: "b"}
	for name, c := range map[string]struct{ got, want Expr }{
		"none":          {AllOf[Expr](), nil},
		"nil":           {AllOf[Expr](nil, nil), nil},
		"one":           {AllOf[Expr](nil, a), a},
		"two":           {AllOf(a, b), And{a, b}},
		"an And inside": {AllOf[Expr](And{a, b}, Or{a}), And{a, b, Or{a}}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: got %#v, want %#v", name, c.got, c.want)
		}
	}
}

func TestValidatePredicates(t *testing.T) {
	str := StringValue
	for _, c := range []struct {
		p    Predicate
		want string
	}{
		{Predicate{}, "a condition without a field"},
		{Predicate{Field: "k", Op: 11}, "k: unknown operator 11"},
		{Predicate{Field: "k", Scope: 3}, "k: unknown scope 3"},
		{Predicate{Field: FieldName, Scope: ScopeSpan, Value: str("x")}, "@name: is no attribute, so it is in neither scope"},
		{Predicate{Field: "k", Op: OpIn}, "k: want 1 to 100 values to compare with, got 0"},
		{Predicate{Field: "k", Op: OpIn, Values: make([]Value, 101)}, "k: want 1 to 100 values to compare with, got 101"},
		{Predicate{Field: "k", Op: OpMatches, Value: IntValue(1)}, "k: want a regular expression as text"},
		{Predicate{Field: "k", Op: OpMatches, Value: str("(?=a)")}, "k: want a regular expression in RE2 syntax: error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
		{Predicate{Field: "k", Op: OpMatches, Value: str("a\x00")}, "k: want a regular expression without a zero byte"},
		{Predicate{Field: "k", Op: OpMatches, Value: str(strings.Repeat("a", 1001))}, "k: want a regular expression of at most 1000 bytes, got 1001"},
		{Predicate{Field: "k", Op: OpMatches, Value: str("(abcdefghijklmnopqrst){600}")}, "k: want a smaller regular expression: it has 13202 steps, at most 10000 are allowed"},
		{Predicate{Field: FieldKind, Op: OpMatches, Value: str("x")}, "@kind: can be compared with = != and in only"},
		{Predicate{Field: FieldKind, Op: OpIn, Values: []Value{str("server"), str("x")}}, `@kind: want one of unspecified, internal, server, client, producer, consumer, got "x"`},
		{Predicate{Field: FieldDuration, Op: OpExists}, "@duration: can be compared with = != > >= < <= and in only"},
		{Predicate{Field: FieldDuration, Op: OpGreater, Value: str("soon")}, "@duration: want nanoseconds or a duration such as 250ms"},
		{Predicate{Field: FieldError, Op: OpGreater, Value: BoolValue(true)}, "@error: want = or != and true or false"},
		{Predicate{Field: FieldRetry, Op: OpIn, Values: []Value{BoolValue(true)}}, "@retry: want = or != and true or false"},
		{Predicate{Field: FieldColdStart, Value: str("warm")}, "@cold_start: want = or != and true or false"},
		{Predicate{Field: FieldEvent, Op: OpLess, Value: str("a")}, "@event: can be compared with = != in =~ !~ exists and not-exists only"},
		{Predicate{Field: FieldEvent, Scope: ScopeSpan, Value: str("a")}, "@event: is no attribute, so it is in neither scope"},
		{Predicate{Field: FieldTraceDuration, Op: OpNotEqual, Value: IntValue(1)}, "@trace.duration: can be compared with = > >= < <= only"},
		{Predicate{Field: FieldTraceDuration, Op: OpLess, Value: IntValue(1)}, "@trace.duration: nothing can be this short"},
		{Predicate{Field: "@nope"}, "@nope: no such field"},
		{Predicate{Field: "k", Op: OpMatches, Value: str("^a.*[b-d]$")}, ""},
		{Predicate{Field: FieldTraceDuration, Op: OpGreater, Value: str("1s")}, ""},
	} {
		got := ""
		if err := c.p.Validate(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v: got %q, want %q", c.p, got, c.want)
		}
	}
}

func TestExprBounds(t *testing.T) {
	var deep Expr = Predicate{Field: "a"}
	for range MaxExprDepth {
		deep = Not{deep}
	}
	wide := make(Or, MaxExprNodes)
	for i := range wide {
		wide[i] = Predicate{Field: "a"}
	}
	for _, c := range []struct {
		e    Expr
		want string
	}{
		{deep, "want conditions nested at most 16 deep"},
		{wide, "want at most 200 conditions"},
		{Not{}, "a condition is missing"},
		{And{Predicate{Field: "a"}, nil}, "a condition is missing"},
	} {
		if err := checkExpr(c.e); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	for _, e := range []Expr{nil, deep.(Not).Of, wide[1:], And{}} {
		if err := checkExpr(e); err != nil {
			t.Errorf("%#v: %v", e, err)
		}
	}
}

func TestTraceDurationsAreLifted(t *testing.T) {
	duration := func(op Op, d time.Duration) Predicate {
		return Predicate{Field: FieldTraceDuration, Op: op, Value: IntValue(int64(d))}
	}
	other := Predicate{Field: "a", Op: OpExists}
	q, err := TraceQuery{MinTraceDuration: 5, Where: And{other, And{duration(OpGreater, 9), duration(OpLessEqual, 100)}, duration(OpLess, 50)}}.liftTraceConditions()
	if err != nil || q.MinTraceDuration != 10 || q.MaxTraceDuration != 49 || !reflect.DeepEqual(q.Where, Expr(other)) {
		t.Errorf("got %+v, %v", q, err)
	}
	q, err = TraceQuery{Where: duration(OpEqual, 7)}.liftTraceConditions()
	if err != nil || q.MinTraceDuration != 7 || q.MaxTraceDuration != 7 || q.Where != nil {
		t.Errorf("got %+v, %v", q, err)
	}
}
