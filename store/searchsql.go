package store

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"weft/semconv"
)

// statement is SQL with its server-side parameters. Only search, its structures, counts and facets compose SQL; what a user gave is always
// a parameter.
type statement struct {
	sql    string
	params []any
}

// attributeSides says where each key was ever met: a bit set of ValueTypes per side.
type attributeSides map[string]keySides

type keySides struct{ span, resource uint8 }

func (s attributeSides) add(key string, side, typ uint8) {
	e := s[key]
	if side == sideResource {
		e.resource |= 1 << typ
	} else {
		e.span |= 1 << typ
	}
	s[key] = e
}

// predicateBuilder turns predicates into a condition on spans.
type predicateBuilder struct {
	sides  attributeSides
	params []any
	keys   map[string]string // parameter of each attribute key
}

func newPredicateBuilder(sides attributeSides) *predicateBuilder {
	return &predicateBuilder{sides: sides, keys: make(map[string]string)}
}

// text, integer and float add a parameter and return its placeholder.
func (b *predicateBuilder) text(v string) string   { return b.add("String", v) }
func (b *predicateBuilder) integer(v int64) string { return b.add("Int64", strconv.FormatInt(v, 10)) }
func (b *predicateBuilder) float(v float64) string { return b.add("Float64", floatText(v)) }
func (b *predicateBuilder) number(v uint64) string { return b.add("UInt64", strconv.FormatUint(v, 10)) }
func (b *predicateBuilder) add(typ, v string) string {
	name := "p" + strconv.Itoa(len(b.params)+1)
	b.params = append(b.params, param(name, v))
	return "{" + name + ":" + typ + "}"
}

func (b *predicateBuilder) key(k string) string {
	if b.keys[k] == "" {
		b.keys[k] = b.text(k)
	}
	return b.keys[k]
}

func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// The conditions that no span satisfies, and that every span does.
const (
	never  = "0"
	always = "1"
)

// conditions is e as SQL: "" when it holds on every span, never when it holds on none.
func conditions(e Expr, sides attributeSides) (string, []any, error) {
	b := newPredicateBuilder(sides)
	sql, err := b.conditions(e)
	return sql, b.params, err
}

// conditions is e as SQL, with the arms of an And on lines of their own.
func (b *predicateBuilder) conditions(e Expr) (string, error) {
	list, ok := e.(And)
	if !ok && e != nil {
		list = And{e}
	}
	var arms []string
	for _, part := range list {
		arm, err := b.expr(part)
		if err != nil {
			return "", err
		}
		if arm == never {
			return never, nil
		}
		if arm != always {
			arms = append(arms, arm)
		}
	}
	return strings.Join(arms, "\n  AND "), nil
}

// expr is e as one SQL condition.
func (b *predicateBuilder) expr(e Expr) (string, error) {
	if p, ok := e.(Predicate); ok {
		return b.condition(p)
	}
	var arms []string
	for _, part := range e.parts() {
		arm, err := b.expr(part)
		if err != nil {
			return "", err
		}
		arms = append(arms, arm)
	}
	switch e.(type) {
	case And:
		return and(arms...), nil
	case Or:
		return or(arms), nil
	}
	return not(arms[0]), nil
}

// textColumns are the fields with a column of text, whose empty string means "none".
var textColumns = map[string]string{
	FieldService: "service_name", "service.name": "service_name", FieldName: "name", FieldCategory: "category", semconv.SpanCategory: "category",
	FieldPeer: "peer_name", semconv.PeerName: "peer_name", semconv.ErrorType: "error_type", semconv.ErrorMessage: "error_message",
}

