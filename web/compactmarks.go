package web

import (
	"context"
	"slices"

	"weft/semconv"
	"weft/store"
)

// compactVersion numbers the encoding of a compact trace. It rises when a reader of the one before would misread it.
const compactVersion = 2

const (
	// maxCompactEvents bounds the events of a compact trace, which would otherwise outweigh the rest; exceptions come first.
	maxCompactEvents = 10_000
	// maxCompactLinks bounds its links of either direction.
	maxCompactLinks = 1000
)

// compactEvents are the times of events, by row and then by time.
type compactEvents struct {
	Row       []int32  `json:"row"`
	Offset    []int64  `json:"offset"` // nanoseconds after its span's start
	Name      []int32  `json:"name"`
	Names     []string `json:"names"`
	Truncated int      `json:"truncated"`
}

// compactLink ties a row to a span of another trace.
type compactLink struct {
	Row     int32  `json:"row"`
	From    bool   `json:"from"` // the other span names this one
	TraceID string `json:"traceId"`
	SpanID  string `json:"spanId"`
	Type    string `json:"type,omitempty"`
	Service string `json:"service,omitempty"`
	Name    string `json:"name,omitempty"`
}

const eventException = "exception"

// newCompactEvents are the events of spans, whose rows are given by order; only the exceptions when there are too many.
func newCompactEvents(spans []store.Span, order []int32) compactEvents {
	all, exceptions := 0, 0
	for i := range spans {
		all += len(spans[i].Events)
		for j := range spans[i].Events {
			if spans[i].Events[j].Name == eventException {
				exceptions++
			}
		}
	}
	kept := all
	if all > maxCompactEvents {
		kept = min(exceptions, maxCompactEvents)
	}
	names := newDictionary[string]()
	out := compactEvents{Row: make([]int32, 0, kept), Offset: make([]int64, 0, kept), Name: make([]int32, 0, kept)}
	for row, i := range order {
		sp := &spans[i]
		first := len(out.Row)
		for _, e := range sp.Events {
			if len(out.Row) == kept {
				break
			}
			if all > maxCompactEvents && e.Name != eventException {
				continue
			}
			out.Row = append(out.Row, int32(row))
			out.Offset = append(out.Offset, e.TimeNS-sp.StartNS)
			out.Name = append(out.Name, names.add(e.Name))
		}
		sortEvents(out.Offset[first:], out.Name[first:])
	}
	out.Names, out.Truncated = names.values, all-len(out.Row)
	return out
}

// sortEvents puts the events of one span in order of time; they mostly are.
func sortEvents(offset []int64, name []int32) {
	if slices.IsSorted(offset) {
		return
	}
	type event struct {
		offset int64
		name   int32
	}
	events := make([]event, len(offset))
	for i := range events {
		events[i] = event{offset[i], name[i]}
	}
	slices.SortStableFunc(events, func(a, b event) int { return int(max(-1, min(1, a.offset-b.offset))) })
	for i, e := range events {
		offset[i], name[i] = e.offset, e.name
	}
}

// newCompactLinks are the links from the rows of a trace to spans of other traces, those aside by which an invocation names the start of its
// instance: every one has that.
func newCompactLinks(id store.TraceID, spans []store.Span, order []int32) (links []compactLink, truncated int) {
	links = []compactLink{}
	for row, i := range order {
		for _, l := range spans[i].Links {
			link := compactLink{Row: int32(row), TraceID: l.TraceID.String(), SpanID: l.SpanID.String()}
			if v, ok := l.Attributes.Get(semconv.LinkType); ok {
				_, link.Type = valueText(v)
			}
			switch {
			case l.TraceID == id, link.Type == semconv.LinkInstance:
			case len(links) == maxCompactLinks:
				truncated++
			default:
				links = append(links, link)
			}
		}
	}
	return links, truncated
}

// addLinkedFrom adds the links of other traces to spans of this one; what names a span that is not stored is left out.
func (c *compactTrace) addLinkedFrom(links []store.LinkedBy, more bool) {
	if more {
		c.LinksTruncated++
	}
	if len(links) == 0 {
		return
	}
	rows := make(map[string]int32, len(c.Spans.ID))
	for row, id := range slices.Backward(c.Spans.ID) { // of a span that was sent twice, the first
		rows[id] = int32(row)
	}
	for _, l := range links {
		row, ok := rows[l.Linked.String()]
		if !ok || l.TraceID.String() == c.TraceID {
			continue
		}
		c.Links = append(c.Links, compactLink{Row: row, From: true, TraceID: l.TraceID.String(), SpanID: l.SpanID.String(), Service: l.Service, Name: l.Name})
	}
}

// compact is a trace as columns, with the links to it.
func (s *Server) compact(ctx context.Context, id store.TraceID) (*compactTrace, error) {
	var linked []store.LinkedBy
	var linkedErr error
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		linked, linkedErr = s.store.TraceLinkedFrom(ctx, id, maxCompactLinks+1)
	}()
	t, err := s.trace(ctx, id)
	<-asked
	if err != nil {
		return nil, err
	}
	if linkedErr != nil {
		return nil, linkedErr
	}
	if len(t.Spans) == 0 {
		return nil, notFound("trace %s is not stored", id)
	}
	c := newCompactTrace(t)
	c.addLinkedFrom(linked[:min(len(linked), maxCompactLinks)], len(linked) > maxCompactLinks)
	return &c, nil
}
