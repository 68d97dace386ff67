package store

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
	"time"
)

// Expr is a condition on one span: a tree of And, Or and Not over Predicates, whoever wrote it in whatever language. Nil holds on
// every span.
type Expr interface {
	// parts are the conditions that this one is made of; none for a Predicate.
	parts() []Expr
}

// And holds where all of its conditions hold; an empty one holds everywhere.
type And []Expr

// Or holds where at least one of its conditions holds; an empty one holds nowhere.
type Or []Expr

// Not holds where its condition does not, on spans without the attribute included.
type Not struct{ Of Expr }

// Predicate compares one field with a value. Field is an intrinsic (see the Field constants) or any attribute key, looked up where Scope
// says. A TypeString Value also matches a number or bool attribute by its text form for OpEqual, OpNotEqual and OpIn, because
// Jaeger and Zipkin clients know only strings.
type Predicate struct {
	Field string
	Scope AttributeScope
	Op    Op
	Value Value
	// Values are what OpIn compares with, instead of Value.
	Values []Value
}

func (e And) parts() []Expr     { return e }
func (e Or) parts() []Expr      { return e }
func (e Not) parts() []Expr     { return []Expr{e.Of} }
func (Predicate) parts() []Expr { return nil }

// AllOf joins conditions by And; none of them is nil, which holds on every span.
func AllOf[E Expr](conditions ...E) Expr {
	var all And
	for _, c := range conditions {
		switch c := any(c).(type) {
		case nil:
		case And:
			all = append(all, c...)
		case Expr:
			all = append(all, c)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return all
}

// AttributeScope says where an attribute is looked up.
type AttributeScope uint8

// Scopes of a Predicate.
const (
	ScopeAny      AttributeScope = iota // on the span and, where that has none of the key, on its resource
	ScopeSpan                           // on the span only
	ScopeResource                       // on the resource only
)

// Op compares an attribute or field with a value.
type Op uint8

// Comparison operators of a Predicate. OpNotEqual and OpNotMatches hold only where the attribute is present.
const (
	OpEqual Op = iota
	OpNotEqual
	OpGreater
	OpGreaterEqual
	OpLess
	OpLessEqual
	OpExists
	OpNotExists
	OpIn         // equals one of Values
	OpMatches    // the regular expression matches somewhere in the text of a string, integer or bool
	OpNotMatches // it matches nowhere in it
)

// Intrinsic fields; they contain a colon-free prefix that no semantic convention uses.
const (
	FieldService  = "@service"  // string
	FieldName     = "@name"     // string: the span name, "operation" in Jaeger's words
	FieldKind     = "@kind"     // string: "server", "client", …
	FieldStatus   = "@status"   // string: "unset", "ok", "error"
	FieldError    = "@error"    // bool: whether the status is "error"
	FieldDuration = "@duration" // int: nanoseconds
	FieldCategory = "@category" // string: semconv.Category*
	FieldPeer     = "@peer"     // string
	// FieldEvent are the names of the span's events, string: Zipkin calls them annotations. A positive operator holds where it holds for
	// one of them, a negative one where there are events and it holds for none.
	FieldEvent = "@event"
	// FieldColdStart, FieldRetry and FieldDeadLetter are bool: the bits of semconv.SpanMarks.
	FieldColdStart  = "@cold_start"
	FieldRetry      = "@retry"
	FieldDeadLetter = "@dead_letter"
	// FieldTraceDuration is of the whole trace, int: nanoseconds. It takes > >= < <= = and can only be joined by And.
	FieldTraceDuration = "@trace.duration"
)

// Bounds of an Expr.
const (
	MaxExprNodes = 200
	MaxExprDepth = 16
	maxInValues  = 100
	// maxPatternBytes and maxPatternSteps bound a regular expression as written and as compiled.
	maxPatternBytes = 1000
	maxPatternSteps = 10_000
)

// checkExpr bounds e in size and depth.
func checkExpr(e Expr) error {
	nodes := 0
	var walk func(e Expr, depth int) error
	walk = func(e Expr, depth int) error {
		if e == nil {
			return errors.New("a condition is missing")
		}
		if nodes++; nodes > MaxExprNodes {
			return fmt.Errorf("want at most %d conditions", MaxExprNodes)
		}
		if depth > MaxExprDepth {
			return fmt.Errorf("want conditions nested at most %d deep", MaxExprDepth)
		}
		for _, part := range e.parts() {
			if err := walk(part, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if e == nil {
		return nil
	}
	return walk(e, 1)
}

// predicates calls visit for every comparison in e.
func predicates(e Expr, visit func(Predicate)) {
	if e == nil {
		return
	}
	if p, ok := e.(Predicate); ok {
		visit(p)
	}
	for _, part := range e.parts() {
		predicates(part, visit)
	}
}

// Validate says what is wrong with the comparison, whatever is stored.
func (p Predicate) Validate() error {
	if p.Field == FieldTraceDuration {
		_, err := p.traceDurations()
		return err
	}
	_, err := newPredicateBuilder(nil).condition(p)
	return err
}

// checkForm checks what does not depend on the kind of field.
func (p Predicate) checkForm() error {
	switch {
	case p.Field == "":
		return errors.New("a condition without a field")
	case p.Op > OpNotMatches:
		return fmt.Errorf("%s: unknown operator %d", p.Field, p.Op)
	case p.Scope > ScopeResource:
		return fmt.Errorf("%s: unknown scope %d", p.Field, p.Scope)
	case p.Scope != ScopeAny && strings.HasPrefix(p.Field, "@"):
		return fmt.Errorf("%s: is no attribute, so it is in neither scope", p.Field)
	case p.Op == OpIn && (len(p.Values) < 1 || len(p.Values) > maxInValues):
		return fmt.Errorf("%s: want 1 to %d values to compare with, got %d", p.Field, maxInValues, len(p.Values))
	case p.Op == OpMatches || p.Op == OpNotMatches:
		if p.Value.Type() != TypeString {
			return fmt.Errorf("%s: want a regular expression as text", p.Field)
		}
		if err := checkPattern(p.Value.Str()); err != nil {
			return fmt.Errorf("%s: %w", p.Field, err)
		}
	}
	return nil
}

// checkPattern refuses a regular expression that the engine would refuse, or that costs too much. Both use RE2's syntax.
func checkPattern(pattern string) error {
	if len(pattern) > maxPatternBytes {
		return fmt.Errorf("want a regular expression of at most %d bytes, got %d", maxPatternBytes, len(pattern))
	}
	if strings.ContainsRune(pattern, 0) {
		return errors.New("want a regular expression without a zero byte")
	}
	tree, err := syntax.Parse(pattern, syntax.Perl|syntax.DotNL)
	if err != nil {
		return fmt.Errorf("want a regular expression in RE2 syntax: %w", err)
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return fmt.Errorf("want a regular expression in RE2 syntax: %w", err)
	}
	if len(program.Inst) > maxPatternSteps {
		return fmt.Errorf("want a smaller regular expression: it has %d steps, at most %d are allowed", len(program.Inst), maxPatternSteps)
	}
	return nil
}

// traceDurations are the bounds that a comparison with FieldTraceDuration gives, both included.
func (p Predicate) traceDurations() (bounds [2]int64, err error) {
	if err := p.checkForm(); err != nil {
		return bounds, err
	}
	if p.Op > OpLessEqual || p.Op == OpNotEqual {
		return bounds, fmt.Errorf("%s: can be compared with = > >= < <= only", p.Field)
	}
	ns, err := durationValue(p)
	if err != nil {
		return bounds, err
	}
	low, high := int64(0), int64(maxDuration)
	switch p.Op {
	case OpEqual:
		low, high = ns, ns
	case OpGreater:
		low = saturatingAdd(ns, 1)
	case OpGreaterEqual:
		low = ns
	case OpLess:
		high = saturatingAdd(ns, -1)
	case OpLessEqual:
		high = ns
	}
	if high < 1 {
		return bounds, fmt.Errorf("%s: nothing can be this short", p.Field)
	}
	return [2]int64{max(low, 0), high}, nil
}

const maxDuration = time.Duration(1<<63 - 1)

// liftTraceConditions moves conditions on the whole trace out of Where: they are answered from the summaries. They must be joined by
// And alone; inside Or or Not the compiler meets and refuses them.
func (q TraceQuery) liftTraceConditions() (TraceQuery, error) {
	var rest []Expr
	var lift func(e Expr) error
	lift = func(e Expr) error {
		switch e := e.(type) {
		case And:
			for _, part := range e {
				if err := lift(part); err != nil {
					return err
				}
			}
			return nil
		case Predicate:
			if e.Field == FieldTraceDuration {
				bounds, err := e.traceDurations()
				if err != nil {
					return err
				}
				q.MinTraceDuration = max(q.MinTraceDuration, time.Duration(bounds[0]))
				if high := time.Duration(bounds[1]); high < maxDuration && (q.MaxTraceDuration == 0 || high < q.MaxTraceDuration) {
					q.MaxTraceDuration = high
				}
				return nil
			}
		}
		rest = append(rest, e)
		return nil
	}
	if q.Where == nil {
		return q, nil
	}
	err := lift(q.Where)
	q.Where = AllOf(rest...)
	return q, err
}
