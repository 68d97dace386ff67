package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"weft/store"
)

type value struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	// WholeBytes is the value's length when it was cut.
	WholeBytes int `json:"wholeBytes,omitempty"`
}

type logRecord struct {
	TimeNS            instantNS   `json:"timeNs"`
	ObservedNS        instantNS   `json:"observedNs"`
	TraceID           string      `json:"traceId,omitempty"`
	SpanID            string      `json:"spanId,omitempty"`
	SeverityNumber    uint8       `json:"severityNumber"`
	SeverityText      string      `json:"severityText"`
	EventName         string      `json:"eventName"`
	Body              value       `json:"body"`
	Service           string      `json:"service"`
	Attributes        []attribute `json:"attributes"`
	DroppedAttributes uint32      `json:"droppedAttributes"`
	Resource          resource    `json:"resource"`
	Scope             scope       `json:"scope"`
}

func newLogs(list []store.Log) []logRecord {
	out := make([]logRecord, len(list))
	for i, l := range list {
		typ, text := valueText(l.Body)
		out[i] = logRecord{
			TimeNS: instantNS(l.TimeNS), ObservedNS: instantNS(l.ObservedNS),
			SeverityNumber: l.SeverityNumber, SeverityText: l.SeverityText, EventName: l.EventName,
			Body: value{Type: typ, Value: text}, Service: l.Service,
			Attributes: newAttributes(l.Attributes), DroppedAttributes: l.DroppedAttributes,
			Resource: newResource(l.Resource), Scope: newScope(l.Scope),
		}
		if !l.TraceID.IsZero() {
			out[i].TraceID = l.TraceID.String()
		}
		if !l.SpanID.IsZero() {
			out[i].SpanID = l.SpanID.String()
		}
	}
	return out
}

func (s *Server) getTraceLogs(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	id := p.traceID()
	if err := p.err(); err != nil {
		return err
	}
	logs, err := s.store.TraceLogs(r.Context(), id)
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"logs": newLogs(logs)})
}

// severities are the names of OTLP's severity ranges and the lowest number of each.
// Source: opentelemetry-specification logs/data-model.md, "Field: SeverityNumber".
var severities = []struct {
	name string
	low  uint8
}{{"trace", 1}, {"debug", 5}, {"info", 9}, {"warn", 13}, {"error", 17}, {"fatal", 21}}

func parseSeverity(s string) (uint8, error) {
	for _, sev := range severities {
		if strings.EqualFold(s, sev.name) {
			return sev.low, nil
		}
	}
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil || n < 1 || n > 24 {
		return 0, errors.New("no such severity")
	}
	return uint8(n), nil
}

// logFilter reads which records are asked for.
func (p *params) logFilter(now time.Time) store.LogQuery {
	q := store.LogQuery{Range: p.timeRange(now), Service: p.text("service", maxText), Contains: p.text("text", 4096)}
	if sev := p.text("minSeverity", 16); sev != "" {
		var err error
		if q.MinSeverity, err = parseSeverity(sev); err != nil {
			p.fail("minSeverity", sev, "trace, debug, info, warn, error, fatal, or 1 to 24", err)
		}
	}
	if id := p.text("traceId", 64); id != "" {
		var err error
		if q.TraceID, err = store.ParseTraceID(id); err != nil {
			p.fail("traceId", id, "1 to 32 hex digits", err)
		}
	}
	return q
}

func (s *Server) searchLogs(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	q := p.logFilter(s.now())
	q.Limit, q.Cursor = p.number("limit", 1, 1000, 50), p.text("cursor", maxText)
	if err := p.err(); err != nil {
		return err
	}
	page, err := s.store.SearchLogs(r.Context(), q)
	if err != nil {
		return err
	}
	return writeJSON(w, logPage{Logs: newLogs(page.Logs), NextCursor: page.NextCursor})
}

type logPage struct {
	Logs       []logRecord `json:"logs"`
	NextCursor string      `json:"nextCursor,omitempty"`
}

type logHistogram struct {
	FromNS  instantNS  `json:"fromNs"`
	ToNS    instantNS  `json:"toNs"`
	StepNS  int64      `json:"stepNs"`
	Records uint64     `json:"records"`
	Points  []logPoint `json:"points"`
}

// logPoint counts the records of one step by severity.
type logPoint struct {
	StartNS instantNS `json:"startNs"`
	Unset   uint64    `json:"unset"`
	Trace   uint64    `json:"trace"`
	Debug   uint64    `json:"debug"`
	Info    uint64    `json:"info"`
	Warn    uint64    `json:"warn"`
	Error   uint64    `json:"error"`
	Fatal   uint64    `json:"fatal"`
}

func (s *Server) logHistogram(w http.ResponseWriter, r *http.Request) error {
	p := newParams(r)
	q := p.logFilter(s.now())
	span, step := p.step(p.closed(q.Range, s.now()), time.Millisecond)
	if err := p.err(); err != nil {
		return err
	}
	q.Range = span
	counts, err := s.store.CountLogs(r.Context(), q, step)
	if err != nil {
		return err
	}
	out := logHistogram{FromNS: instantNS(span.From.UnixNano()), ToNS: instantNS(span.To.UnixNano()), StepNS: int64(step)}
	for at := span.From; at.Before(span.To); at = at.Add(step) {
		c := store.LogCount{StartNS: at.UnixNano()}
		if len(counts) > 0 && counts[0].StartNS == c.StartNS {
			c, counts = counts[0], counts[1:]
		}
		n := c.Records
		for _, records := range n {
			out.Records += records
		}
		out.Points = append(out.Points, logPoint{instantNS(c.StartNS), n[0], n[1], n[2], n[3], n[4], n[5], n[6]})
	}
	return writeJSON(w, out)
}
