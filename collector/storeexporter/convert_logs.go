package storeexporter

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"weft/semconv"
	"weft/store"
)

// logConverter turns pdata into store.Log, always the same one; see spanConverter.
type logConverter struct {
	log store.Log
}

// convert hands the log records [lo, hi) of ld, counted in document order, to emit.
func (c *logConverter) convert(ld plog.Logs, lo, hi int, emit func(*store.Log)) {
	i := 0
	for _, rl := range ld.ResourceLogs().All() {
		var res *store.Resource
		var service string
		for _, sl := range rl.ScopeLogs().All() {
			records := sl.LogRecords()
			if i+records.Len() <= lo || i >= hi {
				i += records.Len()
				continue
			}
			if res == nil {
				res = newResource(rl.Resource(), rl.SchemaUrl())
				service = serviceName(rl.Resource())
			}
			c.log.Resource, c.log.Scope, c.log.Service = res, newScope(sl.Scope(), sl.SchemaUrl()), service
			for _, r := range records.All() {
				if i >= lo && i < hi {
					c.fill(r)
					emit(&c.log)
				}
				i++
			}
		}
	}
}

func (c *logConverter) fill(r plog.LogRecord) {
	d := &c.log
	d.TimeNS, d.ObservedNS = unixNS(r.Timestamp()), unixNS(r.ObservedTimestamp())
	if d.TimeNS == 0 {
		d.TimeNS = d.ObservedNS
	}
	d.TraceID, d.SpanID, d.Flags = store.TraceID(r.TraceID()), store.SpanID(r.SpanID()), uint32(r.Flags())
	d.SeverityNumber = 0
	if n := r.SeverityNumber(); n >= 0 && n <= plog.SeverityNumberFatal4 {
		d.SeverityNumber = uint8(n)
	}
	d.SeverityText, d.EventName, d.Data = r.SeverityText(), r.EventName(), nil
	if d.EventName == semconv.EventProfile && r.Body().Type() == pcommon.ValueTypeBytes {
		d.Body, d.Data = store.Value{}, r.Body().Bytes().AsRaw()
	} else {
		d.Body = value(r.Body())
	}
	d.Attributes = appendAttributes(d.Attributes[:0], r.Attributes())
	d.DroppedAttributes = r.DroppedAttributesCount()
}
