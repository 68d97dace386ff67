package store

import (
	"github.com/ClickHouse/ch-go/proto"
)

// spanColumns are the columns of the spans table in the order of queries/trace_spans.sql. Writer and reader share them, so a
// column that one of them forgets cannot exist. TestColumnsMatchSchema compares them with system.columns.
type spanColumns struct {
	traceID       proto.ColFixedStr16
	spanID        proto.ColUInt64
	parentSpanID  proto.ColUInt64
	traceState    textColumn
	flags         proto.ColUInt32
	name          *lcColumn
	kind          proto.ColUInt8
	start         timeColumn
	durationNS    proto.ColInt64
	statusCode    proto.ColUInt8
	statusMessage textColumn
	service       *lcColumn
	resourceHash  proto.ColUInt64
	scopeHash     proto.ColUInt64
	category      *lcColumn
	peerName      *lcColumn
	errorType     *lcColumn
	errorMessage  textColumn
	statementHash proto.ColUInt64
	marks         proto.ColUInt8

	promoted [len(promoted)]promotedData
	attrs    *attrColumns

	droppedAttributes, droppedEvents, droppedLinks proto.ColUInt32

	eventTime    *arrayColumn[*timeColumn]
	eventName    *arrayColumn[*lcColumn]
	eventAttrs   *arrayColumn[*taggedMap]
	eventDropped *arrayColumn[*proto.ColUInt32]

	linkTraceID *arrayColumn[*proto.ColFixedStr16]
	linkSpanID  *arrayColumn[*proto.ColUInt64]
	linkState   *arrayColumn[*textColumn]
	linkFlags   *arrayColumn[*proto.ColUInt32]
	linkAttrs   *arrayColumn[*taggedMap]
	linkDropped *arrayColumn[*proto.ColUInt32]

	named []namedColumn
}

func newSpanColumns() *spanColumns {
	events, links := new(proto.ColUInt64), new(proto.ColUInt64) // offsets
	c := &spanColumns{
		name: newLC(), service: newLC(), category: newLC(), peerName: newLC(), errorType: newLC(),
		attrs:        newAttrColumns(),
		eventTime:    newArray(events, new(timeColumn)),
		eventName:    newArray(events, newLC()),
		eventAttrs:   newArray(events, newMap(new(textColumn))),
		eventDropped: newArray(events, new(proto.ColUInt32)),
		linkTraceID:  newArray(links, new(proto.ColFixedStr16)),
		linkSpanID:   newArray(links, new(proto.ColUInt64)),
		linkState:    newArray(links, new(textColumn)),
		linkFlags:    newArray(links, new(proto.ColUInt32)),
		linkAttrs:    newArray(links, newMap(new(textColumn))),
		linkDropped:  newArray(links, new(proto.ColUInt32)),
	}
	c.named = []namedColumn{
		{"trace_id", &c.traceID}, {"span_id", &c.spanID}, {"parent_span_id", &c.parentSpanID},
		{"trace_state", &c.traceState}, {"flags", &c.flags}, {"name", c.name}, {"kind", &c.kind},
		{"start_time", &c.start}, {"duration_ns", &c.durationNS},
		{"status_code", &c.statusCode}, {"status_message", &c.statusMessage}, {"service_name", c.service},
		{"resource_hash", &c.resourceHash}, {"scope_hash", &c.scopeHash},
		{"category", c.category}, {"peer_name", c.peerName}, {"error_type", c.errorType}, {"error_message", &c.errorMessage},
		{"statement_hash", &c.statementHash}, {"marks", &c.marks},
	}
	for i, p := range promoted {
		c.promoted[i] = newPromotedData(p.kind)
		c.named = append(c.named, namedColumn{p.name, c.promoted[i].column()})
	}
	c.named = append(c.named, c.attrs.columns()...)
	c.named = append(c.named,
		namedColumn{"dropped_attributes", &c.droppedAttributes}, namedColumn{"dropped_events", &c.droppedEvents},
		namedColumn{"dropped_links", &c.droppedLinks},
		namedColumn{"events.time", c.eventTime}, namedColumn{"events.name", c.eventName},
		namedColumn{"events.attributes", c.eventAttrs}, namedColumn{"events.dropped_attributes", c.eventDropped},
		namedColumn{"links.trace_id", c.linkTraceID}, namedColumn{"links.span_id", c.linkSpanID},
		namedColumn{"links.trace_state", c.linkState}, namedColumn{"links.flags", c.linkFlags},
		namedColumn{"links.attributes", c.linkAttrs}, namedColumn{"links.dropped_attributes", c.linkDropped},
	)
	return c
}

func (c *spanColumns) reset() {
	for _, col := range c.named {
		col.data.Reset()
	}
	c.attrs.reset()
}

// row is span i without its resource and scope, whose hashes are in resourceHash and scopeHash.
func (c *spanColumns) row(i int) Span {
	s := Span{
		TraceID:           c.traceID[i],
		SpanID:            SpanIDFromUint64(c.spanID[i]),
		ParentSpanID:      SpanIDFromUint64(c.parentSpanID[i]),
		TraceState:        c.traceState.Row(i),
		Flags:             c.flags[i],
		Name:              c.name.Row(i),
		Kind:              Kind(c.kind[i]),
		StartNS:           c.start.ColInt64[i],
		DurationNS:        c.durationNS[i],
		StatusCode:        StatusCode(c.statusCode[i]),
		StatusMessage:     c.statusMessage.Row(i),
		DroppedAttributes: c.droppedAttributes[i],
		DroppedEvents:     c.droppedEvents[i],
		DroppedLinks:      c.droppedLinks[i],
		Service:           c.service.Row(i),
		Category:          c.category.Row(i),
		PeerName:          c.peerName.Row(i),
		ErrorType:         c.errorType.Row(i),
		ErrorMessage:      c.errorMessage.Row(i),
		StatementHash:     c.statementHash[i],
		Marks:             c.marks[i],
	}
	for j := range promoted {
		if v, ok := c.promoted[j].row(i); ok {
			s.Attributes = append(s.Attributes, Attribute{promoted[j].key, v})
		}
	}
	s.Attributes = c.attrs.row(i, s.Attributes)
	sortByKey(s.Attributes)
	s.Events, s.Links = c.events(i), c.links(i)
	return s
}

func (c *spanColumns) events(i int) []Event {
	from, to := c.eventTime.span(i)
	if from == to {
		return nil
	}
	events := make([]Event, 0, to-from)
	for j := from; j < to; j++ {
		events = append(events, Event{
			TimeNS:            c.eventTime.elems.ColInt64[j],
			Name:              c.eventName.elems.Row(j),
			Attributes:        taggedRow(c.eventAttrs.elems, j),
			DroppedAttributes: (*c.eventDropped.elems)[j],
		})
	}
	return events
}

func (c *spanColumns) links(i int) []Link {
	from, to := c.linkTraceID.span(i)
	if from == to {
		return nil
	}
	links := make([]Link, 0, to-from)
	for j := from; j < to; j++ {
		links = append(links, Link{
			TraceID:           (*c.linkTraceID.elems)[j],
			SpanID:            SpanIDFromUint64((*c.linkSpanID.elems)[j]),
			TraceState:        c.linkState.elems.Row(j),
			Flags:             (*c.linkFlags.elems)[j],
			Attributes:        taggedRow(c.linkAttrs.elems, j),
			DroppedAttributes: (*c.linkDropped.elems)[j],
		})
	}
	return links
}
