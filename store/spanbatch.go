package store

// SpanBatch holds spans as columns, ready to be inserted. One goroutine at a time may use it, and none while it is being
// inserted: the engine can be taken down by a block that changes while it is encoded.
type SpanBatch struct {
	cols    *spanColumns
	origins *originBatch // resources and scopes
	traces  *summaryBatch
	sampled []*attrKey // keys met since Reset
	rollup  *rollup
	bytes   int
}

// NewSpanBatch returns an empty batch. Batches are made to be reused: Reset keeps the memory.
func NewSpanBatch() *SpanBatch {
	return &SpanBatch{cols: newSpanColumns(), origins: newOriginBatch(), traces: newSummaryBatch(), rollup: newRollup()}
}

// Rows is the number of spans in the batch.
func (b *SpanBatch) Rows() int { return len(b.cols.spanID) }

// Bytes is the approximate memory the rows hold.
func (b *SpanBatch) Bytes() int { return b.bytes }

// Reset empties the batch and keeps its memory.
func (b *SpanBatch) Reset() {
	b.cols.reset()
	b.origins.reset()
	b.traces.reset()
	b.sampled = b.sampled[:0]
	b.bytes = 0
}

// spanFixedBytes is what a span without any text occupies in the columns.
const spanFixedBytes = 220

// Append copies the span into the batch; the caller keeps ownership of everything it points at. Of attributes with the same key
// the first counts.
func (b *SpanBatch) Append(s *Span) {
	c := b.cols
	resource, scope := b.origins.add(s.Resource, s.Scope, s.StartNS)
	c.traceID = append(c.traceID, s.TraceID)
	c.spanID = append(c.spanID, s.SpanID.Uint64())
	c.parentSpanID = append(c.parentSpanID, s.ParentSpanID.Uint64())
	c.traceState.Append(s.TraceState)
	c.flags = append(c.flags, s.Flags)
	c.name.Append(s.Name)
	c.kind = append(c.kind, uint8(s.Kind))
	c.start.ColInt64 = append(c.start.ColInt64, s.StartNS)
	c.durationNS = append(c.durationNS, s.DurationNS)
	c.statusCode = append(c.statusCode, uint8(s.StatusCode))
	c.statusMessage.Append(s.StatusMessage)
	c.service.Append(s.Service)
	c.resourceHash = append(c.resourceHash, resource)
	c.scopeHash = append(c.scopeHash, scope)
	c.category.Append(s.Category)
	c.peerName.Append(s.PeerName)
	c.errorType.Append(s.ErrorType)
	c.errorMessage.Append(s.ErrorMessage)
	c.statementHash = append(c.statementHash, s.StatementHash)
	c.marks = append(c.marks, s.Marks)
	b.traces.add(s, c.service.lastKey, c.name.lastKey)
	b.appendAttributes(s.Attributes)
	c.droppedAttributes = append(c.droppedAttributes, s.DroppedAttributes)
	c.droppedEvents = append(c.droppedEvents, s.DroppedEvents)
	c.droppedLinks = append(c.droppedLinks, s.DroppedLinks)
	b.appendEvents(s.Events)
	b.appendLinks(s.Links)
	b.bytes += spanFixedBytes + len(s.TraceState) + len(s.StatusMessage) + len(s.ErrorMessage)
}

func (b *SpanBatch) appendAttributes(attrs Attributes) {
	c := b.cols
	for i := range c.promoted {
		c.promoted[i].open()
	}
	for i := range attrs {
		v := attrs[i].Value
		k := c.attrs.key(attrs[i].Key)
		if !c.attrs.first(k) {
			continue
		}
		if k.seen.begin(c.attrs.round) {
			b.sampled = append(b.sampled, k)
		}
		switch {
		case k.promoted < 0 || !c.promoted[k.promoted].set(v):
			k.seen.note(v)
			c.attrs.add(k, v)
		case c.promoted[k.promoted].kind == promotedLC:
			k.seen.types |= 1 << v.typ // insertSample finds the values in the column's dictionary
		default:
			k.seen.note(v)
		}
		b.bytes += 16 + len(v.str)
	}
	c.attrs.end()
}

func (b *SpanBatch) appendEvents(events []Event) {
	c := b.cols
	for i := range events {
		e := &events[i]
		c.eventTime.elems.ColInt64 = append(c.eventTime.elems.ColInt64, e.TimeNS)
		c.eventName.elems.Append(e.Name)
		addTagged(c.eventAttrs.elems, e.Attributes)
		*c.eventDropped.elems = append(*c.eventDropped.elems, e.DroppedAttributes)
		b.bytes += 32 + attributeBytes(e.Attributes)
	}
	c.eventTime.end()
}

func (b *SpanBatch) appendLinks(links []Link) {
	c := b.cols
	for i := range links {
		l := &links[i]
		*c.linkTraceID.elems = append(*c.linkTraceID.elems, l.TraceID)
		*c.linkSpanID.elems = append(*c.linkSpanID.elems, l.SpanID.Uint64())
		c.linkState.elems.Append(l.TraceState)
		*c.linkFlags.elems = append(*c.linkFlags.elems, l.Flags)
		addTagged(c.linkAttrs.elems, l.Attributes)
		*c.linkDropped.elems = append(*c.linkDropped.elems, l.DroppedAttributes)
		b.bytes += 64 + len(l.TraceState) + attributeBytes(l.Attributes)
	}
	c.linkTraceID.end()
}

func attributeBytes(attrs Attributes) int {
	n := 0
	for i := range attrs {
		n += 16 + len(attrs[i].Value.str)
	}
	return n
}
