package logs

import (
	"encoding/json"
	"strings"
	"time"
)

// report is what a language's runtime prints about a failure that it also gives as the invocation's answer. The platform makes
// a record of the answer, so that the printed one would be the second of the same failure.
type report struct {
	typ, message string
	// stack is the language's own text of it; empty when the lines that follow have it, or nobody has.
	stack string
}

// reportOf recognises a report by a record's first line, and the lines that follow it, each after a newline. Those of our bootstraps are those of Lambda's runtimes:
//
//	[ERROR] ValueError: message                                     Python; a traceback follows
//	2026-01-02T03:04:05.000Z id ERROR Invoke Error {"errorType":…}  Node.js, between tabs; also Uncaught Exception, Unhandled Promise Rejection
//	{"errorMessage":…,"errorType":…,"level":"ERROR"}                Python that logs JSON
//	{"level":"ERROR","message":{"errorType":…,"title":…}}           Node.js that logs JSON
//	2026/01/02 03:04:05 {"errorMessage":…,"errorType":…}            Go
//	2026/01/02 03:04:05  id [ERROR] {"errorMessage":…}              Go of Function Compute
func reportOf(line, more string) *report {
	switch c := line[0]; {
	case c == '{':
		return jsonReport(line + more)
	case c == '[':
		rest, ok := strings.CutPrefix(line, "[ERROR] ")
		typ, message, named := strings.Cut(rest, ":")
		if !ok || !named || strings.ContainsAny(typ, " \t") {
			return nil
		}
		return &report{typ: typ, message: message}
	case c < '0' || c > '9':
		return nil
	}
	if head, document, ok := strings.Cut(line, " \t{"); ok {
		switch head[strings.LastIndexByte(head, '\t')+1:] {
		case "Invoke Error", "Uncaught Exception", "Unhandled Promise Rejection":
			return jsonReport("{" + document + more)
		}
		return nil
	}
	day, rest, _ := strings.Cut(line, " ")
	clock, rest, _ := strings.Cut(rest, " ")
	if _, err := time.Parse("2006/01/02 15:04:05", day+" "+clock); err != nil { // or with a fraction of the second
		return nil
	}
	rest = strings.TrimLeft(rest, " ")
	if strings.HasPrefix(rest, "{") {
		return jsonReport(rest + more)
	}
	if id, message, ok := strings.Cut(rest, " [ERROR] "); ok && isUUID(id) {
		return jsonReport(message + more)
	}
	return nil
}

// jsonReport reads an error document. One with a message beside the error is a logger's: its text is worth keeping.
func jsonReport(text string) *report {
	if !strings.Contains(text, `"errorType"`) {
		return nil
	}
	type document struct {
		Type    *string         `json:"errorType"`
		Message string          `json:"errorMessage"`
		Title   string          `json:"title"`
		Stack   json.RawMessage `json:"stack"`
		Trace   json.RawMessage `json:"trace"`
		Lines   json.RawMessage `json:"stackTrace"`
	}
	var d struct {
		document
		Inner json.RawMessage `json:"message"`
	}
	if json.Unmarshal([]byte(text), &d) != nil {
		return nil
	}
	doc := d.document
	if d.Inner != nil {
		doc = document{}
		if json.Unmarshal(d.Inner, &doc) != nil || doc.Title == "" {
			return nil
		}
	}
	if doc.Type == nil {
		return nil
	}
	r := &report{typ: *doc.Type, message: doc.Message}
	for _, raw := range []json.RawMessage{doc.Stack, doc.Trace, doc.Lines} {
		var lines []string // Go has objects here, which the answer has too
		if json.Unmarshal(raw, &lines) == nil && len(lines) > 0 {
			for i, l := range lines {
				lines[i] = strings.TrimSuffix(l, "\n")
			}
			r.stack = strings.Join(lines, "\n")
			break
		}
	}
	return r
}

// Failure is how an invocation failed, by its answer.
type Failure struct{ Type, Message string }

// is reports whether r tells of f. Messages are compared by their first lines: of the printed one only that is looked at.
func (r *report) is(f Failure) bool {
	return r.typ == f.Type && firstLine(r.message) == firstLine(f.Message)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimRight(s, "\r ")
}

// held is a report that waits for the answer of its invocation.
type held struct {
	report
	owner        *invocation // nil: it is not known whose it is
	record       Record
	bytes, lines int
}

// maxHeld bounds the reports of one instance that wait; the oldest goes out as a record then.
const maxHeld = 16

// push queues a record, or keeps a report back. REQUIRES mu.
func (in *Instance) push(r Record, rep *report, owner *invocation, bytes, lines int) {
	if rep == nil || owner == nil && len(in.running) == 0 && !in.starting {
		in.f.push(r, bytes, lines)
		return
	}
	if owner != nil && in.running[owner.id] == nil { // its answer was quicker
		if f := owner.failed; f == nil || !rep.is(*f) {
			in.f.push(r, bytes, lines)
		}
		owner.failed = nil
		return
	}
	if len(in.held) == maxHeld {
		in.release(0)
	}
	in.held = append(in.held, held{*rep, owner, r, bytes, lines})
}

// release makes an ordinary record of a report. REQUIRES mu.
func (in *Instance) release(i int) {
	h := in.held[i]
	in.held = append(in.held[:i], in.held[i+1:]...)
	in.f.push(h.record, h.bytes, h.lines)
}

// Failed says that an invocation has failed, before its End: what its runtime has printed or will print about that becomes no record.
// It returns the stack as the language writes it, empty when that is not there.
func (in *Instance) Failed(requestID string, f Failure) (stack string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.flush(true)
	inv := in.running[requestID]
	if inv == nil {
		return ""
	}
	stack, found := in.take(f, inv)
	if !found {
		inv.failed = &f
	}
	return stack
}

// Started says that the instance has started or, when f is not nil, that it has failed to and has printed all that it will: what its
// runtime has printed about f becomes no record. It returns the stack as Failed does.
func (in *Instance) Started(f *Failure) (stack string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.flush(true)
	if f != nil {
		stack, _ = in.take(*f, nil)
	}
	in.starting = false
	if len(in.running) == 0 {
		for len(in.held) > 0 {
			in.release(0)
		}
	}
	return stack
}

// take drops the latest report of f by inv, or by nobody knows whom, and returns the stack in it. REQUIRES mu.
func (in *Instance) take(f Failure, inv *invocation) (stack string, found bool) {
	for i := len(in.held) - 1; i >= 0; i-- {
		h := in.held[i]
		if h.owner != inv && h.owner != nil || !h.is(f) {
			continue
		}
		in.held = append(in.held[:i], in.held[i+1:]...)
		if h.stack != "" {
			return h.stack, true
		}
		return traceback(h.record.Body.AsString()), true
	}
	return "", false
}

// traceback has Python's stack end with the error, as Python prints it: Lambda's runtime begins with that.
func traceback(text string) string {
	at := strings.Index(text, tracebackLine)
	if at < 0 {
		return ""
	}
	return strings.TrimRight(text[at:], "\n") + "\n" + strings.TrimSpace(text[:at])
}

// settled lets go what has waited in vain for inv to fail. REQUIRES mu.
func (in *Instance) settled(inv *invocation) {
	for i := 0; i < len(in.held); {
		if h := in.held[i]; h.owner == inv || len(in.running) == 0 {
			in.release(i)
			continue
		}
		i++
	}
}
