package storeexporter

import (
	"go.opentelemetry.io/collector/pdata/ptrace"

	"weft/processor/topologyprocessor"
	"weft/semconv"
	"weft/store"
)

// spanState is what is known of a span while it is read.
type spanState struct {
	*store.Span
	startNS, endNS       uint64
	attrs, events, links int // where the span's begin
	kind                 ptrace.SpanKind
	status               ptrace.StatusCode
}

// span reads a Span.
func (w *wireReader) span(s string) bool {
	w.spans = append(w.spans, store.Span{Resource: w.resource, Scope: w.scope, Service: w.service})
	d := spanState{Span: &w.spans[len(w.spans)-1], attrs: len(w.attrs), events: len(w.events), links: len(w.links)}
	w.enrich.Begin()
	for s != "" {
		tag, number, body, rest, ok := nextField(s)
		if !ok || !w.spanField(&d, tag, number, body) {
			return false
		}
		s = rest
	}
	if !w.endAttributes(&d) || !w.frame(&d) {
		return false
	}
	w.derive(&d)
	return true
}

// spanField takes in one field of a Span. Source: opentelemetry-proto trace/v1.
func (w *wireReader) spanField(d *spanState, tag, number uint64, body string) bool {
	switch tag {
	case 1<<3 | wireBytes:
		return setID(d.TraceID[:], body)
	case 2<<3 | wireBytes:
		return setID(d.SpanID[:], body)
	case 3<<3 | wireBytes:
		d.TraceState = body
	case 4<<3 | wireBytes:
		if body == "" {
			d.ParentSpanID = store.SpanID{}
			return true
		}
		return setID(d.ParentSpanID[:], body)
	case 5<<3 | wireBytes:
		d.Name = body
	case 6<<3 | wireVarint:
		d.kind = ptrace.SpanKind(number)
	case 7<<3 | wireFixed64:
		d.startNS = number
	case 8<<3 | wireFixed64:
		d.endNS = number
	case 9<<3 | wireBytes:
		return w.spanAttribute(body)
	case 10<<3 | wireVarint:
		d.DroppedAttributes = uint32(number)
	case 11<<3 | wireBytes:
		return w.event(body)
	case 12<<3 | wireVarint:
		d.DroppedEvents = uint32(number)
	case 13<<3 | wireBytes:
		return w.link(body)
	case 14<<3 | wireVarint:
		d.DroppedLinks = uint32(number)
	case 15<<3 | wireBytes:
		return w.readStatus(d, body)
	case 16<<3 | wireFixed32:
		d.Flags = uint32(number)
	default:
		return !known(tag, 16)
	}
	return true
}

// setID reports whether body is an id of id's length.
func setID(id []byte, body string) bool { return len(body) == len(id) && copy(id, body) == len(id) }

func (w *wireReader) spanAttribute(s string) bool {
	a, ok := w.attribute(s)
	if !ok || !w.enrich.Attribute(a.Key, ofAttribute(a.Value)) {
		return false
	}
	if a.Value.Type() != store.TypeString && (a.Key == topologyprocessor.DBSystem || a.Key == topologyprocessor.MessagingSystem) {
		return false
	}
	w.attrs = append(w.attrs, a)
	return true
}

// endAttributes cuts the span's attributes off, and adds the statement's fingerprint.
func (w *wireReader) endAttributes(d *spanState) bool {
	n := len(w.attrs) - d.attrs
	fingerprint, hash := w.enrich.Statement()
	if d.StatementHash = hash; fingerprint != "" {
		w.attrs = append(w.attrs, store.Attribute{Key: semconv.StatementText, Value: store.StringValue(fingerprint)})
	}
	d.Attributes = w.attrs[d.attrs:len(w.attrs):len(w.attrs)]
	return w.enrich.Attributes(n)
}

// readStatus reads a Status: message 2, code 3.
func (w *wireReader) readStatus(d *spanState, s string) bool {
	for s != "" {
		tag, number, body, rest, ok := nextField(s)
		if !ok {
			return false
		}
		s = rest
		switch tag {
		case 2<<3 | wireBytes:
			d.StatusMessage = body
		case 3<<3 | wireVarint:
			d.status = ptrace.StatusCode(number)
		default:
			if known(tag, 3) {
				return false
			}
		}
	}
	return true
}