// condition is p as SQL.
func (b *predicateBuilder) condition(p Predicate) (string, error) {
	if err := p.checkForm(); err != nil {
		return "", err
	}
	if p.Scope != ScopeAny {
		return b.attribute(p), nil
	}
	if column, ok := textColumns[p.Field]; ok {
		return b.column(column, p), nil
	}
	switch p.Field {
	case FieldKind:
		return b.anyOf(p, func(p Predicate) (string, error) { return b.enum("kind", kindNames, p) })
	case FieldStatus:
		return b.anyOf(p, func(p Predicate) (string, error) { return b.enum("status_code", statusNames, p) })
	case FieldError:
		return b.isError(p)
	case FieldEvent:
		return b.event(p)
	case FieldDuration:
		return b.anyOf(p, b.duration)
	case semconv.StatementHash:
		return b.anyOf(p, b.statementHash)
	case FieldTraceDuration:
		return "", fmt.Errorf("%s: is about the whole trace, so it can be joined by and only, outside of or, not and structure", p.Field)
	}
	if marked, ok := markedSQL[p.Field]; ok {
		yes, err := p.truth()
		if err != nil || yes {
			return marked, err
		}
		return not(marked), nil
	}
	if strings.HasPrefix(p.Field, "@") {
		return "", fmt.Errorf("%s: no such field", p.Field)
	}
	return b.attribute(p), nil
}

// markedSQL are the fields that are bits of semconv.SpanMarks, as conditions.
var markedSQL = map[string]string{
	FieldColdStart: markSQL(semconv.MarkColdStart), FieldRetry: markSQL(semconv.MarkRetry), FieldDeadLetter: markSQL(semconv.MarkDeadLetter),
}

func markSQL(bit int) string { return fmt.Sprintf("(bitAnd(marks, %d) != 0)", bit) }

// anyOf makes of OpIn a comparison for each of its values.
func (b *predicateBuilder) anyOf(p Predicate, condition func(Predicate) (string, error)) (string, error) {
	if p.Op != OpIn {
		return condition(p)
	}
	var arms []string
	for _, v := range p.Values {
		arm, err := condition(Predicate{Field: p.Field, Op: OpEqual, Value: v})
		if err != nil {
			return "", err
		}
		arms = append(arms, arm)
	}
	return or(arms), nil
}

func (b *predicateBuilder) duration(p Predicate) (string, error) {
	if p.Op > OpLessEqual {
		return "", fmt.Errorf("%s: can be compared with = != > >= < <= and in only", p.Field)
	}
	ns, err := durationValue(p)
	if err != nil {
		return "", err
	}
	return b.compare("duration_ns", p.Op, b.integer(ns)), nil
}

func (b *predicateBuilder) statementHash(p Predicate) (string, error) {
	switch p.Op {
	case OpExists:
		return "statement_hash != 0", nil
	case OpNotExists:
		return "statement_hash = 0", nil
	case OpMatches, OpNotMatches:
		return "", fmt.Errorf("%s: is a number, which no regular expression can match", p.Field)
	}
	n, ok := integerOf(p.Value)
	if !ok {
		return "", fmt.Errorf("%s: want an integer", p.Field)
	}
	return b.compare("statement_hash", p.Op, b.number(uint64(n))), nil
}

// isError compares with the truth of "the status is error".
func (b *predicateBuilder) isError(p Predicate) (string, error) {
	yes, err := p.truth()
	if err != nil {
		return "", err
	}
	op := OpEqual
	if !yes {
		op = OpNotEqual
	}
	return b.compare("status_code", op, b.integer(int64(StatusError))), nil
}

// truth is what a field that is true or false has to be.
func (p Predicate) truth() (bool, error) {
	text := valueText(p.Value)
	if p.Op != OpEqual && p.Op != OpNotEqual || text != "true" && text != "false" {
		return false, fmt.Errorf("%s: want = or != and true or false", p.Field)
	}
	return (text == "true") == (p.Op == OpEqual), nil
}

