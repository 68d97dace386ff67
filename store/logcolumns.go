package store

import (
	"github.com/ClickHouse/ch-go/proto"
)

// logColumns are the columns of the logs table in the order of queries/logs_*.sql.
type logColumns struct {
	time, observed timeColumn
	traceID        proto.ColFixedStr16
	spanID         proto.ColUInt64
	flags          proto.ColUInt32
	severity       proto.ColUInt8
	severityText   *lcColumn
	eventName      *lcColumn
	body           textColumn
	bodyType       proto.ColUInt8
	service        *lcColumn
	resourceHash   proto.ColUInt64
	scopeHash      proto.ColUInt64
	attrs          *attrColumns
	dropped        proto.ColUInt32
	named          []namedColumn
}

func newLogColumns() *logColumns {
	c := &logColumns{severityText: newLC(), eventName: newLC(), service: newLC(), attrs: newAttrColumns()}
	c.named = []namedColumn{
		{"time", &c.time}, {"observed_time", &c.observed}, {"trace_id", &c.traceID}, {"span_id", &c.spanID}, {"flags", &c.flags},
		{"severity_number", &c.severity}, {"severity_text", c.severityText}, {"event_name", c.eventName},
		{"body", &c.body}, {"body_type", &c.bodyType}, {"service_name", c.service},
		{"resource_hash", &c.resourceHash}, {"scope_hash", &c.scopeHash},
	}
	c.named = append(c.named, c.attrs.columns()...)
	c.named = append(c.named, namedColumn{"dropped_attributes", &c.dropped})
	return c
}

func (c *logColumns) row(i int) Log {
	return Log{
		TimeNS:            c.time.ColInt64[i],
		ObservedNS:        c.observed.ColInt64[i],
		TraceID:           c.traceID[i],
		SpanID:            SpanIDFromUint64(c.spanID[i]),
		Flags:             c.flags[i],
		SeverityNumber:    c.severity[i],
		SeverityText:      c.severityText.Row(i),
		EventName:         c.eventName.Row(i),
		Body:              parseValue(ValueType(c.bodyType[i]), c.body.Row(i)),
		Attributes:        c.attrs.row(i, nil),
		DroppedAttributes: c.dropped[i],
		Service:           c.service.Row(i),
	}
}

// LogBatch holds log records as columns, ready to be inserted. One goroutine at a time may use it, and none while it is being
// inserted.
type LogBatch struct {
	cols    *logColumns
	events  *eventBatch // the records that have a table of their own
	origins *originBatch
	bytes   int
}

// NewLogBatch returns an empty batch. Batches are made to be reused: Reset keeps the memory.
func NewLogBatch() *LogBatch {
	return &LogBatch{cols: newLogColumns(), events: newEventBatch(), origins: newOriginBatch()}
}

// Rows is the number of records in the batch.
func (b *LogBatch) Rows() int { return len(b.cols.spanID) + b.events.rows() }

// Bytes is the approximate memory the rows hold.
func (b *LogBatch) Bytes() int { return b.bytes }

// Reset empties the batch and keeps its memory.
func (b *LogBatch) Reset() {
	for _, c := range b.cols.named {
		c.data.Reset()
	}
	b.cols.attrs.reset()
	b.events.reset()
	b.origins.reset()
	b.bytes = 0
}

// logFixedBytes is what a record without any text occupies in the columns.
const logFixedBytes = 120

// Append copies the record into the batch; the caller keeps ownership of everything it points at. A record whose event has a table of its own
// goes there instead.
func (b *LogBatch) Append(l *Log) {
	resource, scope := b.origins.add(l.Resource, l.Scope, l.TimeNS)
	if l.hasTable() {
		b.bytes += b.events.append(l, resource, scope)
		return
	}
	c := b.cols
	c.time.ColInt64 = append(c.time.ColInt64, l.TimeNS)
	c.observed.ColInt64 = append(c.observed.ColInt64, l.ObservedNS)
	c.traceID = append(c.traceID, l.TraceID)
	c.spanID = append(c.spanID, l.SpanID.Uint64())
	c.flags = append(c.flags, l.Flags)
	c.severity = append(c.severity, l.SeverityNumber)
	c.severityText.Append(l.SeverityText)
	c.eventName.Append(l.EventName)
	body := valueText(l.Body)
	c.body.Append(body)
	c.bodyType = append(c.bodyType, uint8(l.Body.typ))
	c.service.Append(l.Service)
	c.resourceHash = append(c.resourceHash, resource)
	c.scopeHash = append(c.scopeHash, scope)
	c.attrs.addAll(l.Attributes)
	c.dropped = append(c.dropped, l.DroppedAttributes)
	b.bytes += logFixedBytes + len(body) + attributeBytes(l.Attributes)
}
