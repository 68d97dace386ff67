package enrichprocessor

import (
	"strings"

	"weft/semconv"
)

// reason is why an item was repaired or refused, small enough to keep a set of them in one word.
type reason uint8

const (
	zeroTraceID reason = iota
	zeroSpanID
	endBeforeStart
	timestampRange
	invalidUTF8
	attributeTooLarge
	tooManyAttributes
	tooManyEvents
	tooManyLinks
	nameTooLong
	selfParent
	malformed
	numReasons
)

// String is the reason's name in metrics and in the weft.repaired attribute.
func (r reason) String() string {
	return [numReasons]string{
		semconv.ReasonZeroTraceID, semconv.ReasonZeroSpanID, semconv.ReasonEndBeforeStart, semconv.ReasonTimestampRange,
		semconv.ReasonInvalidUTF8, semconv.ReasonAttributeTooLarge, semconv.ReasonTooManyAttributes,
		semconv.ReasonTooManyEvents, semconv.ReasonTooManyLinks, semconv.ReasonNameTooLong, semconv.ReasonSelfParent,
		semconv.ReasonMalformed,
	}[r]
}

// reasons is a set of reason.
type reasons uint16

func (s *reasons) add(r reason) { *s |= 1 << r }

func (s reasons) has(r reason) bool { return s&(1<<r) != 0 }

// String lists the set, comma-separated, as the weft.repaired attribute holds it.
func (s reasons) String() string {
	var b strings.Builder
	for r := range numReasons {
		if !s.has(r) {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(r.String())
	}
	return b.String()
}
