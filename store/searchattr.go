package store

import "strings"

// side is one of the two places an attribute can be in.
type side struct {
	types func(name string) uint8
	// promoted says whether this side has the promoted columns.
	promoted bool
}

// attribute is the condition on an attribute: on the span's if it has one, else on its resource's. Only the places where the key was
// ever met are looked at, by any of the names that the conventions gave it.
func (b *predicateBuilder) attribute(p Predicate) string {
	names := synonyms(p.Field)
	onSpan := side{func(name string) uint8 { return b.sides[name].span }, true}
	onResource := side{func(name string) uint8 { return b.sides[name].resource }, false}

	var spanHas, resourceHas string = never, never
	if p.Scope != ScopeResource {
		spanHas = or(b.has(onSpan, names))
	}
	if p.Scope != ScopeSpan {
		resourceHas = or(b.has(onResource, names))
	}
	switch p.Op {
	case OpExists:
		return or([]string{spanHas, b.fromResources(resourceHas)})
	case OpNotExists:
		return and(not(spanHas), not(b.fromResources(resourceHas)))
	}
	spanIs, resourceIs := never, never
	if spanHas != never {
		spanIs = or(b.is(onSpan, names, p.positive()))
	}
	if resourceHas != never {
		resourceIs = or(b.is(onResource, names, p.positive()))
	}
	if p.Op != p.positive().Op {
		spanIs, resourceIs = and(spanHas, not(spanIs)), and(resourceHas, not(resourceIs))
	}
	return or([]string{spanIs, and(not(spanHas), b.fromResources(resourceIs))})
}

// positive is p without the negation in its operator.
func (p Predicate) positive() Predicate {
	switch p.Op {
	case OpNotEqual:
		p.Op = OpEqual
	case OpNotMatches:
		p.Op = OpMatches
	}
	return p
}

func (b *predicateBuilder) fromResources(condition string) string {
	if condition == never {
		return never
	}
	return "resource_hash IN (SELECT hash FROM resources WHERE day >= toDate({from_day:UInt16}) AND day <= toDate({to_day:UInt16}) AND " + condition + ")"
}

var mapOf = [...]string{
	TypeEmpty: "attrs_json", TypeString: "attrs_string", TypeInt: "attrs_int", TypeDouble: "attrs_double", TypeBool: "attrs_bool", TypeJSON: "attrs_json",
}

// place is where an attribute may be: the condition that it is there, and the column or map element that holds it.
type place struct{ present, value string }

// places lists where the names were ever met.
func (b *predicateBuilder) places(s side, names []string) []place {
	var all []place
	for _, name := range names {
		types := s.types(name)
		if i := promotedIndex(name); s.promoted && i >= 0 && types&(1<<promoted[i].kind.valueType()) != 0 {
			all = append(all, place{promoted[i].name + " != " + promoted[i].kind.absent(), promoted[i].name})
		}
		if types&(1<<TypeEmpty) != 0 {
			types |= 1 << TypeJSON
		}
		for t := TypeString; t <= TypeJSON; t++ {
			if types&(1<<t) != 0 {
				all = append(all, place{b.contains(t, name), mapOf[t] + "[" + b.key(name) + "]"})
			}
		}
	}
	return all
}

// has lists the conditions under which one of the names is present.
func (b *predicateBuilder) has(s side, names []string) []string {
	var arms []string
	for _, p := range b.places(s, names) {
		arms = append(arms, p.present)
	}
	return arms
}

func (b *predicateBuilder) contains(t ValueType, name string) string {
	return "mapContains(" + mapOf[t] + ", " + b.key(name) + ")"
}

func (k promotedKind) valueType() ValueType {
	if k == promotedPort {
		return TypeInt
	}
	return TypeString
}

// holds reports whether an attribute that equals v, in the column's type, is in the column and nowhere else.
func (k promotedKind) holds(v Value) bool {
	if k == promotedPort {
		i, ok := integerOf(v)
		return ok && 0 < i && i <= 0xffff
	}
	return v.Type() == TypeString && v.Str() != ""
}

func (k promotedKind) absent() string {
	if k == promotedPort {
		return "0"
	}
	return "''"
}

