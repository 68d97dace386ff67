package enrichprocessor

import (
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// earliest is the oldest time that is taken for a time: before it, a clock was not set or a unit was wrong.
const earliest = 946_684_800_000_000_000 // 2000-01-01T00:00:00Z

// maxDepth bounds lists and maps within attribute values. OTLP sets no limit; nobody reads beyond a few levels.
const maxDepth = 16

// clock is what a batch's timestamps are measured against.
type clock struct {
	now, latest pcommon.Timestamp
}

func newClock(now time.Time, future time.Duration) clock {
	return clock{now: pcommon.NewTimestampFromTime(now), latest: pcommon.NewTimestampFromTime(now.Add(future))}
}

func (c clock) sane(t pcommon.Timestamp) bool { return t >= earliest && t <= c.latest }

// interval mends a span's start and end. A span whose two times are both absurd keeps its duration, if that is one, and
// ends now: it was just sent.
func (c clock) interval(start, end pcommon.Timestamp, rs *reasons) (_, _ pcommon.Timestamp) {
	startOK, endOK := c.sane(start), c.sane(end)
	if startOK && endOK && end >= start {
		return start, end
	}
	switch {
	case startOK && endOK:
		rs.add(endBeforeStart)
		return start, start
	case startOK:
		rs.add(timestampRange)
		return start, start
	case endOK:
		rs.add(timestampRange)
		return end, end
	}
	rs.add(timestampRange)
	const longest = pcommon.Timestamp(24 * time.Hour)
	if end < start || end-start > longest {
		return c.now, c.now
	}
	return c.now - (end - start), c.now
}

// limit drops the attributes beyond the bound, but never the name of the service.
func (w *work) limit(attrs pcommon.Map, rs *reasons) int {
	n := attrs.Len()
	if n <= w.cfg.MaxAttributes {
		return 0
	}
	rs.add(tooManyAttributes)
	i := 0
	attrs.RemoveIf(func(key string, _ pcommon.Value) bool {
		i++
		return i > w.cfg.MaxAttributes && key != "service.name"
	})
	return n - attrs.Len()
}

// name mends a name or key.
func (w *work) name(s string, rs *reasons) string {
	return text(s, w.cfg.MaxNameBytes, nameTooLong, rs)
}

// text cuts s to max bytes at a character boundary, counted under tooLong, and replaces what is no UTF-8.
func text(s string, max int, tooLong reason, rs *reasons) string {
	if len(s) <= max && utf8.ValidString(s) {
		return s
	}
	if len(s) > max {
		rs.add(tooLong)
		s = cut(s, max)
	}
	if !utf8.ValidString(s) {
		rs.add(invalidUTF8)
		s = cut(strings.ToValidUTF8(s, "\uFFFD"), max) // a replacement is longer than what it replaces
	}
	return strings.Clone(s) // do not keep a megabyte alive for its beginning
}

// cut shortens s to at most max bytes without splitting a character.
func cut(s string, max int) string {
	if len(s) <= max {
		return s
	}
	for i := max; i > max-utf8.UTFMax && i > 0; i-- {
		if utf8.RuneStart(s[i]) {
			return s[:i]
		}
	}
	return s[:max]
}

// value mends an attribute's value or a log record's body.
func (w *work) value(v pcommon.Value, max int, rs *reasons) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		s := v.Str()
		if mended := text(s, max, attributeTooLarge, rs); mended != s {
			v.SetStr(mended)
		}
	case pcommon.ValueTypeBytes, pcommon.ValueTypeMap, pcommon.ValueTypeSlice:
		budget := max
		w.nested(v, &budget, 0, rs)
	}
}

// nested mends v within budget bytes. What does not fit is dropped, later elements first.
func (w *work) nested(v pcommon.Value, budget *int, depth int, rs *reasons) {
	const elementBytes = 8 // what a number, or the frame of anything else, counts for
	*budget -= elementBytes
	switch v.Type() {
	case pcommon.ValueTypeStr:
		s := v.Str()
		if mended := text(s, max(*budget, 0), attributeTooLarge, rs); mended != s {
			v.SetStr(mended)
		}
		*budget -= len(v.Str())
	case pcommon.ValueTypeBytes:
		if b := v.Bytes(); b.Len() > max(*budget, 0) {
			rs.add(attributeTooLarge)
			b.FromRaw(b.AsRaw()[:max(*budget, 0)])
		}
		*budget -= v.Bytes().Len()
	case pcommon.ValueTypeSlice:
		v.Slice().RemoveIf(func(e pcommon.Value) bool {
			return w.full(*budget, depth, rs) || func() bool { w.nested(e, budget, depth+1, rs); return false }()
		})
	case pcommon.ValueTypeMap:
		w.nestedMap(v.Map(), budget, depth, rs)
	}
}

func (w *work) full(budget, depth int, rs *reasons) bool {
	if budget > 0 && depth < maxDepth {
		return false
	}
	rs.add(attributeTooLarge)
	return true
}

func (w *work) nestedMap(m pcommon.Map, budget *int, depth int, rs *reasons) {
	var mended []mendedKey
	m.RemoveIf(func(key string, e pcommon.Value) bool {
		if w.full(*budget, depth, rs) {
			return true
		}
		good := w.name(key, rs)
		*budget -= len(good)
		w.nested(e, budget, depth+1, rs)
		if good == key {
			return false
		}
		kept := pcommon.NewValueEmpty()
		e.CopyTo(kept)
		mended = append(mended, mendedKey{good, kept})
		return true
	})
	for _, k := range mended {
		if _, taken := m.Get(k.key); !taken {
			k.value.CopyTo(m.PutEmpty(k.key))
		}
	}
}
