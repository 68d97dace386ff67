package enrichprocessor

import (
	"math"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Value is an attribute's value as far as deriving looks at it.
type Value struct {
	Type pcommon.ValueType
	Num  uint64 // of an integer; a double's bits; 1 for true
	Str  string // of a string
}

func valueOf(v pcommon.Value) Value {
	out := Value{Type: v.Type()}
	switch out.Type {
	case pcommon.ValueTypeStr:
		out.Str = v.Str()
	case pcommon.ValueTypeInt:
		out.Num = uint64(v.Int())
	case pcommon.ValueTypeDouble:
		out.Num = math.Float64bits(v.Double())
	case pcommon.ValueTypeBool:
		if v.Bool() {
			out.Num = 1
		}
	}
	return out
}

// facts are the attributes at hand that deriving looks at, by their current names.
type facts struct {
	// function says that the resource at hand is a function, whose server spans are invocations.
	function bool
	given    uint64 // bit by slot
	of       [firstFreeSlot]Value
}

func (f *facts) has(at slot) bool { return f.given&(1<<at) != 0 }

// note takes in an attribute, if at is one of the slots that deriving looks at.
func (f *facts) note(at slot, v Value) {
	if at < firstFreeSlot {
		f.given |= 1 << at
		f.of[at] = v
	}
}

// str is the text of a string attribute, empty when it is missing or of another type.
func (f *facts) str(at slot) string {
	if f.has(at) && f.of[at].Type == pcommon.ValueTypeStr {
		return f.of[at].Str
	}
	return ""
}

// flag reports whether an attribute is true, or the text "true", which is all that Jaeger's and Zipkin's clients can say.
func (f *facts) flag(at slot) bool {
	return f.has(at) && (f.of[at].Type == pcommon.ValueTypeBool && f.of[at].Num != 0 || f.str(at) == "true")
}

// integer is a number, also one in a text; 0 when there is none.
func (f *facts) integer(at slot) int64 {
	if !f.has(at) {
		return 0
	}
	if f.of[at].Type == pcommon.ValueTypeInt {
		return int64(f.of[at].Num)
	}
	n, _ := strconv.ParseInt(f.str(at), 10, 64)
	return n
}

// code is a status code's text, empty for numbers below the least that means failure.
func (f *facts) code(at slot, least int64) string {
	if !f.has(at) {
		return ""
	}
	if v := f.of[at]; v.Type == pcommon.ValueTypeInt && int64(v.Num) >= least {
		return strconv.FormatInt(int64(v.Num), 10)
	}
	return f.str(at)
}
