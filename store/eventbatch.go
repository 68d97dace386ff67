package store

import "weft/semconv"

// eventBatch holds those records of a LogBatch that have tables of their own.
type eventBatch struct {
	invocations *invocationColumns
	instances   *instanceColumns
	profiles    *profileColumns
	spanStarts  *spanStartColumns
	minutes     functionMinutes

	// The record that is being read, and where its attributes go.
	invocation                                       Invocation
	instance                                         InstanceStep
	profile                                          FunctionEvent
	start                                            SpanStart
	ofInvocation, ofInstance, ofProfile, ofSpanStart map[string]taker
}

func newEventBatch() *eventBatch {
	b := &eventBatch{
		invocations: newInvocationColumns(), instances: newInstanceColumns(), profiles: newProfileColumns(), spanStarts: newSpanStartColumns(),
		minutes: newFunctionMinutes(),
	}
	b.ofInvocation, b.ofInstance, b.ofProfile, b.ofSpanStart = b.invocation.fields(), b.instance.fields(), b.profile.fields(), b.start.fields()
	return b
}

// tableBlock is one insert of several that a batch makes.
type tableBlock struct {
	table, token string
	columns      []namedColumn
}

// tables are the columns of all tables but the one of sums.
func (b *eventBatch) tables() []tableBlock {
	return []tableBlock{
		{"invocations", "", b.invocations.named}, {"instances", "", b.instances.named},
		{"profiles", "", b.profiles.named}, {"span_starts", "", b.spanStarts.named},
	}
}

// blocks are the inserts of the tables that get rows, each with a token that follows from the batch's; what sums up the invocations goes last.
func (b *eventBatch) blocks(token string, guard *nameGuard) []tableBlock {
	var blocks []tableBlock
	for _, t := range b.tables() {
		if t.columns[0].data.Rows() > 0 {
			blocks = append(blocks, tableBlock{t.table, subToken(token, t.table), t.columns})
		}
	}
	if len(b.invocations.spanID) > 0 {
		blocks = append(blocks, tableBlock{"function_minutes", subToken(token, "functions"), b.minutes.rows(b.invocations, guard)})
	}
	return blocks
}

func (b *eventBatch) rows() int {
	return len(b.invocations.spanID) + len(b.instances.spanID) + len(b.profiles.spanID) + len(b.spanStarts.spanID)
}

func (b *eventBatch) reset() {
	for _, t := range b.tables() {
		resetColumns(t.columns)
	}
	for _, c := range []*eventColumns{&b.invocations.eventColumns, &b.instances.eventColumns, &b.profiles.eventColumns, &b.spanStarts.eventColumns} {
		c.attrs.reset()
	}
}

// eventBytes is what a record without any text occupies, in any of the tables.
const eventBytes = 250

// hasTable reports whether the record is one of those. A profile without data is none: it is worth no more than any log record.
func (l *Log) hasTable() bool {
	switch l.EventName {
	case semconv.EventInvocation, semconv.EventInstance, semconv.EventSpanStart:
		return true
	case semconv.EventProfile:
		return len(l.Data) > 0
	}
	return false
}

// append copies a record that has a table, and returns about how much memory it takes.
func (b *eventBatch) append(l *Log, resource, scope uint64) int {
	switch l.EventName {
	case semconv.EventInvocation:
		b.invocation = Invocation{FunctionEvent: FunctionEvent{Attributes: b.invocation.Attributes}}
		b.invocation.read(l, b.ofInvocation)
		b.invocations.append(&b.invocation, resource, scope)
	case semconv.EventInstance:
		b.instance = InstanceStep{FunctionEvent: FunctionEvent{Attributes: b.instance.Attributes}}
		b.instance.read(l, b.ofInstance)
		b.instances.append(&b.instance, resource, scope)
	case semconv.EventProfile:
		b.profile.read(l, b.ofProfile)
		b.profiles.eventColumns.append(&b.profile, resource, scope)
		b.profiles.data.AppendBytes(l.Data)
	case semconv.EventSpanStart:
		b.start = SpanStart{FunctionEvent: FunctionEvent{Attributes: b.start.Attributes}}
		b.start.read(l, b.ofSpanStart)
		b.spanStarts.eventColumns.append(&b.start.FunctionEvent, resource, scope)
		b.spanStarts.parent = append(b.spanStarts.parent, b.start.ParentSpanID.Uint64())
		b.spanStarts.name.Append(valueText(l.Body))
	}
	return eventBytes + len(l.Data) + len(l.Body.str) + attributeBytes(l.Attributes)
}