// event looks among the names of the span's events. No index has them.
func (b *predicateBuilder) event(p Predicate) (string, error) {
	const names, some = "`events.name`", "notEmpty(`events.name`)"
	var one string
	switch p.positive().Op {
	case OpExists:
		return some, nil
	case OpNotExists:
		return not(some), nil
	case OpEqual:
		one = "has(" + names + ", " + b.text(valueText(p.Value)) + ")"
	case OpIn:
		one = "hasAny(" + names + ", [" + strings.Join(b.texts(p.Values), ", ") + "])"
	case OpMatches:
		one = "arrayExists(e -> " + b.matches("e", p) + ", " + names + ")"
	default:
		return "", fmt.Errorf("%s: can be compared with = != in =~ !~ exists and not-exists only", p.Field)
	}
	if p.Op != p.positive().Op {
		return and(some, not(one)), nil
	}
	return one, nil
}

var operators = [...]string{OpEqual: "=", OpNotEqual: "!=", OpGreater: ">", OpGreaterEqual: ">=", OpLess: "<", OpLessEqual: "<="}

func (b *predicateBuilder) compare(expr string, op Op, value string) string {
	return expr + " " + operators[op] + " " + value
}

// column compares a string column of which the empty string means "none".
func (b *predicateBuilder) column(name string, p Predicate) string {
	switch p.Op {
	case OpExists:
		return name + " != ''"
	case OpNotExists:
		return name + " = ''"
	case OpMatches:
		return b.matches(name, p)
	case OpNotMatches:
		return not(b.matches(name, p))
	case OpIn:
		return in(name, b.texts(p.Values))
	}
	return b.compare(name, p.Op, b.text(valueText(p.Value)))
}

// texts are the values as text parameters.
func (b *predicateBuilder) texts(values []Value) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = b.text(valueText(v))
	}
	return texts
}

// matches searches expr, a string, for the regular expression p.Value.
func (b *predicateBuilder) matches(expr string, p Predicate) string {
	return "match(" + expr + ", " + b.text(p.Value.Str()) + ")"
}

func in(expr string, values []string) string {
	return expr + " IN (" + strings.Join(values, ", ") + ")"
}

var (
	kindNames   = []string{"unspecified", "internal", "server", "client", "producer", "consumer"}
	statusNames = []string{"unset", "ok", "error"}
)

func (b *predicateBuilder) enum(column string, names []string, p Predicate) (string, error) {
	switch p.Op {
	case OpExists:
		return always, nil
	case OpNotExists:
		return never, nil
	case OpEqual, OpNotEqual:
	default:
		return "", fmt.Errorf("%s: can be compared with = != and in only", p.Field)
	}
	for i, name := range names {
		if strings.EqualFold(name, p.Value.Str()) {
			return b.compare(column, p.Op, b.integer(int64(i))), nil
		}
	}
	return "", fmt.Errorf("%s: want one of %s, got %q", p.Field, strings.Join(names, ", "), p.Value.Str())
}

func durationValue(p Predicate) (int64, error) {
	if ns, ok := integerOf(p.Value); ok {
		return ns, nil
	}
	if d, err := time.ParseDuration(p.Value.Str()); err == nil && p.Value.Type() == TypeString {
		return int64(d), nil
	}
	return 0, fmt.Errorf("%s: want nanoseconds or a duration such as 250ms", p.Field)
}

// integerOf is v as an integer if it is one, in whatever type.
func integerOf(v Value) (int64, bool) {
	switch v.Type() {
	case TypeInt:
		return v.Int(), true
	case TypeDouble:
		if f := v.Double(); f == math.Trunc(f) && math.Abs(f) < 1<<63 {
			return int64(f), true
		}
	case TypeString:
		i, err := strconv.ParseInt(v.Str(), 10, 64)
		return i, err == nil
	}
	return 0, false
}

// floatOf is v as a number if it is one, in whatever type.
func floatOf(v Value) (float64, bool) {
	switch v.Type() {
	case TypeInt:
		return float64(v.Int()), true
	case TypeDouble:
		return v.Double(), true
	case TypeString:
		f, err := strconv.ParseFloat(v.Str(), 64)
		return f, err == nil
	}
	return 0, false
}
