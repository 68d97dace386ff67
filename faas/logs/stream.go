package logs

import (
	"bytes"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"weft/semconv"
)

// Stream takes what one output prints. Its fields are guarded by its instance's mu.
type Stream struct {
	in   *Instance
	name string

	partial []byte // a line without an end, at most MaxLine
	cut     bool   // the rest of that line is left out

	open    bool // whether there is a record that may get more lines
	record  group
	touched time.Time // when it got its last
}

// group is a record that is being put together.
type group struct {
	kind    kind
	head    parsed
	first   string // line
	owner   *invocation
	at      time.Time
	text    []byte // the lines after the message of the first, each after a newline
	lines   int
	blanks  int  // empty lines at the end, not in text
	paid    int  // records of the rate that it has taken
	dropped bool // the first line was, so the others are
	cut     bool
	last    string // of a Python trace the frame, exception or cause seen last; of an uncaught error of Node the last line; else the first
	raised  bool   // last is the exception of a Python trace
	frames  bool   // some line was a frame of a stack
}

// Write takes p and never fails.
func (s *Stream) Write(p []byte) (int, error) {
	in := s.in
	in.mu.Lock()
	defer in.mu.Unlock()
	now := time.Now()
	for rest := p; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			s.hold(rest)
			break
		}
		line := rest[:end]
		rest = rest[end+1:]
		if len(s.partial) > 0 || s.cut {
			s.hold(line)
			s.endLine(now)
			continue
		}
		cut := len(line) > MaxLine
		if cut {
			line = line[:MaxLine]
		}
		s.line(line, cut, now)
	}
	if in.closed {
		s.endLine(now)
		s.finish()
	}
	if s.open {
		in.arm(in.f.cfg.Delay)
	}
	return len(p), nil
}

// hold keeps the beginning of a line.
func (s *Stream) hold(part []byte) {
	if room := MaxLine - len(s.partial); len(part) > room {
		part, s.cut = part[:room], true
	}
	s.partial = append(s.partial, part...)
}

// endLine ends the line that is held, if there is one.
func (s *Stream) endLine(now time.Time) {
	if len(s.partial) == 0 && !s.cut {
		return
	}
	s.line(s.partial, s.cut, now)
	s.partial, s.cut = s.partial[:0], false
	if cap(s.partial) > 4096 {
		s.partial = nil // long lines are rare, instances are many
	}
}

// line takes one line; b is not kept.
func (s *Stream) line(b []byte, cut bool, now time.Time) {
	b = bytes.TrimSuffix(b, []byte("\r"))
	s.in.end.line(b)
	s.touched = now
	g := &s.record
	if s.open && g.continues(b) {
		if g.owner != nil {
			g.owner.tail.line(b)
		}
		s.add(b, cut, now)
		return
	}
	s.finish()
	if len(bytes.TrimSpace(b)) == 0 {
		return
	}
	s.begin(b, cut, now)
}

// begin starts a record.
func (s *Stream) begin(b []byte, cut bool, now time.Time) {
	in := s.in
	owner := in.owner()
	taken := in.f.take(1, now)
	s.record = group{at: now, lines: 1, paid: 1, cut: cut, dropped: !taken, text: s.record.text[:0]}
	g := &s.record
	if !taken {
		if owner != nil {
			owner.tail.line(b)
		}
		if id, begins := marker(string(b)); id != "" {
			in.mark(id, begins)
		}
		g.kind, s.open = kindOf(string(b)), true
		return
	}
	text := valid(string(b))
	g.kind = kindOf(text)
	g.head, g.first = parse(text), text
	if id, begins := marker(text); id != "" {
		owner = in.mark(id, begins)
	} else if inv := in.find(g.head.id); inv != nil {
		owner = inv
	}
	if g.owner = owner; owner != nil {
		owner.tail.line(b)
	}
	g.last, s.open = text, true
	if g.head.whole {
		s.finish()
	}
}

// add appends a line to the record that is open.
func (s *Stream) add(b []byte, cut bool, now time.Time) {
	g := &s.record
	if g.dropped {
		s.in.f.countDropped()
		return
	}
	if len(b) == 0 {
		g.blanks++
		return
	}
	size := len(g.text) + g.blanks + 1 + len(b)
	if need := 1 + size/1024; size > MaxRecord || (need > g.paid && !s.in.f.take(need-g.paid, now)) {
		if size > MaxRecord {
			s.in.f.countDropped()
		}
		g.cut = true
		return
	} else {
		g.paid = max(g.paid, need)
	}
	for range g.blanks + 1 {
		g.text = append(g.text, '\n')
	}
	g.blanks = 0
	g.text = append(g.text, b...)
	g.lines++
	g.cut = g.cut || cut
	g.noted(b)
}

// finish hands the open record on.
func (s *Stream) finish() {
	if !s.open {
		return
	}
	s.open = false
	g := &s.record
	if g.dropped {
		return
	}
	more := valid(string(g.text))
	r := s.in.newRecord(&g.head, g.owner, g.at, more)
	r.Stream = s.name
	g.describe(&r, more)
	if g.kind != plain && g.kind != jsonLine {
		s.in.crash, s.in.crashed = r.Body.AsString(), s
	} else if s.in.crashed == s {
		s.in.crash = ""
	}
	if g.cut {
		r.Attributes = append(r.Attributes, attribute.Bool(semconv.LogTruncated, true))
	}
	s.in.push(r, reportOf(g.first, more), g.owner, len(g.text)+g.head.size, g.lines)
	if cap(g.text) > 4096 {
		g.text = nil
	}
}

// newRecord makes a record of what its text says and of whom it belongs to; more are the lines that follow the message.
func (in *Instance) newRecord(p *parsed, owner *invocation, observed time.Time, more string) Record {
	const day = 24 * time.Hour
	r := Record{
		Time: observed, Observed: observed, Severity: p.severity, SeverityText: p.severityText,
		Body: p.body, Span: in.start, Instance: in.id, Attributes: p.attributes,
	}
	if !p.time.IsZero() && p.time.Sub(observed).Abs() < day {
		r.Time = p.time
	}
	if more != "" && p.body.Type() == attribute.STRING {
		r.Body = attribute.StringValue(p.body.AsString() + more)
	}
	if owner != nil {
		r.RequestID, r.Span = owner.id, owner.span
	} else if p.strongID {
		r.RequestID, r.Span = p.id, trace.SpanContext{}
	}
	if p.id != "" && p.id != r.RequestID && p.idKey != "" {
		r.Attributes = append(r.Attributes, attribute.String(p.idKey, p.id))
	}
	if p.trace.IsValid() {
		if p.span.IsValid() || p.trace != r.Span.TraceID() {
			r.Span = trace.NewSpanContext(trace.SpanContextConfig{TraceID: p.trace, SpanID: p.span, TraceFlags: r.Span.TraceFlags()})
		}
	}
	return r
}

// valid mends invalid UTF-8, and the carriage returns that Lambda's runtimes print within a record instead of newlines.
func valid(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return s
}
