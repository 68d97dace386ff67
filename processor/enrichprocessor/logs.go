package enrichprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"weft/semconv"
)

// maxSeverity is the highest severity number that OTLP defines.
const maxSeverity = 24

// logs is the work on one batch of log records.
type logs struct {
	*work
	clock clock
	tally tally
}

func (l *logs) batch(ld plog.Logs) {
	ld.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
		var mended reasons
		l.renamed = false
		l.resource(rl.Resource(), &l.tally)
		rl.SetSchemaUrl(l.schema(rl.SchemaUrl(), l.renamed, &mended))
		rl.ScopeLogs().RemoveIf(func(sl plog.ScopeLogs) bool {
			l.renamed = false
			l.scope(sl.Scope(), &l.tally)
			for _, record := range sl.LogRecords().All() {
				l.record(record)
			}
			sl.SetSchemaUrl(l.schema(sl.SchemaUrl(), l.renamed, &mended))
			return sl.LogRecords().Len() == 0
		})
		l.tally.repair(mended)
		return rl.ScopeLogs().Len() == 0
	})
}

func (l *logs) record(r plog.LogRecord) {
	var rs reasons
	l.times(r, &rs)
	if r.SeverityNumber() < 0 || r.SeverityNumber() > maxSeverity {
		rs.add(malformed)
		r.SetSeverityNumber(plog.SeverityNumberUnspecified)
	}
	if s := l.name(r.SeverityText(), &rs); s != r.SeverityText() {
		r.SetSeverityText(s)
	}
	if s := l.name(r.EventName(), &rs); s != r.EventName() {
		r.SetEventName(s)
	}
	l.body(r, &rs)
	if n := l.attributes(r.Attributes(), callerSide, &rs); n > 0 {
		r.SetDroppedAttributesCount(r.DroppedAttributesCount() + uint32(n))
	}
	l.prune(r.Attributes())
	if rs != 0 {
		l.tally.repair(rs)
		r.Attributes().PutStr(semconv.Repaired, rs.String())
	}
}

// maxProfileBytes bounds the body of a profile. One of a minute with deep stacks is a tenth of it.
const maxProfileBytes = 8 << 20

// body mends the body. A profile is whole or worth nothing: it is dropped where others are cut.
func (l *logs) body(r plog.LogRecord, rs *reasons) {
	if r.EventName() != semconv.EventProfile || r.Body().Type() != pcommon.ValueTypeBytes {
		l.value(r.Body(), l.cfg.MaxBodyBytes, rs)
		return
	}
	if r.Body().Bytes().Len() > maxProfileBytes {
		rs.add(attributeTooLarge)
		pcommon.NewValueEmpty().CopyTo(r.Body())
	}
}

// times mends the record's two timestamps. Both may be left out: a collector then says when it saw the record.
func (l *logs) times(r plog.LogRecord, rs *reasons) {
	if seen := r.ObservedTimestamp(); !l.clock.sane(seen) {
		if seen != 0 {
			rs.add(timestampRange)
		}
		r.SetObservedTimestamp(l.clock.now)
	}
	if at := r.Timestamp(); !l.clock.sane(at) {
		if at != 0 {
			rs.add(timestampRange)
		}
		r.SetTimestamp(r.ObservedTimestamp())
	}
}
