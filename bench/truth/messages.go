package truth

import (
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/semconv"
)

// publish sends a message; who consumes it, and where, is decided here too.
func (m *maker) publish(s *Span, a, b int64, critical bool) {
	t := topics[m.rand.IntN(len(topics))]
	p := m.producer(s, t.name, t.system, a, b)
	edge := m.edge(Publish, s.Service, t.name, t.system, p)
	p.Failed = m.chance(failShare)
	fail(edge, p.Failed)
	m.own(p, a, b, critical)
	switch n := m.rand.IntN(100); {
	case n < 10: // nobody consumes it
	case n < 50:
		m.local = append(m.local, message{p, t})
	default:
		m.waiting = append(m.waiting, message{p, t})
	}
}

func (m *maker) producer(s *Span, destination, system string, a, b int64) *Span {
	p := m.span(s.Service, destination+" send", ptrace.SpanKindProducer, s, a, b)
	p.Attributes["messaging.system"], p.Attributes["messaging.destination.name"] = system, destination
	p.Attributes["messaging.operation.type"] = "send"
	return p
}

// ageNS is how long a message waits.
func (m *maker) ageNS() int64 { return 1_000_000 + int64(m.rand.ExpFloat64()*800e6) }

// consumeHere consumes what the trace published in the trace itself: the consumer's parent is the producer. It may begin before the root
// has ended; nobody waits for it, so it is on no critical path.
func (m *maker) consumeHere() {
	const most = 8 // what is published beyond that, also by these consumers, is not consumed
	for i := 0; i < len(m.local) && i < most; i++ {
		msg := m.local[i]
		start := msg.producer.EndNS + m.ageNS()
		if m.chance(0.5) {
			start = msg.producer.EndNS + m.between(0, 2_000_000)
		}
		end := start + 2_000_000 + int64(m.rand.ExpFloat64()*20e6)
		if m.chance(0.15) { // pushed to an HTTP endpoint: no consumer span, still asynchronous
			s := m.span(msg.topic.consumers[0], "POST /push", ptrace.SpanKindServer, msg.producer, start, end)
			e := m.async(msg.producer, s, msg.topic)
			m.serve(s, e)
			m.fill(s, start, end, 2, false)
			continue
		}
		if m.chance(0.1) { // the broker hands it on before it answers the producer
			start = m.between(msg.producer.StartNS, msg.producer.EndNS)
		}
		for _, service := range msg.topic.consumers {
			c := m.consumer(service, msg.topic, msg.producer, start, end)
			if m.chance(0.3) { // the link says what the parent says already
				c.Links = append(c.Links, msg.producer.ref())
			}
			m.consume(c, msg.topic, true, m.async(msg.producer, c, msg.topic))
		}
	}
}

// consumeElsewhere begins a trace with a consumer of messages of other traces, which it points at by links.
func (m *maker) consumeElsewhere(at, lastsNS int64) {
	first := m.waiting[0]
	batch := m.waiting[:1]
	for len(batch) < min(len(m.waiting), 1+m.rand.IntN(4)) {
		next := m.waiting[len(batch)]
		if next.topic.name != first.topic.name || next.producer.EndNS >= at {
			break
		}
		batch = m.waiting[:len(batch)+1]
	}
	m.waiting = m.waiting[len(batch):]
	if m.chance(0.1) { // two clocks that disagree: the message seems to arrive before it was sent
		at = first.producer.EndNS - 5_000_000
	}
	consumers := first.topic.consumers
	if m.chance(0.1) { // its queue's client knows no conventions: a plain span that points at the message
		s := m.span(consumers[0], "handle", ptrace.SpanKindInternal, nil, at, at+lastsNS)
		var edges []*Edge
		for _, msg := range batch {
			s.Links = append(s.Links, msg.producer.ref())
			edges = append(edges, m.async(msg.producer, s, first.topic))
		}
		m.serve(s, edges...)
		m.fillRoot(s)
		return
	}
	for i, service := range consumers {
		if i > 0 { // each consumer group has a trace of its own
			m.consumeHere()
			m.set.Traces = append(m.set.Traces, m.trace)
			m.trace, m.local = &Trace{ID: m.traceID()}, nil
		}
		named := m.chance(0.9)
		c := m.consumer(service, first.topic, nil, at, at+lastsNS)
		if !named { // what it consumes is known from the producer only
			delete(c.Attributes, "messaging.destination.name")
		}
		var edges []*Edge
		for _, msg := range batch {
			c.Links = append(c.Links, msg.producer.ref())
			edges = append(edges, m.async(msg.producer, c, first.topic))
		}
		if m.chance(0.1) {
			c.Links = append(c.Links, Ref{m.traceID(), m.spanID()}, batch[0].producer.ref()) // to nowhere, and again
		}
		m.consume(c, first.topic, named, edges...)
	}
}

func (m *maker) consumer(service string, t topic, parent *Span, startNS, endNS int64) *Span {
	c := m.span(service, t.name+" process", ptrace.SpanKindConsumer, parent, startNS, endNS)
	c.Attributes["messaging.system"], c.Attributes["messaging.destination.name"] = t.system, t.name
	c.Attributes["messaging.operation.type"] = "process"
	return c
}

// async is the hop from a producer to what its message set off.
func (m *maker) async(producer, s *Span, t topic) *Edge {
	e := m.edge(Async, producer.Service, s.Service, t.name, s)
	e.QueueAgesNS = append(e.QueueAgesNS, max(0, s.StartNS-producer.EndNS))
	return e
}

// consume lets a consumer work. A message that fails may be given up.
func (m *maker) consume(c *Span, t topic, named bool, edges ...*Edge) {
	if named {
		edges = append(edges, m.edge(Consume, t.name, c.Service, t.system, c))
	}
	m.serve(c, edges...)
	if m.chance(retryShare) {
		m.again(c, edges...)
	}
	from, to := c.StartNS, c.EndNS
	critical := c == m.trace.Spans[0]
	if c.Failed && m.chance(0.5) {
		mid := to - (to-from)/4
		m.fill(c, from, mid, 2, critical)
		p := m.producer(c, deadLetters, t.system, mid, to)
		p.Attributes[semconv.DestinationCondition] = semconv.ConditionDeadLetter
		m.edge(Publish, c.Service, deadLetters, t.system, p).DeadLetters++
		m.own(p, mid, to, critical)
		return
	}
	m.fill(c, from, to, 2, critical)
}