// is lists the conditions under which one of the names is present and compares with the value as p says, whose operator is positive.
func (b *predicateBuilder) is(s side, names []string, p Predicate) []string {
	var arms []string
	for _, name := range names {
		types := s.types(name)
		if i := promotedIndex(name); s.promoted && i >= 0 && types&(1<<promoted[i].kind.valueType()) != 0 {
			kind := promoted[i].kind
			arms = append(arms, b.compareAs(kind.valueType(), promoted[i].name, promoted[i].name+" != "+kind.absent(), p)...)
			if kind.holdsAll(p) {
				types &^= 1 << kind.valueType() // what the column holds is never in the map
			}
		}
		for t := TypeString; t <= TypeJSON; t++ {
			if types&(1<<t) != 0 {
				arms = append(arms, b.compareAs(t, mapOf[t]+"["+b.key(name)+"]", b.contains(t, name), p)...)
			}
		}
	}
	return arms
}

// holdsAll reports whether what equals one of p's values is in the column and nowhere else.
func (k promotedKind) holdsAll(p Predicate) bool {
	switch p.Op {
	case OpEqual:
		return k.holds(p.Value)
	case OpIn:
		for _, v := range p.Values {
			if !k.holds(v) {
				return false
			}
		}
		return true
	}
	return false
}

// compareAs lists the conditions under which expr compares as p says. expr is of type t and has the type's zero value where the
// attribute is absent; present is the condition that tells a zero value from an absent one.
func (b *predicateBuilder) compareAs(t ValueType, expr, present string, p Predicate) []string {
	switch p.Op {
	case OpMatches:
		switch t {
		case TypeString, TypeJSON:
			return []string{and(present, b.matches(expr, p))}
		case TypeInt, TypeBool:
			return []string{and(present, b.matches("toString("+expr+")", p))}
		}
		return nil // a double has many texts
	case OpIn:
		var arms, values []string
		for _, v := range p.Values {
			p := Predicate{Field: p.Field, Op: OpEqual, Value: v}
			value, zero, ok := b.operand(t, p)
			switch {
			case ok && zero:
				arms = append(arms, and(b.compare(expr, OpEqual, value), present))
			case ok:
				values = append(values, value)
			}
		}
		if len(values) > 0 {
			arms = append(arms, in(expr, values))
		}
		return arms
	}
	value, zero, ok := b.operand(t, p)
	if !ok {
		return nil
	}
	arm := b.compare(expr, p.Op, value)
	if p.Op == OpEqual && !zero {
		return []string{arm}
	}
	return []string{and(arm, present)}
}

// operand is the value of p as type t, if the two can be compared, and whether it is the type's zero value.
func (b *predicateBuilder) operand(t ValueType, p Predicate) (value string, zero, ok bool) {
	switch t {
	case TypeString:
		_, isNumber := floatOf(p.Value)
		if p.Value.Type() != TypeString || p.Op != OpEqual && isNumber {
			return "", false, false
		}
		return b.text(p.Value.Str()), p.Value.Str() == "", true
	case TypeInt:
		if i, ok := integerOf(p.Value); ok {
			return b.integer(i), i == 0, true
		}
		if f, ok := floatOf(p.Value); ok && p.Op != OpEqual {
			return b.float(f), false, true
		}
	case TypeDouble:
		if f, ok := floatOf(p.Value); ok {
			return b.float(f), f == 0, true
		}
	case TypeBool:
		text := valueText(p.Value)
		if p.Op == OpEqual && (p.Value.Type() == TypeBool || p.Value.Type() == TypeString) && (text == "true" || text == "false") {
			return text, text == "false", true
		}
	case TypeJSON:
		if p.Op == OpEqual && (p.Value.Type() == TypeString || p.Value.Type() == TypeJSON) {
			return b.text(p.Value.Str()), p.Value.Str() == "", true
		}
	}
	return "", false, false
}

func or(arms []string) string {
	var kept []string
	for _, a := range arms {
		if a == always {
			return always
		}
		if a != never {
			kept = append(kept, a)
		}
	}
	switch len(kept) {
	case 0:
		return never
	case 1:
		return kept[0]
	}
	return "(" + strings.Join(kept, " OR ") + ")"
}

func and(arms ...string) string {
	var kept []string
	for _, a := range arms {
		if a == never {
			return never
		}
		if a != always {
			kept = append(kept, a)
		}
	}
	switch len(kept) {
	case 0:
		return always
	case 1:
		return kept[0]
	}
	return "(" + strings.Join(kept, " AND ") + ")"
}

func not(arm string) string {
	switch arm {
	case never:
		return always
	case always:
		return never
	}
	return "NOT " + arm
}