// event reads a Span.Event: time 1, name 2, attributes 3, dropped_attributes_count 4.
func (w *wireReader) event(s string) (ok bool) {
	var timeNS uint64
	w.events = append(w.events, store.Event{})
	e := &w.events[len(w.events)-1]
	from := len(w.others)
	for s != "" {
		tag, number, body, rest, ok := nextField(s)
		if !ok {
			return false
		}
		s = rest
		switch tag {
		case 1<<3 | wireFixed64:
			timeNS = number
		case 2<<3 | wireBytes:
			e.Name = body
		case 3<<3 | wireBytes:
			if !w.aside(body) {
				return false
			}
		case 4<<3 | wireVarint:
			e.DroppedAttributes = uint32(number)
		default:
			if known(tag, 4) {
				return false
			}
		}
	}
	e.TimeNS = int64(timeNS)
	e.Attributes, ok = w.distinct(from)
	return ok && w.enrich.Time(timeNS) && w.enrich.Name(e.Name)
}

// link reads a Span.Link: trace_id 1, span_id 2, trace_state 3, attributes 4, dropped_attributes_count 5, flags 6.
func (w *wireReader) link(s string) (ok bool) {
	w.links = append(w.links, store.Link{})
	l := &w.links[len(w.links)-1]
	from := len(w.others)
	for s != "" {
		tag, number, body, rest, ok := nextField(s)
		if !ok {
			return false
		}
		s = rest
		switch tag {
		case 1<<3 | wireBytes:
			ok = setID(l.TraceID[:], body)
		case 2<<3 | wireBytes:
			ok = setID(l.SpanID[:], body)
		case 3<<3 | wireBytes:
			l.TraceState = body
		case 4<<3 | wireBytes:
			ok = w.aside(body)
		case 5<<3 | wireVarint:
			l.DroppedAttributes = uint32(number)
		case 6<<3 | wireFixed32:
			l.Flags = uint32(number)
		default:
			ok = !known(tag, 6)
		}
		if !ok {
			return false
		}
	}
	l.Attributes, ok = w.distinct(from)
	return ok && !l.TraceID.IsZero() && !l.SpanID.IsZero() && w.enrich.Name(l.TraceState)
}

// frame checks everything about a span but its attributes, events and links, and cuts those off.
func (w *wireReader) frame(d *spanState) bool {
	d.Events = w.events[d.events:len(w.events):len(w.events)]
	d.Links = w.links[d.links:len(w.links):len(w.links)]
	d.Kind, d.StartNS, d.DurationNS = store.Kind(d.kind), int64(d.startNS), int64(d.endNS-d.startNS)
	return !d.TraceID.IsZero() && !d.SpanID.IsZero() && d.ParentSpanID != d.SpanID &&
		d.kind >= ptrace.SpanKindUnspecified && d.kind <= ptrace.SpanKindConsumer &&
		d.status >= ptrace.StatusCodeUnset && d.status <= ptrace.StatusCodeError &&
		w.enrich.Time(d.startNS) && w.enrich.Time(d.endNS) && d.endNS >= d.startNS &&
		w.enrich.Name(d.Name) && w.enrich.Name(d.TraceState) && w.enrich.Text(d.StatusMessage) &&
		w.enrich.Events(len(d.Events)) && w.enrich.Links(len(d.Links))
}

// derive sets what the enrich processor derives, but for the statement.
func (w *wireReader) derive(d *spanState) {
	derived := w.enrich.Span(d.kind, d.status, d.StatusMessage)
	if derived.Status == ptrace.StatusCodeError {
		for i := range d.Events {
			e := &d.Events[i]
			w.enrich.Begin()
			for k := range e.Attributes {
				w.enrich.Attribute(e.Attributes[k].Key, ofAttribute(e.Attributes[k].Value))
			}
			w.enrich.Event(&derived, e.Name)
		}
		w.enrich.Failed(&derived)
	}
	d.Category, d.PeerName, d.Marks = derived.Category, derived.Peer, derived.Marks
	d.StatusCode, d.ErrorType, d.ErrorMessage = store.StatusCode(derived.Status), derived.ErrorType, derived.ErrorMessage
}
