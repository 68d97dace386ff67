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

	spanHas := or(b.has(onSpan, names))
	resourceHas := or(b.has(onResource, names))
	switch p.Op {
	case OpExists:
		return or([]string{spanHas, b.fromResources(resourceHas)})
	case OpNotExists:
		return and(not(spanHas), not(b.fromResources(resourceHas)))
	}
	spanIs, resourceIs := or(b.is(onSpan, names, p)), or(b.is(onResource, names, p))
	if p.Op == OpNotEqual {
		spanIs, resourceIs = and(spanHas, not(spanIs)), and(resourceHas, not(resourceIs))
	}
	return or([]string{spanIs, and(not(spanHas), b.fromResources(resourceIs))})
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

// has lists the conditions under which one of the names is present.
func (b *predicateBuilder) has(s side, names []string) []string {
	var arms []string
	for _, name := range names {
		types := s.types(name)
		if i := promotedIndex(name); s.promoted && i >= 0 && types&(1<<promoted[i].kind.valueType()) != 0 {
			arms = append(arms, promoted[i].name+" != "+promoted[i].kind.absent())
		}
		if types&(1<<TypeEmpty) != 0 {
			types |= 1 << TypeJSON
		}
		for t := TypeString; t <= TypeJSON; t++ {
			if types&(1<<t) != 0 {
				arms = append(arms, b.contains(t, name))
			}
		}
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

// is lists the conditions under which one of the names is present and compares with the value as p says; != is left to the
// caller, who negates =.
func (b *predicateBuilder) is(s side, names []string, p Predicate) []string {
	if p.Op == OpNotEqual {
		p.Op = OpEqual
	}
	var arms []string
	for _, name := range names {
		types := s.types(name)
		if i := promotedIndex(name); s.promoted && i >= 0 && types&(1<<promoted[i].kind.valueType()) != 0 {
			kind := promoted[i].kind
			if arm := b.compareAs(kind.valueType(), promoted[i].name, promoted[i].name+" != "+kind.absent(), p); arm != never {
				arms = append(arms, arm)
			}
			if p.Op == OpEqual && kind.holds(p.Value) {
				types &^= 1 << kind.valueType() // what the column holds is never in the map
			}
		}
		for t := TypeString; t <= TypeJSON; t++ {
			if types&(1<<t) != 0 {
				arms = append(arms, b.compareAs(t, mapOf[t]+"["+b.key(name)+"]", b.contains(t, name), p))
			}
		}
	}
	return arms
}

// compareAs compares expr, which is of type t and has the type's zero value where the attribute is absent, or never when the
// types cannot be compared. present is the condition that tells a zero value from an absent one.
func (b *predicateBuilder) compareAs(t ValueType, expr, present string, p Predicate) string {
	var zero bool
	var value string
	switch t {
	case TypeString:
		_, isNumber := floatOf(p.Value)
		if p.Value.Type() != TypeString || p.Op != OpEqual && isNumber {
			return never
		}
		zero, value = p.Value.Str() == "", b.text(p.Value.Str())
	case TypeInt:
		if i, ok := integerOf(p.Value); ok {
			zero, value = i == 0, b.integer(i)
		} else if f, ok := floatOf(p.Value); ok && p.Op != OpEqual {
			value = b.float(f)
		} else {
			return never
		}
	case TypeDouble:
		f, ok := floatOf(p.Value)
		if !ok {
			return never
		}
		zero, value = f == 0, b.float(f)
	case TypeBool:
		text := valueText(p.Value)
		if p.Op != OpEqual || p.Value.Type() != TypeBool && p.Value.Type() != TypeString || text != "true" && text != "false" {
			return never
		}
		zero, value = text == "false", text
	case TypeJSON:
		if p.Op != OpEqual || p.Value.Type() != TypeString && p.Value.Type() != TypeJSON {
			return never
		}
		zero, value = p.Value.Str() == "", b.text(p.Value.Str())
	}
	arm := b.compare(expr, p.Op, value)
	if p.Op == OpEqual && !zero {
		return arm
	}
	return and(arm, present)
}

func or(arms []string) string {
	var kept []string
	for _, a := range arms {
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
		if a != "1" {
			kept = append(kept, a)
		}
	}
	switch len(kept) {
	case 0:
		return "1"
	case 1:
		return kept[0]
	}
	return "(" + strings.Join(kept, " AND ") + ")"
}

func not(arm string) string {
	if arm == never {
		return "1"
	}
	return "NOT " + arm
}
