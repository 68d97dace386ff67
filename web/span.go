package web

import (
	"fmt"
	"net/http"

	"weft/store"
)

type attribute struct {
	Key   string `json:"key"`
	Type  string `json:"type"`
	Value string `json:"value"`
	// WholeBytes is the value's length when it was cut.
	WholeBytes int `json:"wholeBytes,omitempty"`
}

type resource struct {
	Hash              string      `json:"hash"`
	SchemaURL         string      `json:"schemaUrl"`
	Attributes        []attribute `json:"attributes"`
	DroppedAttributes uint32      `json:"droppedAttributes"`
}

type scope struct {
	Name              string      `json:"name"`
	Version           string      `json:"version"`
	SchemaURL         string      `json:"schemaUrl"`
	Attributes        []attribute `json:"attributes"`
	DroppedAttributes uint32      `json:"droppedAttributes"`
}

type spanEvent struct {
	TimeNS            instantNS   `json:"timeNs"`
	Name              string      `json:"name"`
	Attributes        []attribute `json:"attributes"`
	DroppedAttributes uint32      `json:"droppedAttributes"`
}

type spanLink struct {
	TraceID           string      `json:"traceId"`
	SpanID            string      `json:"spanId"`
	TraceState        string      `json:"traceState"`
	Flags             uint32      `json:"flags"`
	Attributes        []attribute `json:"attributes"`
	DroppedAttributes uint32      `json:"droppedAttributes"`
}

type linkedBy struct {
	TraceID string    `json:"traceId"`
	SpanID  string    `json:"spanId"`
	StartNS instantNS `json:"startNs"`
	Service string    `json:"service"`
	Name    string    `json:"name"`
}

type spanError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

type spanDetail struct {
	TraceID           string      `json:"traceId"`
	SpanID            string      `json:"spanId"`
	ParentSpanID      string      `json:"parentSpanId,omitempty"`
	TraceState        string      `json:"traceState"`
	Flags             uint32      `json:"flags"`
	Name              string      `json:"name"`
	Kind              string      `json:"kind"`
	StartNS           instantNS   `json:"startNs"`
	DurationNS        int64       `json:"durationNs"`
	Status            string      `json:"status"`
	StatusMessage     string      `json:"statusMessage"`
	Service           string      `json:"service"`
	Category          string      `json:"category"`
	Peer              string      `json:"peer"`
	Error             *spanError  `json:"error,omitempty"`
	StatementHash     string      `json:"statementHash,omitempty"`
	Attributes        []attribute `json:"attributes"`
	DroppedAttributes uint32      `json:"droppedAttributes"`
	Resource          resource    `json:"resource"`
	Scope             scope       `json:"scope"`
	Events            []spanEvent `json:"events"`
	DroppedEvents     uint32      `json:"droppedEvents"`
	Links             []spanLink  `json:"links"`
	DroppedLinks      uint32      `json:"droppedLinks"`
	LinkedFrom        []linkedBy  `json:"linkedFrom"`
	Logs              []logRecord `json:"logs"`
}

func (s *Server) getSpan(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	trace, span, cut := p.traceID(), p.spanID(), p.number("cut", 0, maxCut, 0)
	if err := p.err(); err != nil {
		return err
	}
	d, err := s.spanDetail(r.Context(), trace, span)
	if err != nil {
		return err
	}
	out := newSpanDetail(d)
	if cut > 0 {
		out.cutValues(cut)
	}
	return writeJSON(w, out)
}

func newSpanDetail(d *store.SpanDetail) spanDetail {
	sp := &d.Span
	out := spanDetail{
		TraceID: sp.TraceID.String(), SpanID: sp.SpanID.String(), TraceState: sp.TraceState, Flags: sp.Flags,
		Name: sp.Name, Kind: kindName(sp.Kind), StartNS: instantNS(sp.StartNS), DurationNS: sp.DurationNS,
		Status: statusName(sp.StatusCode), StatusMessage: sp.StatusMessage,
		Service: sp.Service, Category: sp.Category, Peer: sp.PeerName,
		Attributes: newAttributes(sp.Attributes), DroppedAttributes: sp.DroppedAttributes,
		Resource: newResource(sp.Resource), Scope: newScope(sp.Scope),
		Events: make([]spanEvent, len(sp.Events)), DroppedEvents: sp.DroppedEvents,
		Links: make([]spanLink, len(sp.Links)), DroppedLinks: sp.DroppedLinks,
		LinkedFrom: make([]linkedBy, len(d.LinkedFrom)), Logs: newLogs(d.Logs),
	}
	if !sp.ParentSpanID.IsZero() {
		out.ParentSpanID = sp.ParentSpanID.String()
	}
	if sp.StatusCode == store.StatusError {
		out.Error = &spanError{Type: sp.ErrorType, Message: sp.ErrorMessage}
	}
	if sp.StatementHash != 0 {
		out.StatementHash = hash16(sp.StatementHash)
	}
	for i, e := range sp.Events {
		out.Events[i] = spanEvent{TimeNS: instantNS(e.TimeNS), Name: e.Name, Attributes: newAttributes(e.Attributes),
			DroppedAttributes: e.DroppedAttributes}
	}
	for i, l := range sp.Links {
		out.Links[i] = spanLink{TraceID: l.TraceID.String(), SpanID: l.SpanID.String(), TraceState: l.TraceState, Flags: l.Flags,
			Attributes: newAttributes(l.Attributes), DroppedAttributes: l.DroppedAttributes}
	}
	for i, l := range d.LinkedFrom {
		out.LinkedFrom[i] = linkedBy{TraceID: l.TraceID.String(), SpanID: l.SpanID.String(), StartNS: instantNS(l.StartNS),
			Service: l.Service, Name: l.Name}
	}
	return out
}

func newAttributes(list store.Attributes) []attribute {
	out := make([]attribute, len(list))
	for i, a := range list {
		typ, text := valueText(a.Value)
		out[i] = attribute{Key: a.Key, Type: typ, Value: text}
	}
	return out
}

func newResource(r *store.Resource) resource {
	if r == nil {
		r = &store.Resource{}
	}
	return resource{Hash: hash16(r.Hash), SchemaURL: r.SchemaURL, Attributes: newAttributes(r.Attributes),
		DroppedAttributes: r.DroppedAttributes}
}

func newScope(sc *store.Scope) scope {
	if sc == nil {
		sc = &store.Scope{}
	}
	return scope{Name: sc.Name, Version: sc.Version, SchemaURL: sc.SchemaURL, Attributes: newAttributes(sc.Attributes),
		DroppedAttributes: sc.DroppedAttributes}
}

func hash16(h uint64) string { return fmt.Sprintf("%016x", h) }
